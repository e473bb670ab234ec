import { CausewayError } from '../../src-shared/contract/errors'
import type { SegmentChoices, UserSelection } from '../../src-shared/domain/intervention'
import { describeUsers } from '../../src-shared/graph/edit/intervention'
import type { SplitView } from '../jobs/splits'
import type { AttributeTable } from '../jobs/trainer-contract'

type Users = Pick<SplitView, 'users' | 'split' | 'rowOfUser'>

/**
 * The rows of the chosen users, ascending; null for all.
 * @throws CausewayError `notFound` for a user there is none of, `badRequest` for an unknown attribute or where nobody is chosen
 */
export function selectRows(
  selection: UserSelection,
  view: Users,
  attributes: AttributeTable,
): Int32Array<ArrayBuffer> | null {
  if (selection.kind === 'all') return null
  const chosen = rowsOf(selection, view, attributes)
  if (chosen.length > 0) return chosen
  throw new CausewayError('badRequest', `The split of the run has no ${describeUsers(selection)}.`, {
    users: selection,
  })
}

function rowsOf(
  selection: Exclude<UserSelection, { kind: 'all' }>,
  view: Users,
  attributes: AttributeTable,
): Int32Array<ArrayBuffer> {
  switch (selection.kind) {
    case 'users': {
      const rows = new Set(
        selection.users.map((user) => {
          const row = view.rowOfUser.get(user)
          if (row !== undefined) return row
          throw new CausewayError('notFound', `There is no user ${JSON.stringify(user)} in the split of the run.`, {
            user,
          })
        }),
      )
      return Int32Array.from(rows).sort()
    }
    case 'attribute': {
      const text = attributes.texts.find(({ name }) => name === selection.attribute)
      if (text) {
        const code = text.labels.indexOf(String(selection.value))
        return code < 0 ? new Int32Array(0) : rowsWhere(text.codes, (value) => value === code)
      }
      const wanted = selection.value === '' ? Number.NaN : Number(selection.value)
      return rowsWhere(numbersOf(selection.attribute, attributes), (value) => value === wanted)
    }
    case 'range':
      return rowsWhere(numbersOf(selection.attribute, attributes), within(selection))
    case 'activity':
      return rowsWhere(activity(view), within(selection))
  }
}

/** Number of train items of each user. */
const activity = ({ users, split: { train } }: Users): Int32Array =>
  Int32Array.from(users, (_, row) => train.indptr[row + 1]! - train.indptr[row]!)

/** Missing values are NaN, which lies in no range. */
const within =
  ({ min, max }: { min: number | null; max: number | null }) =>
  (value: number): boolean =>
    value >= (min ?? -Infinity) && value <= (max ?? Infinity)

function rowsWhere(values: Int32Array | Float64Array, chosen: (value: number) => boolean): Int32Array<ArrayBuffer> {
  const rows: number[] = []
  for (const [row, value] of values.entries()) if (chosen(value)) rows.push(row)
  return Int32Array.from(rows)
}

function numbersOf(attribute: string, { numbers, texts }: AttributeTable): Float64Array {
  const found = numbers.find(({ name }) => name === attribute)
  if (found) return found.values
  const known = [...numbers, ...texts].map(({ name }) => name)
  const text = texts.some(({ name }) => name === attribute)
  throw new CausewayError(
    'badRequest',
    text
      ? `The attribute "${attribute}" of the users is text: choose by one of its values.`
      : `The users have no attribute "${attribute}". ${known.length > 0 ? `They have: ${known.join(', ')}.` : 'Their data set has none.'}`,
    { attribute, known },
  )
}

/** At most so many values of a text attribute are offered. */
const offeredValues = 50

/** What the users of a split can be chosen by. */
export function segmentChoices(view: Users, attributes: AttributeTable): SegmentChoices {
  const trained = activity(view).sort()
  const at = (share: number): number => trained[Math.floor(share * (trained.length - 1))] ?? 0
  return {
    users: view.users.length,
    texts: attributes.texts.map(({ name, labels, codes }) => {
      const counts = new Int32Array(labels.length)
      for (const code of codes) if (code >= 0) counts[code]!++
      const values = labels.map((value, code) => ({ value, users: counts[code]! }))
      values.sort((a, b) => b.users - a.users || a.value.localeCompare(b.value))
      return { attribute: name, values: values.slice(0, offeredValues) }
    }),
    numbers: attributes.numbers.flatMap(({ name, values }) => {
      const known = values.filter((value) => !Number.isNaN(value)).sort()
      if (known.length === 0) return []
      const median = known[Math.floor((known.length - 1) / 2)]!
      return [{ attribute: name, min: known[0]!, max: known.at(-1)!, median }]
    }),
    activity: { min: at(0), lowerThird: at(1 / 3), upperThird: at(2 / 3), max: at(1) },
  }
}
