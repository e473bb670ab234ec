import type { Csr } from '../../src-shared/domain/split'
import type { Rng } from './rng'
import { kernelsFor } from './kernels/kernels'
import { keepForGradient as keep } from './ops'
import { tf, type Tensor, type Tensor1D, type Tensor2D } from './tf'

/**
 * Sparse rows whose entries are equal within a row, as binary interactions are after L2 normalisation and dropout:
 * entry (u, i) is `scale[u]` for every i stored in row u.
 */
export interface ScaledRows extends Csr {
  /** length rows */
  scale: Float32Array
}

/** Rows scaled to unit length: every entry of a row with n items becomes 1 / sqrt(n). An empty row stays empty. */
export function normaliseRows(rows: Csr): ScaledRows {
  const scale = new Float32Array(rows.rows)
  for (let u = 0; u < rows.rows; u++) {
    const length = rows.indptr[u + 1]! - rows.indptr[u]!
    scale[u] = length === 0 ? 0 : 1 / Math.sqrt(length)
  }
  return { ...rows, scale }
}

/**
 * Inverted dropout on the stored entries only: each is dropped with probability `rate`, the others grow by 1 / (1 - rate).
 * Zeros need no draw, so the cost follows the number of interactions.
 */
export function dropEntries(rows: ScaledRows, rate: number, rng: Rng): ScaledRows {
  if (rate === 0) return rows
  const indptr = new Int32Array(rows.rows + 1)
  const indices = new Int32Array(rows.indices.length)
  let kept = 0
  for (let u = 0; u < rows.rows; u++) {
    for (let at = rows.indptr[u]!; at < rows.indptr[u + 1]!; at++)
      if (rng.uniform() >= rate) indices[kept++] = rows.indices[at]!
    indptr[u + 1] = kept
  }
  return {
    rows: rows.rows,
    cols: rows.cols,
    indptr,
    indices: indices.slice(0, kept),
    scale: rows.scale.map((value) => value / (1 - rate)),
  }
}

/** The transposed pattern: for every column the rows that store it, ascending. */
export function transposeCsr(csr: Csr): Csr {
  const indptr = new Int32Array(csr.cols + 1)
  const nnz = csr.indptr[csr.rows]!
  for (let at = 0; at < nnz; at++) indptr[csr.indices[at]! + 1]!++
  for (let i = 0; i < csr.cols; i++) indptr[i + 1]! += indptr[i]!
  const next = indptr.slice(0, csr.cols)
  const indices = new Int32Array(nnz)
  for (let u = 0; u < csr.rows; u++)
    for (let at = csr.indptr[u]!; at < csr.indptr[u + 1]!; at++) indices[next[csr.indices[at]!]!++] = u
  return { rows: csr.cols, cols: csr.rows, indptr, indices }
}

/** Binary rows as a dense tensor [rows, cols]; for one block, never for all users. */
export function denseRows(rows: Csr): Tensor2D {
  const values = new Float32Array(rows.rows * rows.cols)
  for (let u = 0; u < rows.rows; u++)
    for (let at = rows.indptr[u]!; at < rows.indptr[u + 1]!; at++) values[u * rows.cols + rows.indices[at]!] = 1
  return tf.tensor2d(values, [rows.rows, rows.cols])
}

/** The pattern as tensors. */
const patternOf = (csr: Csr): [indptr: Tensor1D, indices: Tensor1D] => [
  tf.tensor1d(csr.indptr, 'int32'),
  tf.tensor1d(csr.indices, 'int32'),
]

/** For every row of `csr` the sum of the rows of `table` it stores: [csr.rows, width]. */
function sumStoredRows(table: Tensor2D, csr: Csr): Tensor2D {
  const kernels = kernelsFor('rows')
  if (kernels) return kernels.sumRows(table, ...patternOf(csr), null)
  const width = table.shape[1]
  let last = csr.rows
  while (last > 0 && csr.indptr[last] === csr.indptr[last - 1]) last--
  if (last === 0) return tf.zeros([csr.rows, width])
  const segments = new Int32Array(csr.indptr[csr.rows]!)
  for (let u = 0; u < last; u++) segments.fill(u, csr.indptr[u]!, csr.indptr[u + 1]!)
  // Empty rows between get zeros; those at the end are unknown to the kernel and are appended.
  const sums = tf.sparse.sparseSegmentSum(
    table,
    tf.tensor1d(csr.indices, 'int32'),
    tf.tensor1d(segments, 'int32'),
  ) as Tensor2D
  return last === csr.rows ? sums : (tf.concat([sums, tf.zeros([csr.rows - last, width])], 0) as Tensor2D)
}

