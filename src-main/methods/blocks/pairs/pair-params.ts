import type { SeriesInfo } from '../../../../src-shared/domain/method'
import type { ParamSchema, ParamSpec, ParamValues } from '../../../../src-shared/params/params'
import { numberParam, trainingParams } from '../training-params'
import type { AdamOptions } from '../../../tensor/adam'
import type { PairShape } from '../../../tensor/pairs'
import type { Preference } from './observed-pairs'

/** Defaults that a method sets for itself, found on the validation part. */
interface PairDefaults {
  epochs?: number
  batchSize?: number
  learningRate?: number
  weightDecay?: number
  patience?: number
  embeddingSize?: number
}

const ownWords: Record<string, Partial<Pick<ParamSpec, 'help' | 'unit'>>> = {
  epochs: {
    help: 'The most passes over all observed pairs; training stops earlier when validation no longer improves.',
  },
  batchSize: {
    help: 'Observed pairs per optimiser step. Larger is faster per epoch; smaller takes more steps.',
    unit: 'pairs',
  },
  patience: {
    help: 'Epochs without a better value on the rated pairs of the validation part (AUC; for continuous preferences the squared error) after which training stops and the best weights are put back.',
  },
}

/** The parameters of every method that is trained by `pairFit`. */
export const pairTrainingParams = (defaults: PairDefaults = {}): ParamSchema => [
  ...trainingParams({
    epochs: 100,
    batchSize: 128,
    learningRate: 0.01,
    weightDecay: 1e-4,
    patience: 10,
    ...defaults,
  }).map((spec) => ({ ...spec, ...ownWords[spec.key] })),
  {
    key: 'embeddingSize',
    type: 'integer',
    label: 'Embedding size',
    help: 'Length k of the embeddings of users and items; the network has the layers 2k, k, 1. Larger fits more and overfits sooner.',
    unit: 'dimensions',
    default: defaults.embeddingSize ?? 16,
    min: 1,
    max: 1024,
    basic: true,
  },
]

/** The kind of network that predicts. */
export const backboneParam = (): ParamSpec => ({
  key: 'backbone',
  type: 'choice',
  label: 'Backbone',
  help: 'The network that predicts preferences, and that imputes where the method does.',
  default: 'ncf',
  choices: [
    { value: 'ncf', label: 'NCF', help: 'Dense layers over both embeddings (He et al. 2017).' },
    { value: 'mf', label: 'MF', help: 'Dot product of both embeddings, with biases (Koren et al. 2009).' },
  ],
  basic: false,
})

/** What is predicted. */
export const preferenceParam = (): ParamSpec => ({
  key: 'preference',
  type: 'choice',
  label: 'Preference',
  help: 'What is predicted of a pair: whether its rating reaches the threshold, or the rating itself.',
  default: 'binary',
  choices: [
    { value: 'binary', label: 'Binary' },
    { value: 'continuous', label: 'Continuous' },
  ],
  basic: true,
})

/** The kind of preference that the parameters ask for; binary for methods that know no other. */
export const preferenceOf = (params: ParamValues): Preference =>
  params['preference'] === 'continuous' ? 'continuous' : 'binary'

/** The shape of a predicting network: 2k, k, 1 for NCF (section 6.2.2 of Zhang et al. 2025), a dot product for MF. */
export function backboneShape(
  size: { users: number; items: number },
  params: ParamValues,
  backbone = params['backbone'],
): PairShape {
  const width = numberParam(params, 'embeddingSize')
  const isMf = backbone === 'mf'
  return { backbone: isMf ? 'mf' : 'ncf', ...size, width, hidden: isMf ? [] : [width] }
}

export const adamOf = (params: ParamValues): AdamOptions => ({
  learningRate: numberParam(params, 'learningRate'),
  weightDecay: numberParam(params, 'weightDecay'),
})

/** The loss, as a series. @param minimised what it is made of, in words */
export const lossSeries = (minimised: string): SeriesInfo => ({
  id: 'loss',
  label: 'Loss',
  help: `What is minimised, per observed pair: ${minimised}.`,
  group: 'objective',
})

