import type { SeriesInfo } from '../../../../src-shared/domain/method'
import { backboneParam, lossSeries, pairTrainingParams, ratedSeries } from '../../blocks/pairs/pair-params'
import type { MethodDescriptor } from '../../method'

const errorSeries = (id: string, label: string, of: string): SeriesInfo => ({
  id,
  label,
  help: `Mean error of the observed pairs by ${of}.`,
  group: 'objective',
})

export const descriptor: MethodDescriptor = {
  info: {
    id: 'dib',
    label: 'DIB',
    family: 'baseline',
    purpose:
      'Learns a biased and an unbiased part that explain the ratings together and share little, and predicts by the unbiased one.',
    assumptions: [],
    identification: null,
    needs: ['Ratings on both sides of the threshold.'],
    paper: {
      title: 'Mitigating Confounding Bias in Recommendation via Information Bottleneck',
      authors: 'Liu, Cheng, Zhu, Dong, He, Pan, Ming',
      year: 2021,
    },
    capabilities: ['score'],
    params: [
      {
        key: 'dependencePenalty',
        type: 'number',
        label: 'Dependence penalty',
        help: 'Weight γ of what the biased and the unbiased part share. 0 leaves plain training of the unbiased part.',
        default: 0.1,
        min: 0,
        max: 1,
        basic: true,
      },
      {
        key: 'biasedGain',
        type: 'number',
        label: 'Gain of the biased part',
        help: 'Weight α of what the biased part tells of ratings alone. Below the dependence penalty it is kept from telling much; near 0 it may grow without bound.',
        default: 0.05,
        min: 0.001,
        max: 1,
        basic: false,
      },
      backboneParam(),
      ...pairTrainingParams(),
    ],
    series: [
      lossSeries('the mean errors of the unbiased part, of the biased part and of both together, weighted'),
      errorSeries('unbiased', 'Unbiased part', 'the unbiased part, which predicts'),
      errorSeries('biased', 'Biased part', 'the biased part alone'),
      errorSeries('joint', 'Both parts', 'both parts together'),
      ...ratedSeries,
    ],
  },
  load: async () => (await import('./model')).method,
}
