import type { Csr } from '../../../src-shared/domain/split'
import type { Weights } from '../../tensor/named-arrays'
import { linear } from '../../tensor/ops'
import { logitsOf, type ItemLayer } from '../../tensor/rank'
import type { Rng } from '../../tensor/rng'
import { dropEntries, normaliseRows, sparseMatMul, type ScaledRows } from '../../tensor/sparse'
import { tf, type Scalar, type Tensor, type Tensor1D, type Tensor2D } from '../../tensor/tf'
import type { NamedArray } from '../method'
import { normalArray, xavierArray } from './initial'
import type { ScoringBuilder } from './scoring-builder'

/**
 * The encoder and decoder of Mult-VAE (Liang et al. 2018): items → hidden (tanh) → mean and log-variance of the latent
 * preference z, and z → hidden (tanh) → item logits.
 */
export type VaeWeightName =
  | 'encoder.hidden.weight'
  | 'encoder.hidden.bias'
  | 'encoder.latent.weight'
  | 'encoder.latent.bias'
  | 'decoder.hidden.weight'
  | 'decoder.hidden.bias'
  | 'decoder.items.weight'
  | 'decoder.items.bias'

export interface VaeSize {
  items: number
  hidden: number
  latent: number
}

/** Xavier normal weights, biases of standard deviation 0.001, as the authors' code has them. */
export const initialVaeWeights = (size: VaeSize, rng: Rng): Record<VaeWeightName, NamedArray> => ({
  'encoder.hidden.weight': xavierArray([size.items, size.hidden], rng),
  'encoder.hidden.bias': normalArray([size.hidden], 0.001, rng),
  'encoder.latent.weight': xavierArray([size.hidden, 2 * size.latent], rng),
  'encoder.latent.bias': normalArray([2 * size.latent], 0.001, rng),
  'decoder.hidden.weight': xavierArray([size.latent, size.hidden], rng),
  'decoder.hidden.bias': normalArray([size.hidden], 0.001, rng),
  'decoder.items.weight': xavierArray([size.hidden, size.items], rng),
  'decoder.items.bias': normalArray([size.items], 0.001, rng),
})

/** q(z | x) of a block of users: mean and log-variance, [users, latent] each. */
export interface Posterior {
  mean: Tensor2D
  logVariance: Tensor2D
}

/** Encodes L2-normalised rows; in training their entries are dropped with probability `dropout`. */
export function encode(
  weights: Weights<VaeWeightName>,
  rows: Csr,
  training?: { dropout: number; rng: Rng },
): Posterior {
  const normalised = normaliseRows(rows)
  const input = training ? dropEntries(normalised, training.dropout, training.rng) : normalised
  const hidden = encodeHidden(weights, input)
  const both = linear(hidden, weights['encoder.latent.weight'], weights['encoder.latent.bias'])
  const [mean, logVariance] = tf.split(both, 2, 1) as [Tensor2D, Tensor2D]
  return { mean, logVariance }
}

const encodeHidden = (weights: Weights<VaeWeightName>, input: ScaledRows): Tensor2D =>
  tf.tanh(tf.add(sparseMatMul(input, weights['encoder.hidden.weight']), weights['encoder.hidden.bias'])) as Tensor2D

/** The mean of `encode` without noise, to the same bits: scoring does not ask for the variance. */
export function encodeMean(weights: Weights<VaeWeightName>, rows: Csr): Tensor2D {
  const hidden = encodeHidden(weights, normaliseRows(rows))
  return linear(hidden, meanHalf(weights['encoder.latent.weight']), meanHalf(weights['encoder.latent.bias']))
}

/** The half of the encoder's last layer that gives the mean. */
const meanHalf = (both: Tensor): Tensor => tf.split(both, 2, both.rank - 1)[0]!

/** Standard normal noise as a matrix. */
export const normalNoise = (shape: [number, number], rng: Rng): Tensor2D =>
  tf.tensor2d(rng.fillNormal(new Float32Array(shape[0] * shape[1])), shape)

