import type { Csr } from '../../../../src-shared/domain/split'
import type { ParamValues } from '../../../../src-shared/params/params'
import type { Weights } from '../../../tensor/named-arrays'
import { linear } from '../../../tensor/ops'
import type { ItemLayer } from '../../../tensor/rank'
import type { Rng } from '../../../tensor/rng'
import { denseRows, sparseMatMul, type ScaledRows } from '../../../tensor/sparse'
import { tf, type Tensor, type Tensor1D, type Tensor2D } from '../../../tensor/tf'
import { encodeExposures, exposureShapes, type ExposureWeightName } from '../../blocks/exposure/exposure-vae'
import { keptOfExposures } from '../../blocks/exposure/exposure-stage'
import { exposureInput, featureInput } from '../../blocks/exposure/input'
import { constantArray, xavierArray } from '../../blocks/initial'
import { numberParam } from '../../blocks/training-params'
import type { NamedArray, NamedArrays } from '../../method'

/** The sizes of the outcome network. */
export interface OutcomeSize {
  items: number
  /** K, of the substitute confounders and of the hidden layer. */
  latent: number
  /** F; 0 where nothing describes users. */
  features: number
  /** Without a hidden layer (Eq. 2). */
  isLinear: boolean
}

export const outcomeSize = (items: number, features: number, params: ParamValues): OutcomeSize => ({
  items,
  features,
  latent: numberParam(params, 'latent'),
  isLinear: params['hiddenLayers'] === '0',
})

/**
 * The weights of the outcome network. Its first layer reads exposures [I], substitute confounders [K] and features [F]; with a hidden layer it has
 * the width K and is followed by one of width I, without one it gives the outcomes.
 */
export type OutcomeWeightName =
  | 'outcome.exposures.weight' // [I, K or I]
  | 'outcome.confounders.weight' // [K, K or I]
  | 'outcome.features.weight' // [F, K or I], where there are features
  | 'outcome.hidden.bias' // [K], with a hidden layer
  | 'outcome.items.weight' // [K, I], with a hidden layer
  | 'outcome.items.bias' // [I]

/** All that is kept of a model: both networks, and the constants that inputs are scaled by. */
export type DeepDeconfWeightName = ExposureWeightName | OutcomeWeightName

const firstLayer = ({ items, latent, isLinear }: OutcomeSize): { width: number; bias: OutcomeWeightName } =>
  isLinear ? { width: items, bias: 'outcome.items.bias' } : { width: latent, bias: 'outcome.hidden.bias' }

function outcomeShapes(size: OutcomeSize): Record<string, number[]> {
  const { items, latent, features, isLinear } = size
  const { width } = firstLayer(size)
  return {
    'outcome.exposures.weight': [items, width],
    'outcome.confounders.weight': [latent, width],
    ...(features > 0 && { 'outcome.features.weight': [features, width] }),
    ...(!isLinear && { 'outcome.hidden.bias': [latent], 'outcome.items.weight': [latent, items] }),
    'outcome.items.bias': [items],
  }
}

/** The shapes of everything that is kept. */
export const keptShapes = (size: OutcomeSize): Record<string, { shape: number[] }> => ({
  ...exposureShapes(size.items, size.latent),
  ...keptOfExposures,
  'confounders.scale': { shape: [1] },
  ...Object.fromEntries(Object.entries(outcomeShapes(size)).map(([name, shape]) => [name, { shape }])),
})

/** Xavier normal weights, the three blocks of the first layer as one. @param start the biases of the items */
export function initialOutcomeWeights(size: OutcomeSize, start: number, rng: Rng): Record<string, NamedArray> {
  const inputs = size.items + size.latent + size.features
  const { width } = firstLayer(size)
  return Object.fromEntries(
    Object.entries(outcomeShapes(size)).map(([name, shape]) => {
      if (name.endsWith('.bias')) return [name, constantArray(shape, name === 'outcome.items.bias' ? start : 0)]
      return [name, name === 'outcome.items.weight' ? xavierArray(shape, rng) : xavierArray(shape, rng, inputs, width)]
    }),
  )
}

/** Where f is evaluated but for the exposures: what they add nothing to. */
export interface Held {
  /** z, scaled, [rows, K]. */
  confounders: Tensor2D
  /** x, scaled, [rows, F]; null where there are none. */
  features: Tensor2D | null
}

/** f(a, z, x), the outcome network (Zhu et al., Eq. 2 and 7), with the encoder that gives it z. All methods are called inside a tidy. */
export class OutcomeNetwork {
  /** The constant that exposures are times. */
  readonly exposureScale: number
  private readonly confounderScale: number
  private readonly features: number
  private readonly isLinear: boolean