/** What `pairFit` reports of the validation part for binary preferences. */
export const ratedSeries: SeriesInfo[] = [
  {
    id: 'ratedAuc',
    label: 'AUC among rated',
    help: 'Area under the ROC curve over all rated pairs of the validation part.',
    group: 'validation',
  },
  {
    id: 'ratedRecall@5',
    label: 'Recall@5 among rated',
    help: 'On the rated items of the validation part: positives among the best 5, divided by those there can be.',
    group: 'validation',
  },
  {
    id: 'ratedRecallFull@5',
    label: 'Full recall@5 among rated',
    help: 'On the rated items of the validation part: positives among the best 5, divided by all of them.',
    group: 'validation',
  },
  {
    id: 'ratedNdcg@5',
    label: 'NDCG@5 among rated',
    help: 'On the rated items of the validation part: discounted positives among the best 5, divided by the best possible.',
    group: 'validation',
  },
]

/** How many pairs are drawn from all pairs for each observed one. */
export const sampleRatioParams = (ratio = 1): ParamSchema => [
  {
    key: 'sampleRatio',
    type: 'integer',
    label: 'Sample ratio',
    help: 'Pairs drawn from all pairs, observed or not, for each observed pair of a step. More give a steadier estimate of what holds for all pairs and take longer.',
    unit: 'pairs',
    default: ratio,
    min: 1,
    max: 64,
    basic: false,
  },
]

/** What the imputation network minimises, as a series. */
export const imputationSeries: SeriesInfo = {
  id: 'imputation',
  label: 'Imputation loss',
  help: 'Weighted squared difference of the imputed and the real error of the observed pairs: how well errors are imputed.',
  group: 'objective',
}

/** What learned propensities minimise, as a series. */
export const propensitySeries: SeriesInfo = {
  id: 'propensity',
  label: 'Propensity loss',
  help: 'Cross-entropy of being observed over all pairs: how well the network tells which pairs are.',
  group: 'objective',
}

/** How much stronger or weaker than estimated the selection may be. */
export const sensitivityParam = (): ParamSpec => ({
  key: 'sensitivity',
  type: 'number',
  label: 'Sensitivity',
  help: 'How many times the odds of being observed may be larger or smaller than estimated, for reasons that the data do not show. 1: as estimated.',
  default: 1.1,
  min: 1,
  max: 100,
  basic: true,
})

/** How small a propensity may be. */
export const propensityFloorParam = (): ParamSpec => ({
  key: 'propensityFloor',
  type: 'number',
  label: 'Propensity floor',
  help: 'Smaller propensities count as this one: a larger floor lets no pair weigh much, and leaves more of the selection bias.',
  default: 0.01,
  min: 1e-6,
  max: 1,
  basic: false,
})

/** How the probability of being observed is come by, and how small it may be. */
export const propensityParams = (): ParamSchema => [
  {
    key: 'propensity',
    type: 'choice',
    label: 'Propensity',
    help: 'Where the probability that a pair is observed comes from: errors are weighted by its inverse.',
    default: 'logistic',
    choices: [
      {
        value: 'logistic',
        label: 'Logistic regression',
        help: 'An effect of the user and one of the item, by maximum likelihood.',
      },
      {
        value: 'logistic-features',
        label: 'Logistic regression on features',
        help: 'Those effects, and how features of users and items go together: needs attributes of both, of which there are at most 1000 pairs of features.',
      },
      {
        value: 'naive-bayes',
        label: 'Naive Bayes',
        help: 'By the rating alone: needs the share of positives among all pairs.',
      },
      { value: 'given', label: 'Given with the data', help: 'The propensity column of the data set.' },
    ],
    basic: true,
  },
  propensityFloorParam(),
  {
    key: 'positiveRate',
    type: 'number',
    label: 'Positive rate',
    help: 'Share of positives among all pairs, observed or not, as a randomised survey tells it. Only for naive Bayes; 0: not known.',
    default: 0,
    min: 0,
    max: 1,
    basic: false,
  },
]
