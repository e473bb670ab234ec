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

/**
 * Sparse rows as a dense tensor [rows, cols]; for one block, never for all users.
 * @param values of the stored entries; null for ones
 */
export function denseRows(rows: Csr, values: Float32Array | null = null): Tensor2D {
  const dense = new Float32Array(rows.rows * rows.cols)
  for (let u = 0; u < rows.rows; u++)
    for (let at = rows.indptr[u]!; at < rows.indptr[u + 1]!; at++)
      dense[u * rows.cols + rows.indices[at]!] = values ? values[at]! : 1
  return tf.tensor2d(dense, [rows.rows, rows.cols])
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

/** @throws RangeError where there is not one value for each stored entry: a kernel would read past them */
function checkOneEach(rows: Csr, values: Float32Array, what: string): void {
  const stored = rows.indptr[rows.rows]!
  if (values.length !== stored)
    throw new RangeError(`${values.length} ${what} for ${stored} stored entries: give one for each.`)
}

/**
 * Multinomial log-likelihood of binary rows under logits [rows, cols], without the constant: for every row
 * sum over its items of log softmax(logits), as [rows]. Liang et al. 2018, Eq. 2.
 */
export const multinomialLogLikelihood = (logits: Tensor2D, rows: Csr): Tensor1D => multinomial(logits, rows, null)

/**
 * The same with a weight for each stored entry: for every row the sum of weight · log softmax(logits), as [rows].
 * @param weights in the order of `rows.indices`
 * @throws RangeError where there is not one weight for each stored entry
 */
export function weightedMultinomialLogLikelihood(logits: Tensor2D, rows: Csr, weights: Float32Array): Tensor1D {
  checkOneEach(rows, weights, 'weights')
  return multinomial(logits, rows, weights)
}

/**
 * The softmax is computed once and serves value and gradient: with m the largest logit of a row, its
 * log-sum-exp is m - log(largest softmax).
 */
function multinomial(logits: Tensor2D, rows: Csr, weights: Float32Array | null): Tensor1D {
  const kernels = kernelsFor('likelihood')
  if (kernels) {
    const fused = tf.customGrad((given, save) => {
      const [indptr, indices] = patternOf(rows)
      const own = weights && tf.tensor1d(weights)
      const { value, logSumExp } = kernels.likelihood(given as Tensor2D, indptr, indices, own)
      keep(save, [given as Tensor, indptr, indices, logSumExp, ...(own ? [own] : [])])
      return {
        value,
        gradFunc: (dy: Tensor, saved: Tensor[]) => {
          const [x, pointers, stored, total, each] = saved as [Tensor2D, Tensor1D, Tensor1D, Tensor1D, Tensor1D?]
          return kernels.likelihoodGradient(x, pointers, stored, each ?? null, dy as Tensor1D, total)
        },
      }
    })
    return fused(logits) as Tensor1D
  }
  const likelihood = tf.customGrad((given, save) => {
    const x = given as Tensor2D
    const sums = new Float32Array(rows.rows)
    for (let u = 0; u < rows.rows; u++)
      for (let at = rows.indptr[u]!; at < rows.indptr[u + 1]!; at++) sums[u]! += weights ? weights[at]! : 1
    const weight = tf.tensor1d(sums)
    const stored = denseRows(rows, weights)
    const softmax = tf.softmax(x)
    keep(save, [weight, stored, softmax])
    const logSumExp = tf.sub(tf.max(x, 1), tf.log(tf.max(softmax, 1)))
    return {
      value: tf.sub(tf.sum(tf.mul(stored, x), 1), tf.mul(weight, logSumExp)),
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [sum, each, p] = saved as [Tensor, Tensor, Tensor]
        return tf.mul(tf.expandDims(dy, 1), tf.sub(each, tf.mul(tf.expandDims(sum, 1), p)))
      },
    }
  })
  return likelihood(logits) as Tensor1D
}

/**
 * Multinomial log-likelihood among the stored entries of each row alone, without the constant: for every row the sum of
 * weight · (x - log Σ exp(x)), the inner sum being over its stored entries too, as [rows]. It says how ratings are distributed among the
 * items that a user was exposed to, and nothing about the others. A row that stores nothing gives 0.
 * @param weights one for each stored entry, in the order of `rows.indices`
 * @throws RangeError where there is not one weight for each stored entry
 */