  /** @param kept the constants and the shapes; the values of the weights are those of `weights` */
  constructor(
    readonly weights: Weights<DeepDeconfWeightName>,
    kept: NamedArrays,
  ) {
    this.exposureScale = kept['exposure.scale']!.data[0]!
    this.confounderScale = kept['confounders.scale']!.data[0]!
    this.features = kept['outcome.features.weight']?.shape[0] ?? 0
    this.isLinear = !kept['outcome.items.weight']
  }

  /** What rows are shown as: their exposures. */
  exposures(rows: Csr): ScaledRows {
    return exposureInput(rows, this.exposureScale)
  }

  /** z and x of rows, z as the mean of what their exposures say. */
  held(rows: Csr): Held {
    const { mean } = encodeExposures(this.weights, this.exposures(rows))
    return {
      confounders: tf.mul(mean, this.confounderScale),
      features: this.features > 0 ? featureInput(rows, this.features) : null,
    }
  }

  /** z and x of the average user. */
  nobody(): Held {
    const latent = this.weights['outcome.confounders.weight'].shape[0]!
    return {
      confounders: tf.zeros([1, latent]),
      features: this.features > 0 ? tf.zeros([1, this.features]) : null,
    }
  }

  /** What the first layer adds up of z, x and the bias, [rows, width]. */
  private heldPart({ confounders, features }: Held): Tensor2D {
    const { weights } = this
    const bias = weights[this.isLinear ? 'outcome.items.bias' : 'outcome.hidden.bias']
    const part = linear(confounders, weights['outcome.confounders.weight'], bias)
    if (!features) return part
    return tf.add(part, tf.matMul(features, weights['outcome.features.weight'] as Tensor as Tensor2D))
  }

  /** What follows the first layer's sums: [rows, width] → [rows, items]. */
  private after(sums: Tensor2D): Tensor2D {
    if (this.isLinear) return sums
    return linear(tf.tanh(sums), this.weights['outcome.items.weight'], this.weights['outcome.items.bias'])
  }

  /** f of sparse exposures: [rows, items]. */
  outcomes(exposures: ScaledRows, held: Held): Tensor2D {
    return this.after(tf.add(sparseMatMul(exposures, this.weights['outcome.exposures.weight']), this.heldPart(held)))
  }

  /** f of dense exposures, 1 for each, differentiable in them: [rows, items]. */
  outcomesOfDense(exposures: Tensor2D, held: Held): Tensor2D {
    const scaled = tf.mul(exposures, this.exposureScale) as Tensor2D
    const weight = this.weights['outcome.exposures.weight'] as Tensor as Tensor2D
    return this.after(tf.add(tf.matMul(scaled, weight), this.heldPart(held)))
  }

  /**
   * Derivatives of f with respect to single exposures, forward: [items, all items].
   * @param exposures where, [1, all items], 1 for each
   */
  derivatives(items: Int32Array, exposures: Tensor2D, held: Held): Tensor2D {
    const weight = this.weights['outcome.exposures.weight'] as Tensor as Tensor2D
    const sums = tf.mul(tf.gather(weight, tf.tensor1d(items, 'int32')), this.exposureScale) as Tensor2D
    if (this.isLinear) return sums
    const at = tf.add(tf.matMul(tf.mul(exposures, this.exposureScale) as Tensor2D, weight), this.heldPart(held))
    const slope = tf.sub(1, tf.square(tf.tanh(at)))
    return tf.matMul(tf.mul(sums, slope) as Tensor2D, this.weights['outcome.items.weight'] as Tensor as Tensor2D)
  }

  /** f as a last layer, for scores and rankings. */
  itemLayer(rows: Csr): ItemLayer {
    const { weights } = this
    const held = this.held(rows)
    const exposures = this.exposures(rows)
    const bias = weights['outcome.items.bias'] as Tensor as Tensor1D
    if (!this.isLinear) {
      const sums = tf.add(sparseMatMul(exposures, weights['outcome.exposures.weight']), this.heldPart(held))
      return { hidden: tf.tanh(sums) as Tensor2D, weight: weights['outcome.items.weight'] as Tensor as Tensor2D, bias }
    }
    const scaled = tf.mul(denseRows(exposures), this.exposureScale) as Tensor2D
    const named = [
      weights['outcome.exposures.weight'],
      weights['outcome.confounders.weight'],
      ...(held.features ? [weights['outcome.features.weight']] : []),
    ] as Tensor[] as Tensor2D[]
    const inputs = [scaled, held.confounders, ...(held.features ? [held.features] : [])]
    return { hidden: tf.concat2d(inputs, 1), weight: tf.concat2d(named, 0), bias }
  }
}
