import { tf, type Tensor, type Tensor1D, type Tensor2D } from './tf'

/** Hands tensors from a custom gradient's forward part to its backward part; tfjs types the last argument as a tensor. */
export const keepForGradient = (save: unknown, tensors: Tensor[]): void =>
  (save as (tensors: Tensor[]) => void)(tensors)

/** x · W + b of [m, n], [n, p] and [p], the bias added inside the product, its gradients by explicit transpositions. */
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
}) as (x: Tensor, weight: Tensor, bias: Tensor) => Tensor2D

/** Sums of the columns of [m, n], as [n]; a product with ones, which every backend has fast. */
export const columnSums = (x: Tensor2D): Tensor1D =>
  tf.reshape(tf.matMul(tf.ones([1, x.shape[0]]) as Tensor2D, x), [x.shape[1]])
