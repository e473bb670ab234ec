import { describe, expect, it } from 'vitest'
import type { Recipe } from '../../../src-shared/domain/dataset'
import { Rng } from '../../tensor/rng'
import { resolveRecipe } from '../split/prepare-split'
import type { Columns } from './load-columns'
import { groupBy, keepCore, mergeDuplicates, selectPositives, type Merged } from './positives'

type Row = [user: number, item: number, rating?: number, time?: number, randomised?: 0 | 1, propensity?: number]

const columnsOf = (rows: Row[]): Columns => {
  const count = (at: 0 | 1): number => Math.max(...rows.map((row) => row[at])) + 1
  const floats = (at: 2 | 3 | 5): Float64Array | null =>
    rows.some((row) => row[at] !== undefined) ? Float64Array.from(rows, (row) => row[at] ?? NaN) : null
  return {
    userIds: Array.from({ length: count(0) }, (_, at) => `u${at}`),
    itemIds: Array.from({ length: count(1) }, (_, at) => `i${at}`),
    users: Int32Array.from(rows, (row) => row[0]),
    items: Int32Array.from(rows, (row) => row[1]),
    ratings: floats(2),
    times: floats(3),
    randomised: rows.some((row) => row[4]) ? Int32Array.from(rows, (row) => row[4] ?? 0) : null,
    propensities: floats(5),
  }
}

/** The entries as [user, item, rating, time]. */
function entriesOf(merged: Merged): (number | null)[][] {
  const entries: (number | null)[][] = []
  for (let user = 0; user + 1 < merged.starts.length; user++)
    for (let at = merged.starts[user]!; at < merged.starts[user + 1]!; at++)
      entries.push([user, merged.items[at]!, merged.ratings?.[at] ?? null, merged.times?.[at] ?? null])
  return entries
}

describe('groupBy', () => {
  it('orders positions by key, keeping the order within a key', () => {
    const { starts, order } = groupBy(Int32Array.of(2, 0, 2, 0, 2), 4)
    expect([...starts]).toEqual([0, 2, 2, 5, 5])
    expect([...order]).toEqual([1, 3, 0, 2, 4])
  })
})

describe('duplicates', () => {
  // User 0 meets item 0 three times; in time the middle row is the last, the third row the first.
  const rows: Row[] = [
    [0, 0, 5, 20],
    [1, 0, 3, 25],
    [0, 0, 1, 30],
    [0, 1, 2, 15],
    [0, 0, 3, 10],
  ]
  it.each<[policy: Recipe['duplicates'], rating: number, time: number]>([
    ['last', 1, 30],
    ['first', 3, 10],
    ['max', 5, 20],
    ['mean', 3, 30],
  ])('%s', (policy, rating, time) => {
    const merged = mergeDuplicates(columnsOf(rows), policy)
    expect(entriesOf(merged)).toEqual([
      [0, 0, rating, time],
      [0, 1, 2, 15],
      [1, 0, 3, 25],
    ])
    expect(merged.duplicates).toBe(2)
  })

  it('follow the order of rows where there are no times', () => {
    const untimed: Row[] = [
      [0, 0, 5],
      [0, 0, 2],
    ]
    expect(entriesOf(mergeDuplicates(columnsOf(untimed), 'last'))).toEqual([[0, 0, 2, null]])
    expect(entriesOf(mergeDuplicates(columnsOf(untimed), 'first'))).toEqual([[0, 0, 5, null]])
  })

  it('count a missing rating as none: it spoils neither mean nor maximum', () => {
    const rows: Row[] = [
      [0, 0, undefined],
      [0, 0, 4],
      [0, 0, 2],
      [0, 0, undefined],
    ]
    expect(entriesOf(mergeDuplicates(columnsOf(rows), 'mean'))).toEqual([[0, 0, 3, null]])
    expect(entriesOf(mergeDuplicates(columnsOf(rows), 'max'))).toEqual([[0, 0, 4, null]])
  })

  // The first and the last row are of the same kind.
  const twice: Row[] = [
    [0, 0, 5, 20, 0, 0.5],
    [0, 0, 1, 30, 1, 0.1],
    [0, 0, 3, 10, 0, 0.25],
  ]

  it('of what was chosen and what was shown at random are merged apart only where it is asked for', () => {
    const apart = mergeDuplicates(columnsOf(twice), 'last', true)
    expect(entriesOf(apart)).toEqual([
      [0, 0, 5, 20],
      [0, 0, 1, 30],
    ])
    expect([...apart.randomised!]).toEqual([0, 1])
    expect(apart.duplicates).toBe(1)
    const together = mergeDuplicates(columnsOf(twice), 'last')
    expect(entriesOf(together)).toEqual([[0, 0, 1, 30]])
    expect(together.randomised).toBeNull()
    expect(together.duplicates).toBe(2)
  })

  it.each<[policy: Recipe['duplicates'], propensity: number]>([
    ['last', 0.1],
    ['first', 0.25],
    ['max', 0.5],
    ['mean', 0.1],
  ])('%s keep the propensity of the row that counts', (policy, propensity) => {
    expect([...mergeDuplicates(columnsOf(twice), policy).propensities!]).toEqual([propensity])
  })

  it('are merged without ratings and times too', () => {
    expect(
      entriesOf(
        mergeDuplicates(
          columnsOf([
            [0, 0],
            [0, 0],
            [1, 0],
          ]),
          'mean',
        ),
      ),
    ).toEqual([
      [0, 0, null, null],
      [1, 0, null, null],
    ])
  })
})

