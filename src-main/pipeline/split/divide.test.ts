import { describe, expect, it } from 'vitest'
import { learnedFrom, rowOf, splitParts, type Csr } from '../../../src-shared/domain/split'
import { Rng } from '../../tensor/rng'
import type { Positives } from '../dataset/positives'
import { countColdUsers, divide, partSizes } from './divide'
import { resolveRecipe, splitHash } from './prepare-split'

/** Users with these many positives, of items 0, 1, 2, …; the later an item, the earlier its time. */
function positivesOf(counts: number[], timed = true): Positives {
  const starts = Int32Array.from([0, ...counts])
  for (let user = 0; user < counts.length; user++) starts[user + 1]! += starts[user]!
  const items = Int32Array.from(counts.flatMap((count) => Array.from({ length: count }, (_, at) => at)))
  return {
    userIds: counts.map((_, user) => `u${user}`),
    itemIds: Array.from({ length: Math.max(...counts) }, (_, item) => `i${item}`),
    starts,
    items,
    times: timed ? Float64Array.from(items, (item) => 1000 - item) : null,
    ratings: null,
    randomised: null,
    propensities: null,
  }
}

describe('part sizes', () => {
  // total → [train, validation, test] at 10 % and 20 %, as RecBole's _calcu_split_ids gives for [0.7, 0.1, 0.2].
  it.each([
    [1, [1, 0, 0]],
    [2, [1, 0, 1]],
    [3, [1, 1, 1]],
    [4, [2, 1, 1]],
    [5, [3, 1, 1]],
    [9, [7, 1, 1]],
    [10, [7, 1, 2]],
    [19, [15, 1, 3]],
    [20, [14, 2, 4]],
    [100, [70, 10, 20]],
  ])('%i positives', (total, expected) => {
    const { train, validation, test } = partSizes(total, 0.1, 0.2)
    expect([train, validation, test]).toEqual(expected)
  })
})

describe('divide', () => {
  const random = Rng.seeded(1)
  const counts = Array.from({ length: 60 }, () => 1 + random.integer(40))
  const positives = positivesOf(counts)
  const rows = (csr: Csr): number[][] => counts.map((_, user) => [...rowOf(csr, user)])

  it.each(['random', 'time'])('by %s gives every positive to exactly one part, ascending within a row', (splitBy) => {
    const split = divide(positives, resolveRecipe({ splitBy }))
    for (let user = 0; user < counts.length; user++) {
      const parts = splitParts.map((part) => [...rowOf(split[part], user)])
      for (const part of parts) expect(part).toEqual([...part].sort((a, b) => a - b))
      expect(parts.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: counts[user]! }, (_, at) => at))
      expect(parts.map((part) => part.length)).toEqual(Object.values(partSizes(counts[user]!, 0.1, 0.2)))
    }
  })

  it('by time holds out the latest as test, the ones before as validation', () => {
    const { train, validation, test } = divide(positivesOf([10]), resolveRecipe({ splitBy: 'time' }))
    expect([...test.indices]).toEqual([0, 1])
    expect([...validation.indices]).toEqual([2])
    expect([...train.indices]).toEqual([3, 4, 5, 6, 7, 8, 9])
  })

  it('by time takes the order of rows for equal times, and interactions without time as the earliest', () => {
    const tied = positivesOf([5])
    tied.times = Float64Array.of(7, 7, 7, 7, NaN)
    const { train, validation, test } = divide(tied, resolveRecipe({ splitBy: 'time' }))
    expect([[...train.indices], [...validation.indices], [...test.indices]]).toEqual([[0, 1, 4], [2], [3]])
  })

  it('is the same for the same seed and another for another', () => {
    const of = (splitSeed: number): number[][] => rows(divide(positives, resolveRecipe({ splitSeed })).test)
    expect(of(3)).toEqual(of(3))
    expect(of(4)).not.toEqual(of(3))
  })

  it('at random favours no position: each of ten items is test about a fifth of the time', () => {
    const { test } = divide(positivesOf(new Array<number>(4000).fill(10)), resolveRecipe({}))
    const hits = new Array<number>(10).fill(0)
    for (const item of test.indices) hits[item]!++
    // 4000 draws of probability 0.2: mean 800, standard deviation 25.
    for (const count of hits) expect(Math.abs(count - 800)).toBeLessThan(5 * 25)
  })

  it('counts the users without test item', () => {
    expect(countColdUsers(divide(positivesOf([1, 5, 1]), resolveRecipe({})))).toBe(2)
  })
})