/** Backends whose segment sum runs where the tensors are; the others multiply the dense block. */
const hasSegmentSum = (): boolean => ['wasm', 'cpu', 'tensorflow'].includes(tf.getBackend())

const scaleRows = (x: Tensor2D, scale: Float32Array): Tensor2D =>
  tf.mul(x, tf.tensor2d(scale, [scale.length, 1])) as Tensor2D

/** `sparseMatMul` by segment sums: the work follows the stored entries, in the gradient too. */
export function sparseMatMulBySegments(rows: ScaledRows, weight: Tensor): Tensor2D {
  const product = tf.customGrad((w) => ({
    value: scaleRows(sumStoredRows(w as Tensor2D, rows), rows.scale),
    gradFunc: (dy: Tensor) => sumStoredRows(scaleRows(dy as Tensor2D, rows.scale), transposeCsr(rows)),
  }))
  return product(weight) as Tensor2D
}

/** `sparseMatMul` by a dense block: the reference, and the way on backends without a segment sum. */
export function sparseMatMulDense(rows: ScaledRows, weight: Tensor): Tensor2D {
  const product = tf.customGrad((w, save) => {
    const block = scaleRows(denseRows(rows), rows.scale)
    keep(save, [block])
    return {
      value: tf.matMul(block, w as Tensor2D),
      gradFunc: (dy: Tensor, saved: Tensor[]) => tf.matMul(tf.transpose(saved[0]! as Tensor2D), dy as Tensor2D),
    }
  })
  return product(weight) as Tensor2D
}

/** Sparse rows [rows, cols] times a weight [cols, width], differentiable in the weight. */
export const sparseMatMul = (rows: ScaledRows, weight: Tensor): Tensor2D =>
  hasSegmentSum() ? sparseMatMulBySegments(rows, weight) : sparseMatMulDense(rows, weight)

/**
 * Multinomial log-likelihood of binary rows under logits [rows, cols], without the constant: for every row
 * sum over its items of log softmax(logits), as [rows]. Liang et al. 2018, Eq. 2.
 * The softmax is computed once and serves value and gradient: with m the largest logit of a row, its
 * log-sum-exp is m - log(largest softmax).
 */
export function multinomialLogLikelihood(logits: Tensor2D, rows: Csr): Tensor1D {
  const kernels = kernelsFor('likelihood')
  if (kernels) {
    const fused = tf.customGrad((given, save) => {
      const [indptr, indices] = patternOf(rows)
      const { value, logSumExp } = kernels.likelihood(given as Tensor2D, indptr, indices)
      keep(save, [given as Tensor, indptr, indices, logSumExp])
      return {
        value,
        gradFunc: (dy: Tensor, saved: Tensor[]) => {
          const [x, pointers, stored, total] = saved as [Tensor2D, Tensor1D, Tensor1D, Tensor1D]
          return kernels.likelihoodGradient(x, pointers, stored, dy as Tensor1D, total)
        },
      }
    })
    return fused(logits) as Tensor1D
  }
  const likelihood = tf.customGrad((given, save) => {
    const x = given as Tensor2D
    const counts = new Float32Array(rows.rows)
    for (let u = 0; u < rows.rows; u++) counts[u] = rows.indptr[u + 1]! - rows.indptr[u]!
    const count = tf.tensor1d(counts)
    const stored = denseRows(rows)
    const softmax = tf.softmax(x)
    keep(save, [count, stored, softmax])
    const logSumExp = tf.sub(tf.max(x, 1), tf.log(tf.max(softmax, 1)))
    return {
      value: tf.sub(tf.sum(tf.mul(stored, x), 1), tf.mul(count, logSumExp)),
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [n, x01, p] = saved as [Tensor, Tensor, Tensor]
        return tf.mul(tf.expandDims(dy, 1), tf.sub(x01, tf.mul(tf.expandDims(n, 1), p)))
      },
    }
  })
  return likelihood(logits) as Tensor1D
}
