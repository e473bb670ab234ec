import type { UserFeatures } from '../../../src-shared/domain/split'
import type { AttributeTable } from '../../jobs/trainer-contract'
import { categoriesOf, codesOf, separators } from '../intervene/attributes'

/** The features of one user or item that are not 0. */
export interface SparseRow {
  columns: number[]
  values: number[]
}

/** What users or items are described by, as numbers. */
export interface Features {
  width: number
  rows: SparseRow[]
  /** The attribute that each column is of, from 0. A row has a column of every attribute that is known of it. */
  attributes: Int32Array
}

/**
 * Attributes as numbers: 1 for each category that a user or item has (of "red|blue" both), numbers less their mean and divided by their standard deviation. What is
 * missing is 0; a number that is the same for all, and a text that is no category, are left out.
 */
export function encodeFeatures(table: AttributeTable, size: number): Features {
  const rows = Array.from({ length: size }, (): SparseRow => ({ columns: [], values: [] }))
  const set = (at: number, column: number, value: number): void => {
    rows[at]!.columns.push(column)
    rows[at]!.values.push(value)
  }
  const attributes: number[] = []
  let attribute = 0
  for (const { values } of table.numbers) {
    const known = values.filter((value) => !Number.isNaN(value))
    const mean = known.reduce((sum, value) => sum + value, 0) / known.length
    const deviation = Math.sqrt(known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / known.length)
    if (!(deviation > 0)) continue
    const column = attributes.push(attribute++) - 1
    values.forEach((value, at) => {
      if (!Number.isNaN(value)) set(at, column, (value - mean) / deviation)
    })
  }
  for (const text of table.texts) {
    const categories = categoriesOf(text, separators)
    if (!categories) continue
    const first = attributes.length
    for (let at = 0; at < size; at++) for (const code of codesOf(categories, at)) set(at, first + code, 1)
    attributes.push(...categories.labels.map(() => attribute))
    attribute++
  }
  return { width: attributes.length, rows, attributes: Int32Array.from(attributes) }
}

/**
 * Attributes of users as numbers, each feature less its mean and divided by its standard deviation, both over the users of whom its attribute is
 * known: all zeros are the average user. What is missing is 0; a feature that is the same for all is left out.
 * @returns null where nothing describes the users
 */
export function userFeatures(table: AttributeTable, users: number): UserFeatures | null {
  const { width: encoded, rows, attributes } = encodeFeatures(table, users)
  const knownOf = ({ columns }: SparseRow): Set<number> => new Set(columns.map((column) => attributes[column]!))
  const counts = new Float64Array(encoded)
  for (const row of rows) for (const attribute of knownOf(row)) counts[attribute]!++
  const countOf = (column: number): number => counts[attributes[column]!]!
  const sums = new Float64Array(encoded)
  const squares = new Float64Array(encoded)
  for (const { columns, values } of rows)
    columns.forEach((column, at) => {
      sums[column]! += values[at]!
      squares[column]! += values[at]! ** 2
    })
  const means = sums.map((sum, column) => sum / countOf(column))
  const deviations = squares.map((square, column) =>
    Math.sqrt(Math.max(0, square / countOf(column) - means[column]! ** 2)),
  )
  const kept = Array.from({ length: encoded }, (_, column) => column).filter((column) => deviations[column]! > 1e-6)
  if (kept.length === 0) return null
  const placeOf = new Map(kept.map((column, place) => [column, place]))
  const width = kept.length
  const values = new Float32Array(users * width)
  rows.forEach((row, user) => {
    const own = values.subarray(user * width, (user + 1) * width)
    const known = knownOf(row)
    kept.forEach((column, place) => {
      if (known.has(attributes[column]!)) own[place] = -means[column]! / deviations[column]!
    })
    row.columns.forEach((column, at) => {
      const place = placeOf.get(column)
      if (place !== undefined) own[place]! += row.values[at]! / deviations[column]!
    })
  })
  return { width, values }
}
