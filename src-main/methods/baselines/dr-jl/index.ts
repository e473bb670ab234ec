import {
  backboneParam,
  imputationSeries,
  lossSeries,
  pairTrainingParams,
  preferenceParam,
  propensityParams,
  ratedSeries,
  sampleRatioParams,
} from '../../blocks/pairs/pair-params'
import type { MethodDescriptor } from '../../method'

export const descriptor: MethodDescriptor = {
  info: {
    id: 'dr-jl',
    label: 'DR-JL',
    family: 'baseline',
    purpose:
      'Corrects imputed errors by weighted observed ones: right where either the propensities or the imputation are.',
    assumptions: [],
    identification: null,
    needs: ['Ratings on both sides of the threshold.'],
    paper: {
      title: 'Doubly Robust Joint Learning for Recommendation on Data Missing Not at Random',
      authors: 'Wang, Zhang, Sun, Qi',
      year: 2019,
    },
    capabilities: ['score'],
    params: [
      preferenceParam(),
      ...propensityParams(),
      backboneParam(),
      ...sampleRatioParams(),
      ...pairTrainingParams(),
    ],
    series: [lossSeries('the doubly robust estimate of the mean error of all pairs'), imputationSeries, ...ratedSeries],
  },
  load: async () => (await import('./model')).method,
}
