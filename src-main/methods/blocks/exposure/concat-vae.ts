import type { Csr } from '../../../../src-shared/domain/split'
import type { ParamValues } from '../../../../src-shared/params/params'
import { exposuresOf, featureWidth } from '../../../pipeline/split/beside'
import { checkedArrays, createWeights, readTensors, type Weights } from '../../../tensor/named-arrays'
import { logitsOf, type ItemLayer } from '../../../tensor/rank'
import { dropEntries, sparseMatMul, type ScaledRows } from '../../../tensor/sparse'
import { tf, type Scalar, type Tensor, type Tensor1D, type Tensor2D } from '../../../tensor/tf'
import type { FittedModel, NamedArray, NamedArrays } from '../../method'
import { weightedModel } from '../gradient-method'
import { constantArray, xavierArray } from '../initial'
import { klToStandardNormal, klWeight, sampleLatent, type Posterior } from '../mult-vae'
import type { Stage } from '../stages'
import { numberParam } from '../training-params'
import { exposureInput, exposureScale, featureInput } from './input'
import { ratingCriterion, ratingLosses } from './ratings'

/**
 * A VAE of ratings from exposures and features, without a model of the exposures (Concat-VAE of Zhu et al., s. 5.4.1): one linear layer from
 * exposures [I] and features [F] to mean and log-variance of z [2K], and one from z [K] to item logits [I].
 */
type ConcatWeightName =
  | 'encoder.exposures.weight' // [I, 2K]
  | 'encoder.features.weight' // [F, 2K], where there are features
  | 'encoder.bias' // [2K]
  | 'decoder.items.weight' // [K, I]
  | 'decoder.items.bias' // [I]

function weightShapes(items: number, latent: number, features: number): Record<string, number[]> {
  return {
    'encoder.exposures.weight': [items, 2 * latent],
    ...(features > 0 && { 'encoder.features.weight': [features, 2 * latent] }),
    'encoder.bias': [2 * latent],
    'decoder.items.weight': [latent, items],
    'decoder.items.bias': [items],
  }
}

/** Its layers. */
class ConcatVae {
  private readonly scale: number
  private readonly features: number

  constructor(
    readonly weights: Weights<ConcatWeightName>,
    kept: NamedArrays,
  ) {
    this.scale = kept['exposure.scale']!.data[0]!
    this.features = kept['encoder.features.weight']?.shape[0] ?? 0
  }

  exposures(rows: Csr): ScaledRows {
    return exposureInput(rows, this.scale)
  }

  /** q(z | a, x). @param exposures those of the rows, or what is left of them */
  encode(rows: Csr, exposures: ScaledRows): Posterior {
    const { weights } = this
    const ofExposures = tf.add(sparseMatMul(exposures, weights['encoder.exposures.weight']), weights['encoder.bias'])
    const both =
      this.features > 0
        ? tf.add(
            ofExposures,
            tf.matMul(featureInput(rows, this.features), weights['encoder.features.weight'] as Tensor as Tensor2D),
          )
        : ofExposures
    const [mean, logVariance] = tf.split(both, 2, 1) as [Tensor2D, Tensor2D]
    return { mean, logVariance }
  }

  itemLayer(z: Tensor2D): ItemLayer {
    return {
      hidden: z,
      weight: this.weights['decoder.items.weight'] as Tensor as Tensor2D,
      bias: this.weights['decoder.items.bias'] as Tensor as Tensor1D,
    }
  }
}

/** A Concat-VAE of all that is kept of it. */
export function concatVaeOf(kept: NamedArrays): FittedModel & { network: ConcatVae } {
  const weights = createWeights(kept) as Weights<ConcatWeightName>
  const network = new ConcatVae(weights, kept)
  const itemLayer = (rows: Csr): ItemLayer => network.itemLayer(network.encode(rows, network.exposures(rows)).mean)
  return { network, ...weightedModel(weights, itemLayer) }
}

/** A saved one. @throws CausewayError `runInvalid` where arrays are missing or misshapen */
export function loadConcatVae(saved: NamedArrays, params: ParamValues, items: number): FittedModel {
  const features = saved['encoder.features.weight']?.shape[0] ?? 0
  const shapes = { ...weightShapes(items, numberParam(params, 'latent'), features), 'exposure.scale': [1] }
  return concatVaeOf(
    checkedArrays(saved, Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, { shape }]))),
  )
}

/**
 * Trains one.
 * @param weightsOfUsers gives a weight for each row of the split from what earlier stages have kept, by which the user's likelihood counts; all
 *   alike unless given
 */
export const concatStage = (weightsOfUsers?: (learned: NamedArrays) => Float32Array): Stage => ({
  label: 'Outcome model',
  start(context, learned, rng) {
    const { split, params } = context
    const counts = weightsOfUsers?.(learned)
    const items = split.train.cols
    const latent = numberParam(params, 'latent')
    const features = featureWidth(split)
    const initial: Record<string, NamedArray> = Object.fromEntries(
      Object.entries(weightShapes(items, latent, features)).map(([name, shape]) => {
        if (name.endsWith('.bias')) return [name, constantArray(shape, 0)]
        return [name, name.startsWith('encoder') ? xavierArray(shape, rng, items + features) : xavierArray(shape, rng)]
      }),
    )
    const scale: NamedArray = { shape: [1], data: Float32Array.of(exposureScale(split)) }
    const model = concatVaeOf({ ...initial, 'exposure.scale': scale })
    const { network } = model
    const own = Object.fromEntries(
      Object.keys(initial).map((name) => [name, network.weights[name as ConcatWeightName]]),
    )
    return {
      learner: {
        weights: own,
        lossParts: ['loss', 'reconstruction', 'kl'],
        batchLoss(rows, step, noise) {
          const exposed = exposuresOf(rows)
          const input = dropEntries(network.exposures(rows), numberParam(params, 'dropout'), noise)
          const posterior = network.encode(rows, input)
          const logits = logitsOf(network.itemLayer(sampleLatent(posterior, noise)))
          const byUser = ratingLosses(logits, exposed, params)
          const counted = counts
            ? tf.mul(byUser, tf.tensor1d(Float32Array.from(rows.ids!, (id) => counts[id]!)))
            : byUser
          const reconstruction = tf.mean(counted) as Scalar
          const kl = klToStandardNormal(posterior)
          const beta = klWeight(step, numberParam(params, 'klCap'), numberParam(params, 'annealSteps'))
          return [tf.add(reconstruction, tf.mul(kl, beta)) as Scalar, reconstruction, kl]
        },
      },
      settings: {
        epochs: numberParam(params, 'epochs'),
        batchSize: numberParam(params, 'batchSize'),
        learningRate: numberParam(params, 'learningRate'),
        weightDecay: numberParam(params, 'weightDecay'),
        patience: numberParam(params, 'patience'),
      },
      criterion: ratingCriterion(model, context),
      finish: async () => ({ ...(await readTensors(own)), 'exposure.scale': scale }),
      dispose: () => model.dispose(),
    }
  },
})
