import { describe, expect, test } from 'vitest'
import { csrOf } from '../../../tests/support/csr'
import type { Csr, PairValues, Split } from '../../../src-shared/domain/split'
import { Rng } from '../../tensor/rng'
import { pooledAuc, ratedByUser, ratedMetrics, ratedPairs, RatedScores, type RatedPairs } from './rated'

const empty = csrOf([[], [], [], []], 8)
const ofTest = (test: Csr, negatives: Csr | null, more: Partial<Split> = {}): Split => ({
  hash: 'rated',
  train: csrOf([[0, 1], [2], [], []], 8),
  validation: empty,
  test,
  ...(negatives && { negatives: { train: empty, validation: empty, test: negatives } }),
  ...more,
})

/** Users 0 and 3 have both labels, user 1 positives only, user 2 negatives only. */
const positives = csrOf([[1, 4], [0, 3], [], [5]], 8)
const negatives = csrOf([[0, 2, 6], [], [7], [2]], 8)
const split = ofTest(positives, negatives)

const pairsOf = (users: number[], items: number[], labels: number[]): RatedPairs => ({
  users: Int32Array.from(users),
  items: Int32Array.from(items),
  labels: Float32Array.from(labels),
  values: null,
  propensities: null,
})

describe('the rated pairs of a part', () => {
  test('are its positives and negatives, user by user, items ascending', () =>
    expect(ratedPairs(split, 'test')).toEqual(
      pairsOf([0, 0, 0, 0, 0, 1, 1, 2, 3, 3], [0, 1, 2, 4, 6, 0, 3, 7, 2, 5], [0, 1, 0, 1, 0, 1, 1, 0, 0, 1]),
    ))

  test('have the ratings and propensities of the split, which are kept apart by sign', () => {
    const none = new Float32Array(0)
    const valuesOf = (above: number[], below: number[]): PairValues => ({
      positives: { train: none, validation: none, test: Float32Array.from(above) },
      negatives: { train: none, validation: none, test: Float32Array.from(below) },
    })
    const ratings = valuesOf([5, 4, 4.5, NaN, 5], [1, 2, 3, 1.5, 2.5])
    const propensities = valuesOf([0.5, 0.4, 0.3, 0.2, 0.1], [0.05, 0.25, 0.75, 1, 0.125])
    const { values, propensities: found } = ratedPairs(ofTest(positives, negatives, { ratings, propensities }), 'test')
    expect(values).toEqual(Float32Array.of(1, 5, 2, 4, 3, 4.5, NaN, 1.5, 2.5, 5))
    expect(found).toEqual(Float32Array.of(0.05, 0.5, 0.25, 0.4, 0.75, 0.3, 0.2, 1, 0.125, 0.1))
  })

  test('are the positives alone where the split knows no negatives, and those of train for train', () => {
    expect([...ratedPairs(ofTest(positives, null), 'test').labels]).toEqual([1, 1, 1, 1, 1])
    expect([...ratedPairs(split, 'train').items]).toEqual([0, 1, 2])
    expect(ratedPairs(split, 'validation').users).toHaveLength(0)
  })
})

