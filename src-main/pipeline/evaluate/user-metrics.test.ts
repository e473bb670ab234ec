import { describe, expect, test } from 'vitest'
import { csrOf } from '../../../tests/support/csr'
import { Rng } from '../../tensor/rng'
import { noAttributes, describeWith, type CategoricalAttribute } from '../intervene/attributes'
import { coverageOf, diversities, exposures, giniOf, transpose } from './list-metrics'
import {
  accuracyMeasure,
  areaUnderCurve,
  averageMeasure,
  calibrationMeasure,
  observedNegatives,
  popularityClasses,
  popularityMeasure,
  propensitiesOf,
  unbiasedMeasure,
  type ListMeasure,
  type UserList,
} from './user-metrics'

/** The values of one list by name, to six digits. */
function values(
  measure: ListMeasure,
  list: Partial<Omit<UserList, 'top'>> & { top: number[] },
): Record<string, number> {
  const out = new Float64Array(measure.names.length)
  measure.measure({ row: 0, relevant: new Set([0]), ...list, top: Int32Array.from(list.top) }, out)
  return Object.fromEntries(measure.names.map((name, at) => [name, Number(out[at]!.toFixed(6))]))
}

describe('accuracy', () => {
  test('hits at ranks 1 and 3 of three held-out items, k 10', () =>
    // precision 2/10; recall 2/min(10, 3); MAP (1/1 + 2/3)/3 = 5/9; MRR 1/1; NDCG (1 + 1/2)/(1 + 0.63093 + 1/2).
    expect(values(accuracyMeasure(10), { top: [1, 9, 2], relevant: new Set([1, 2, 3]) })).toEqual({
      'recall@10': 0.666667,
      'recallFull@10': 0.666667,
      'ndcg@10': 0.703918,
      'precision@10': 0.2,
      'map@10': 0.555556,
      'mrr@10': 1,
      'hit@10': 1,
    }))

  test('first hit at rank 2, twelve held-out items, k 10: MAP divides by ten', () =>
    // Hits at ranks 2 and 4: MAP (1/2 + 2/4)/10; MRR 1/2; full recall 2/12.
    expect(
      values(accuracyMeasure(10), {
        top: [50, 0, 51, 1],
        relevant: new Set(Array.from({ length: 12 }, (_, item) => item)),
      }),
    ).toMatchObject({ 'map@10': 0.1, 'mrr@10': 0.5, 'recallFull@10': 0.166667, 'recall@10': 0.2, 'precision@10': 0.2 }))

  test('a hit below k counts for nothing', () =>
    expect(Object.values(values(accuracyMeasure(2), { top: [7, 8, 1], relevant: new Set([1]) }))).toEqual(
      Array(7).fill(0),
    ))
})

describe('AUC', () => {
  const none = new Uint8Array(5)

  test('two held-out items against three others, one tie', () =>
    // Held out: 0.9 and 0.4. Others: 0.5, 0.4, 0.1. 0.9 beats 3; 0.4 beats 0.1 and ties with 0.4: (3 + 1.5) / 6.
    expect(areaUnderCurve(Float32Array.of(0.9, 0.5, 0.4, 0.4, 0.1), none, new Set([0, 2]))).toBe(0.75))

  test('what is no candidate does not count', () =>
    // Without item 1 (0.5) the others are 0.4 and 0.1: (2 + 1.5) / 4.
    expect(
      areaUnderCurve(Float32Array.of(0.9, 0.5, 0.4, 0.4, 0.1), Uint8Array.of(0, 1, 0, 0, 0), new Set([0, 2])),
    ).toBe(0.875))

  test('a perfect ranking has 1, its reverse 0, equal scores 0.5, nothing else to rank none', () => {
    expect(areaUnderCurve(Float32Array.of(5, 4, 3, 2, 1), none, new Set([0, 1]))).toBe(1)
    expect(areaUnderCurve(Float32Array.of(5, 4, 3, 2, 1), none, new Set([3, 4]))).toBe(0)
    expect(areaUnderCurve(new Float32Array(5), none, new Set([1, 4]))).toBe(0.5)
    expect(areaUnderCurve(new Float32Array(5), none, new Set([0, 1, 2, 3, 4]))).toBeNaN()
  })

  test('is what counting all pairs gives', () => {
    const rng = Rng.seeded(4)
    for (let round = 0; round < 30; round++) {
      // Few values with ties, many values, and one value far from all others.
      const scores = Float32Array.from({ length: 40 }, () => (round % 2 ? rng.integer(12) : rng.uniform() - 0.5))
      if (round % 3 === 0) scores[rng.integer(40)] = 1e6
      const order = rng.shuffle(Int32Array.from({ length: 40 }, (_, item) => item))
      const held = [...order.subarray(0, 6)]
      const excluded = new Uint8Array(40)
      for (const item of order.subarray(6, 15)) excluded[item] = 1
      let won = 0
      const others = [...order.subarray(15)]
      for (const a of held)
        for (const b of others) won += scores[a]! > scores[b]! ? 1 : scores[a] === scores[b] ? 0.5 : 0
      expect(areaUnderCurve(scores, excluded, new Set(held))).toBeCloseTo(won / (held.length * others.length), 12)
    }
  })
})

