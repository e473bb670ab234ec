import { describe, expect, test } from 'vitest'
import { bestPermutation, permute, shd } from './matching'
import { formatGraph, parseGraph } from './text'

/** The graph of the synthetic data of CSC (A.4). */
const paper = 'c1 -> c2, c2 -> c3, c2 -> c4'

describe('text', () => {
  test.each([
    [paper, paper],
    ['c2->c4, c1 -> c2 -> c3', paper],
    ['c2 -> c1\nc3', 'c2 -> c1'],
    ['', ''],
  ])('%j reads as %j', (given, canonical) => expect(formatGraph(parseGraph(given))).toBe(canonical))

  test('a lone node counts', () => expect(parseGraph('c1 -> c2, c5')).toHaveLength(5))
  test('other names are refused', () => expect(() => parseGraph('a -> b')).toThrow('"a" is no node name'))
})

describe('matching', () => {
  test.each([
    ['the same', paper, paper, 0],
    ['one reversed', 'c2 -> c1, c2 -> c3, c2 -> c4', paper, 1],
    ['one missing', 'c1 -> c2, c2 -> c3, c4', paper, 1],
    ['one more', `${paper}, c1 -> c4`, paper, 1],
    ['none of them', 'c4', paper, 3],
  ])('SHD of %s', (_, learned, truth, distance) => expect(shd(parseGraph(learned), parseGraph(truth))).toBe(distance))

  test('renamed nodes are matched', () => {
    const truth = parseGraph(paper)
    const renamed = permute(truth, [2, 0, 3, 1])
    const { order, distance } = bestPermutation(renamed, truth)
    expect(distance).toBe(0)
    expect(permute(renamed, order)).toEqual(truth)
  })
  test('the fit is the best there is', () =>
    expect(bestPermutation(parseGraph('c1 -> c2 -> c3 -> c4'), parseGraph(paper)).distance).toBe(2))
})
