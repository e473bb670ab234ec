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

  it('has the known one below, with what the distance is worth', () => {
    const lines = describeGraph(graph, null, undefined, { ...known, comparison }).split('\n')
    expect(lines.at(-3)).toBe('The known graph of this data: c1 → c2')
    expect(lines.at(-2)).toMatch(/^SHD 0 .* \(1 edge\): 0\.0 on average\.$/)
    expect(lines.at(-1)).toMatch(/^No nearer than a random graph/)
  })

  it('has it alone where the two cannot be compared, and nothing where none is known', () => {
    expect(describeGraph(graph, null, undefined, known).split('\n').at(-1)).toBe(
      'The known graph of this data: c1 → c2',
    )
    expect(describeGraph(graph, null, undefined, null)).not.toContain('known graph')
  })
})
