import { factorisationParams, factorisationSeries, wantedParam } from '../../blocks/factorisation/params'
import type { MethodDescriptor } from '../../method'

export const descriptor: MethodDescriptor = {
  info: {
    id: 'ipw-mf',
    label: 'IPW-MF',
    family: 'baseline',
    purpose:
      'Ranks items by a matrix factorisation in which unlikely exposures count more, by their inverse propensities.',
    assumptions: [],
    identification: null,
    needs: ['Interactions of users with items, best with ratings.'],
    paper: {
      title: 'Causal Inference for Recommendation',
      authors: 'Liang, Charlin, Blei',
      year: 2016,
    },
    capabilities: ['score', 'exposures', 'user-features'],
    params: factorisationParams(
      { factors: 16, alpha: 5, regularisation: 30 },
      'An exposure counts 1 + this · rating / propensity, that factor 1 in the mean over all exposures; what was not exposed counts 1. Larger trusts exposures more.',
      [
        wantedParam,
        {
          key: 'clip',
          type: 'number',
          label: 'Least propensity',
          help: 'Propensities below this multiple of the mean one count as it. Smaller weighs more by propensities, and lets few unlikely exposures outweigh the rest.',
          unit: 'times the mean',
          default: 2,
          min: 0.01,
          max: 1000,
          basic: true,
        },
      ],
    ),
    series: factorisationSeries,
  },
  load: async () => (await import('./model')).method,
}
