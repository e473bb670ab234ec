import { describe, expect, test } from 'vitest'
import { csrOf } from '../../../../tests/support/csr'
import { pairValues } from '../../../../tests/support/tiny-split'
import { everyPair } from '../../../../tests/support/pair-learning'
import type { Csr, Split } from '../../../../src-shared/domain/split'
import { Rng } from '../../../tensor/rng'
import { ObservedPairs } from './observed-pairs'
import { estimatePropensities, logisticPropensities, inverseWeights, propensitiesFrom } from './propensity'

const userCount = 25
const itemCount = 18

/** Some users rate more, some items are rated more; 70 of a hundred ratings are positive. User 0 has none, user 1 all, item 0 none but that. */
function someSplit(given?: number): Split {
  const rng = Rng.seeded(4)
  const [positives, negatives] = [0, 1].map(() => Array.from({ length: userCount }, () => [] as number[]))
  for (let user = 1; user < userCount; user++)
    for (let item = 0; item < itemCount; item++) {
      const isSeen = item > 0 && rng.uniform() < ((0.4 + user / 40) * (item + 4)) / 22
      if (user === 1 || isSeen) (rng.uniform() < 0.7 ? positives : negatives)![user]!.push(item)
    }
  const empty = csrOf(
    Array.from({ length: userCount }, () => []),
    itemCount,
  )
  const split: Split = {
    hash: 'some',
    train: csrOf(positives!, itemCount),
    validation: empty,
    test: empty,
    negatives: { train: csrOf(negatives!, itemCount), validation: empty, test: empty },
  }
  return given === undefined ? split : { ...split, propensities: pairValues(split, given, given) }
}

const observed = new ObservedPairs(someSplit(), 'binary')

describe('by logistic regression', () => {
  const params = { propensity: 'logistic', propensityFloor: 0.0001 }
  const estimated = estimatePropensities(observed, params)
  const found = propensitiesFrom(estimated, observed, params)
  const all = logisticPropensities(estimated)!(everyPair(observed))

  /** Sums over all pairs of one user or item. */
  const sums = (of: 'users' | 'items', size: number, values: Float32Array): Float64Array => {
    const into = new Float64Array(size)
    everyPair(observed)[of].forEach((one, pair) => (into[one]! += values[pair]!))
    return into
  }
  const happened = Float32Array.from(everyPair(observed).users, (user, pair) =>
    observed.isObserved(user, pair % itemCount) ? 1 : 0,
  )

  test.each([
    ['users', userCount, itemCount],
    ['items', itemCount, userCount],
  ] as const)('the probabilities of the pairs of each of the %s add up to how many were observed', (of, size, most) => {
    const expected = sums(of, size, happened)
    sums(of, size, all).forEach((sum, one) => {
      // None and all are half a pair more and less.
      expect(sum).toBeCloseTo(Math.min(Math.max(expected[one]!, 0.5), most - 0.5), 3)
    })
  })

  test('the mean probability is the density', () => {
    const mean = all.reduce((sum, p) => sum + p, 0) / all.length
    // Half a pair each for the user and the items that have none or all.
    expect(Math.abs(mean - observed.density)).toBeLessThan(1 / observed.allPairs)
  })

  test('observed pairs get the probabilities of their users and items', () => {
    expect([...found.observed]).toEqual(
      Array.from(observed.users, (user, at) => all[user * itemCount + observed.items[at]!]),
    )
  })

  test('no probability of an observed pair is below the floor', () => {
    const floored = { ...params, propensityFloor: 0.4 }
    const { observed: ps } = propensitiesFrom(estimated, observed, floored)
    expect(Math.min(...ps)).toBeCloseTo(0.4, 6)
    expect(Math.max(...ps)).toBeGreaterThan(0.5)
    expect(Math.min(...logisticPropensities(estimated)!(observed))).toBeLessThan(0.3)
  })
})

test('users of whom nothing is observed leave the fit of the others as it is', () => {
  const params = { propensity: 'logistic', propensityFloor: 0.0001 }
  const split = someSplit()
  const more = (rows: Csr): Csr => ({
    ...rows,
    rows: rows.rows + 3,
    indptr: Int32Array.from({ length: rows.rows + 4 }, (_, row) => rows.indptr[Math.min(row, rows.rows)]!),
  })
  const padded = new ObservedPairs(
    {
      ...split,
      train: more(split.train),
      validation: more(split.validation),
      test: more(split.test),
      negatives: {
        train: more(split.negatives!.train),
        validation: more(split.validation),
        test: more(split.test),
      },
    },
    'binary',
  )
  const all = logisticPropensities(estimatePropensities(padded, params))!(everyPair(padded))
  const sums = new Float64Array(itemCount)
  all.forEach((p, pair) => (sums[pair % itemCount]! += p))
  const counts = new Float64Array(itemCount)
  for (const item of padded.items) counts[item]!++
  sums.forEach((sum, item) => expect(sum).toBeCloseTo(counts[item]!, 3))
  // Those three are taken to have half a pair each.
  for (let user = userCount; user < userCount + 3; user++) {
    const own = all.subarray(user * itemCount, (user + 1) * itemCount).reduce((sum, p) => sum + p, 0)
    expect(Math.abs(own - 0.5)).toBeLessThan(0.1)
  }
})

describe('by naive Bayes', () => {
  const params = { propensity: 'naive-bayes', propensityFloor: 0.01, positiveRate: 0.3 }

  test('the probability goes by the label: P(R | O) P(O) / P(R)', () => {
    const share = observed.labels.reduce((sum, label) => sum + label, 0) / observed.size
    const found = propensitiesFrom(estimatePropensities(observed, params), observed, params)
    found.observed.forEach((p, at) => {
      const expected = observed.labels[at] ? (share * observed.density) / 0.3 : ((1 - share) * observed.density) / 0.7
      expect(p).toBeCloseTo(Math.min(1, expected), 6)
    })
    // They give each kind the share that it has among all pairs.
    let [positives, total] = [0, 0]
    found.observed.forEach((p, at) => {
      positives += observed.labels[at]! / p
      total += 1 / p
    })
    expect(positives / total).toBeCloseTo(0.3, 5)
  })

  test.each([0, 1])('is refused with a positive rate of %d', (positiveRate) => {
    expect(() => estimatePropensities(observed, { ...params, positiveRate })).toThrow(
      expect.objectContaining({ code: 'paramInvalid' }),
    )
  })
})

describe('as given', () => {
  const params = { propensity: 'given', propensityFloor: 0.2 }

  test.each([
    [0.5, 0.5],
    [0.1, 0.2],
  ])('%d counts as %d with a floor of 0.2', (given, expected) => {
    const pairs = new ObservedPairs(someSplit(given), 'binary')
    const found = propensitiesFrom(estimatePropensities(pairs, params), pairs, params)
    expect(found.observed).toHaveLength(pairs.size)
    found.observed.forEach((p) => expect(p).toBeCloseTo(expected, 6))
  })

  test.each([
    ['none', undefined],
    ['not for all', NaN],
  ])('is refused where there are %s', (_, given) => {
    const pairs = new ObservedPairs(someSplit(given), 'binary')
    expect(() => estimatePropensities(pairs, params)).toThrow(expect.objectContaining({ code: 'badRequest' }))
  })
})

test('inverse weights are 1 where the propensity is the density', () => {
  expect([...inverseWeights(Float32Array.of(0.25, 0.5, 0.125), 0.25)]).toEqual([1, 0.5, 2])
})
