import type { ElementDefinition } from 'cytoscape'
import { describe, expect, it } from 'vitest'
import { detour, detours } from './detour'

const top = { x: 0, y: 0 }
const bottom = { x: 0, y: 300 }
/** The curve's least distance to a point: its middle stands `aside` along (−dy, dx), here to the left. */
function nearest(aside: number, point: { x: number; y: number }): number {
  const distances = Array.from({ length: 201 }, (_, step) => {
    const t = step / 200
    return Math.hypot(-4 * t * (1 - t) * aside - point.x, 300 * t - point.y)
  })
  return Math.min(...distances)
}

describe('detour', () => {
  it('leaves a line straight that passes every other node', () => {
    expect(detour(top, bottom, [])).toBe(0)
    expect(detour(top, bottom, [{ x: 60, y: 150 }])).toBe(0)
    expect(detour(top, bottom, [{ x: 0, y: 400 }])).toBe(0)
    expect(detour(top, top, [{ x: 0, y: 0 }])).toBe(0)
  })

  it.each([
    { x: 0, y: 150 },
    { x: 10, y: 150 },
    { x: -10, y: 150 },
    { x: 5, y: 90 },
    { x: -5, y: 210 },
  ])('passes a node at $x, $y with room for a label', (node) => {
    const aside = detour(top, bottom, [node])
    expect(Math.abs(aside)).toBeGreaterThan(0)
    expect(nearest(aside, node)).toBeGreaterThan(30)
  })

  it('bends away from the side where the node stands', () => {
    expect(detour(top, bottom, [{ x: 10, y: 150 }])).toBeGreaterThan(0)
    expect(detour(top, bottom, [{ x: -10, y: 150 }])).toBeLessThan(0)
  })

  it('takes the side that is free', () => {
    const blocked = [
      { x: 10, y: 150 },
      { x: -50, y: 150 },
    ]
    expect(detour(top, bottom, blocked)).toBeLessThan(0)
  })
})

describe('detours', () => {
  const node = (id: string): ElementDefinition => ({ group: 'nodes', data: { id } })
  const edge = (source: string, target: string): ElementDefinition => ({
    group: 'edges',
    data: { id: `${source}→${target}`, source, target },
  })
  const places = { c1: { x: 0, y: 0 }, c2: { x: 0, y: 150 }, c3: { x: 0, y: 300 } }
  const nodes = ['c1', 'c2', 'c3'].map(node)

  it('leads around the node between, and only there', () => {
    const found = detours([...nodes, edge('c1', 'c2'), edge('c1', 'c3')], places)
    expect([...found.keys()]).toEqual(['c1→c3'])
  })

  it('leaves to themselves two edges that bend apart, and what has no place', () => {
    expect(detours([...nodes, edge('c1', 'c3'), edge('c3', 'c1')], places).size).toBe(0)
    expect(detours([...nodes, edge('c1', 'c3')], { c1: places.c1, c2: places.c2 }).size).toBe(0)
  })
})
