import { epochsParam, patienceParam, validationSeries } from '../../blocks/training-params'
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
    capabilities: ['score'],
    params: [
      {
        ...epochsParam(30),
        help: 'The most sweeps: all users are solved for, then all items. Training stops earlier when validation no longer improves.',
        unit: 'sweeps',
      },
      {
        key: 'factors',
        type: 'integer',
        label: 'Factors',
        help: 'Length of the vectors of users and items. Larger fits more and overfits sooner; the time grows with its square, and with its cube per user.',
        unit: 'dimensions',
        default: 16,
        min: 1,
        max: 1024,
        basic: true,
      },
      {
        key: 'alpha',
        type: 'number',
        label: 'Confidence',
        help: 'An interaction counts 1 + this, its absence 1. Larger trusts interactions more, smaller takes absence more for dislike.',
        default: 5,
        min: 0,
        max: 10000,
        basic: true,
      },
      {
        key: 'regularisation',
        type: 'number',
        label: 'Regularisation',
        help: 'Weight of the squared length of all vectors. Larger keeps them shorter, which pulls users with few interactions towards the average.',
        default: 30,
        min: 1e-3,
        max: 1e6,
        basic: true,
      },
      patienceParam(5),
    ],
    series: [
      {
        id: 'loss',
        label: 'Loss',
        help: 'What is minimised, per user: the weighted squared error over all items plus the regularisation. No sweep raises it.',
        group: 'objective',
      },
      ...validationSeries,
    ],
  },
  load: async () => (await import('./model')).method,
}
