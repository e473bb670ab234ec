import { describe, expect, it } from 'vitest'
import type { CausalGraph } from '../../src-shared/domain/graph'
import { luminance, shade } from './colours'
import { edgeWidth, graphElements, keptElements } from './elements'
import { layoutPositions, layouts } from './layout'
import { edgeCaption, edgeTable, graphModel, largestStrength } from './model'

const chain: CausalGraph = {
  type: 'causal-graph',
  version: 1,
  nodes: ['c1', 'c2', 'c3'],
  probabilities: [
    [0, 0.93, 0.2],
    [0.1, 0, 0.8],
    [0.6, 0, 0],
  ],
  meanStrengths: [
    [0, 0.41, 0.3],
    [0.2, 0, 0.82],
    [0.5, 0.1, 0],
  ],
}

describe('graphModel', () => {
  it('keeps the strong edges, drops the weakest on a cycle, and says both', () => {
    const model = graphModel(chain, 0.5)
    expect(model.edges.map(({ id, status }) => `${id} ${status}`)).toEqual([
      'c1→c2 kept',
      'c2→c3 kept',
      'c3→c1 dropped',
      'c1→c3 below',
      'c2→c1 below',
      'c3→c2 below',
    ])
    expect(model.statement).toBe(
      'The 3 edges from 0.50 on contain cycles. Without the weakest on them, c3 → c1 (0.60), the 2 left are a directed acyclic graph.',
    )
  })

  it('says so when there is nothing to drop, or nothing at all', () => {
    expect(graphModel(chain, 0.7).statement).toBe('The 2 edges from 0.70 on form a directed acyclic graph.')
    expect(graphModel(chain, 0.9).statement).toBe('The edge from 0.90 on forms a directed acyclic graph.')
    expect(graphModel(chain, 0.99).statement).toBe(
      'No edge reaches 0.99: at this threshold the confounders do not influence each other.',
    )
  })

  it('captions a cell for a screen reader', () => {
    const model = graphModel(chain, 0.5)
    expect(edgeCaption(model, model.edges[0]!, null)).toBe('c1 → c2: probability 0.93, strength 0.41, in the graph')
    expect(edgeCaption(model, model.edges[2]!, 0.05)).toBe(
      'c3 → c1: probability 0.60, strength 0.50, for this user 0.05, dropped to break a cycle',
    )
  })

  it('gives every edge to the file, with a user beside the mean', () => {
    const table = edgeTable(graphModel(chain, 0.5), { user: '7', strengths: chain.probabilities })
    expect(table.columns.map(({ label }) => label)).toEqual([
      'parent',
      'child',
      'probability',
      'mean_strength',
      'strength_user_7',
      'status',
    ])
    expect(table.rows).toHaveLength(6)
    expect(table.rows[0]).toEqual(['c1', 'c2', 0.93, 0.41, 0.93, 'in the graph'])
  })
})

describe('graphElements', () => {
  const model = graphModel(chain, 0.5)
  const options = {
    showAll: false,
    strengths: chain.meanStrengths,
    widestStrength: largestStrength(chain.meanStrengths),
  }
  const edges = (showAll: boolean): Record<string, unknown>[] =>
    graphElements(model, { ...options, showAll })
      .filter(({ group }) => group === 'edges')
      .map(({ data }) => data)

  it('draws the graph and what was dropped from it; the rest on demand', () => {
    expect(edges(false).map(({ id }) => id)).toEqual(['c1→c2', 'c2→c3', 'c3→c1'])
    expect(edges(true).map(({ status }) => status)).toEqual(['kept', 'kept', 'dropped', 'below', 'below', 'below'])
  })

  it('puts strength into the width, probability into opacity and label', () => {
    const [first, second, dropped] = edges(false)
    expect(first).toMatchObject({ source: 'c1', target: 'c2', label: '0.93', opacity: 0.25 + 0.75 * 0.93 })
    expect(second!.width).toBe(8)
    expect(first!.width).toBe(4.75)
    expect(dropped!.label).toBe('× 0.60')
  })

  it('draws every edge alike where there is no strength', () => {
    const plain = graphElements(model, { ...options, strengths: null, widestStrength: 0 })
    expect(new Set(plain.filter(({ group }) => group === 'edges').map(({ data }) => data.width as number)).size).toBe(1)
    expect(edgeWidth(0.4, 0)).toBe(1.5)
  })

  it.each(layouts.map(({ id }) => id))('puts the nodes of the %s layout clear of each other', (layout) => {
    const positions = Object.values(layoutPositions(keptElements(model), layout))
    expect(positions).toHaveLength(3)
    for (const [i, a] of positions.entries())
      for (const b of positions.slice(i + 1)) expect(Math.hypot(a.x - b.x, a.y - b.y)).toBeGreaterThan(50)
  })

  it('puts the confounder with most ties in the middle of the others', () => {
    const { c1, c2, c3 } = layoutPositions(keptElements(model), 'concentric')
    const middle = { x: (c1!.x + c3!.x) / 2, y: (c1!.y + c3!.y) / 2 }
    expect(Math.hypot(c2!.x - middle.x, c2!.y - middle.y)).toBeLessThan(1)
  })

  it('lays parents above their children in layers', () => {
    // At 0.5 the dropped c3 → c1 is there as well, and must not turn the layers round.
    const positions = layoutPositions(keptElements(model), 'layered')
    expect(positions.c1!.y).toBeLessThan(positions.c2!.y)
    expect(positions.c2!.y).toBeLessThan(positions.c3!.y)
  })
})

describe('shade', () => {
  it('keeps text readable on every shade: at least 4.5 to 1', () => {
    for (const bothSigns of [false, true])
      for (let share = bothSigns ? -1 : 0; share <= 1; share += 0.05) {
        const { background, text } = shade(share, bothSigns)
        const [r, g, b] = background.match(/\d+/g)!.map(Number)
        const light = luminance([r!, g!, b!])
        const contrast = text === '#000000' ? (light + 0.05) / 0.05 : 1.05 / (light + 0.05)
        expect(contrast).toBeGreaterThanOrEqual(4.5)
      }
  })
})
