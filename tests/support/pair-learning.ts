import type { PairArchitecture, PairLearner } from '../../src-main/methods/blocks/pairs/pair-method'
import { ObservedPairs } from '../../src-main/methods/blocks/pairs/observed-pairs'
import { preferenceOf } from '../../src-main/methods/blocks/pairs/pair-params'
import type { MethodDescriptor } from '../../src-main/methods/method'
import type { PairBatch } from '../../src-main/pipeline/fit/pair-fit'
import { PairNetwork, type Pairs } from '../../src-main/tensor/pairs'
import { Rng } from '../../src-main/tensor/rng'
import type { Split } from '../../src-shared/domain/split'
import { smallParams } from './fit'

/** A learner whose networks never move: what a step gives, and its gradients, can be compared with what they should be. */
export interface StillLearning {
  networks: Record<string, PairNetwork>
  observed: ObservedPairs
  learner: PairLearner
  /** All observed pairs at once. */
  batch: PairBatch
  /** A step over `batch`. */
  step(seed?: number): Promise<number[]>
  dispose(): void
}

/** The learner of a method with factorisations, which are smooth, of different initial values for each of its networks. */
export async function stillLearning(
  architecture: PairArchitecture,
  descriptor: MethodDescriptor,
  split: Split,
  given: Record<string, number | string> = {},
): Promise<StillLearning> {
  const hasBackbone = descriptor.info.params.some(({ key }) => key === 'backbone')
  const params = smallParams(descriptor, { ...(hasBackbone ? { backbone: 'mf' } : {}), ...given })
  const observed = new ObservedPairs(split, preferenceOf(params))
  const plans = architecture.networks({ users: observed.userCount, items: observed.itemCount }, params)
  const rng = Rng.seeded(3)
  const still = { learningRate: 0, weightDecay: 0 }
  const networks = Object.fromEntries(
    Object.entries(plans).map(([name, { shape }]) => [name, new PairNetwork(shape, still, rng)]),
  )
  const learner = architecture.learner({ networks, vectors: {}, observed, params })
  const control = { stopped: () => false, progress: () => undefined }
  await learner.begin?.((await learner.estimate?.(rng, control)) ?? {})
  const { users, items, targets } = observed
  const batch = { users, items, targets, at: Int32Array.from(users, (_, at) => at) }
  return {
    networks,
    observed,
    learner,
    batch,
    step: (seed = 5) => learner.step(batch, Rng.seeded(seed), 0),
    dispose: () => Object.values(networks).forEach((network) => network.dispose()),
  }
}

/**
 * How far the gradients that a step leaves in a network are from central differences of what it should go down, relative to the largest.
 * @param of what the network goes down, from what a step gives
 */
export async function gradientGap(
  learning: StillLearning,
  name: string,
  of: (values: number[]) => number,
): Promise<number> {
  const network = learning.networks[name]!
  await learning.step()
  const gradients = await network.gradients()
  const weights = await network.weights()
  const move = 0.01
  let [gap, largest] = [0, 0]
  for (const [weight, { data }] of Object.entries(weights))
    for (let at = 0; at < data.length; at += Math.ceil(data.length / 6)) {
      const value = data[at]!
      const measured: number[] = []
      for (const moved of [value + move, value - move]) {
        data[at] = moved
        network.setWeights(weights)
        measured.push(of(await learning.step()))
      }
      data[at] = value
      network.setWeights(weights)
      const expected = (measured[0]! - measured[1]!) / (2 * move)
      largest = Math.max(largest, Math.abs(expected))
      gap = Math.max(gap, Math.abs(gradients[weight]!.data[at]! - expected))
    }
  return gap / largest
}

/** All pairs of a training. */
export function everyPair({ userCount, itemCount }: ObservedPairs): Pairs {
  const at = Array.from({ length: userCount * itemCount }, (_, pair) => pair)
  return {
    users: Int32Array.from(at, (pair) => Math.floor(pair / itemCount)),
    items: Int32Array.from(at, (pair) => pair % itemCount),
  }
}
