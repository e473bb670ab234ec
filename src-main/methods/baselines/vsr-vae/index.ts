import {
  exposureParams,
  exposureSeries,
  likelihoodParam,
  networkParams,
  stopsByLikelihood,
  watchedSeries,
} from '../../blocks/exposure/params'
import { objectiveSeries } from '../../blocks/vae-params'
import type { MethodDescriptor } from '../../method'

export const descriptor: MethodDescriptor = {
  info: {
    id: 'vsr-vae',
    label: 'VSR-VAE',
    family: 'baseline',
    purpose:
      'Concat-VAE with users weighted so that what they are exposed to no longer depends on what describes them.',
    assumptions: [],
    identification: null,
    needs: [
      'What users were exposed to: all ratings, low ones too. From positive interactions alone, these are taken for the exposures.',
      'Numbers or categories that describe users: without them all weights are 1.',
    ],
    paper: {
      title: 'Counterfactual Prediction for Bundle Treatment',
      authors: 'Zou, Cui, Li, Shen, Ma, Yang, He',
      year: 2020,
    },
    capabilities: ['score', 'exposures', 'user-features'],
    params: [
      likelihoodParam(),
      ...networkParams('passes over all users in each of the three stages'),
      ...exposureParams,
    ],
    series: [
      ...exposureSeries,
      {
        id: 'weightLoss',
        label: 'Weights loss',
        help: 'What is minimised in the second stage: the negative log-likelihood of telling pairs of features and exposures of one user from those of two.',
        unit: 'nats per pair',
        group: 'exposure',
      },
      {
        id: 'weightLogLikelihood',
        label: 'Held-out pairs',
        help: 'Mean log-likelihood of telling such pairs of validation users apart; -0.69 where features and exposures have nothing in common.',
        unit: 'nats per pair',
        group: 'exposure',
      },
      ...objectiveSeries('weighted reconstruction plus the weighted KL term'),
      ...watchedSeries,
    ],
    stopsBy: stopsByLikelihood,
  },
  load: async () => (await import('./model')).method,
}
