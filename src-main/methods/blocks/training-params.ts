import type { SeriesInfo } from '../../../src-shared/domain/method'
import { cutoffs, rankingMetrics } from '../../../src-shared/domain/metric'
import type { ParamSchema, ParamSpec, ParamValues } from '../../../src-shared/params/params'

/** Defaults that a method sets for itself, found on validation data. */
interface TrainingDefaults {
  epochs: number
  batchSize: number
  learningRate: number
  weightDecay: number
  patience: number
  /** What early stopping goes by; NDCG@10 unless given. */
  stopsBy?: string
}

/** How long a training may take, in epochs. */
export const epochsParam = (value: number): ParamSpec => ({
  key: 'epochs',
  type: 'integer',
  label: 'Epochs',
  help: 'The most passes over all users; training stops earlier when validation no longer improves.',
  unit: 'epochs',
  default: value,
  min: 1,
  max: 10000,
  basic: true,
})

/** When early stopping on the ranking of the validation part ends a training. */
export const patienceParam = (value: number, stopsBy = 'NDCG@10'): ParamSpec => ({
  key: 'patience',
  type: 'integer',
  label: 'Patience',
  help: `Epochs without a better validation ${stopsBy} after which training stops and the best weights are put back.`,
  unit: 'epochs',
  default: value,
  min: 1,
  max: 10000,
  basic: false,
})

/** The parameters of every method trained by `learn`. */
export const trainingParams = (defaults: TrainingDefaults): ParamSchema => [
  epochsParam(defaults.epochs),
  {
    key: 'batchSize',
    type: 'integer',
    label: 'Batch size',
    help: 'Users per optimiser step. Larger is faster per epoch and needs more memory; smaller takes more steps.',
    unit: 'users',
    default: defaults.batchSize,
    min: 1,
    max: 100000,
    basic: true,
  },
  {
    key: 'learningRate',
    type: 'number',
    label: 'Learning rate',
    help: 'Step size of Adam. Too large makes the loss jump or diverge, too small makes training slow.',
    default: defaults.learningRate,
    min: 1e-7,
    max: 1,
    basic: true,
  },
  {
    key: 'weightDecay',
    type: 'number',
    label: 'Weight decay',
    help: 'L2 penalty on all weights, added to the gradient. Larger keeps weights smaller.',
    default: defaults.weightDecay,
    min: 0,
    max: 1,
    basic: false,
  },
  patienceParam(defaults.patience, defaults.stopsBy),
]

/** The metrics that `validateRanking` gives, at these cut-offs. */
export const validationSeriesAt = (lengths: readonly number[]): SeriesInfo[] =>
  lengths.flatMap((k) =>
    rankingMetrics.map((metric) => ({
      id: `${metric.id}@${k}`,
      label: `${metric.label}@${k}`,
      help: `On the validation part, k = ${k}. ${metric.help}`,
      group: 'validation' as const,
    })),
  )

/** Those that it gives unless told otherwise. */
export const validationSeries = validationSeriesAt(cutoffs)

/** A numeric parameter of values that passed `resolveParams`. */
export function numberParam(params: ParamValues, key: string): number {
  const value = params[key]
  if (typeof value !== 'number') throw new TypeError(`The parameter "${key}" is no number.`)
  return value
}
