import {
  lossSeries,
  pairTrainingParams,
  preferenceParam,
  propensityFloorParam,
  ratedSeries,
  sampleRatioParams,
} from '../../blocks/pairs/pair-params'
import type { MethodDescriptor } from '../../method'

export const descriptor: MethodDescriptor = {
  info: {
    id: 'clev',
    label: 'CLEV',
    family: 'causal',
    purpose:
      'Predicts what users like where what makes them rate an item and what makes them like it are correlated in ways the data do not show.',
    assumptions: [
      'Whether a pair is observed and whether it is liked each follow a score of the user and the item plus a normal disturbance.',
      'The two disturbances of a pair have the same correlation for all pairs, and are independent between pairs.',
      'Nothing else that is not in the data moves both.',
    ],
    identification: {
      statement:
        'The correlation, and with it what users like among all items, is identified by the normal form of the disturbances and by what moves observation and not preference. Where neither holds, the estimate follows the form that was assumed.',
      byConstruction: [
        'At correlation 0 the likelihood falls apart into one of being observed and one of the observed ratings.',
        'Setting the correlation changes what is expected of chosen pairs only: what users like among all items does not depend on it.',
      ],
      assumed: [
        'The disturbances are normal: the tails decide how much selection hides.',
        'The network of observation is rich enough; what it misses looks like correlation.',
      ],
    },
    needs: ['Ratings on both sides of the threshold.'],
    paper: {
      title: 'Addressing Correlated Latent Exogenous Variables in Debiased Recommender Systems',
      authors: 'Zhang, Chen, Zhang, Sui',
      year: 2025,
    },
    capabilities: ['score'],
    params: [
      preferenceParam(),
      {
        key: 'likelihood',
        type: 'choice',
        label: 'Likelihood',
        help: 'How the probability that a pair is observed and liked is computed; for continuous preferences it has a closed form.',
        default: 'exact',
        choices: [
          { value: 'exact', label: 'Exact', help: 'By quadrature, all parts trained together.' },
          { value: 'monte-carlo', label: 'Monte Carlo', help: 'From samples, alternating, as in the paper.' },
        ],
        basic: true,
      },
      {
        key: 'samples',
        type: 'integer',
        label: 'Samples',
        help: 'Normal samples of a step of the Monte Carlo likelihood. More have less noise and take longer.',
        unit: 'samples',
        default: 100,
        min: 1,
        max: 10000,
        basic: false,
      },
      {
        key: 'debias',
        type: 'choice',
        label: 'Debiasing loss',
        help: 'The loss that the likelihood is combined with.',
        default: 'dr',
        choices: [
          { value: 'naive', label: 'Naive', help: 'Mean error of the observed pairs.' },
          { value: 'ips', label: 'IPS', help: 'Errors weighted by the inverse of the propensity.' },
          { value: 'dr', label: 'DR', help: 'Doubly robust: imputed errors corrected by weighted observed ones.' },
        ],
        basic: true,
      },
      {
        key: 'alpha',
        type: 'number',
        label: 'Weight of the likelihood',
        help: 'Weight alpha of the likelihood against the debiasing loss, for the predicting network. 1 is the likelihood alone.',
        default: 0.5,
        min: 0,
        max: 1,
        basic: true,
      },
      {
        key: 'embeddings',
        type: 'choice',
        label: 'Embeddings',
        help: 'Whether the scores of being observed and of being liked are made of the same embeddings.',
        default: 'separate',
        choices: [
          { value: 'separate', label: 'Separate', help: 'Two networks, as in the paper.' },
          {
            value: 'shared',
            label: 'Shared',
            help: 'One network with two outputs: what is seen of all pairs helps where few ratings are.',
          },
        ],
        basic: false,
      },
      {
        key: 'propensityNetwork',
        type: 'choice',
        label: 'Propensity network',
        help: 'What the score of being observed is made of.',
        default: 'single-layer',
        choices: [
          { value: 'single-layer', label: 'Single layer', help: 'An effect of the user plus one of the item.' },
          { value: 'ncf', label: 'NCF', help: 'With a hidden layer: users may choose different items.' },
        ],
        basic: false,
      },
      propensityFloorParam(),
      ...sampleRatioParams(),
      ...pairTrainingParams(),
    ],
    series: [
      lossSeries('the negative log-likelihood and the debiasing loss, weighted'),
      {
        id: 'likelihood',
        label: 'Negative log-likelihood',
        help: 'Of being observed and of the observed ratings, per observed pair; without constants.',
        unit: 'nats per observed pair',
        group: 'objective',
      },
      { id: 'debias', label: 'Debiasing loss', help: 'The loss beside the likelihood.', group: 'objective' },
      {
        id: 'correlation',
        label: 'Correlation ρ',
        help: 'Of the disturbances of observation and preference, mean over the steps of the epoch.',
        group: 'structure',
      },
      ...ratedSeries,
    ],
  },
  load: async () => (await import('./model')).method,
}
