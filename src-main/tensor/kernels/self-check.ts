import * as tf from '@tensorflow/tfjs-core'
import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import type { Kernels } from './kernels'
import { pairKernelsAgree } from './pair-check'

const values = (length: number, step: number): Float32Array =>
  Float32Array.from({ length }, (_, i) => Math.sin(1 + i * step))

const close = (found: ArrayLike<number>, expected: ArrayLike<number>): boolean =>
  found.length === expected.length &&
  Array.from(expected).every((value, i) => Math.abs(found[i]! - value) <= 1e-4 * Math.max(1, Math.abs(value)))

/**
 * Whether the compiled kernels compute what they should: each that is worth widening, on arrays with whole vectors and remainders, against
 * plain arithmetic. It guards against an engine that compiles them wrong; the tests compare far more.
 */
export function checkKernels(kernels: Kernels): boolean {
  if (!pairKernelsAgree(kernels.raw)) return false
  return tf.tidy(() => {
    const [m, n, k] = [13, 37, 19]
    const a = values(m * k, 0.7)
    const b = values(k * n, 1.3)
    const product = new Float32Array(m * n)
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++) for (let l = 0; l < k; l++) product[i * n + j]! += a[i * k + l]! * b[l * n + j]!
    const found = kernels.product(tf.tensor2d(a, [m, k]), tf.tensor2d(b, [k, n]), false, false, null)
    const matrix = tf.engine().makeTensorFromTensorInfo(found) as Tensor2D
    if (!close(matrix.dataSync(), product)) return false

    const indptr = tf.tensor1d(
      Int32Array.from({ length: m + 1 }, (_, row) => Math.min(3, row)),
      'int32',
    )
    const stored = tf.tensor1d(Int32Array.of(0, 5, 12), 'int32')
    const sums = kernels.sumRows(matrix, indptr as Tensor1D, stored as Tensor1D, null).dataSync()
    const rowOf = (row: number): Float32Array => product.subarray(row * n, (row + 1) * n)
    if (![0, 5, 12].every((row, at) => close(sums.slice(at * n, (at + 1) * n), rowOf(row)))) return false

    const logSoftmax = kernels.logSoftmax(matrix).dataSync()
    for (let i = 0; i < m; i++) {
      const row = rowOf(i)
      const total = Math.log(row.reduce((sum, x) => sum + Math.exp(x), 0))
      if (
        !close(
          logSoftmax.subarray(i * n, (i + 1) * n),
          row.map((x) => x - total),
        )
      )
        return false
    }

    if (!bernoulliAgrees(kernels, matrix, product, indptr as Tensor1D, stored as Tensor1D)) return false
    if (!boundsAgree(kernels, matrix, product)) return false

    const [weight, first, second] = [tf.tensor1d(a), tf.zeros([a.length]), tf.zeros([a.length])] as [
      Tensor,
      Tensor,
      Tensor,
    ]
    const rates = { rate: 0.1, floor: 1e-3, weightDecay: 0.5, beta1: 0.9, beta2: 0.999 }
    if (!kernels.adam(weight, tf.tensor1d(values(a.length, 0.3)), first, second, rates)) return false
    const gradient = values(a.length, 0.3)
    const stepped = a.map((x, i) => {
      const g = gradient[i]! + 0.5 * x
      return x - (0.1 * 0.1 * g) / (Math.sqrt(0.001 * g * g) + 1e-3)
    })
    return close(weight.dataSync(), stepped)
  })
}

/** Whether the Bernoulli likelihood and its gradient are as they should be; `values` are those of the matrix. */
function bernoulliAgrees(
  kernels: Kernels,
  matrix: Tensor2D,
  values: Float32Array,
  indptr: Tensor1D,
  indices: Tensor1D,
): boolean {
  const [rows, cols] = matrix.shape
  const [ends, stored] = [indptr.dataSync(), indices.dataSync()]
  const likelihood = new Float32Array(rows)
  const gradient = values.map((x) => -1 / (1 + Math.exp(-x)))
  for (let row = 0; row < rows; row++) {
    for (let at = row * cols; at < (row + 1) * cols; at++) likelihood[row]! -= Math.log1p(Math.exp(values[at]!))
    for (let entry = ends[row]!; entry < ends[row + 1]!; entry++) {
      likelihood[row]! += values[row * cols + stored[entry]!]!
      gradient[row * cols + stored[entry]!]! += 1
    }
  }
  const ones = tf.ones([rows]) as Tensor1D
  return (
    close(kernels.bernoulli(matrix, indptr, indices).dataSync(), likelihood) &&
    close(kernels.bernoulliGradient(matrix, indptr, indices, ones).dataSync(), gradient)
  )
}

/** Whether columns are measured, passed over and gathered as they should be; `values` are those of the matrix. */
function boundsAgree(kernels: Kernels, matrix: Tensor2D, values: Float32Array): boolean {
  const [rows, cols] = matrix.shape
  const columns = Array.from({ length: cols }, (_, column) => values.filter((_, at) => at % cols === column))
  const means = Float32Array.from({ length: rows }, (_, row) =>
    columns.reduce((sum, column) => sum + column[row]! / cols, 0),
  )
  if (!close(kernels.rowMeans(matrix), means)) return false
  const { base, squares } = kernels.columnBounds(matrix, tf.zeros([cols]), means, means)
  const sumOf = (term: (value: number, row: number) => number): number[] =>
    columns.map((column) => column.reduce((sum, value, row) => sum + term(value, row), 0))
  if (
    !close(
      base,
      sumOf((value, row) => value * means[row]!),
    )
  )
    return false
  if (
    !close(
      squares,
      sumOf((value, row) => (value - means[row]!) ** 2),
    )
  )
    return false
  // Whole numbers: a bound that is equal to the threshold reaches it.
  const [upper, radii] = [4, 3].map((most) => Float32Array.from({ length: cols }, (_, at) => at % most)) as [
    Float32Array,
    Float32Array,
  ]
  const alive = Array.from(upper.keys()).filter(
    (at) => upper[at]! + radii[at]! >= 5 || upper[at]! + 2 * radii[at]! >= 6,
  )
  if (kernels.survivors(upper, radii, Float32Array.of(1, 2), Float32Array.of(5, 6)).join() !== alive.join())
    return false
  const gathered = kernels.gatherColumns(matrix, Int32Array.of(cols - 1, 0, 7)).dataSync()
  return close(
    gathered,
    Array.from(means.keys()).flatMap((row) => [cols - 1, 0, 7].map((at) => columns[at]![row]!)),
  )
}
