import { kernelsFor } from './kernels/kernels'
import { keepForGradient as keep } from './ops'
import { tf, type Tensor, type Tensor1D, type Tensor2D } from './tf'

/**
 * Operations on rows in groups: x [B·k, w] holds k rows for each of the B rows of y [B, w], one group after the other, as the k ways of a
 * user. Each is the others' gradient, and each is one kernel where there are kernels, else a few operations of tfjs.
 */

/** scale · x + shares · y: [B·k, w], a row of y going to all k rows of its group; a missing x is zero, missing shares are one. */
function groupAdd(x: Tensor2D | null, scale: number, shares: Tensor2D | null, y: Tensor2D, k: number): Tensor2D {
  const kernels = kernelsFor('groups')
  if (kernels) return kernels.groupAdd(x, scale, shares, y, k)
  const [groups, w] = y.shape
  const own = tf.reshape(y, [groups, 1, w])
  const shared = shares ? tf.mul(own, tf.reshape(shares, [groups, k, 1])) : own
  const sum = x
    ? tf.add(tf.mul(tf.reshape(x, [groups, k, w]), scale), shared)
    : shares
      ? shared
      : tf.tile(own, [1, k, 1])
  return tf.reshape(sum, [groups * k, w])
}

/** Σ_j shares[b, j] · x[b, j, :]: [B, w]. */
function groupSum(x: Tensor2D, shares: Tensor2D | null, k: number): Tensor2D {
  const kernels = kernelsFor('groups')
  if (kernels) return kernels.groupSum(x, shares, k)
  const [rows, w] = x.shape
  const grouped = tf.reshape(x, [rows / k, k, w])
  return tf.sum(shares ? tf.mul(grouped, tf.reshape(shares, [rows / k, k, 1])) : grouped, 1)
}

/** ⟨x[b, j, :], y[b, :]⟩: [B, k]. */
function groupDot(x: Tensor2D, y: Tensor2D): Tensor2D {
  const kernels = kernelsFor('groups')
  if (kernels) return kernels.groupDot(x, y)
  const [groups, w] = y.shape
  const k = x.shape[0] / groups
  return tf.sum(tf.mul(tf.reshape(x, [groups, k, w]), tf.reshape(y, [groups, 1, w])), 2)
}

/**
 * scale · x + y, a row of y added to all rows of its group.
 * @param x [B·k, w]
 * @param y [B, w]
 * @returns [B·k, w]
 */
export function addToGroups(x: Tensor2D, y: Tensor2D, scale = 1): Tensor2D {
  const k = x.shape[0] / y.shape[0]
  const op = tf.customGrad((a, b) => ({
    value: groupAdd(a as Tensor2D, scale, null, b as Tensor2D, k),
    gradFunc: (dy: Tensor) => [scale === 1 ? tf.clone(dy) : tf.mul(dy, scale), groupSum(dy as Tensor2D, null, k)],
  }))
  return op(x, y) as Tensor2D
}

/**
 * The sums of groups of rows, each row times its share.
 * @param x [B·k, w]
 * @param shares [B, k]
 * @returns [B, w]
 */
export function sumGroups(x: Tensor2D, shares: Tensor2D): Tensor2D {
  const k = shares.shape[1]
  const op = tf.customGrad((a, b, save) => {
    const [rows, weights] = [a as Tensor2D, b as Tensor2D]
    keep(save, [rows, weights])
    return {
      value: groupSum(rows, weights, k),
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [kept, by] = saved as [Tensor2D, Tensor2D]
        return [groupAdd(null, 0, by, dy as Tensor2D, k), groupDot(kept, dy as Tensor2D)]
      },
    }
  })
  return op(x, shares) as Tensor2D
}

/**
 * The products of every row of a group with the group's row.
 * @param x [B·k, w]
 * @param y [B, w]
 * @returns [B, k]
 */
export function dotGroups(x: Tensor2D, y: Tensor2D): Tensor2D {
  const k = x.shape[0] / y.shape[0]
  const op = tf.customGrad((a, b, save) => {
    const [rows, own] = [a as Tensor2D, b as Tensor2D]
    keep(save, [rows, own])
    return {
      value: groupDot(rows, own),
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [keptRows, keptOwn] = saved as [Tensor2D, Tensor2D]
        return [groupAdd(null, 0, dy as Tensor2D, keptOwn, k), groupSum(keptRows, dy as Tensor2D, k)]
      },
    }
  })
  return op(x, y) as Tensor2D
}

/** The squared length of every row: [rows, w] → [rows]. */
export function squaredLengths(x: Tensor2D): Tensor1D {
  const op = tf.customGrad((a, save) => {
    const rows = a as Tensor2D
    keep(save, [rows])
    return {
      value: tf.reshape(groupDot(rows, rows), [rows.shape[0]]),
      gradFunc: (dy: Tensor, saved: Tensor[]) =>
        groupAdd(null, 0, tf.reshape(tf.mul(dy, 2), [-1, 1]) as Tensor2D, saved[0] as Tensor2D, 1),
    }
  })
  return op(x) as Tensor1D
}