//                      user 0  user 1     user 2  user 3
const train = csrOf([[0, 1], [0, 1, 2], [0, 3], []], 5)
// Train interactions: item 0 has 3, item 1 has 2, items 2 and 3 have 1, item 4 none; 4 users.

describe('popularity', () => {
  test('novelty and lift of a list of the most and the least popular item', () =>
    // Novelty: (-log2(4/5) - log2(1/5))/2 = (0.321928 + 2.321928)/2. Lift of user 0: mean(3, 0)/mean(3, 2) - 1 = 1.5/2.5 - 1.
    expect(values(popularityMeasure(train, 10), { row: 0, top: [0, 4] })).toEqual({
      'novelty@10': 1.321928,
      'popularityLift@10': -0.4,
    }))

  test('only the top k counts, and a user without train items has no lift', () =>
    expect(values(popularityMeasure(train, 1), { row: 3, top: [0, 4] })).toEqual({
      'novelty@1': 0.321928,
      'popularityLift@1': NaN,
    }))

  test('head and tail have a fifth of the interactions each', () => {
    // Ten interactions: 4, 3, 2, 1, 0. Before the items in order: 0, 4, 7, 9, 10. Head below 2, tail from 8 on.
    const counts = csrOf([[0, 1, 2, 3], [0, 1, 2], [0, 1], [0]], 5)
    const { labels, codes } = popularityClasses(counts)
    expect([...codes].map((code) => labels[code])).toEqual(['head', 'mid', 'mid', 'tail', 'tail'])
  })
})

describe('attributes', () => {
  test('the mean of a numeric attribute leaves out what has none', () => {
    const price = { name: 'price', values: Float64Array.of(10, 20, NaN, 40, NaN) }
    expect(values(averageMeasure(price, 10), { top: [0, 2, 3] })).toEqual({ 'avp:price@10': 25 })
    expect(values(averageMeasure(price, 1), { top: [3, 0] })).toEqual({ 'avp:price@1': 40 })
    expect(values(averageMeasure(price, 10), { top: [2, 4] })).toEqual({ 'avp:price@10': NaN })
  })

  test('an item of two genres counts for each by half', () => {
    // Genres: items 0 and 1 a; item 2 a and b; item 3 b; item 4 none.
    const genre: CategoricalAttribute = {
      name: 'genre',
      labels: ['a', 'b'],
      indptr: Int32Array.of(0, 1, 2, 4, 5, 5),
      codes: Int32Array.of(0, 0, 0, 1, 1),
    }
    const measure = calibrationMeasure(genre, train, 10)
    // User 1 has items 0, 1, 2: p = (5/6, 1/6). List 3, 4: q = (0, 1); smoothed (0.99 q + 0.01 p) = (0.008333, 0.991667).
    // 5/6 ln(100) + 1/6 ln(0.166667/0.991667) = 3.837642 - 0.297232.
    expect(values(measure, { row: 1, top: [3, 4] })).toEqual({ 'calibration:genre@10': 3.54041 })
    // The list that is the user's own: nothing diverges.
    expect(values(measure, { row: 1, top: [2, 0, 1] })).toEqual({ 'calibration:genre@10': 0 })
    expect(values(measure, { row: 1, top: [4] })).toEqual({ 'calibration:genre@10': NaN })
    expect(values(measure, { row: 3, top: [0] })).toEqual({ 'calibration:genre@10': NaN })
  })

  test('a column called popularity is told apart from the counted one', () =>
    expect(
      describeWith(
        { ...noAttributes, numbers: [{ name: 'popularity', values: new Float64Array(5) }] },
        { name: 'popularity', values: new Float64Array(5) },
      ).numbers.map(({ name }) => name),
    ).toEqual(['popularity', 'popularity (column)']))
})

