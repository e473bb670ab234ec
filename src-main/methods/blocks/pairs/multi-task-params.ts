import type { SeriesInfo } from '../../../../src-shared/domain/method'
import type { ParamSchema, ParamSpec } from '../../../../src-shared/params/params'
import type { MultiTask } from './multi-task'
import {
  imputationSeries,
  lossSeries,
  pairTrainingParams,
  propensityFloorParam,
  propensitySeries,
  ratedSeries,
  sampleRatioParams,
} from './pair-params'

const weightParam = (key: string, label: string, help: string, value: number): ParamSpec => ({
  key,
  type: 'number',
  label,
  help,
  default: value,
  min: 0,
  max: 1000,
  basic: true,
})

/** The parameters of a method that `multiTaskArchitecture` makes. */
export const multiTaskParams = (task: MultiTask): ParamSchema => [
  weightParam(
    'propensityLossWeight',
    'Weight of the propensity loss',
    'What telling observed from unobserved pairs counts beside the loss of the ratings. Larger makes the shared embeddings those of what users choose to rate.',
    1,
  ),
  ...(task.hasJointTask
    ? [
        weightParam(
          'jointLossWeight',
          'Weight of the joint loss',
          'What telling pairs that are observed and positive from all others counts beside the loss of the ratings. 0: nothing.',
          0.1,
        ),
      ]
    : []),
  ...(task.isDoublyRobust
    ? [
        weightParam(
          'imputationLossWeight',
          'Weight of the imputation loss',
          'What imputing the errors of the observed pairs counts beside the loss of the ratings.',
          0.1,
        ),
      ]
    : []),
  propensityFloorParam(),
  ...sampleRatioParams(),
  ...pairTrainingParams(),
]

/** The series of such a method. */
export const multiTaskSeries = (task: MultiTask): SeriesInfo[] => [
  lossSeries('the weighted sum of the losses of all tasks'),
  {
    id: 'rating',
    label: 'Rating loss',
    help: `${task.isDoublyRobust ? 'Doubly robust' : 'Inverse propensity'} estimate of the mean error of all pairs.`,
    group: 'objective',
  },
  propensitySeries,
  ...(task.hasJointTask
    ? [
        {
          id: 'joint',
          label: 'Joint loss',
          help: 'Cross-entropy of being observed and positive over all pairs, with the product of both probabilities.',
          group: 'objective',
        } as const,
      ]
    : []),
  ...(task.isDoublyRobust ? [imputationSeries] : []),
  ...ratedSeries,
]
