import { tf, type Scalar, type Tensor, type Tensor2D } from '../../../tensor/tf'

/** [k, k] with zeros on the diagonal and ones elsewhere: no confounder causes itself. */
export const offDiagonal = (k: number): Tensor2D => tf.sub(tf.ones([k, k]), tf.eye(k)) as Tensor2D

/**
 * The acyclicity constraint of a weighted adjacency (Eq. 13): H(A) = tr((I + A∘A / k)^k) - k, with c = 1. It counts weighted
 * closed walks: exactly 0 on a DAG, positive on a graph with a cycle.
 */
export function acyclicity(adjacency: Tensor): Scalar {
  const k = adjacency.shape[0]!
  const identity = tf.eye(k)
  const base = tf.add(identity, tf.div(tf.square(adjacency), k)) as Tensor2D
  let power = base
  for (let i = 1; i < k; i++) power = tf.matMul(power, base)
  return tf.sub(tf.sum(tf.mul(power, identity)), k) as Scalar
}