describe('unbiased metrics', () => {
  test('propensities are the root of the relative popularity, at least 0.1', () => {
    // Items of 4, 1 and 0 interactions: 1, sqrt(1/4), and 0 that is clipped.
    const counts = csrOf([[0, 1], [0], [0], [0]], 3)
    expect([...propensitiesOf(counts)]).toEqual([1, 0.5, 0.1])
  })

  const propensities = Float64Array.of(1, 0.5, 0.25, 0.1)

  test('IPS and SNIPS of a hit on a common and one on a rare item', () =>
    // Held out 0, 2, 3 with weights 1, 4, 10; the list has 2 at rank 1 and 0 at rank 3.
    // Recall: IPS (4 + 1)/3, SNIPS 5/15. DCG: 4/1 + 1/2 = 4.5; SNIPS 4.5/15.
    expect(values(unbiasedMeasure(propensities, null, 10), { top: [2, 1, 0], relevant: new Set([0, 2, 3]) })).toEqual({
      'recallIps@10': 1.666667,
      'recallSnips@10': 0.333333,
      'dcgIps@10': 4.5,
      'dcgSnips@10': 0.3,
    }))

  test('the doubly robust estimate corrects what was imputed where it was observed', () => {
    // List: 2 (liked), 1 (disliked), 3 (not rated); imputed 0.5 each.
    // (0.5 + 4 (1 - 0.5)) / 1 + (0.5 + 2 (0 - 0.5)) / log2 3 + 0.5 / 2 = 2.5 - 0.5 · 0.630930 + 0.25.
    const negatives = { imputed: Float64Array.of(0.5, 0.5, 0.5, 0.5), held: csrOf([[1]], 4) }
    const measured = values(unbiasedMeasure(propensities, negatives, 10), { top: [2, 1, 3], relevant: new Set([2]) })
    expect(measured['dcgDr@10']).toBe(2.434535)
  })

  test('the imputed relevance is the smoothed share of likes among the train ratings', () => {
    // Item 0: 2 liked, 1 disliked in train: 3/5. Item 1: none: 1/2. Item 2: 0 liked, 2 disliked: 1/4.
    const split = {
      hash: '',
      train: csrOf([[0], [0]], 3),
      validation: csrOf([[], []], 3),
      test: csrOf([[1], [1]], 3),
      negatives: {
        train: csrOf([[2], [0, 2]], 3),
        validation: csrOf([[], []], 3),
        test: csrOf([[], [1]], 3),
      },
    }
    expect([...observedNegatives(split)!.imputed]).toEqual([0.6, 0.5, 0.25])
    // No pair of the test part was seen to be disliked: there is nothing to tell DR from IPS.
    expect(observedNegatives({ ...split, negatives: { ...split.negatives, test: split.validation } })).toBeNull()
    expect(observedNegatives({ ...split, negatives: undefined })).toBeNull()
  })

  test('where everything was imputed rightly, what is observed and how likely changes nothing', () => {
    const relevant = new Set([0, 3])
    const imputed = Float64Array.of(1, 0, 0, 1)
    // DCG of the truth: 1 at rank 1, 0, 0, 1 at rank 4: 1 + 1/log2 5.
    for (const held of [csrOf([[]], 4), csrOf([[1]], 4), csrOf([[1, 2]], 4)])
      for (const other of [propensities, Float64Array.of(0.3, 0.3, 0.9, 0.2)])
        expect(values(unbiasedMeasure(other, { imputed, held }, 10), { top: [0, 1, 2, 3], relevant })['dcgDr@10']).toBe(
          1.430677,
        )
  })

  test('with nothing imputed and no dislikes it is the IPS estimate', () => {
    const measured = values(unbiasedMeasure(propensities, { imputed: new Float64Array(4), held: csrOf([[]], 4) }, 10), {
      top: [3, 1, 0],
      relevant: new Set([0, 3]),
    })
    expect(measured['dcgDr@10']).toBe(measured['dcgIps@10'])
  })

  test('over all that could be observed both estimates have the mean of the truth, whatever was imputed', () => {
    // Two listed items, seen independently with their propensities: all four outcomes, each by its probability.
    const truth = [1, 0]
    const seen = [0.5, 0.25]
    const sight = Float64Array.from(seen)
    let ips = 0
    let robust = 0
    for (const outcome of [
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ]) {
      const chance = outcome.reduce((product, o, item) => product * (o ? seen[item]! : 1 - seen[item]!), 1)
      const relevant = new Set(outcome.flatMap((o, item) => (o && truth[item] ? [item] : [])))
      const disliked = outcome.flatMap((o, item) => (o && !truth[item] ? [item] : []))
      const negatives = { imputed: Float64Array.of(0.3, 0.8), held: csrOf([disliked], 2) }
      const out = new Float64Array(5)
      unbiasedMeasure(sight, negatives, 10).measure({ row: 0, top: Int32Array.of(0, 1), relevant }, out)
      ips += chance * out[2]!
      robust += chance * out[4]!
    }
    // The truth: item 0 at rank 1 is liked, item 1 is not.
    expect(ips).toBeCloseTo(1, 12)
    expect(robust).toBeCloseTo(1, 12)
  })
})

