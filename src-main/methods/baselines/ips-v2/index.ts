import { balancedPropensitySeries, balanceWeightParam } from '../../blocks/pairs/balanced-propensity-params'
import {
  backboneParam,
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
    id: 'ips-v2',
    label: 'IPS-V2',
    family: 'baseline',
    purpose:
      'Weights ratings by inverse propensities that are learned along with the predictions, and held to balance them.',
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
      lossSeries('the mean error of the observed pairs, each weighted by the inverse of its propensity'),
      ...balancedPropensitySeries,
      ...ratedSeries,
    ],
  },
  load: async () => (await import('./model')).method,
}
