import { tf, type Tensor, type Tensor1D, type Tensor2D } from './tf'

/**
 * Matrix products whose gradients transpose explicitly: tfjs' own gradients ask for a transposed product, which the wasm
 * backend computes a dozen times slower than a transposition followed by a plain product.
 */

/** Hands tensors from a custom gradient's forward part to its backward part; tfjs types the last argument as a tensor. */
export const keepForGradient = (save: unknown, tensors: Tensor[]): void =>
  (save as (tensors: Tensor[]) => void)(tensors)

/** a · b of [m, n] and [n, p]. */
export const matMul = tf.customGrad((a, b, save) => {
  const [left, right] = [a as Tensor2D, b as Tensor2D]
  keepForGradient(save, [left, right])
  return {
    value: tf.matMul(left, right),
    gradFunc: (dy: Tensor, saved: Tensor[]) => [
      tf.matMul(dy as Tensor2D, tf.transpose(saved[1] as Tensor2D)),
      tf.matMul(tf.transpose(saved[0] as Tensor2D), dy as Tensor2D),
    ],
  }
}) as (a: Tensor2D, b: Tensor2D) => Tensor2D

/** x · W + b of [m, n], [n, p] and [p], the bias added inside the product. */
export const linear = tf.customGrad((x, weight, bias, save) => {
  const [input, w] = [x as Tensor2D, weight as Tensor2D]
  keepForGradient(save, [input, w])
  return {
    value: tf.fused.matMul({ a: input, b: w, bias: bias as Tensor1D, transposeA: false, transposeB: false }),
    gradFunc: (dy: Tensor, saved: Tensor[]) => [
      tf.matMul(dy as Tensor2D, tf.transpose(saved[1] as Tensor2D)),
      tf.matMul(tf.transpose(saved[0] as Tensor2D), dy as Tensor2D),
      columnSums(dy as Tensor2D),
    ],
  }
}) as (x: Tensor2D, weight: Tensor2D, bias: Tensor1D) => Tensor2D

/** Sums of the columns of [m, n], as [n]; a product with ones, which every backend has fast. */
export const columnSums = (x: Tensor2D): Tensor1D =>
  tf.reshape(tf.matMul(tf.ones([1, x.shape[0]]) as Tensor2D, x), [x.shape[1]])
