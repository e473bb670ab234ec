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
    id: 'tdr-jl',
    label: 'TDR-JL',
    family: 'baseline',
    purpose:
      'Doubly robust, with imputed errors shifted so that weighting the observed ones changes the estimate no more.',
    assumptions: [],
    identification: null,
    needs: ['Ratings on both sides of the threshold.'],
    paper: {
      title: 'TDR-CL: Targeted Doubly Robust Collaborative Learning for Debiased Recommendations',
      authors: 'Li, Lyu, Zheng, Wu',
      year: 2023,
    },
    capabilities: ['score'],
    params: [
      preferenceParam(),
      propensityFloorParam(),
      backboneParam(),
      ...sampleRatioParams(),
      ...pairTrainingParams(),
    ],
    series: [
      lossSeries('the doubly robust estimate of the mean error of all pairs, after the targeted correction'),
      imputationSeries,
      ...ratedSeries,
    ],
  },
  load: async () => (await import('./model')).method,
}