/** A sample of q(z | x) by the reparameterisation z = mean + exp(log-variance / 2) · noise. */
export const sampleLatent = ({ mean, logVariance }: Posterior, rng: Rng): Tensor2D =>
  tf.add(mean, tf.mul(tf.exp(tf.mul(logVariance, 0.5)), normalNoise(mean.shape, rng)))

/** KL(q(z | x) ‖ N(0, I)), the mean over the users. */
export const klToStandardNormal = ({ mean, logVariance }: Posterior): Scalar =>
  tf.mul(
    tf.mean(tf.sum(tf.sub(tf.sub(tf.add(logVariance, 1), tf.square(mean)), tf.exp(logVariance)), 1)),
    -0.5,
  ) as Scalar

/** The decoder up to its last linear layer: [users, latent] → [users, hidden]. */
export const decodeHidden = (weights: Weights<VaeWeightName>, z: Tensor2D): Tensor2D =>
  tf.tanh(linear(z, weights['decoder.hidden.weight'], weights['decoder.hidden.bias']))

/** The decoder's last linear layer, on [users, hidden]. */
export const itemLayerOn = (weights: Weights<VaeWeightName>, hidden: Tensor2D): ItemLayer => ({
  hidden,
  weight: weights['decoder.items.weight'] as Tensor as Tensor2D,
  bias: weights['decoder.items.bias'] as Tensor as Tensor1D,
})

/** The decoder's last linear layer: [users, hidden] → item logits [users, items]. */
export const itemLogits = (weights: Weights<VaeWeightName>, hidden: Tensor2D): Tensor2D =>
  logitsOf(itemLayerOn(weights, hidden))

/** The weight of the KL term after so many steps: it grows by 1 / annealSteps a step up to the cap (Liang et al. 2018, s. 2.2). */
export const klWeight = (step: number, cap: number, annealSteps: number): number =>
  annealSteps === 0 ? cap : Math.min(cap, step / annealSteps)

/** What the scoring graph of a VAE needs of its weights: all but the half of the encoder that gives the log-variance. */
export const vaeConstants = (weights: Weights<VaeWeightName>): Record<string, Tensor> => {
  return {
    ...weightsNamed(weights, [
      'encoder.hidden.weight',
      'encoder.hidden.bias',
      'decoder.hidden.weight',
      'decoder.hidden.bias',
      'decoder.items.weight',
      'decoder.items.bias',
    ]),
    'encoder.mean.weight': meanHalf(weights['encoder.latent.weight']),
    'encoder.mean.bias': meanHalf(weights['encoder.latent.bias']),
  }
}

const weightsNamed = <N extends string>(weights: Weights<N>, names: readonly N[]): Record<string, Tensor> =>
  Object.fromEntries(names.map((name) => [name, weights[name]]))

/** Adds `encode` without noise: the mean of z from the rows of interactions, [rows × latent]. */
export function addEncoder(builder: ScoringBuilder): string {
  const rows = builder.normalisedInteractions()
  const linear = builder.linear('encoder.hidden.linear', rows, 'encoder.hidden.weight', 'encoder.hidden.bias')
  const hidden = builder.apply('encoder.hidden', 'tanh', linear)
  return builder.linear('encoder.mean', hidden, 'encoder.mean.weight', 'encoder.mean.bias')
}

/** Adds `decodeHidden`: [… × latent] → [… × hidden]. */
export const addDecoderHidden = (builder: ScoringBuilder, z: string): string =>
  builder.apply(
    'decoder.hidden',
    'tanh',
    builder.linear('decoder.hidden.linear', z, 'decoder.hidden.weight', 'decoder.hidden.bias'),
  )

/** Adds `itemLogits` and the log-probabilities of the items, the end of the graph. */
export const addItemScores = (builder: ScoringBuilder, hidden: string): string =>
  builder.apply(
    'scores',
    'logSoftmax',
    builder.linear('decoder.items', hidden, 'decoder.items.weight', 'decoder.items.bias'),
  )
