import { expect, test } from 'vitest'
import { csrOf } from '../../../../tests/support/csr'
import type { Split } from '../../../../src-shared/domain/split'
import { Rng } from '../../../tensor/rng'
import { ObservedPairs } from './observed-pairs'

const nothing = csrOf([[], [], []], 4)
const none = new Float32Array(0)
const positives = csrOf([[2], [0, 3], []], 4)
const negatives = csrOf([[0], [], [1]], 4)

/** Three users, four items, five observed pairs; ratings of 5, 4, 5 above the threshold and 1, 2 below. */
const split: Split = {
  hash: 'toy',
  train: positives,
  validation: nothing,
  test: nothing,
  negatives: { train: negatives, validation: nothing, test: nothing },
  ratings: {
    positives: { train: Float32Array.of(5, 4, 5), validation: none, test: none },
    negatives: { train: Float32Array.of(1, 2), validation: none, test: none },
  },
}

test('holds both kinds of pairs in the order of users and items, and what is to be predicted of each', () => {
  const binary = new ObservedPairs(split, 'binary')
  expect([...binary.users]).toEqual([0, 0, 1, 1, 2])
  expect([...binary.items]).toEqual([0, 2, 0, 3, 1])
  expect([...binary.targets]).toEqual([0, 1, 1, 1, 0])
  expect([...new ObservedPairs(split, 'continuous').targets]).toEqual([1, 5, 4, 5, 2])
})

test('counts observed and all pairs', () => {
  const { size, allPairs, density } = new ObservedPairs(split, 'binary')
  expect({ size, allPairs, density }).toEqual({ size: 5, allPairs: 12, density: 5 / 12 })
})

test('tells which pairs are observed', () => {
  const observed = new ObservedPairs(split, 'binary')
  const found = [0, 1, 2].map((user) => [0, 1, 2, 3].map((item) => Number(observed.isObserved(user, item))))
  expect(found).toEqual([
    [1, 0, 1, 0],
    [1, 0, 0, 1],
    [0, 1, 0, 0],
  ])
})

test('draws uniformly from all pairs', () => {
  const observed = new ObservedPairs(split, 'binary')
  const draws = 12000
  const into = { users: new Int32Array(draws), items: new Int32Array(draws) }
  observed.drawAll(Rng.seeded(1), into)
  const counts = new Array<number>(12).fill(0)
  into.users.forEach((user, at) => counts[user * 4 + into.items[at]!]!++)
  // Six standard deviations of a count.
  for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(6 * Math.sqrt(1000 * (11 / 12)))
})

test.each([
  ['ratings', { ratings: undefined }, 'continuous'],
  [
    'a rating of each pair',
    { ratings: { ...split.ratings!, negatives: { train: Float32Array.of(1, NaN), validation: none, test: none } } },
    'continuous',
  ],
  ['pairs below the threshold', { negatives: undefined }, 'binary'],
  ['pairs above it', { train: nothing }, 'binary'],
] as const)('refuses a training part without %s', (_, without, preference) => {
  expect(() => new ObservedPairs({ ...split, ...without } as Split, preference)).toThrow(
    expect.objectContaining({ code: 'noRatings' }),
  )
})
