import { describe, expect, it } from 'vitest'
import type { WeightedEdge } from '../domain/graph'
import { breakCycles, isAcyclic, thresholdEdges } from './acyclic'

/** A graph as text: `a>b:0.9 b>c:0.4`, nodes by letter. */
function parse(text: string): WeightedEdge[] {
  return text
    .split(' ')
    .filter(Boolean)
    .map((edge) => {
      const [, from, to, probability] = /^(\w)>(\w)(?::([\d.]+))?$/.exec(edge)!
      return { from: node(from!), to: node(to!), probability: Number(probability ?? 1) }
    })
}
const node = (letter: string): number => letter.charCodeAt(0) - 'a'.charCodeAt(0)
const letter = (index: number): string => String.fromCharCode('a'.charCodeAt(0) + index)
/** Canonical: edges in alphabetical order. */
const text = (edges: WeightedEdge[]): string =>
  edges
    .map(({ from, to }) => `${letter(from)}>${letter(to)}`)
    .sort()
    .join(' ')

function matrix(size: number, edges: WeightedEdge[]): number[][] {
  const values = Array.from({ length: size }, () => new Array<number>(size).fill(0))
  for (const { from, to, probability } of edges) values[from]![to] = probability
  return values
}

describe('thresholdEdges', () => {
  it('takes rows as parents and the threshold as reached, strongest first', () => {
    const edges = thresholdEdges(matrix(3, parse('a>b:0.5 b>c:0.9 c>a:0.49')), 0.5)
    expect(edges).toEqual(parse('b>c:0.9 a>b:0.5'))
  })

  it('never counts the diagonal', () => {
    expect(
      thresholdEdges(
        [
          [1, 0.7],
          [0, 1],
        ],
        0,
      ),
    ).toEqual(parse('a>b:0.7 b>a:0'))
  })
})

describe('isAcyclic', () => {
  it.each([
    ['', 0, true],
    ['', 3, true],
    ['a>b b>c a>c', 3, true],
    ['a>b a>c b>d c>d', 4, true],
    ['a>b b>a', 2, false],
    ['a>a', 1, false],
    ['a>b b>c c>d d>b', 4, false],
    ['a>b c>d d>c', 4, false],
  ])('%s over %i nodes: %s', (edges, nodes, expected) => {
    expect(isAcyclic(nodes, parse(edges))).toBe(expected)
  })
})

describe('breakCycles', () => {
  it.each([
    ['a>b:0.9 b>c:0.8', 'a>b b>c', ''],
    ['a>b:0.9 b>a:0.8', 'a>b', 'b>a'],
    ['a>b:0.6 b>c:0.9 c>a:0.7', 'b>c c>a', 'a>b'],
    // Two cycles through c>a: dropping the one weak edge mends both.
    ['a>b:0.9 b>c:0.9 a>d:0.9 d>c:0.9 c>a:0.5', 'a>b a>d b>c d>c', 'c>a'],
    // Two cycles apart: one edge of each goes.
    ['a>b:0.9 b>a:0.6 c>d:0.7 d>c:0.8', 'a>b d>c', 'b>a c>d'],
    // Equals: the edge of the later parent goes, whatever the order of the input.
    ['b>a:0.8 a>b:0.8', 'a>b', 'b>a'],
    ['', '', ''],
  ])('%s keeps %s', (edges, kept, dropped) => {
    const result = breakCycles(parse(edges))
    expect([text(result.kept), text(result.dropped)]).toEqual([kept, dropped])
  })

  it('leaves a DAG to which no dropped edge could be added, on every dense graph tried', () => {
    for (let size = 2; size <= 8; size++) {
      const edges = matrix(size, []).flatMap((row, from) =>
        row.map((_, to) => ({ from, to, probability: ((from * 7 + to * 13) % 17) / 17 })),
      )
      const proper = edges.filter(({ from, to }) => from !== to)
      const { kept, dropped } = breakCycles(proper)
      expect(kept.length + dropped.length).toBe(proper.length)
      expect(isAcyclic(size, kept)).toBe(true)
      for (const edge of dropped) expect(isAcyclic(size, [...kept, edge])).toBe(false)
    }
  })
})