export function exposedLogLikelihood(logits: Tensor2D, rows: Csr, weights: Float32Array): Tensor1D {
  checkOneEach(rows, weights, 'weights')
  const kernels = kernelsFor('likelihood')
  if (kernels) {
    const fused = tf.customGrad((given, save) => {
      const [indptr, indices] = patternOf(rows)
      const own = tf.tensor1d(weights)
      keep(save, [given as Tensor, indptr, indices, own])
      return {
        value: kernels.exposedLikelihood(given as Tensor2D, indptr, indices, own),
        gradFunc: (dy: Tensor, saved: Tensor[]) => {
          const [x, pointers, stored, each] = saved as [Tensor2D, Tensor1D, Tensor1D, Tensor1D]
          return kernels.exposedLikelihoodGradient(x, pointers, stored, each, dy as Tensor1D)
        },
      }
    })
    return fused(logits) as Tensor1D
  }
  const likelihood = tf.customGrad((given, save) => {
    const stored = tf.cast(denseRows(rows), 'bool')
    const own = denseRows(rows, weights)
    const largest = tf.max(tf.where(stored, given as Tensor, -Infinity), 1, true)
    const below = tf.where(stored, tf.sub(given as Tensor, largest), -Infinity)
    const exps = tf.exp(below)
    // An empty row has the sum 1 instead of 0, whose logarithm would make it NaN.
    const empty = Float32Array.from({ length: rows.rows }, (_, u) => (rows.indptr[u] === rows.indptr[u + 1] ? 1 : 0))
    const sum = tf.add(tf.sum(exps, 1, true), tf.tensor2d(empty, [rows.rows, 1]))
    const softmax = tf.div(exps, sum)
    keep(save, [stored, own, softmax])
    return {
      value: tf.sum(tf.mul(own, tf.where(stored, tf.sub(below, tf.log(sum)), 0)), 1),
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [isStored, each, p] = saved as [Tensor, Tensor, Tensor]
        const slope = tf.sub(each, tf.mul(tf.sum(each, 1, true), p))
        return tf.where(isStored, tf.mul(tf.expandDims(dy, 1), slope), 0)
      },
    }
  })
  return likelihood(logits) as Tensor1D
}

/**
 * Bernoulli log-likelihood of binary rows under logits [rows, cols], the columns independent of each other: for every row the sum over
 * ALL columns of a · x - log(1 + exp(x)), a being 1 for stored entries and 0 for others, as [rows]. The logarithm is max(x, 0) +
 * log(1 + exp(-|x|)), which is finite for every finite logit.
 */
export function bernoulliLogLikelihood(logits: Tensor2D, rows: Csr): Tensor1D {
  const kernels = kernelsFor('likelihood')
  if (kernels) {
    const fused = tf.customGrad((given, save) => {
      const [indptr, indices] = patternOf(rows)
      keep(save, [given as Tensor, indptr, indices])
      return {
        value: kernels.bernoulli(given as Tensor2D, indptr, indices),
        gradFunc: (dy: Tensor, saved: Tensor[]) => {
          const [x, pointers, stored] = saved as [Tensor2D, Tensor1D, Tensor1D]
          return kernels.bernoulliGradient(x, pointers, stored, dy as Tensor1D)
        },
      }
    })
    return fused(logits) as Tensor1D
  }
  const likelihood = tf.customGrad((given, save) => {
    const x = given as Tensor2D
    const stored = denseRows(rows)
    keep(save, [x, stored])
    const softplus = tf.add(tf.maximum(x, 0), tf.log1p(tf.exp(tf.neg(tf.abs(x)))))
    return {
      value: tf.sum(tf.sub(tf.mul(stored, x), softplus), 1),
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [given, each] = saved as [Tensor, Tensor]
        return tf.mul(tf.expandDims(dy, 1), tf.sub(each, tf.sigmoid(given)))
      },
    }
  })
  return likelihood(logits) as Tensor1D
}

/**
 * The squared errors of x [rows, cols] at the stored entries alone: for every row the sum of (x - target)², as [rows].
 * @param targets one for each stored entry, in the order of `rows.indices`
 * @throws RangeError where there is not one target for each stored entry
 */
export function observedSquaredError(x: Tensor2D, rows: Csr, targets: Float32Array): Tensor1D {
  checkOneEach(rows, targets, 'targets')
  const kernels = kernelsFor('likelihood')
  if (kernels) {
    const fused = tf.customGrad((given, save) => {
      const [indptr, indices] = patternOf(rows)
      const wanted = tf.tensor1d(targets)
      keep(save, [given as Tensor, indptr, indices, wanted])
      return {
        value: kernels.squaredError(given as Tensor2D, indptr, indices, wanted),
        gradFunc: (dy: Tensor, saved: Tensor[]) => {
          const [at, pointers, stored, each] = saved as [Tensor2D, Tensor1D, Tensor1D, Tensor1D]
          return kernels.squaredErrorGradient(at, pointers, stored, each, dy as Tensor1D)
        },
      }
    })
    return fused(x) as Tensor1D
  }
  const squaredError = tf.customGrad((given, save) => {
    const error = tf.mul(denseRows(rows), tf.sub(given as Tensor, denseRows(rows, targets)))
    keep(save, [error])
    return {
      value: tf.sum(tf.square(error), 1),
      gradFunc: (dy: Tensor, saved: Tensor[]) => tf.mul(tf.expandDims(tf.mul(dy, 2), 1), saved[0]!),
    }
  })
  return squaredError(x) as Tensor1D
}
