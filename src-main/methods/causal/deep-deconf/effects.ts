import type { Csr } from '../../../../src-shared/domain/split'
import { denseRows } from '../../../tensor/sparse'
import { tf, type Scalar, type Tensor2D } from '../../../tensor/tf'
import { exposuresOf } from '../../../pipeline/split/beside'
import type { ExposureCheck, ExposureEffects } from '../../method'
import type { Held, OutcomeNetwork } from './network'

/** At most so many derivatives are computed together: 8 MB. */
const blockCells = 2 * 1024 * 1024

/**
 * What exposures do to outcomes: derivatives of the network with respect to a_j, which is 0 or 1, z and x held (Zhu et al., Eq. 8 and 9). A softmax
 * does not tell f from f plus any constant for all items, which may depend on the exposures: log-odds, and what exposures do to them, are
 * taken against the mean of all items. The paper leaves this open.
 */
export function exposureEffectsOf(
  network: OutcomeNetwork,
  items: number,
  outcome: ExposureEffects['outcome'],
  check: ExposureCheck,
): ExposureEffects {
  /** Outcomes, or their derivatives, of all items in each row. */
  const comparable = (values: Tensor2D): Tensor2D =>
    outcome === 'log-odds' ? tf.sub(values, tf.mean(values, 1, true)) : values

  /** The point of the linearisation: the exposures [1, items], and what is held. */
  const pointAt = (at: Csr | null): { exposures: Tensor2D; held: Held } => {
    if (!at) return { exposures: tf.zeros([1, items]), held: network.nobody() }
    if (at.rows !== 1) throw new TypeError(`Effects are of one user, not of ${at.rows}.`)
    return { exposures: denseRows(exposuresOf(at)), held: network.held(at) }
  }

  /** Block by block. @param compute [block.length, items], inside a tidy */
  const inBlocks = async (
    wanted: ArrayLike<number>,
    compute: (block: Int32Array) => Tensor2D,
  ): Promise<Float32Array> => {
    const all = Int32Array.from(wanted)
    for (const item of all)
      if (!(item >= 0 && item < items)) throw new RangeError(`There is no item ${item} among ${items}.`)
    const values = new Float32Array(all.length * items)
    const blockRows = Math.max(1, Math.floor(blockCells / items))
    for (let from = 0; from < all.length; from += blockRows) {
      const block = tf.tidy(() => compute(all.subarray(from, from + blockRows)))
      values.set((await block.data()) as Float32Array, from * items)
      block.dispose()
    }
    return values
  }

  return {
    outcome,
    check,

    on: (wanted, at) =>
      inBlocks(wanted, (block) => {
        const { exposures, held } = pointAt(at)
        const indptr = Int32Array.from({ length: block.length + 1 }, (_, row) => row)
        const chosen = comparable(denseRows({ rows: block.length, cols: items, indptr, indices: block }))
        // One row for each item: the sum of f's chosen outcomes has their gradients in its rows. A chosen item less a part of each item
        // gives its outcome less the mean.
        const sumOfChosen = (a: Tensor2D): Scalar => tf.sum(tf.mul(network.outcomesOfDense(a, held), chosen))
        return tf.grad(sumOfChosen as (a: unknown) => Scalar)(tf.tile(exposures, [block.length, 1])) as Tensor2D
      }),

    of: (wanted, at) =>
      inBlocks(wanted, (block) => {
        const { exposures, held } = pointAt(at)
        return comparable(network.derivatives(block, exposures, held))
      }),

    async predict(rows, set) {
      if (set && set.rows !== rows.rows)
        throw new TypeError(`Exposures are set for ${set.rows} users, of whom ${rows.rows} are given.`)
      const outcomes = tf.tidy(() => {
        const given = network.exposures(rows)
        const exposures = set ? { ...set, scale: given.scale } : given
        return comparable(network.outcomes(exposures, network.held(rows)))
      })
      const values = (await outcomes.data()) as Float32Array
      outcomes.dispose()
      return values
    },
  }
}
