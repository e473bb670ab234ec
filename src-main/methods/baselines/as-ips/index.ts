import {
  backboneParam,
  lossSeries,
  pairTrainingParams,
  preferenceParam,
  propensityParams,
  ratedSeries,
  sampleRatioParams,
} from '../../blocks/pairs/pair-params'
import type { MethodDescriptor } from '../../method'

export const descriptor: MethodDescriptor = {
  info: {
    id: 'as-ips',
    label: 'AS-IPS',
    family: 'baseline',
    purpose:
      'Predicts by a network that learns from what two networks trained with inverse propensities agree on, over all pairs.',
    assumptions: [],
    identification: null,
    needs: ['Ratings on both sides of the threshold.'],
    paper: {
      title: 'Asymmetric Tri-training for Debiasing Missing-Not-At-Random Explicit Feedback',
      authors: 'Saito',
      year: 2020,
    },
    capabilities: ['score'],
    params: [
      preferenceParam(),
      {
        key: 'closeness',
        type: 'number',
        label: 'Closeness',
        help: 'How far apart the two networks may be on a pair that the third learns from: a difference of probabilities, or of ratings where those are predicted.',
        default: 0.1,
        min: 0.001,
        max: 10,
        basic: true,
      },
      ...propensityParams(),
      backboneParam(),
      ...sampleRatioParams(4),
      ...pairTrainingParams(),
    ],
    series: [
      lossSeries('the mean error of the predicting network on what the two others agree on'),
      {
        id: 'selectors',
        label: 'Loss of the two',
        help: 'Mean error of the two agreeing networks on the observed pairs, weighted by the inverse of propensities.',
        group: 'objective',
      },
      {
        id: 'agreement',
        label: 'Agreement',
        help: 'Share of the pairs drawn from all on which the two networks agree: what the predicting network learns from.',
        group: 'objective',
      },
      ...ratedSeries,
    ],
  },
  load: async () => (await import('./model')).method,
}
