import { trainingParams, validationSeries } from '../../blocks/training-params'
import { objectiveSeries, vaeParams } from '../../blocks/vae-params'
import type { MethodDescriptor } from '../../method'

export const descriptor: MethodDescriptor = {
  info: {
    id: 'csc',
    label: 'CSC',
    family: 'causal',
    purpose: 'Recommends through latent confounders whose causal graph it learns, with edge strengths of each user.',
    assumptions: [
      'What users interact with depends on their preferences and on a few hidden confounders.',
      'The confounders do not depend on the individual user; how strongly they act on each other does.',
      'The confounders act on each other without cycles.',
      'The confounders carry no names: what one of them means has to be read from what changes with it.',
    ],
    needs: ['Positive interactions of users with items.'],
    paper: {
      title: 'Causal Structure Representation Learning of Confounders in Latent Space for Recommendation',
      authors: 'Xu, Xu, Yang',
      year: 2023,
    },
    capabilities: ['score', 'graph', 'local-graph', 'mask'],
    params: [
      {
        key: 'confounders',
        type: 'integer',
        label: 'Confounders',
        help: 'Number k of latent confounders, the nodes of the graph. More can tell finer influences apart and overfit sooner.',
        unit: 'nodes',
        default: 4,
        min: 1,
        max: 32,
        basic: true,
      },
      {
        key: 'variant',
        type: 'choice',
        label: 'Graphs',
        help: 'Which causal graphs are learned: the global one of all users, the local strengths of each user, both, or none.',
        default: 'g+l',
        choices: [
          { value: 'g+l', label: 'Global and local' },
          { value: 'g', label: 'Global only' },
          { value: 'l', label: 'Local only' },
          { value: 'none', label: 'None', help: 'Confounders without edges: to see what the graphs add.' },
        ],
        basic: true,
      },
      {
        key: 'alpha',
        type: 'number',
        label: 'Acyclicity weight',
        help: 'Weight of the penalty on cycles in the global graph. Larger gives fewer edges on cycles, and fewer edges.',
        default: 50,
        min: 0,
        max: 10000,
        basic: true,
      },
      ...trainingParams({ epochs: 200, batchSize: 64, learningRate: 1e-3, weightDecay: 1e-6, patience: 10 }),
      ...vaeParams({ dropout: 0.5, klCap: 0.5, annealSteps: 0 }),
    ],
    series: [
      ...objectiveSeries('reconstruction plus the weighted KL term plus the weighted acyclicity'),
      {
        id: 'acyclicity',
        label: 'H(A)',
        help: 'Weight of the cycles in the edge probabilities of the global graph; 0 exactly when there is no cycle.',
        group: 'structure',
      },
      ...validationSeries,
    ],
  },
  load: async () => (await import('./model')).method,
}
