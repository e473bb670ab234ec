import { describe, expect, test } from 'vitest'
import { Rng } from '../../src-main/tensor/rng'
import { isAcyclic } from './acyclic'
import { formatGraph, parseGraph } from './text'
import { comparisonWords, compareGraphs, edgeCount, learnedDag, randomDag } from './truth'

const paper = 'c1 -> c2, c2 -> c3, c2 -> c4'
const integers = (seed: number): ((n: number) => number) => {
  const random = Rng.seeded(seed)
  return (n) => random.integer(n)
}
const compare = (learned: string) => compareGraphs(parseGraph(learned), parseGraph(paper), integers(0))

describe('a learned graph', () => {
  test('is what the threshold leaves, without the weakest edge on a cycle', () => {
    const probabilities = [
      [0, 0.9, 0.2],
      [0, 0, 0.5],
      [0.6, 0.49, 0],
    ]
    expect(formatGraph(learnedDag(probabilities, 0.5))).toBe('c1 -> c2, c3 -> c1')
    expect(formatGraph(learnedDag(probabilities, 0.7))).toBe('c1 -> c2')
  })
})

describe('a random graph', () => {
  test.each([0, 1, 3, 6])('of 4 nodes and %i edges has them, and no cycle', (edges) => {
    const integer = integers(1)
    for (let at = 0; at < 50; at++) {
      const graph = randomDag(4, edges, integer)
      expect(edgeCount(graph)).toBe(edges)
      const list = graph.flatMap((row, from) => row.flatMap((edge, to) => (edge ? [{ from, to }] : [])))
      expect(isAcyclic(4, list)).toBe(true)
    }
  })

  test('may be any: all 25 graphs of 3 nodes without a cycle come up', () => {
    const integer = integers(2)
    const seen = new Set<string>()
    for (let at = 0; at < 400; at++) seen.add(formatGraph(randomDag(3, at % 4, integer)))
    expect(seen.size).toBe(25)
  })
})

describe('the comparison', () => {
  test.each([
    ['the same', paper, 0],
    ['the same under other names', 'c3 -> c1, c1 -> c4, c1 -> c2', 0],
    ['a chain', 'c1 -> c2 -> c3 -> c4', 2],
    ['a branch at the root', 'c2 -> c1 -> c4, c2 -> c3', 2],
    ['no edge', 'c4', 3],
  ])('of %s', (_, learned, distance) => expect(compare(learned).shd).toBe(distance))

  test('names the learned node that plays each known one', () => {
    const { order } = compare('c3 -> c1, c1 -> c4, c1 -> c2')
    expect(order.slice(0, 2)).toEqual([2, 0])
    expect(order.slice(2).sort()).toEqual([1, 3])
  })

  test('draws its random graphs with as many edges: those without any, or with all, are all as far', () => {
    const full = 'c1 -> c2, c1 -> c3, c1 -> c4, c2 -> c3, c2 -> c4, c3 -> c4'
    for (const learned of ['c4', full])
      expect(compare(learned)).toMatchObject({ shd: 3, meanRandomShd: 3, randomAsNear: 1 })
  })

  test('finds the known graph nearer than random ones', () => {
    const { meanRandomShd, randomAsNear } = compare(paper)
    expect(meanRandomShd).toBeGreaterThan(0.5)
    expect(meanRandomShd).toBeLessThan(3)
    expect(randomAsNear).toBeGreaterThan(0)
    expect(randomAsNear).toBeLessThan(0.5)
  })

  test('repeats to the digit', () => expect(compare(paper)).toEqual(compare(paper)))
})

describe('its words', () => {
  const words = (shd: number, meanRandomShd: number, randomAsNear: number) =>
    comparisonWords({ threshold: 0.5, learnedEdges: 3, matching: [], shd, meanRandomShd, randomAsNear })

  test('say what the distance means', () =>
    expect(words(2, 1.44, 0.8).distance).toBe(
      'SHD 2 (0 = the same graph): 2 pairs of confounders joined differently from the known graph at threshold 0.50; ' +
        'random graphs with as many edges (3 edges): 1.4 on average.',
    ))
  test.each([
    ['farther', words(2, 1.44, 0.8), 'No nearer than a random graph'],
    ['as far', words(3, 3, 1), 'No nearer than a random graph'],
    ['nearer, as many are', words(1, 1.44, 0.6), '60 % of them come at least as near: it may be chance'],
    ['the same, as some are', words(0, 1.44, 0.1), '10 % of them are the same: it may be chance'],
    ['nearer than nearly all', words(1, 5.2, 0.02), 'Of the random graphs, 2 % come at least as near.'],
  ])('%s', (_, { verdict }, expected) => expect(verdict).toContain(expected))
})
