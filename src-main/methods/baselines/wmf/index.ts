import { factorisationParams, factorisationSeries } from '../../blocks/factorisation/params'
import type { MethodDescriptor } from '../../method'

export const descriptor: MethodDescriptor = {
  info: {
    id: 'wmf',
    label: 'WMF',
    family: 'baseline',
    purpose: 'Ranks items by a matrix factorisation of all pairs, in which interactions count more than their absence.',
    assumptions: [],
    identification: null,
    needs: ['Positive interactions of users with items.'],
    paper: {
      title: 'Collaborative Filtering for Implicit Feedback Datasets',
      authors: 'Hu, Koren, Volinsky',
      year: 2008,
    },
    capabilities: ['score', 'user-features'],
    params: factorisationParams(
      { factors: 16, alpha: 5, regularisation: 30 },
      'An interaction counts 1 + this, its absence 1. Larger trusts interactions more, smaller takes absence more for dislike.',
    ),
    series: factorisationSeries,
  },
  load: async () => (await import('./model')).method,
}
