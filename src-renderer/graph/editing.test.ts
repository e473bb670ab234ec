import { describe, expect, it } from 'vitest'
import type { CausalGraph } from '../../src-shared/domain/graph'
import { maskChanges } from '../../src-shared/graph/edit/intervention'
import { hold, invert, isolate, setFactor, zeroColumns, zeroRows } from '../../src-shared/graph/edit/operations'
import { initialEditorState, type EditorState } from '../../src-shared/graph/edit/state'
import { chosenOf, columnsAtHand, edgesAtHand, revertOf, rowsAtHand } from './changes'
import { graphElements, mostDrawnEdges } from './elements'
import { knowledgeText } from './knowledge-text'
import { edgeCaption, edgeTable, graphModel } from './model'
import { nearestInDirection } from './walk'

const nodes = ['c1', 'c2', 'c3', 'c4']
const start = initialEditorState(nodes)
const likely = nodes.map((_, i) => nodes.map((_, j) => (i === j ? 0 : 0.9)))
const graph: CausalGraph = { type: 'causal-graph', version: 1, nodes, probabilities: likely, meanStrengths: null }

describe('what an operation is about', () => {
  const chosen = (...ids: string[]) => chosenOf(nodes, ids)

  it('is the chosen edges, or those between the chosen nodes', () => {
    expect(edgesAtHand(chosen('c1→c2', 'c4'))).toEqual([{ from: 0, to: 1 }])
    expect(edgesAtHand(chosen('c1', 'c3'))).toEqual([
      { from: 0, to: 2 },
      { from: 2, to: 0 },
    ])
    expect(edgesAtHand(chosen('c1'))).toEqual([])
  })

  it('is the chosen nodes, or the ends of the chosen edges', () => {
    expect(rowsAtHand(chosen('c3'))).toEqual([2])
    expect(rowsAtHand(chosen('c1→c2', 'c1→c3'))).toEqual([0])
    expect(columnsAtHand(chosen('c1→c2', 'c1→c3'))).toEqual([1, 2])
  })

  it('is nothing of what is not in the graph', () => {
    expect(chosen('c9', 'c1→c9', 'nonsense')).toEqual({ nodes: [], edges: [] })
  })
})

describe('revertOf', () => {
  const after = (...operations: { perform(state: EditorState): EditorState }[]): EditorState =>
    operations.reduce((state, operation) => operation.perform(state), start)
  function revert(state: EditorState, id: string): EditorState {
    const changes = maskChanges(state, likely)
    return revertOf(
      changes.find((change) => change.id === id)!,
      changes,
      state,
    ).perform(state)
  }

  it('takes one entry back and leaves the others', () => {
    const state = after(zeroRows([0]), setFactor([{ from: 2, to: 3 }], 0.5), hold(1, { kind: 'sd', sd: 2 }))
    expect(maskChanges(revert(state, 'row:0'), likely).map(({ id }) => id)).toEqual(['edge:2:3', 'hold:1'])
    expect(maskChanges(revert(state, 'edge:2:3'), likely).map(({ id }) => id)).toEqual(['row:0', 'hold:1'])
    expect(maskChanges(revert(state, 'hold:1'), likely).map(({ id }) => id)).toEqual(['row:0', 'edge:2:3'])
  })

  it('leaves an edge removed that another entry speaks of', () => {
    const state = after(zeroRows([0]), zeroColumns([1]))
    const left = revert(state, 'row:0')
    expect(left.factors[0]).toEqual([1, 0, 1, 1])
    expect(maskChanges(left, likely).map(({ id }) => id)).toEqual(['column:1'])
  })

  it('takes whole nodes and whole masks back', () => {
    expect(revert(after(isolate([2])), 'isolated:2').factors).toEqual(start.factors)
    expect(revert(after(invert()), 'all').factors).toEqual(start.factors)
  })
})