describe('metrics among rated items', () => {
  test('worked out by hand, all users together for AUC and by user for the rest', () => {
    const pairs = ratedPairs(split, 'test')
    //                            user 0: items 0, 1, 2, 4, 6 | user 1     | user 2 | user 3: items 2, 5
    const scores = Float32Array.of(0.9, 0.8, 0.1, 0.4, 0.4, /**/ 0.7, 0.2, /**/ 0.3, /**/ 0.6, 0.5)
    // Positives 0.8, 0.4, 0.7, 0.2, 0.5 against negatives 0.9, 0.1, 0.4, 0.3, 0.6:
    // 0.8 beats 4; 0.4 beats 2 and ties one; 0.7 beats 4; 0.2 beats 1; 0.5 beats 3: 14.5 of 25.
    // User 0: order 0, 1, 4, 6, 2 (4 before 6 by number), hits at ranks 2 and 3; user 1 perfect; user 3 hit at rank 2.
    const ndcg0 = (1 / Math.log2(3) + 1 / 2) / (1 + 1 / Math.log2(3))
    const metrics = ratedMetrics(pairs, scores)
    expect(Object.keys(metrics)).toEqual(['ratedAuc', 'ratedRecall@5', 'ratedRecallFull@5', 'ratedNdcg@5'])
    expect(metrics['ratedAuc']).toBeCloseTo(0.58, 12)
    expect(metrics['ratedRecall@5']).toBe(1)
    expect(metrics['ratedNdcg@5']).toBeCloseTo((ndcg0 + 1 + 1 / Math.log2(3)) / 3, 12)
    expect(ratedByUser(pairs, scores)['ratedNdcg@5']).toHaveLength(3)
  })

  test('recall divides by min(5, positives), and equal scores keep the order of the items', () => {
    const items = Array.from({ length: 8 }, (_, item) => item)
    const six = pairsOf(Array<number>(8).fill(0), items, [0, 0, 1, 1, 1, 1, 1, 1])
    // All equal: the top five are items 0 to 4, three of them positive.
    const equal = ratedMetrics(six, new Float32Array(8))
    expect(equal['ratedRecall@5']).toBe(3 / 5)
    expect(equal['ratedRecallFull@5']).toBe(3 / 6)
    expect(equal['ratedAuc']).toBe(0.5)
    const two = pairsOf(Array<number>(8).fill(0), items, [0, 0, 0, 0, 1, 1, 0, 0])
    expect(ratedMetrics(two, new Float32Array(8))['ratedRecall@5']).toBe(1 / 2)
  })

  test('users without a positive count in AUC only', () => {
    const with2 = ratedMetrics(ratedPairs(split, 'test'), Float32Array.of(1, 2, 1, 2, 1, 2, 2, 1, 1, 2))
    const worse = ratedMetrics(ratedPairs(split, 'test'), Float32Array.of(1, 2, 1, 2, 1, 2, 2, 9, 1, 2))
    expect(with2).toEqual({ ratedAuc: 1, 'ratedRecall@5': 1, 'ratedRecallFull@5': 1, 'ratedNdcg@5': 1 })
    expect(worse).toEqual({ ratedAuc: 0.8, 'ratedRecall@5': 1, 'ratedRecallFull@5': 1, 'ratedNdcg@5': 1 })
  })

  test('are none where all pairs are of one label, or there are none', () => {
    expect(ratedMetrics(ratedPairs(ofTest(positives, null), 'test'), new Float32Array(5))).toEqual({})
    expect(ratedMetrics(ratedPairs(ofTest(empty, negatives), 'test'), new Float32Array(5))).toEqual({})
    expect(ratedMetrics(ratedPairs(split, 'validation'), new Float32Array(0))).toEqual({})
  })

  test('AUC is what counting all pairs gives, ties and infinite scores among them', () => {
    const rng = Rng.seeded(5)
    for (let round = 0; round < 40; round++) {
      const size = 2 + rng.integer(60)
      const labels = Float32Array.from({ length: size }, (_, at) => (at < 2 ? at : rng.integer(2)))
      const scores = Float32Array.from({ length: size }, () => (rng.integer(20) === 0 ? -Infinity : rng.integer(9) - 4))
      let wins = 0
      let count = 0
      for (let a = 0; a < size; a++)
        for (let b = 0; b < size; b++) {
          if (labels[a] !== 1 || labels[b] !== 0) continue
          count++
          wins += scores[a]! > scores[b]! ? 1 : scores[a] === scores[b] ? 0.5 : 0
        }
      expect(pooledAuc(labels, scores)).toBeCloseTo(wins / count, 12)
    }
  })
})

test('the scores of rated pairs are those of their cells in the rows', () => {
  const rated = new RatedScores(split)
  for (const row of [2, 0, 3, 1])
    rated.take(
      row,
      Float32Array.from({ length: 8 }, (_, item) => 10 * row + item),
    )
  const { users, items } = rated.pairs
  expect([...rated.scores]).toEqual([...users].map((user, at) => 10 * user + items[at]!))
})
