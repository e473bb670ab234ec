import { CausewayError } from '../../src-shared/contract/errors'
import type { NamedArrays } from '../methods/method'
import { kernelsFor } from './kernels/kernels'
import { KernelPairs } from './kernels/pair-kernels'
import { checkedArrays } from './named-arrays'
import {
  checkPairShape,
  initialPairWeights,
  pairOutputs,
  pairWeights,
  type AdamState,
  type PairEngine,
  type PairOptions,
  type PairShape,
} from './pair-shape'
import { PortablePairs } from './pairs-portable'
import { Rng } from './rng'

export { initialPairWeights, pairOutputs, pairWeights } from './pair-shape'
export type { AdamState, PairOptions, PairShape } from './pair-shape'

/** Pairs of users and items by their numbers from 0; both arrays are equally long. */
export interface Pairs {
  users: Int32Array
  items: Int32Array
}

/** Pairs with what a weighted loss takes: a label in [0, 1] and a weight each, such as 1 / propensity. */
export interface LabelledPairs extends Pairs {
  labels: Float32Array
  weights: Float32Array
}

/** Room for a batch of `size` pairs, to be filled by `takePairs` again and again. */
export const emptyPairs = (size: number): LabelledPairs => ({
  users: new Int32Array(size),
  items: new Int32Array(size),
  labels: new Float32Array(size),
  weights: new Float32Array(size),
})

/** Fills `into` with the pairs of `all` at order[start], order[start + 1] and so on. */
export function takePairs(all: LabelledPairs, order: Int32Array, start: number, into: LabelledPairs): void {
  for (let at = 0; at < into.users.length; at++) {
    const pair = order[start + at]!
    into.users[at] = all.users[pair]!
    into.items[at] = all.items[pair]!
    into.labels[at] = all.labels[pair]!
    into.weights[at] = all.weights[pair]!
  }
}

/** Pairs that `score` takes at a time. */
const scoredTogether = 4096

/**
 * A model of single (user, item) pairs and its Adam: neural collaborative filtering (He et al. 2017) or matrix factorisation, trained by
 * any loss. `forward` gives logits, the caller turns them into a loss and hands its gradient in the logits to `backward`, `update` steps;
 * `step` does all of it for the weighted cross-entropy of one output. Several outputs are the tasks of one network: their logits lie row
 * by row, [pairs, outputs].
 *
 * Where our kernels run it computes in fixed buffers beside tfjs, elsewhere (or with the kernel `pairs` turned off) by tfjs operations;
 * both give the same within float32 rounding, and each repeats to the bit. Which one is settled when it is made, on the backend that is
 * current then. One call at a time: await each before the next.
 */
export class PairNetwork {
  private readonly engine: PairEngine
  private readonly outputs: number
  /** Pairs of the last `forward`, none before it. */
  private pairs = 0
  private hasGradients = false
  private disposed = false

  /**
   * @param initial weights by the names and shapes of `pairWeights`, or a generator to draw them from (`initialPairWeights`)
   * @throws CausewayError `paramInvalid` for sizes that are none, `runInvalid` for weights that do not fit, `outOfMemory`
   */
  constructor(
    readonly shape: PairShape,
    options: PairOptions,
    initial: NamedArrays | Rng,
  ) {
    checkPairShape(shape)
    this.outputs = pairOutputs(shape)
    const arrays = initial instanceof Rng ? initialPairWeights(shape, initial) : initial
    const expected = Object.entries(pairWeights(shape)).map(([name, dimensions]) => [name, { shape: dimensions }])
    const checked = checkedArrays(arrays, Object.fromEntries(expected) as Record<string, { shape: number[] }>)
    const kernels = kernelsFor('pairs')
    this.engine = kernels ? new KernelPairs(kernels.raw, shape, options) : new PortablePairs(shape, options, checked)
    if (kernels) this.engine.writeWeights(checked)
  }

  /** Whether our kernels compute it, or tfjs operations. */
  get way(): 'kernels' | 'operations' {
    return this.engine instanceof KernelPairs ? 'kernels' : 'operations'
  }

  /**
   * The logits [pairs, outputs]; `backward` then goes through these pairs.
   * @throws CausewayError `badRequest` where a number is none of the users or items, or the arrays differ in length
   */
  async forward({ users, items }: Pairs): Promise<Float32Array> {
    this.check(users, items)
    const logits = await this.engine.forward(users, items)
    this.pairs = users.length
    return logits
  }

  /** The logits [pairs, outputs] of any number of pairs, block by block, without a `backward`. @throws CausewayError as `forward` */
  async score({ users, items }: Pairs): Promise<Float32Array> {
    this.check(users, items)
    const logits = new Float32Array(users.length * this.outputs)
    for (let from = 0; from < users.length; from += scoredTogether) {
      const to = from + scoredTogether
      logits.set(await this.engine.forward(users.subarray(from, to), items.subarray(from, to)), from * this.outputs)
    }
    this.pairs = 0
    return logits
  }

