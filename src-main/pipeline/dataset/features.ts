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
  let width = 0
  for (const { values } of table.numbers) {
    const known = values.filter((value) => !Number.isNaN(value))
    const mean = known.reduce((sum, value) => sum + value, 0) / known.length
    const deviation = Math.sqrt(known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / known.length)
    if (!(deviation > 0)) continue
    values.forEach((value, at) => {
      if (!Number.isNaN(value)) set(at, width, (value - mean) / deviation)
    })
    width++
  }
  for (const text of table.texts) {
    const attribute = categoriesOf(text, separators)
    if (!attribute) continue
    for (let at = 0; at < size; at++) for (const code of codesOf(attribute, at)) set(at, width + code, 1)
    width += attribute.labels.length
  }
  return { width, rows }
}

/**
 * Attributes of users as numbers, each feature less its mean and divided by its standard deviation: all zeros are the average user. What is
 * missing is 0; a feature that is the same for all is left out.
 * @returns null where nothing describes the users
 */
export function userFeatures(table: AttributeTable, users: number): UserFeatures | null {
  const { width: encoded, rows } = encodeFeatures(table, users)
  const sums = new Float64Array(encoded)
  const squares = new Float64Array(encoded)
  for (const { columns, values } of rows)
    columns.forEach((column, at) => {
      sums[column]! += values[at]!
      squares[column]! += values[at]! ** 2
    })
  const means = sums.map((sum) => sum / users)
  const deviations = squares.map((square, column) => Math.sqrt(Math.max(0, square / users - means[column]! ** 2)))
  const kept = Array.from({ length: encoded }, (_, column) => column).filter((column) => deviations[column]! > 1e-6)
  if (kept.length === 0) return null
  const placeOf = new Map(kept.map((column, place) => [column, place]))
  const width = kept.length
  const values = new Float32Array(users * width)
  rows.forEach((row, user) => {
    const own = values.subarray(user * width, (user + 1) * width)
    kept.forEach((column, place) => (own[place] = -means[column]! / deviations[column]!))
    row.columns.forEach((column, at) => {
      const place = placeOf.get(column)
      if (place !== undefined) own[place]! += row.values[at]! / deviations[column]!
    })
  })
  return { width, values }
}
