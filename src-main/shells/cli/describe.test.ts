import { describe, expect, it } from 'vitest'
import type { CausalGraph, KnownGraph } from '../../../src-shared/domain/graph'
import { describeGraph } from './describe'

describe('a graph in the terminal', () => {
  const graph: CausalGraph = {
    type: 'causal-graph',
    version: 1,
    nodes: ['c1', 'c2'],
    probabilities: [
      [0, 0.9],
      [0.1, 0],
    ],
    meanStrengths: null,
  }
  const known: KnownGraph = { nodes: ['c1', 'c2'], edges: [['c1', 'c2']], comparison: null }
  const comparison = {
    threshold: 0.5,
    learnedEdges: 1,
    shd: 0,
    matching: [],
    meanRandomShd: 0,
    randomAsNear: 1,
  }

  const plain = { strengths: null, user: undefined, truth: null, names: {}, confidence: null }

  it('has the names of the analyst, and how often each edge was found', () => {
    const resample = {
      resample: 0,
      seed: 1,
      probabilities: graph.probabilities,
      similarity: [1, 1],
      metrics: {},
      seconds: 1,
    }
    const confidence = {
      resamples: 2,
      done: [resample],
      frequencies: [
        [0, 1],
        [0, 0],
      ],
      meanSimilarity: [1, 1],
    }
    const text = describeGraph(graph, { ...plain, names: { c1: 'Price' }, confidence })
    expect(text).toMatch(/Share of 1 resamples that found the edge\n.*\n.*\nPrice +0\.000 +1\.000/)
    expect(describeGraph(graph, { ...plain, confidence: { ...confidence, done: [] } })).not.toContain('resamples')
  })

  it('has the known one below, with what the distance is worth', () => {
    const lines = describeGraph(graph, { ...plain, truth: { ...known, comparison } }).split('\n')
    expect(lines.at(-3)).toBe('The known graph of this data: c1 → c2')
    expect(lines.at(-2)).toMatch(/^SHD 0 .* \(1 edge\): 0\.0 on average\.$/)
    expect(lines.at(-1)).toMatch(/^No nearer than a random graph/)
  })

  it('has it alone where the two cannot be compared, and nothing where none is known', () => {
    expect(
      describeGraph(graph, { ...plain, truth: known })
        .split('\n')
        .at(-1),
    ).toBe('The known graph of this data: c1 → c2')
    expect(describeGraph(graph, plain)).not.toContain('known graph')
  })
})
