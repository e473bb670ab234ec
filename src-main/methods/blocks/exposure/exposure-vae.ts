import { learnedFrom, type Split } from '../../../../src-shared/domain/split'
import type { Weights } from '../../../tensor/named-arrays'
import { linear } from '../../../tensor/ops'
import type { Rng } from '../../../tensor/rng'
import { sparseMatMul, type ScaledRows } from '../../../tensor/sparse'
import { tf, type Tensor2D } from '../../../tensor/tf'
import type { NamedArray } from '../../method'
import { constantArray, xavierArray } from '../initial'
import type { Posterior } from '../mult-vae'
import { exposuresOf } from '../../../pipeline/split/beside'

/**
 * A model of what users are exposed to (Zhu et al., s. 4.1): given the latent z of a user, exposures to items are independent of each other.
 * Encoder and decoder are one linear layer each: exposures [I] → mean and log-variance of z [2K], and z [K] → log-odds of each exposure [I].
 */
export type ExposureWeightName =
  | 'exposure.encoder.weight' // [I, 2K]
  | 'exposure.encoder.bias' // [2K]
  | 'exposure.decoder.weight' // [K, I]
  | 'exposure.decoder.bias' // [I]

export const exposureShapes = (items: number, latent: number): Record<ExposureWeightName, { shape: number[] }> => ({
  'exposure.encoder.weight': { shape: [items, 2 * latent] },
  'exposure.encoder.bias': { shape: [2 * latent] },
  'exposure.decoder.weight': { shape: [latent, items] },
  'exposure.decoder.bias': { shape: [items] },
})

/** Xavier normal weights; without z, the decoder starts at the share of the learning users that is exposed to each item. */
export function initialExposureWeights(split: Split, latent: number, rng: Rng): Record<ExposureWeightName, NamedArray> {
  const items = split.train.cols
  return {
    'exposure.encoder.weight': xavierArray([items, 2 * latent], rng),
    'exposure.encoder.bias': constantArray([2 * latent], 0),
    'exposure.decoder.weight': xavierArray([latent, items], rng),
    'exposure.decoder.bias': { shape: [items], data: exposureLogOdds(split) },
  }
}

/** Log-odds of each item to be exposed to a learning user, with half an exposure and half a non-exposure added. */
export function exposureLogOdds(split: Split): Float32Array {
  const users = learnedFrom(split)
  const counts = new Float32Array(split.train.cols)
  const { indptr, indices } = exposuresOf(split.train)
  for (const user of users) for (let at = indptr[user]!; at < indptr[user + 1]!; at++) counts[indices[at]!]!++
  return counts.map((count) => Math.log((count + 0.5) / (users.length - count + 0.5)))
}

/** q(z | a) of a block of users. */
export function encodeExposures(weights: Weights<ExposureWeightName>, input: ScaledRows): Posterior {
  const both = tf.add(sparseMatMul(input, weights['exposure.encoder.weight']), weights['exposure.encoder.bias'])
  const [mean, logVariance] = tf.split(both, 2, 1) as [Tensor2D, Tensor2D]
  return { mean, logVariance }
}

/** Log-odds of every exposure, [users, items]. */
export const decodeExposures = (weights: Weights<ExposureWeightName>, z: Tensor2D): Tensor2D =>
  linear(z, weights['exposure.decoder.weight'], weights['exposure.decoder.bias'])
