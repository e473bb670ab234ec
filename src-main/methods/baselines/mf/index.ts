import { lossSeries, pairTrainingParams, preferenceParam, ratedSeries } from '../../blocks/pairs/pair-params'
import type { MethodDescriptor } from '../../method'

export const descriptor: MethodDescriptor = {
  info: {
    id: 'mf',
    label: 'MF',
    family: 'baseline',
    purpose: 'Predicts ratings by matrix factorisation, taking the rated pairs for a fair sample.',
    assumptions: [],
    identification: null,
    needs: ['Ratings on both sides of the threshold.'],
    paper: {
      title: 'Matrix Factorization Techniques for Recommender Systems',
      authors: 'Koren, Bell, Volinsky',
      year: 2009,
    },
    capabilities: ['score'],
    params: [preferenceParam(), ...pairTrainingParams()],
    series: [lossSeries('the mean error of the observed pairs'), ...ratedSeries],
  },
  load: async () => (await import('./model')).method,
}
