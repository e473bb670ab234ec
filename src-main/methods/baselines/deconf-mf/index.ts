import { factorisationParams, factorisationSeries, wantedParam } from '../../blocks/factorisation/params'
import type { MethodDescriptor } from '../../method'

export const descriptor: MethodDescriptor = {
  info: {
    id: 'deconf-mf',
    label: 'Deconf-MF',
    family: 'baseline',
    purpose:
      'Ranks items by a matrix factorisation beside what a model of the exposures expects: the deconfounded recommender.',
    assumptions: [],
    identification: null,
    needs: ['Interactions of users with items, best with ratings.'],
    paper: {
      title: 'Causal Inference for Recommender Systems',
      authors: 'Wang, Liang, Charlin, Blei',
      year: 2020,
    },
    capabilities: ['score', 'exposures', 'user-features'],
    params: factorisationParams(
      { factors: 16, alpha: 5, regularisation: 30 },
      'An exposure counts 1 + this · rating / mean rating; what was not exposed counts 1. Larger trusts exposures more.',
      [
        wantedParam,
        {
          key: 'exposureFactors',
          type: 'integer',
          label: 'Factors of exposure',
          help: 'Length of the substitute confounders, the vectors of the Poisson factorisation of exposures. The log says how well it predicts held-out exposures.',
          unit: 'dimensions',
          default: 20,
          min: 1,
          max: 1024,
          basic: true,
        },
        {
          key: 'coefficientRegularisation',
          type: 'number',
          label: 'Regularisation of the confounder',
          help: 'Weight of the squared coefficient that each user has for its expected exposures. Large leaves them out of the scores.',
          default: 300,
          min: 1e-3,
          max: 1e6,
          basic: true,
        },
      ],
    ),
    series: factorisationSeries,
  },
  load: async () => (await import('./model')).method,
}