describe('k-core', () => {
  /** The same by its definition: drop whoever has fewer than k, until nobody has. */
  function byDefinition(starts: Int32Array, items: Int32Array, k: number): number[] {
    const pairs: [number, number, number][] = []
    for (let user = 0; user + 1 < starts.length; user++)
      for (let at = starts[user]!; at < starts[user + 1]!; at++) pairs.push([at, user, items[at]!])
    for (let left = pairs; ;) {
      const degree = (at: 1 | 2, value: number): number => left.filter((pair) => pair[at] === value).length
      const next = left.filter((pair) => degree(1, pair[1]) >= k && degree(2, pair[2]) >= k)
      if (next.length === left.length) return next.map(([at]) => at)
      left = next
    }
  }

  it.each([2, 3, 4])('of %i is what the definition gives, on random graphs', (k) => {
    const rng = Rng.seeded(k)
    let nonEmpty = 0
    for (let trial = 0; trial < 20; trial++) {
      const rows: Row[] = Array.from({ length: 110 }, () => [rng.integer(20), rng.integer(20)])
      const columns = columnsOf(rows)
      const { starts, items } = mergeDuplicates(columns, 'last')
      const kept = new Uint8Array(items.length).fill(1)
      keepCore(starts, items, columns.itemIds.length, kept, k)
      const expected = byDefinition(starts, items, k)
      expect([...kept.keys()].filter((at) => kept[at])).toEqual(expected)
      if (expected.length > 0) nonEmpty++
    }
    expect(nonEmpty).toBeGreaterThan(0)
  })
})

describe('positives', () => {
  const rows: Row[] = [
    [0, 0, 3.9],
    [0, 2, 4],
    [1, 1, 1],
    [2, 2, 5],
    [2, 0, 4.5],
    [2, 1, undefined],
  ]
  const select = (given: Record<string, unknown>): ReturnType<typeof selectPositives> => {
    const columns = columnsOf(rows)
    return selectPositives(columns, mergeDuplicates(columns, 'last'), resolveRecipe(given))
  }

  it('are the entries at or above the threshold; who has none is left out, the rest keep their order', () => {
    const positives = select({ threshold: 4 })
    expect(positives.userIds).toEqual(['u0', 'u2'])
    expect(positives.itemIds).toEqual(['i0', 'i2'])
    expect([...positives.starts]).toEqual([0, 1, 3])
    expect([...positives.items]).toEqual([1, 1, 0])
  })

  it('leave out a missing rating whatever the threshold', () => {
    expect(select({ threshold: -1 }).items).toHaveLength(5)
  })

  it('are all entries where there are no ratings', () => {
    const columns = columnsOf([
      [0, 0],
      [0, 1],
      [1, 0],
    ])
    const positives = selectPositives(columns, mergeDuplicates(columns, 'last'), resolveRecipe({ threshold: 1000 }))
    expect([...positives.items]).toEqual([0, 1, 0])
  })

  describe('of a randomised split', () => {
    const rows: Row[] = [
      [0, 0, 5, undefined, 0],
      [0, 1, 4, undefined, 1],
      [1, 0, 5, undefined, 1],
      [1, 1, 4, undefined, 0],
      // A user and an item without a positive.
      [2, 2, 1, undefined, 1],
      [3, 3, 5, undefined, 0],
    ]
    const select = (given: Record<string, unknown>): ReturnType<typeof selectPositives> => {
      const columns = columnsOf(rows)
      const recipe = resolveRecipe({ splitBy: 'randomised', ...given })
      return selectPositives(columns, mergeDuplicates(columns, 'last', true), recipe)
    }

    it('leave nobody out, whether they have one or not', () => {
      const positives = select({})
      expect(positives.userIds).toEqual(['u0', 'u1', 'u2', 'u3'])
      expect(positives.itemIds).toEqual(['i0', 'i1', 'i2', 'i3'])
      expect([...positives.starts]).toEqual([0, 2, 4, 4, 5])
      expect([...positives.items]).toEqual([0, 1, 0, 1, 3])
      expect([...positives.randomised!]).toEqual([0, 1, 1, 0, 0])
      expect([...positives.ratings!]).toEqual([5, 4, 5, 4, 5])
    })

    it('are limited by a k-core, of 1 too', () => {
      expect(select({ kCore: 1 }).userIds).toEqual(['u0', 'u1', 'u3'])
      expect(select({ kCore: 2 }).userIds).toEqual(['u0', 'u1'])
      expect(select({ kCore: 2 }).itemIds).toEqual(['i0', 'i1'])
    })
  })
})
