// @vitest-environment happy-dom
import { describe, expect, it } from 'vitest'
import type { CausalGraph } from '../../src-shared/domain/graph'
import { graphThemes } from './colours'
import { graphElements, type ElementOptions } from './elements'
import { graphModel } from './model'
import { graphSvg } from './svg'

const graph: CausalGraph = {
  type: 'causal-graph',
  version: 1,
  nodes: ['c1', 'c2', 'c3'],
  probabilities: [
    [0, 0.93, 0.2],
    [0.9, 0, 0.8],
    [0.6, 0, 0],
  ],
  meanStrengths: null,
}
const positions = { c1: { x: 0, y: 0 }, c2: { x: 200, y: 0 }, c3: { x: 200, y: 150 } }
const plain: ElementOptions = { showAll: false, strengths: null, widestStrength: 0 }

function draw(
  options: Partial<ElementOptions> = {},
  names = graph.nodes,
  places: typeof positions | object = positions,
) {
  const elements = graphElements(graphModel(graph, 0.5, names), { ...plain, ...options })
  const text = graphSvg(elements, places as typeof positions, graphThemes.light, 'A graph')
  const parsed = new DOMParser().parseFromString(text, 'image/svg+xml')
  return { text, svg: parsed.documentElement }
}
const count = (svg: Element, selector: string): number => svg.querySelectorAll(selector).length

describe('graphSvg', () => {
  it('draws every node and every edge of the canvas', () => {
    const { svg, text } = draw()
    expect(count(svg, 'g.node')).toBe(3)
    // c1 → c2, c2 → c1 (dropped), c2 → c3, c3 → c1 (dropped)
    expect(count(svg, 'g.edge')).toBe(4)
    expect(text).toContain('<title>A graph</title>')
    expect(text).toContain('× 0.90')
  })

  it('bends two edges between the same nodes apart, and leaves a single one straight', () => {
    const { svg } = draw({ showAll: false })
    const paths = [...svg.querySelectorAll('g.edge path')].map((path) => path.getAttribute('d')!)
    const heights = (path: string): number[] => path.match(/-?[\d.]+/g)!.map(Number)
    const forward = heights(paths.find((path) => path.startsWith('M 2') && path.includes('Q 100'))!)
    const controls = paths.map(heights).map(([, , x, y]) => [x, y])
    expect(controls).toContainEqual([100, 56])
    expect(controls).toContainEqual([100, -56])
    // c2 → c3 stands alone: its control point lies on the line between them.
    expect(controls).toContainEqual([200, 75])
    expect(forward).toHaveLength(6)
  })

  it('leads an edge around a node that stands in its way', () => {
    const { svg } = draw({}, graph.nodes, { c1: { x: 200, y: 75 }, c2: { x: 200, y: 0 }, c3: { x: 200, y: 150 } })
    const paths = [...svg.querySelectorAll('g.edge')].find((edge) => edge.textContent!.includes('c2 → c3'))!
    const [, , controlX] = paths
      .querySelector('path')!
      .getAttribute('d')!
      .match(/-?[\d.]+/g)!
      .map(Number)
    expect(Math.abs(controlX! - 200)).toBeGreaterThan(80)
  })

  it('strikes masked edges through, rings and badges held nodes', () => {
    const { svg } = draw({
      factors: [
        [1, 0, 1],
        [1, 1, 0.5],
        [1, 1, 1],
      ],
      held: [2],
    })
    expect(count(svg, 'g.edge.masked line.struck')).toBe(1)
    expect(svg.querySelector('g.edge.masked title')!.textContent).toBe('c1 → c2 masked 0.93')
    expect(svg.querySelector('g.edge.scaled title')!.textContent).toBe('c2 → c3 0.80 ×0.5')
    expect(count(svg, 'g.node.held')).toBe(1)
    expect(count(svg, 'g.node.held circle')).toBe(2)
    expect(svg.querySelector('g.do text')!.textContent).toBe('do')
  })

  it('keeps names from being read as markup', () => {
    const { svg, text } = draw({}, ['<script>"&', 'c2', 'c3'])
    expect(count(svg, 'script')).toBe(0)
    expect(text).toContain('&#60;script&#62;&#34;&#38;')
  })

  it('holds everything it draws within its box', () => {
    const { svg } = draw({ held: [1] }, ['a rather long name of a node', 'c2', 'c3'])
    const [x, y, width, height] = svg.getAttribute('viewBox')!.split(' ').map(Number) as [
      number,
      number,
      number,
      number,
    ]
    for (const text of svg.querySelectorAll('text')) {
      const half = (text.textContent!.length * Number(text.getAttribute('font-size')) * 0.6) / 2
      expect(Number(text.getAttribute('x')) - half).toBeGreaterThan(x)
      expect(Number(text.getAttribute('x')) + half).toBeLessThan(x + width)
      expect(Number(text.getAttribute('y'))).toBeGreaterThan(y)
      expect(Number(text.getAttribute('y'))).toBeLessThan(y + height)
    }
  })

  it('leaves out what has no place', () => {
    const { svg } = draw({}, graph.nodes, { c1: positions.c1, c2: positions.c2 })
    expect(count(svg, 'g.node')).toBe(2)
    expect(count(svg, 'g.edge')).toBe(2)
  })
})
