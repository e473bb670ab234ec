import { transposedProduct } from './gradients'
import { kernelsFor } from './kernels/kernels'
import { tf, type Tensor, type Tensor1D, type Tensor2D } from './tf'

/** Hands tensors from a custom gradient's forward part to its backward part; tfjs types the last argument as a tensor. */
export const keepForGradient = (save: unknown, tensors: Tensor[]): void =>
  (save as (tensors: Tensor[]) => void)(tensors)

/** x · W + b of [m, n], [n, p] and [p], the bias added inside the product. */
export const linear = tf.customGrad((x, weight, bias, save) => {
  const [input, w] = [x as Tensor2D, weight as Tensor2D]
  keepForGradient(save, [input, w])
  return {
    value: tf.fused.matMul({ a: input, b: w, bias: bias as Tensor1D, transposeA: false, transposeB: false }),
    gradFunc: (dy: Tensor, saved: Tensor[]) => [
      transposedProduct(dy, saved[1]!, 'b'),
      transposedProduct(saved[0]!, dy, 'a'),
      columnSums(dy as Tensor2D),
    ],
  }
}) as (x: Tensor, weight: Tensor, bias: Tensor) => Tensor2D

/**
 * x ⊙ scale + offset with a scale and an offset for every column, differentiable in these two, not in x.
 * @param x [m, n]
 * @param scale [n]
 * @param offset [n]
 */
export function scaleColumns(x: Tensor2D, scale: Tensor1D, offset: Tensor1D): Tensor2D {
  const op = tf.customGrad((s, o, save) => {
    keepForGradient(save, [x])
    return {
      value: tf.add(tf.mul(x, s as Tensor), o as Tensor),
      gradFunc: (dy: Tensor, saved: Tensor[]) => [columnSums(tf.mul(saved[0]!, dy)), columnSums(dy as Tensor2D)],
    }
  })
  return op(scale, offset) as Tensor2D
}

/** Log-softmax of every row of [m, n]; of logits that no gradient is asked of. */
export const logSoftmaxRows = (x: Tensor2D): Tensor2D => kernelsFor('likelihood')?.logSoftmax(x) ?? tf.logSoftmax(x)

/** Sums of the columns of [m, n], as [n]; without our kernel a product with ones, which every backend has fast. */
export const columnSums = (x: Tensor2D): Tensor1D =>
  kernelsFor('product')?.columnSums(x) ?? tf.reshape(tf.matMul(tf.ones([1, x.shape[0]]) as Tensor2D, x), [x.shape[1]])
