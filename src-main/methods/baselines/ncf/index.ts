import { lossSeries, pairTrainingParams, preferenceParam, ratedSeries } from '../../blocks/pairs/pair-params'
import type { MethodDescriptor } from '../../method'

export const descriptor: MethodDescriptor = {
  info: {
    id: 'ncf',
    label: 'NCF',
    family: 'baseline',
    purpose:
      'Predicts ratings by a network, taking the rated pairs for a fair sample: what debiasing methods are compared to.',
    assumptions: [],
    identification: null,
    needs: ['Ratings on both sides of the threshold.'],
    paper: {
      title: 'Neural Collaborative Filtering',
      authors: 'He, Liao, Zhang, Nie, Hu, Chua',
      year: 2017,
    },
    capabilities: ['score'],
    params: [preferenceParam(), ...pairTrainingParams()],
    series: [lossSeries('the mean error of the observed pairs'), ...ratedSeries],
  },
  load: async () => (await import('./model')).method,
}
