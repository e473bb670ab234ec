import {
  exposureParams,
  exposureSeries,
  likelihoodParam,
  networkParams,
  stopsByLikelihood,
  watchedSeries,
} from '../../blocks/exposure/params'
import type { MethodDescriptor } from '../../method'

export const descriptor: MethodDescriptor = {
  info: {
    id: 'deep-deconf',
    label: 'Deep-Deconf',
    family: 'causal',
    purpose:
      'Recommends with the hidden causes of both exposures and ratings held, and tells what exposing an item does to the ratings of all.',
    assumptions: [
      'Whatever makes some users more likely to be exposed to an item and also to rate it higher acts on several items: there is no confounder of a single item.',
      'The exposure model captures how exposures go together: given a user’s substitute confounders, they are independent of each other.',
      'What a user is exposed to tells the user’s substitute confounders almost without error, and they are not themselves effects of exposures.',
      'Whatever a user’s substitute confounders are, every item could have been exposed or not.',
      'What one user is exposed to does nothing to the ratings of another.',
    ],
    identification: {
      statement:
        'Effects of exposures are read off the trained network exactly. That they are effects in the world is not identified by the data: it holds only if the assumptions do, and even then counterexamples are known (D’Amour 2019; Ogburn et al. 2019) in which several worlds with different effects give the same data. The predictive check of the exposure model can speak against the first step, not for the last. Read an effect as one of this model, and see whether it returns with other seeds and other latent dimensions.',
      byConstruction: [
        'Given the substitute confounders, the exposure model has exposures to different items independent of each other (a Bernoulli variable for each item).',
        'The substitute confounders are computed from exposures alone, before any rating is looked at, and are left as they are while ratings are learned.',
        'An effect is a derivative of the predicted ratings with respect to an exposure, the user’s substitute confounders and features held.',
        'Every exposure probability is above 0 and below 1 in the exposure model, as overlap asks.',
      ],
      assumed: [
        'No single-cause confounder: everything that acts on the exposure to an item and on its rating acts on other items too (Section 4.1 of the paper).',
        'The exposure model is right: it captures the joint distribution of exposures. The predictive check holds it against held-out exposures, and can miss.',
        'The substitute confounder is pinpointed: exposures determine it (Wang and Blei 2019, Theorem 7). It then is nearly a function of the exposures, which takes overlap away from sets of exposures that do not fit it: the doubt of D’Amour (2019).',
        'The substitute confounder holds nothing that exposures cause (Ogburn, Shpitser and Tchetgen Tchetgen 2019).',
        'Features of users, where they are used, were there before the exposures.',
        'Users do not interfere with each other (SUTVA). Items of one user may: that is what the effects are of.',
        'The network has the right form. A derivative is the effect of a small change; exposing an item changes its input from 0 to 1.',
      ],
    },
    needs: [
      'What users were exposed to: all ratings, low ones too. From positive interactions alone, these are taken for the exposures.',
      'For effects on ratings, ratings. Numbers or categories that describe users help, where there are any.',
    ],
    paper: {
      title: 'Deep Causal Reasoning for Recommendations',
      authors: 'Zhu, Yi, Xie, Chen',
      year: 2022,
    },
    capabilities: ['score', 'exposures', 'user-features', 'exposure-effects'],
    params: [
      likelihoodParam({
        value: 'gaussian',
        label: 'Gaussian among exposures',
        help: 'Predicts the ratings themselves; effects are in their unit. Needs ratings that differ.',
      }),
      {
        key: 'hiddenLayers',
        type: 'choice',
        label: 'Hidden layers',
        help: 'Layers between the inputs and the predictions of the outcome model. Without one, effects are the same for everyone.',
        default: '1',
        choices: [
          { value: '1', label: 'One' },
          { value: '0', label: 'None', help: 'Linear, with a weight for every pair of items: for small catalogues.' },
        ],
        basic: true,
      },
      ...networkParams('passes over all users in each of the two stages'),
      ...exposureParams,
    ],
    series: [
      ...exposureSeries,
      {
        id: 'loss',
        label: 'Loss',
        help: 'What is minimised in the second stage, per user: the negative log-likelihood of the ratings, or the sum of their squared errors.',
        group: 'objective',
      },
      ...watchedSeries,
    ],
    stopsBy: stopsByLikelihood,
  },
  load: async () => (await import('./model')).method,
}