describe('all lists together', () => {
  // Lists of three users over five items, -1 pads.
  const of = { users: 3, depth: 3, items: 5, lists: Int32Array.of(0, 1, 2, 0, 2, -1, 0, 1, -1) }

  test('coverage is the share of all items that are listed', () => {
    expect([...exposures(of, 3, null)]).toEqual([3, 2, 2, 0, 0])
    expect(coverageOf(exposures(of, 3, null))).toBe(0.6)
    expect(coverageOf(exposures(of, 1, null))).toBe(0.2)
    expect(coverageOf(exposures(of, 3, Int32Array.of(2)))).toBe(0.4)
  })

  test('Gini of exposures 0, 0, 2, 2, 3', () => {
    // Σ (2i - n - 1) x_i = 0 + 0 + 0·2 + 2·2 + 4·3 = 16; n Σ x = 5 · 7.
    expect(giniOf(exposures(of, 3, null))).toBeCloseTo(16 / 35, 12)
    expect(giniOf(Float64Array.of(4, 4, 4))).toBe(0)
    // One of n items has everything: (n - 1) / n.
    expect(giniOf(Float64Array.of(0, 0, 0, 9))).toBe(0.75)
    expect(giniOf(new Float64Array(3))).toBeNaN()
  })

  test('diversity of pairs with known cosines', async () => {
    // Users of item 0: 0, 1, 2; of 1: 0, 1; of 2: 1; of 3: 2.
    // cos(0,1) = 2/√6 = 0.816497, cos(0,2) = 1/√3 = 0.577350, cos(1,2) = 1/√2 = 0.707107.
    const varied = (await diversities(of, train, [2, 3], async () => true))!
    expect(varied[1]![0]).toBeCloseTo(1 - (2 / Math.sqrt(6) + 1 / Math.sqrt(3) + 1 / Math.sqrt(2)) / 3, 12)
    expect(varied[0]![0]).toBeCloseTo(1 - 2 / Math.sqrt(6), 12)
    expect(varied[1]![1]).toBeCloseTo(1 - 1 / Math.sqrt(3), 12)
    // Items nobody has in train share no user; one item is no pair.
    const unseen = { users: 2, depth: 2, items: 5, lists: Int32Array.of(0, 4, 3, -1) }
    expect((await diversities(unseen, train, [2], async () => true))![0]).toEqual(Float64Array.of(1, NaN))
  })

  test('it ends where it is told to', async () => {
    expect(await diversities(of, train, [2], async () => false)).toBeNull()
  })

  test('users by item', () => expect(transpose(train)).toEqual({ ...csrOf([[0, 1, 2], [0, 1], [1], [2], []], 4) }))
})
