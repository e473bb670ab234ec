import {
  backboneParam,
  lossSeries,
  pairTrainingParams,
  preferenceParam,
  ratedSeries,
  sampleRatioParams,
} from '../../blocks/pairs/pair-params'
import type { MethodDescriptor } from '../../method'

export const descriptor: MethodDescriptor = {
  info: {
    id: 'eib',
    label: 'EIB',
    family: 'baseline',
    purpose:
      'Imputes the errors of the pairs that were not observed, by a second network that learns from those that were.',
    assumptions: [],
    identification: null,
    needs: ['Ratings on both sides of the threshold.'],
    paper: {
      title: 'Training and Testing of Recommender Systems on Data Missing Not at Random',
      authors: 'Steck',
      year: 2010,
    },
    capabilities: ['score'],
    params: [preferenceParam(), backboneParam(), ...sampleRatioParams(4), ...pairTrainingParams()],
    series: [
      lossSeries('the mean error of all pairs, imputed where the pair is not observed'),
      {
        id: 'imputation',
        label: 'Imputation loss',
        help: 'Mean error of the imputation network on the observed pairs.',
        group: 'objective',
      },
      ...ratedSeries,
    ],
  },
  load: async () => (await import('./model')).method,
}