describe('what is drawn of an edit', () => {
  const model = graphModel(graph, 0.95, ['price', 'c2', 'c3', 'c4'])
  const options = { showAll: false, strengths: null, widestStrength: 0 }
  const edges = (more: object): Record<string, unknown>[] =>
    graphElements(model, { ...options, ...more })
      .filter(({ group }) => group === 'edges')
      .map(({ data }) => data)

  it('is a masked edge though it is below the threshold', () => {
    expect(edges({})).toEqual([])
    expect(edges({ factors: zeroRows([0]).perform(start).factors }).map(({ id, change }) => `${id} ${change}`)).toEqual(
      ['c1→c2 masked', 'c1→c3 masked', 'c1→c4 masked'],
    )
  })

  it('is bounded where a mask speaks of very many edges', () => {
    const many = Array.from({ length: 40 }, (_, i) => `c${i + 1}`)
    const large: CausalGraph = {
      ...graph,
      nodes: many,
      probabilities: many.map((_, i) => many.map((_, j) => (i === j ? 0 : 0.2))),
    }
    const inverted = invert().perform(initialEditorState(many)).factors
    const drawn = graphElements(graphModel(large, 0.5), { ...options, factors: inverted })
    expect(drawn.filter(({ group }) => group === 'edges')).toHaveLength(200)
  })

  it('is no more than can be seen, the most probable first', () => {
    const many = Array.from({ length: 60 }, (_, i) => `c${i + 1}`)
    const large: CausalGraph = {
      ...graph,
      nodes: many,
      probabilities: many.map((_, i) => many.map((_, j) => (i === j ? 0 : (i + 1) / 100))),
    }
    const drawn = graphElements(graphModel(large, 0.9), { ...options, showAll: true })
    const shown = drawn.filter(({ group }) => group === 'edges').map(({ data }) => data)
    expect(shown).toHaveLength(mostDrawnEdges)
    expect(shown.at(-1)!.label).toBe('0.35')
  })

  it('shows how often an edge is found beside its probability', () => {
    const [first] = edges({ showAll: true, frequencies: likely })
    expect(first!.label).toBe('0.90 · 90 %')
  })

  it('is the flow of a score in place of the strengths, the smallest left out', () => {
    const flows = {
      confounders: [{ node: 0, flow: 0.5 }],
      edges: [
        { from: 0, to: 1, flow: 0.4 },
        { from: 1, to: 2, flow: -0.2 },
        { from: 2, to: 3, flow: 0.001 },
      ],
    }
    expect(edges({ flows }).map(({ label, change }) => `${label} ${change}`)).toEqual(['+0.400 adds', '−0.200 takes'])
    expect(edges({ flows })[0]!.width).toBe(8)
    const node = graphElements(model, { ...options, flows })[0]!
    expect(node.data.label).toBe('price\n+0.500')
  })

  it('is the knowledge of the next training, the mask left aside', () => {
    const knowledge = {
      required: [['c1', 'c2']] as [string, string][],
      forbidden: [['c3', 'c1']] as [string, string][],
      tiers: [['c1'], ['c2']],
    }
    const drawn = edges({ knowledge, factors: zeroRows([0]).perform(start).factors })
    expect(drawn.map(({ id, change }) => `${id} ${change}`)).toEqual(['c1→c2 required', 'c3→c1 forbidden'])
    expect(graphElements(model, { ...options, knowledge })[1]!.data.label).toBe('tier 2')
  })

  it('is said to a screen reader and written to the table', () => {
    const edge = model.edges.find(({ id }) => id === 'c1→c2')!
    expect(edgeCaption(model, edge, null, { factor: 0, frequency: 0.85 })).toBe(
      'price → c2: probability 0.90, found in 85 % of the resamples, masked, below the threshold',
    )
    expect(edgeCaption(model, edge, null, { factor: 0.5 })).toContain('scaled by 0.5')
    const table = edgeTable(model, null, { factors: zeroRows([0]).perform(start).factors })
    expect(table.columns.map(({ label }) => label)).toContain('mask_factor')
    expect(table.rows[0]!.slice(0, 5)).toEqual(['price', 'c2', 0.9, null, 0])
  })
})

describe('nearestInDirection', () => {
  const places = { a: { x: 0, y: 0 }, b: { x: 100, y: 10 }, c: { x: 60, y: 90 }, d: { x: 0, y: 200 } }
  it('leads straight ahead before aside', () => {
    expect(nearestInDirection(places, 'a', 'right')).toBe('b')
    expect(nearestInDirection(places, 'a', 'down')).toBe('d')
    expect(nearestInDirection(places, 'd', 'up')).toBe('a')
  })
  it('leads nowhere where nothing is', () => {
    expect(nearestInDirection(places, 'a', 'left')).toBeNull()
    expect(nearestInDirection(places, 'gone', 'left')).toBeNull()
  })
})

describe('knowledgeText', () => {
  it('says what is known in one line', () => {
    expect(knowledgeText({ required: [], forbidden: [], tiers: [] })).toBe('nothing')
    expect(knowledgeText({ required: [['c1', 'c2']], forbidden: [['c3', 'c1']], tiers: [['c1'], ['c2', 'c3']] })).toBe(
      'requires c1 → c2; forbids c3 → c1; tiers c1 | c2, c3',
    )
  })
})
