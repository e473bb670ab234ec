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
      {
        key: 'balance',
        type: 'number',
        label: 'Balance',
        help: 'Weight λ of the imbalance in what the propensity network minimises: larger holds weighted observed and unobserved pairs closer to each other. 0: not at all.',
        default: 1,
        min: 0,
        max: 1000,
        basic: true,
      },
      propensityFloorParam(),
      backboneParam(),
      ...sampleRatioParams(),
      ...pairTrainingParams(),
    ],
    series: [
      lossSeries('the mean error of the observed pairs, each weighted by the inverse of its propensity'),
      {
        id: 'propensity',
        label: 'Propensity loss',
        help: 'Cross-entropy of being observed over all pairs: how well the propensity network tells which pairs are.',
        group: 'objective',
      },
      {
        id: 'imbalance',
        label: 'Imbalance',
        help: 'Square of the difference of the summed predictions of weighted observed and unobserved pairs, before it is weighted.',
        group: 'objective',
      },
      ...ratedSeries,
    ],
  },
  load: async () => (await import('./model')).method,
}
