import { expect, test } from 'vitest'
import type { CausalGraph } from '../../../src-shared/domain/graph'
import { describeGraph } from './structure'

const graph = (probabilities: number[][]): CausalGraph => ({
  type: 'causal-graph',
  version: 1,
  nodes: probabilities.map((_, i) => `c${i + 1}`),
  probabilities,
  meanStrengths: null,
})

test.each([
  [
    'a DAG is told edge by edge',
    [
      [0, 0.9],
      [0.1, 0],
    ],
    'Edges with a probability of at least 0.5: c1 → c2.',
  ],
  [
    'the weakest edge of a cycle is left out and named',
    [
      [0, 0.9],
      [0.6, 0],
    ],
    'Edges with a probability of at least 0.5: c1 → c2. Left out because they close a cycle: c2 → c1.',
  ],
  [
    'an empty graph is said to be one',
    [
      [0, 0.4],
      [0.1, 0],
    ],
    'No edge has a probability of at least 0.5.',
  ],
])('%s', (_, probabilities, text) => expect(describeGraph(graph(probabilities))).toBe(text))
