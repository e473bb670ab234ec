import { CausewayError } from '../../src-shared/contract/errors'
import type { AttributeTable } from '../jobs/trainer-contract'

/** More segments than these could not be compared at a glance; the rest of the values are one. */
const mostValues = 8
/** A number with no more values than these has a segment for each. */
const mostNumbers = 6
const quantiles = 4

export interface RowSegment {
  label: string
  /** Users, ascending; none is in two segments. */
  rows: Int32Array<ArrayBuffer>
}

/**
 * The users by an attribute: one segment for each value of a text, or of a number of few values; else by quarters of the number. Users of
 * whom it is not known are a segment of their own.
 * @throws CausewayError `badRequest` for an attribute that users do not have, or by which they do not differ
 */
export function exposureSegments(attribute: string, { numbers, texts }: AttributeTable): RowSegment[] {
  const text = texts.find(({ name }) => name === attribute)
  const number = numbers.find(({ name }) => name === attribute)
  if (!text && !number) {
    const known = [...texts, ...numbers].map(({ name }) => name)
    throw new CausewayError(
      'badRequest',
      `The users have no attribute "${attribute}". ${known.length > 0 ? `They have: ${known.join(', ')}.` : 'Their data set has none.'}`,
      { attribute, known },
    )
  }
  const segments = text ? byValue(text) : byNumber(number!.values)
  if (segments.length > 1) return segments
  throw new CausewayError('badRequest', `All users have the same "${attribute}": there are no segments to compare.`, {
    attribute,
  })
}

function byValue({ labels, codes }: AttributeTable['texts'][number]): RowSegment[] {
  const counts = new Int32Array(labels.length)
  for (const code of codes) if (code >= 0) counts[code]!++
  const order = [...labels.keys()]
    .filter((code) => counts[code]! > 0)
    .sort((a, b) => counts[b]! - counts[a]! || labels[a]!.localeCompare(labels[b]!))
  const shown = order.length > mostValues ? order.slice(0, mostValues - 1) : order
  const place = new Int32Array(labels.length).fill(shown.length)
  shown.forEach((code, at) => (place[code] = at))
  return gathered([...shown.map((code) => labels[code]!), 'other values'], codes, (code) =>
    code < 0 ? null : place[code]!,
  )
}

function byNumber(values: Float64Array): RowSegment[] {
  const known = values.filter((value) => !Number.isNaN(value)).sort()
  const distinct = [...new Set(known)]
  if (distinct.length <= mostNumbers)
    return gathered(distinct.map(String), values, (value) => (Number.isNaN(value) ? null : distinct.indexOf(value)))
  // Upper bounds of the quarters; equal ones fall together.
  const bounds = [
    ...new Set(
      Array.from({ length: quantiles }, (_, at) => known[Math.ceil(((at + 1) / quantiles) * known.length) - 1]!),
    ),
  ]
  const labels = bounds.map((bound, at) => {
    const from = at === 0 ? known[0]! : distinct.find((value) => value > bounds[at - 1]!)!
    return from === bound ? String(bound) : `${from} to ${bound}`
  })
  return gathered(labels, values, (value) => (Number.isNaN(value) ? null : bounds.findIndex((bound) => value <= bound)))
}

/** The rows by their place among the labels; null: not known. Empty segments are left out. */
function gathered<T extends number>(
  labels: string[],
  values: ArrayLike<T>,
  placeOf: (value: T) => number | null,
): RowSegment[] {
  const rows: number[][] = [...labels, 'not known'].map(() => [])
  for (let row = 0; row < values.length; row++) rows[placeOf(values[row]!) ?? labels.length]!.push(row)
  return [...labels, 'not known']
    .map((label, at) => ({ label, rows: Int32Array.from(rows[at]!) }))
    .filter((segment) => segment.rows.length > 0)
}
