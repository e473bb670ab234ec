import {
  backboneParam,
  lossSeries,
  pairTrainingParams,
  ratedSeries,
  sampleRatioParams,
} from '../../blocks/pairs/pair-params'
import type { MethodDescriptor } from '../../method'

export const descriptor: MethodDescriptor = {
  info: {
    id: 'cvib',
    label: 'CVIB',
    family: 'baseline',
    purpose:
      'Keeps the mean prediction of pairs that were not observed near that of the observed, and predictions from being too sure.',
    assumptions: [],
    identification: null,
    needs: ['Ratings on both sides of the threshold.'],
    paper: {
      title: 'Information Theoretic Counterfactual Learning from Missing-Not-At-Random Feedback',
      authors: 'Wang, Chen, Wen, Huang, Kuruoglu, Zheng',
      year: 2020,
    },
    capabilities: ['score'],
    params: [
      {
        key: 'balance',
        type: 'number',
        label: 'Balance',
        help: 'Weight α of the contrast: how much the mean prediction of unobserved pairs is held near that of observed ones. 0: not at all.',
        default: 0.1,
        min: 0,
        max: 100,
        basic: true,
      },
      {
        key: 'confidencePenalty',
        type: 'number',
        label: 'Confidence penalty',
        help: 'Weight γ of p log p over the observed pairs: larger keeps predictions from being too sure of a preference. 0: not at all.',
        default: 0.0001,
        min: 0,
        max: 100,
        basic: false,
      },
      backboneParam(),
      ...sampleRatioParams(),
      ...pairTrainingParams(),
    ],
    series: [
      lossSeries('the mean error of the observed pairs, the weighted contrast and the penalty of confidence'),
      {
        id: 'contrast',
        label: 'Contrast',
        help: 'Cross-entropy of the mean predictions of observed and of unobserved pairs, before it is weighted.',
        group: 'objective',
      },
      ...ratedSeries,
    ],
  },
  load: async () => (await import('./model')).method,
}
