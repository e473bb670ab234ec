import {
  backboneParam,
  lossSeries,
  pairTrainingParams,
  preferenceParam,
  propensityParams,
  ratedSeries,
} from '../../blocks/pairs/pair-params'
import type { MethodDescriptor } from '../../method'

export const descriptor: MethodDescriptor = {
  info: {
    id: 'ips',
    label: 'IPS',
    family: 'baseline',
    purpose:
      'Weights each rating by the inverse of the probability that it is observed, so that the rated pairs stand for all.',
    assumptions: [],
    identification: null,
    needs: ['Ratings on both sides of the threshold.'],
    paper: {
      title: 'Recommendations as Treatments: Debiasing Learning and Evaluation',
      authors: 'Schnabel, Swaminathan, Singh, Chandak, Joachims',
      year: 2016,
    },
    capabilities: ['score'],
    params: [preferenceParam(), ...propensityParams(), backboneParam(), ...pairTrainingParams()],
    series: [
      lossSeries('the mean error of the observed pairs, each weighted by the inverse of its propensity'),
      ...ratedSeries,
    ],
  },
  load: async () => (await import('./model')).method,
}