  /**
   * Σ weight · (log(1 + exp(x)) − label · x) / divisor over the logits x of the last `forward`, and its gradient in them. The divisor
   * is the number of pairs unless given: the mean, as `binary_cross_entropy_with_logits(weight=…)` of PyTorch has it. With the sum of
   * the weights it is the self-normalised estimator (Swaminathan & Joachims 2015).
   * @throws CausewayError `badRequest` where labels or weights are not as many as the pairs, or there are several outputs
   */
  weightedBce(
    labels: Float32Array,
    weights: Float32Array,
    divisor = this.pairs,
  ): { loss: number; dLogits: Float32Array } {
    this.checkOneOutput('weightedBce')
    this.checkLength('labels', labels)
    this.checkLength('weights', weights)
    return this.engine.crossEntropy(labels, weights, 1 / divisor)
  }

  /**
   * The gradients of all weights, given that of the loss in the logits [pairs, outputs] of the last `forward`; they replace the ones before.
   * @throws CausewayError `badRequest` where there was no `forward`, or of another number of logits
   */
  backward(dLogits: Float32Array): void {
    this.checkLength('dLogits', dLogits, this.outputs)
    this.engine.backward(dLogits)
    this.hasGradients = true
  }

  /** One step of Adam with the gradients of the last `backward`. @throws CausewayError `badRequest` where there are none */
  update(): void {
    this.checkUsable()
    if (!this.hasGradients) throw new CausewayError('badRequest', 'There are no gradients: call "backward" first.')
    this.engine.update()
  }

  /**
   * `forward`, `weightedBce`, `backward` and `update` in one.
   * @returns the loss before the update
   * @throws CausewayError as they do
   */
  async step({ users, items, labels, weights }: LabelledPairs, divisor = users.length): Promise<number> {
    this.checkOneOutput('step')
    this.check(users, items)
    this.pairs = users.length
    this.checkLength('labels', labels)
    this.checkLength('weights', weights)
    this.hasGradients = true
    return this.engine.step(users, items, labels, weights, 1 / divisor)
  }

  /** A copy of the weights. */
  async weights(): Promise<NamedArrays> {
    this.checkUsable()
    return this.engine.readWeights()
  }

  /** Puts other values in their place; the optimiser's state stays. @throws CausewayError `runInvalid` where they do not fit */
  setWeights(arrays: NamedArrays): void {
    this.checkUsable()
    this.engine.writeWeights(arrays)
  }

  /** A copy of the gradients of the last `backward`; rows that it did not touch are zero. @throws CausewayError `badRequest` before it */
  async gradients(): Promise<NamedArrays> {
    this.checkUsable()
    if (!this.hasGradients) throw new CausewayError('badRequest', 'There are no gradients: call "backward" first.')
    return this.engine.readGradients()
  }

  /** Adam's state; with the weights all that a checkpoint needs. */
  async optimiser(): Promise<AdamState> {
    this.checkUsable()
    return this.engine.readOptimiser()
  }

  /** Goes on from a saved state, of either way. @throws CausewayError `runInvalid` where it does not fit */
  setOptimiser(state: AdamState): void {
    this.checkUsable()
    this.engine.writeOptimiser(state)
  }

  /** Frees everything; again does nothing. */
  dispose(): void {
    if (!this.disposed) this.engine.dispose()
    this.disposed = true
  }

  private check(users: Int32Array, items: Int32Array): void {
    this.checkUsable()
    if (users.length !== items.length || users.length === 0)
      throw new CausewayError(
        'badRequest',
        `Pairs need as many users as items: ${users.length} and ${items.length} are given.`,
        {
          users: users.length,
          items: items.length,
        },
      )
    // Numbers become addresses: one that is out of range would write over what is not ours.
    checkRows('user', users, this.shape.users)
    checkRows('item', items, this.shape.items)
  }

  private checkLength(name: string, values: Float32Array, perPair = 1): void {
    this.checkUsable()
    if (this.pairs === 0) throw new CausewayError('badRequest', 'There are no logits: call "forward" first.')
    const expected = this.pairs * perPair
    if (values.length !== expected) {
      const of = perPair === 1 ? '' : ` of ${perPair} outputs`
      throw new CausewayError('badRequest', `"${name}" holds ${values.length} values for ${this.pairs} pairs${of}.`, {
        name,
        found: values.length,
        expected,
      })
    }
  }

  private checkOneOutput(name: string): void {
    if (this.outputs > 1)
      throw new CausewayError(
        'badRequest',
        `"${name}" takes the loss of one output, and the network has ${this.outputs}: hand the gradient in the logits to "backward".`,
        { outputs: this.outputs },
      )
  }

  private checkUsable(): void {
    if (this.disposed) throw new CausewayError('internal', 'The network was used after it had been disposed of.')
  }
}

function checkRows(name: string, rows: Int32Array, count: number): void {
  for (let at = 0; at < rows.length; at++)
    if (rows[at]! >>> 0 >= count)
      throw new CausewayError(
        'badRequest',
        `There is no ${name} ${rows[at]}: ${name}s are numbered 0 to ${count - 1}.`,
        {
          [name]: rows[at],
          count,
          at,
        },
      )
}
