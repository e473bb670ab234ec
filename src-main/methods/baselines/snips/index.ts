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
    id: 'snips',
    label: 'SNIPS',
    family: 'baseline',
    purpose:
      'Weights ratings by inverse propensities as IPS does, and divides by the sum of the weights: a little bias for less variance.',
    assumptions: [],
    identification: null,
    needs: ['Ratings on both sides of the threshold.'],
    paper: {
      title: 'The Self-Normalized Estimator for Counterfactual Learning',
      authors: 'Swaminathan, Joachims',
      year: 2015,
    },
    capabilities: ['score'],
    params: [preferenceParam(), ...propensityParams(), backboneParam(), ...pairTrainingParams()],
    series: [
      lossSeries('the errors of a batch weighted by inverse propensities, divided by the sum of the weights'),
      ...ratedSeries,
    ],
  },
  load: async () => (await import('./model')).method,
}
