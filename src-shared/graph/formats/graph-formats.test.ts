import { describe, expect, test } from 'vitest'
import type { CausalGraph } from '../../domain/graph'
import { parseDagitty } from '../dag/dagitty'
import { exportGraph, graphFileName, graphFormats, type GraphToExport } from './graph-formats'
import { importMask } from './mask-formats'
import { readXml } from './xml'

const graph: CausalGraph = {
  type: 'causal-graph',
  version: 1,
  nodes: ['c1', 'c2', 'c3'],
  probabilities: [
    [0, 0.875, 0.25],
    [0.125, 0, 0.75],
    [0.5, 0, 0],
  ],
  meanStrengths: [
    [0, 0.5, 0.5],
    [1, 0, 0.25],
    [0.5, 0.5, 0],
  ],
}
const plain: GraphToExport = { run: 'csc-1', graph, names: {}, mask: null, threshold: 0.6 }
const mask = [
  [1, 0.5, 1],
  [1, 1, 0],
  [1, 1, 1],
]
const named: GraphToExport = { ...plain, names: { c2: 'Price; "high"' }, mask, threshold: 0.4 }

test('each format has files of its own', () => {
  const files = graphFormats.map(({ id }) => graphFileName('csc-1', id))
  expect(files).toContain('graph-of-csc-1.dagitty.txt')
  expect(new Set(files).size).toBe(graphFormats.length)
})

test('JSON holds every pair, what the mask makes of it, and names', () => {
  const { text, notes } = exportGraph(named, 'json')
  const read = JSON.parse(text) as { nodes: unknown[]; edges: Record<string, unknown>[]; masked: boolean }
  expect(notes).toEqual([])
  expect(read.masked).toBe(true)
  expect(read.nodes[1]).toEqual({ id: 'c2', name: 'Price; "high"' })
  expect(read.edges).toHaveLength(6)
  expect(read.edges[0]).toEqual({
    from: 'c1',
    to: 'c2',
    probability: 0.875,
    factor: 0.5,
    masked: 0.4375,
    meanStrength: 0.25,
  })
  expect(read.edges[3]).toMatchObject({ from: 'c2', to: 'c3', masked: 0, meanStrength: 0 })
})

describe('what is written of the graph', () => {
  test('DOT', () => {
    expect(exportGraph(named, 'dot').text).toBe(
      [
        'digraph "csc-1" {',
        '  c1',
        '  c2 [label="Price; \\"high\\""]',
        '  c3',
        '  c1 -> c2 [label="0.44", probability="0.875", factor="0.5"]',
        '  c3 -> c1 [label="0.5", probability="0.5", factor="1"]',
        '}',
        '',
      ].join('\n'),
    )
    // Read by another reader: the edges that are left out are those removed.
    expect(importMask(exportGraph(plain, 'dot').text, 'auto', graph.nodes).mask.factors).toEqual([
      [1, 1, 0],
      [0, 1, 1],
      [0, 0, 1],
    ])
  })

  test('GraphML', () => {
    const root = readXml(exportGraph(named, 'graphml').text)
    const drawn = root.children.find(({ name }) => name === 'graph')!
    const nodes = drawn.children.filter(({ name }) => name === 'node')
    const edges = drawn.children.filter(({ name }) => name === 'edge')
    expect(nodes.map(({ children }) => children[0]!.text)).toEqual(['c1', 'Price; "high"', 'c3'])
    const edgeTexts = edges.map(({ attributes, children }) => [
      attributes.get('source'),
      attributes.get('target'),
      ...children.map(({ text }) => Number(text)),
    ])
    expect(edgeTexts).toEqual([
      ['c1', 'c2', 0.4375, 0.875, 0.5, 0.25],
      ['c3', 'c1', 0.5, 0.5, 1, 0.5],
    ])
  })

  test('DAGitty, as our own reader of its language has it', () => {
    const { variables, edges } = parseDagitty(exportGraph(named, 'dagitty').text)
    expect(variables.map(({ name, role }) => [name, role])).toEqual([
      ['c1', 'hidden'],
      ['Price; "high"', 'hidden'],
      ['c3', 'hidden'],
    ])
    expect(edges).toEqual([
      { from: 'c1', to: 'Price; "high"', kind: '->' },
      { from: 'c3', to: 'c1', kind: '->' },
    ])
  })

  test('Tetrad', () => {
    const { text, notes } = exportGraph(named, 'tetrad')
    expect(text).toBe(
      [
        'Graph Nodes:',
        '(c1);(Price___high_);(c3)',
        '',
        'Graph Edges:',
        '1. c1 --> Price___high_ [edge]:0.4375;[no edge]:0.5625;',
        '2. c3 --> c1 [edge]:0.5;[no edge]:0.5;',
        '',
      ].join('\n'),
    )
    expect(notes.at(-1)).toBe('"Price; "high"" is written as Price___high_.')
  })

  test('names that Tetrad could not tell apart stay apart', () => {
    const twins = { ...plain, names: { c1: 'a b', c2: 'a;b' } }
    expect(exportGraph(twins, 'tetrad').text).toContain('(a_b);(a_b_c2);(c3)')
  })
})

test('what is left out is said, and a cycle where it matters', () => {
  expect(exportGraph(plain, 'dot').notes).toEqual(['2 of 6 possible edges: those with a probability of at least 0.6.'])
  expect(exportGraph({ ...plain, threshold: 0.5 }, 'dagitty').notes.at(-1)).toContain('cycle')
  expect(exportGraph({ ...plain, threshold: 0.5 }, 'dot').notes).toHaveLength(1)
  expect(exportGraph(plain, 'dagitty').notes).toHaveLength(1)
})

test('an edge that is removed is in no drawing, however low the threshold', () =>
  expect(exportGraph({ ...named, threshold: 0 }, 'dagitty').text).not.toContain('-> c3 [beta="0"]'))

test('refuses a mask of another graph, and names that no line can hold', () => {
  expect(() => exportGraph({ ...plain, mask: [[1]] }, 'json')).toThrow('of 1 nodes')
  expect(() => exportGraph({ ...plain, names: { c1: 'a\nb' } }, 'dot')).toThrow('control character')
})