describe('what was rated below the threshold', () => {
  const positives = positivesOf([10, 5, 8])
  const lower = positivesOf([20, 0, 1])

  it('is divided by the same shares, and leaves the positives as they are', () => {
    for (const splitBy of ['random', 'time']) {
      const recipe = resolveRecipe({ splitBy })
      const split = divide({ ...positives, itemIds: Array.from({ length: 20 }, String) }, recipe, lower)
      const { negatives, ...parts } = split
      expect(divide({ ...positives, itemIds: Array.from({ length: 20 }, String) }, recipe)).toEqual(parts)
      const sizes = splitParts.map((part) => [0, 1, 2].map((user) => rowOf(negatives![part], user).length))
      // 20 % and 10 % of 20; one alone stays in train.
      expect(sizes).toEqual([
        [14, 0, 1],
        [2, 0, 0],
        [4, 0, 0],
      ])
      const all = splitParts.flatMap((part) => [...rowOf(negatives![part], 0)])
      expect(all.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, item) => item))
    }
  })

  it('by time, the latest is held out', () => {
    const split = divide(
      { ...positives, itemIds: Array.from({ length: 20 }, String) },
      resolveRecipe({ splitBy: 'time' }),
      lower,
    )
    expect([...rowOf(split.negatives!.test, 0)]).toEqual([0, 1, 2, 3])
  })
})

describe('what is told of the pairs', () => {
  it('follows their order in every part, positives and negatives', () => {
    const positives = positivesOf([12, 7])
    const lower = positivesOf([9, 3])
    // The rating tells user and item apart, and so does the propensity.
    const told = (rows: Positives, sign: number): Positives => ({
      ...rows,
      ratings: Float64Array.from(rows.items, (item, at) => sign * (100 * (at < rows.starts[1]! ? 0 : 1) + item)),
      propensities: Float64Array.from(rows.items, (item) => (item + 1) / 64),
    })
    for (const splitBy of ['random', 'time']) {
      const split = divide(told(positives, 1), resolveRecipe({ splitBy }), told(lower, -1))
      for (const part of splitParts)
        for (const [csr, values, sign] of [
          [split[part], 'positives', 1],
          [split.negatives![part], 'negatives', -1],
        ] as const) {
          const expected = [0, 1].flatMap((user) => [...rowOf(csr, user)].map((item) => ({ user, item })))
          expect([...split.ratings![values][part]]).toEqual(
            expected.map(({ user, item }) => sign * (100 * user + item)),
          )
          expect([...split.propensities![values][part]]).toEqual(expected.map(({ item }) => (item + 1) / 64))
        }
    }
  })

  it('is absent where the data do not tell it, and empty for negatives that are not there', () => {
    const split = divide(positivesOf([5, 5]), resolveRecipe({}))
    expect(split).not.toHaveProperty('ratings')
    expect(split).not.toHaveProperty('propensities')
    const positives = { ...positivesOf([5, 5]), propensities: new Float64Array(10).fill(0.5) }
    expect(divide(positives, resolveRecipe({})).propensities!.negatives.train).toHaveLength(0)
  })
})

describe('a randomised split', () => {
  /** Of the items 0…total-1 of each user, those from `chosen` on were shown at random. */
  function randomisedOf(counts: [chosen: number, drawn: number][]): Positives {
    const positives = positivesOf(counts.map(([chosen, drawn]) => chosen + drawn))
    const { starts, items } = positives
    const randomised = items.slice()
    counts.forEach(([chosen], user) => {
      for (let at = starts[user]!; at < starts[user + 1]!; at++) randomised[at] = items[at]! < chosen ? 0 : 1
    })
    return { ...positives, randomised }
  }
  const recipe = resolveRecipe({ splitBy: 'randomised', validationShare: 0.2 })

  it('tests on all that was shown at random, and draws train and validation from the rest', () => {
    const split = divide(
      randomisedOf([
        [10, 4],
        [1, 3],
        [0, 2],
        [5, 0],
      ]),
      recipe,
    )
    expect(split.isTestRandomised).toBe(true)
    const rows = [0, 1, 2, 3].map((user) => splitParts.map((part) => [...rowOf(split[part], user)]))
    expect(rows.map(([, , test]) => test)).toEqual([[10, 11, 12, 13], [1, 2, 3], [0, 1], []])
    expect(rows.map(([train, validation]) => [train!.length, validation!.length])).toEqual([
      [8, 2],
      [1, 0],
      [0, 0],
      [4, 1],
    ])
    for (const [user, chosen] of [10, 1, 0, 5].entries())
      expect([...rows[user]![0]!, ...rows[user]![1]!].sort((a, b) => a - b)).toEqual(
        Array.from({ length: chosen }, (_, item) => item),
      )
  })

  it('does not use the test share, and draws by the split seed', () => {
    const positives = randomisedOf(new Array<[number, number]>(30).fill([10, 2]))
    const of = (given: Record<string, unknown>): Csr =>
      divide(positives, resolveRecipe({ ...recipe, ...given })).validation
    expect(of({ testShare: 0.4 })).toEqual(of({}))
    expect(of({ splitSeed: 1 })).not.toEqual(of({}))
  })

  it('keeps a pair that was chosen and shown at random in both, each with its own rating', () => {
    const positives: Positives = {
      ...positivesOf([3, 3]),
      itemIds: ['i0', 'i1'],
      items: Int32Array.of(0, 1, 1, 1, 0, 0),
      randomised: Int32Array.of(0, 0, 1, 1, 0, 1),
      ratings: Float64Array.of(5, 4, 3, 2, 1, 0),
    }
    const split = divide(positives, resolveRecipe({ splitBy: 'randomised', validationShare: 0.01 }))
    expect([...rowOf(split.test, 0), ...rowOf(split.test, 1)]).toEqual([1, 0, 1])
    expect([...split.ratings!.positives.test]).toEqual([3, 0, 2])
    const held = { train: [...split.ratings!.positives.train], validation: [...split.ratings!.positives.validation] }
    expect([...held.train, ...held.validation].sort()).toEqual([1, 4, 5])
  })

  it('is refused where nothing was shown at random, or nothing is left to train or to test on', () => {
    expect(() => divide(positivesOf([5, 5]), recipe)).toThrow(
      expect.objectContaining({
        code: 'paramInvalid',
        message: expect.stringContaining('no interaction that was shown'),
      }),
    )
    expect(() =>
      divide(
        randomisedOf([
          [0, 5],
          [0, 5],
        ]),
        recipe,
      ),
    ).toThrow(
      expect.objectContaining({
        code: 'noPositives',
        message: expect.stringContaining('the train part would be empty'),
      }),
    )
    expect(() =>
      divide(
        randomisedOf([
          [5, 0],
          [5, 0],
        ]),
        recipe,
      ),
    ).toThrow(
      expect.objectContaining({
        code: 'noPositives',
        message: expect.stringContaining('the test part would be empty'),
      }),
    )
  })
})

