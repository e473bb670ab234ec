import { hasPair, learnedFrom, type Csr, type Split } from '../../../../src-shared/domain/split'
import type { ParamValues } from '../../../../src-shared/params/params'
import { transpose } from '../../../pipeline/evaluate/list-metrics'
import { exposuresOf } from '../../../pipeline/split/beside'
import type { WeightedRows } from './factors'

/** A part of rows that only those in which `keep` holds have anything in; rows keep their numbers. */
export function onlyRows(rows: WeightedRows, kept: Int32Array): WeightedRows {
  const indptr = new Int32Array(rows.rows + 1)
  for (const row of kept) indptr[row + 1] = rows.indptr[row + 1]! - rows.indptr[row]!
  for (let row = 0; row < rows.rows; row++) indptr[row + 1]! += indptr[row]!
  const indices = new Int32Array(indptr[rows.rows]!)
  const weights = rows.weights && new Float32Array(indices.length)
  for (const row of kept) {
    const [from, to] = [rows.indptr[row]!, rows.indptr[row + 1]!]
    indices.set(rows.indices.subarray(from, to), indptr[row]!)
    weights?.set(rows.weights!.subarray(from, to), indptr[row]!)
  }
  return { rows: rows.rows, cols: rows.cols, indptr, indices, ...(weights && { weights }) }
}

/** What a factorisation learns from: the interactions of the users of `learnedFrom`, the other rows empty. */
export const learnedRows = (split: Pick<Split, 'train' | 'trainUsers'>, rows: WeightedRows): WeightedRows =>
  split.trainUsers ? onlyRows(rows, learnedFrom(split)) : rows

/** The columns as rows, the weights with them. */
export function transposeWeighted(rows: WeightedRows): WeightedRows {
  const columns = transpose(rows)
  if (!rows.weights) return columns
  const weights = new Float32Array(rows.weights.length)
  const next = columns.indptr.slice(0, columns.rows)
  // In the order in which `transpose` puts them: rows ascending.
  rows.indices.forEach((col, at) => (weights[next[col]!++] = rows.weights![at]!))
  return { ...columns, weights }
}

/** The items that users were exposed to, with their ratings as weights; one with a rating of 0 or less counts like none. */
export function ratedExposures(rows: Csr): WeightedRows & { weights: Float32Array } {
  const { indptr, indices, ratings, cols } = exposuresOf(rows)
  const kept = new Int32Array(rows.rows + 1)
  for (let row = 0; row < rows.rows; row++) {
    kept[row + 1] = kept[row]!
    for (let at = indptr[row]!; at < indptr[row + 1]!; at++) if (ratings[at]! > 0) kept[row + 1]!++
  }
  if (kept[rows.rows] === indices.length) return { rows: rows.rows, cols, indptr, indices, weights: ratings }
  const counts = ratings.map((rating) => (rating > 0 ? 1 : 0))
  return {
    rows: rows.rows,
    cols,
    indptr: kept,
    indices: indices.filter((_, at) => counts[at] === 1),
    weights: ratings.filter((rating) => rating > 0),
  }
}

/** Of weighted exposures those that the parameters take for wanted. @param rows the positives of the same users */
export function wantedOf(exposures: WeightedRows, rows: Csr, params: ParamValues): WeightedRows {
  if (params['wanted'] === 'exposed') return exposures
  const kept = new Uint8Array(exposures.indices.length)
  const indptr = new Int32Array(rows.rows + 1)
  for (let row = 0; row < rows.rows; row++) {
    indptr[row + 1] = indptr[row]!
    for (let at = exposures.indptr[row]!; at < exposures.indptr[row + 1]!; at++) {
      if (!hasPair(rows, row, exposures.indices[at]!)) continue
      kept[at] = 1
      indptr[row + 1]!++
    }
  }
  const isKept = (_: number, at: number): boolean => kept[at] === 1
  return {
    rows: rows.rows,
    cols: rows.cols,
    indptr,
    indices: exposures.indices.filter(isKept),
    ...(exposures.weights && { weights: exposures.weights.filter(isKept) }),
  }
}
