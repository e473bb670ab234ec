import type { SeriesInfo, StopsByValue } from '../../../../src-shared/domain/method'
import type { ParamSchema, ParamSpec } from '../../../../src-shared/params/params'
import { trainingParams, validationSeriesAt } from '../training-params'
import { klParams } from '../vae-params'

type Choice = Extract<ParamSpec, { type: 'choice' }>['choices'][number]

/** The lengths of lists that are watched: early stopping goes by 20 (Zhu et al., s. 5.3), the others are every method's. */
export const watchedCutoffs = [10, 20, 30] as const

export const watchedSeries: SeriesInfo[] = [
  ...validationSeriesAt(watchedCutoffs),
  {
    id: 'ratedNdcg@20',
    label: 'NDCG@20 (rated)',
    help: 'On the validation part, among the items that each user rated there, k = 20. Where ratings are learned among exposures, the epoch with the best one is kept; where over all items, that with the best list of all items. Where nothing was rated below the threshold there is none.',
    group: 'validation',
  },
]

/** Among what was rated there is nothing to rank where nothing was rated below the threshold: then lists of all items decide. */
const amongRated = ['ratedNdcg@20', 'ndcg@20']
/** What early stopping goes by: see `ratingCriterion`. */
export const stopsByLikelihood: StopsByValue = {
  param: 'likelihood',
  byValue: { multinomial: ['ndcg@20'], exposed: amongRated, gaussian: amongRated },
}

const overAll: Choice = {
  value: 'multinomial',
  label: 'Multinomial over all items',
  help: 'What a user was not exposed to counts as not preferred: best lists where exposures tell what is liked.',
}
const amongExposed: Choice = {
  value: 'exposed',
  label: 'Multinomial among exposures',
  help: 'Nothing is said of what a user was not exposed to: lists by what would be liked if it were exposed. Needs ratings that differ.',
}

/** What the outcome model predicts. @param others beside the multinomials */
export const likelihoodParam = (...others: Choice[]): ParamSpec => ({
  key: 'likelihood',
  type: 'choice',
  label: 'Likelihood of ratings',
  help: 'What the outcome model predicts: which item is preferred, weighted by ratings, over all items or among those the user was exposed to.',
  default: 'multinomial',
  choices: [overAll, amongExposed, ...others],
  basic: true,
})

/** Sizes and training, alike for all stages. @param passes what `epochs` limits, in words */
export const networkParams = (passes: string): ParamSchema => [
  {
    key: 'latent',
    type: 'integer',
    label: 'Latent dimensions',
    help: 'Width K of all hidden layers, and of the latent variables. Larger keeps more detail and overfits sooner.',
    unit: 'dimensions',
    default: 100,
    min: 1,
    max: 4096,
    basic: true,
  },
  ...trainingParams({
    epochs: 100,
    batchSize: 100,
    learningRate: 1e-3,
    weightDecay: 0,
    patience: 15,
    stopsBy: 'NDCG@20 (with a likelihood among exposures that of the rated items, if any is rated below the threshold)',
  }).map((spec) =>
    spec.key === 'epochs'
      ? { ...spec, help: `The most ${passes}; training stops earlier when validation no longer improves.` }
      : spec,
  ),
  ...klParams({ klCap: 0.2, annealSteps: 3000 }),
  {
    key: 'dropout',
    type: 'number',
    label: 'Input dropout',
    help: 'Probability with which each exposure of a user is hidden from the outcome model in training. Larger regularises more.',
    default: 0.5,
    min: 0,
    max: 0.95,
    basic: true,
  },
]

/** The parameters that only the exposure model has. */
export const exposureParams: ParamSchema = [
  {
    key: 'exposureDropout',
    type: 'number',
    label: 'Dropout of exposures',
    help: 'Probability with which each exposure of a user is hidden from the exposure model in training. Larger regularises more.',
    default: 0.5,
    min: 0,
    max: 0.95,
    basic: false,
  },
  {
    key: 'exposurePatience',
    type: 'integer',
    label: 'Patience of exposures',
    help: 'Epochs without a better log-likelihood of held-out exposures after which the exposure model is done and its best weights are put back.',
    unit: 'epochs',
    default: 20,
    min: 1,
    max: 10000,
    basic: false,
  },
]

/** What is reported of the exposure model. */
export const exposureSeries: SeriesInfo[] = [
  {
    id: 'exposureLoss',
    label: 'Exposure loss',
    help: 'What is minimised in the first stage, per user: reconstruction plus the weighted KL term.',
    unit: 'nats per user',
    group: 'exposure',
  },
  {
    id: 'exposureReconstruction',
    label: 'Exposure reconstruction',
    help: 'Negative Bernoulli log-likelihood of what a user is exposed to and what not. Lower reproduces it better.',
    unit: 'nats per user',
    group: 'exposure',
  },
  {
    id: 'exposureKl',
    label: 'Exposure KL',
    help: 'How far the users’ substitute confounders are from the standard normal prior, in nats.',
    unit: 'nats per user',
    group: 'exposure',
  },
  {
    id: 'exposureLogLikelihood',
    label: 'Held-out exposures',
    help: 'Mean log-likelihood of an item that was held out of a user’s exposures, or of what the user was not exposed to. Picks the exposure model.',
    unit: 'nats per item',
    group: 'exposure',
  },
]
