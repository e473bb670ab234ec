import {
  backboneParam,
  imputationSeries,
  lossSeries,
  pairTrainingParams,
  preferenceParam,
  propensityParams,
  ratedSeries,
  sampleRatioParams,
  sensitivityParam,
} from '../../blocks/pairs/pair-params'
import type { MethodDescriptor } from '../../method'

export const descriptor: MethodDescriptor = {
  info: {
    id: 'rd-dr',
    label: 'RD-DR',
    family: 'baseline',
    purpose: 'Doubly robust against the worst propensities that unmeasured confounders of a bounded strength allow.',
    assumptions: [],
    identification: null,
    needs: ['Ratings on both sides of the threshold.'],
    paper: {
      title: 'Addressing Unmeasured Confounder for Recommendation with Sensitivity Analysis',
      authors: 'Ding, Wu, Feng, Wang, He, Liao, Zhang',
      year: 2022,
    },
    capabilities: ['score'],
    params: [
      preferenceParam(),
      ...propensityParams(),
      sensitivityParam(),
      backboneParam(),
      ...sampleRatioParams(),
      ...pairTrainingParams(),
    ],
    series: [
      lossSeries('the largest doubly robust estimate of the mean error of all pairs that the sensitivity allows'),
      imputationSeries,
      ...ratedSeries,
    ],
  },
  load: async () => (await import('./model')).method,
}
