import type { PairFitControl } from '../../../pipeline/fit/pair-fit'
import { PairNetwork, type Pairs } from '../../../tensor/pairs'
import type { Rng } from '../../../tensor/rng'
import type { LearnedPropensities } from '../../blocks/pairs/doubly-robust'
import type { ObservedPairs } from '../../blocks/pairs/observed-pairs'
import { backbonePlan } from '../../blocks/pairs/pair-method'
import { adamOf, backboneShape } from '../../blocks/pairs/pair-params'
import { sigmoid } from '../../blocks/pairs/point-loss'
import { estimatePropensities, propensitiesFrom } from '../../blocks/pairs/propensity'
import { numberParam } from '../../blocks/training-params'
import type { NamedArray, NamedArrays } from '../../method'
import type { ParamValues } from '../../../../src-shared/params/params'

/** By how much the weighted mean of a kernel function may be off before it counts: C of the published code. */
const slack = 0.01

/**
 * The loss of weights w of a batch of observed pairs (Li et al. 2024): the mean of w log w − w + 1, how far they are from all alike, plus
 * `strength` times Σ_j max(0, |mean over the drawn pairs of k_j − mean over the batch of w k_j| − slack).
 * @param observedKernels k_j of the batch, one row a kernel function @param drawnMeans mean of k_j over pairs drawn from all
 * @returns both parts, and the slopes of the loss in w
 */
export function kernelBalanceLoss(
  weights: Float64Array,
  observedKernels: readonly Float64Array[],
  drawnMeans: Float64Array,
  strength: number,
): { entropy: number; imbalance: number; slopes: Float64Array } {
  const size = weights.length
  const slopes = weights.map((w) => Math.log(w) / size)
  const entropy = weights.reduce((sum, w) => sum + (w * Math.log(w) - w + 1) / size, 0)
  let imbalance = 0
  observedKernels.forEach((kernel, j) => {
    const gap = drawnMeans[j]! - kernel.reduce((sum, k, b) => sum + (weights[b]! * k) / size, 0)
    if (Math.abs(gap) <= slack) return
    imbalance += Math.abs(gap) - slack
    for (let b = 0; b < size; b++) slopes[b]! -= (strength * Math.sign(gap) * kernel[b]!) / size
  })
  return { entropy, imbalance, slopes }
}

/** Embeddings so that the squared distance of two rows drawn at random is 1 in the mean. */
export function standardised({ shape, data }: NamedArray): NamedArray {
  const [rows, width] = shape as [number, number]
  const centred = Float32Array.from(data)
  let variance = 0
  for (let k = 0; k < width; k++) {
    let mean = 0
    for (let r = 0; r < rows; r++) mean += centred[r * width + k]! / rows
    for (let r = 0; r < rows; r++) variance += (centred[r * width + k]! -= mean) ** 2 / rows
  }
  return { shape, data: centred.map((value) => value / Math.sqrt(2 * variance || 1)) }
}

/** exp(−‖z − z′‖²) of pairs with features z = [user; item] and one pair z′. */
function gaussianKernel(
  features: { user: NamedArray; item: NamedArray },
  { users, items }: Pairs,
  centre: { user: number; item: number },
): Float64Array {
  const distance = ({ shape, data }: NamedArray, a: number, b: number): number => {
    const width = shape[1]!
    let sum = 0
    for (let k = 0; k < width; k++) sum += (data[a * width + k]! - data[b * width + k]!) ** 2
    return sum
  }
  return Float64Array.from(users, (user, at) =>
    Math.exp(-distance(features.user, user, centre.user) - distance(features.item, items[at]!, centre.item)),
  )
}

/** Embeddings of a matrix factorisation of the observed labels; null where it was stopped. */
async function featuresOf(
  observed: ObservedPairs,
  params: ParamValues,
  rng: Rng,
  control: PairFitControl,
): Promise<NamedArrays | null> {
  const shape = backboneShape({ users: observed.userCount, items: observed.itemCount }, params, 'mf')
  const network = new PairNetwork(shape, adamOf(params), rng)
  const batchSize = Math.min(numberParam(params, 'batchSize'), observed.size)
  const epochs = numberParam(params, 'featureEpochs')
  control.progress('Learning the features of users and items')
  try {
    for (let epoch = 0; epoch < epochs; epoch++) {
      const order = rng.shuffle(Int32Array.from({ length: observed.size }, (_, at) => at))
      for (let from = 0; from < order.length; from += batchSize) {
        if (control.stopped()) return null
        const at = order.subarray(from, from + batchSize)
        const take = <A extends Int32Array | Float32Array>(values: A): A => at.map((k) => values[k]!) as unknown as A
        await network.step({
          users: take(observed.users),
          items: take(observed.items),
          labels: Float32Array.from(at, (k) => observed.labels[k]!),
          weights: new Float32Array(at.length).fill(1),
        })
      }
    }
    const weights = await network.weights()
    return {
      'features.user': standardised(weights['user.embedding']!),
      'features.item': standardised(weights['item.embedding']!),
    }
  } finally {
    network.dispose()
  }
}

/** Weights w = 2 σ(g) · (|O|/|D|)/p with g of a matrix factorisation, learned to balance Gaussian kernels around pairs drawn at random. */
export const kernelBalancedPropensities: LearnedPropensities = {
  lossParts: ['entropy', 'imbalance'],
  networks: (size, params) => ({ weight: backbonePlan(size, params, 'mf') }),
  learner: ({ networks, observed, params }) => {
    const network = networks['weight']!
    const strength = numberParam(params, 'balanceWeight')
    const kernels = numberParam(params, 'kernels')
    let propensities: Float32Array = new Float32Array(0)
    let features: { user: NamedArray; item: NamedArray } | null = null
    return {
      async estimate(rng, control) {
        const made = await featuresOf(observed, params, rng, control)
        return made && { ...estimatePropensities(observed, params), ...made }
      },
      begin(estimated) {
        propensities = propensitiesFrom(estimated, observed, params).observed
        features = { user: estimated['features.user']!, item: estimated['features.item']! }
      },
      async step(batch, pairs, _, rng) {
        const size = batch.at.length
        const drawn = { users: pairs.users.subarray(size), items: pairs.items.subarray(size) }
        const logits = await network.forward(batch)
        const factors = Float64Array.from(logits, (g) => 2 * sigmoid(g))
        const weights = factors.map((factor, b) => (factor * observed.density) / propensities[batch.at[b]!]!)
        const observedKernels: Float64Array[] = []
        const drawnMeans = new Float64Array(kernels)
        for (let j = 0; j < kernels; j++) {
          const centre = { user: rng.integer(observed.userCount), item: rng.integer(observed.itemCount) }
          observedKernels.push(gaussianKernel(features!, batch, centre))
          drawnMeans[j] = gaussianKernel(features!, drawn, centre).reduce((sum, k) => sum + k, 0) / drawn.users.length
        }
        const { entropy, imbalance, slopes } = kernelBalanceLoss(weights, observedKernels, drawnMeans, strength)
        network.backward(Float32Array.from(slopes, (slope, b) => slope * weights[b]! * (1 - factors[b]! / 2)))
        network.update()
        return {
          propensities: Float32Array.from(weights, (w) => observed.density / w),
          losses: [entropy, imbalance],
        }
      },
    }
  },
}