describe('a split of users', () => {
  const counts = Array.from({ length: 50 }, (_, user) => 1 + (user % 30))
  const positives = { ...positivesOf(counts), ratings: Float64Array.from(positivesOf(counts).items, () => 5) }
  const negatives = positivesOf(counts.map((count) => count + 5))
  const recipe = resolveRecipe({ splitBy: 'users', validationShare: 0.1, testShare: 0.2 })
  const split = divide(positives, recipe, { ...negatives, items: negatives.items.map((item) => item % 30) })
  const sizes = (part: 'train' | 'validation' | 'test', user: number): number => rowOf(split[part], user).length

  it('holds out a fifth of what users of a part have, and nothing of the others', () => {
    const usersWith = (part: 'validation' | 'test'): number[] =>
      counts.flatMap((_, user) => (sizes(part, user) ? [user] : []))
    const [validation, test] = [usersWith('validation'), usersWith('test')]
    expect(validation.filter((user) => test.includes(user))).toEqual([])
    for (const [part, users] of [
      ['validation', validation],
      ['test', test],
    ] as const)
      for (const user of users) expect(sizes(part, user)).toBe(Math.max(1, Math.floor(0.2 * counts[user]!)))
    // Those with a single positive have none to hold out.
    expect(validation.length).toBeGreaterThanOrEqual(4)
    expect(validation.length).toBeLessThanOrEqual(5)
    expect(test.length).toBeGreaterThanOrEqual(8)
    expect(test.length).toBeLessThanOrEqual(10)
  })

  it('is learned from by users of whom nothing is held out, positive or negative', () => {
    const heldOut = counts.map(
      (_, user) =>
        sizes('validation', user) +
        sizes('test', user) +
        rowOf(split.negatives!.validation, user).length +
        rowOf(split.negatives!.test, user).length,
    )
    expect([...split.trainUsers!]).toEqual(counts.flatMap((_, user) => (heldOut[user] === 0 ? [user] : [])))
    expect(split.trainUsers!.length).toBe(50 - 5 - 10)
    expect(learnedFrom(split)).toEqual(split.trainUsers)
    expect(countColdUsers(split)).toBe(0)
  })

  it('refuses test users of whom nothing can be held out, and says so', () => {
    const single = positivesOf(Array.from({ length: 50 }, () => 1))
    expect(() => divide(single, recipe)).toThrow(
      expect.objectContaining({
        code: 'tooFewUsers',
        message: expect.stringMatching(/^None of the 10 test users has a second positive/) as string,
      }),
    )
  })

  it('refuses shares that leave nobody to learn from', () => {
    const few = positivesOf([3, 3])
    expect(() => divide(few, resolveRecipe({ splitBy: 'users' }))).toThrow(
      expect.objectContaining({ code: 'tooFewUsers' }),
    )
  })
})

describe('the hash of a split', () => {
  it('depends on the data and on every setting, and on nothing else', () => {
    const hash = splitHash('data', resolveRecipe({}))
    // As it has been from the start: runs name their split by it.
    expect(hash).toBe('b1fe5e88658ab6d193e04145d7043e32')
    expect(splitHash('data', resolveRecipe({ threshold: 4 }))).toBe(hash)
    expect(splitHash('other', resolveRecipe({}))).not.toBe(hash)
    const changes = [
      { threshold: 3 },
      { duplicates: 'max' },
      { kCore: 5 },
      { splitBy: 'time' },
      { splitBy: 'randomised' },
      { splitSeed: 1 },
      { validationShare: 0.2 },
      { testShare: 0.1 },
    ]
    const hashes = changes.map((change) => splitHash('data', resolveRecipe(change)))
    expect(new Set([hash, ...hashes]).size).toBe(changes.length + 1)
  })
})
