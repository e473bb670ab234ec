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
    identification: {
      statement:
        'Masks and held values change the trained model, and what they do to its lists is computed exactly. That the world would answer alike is identified only up to the assumptions of the paper, which no data here can test: the confounders are latent, were learned without labels, and have no names but those you give them. Another seed can learn another graph, so read an effect as one of this model and see whether it returns with other seeds.',
      byConstruction: [
        'The confounders’ embeddings and their noise take nothing from a user: users differ only in their preference and in the strengths of the edges.',
        'Noise is additive, Gaussian and independent of everything else, one term for each confounder. It is drawn in training and left out of scores.',
        'No confounder acts on itself, and an edge that the global graph rules out is absent for every user.',
        'Required and forbidden edges, and tiers, hold exactly, where the training was given any.',
        'A held value replaces the confounder’s own for everyone, so what acts on it no longer matters. It reaches the lists through the mix of confounders only: a child reads its parent’s embedding, not its value (Eq. 8 of the paper). To take its influence on other confounders away, remove its outgoing edges.',
      ],
      assumed: [
        'The confounders do not depend on the users (Assumption 1 of the paper): all data were collected in one environment.',
        'The confounders of the world follow a restricted additive noise model, and every parent matters to its child (no g_j is constant).',
        'There are as many confounders as were asked for, and no cycle among them. Training only penalises cycles: a learned graph may still have one, which the graph view then names. With local graphs only, all edges are there both ways.',
        'The model fits the distribution exactly, with unlimited data. Even then the paper’s Proposition 1 promises a graph with no true edge missing, not one without edges too many.',
        'The parents’ values reach a child. In the model as built a child reads its parents’ shared embeddings instead (as the paper’s layer does), so an effect ends at the children, and the paper’s proof, which argues from the joint distribution of the confounders, does not carry over to what is learned.',
      ],
    },
    needs: ['Positive interactions of users with items.'],
    paper: {
      title: 'Causal Structure Representation Learning of Confounders in Latent Space for Recommendation',
      authors: 'Xu, Xu, Yang',
      year: 2023,
    },
    capabilities: ['score', 'graph', 'local-graph', 'mask', 'intervene', 'knowledge', 'export'],
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
