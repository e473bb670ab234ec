import { balancedPropensitySeries, balanceWeightParam } from '../../blocks/pairs/balanced-propensity-params'
import {
  backboneParam,
  imputationSeries,
  lossSeries,
  pairTrainingParams,
  preferenceParam,
  propensityFloorParam,
  ratedSeries,
  sampleRatioParams,
} from '../../blocks/pairs/pair-params'
import type { MethodDescriptor } from '../../method'

export const descriptor: MethodDescriptor = {
  info: {
    id: 'dr-v2',
    label: 'DR-V2',
    family: 'baseline',
    purpose: 'Doubly robust, with propensities learned along so that they balance what is predicted.',
    assumptions: [],
    identification: null,
    needs: ['Ratings on both sides of the threshold.'],
    paper: {
      title: 'Propensity Matters: Measuring and Enhancing Balancing for Recommendation',
      authors: 'Li, Xiao, Zheng, Wu, Cui',
      year: 2023,
    },
    capabilities: ['score'],
    params: [
      preferenceParam(),
      balanceWeightParam(),
      propensityFloorParam(),
      backboneParam(),
      ...sampleRatioParams(),
      ...pairTrainingParams(),
    ],
    series: [
      lossSeries('the doubly robust estimate of the mean error of all pairs'),
      imputationSeries,
      ...balancedPropensitySeries,
      ...ratedSeries,
    ],
  },
  load: async () => (await import('./model')).method,
}
