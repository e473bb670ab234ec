import { likelihoodParam, networkParams, stopsByLikelihood, watchedSeries } from '../../blocks/exposure/params'
import { objectiveSeries } from '../../blocks/vae-params'
import type { MethodDescriptor } from '../../method'

export const descriptor: MethodDescriptor = {
  info: {
    id: 'concat-vae',
    label: 'Concat-VAE',
    family: 'baseline',
    purpose: 'Deep-Deconf without its exposure model: predicts ratings from exposures and features as they are.',
    assumptions: [],
    identification: null,
    needs: [
      'What users were exposed to: all ratings, low ones too. From positive interactions alone, these are taken for the exposures.',
      'Numbers or categories that describe users help, where there are any.',
    ],
    paper: {
      title: 'Deep Causal Reasoning for Recommendations',
      authors: 'Zhu, Yi, Xie, Chen',
      year: 2022,
    },
    capabilities: ['score', 'exposures', 'user-features'],
    params: [likelihoodParam(), ...networkParams('passes over all users')],
    series: [...objectiveSeries('reconstruction plus the weighted KL term'), ...watchedSeries],
    stopsBy: stopsByLikelihood,
  },
  load: async () => (await import('./model')).method,
}
