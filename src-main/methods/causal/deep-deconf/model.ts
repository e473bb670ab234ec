import { CausewayError } from '../../../../src-shared/contract/errors'
import { learnedFrom, takeRows, type Split } from '../../../../src-shared/domain/split'
import type { ParamValues } from '../../../../src-shared/params/params'
import { exposuresOf, featureWidth } from '../../../pipeline/split/beside'
import { checkedArrays, createWeights, disposeWeights, readTensors, type Weights } from '../../../tensor/named-arrays'
import { dropEntries } from '../../../tensor/sparse'
import { tf, type Scalar } from '../../../tensor/tf'
import { checkFrom, exposureStage, keptOfExposures } from '../../blocks/exposure/exposure-stage'
import { encodeExposures, exposureShapes, type ExposureWeightName } from '../../blocks/exposure/exposure-vae'
import { exposureInput } from '../../blocks/exposure/input'
import { checkRatings, isGaussian, ratingCriterion, ratingLosses } from '../../blocks/exposure/ratings'
import { weightedModel } from '../../blocks/gradient-method'
import { fitInStages, type Stage } from '../../blocks/stages'
import { numberParam } from '../../blocks/training-params'
import type { FitContext, FittedModel, Method, NamedArrays } from '../../method'
import { exposureEffectsOf } from './effects'
import { initialOutcomeWeights, keptShapes, OutcomeNetwork, outcomeSize, type DeepDeconfWeightName } from './network'

/** A model of all that is kept. */
function modelOf(kept: NamedArrays, params: ParamValues, items: number): FittedModel & { network: OutcomeNetwork } {
  const weights = createWeights(kept) as Weights<DeepDeconfWeightName>
  const network = new OutcomeNetwork(weights, kept)
  const outcome = isGaussian(params) ? ('rating' as const) : ('log-odds' as const)
  const effects = exposureEffectsOf(network, items, outcome, checkFrom(kept['exposure.check']!))
  return {
    network,
    // Ratings are what the network gives; log-odds become log-probabilities.
    ...weightedModel(weights, (rows) => network.itemLayer(rows), isGaussian(params) ? (ratings) => ratings : undefined),
    exposureEffects: () => effects,
  }
}

/** The mean of the ratings that are learned from. */
function meanRating(split: Split): number {
  const { ratings } = exposuresOf(takeRows(split.train, learnedFrom(split)))
  return ratings.reduce((sum, rating) => sum + rating, 0) / Math.max(1, ratings.length)
}

/** Users whose substitute confounders are computed together. */
const blockRows = 1024

/** The constant with which the squared length of z is 1, as a mean over the users that are learned from. */
async function confounderScale(split: Split, exposure: NamedArrays): Promise<number> {
  const weights = createWeights(exposure) as Weights<ExposureWeightName>
  const users = learnedFrom(split)
  let sum = 0
  for (let from = 0; from < users.length; from += blockRows) {
    const rows = takeRows(split.train, users.subarray(from, from + blockRows))
    const square = tf.tidy(() => {
      const input = exposureInput(rows, exposure['exposure.scale']!.data[0]!)
      return tf.sum(tf.square(encodeExposures(weights, input).mean))
    })
    sum += (await square.data())[0]!
    square.dispose()
    // Lets messages in: a stop request is seen before the first batch.
    await new Promise(setImmediate)
  }
  disposeWeights(weights)
  // A model that finds all users alike has z = 0 for everyone, and any scale will do.
  return sum > 0 ? 1 / Math.sqrt(sum / users.length) : 1
}

/** Trains the outcome network on ratings, the exposure model as it is (Zhu et al., Algorithm 1, lines 15-23). */
const outcomeStage: Stage = {
  label: 'Outcome model',
  async start(context, learned, rng) {
    const { split, params } = context
    const items = split.train.cols
    const size = outcomeSize(items, featureWidth(split), params)
    const exposure = checkedArrays(learned, { ...exposureShapes(items, size.latent), ...keptOfExposures })
    const initial = initialOutcomeWeights(size, isGaussian(params) ? meanRating(split) : 0, rng)
    const scale = { shape: [1], data: Float32Array.of(await confounderScale(split, exposure)) }
    const model = modelOf({ ...exposure, 'confounders.scale': scale, ...initial }, params, items)
    const { network } = model
    const own = Object.fromEntries(
      Object.keys(initial).map((name) => [name, network.weights[name as keyof Weights<DeepDeconfWeightName>]]),
    )
    return {
      learner: {
        weights: own,
        lossParts: ['loss'],
        batchLoss(rows, _, noise) {
          const exposed = exposuresOf(rows)
          const input = dropEntries(network.exposures(rows), numberParam(params, 'dropout'), noise)
          // z is of all exposures, whatever of them is dropped.
          const outcomes = network.outcomes(input, network.held(rows))
          return [tf.mean(ratingLosses(outcomes, exposed, params)) as Scalar]
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
      finish: async () => ({ ...(await readTensors(own)), 'confounders.scale': scale }),
      dispose: () => model.dispose(),
    }
  },
}

/** A weight for each pair of more items, its gradient and the two moments of Adam would take more than a gigabyte. */
const mostLinearItems = 8192

/** @throws CausewayError `paramInvalid` for a linear network of too many items, before anything is trained */
function checkSize({ params, split }: FitContext): void {
  const items = split.train.cols
  if (params['hiddenLayers'] !== '0' || items <= mostLinearItems) return
  throw new CausewayError(
    'paramInvalid',
    `Without a hidden layer there is a weight for every pair of the ${items} items, and at most ${mostLinearItems} items are taken: choose one hidden layer, or a k-core that keeps fewer items.`,
    { key: 'hiddenLayers', value: '0', allowed: '1' },
  )
}

/** Deep-Deconf (Zhu et al.): see README.md for the decisions. */
export const method: Method = {
  async fit(context) {
    checkSize(context)
    checkRatings(context, 'the Gaussian likelihood, which predicts the ratings themselves')
    return fitInStages(context, [exposureStage(true), outcomeStage], (kept) =>
      modelOf(kept, context.params, context.split.train.cols),
    )
  },

  load(saved, params, items) {
    const features = saved['outcome.features.weight']?.shape[0] ?? 0
    return modelOf(checkedArrays(saved, keptShapes(outcomeSize(items, features, params))), params, items)
  },
}
