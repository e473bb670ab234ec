import { describe, expect, it } from 'vitest'
import { rowOf, type Csr, type Split } from '../../../src-shared/domain/split'
import type { ExposureEffects, FittedModel } from '../../methods/method'
import { Rng } from '../../tensor/rng'
import { exposuresOf } from '../split/beside'
import { blockRows, Exposures } from './exposures'
import { StrongestEntries } from './strongest'

const items = 6
const users = 8
const step = (): Promise<void> => Promise.resolve()

/** Rows of items as a matrix. */
function csr(rows: number[][]): Csr {
  const indptr = new Int32Array(rows.length + 1)
  rows.forEach((row, r) => (indptr[r + 1] = indptr[r]! + row.length))
  return { rows: rows.length, cols: items, indptr, indices: Int32Array.from(rows.flat()) }
}

/**
 * A model with a known answer: the rating of i is base[i] + Σ_j (weights[i][j] + u[j]) a_j + bend · a_i · Σ_j a_j. Its Jacobian at a user is
 * that of a line but for `bend`, which makes it depend on what the user was shown.
 */
function knownEffects(weights: Float64Array, bend: number): ExposureEffects {
  const jacobian = (i: number, j: number, exposed: Int32Array): number =>
    weights[i * items + j]! + bend * ((exposed.includes(i) ? 1 : 0) + (i === j ? exposed.length : 0))
  const exposedAt = (at: Csr | null): Int32Array => (at ? rowOf(exposuresOf(at), 0) : new Int32Array(0))
  return {
    outcome: 'rating',
    check: { users: 4, heldOutItems: 2, logLikelihood: -0.3, popularityLogLikelihood: -0.4, pValue: 0.5 },
    on: (rows, at) => {
      const exposed = exposedAt(at)
      return Promise.resolve(
        Float32Array.from({ length: rows.length * items }, (_, n) =>
          jacobian(rows[Math.floor(n / items)]!, n % items, exposed),
        ),
      )
    },
    of: (columns, at) => {
      const exposed = exposedAt(at)
      return Promise.resolve(
        Float32Array.from({ length: columns.length * items }, (_, n) =>
          jacobian(n % items, columns[Math.floor(n / items)]!, exposed),
        ),
      )
    },
    predict: (rows, set) => {
      const values = new Float32Array(rows.rows * items)
      for (let r = 0; r < rows.rows; r++) {
        const exposed = rowOf(set ?? exposuresOf(rows), r)
        for (let i = 0; i < items; i++) {
          let value = bend * (exposed.includes(i) ? exposed.length : 0)
          for (const j of exposed) value += weights[i * items + j]!
          values[r * items + i] = value
        }
      }
      return Promise.resolve(values)
    },
  }
}

const rng = Rng.seeded(4)
const weights = Float64Array.from({ length: items * items }, () => rng.normal())
const train = csr([[0, 1], [1], [2, 3], [0, 4], [3], [5], [1, 5], [0, 2]])
const empty = csr(Array.from({ length: users }, () => []))
const split: Split = { hash: 'h', train, validation: empty, test: empty }
const explore = (bend = 0): Exposures =>
  new Exposures({ exposureEffects: () => knownEffects(weights, bend) } as FittedModel, split)
/** As the numbers come back. */
const single = Math.fround

describe('effects of exposures', () => {
  it('are a column of the Jacobian, for everyone and at a user', async () => {
    const everyone = await explore(0.5).column(2, null)
    expect(everyone.exposed).toBeNull()
    expect([...everyone.effects]).toEqual(Array.from({ length: items }, (_, i) => single(weights[i * items + 2]!)))
    const user = await explore(0.5).column(2, 0)
    expect([...user.exposed!]).toEqual([0, 1])
    // Shown 0 and 1: those two gain the bend, and item 2 itself once for each.
    expect(user.effects[0]).toBeCloseTo(weights[2]! + 0.5, 6)
    expect(user.effects[2]).toBeCloseTo(weights[2 * items + 2]! + 1, 6)
    expect(user.effects[3]).toBe(single(weights[3 * items + 2]!))
  })

  it('are rows of it in blocks, and refused beyond the items', async () => {
    const { effects } = await explore().rows(1, 2, null)
    expect([...effects]).toEqual(Array.from(weights.subarray(items, 3 * items), single))
    await expect(explore().rows(5, 2, null)).rejects.toThrow('There are 6 items')
    await expect(explore().column(0, users)).rejects.toThrow('no user row 8')
  })

  it('have the strongest found as a sort of all of them would, and none on itself unless asked for', async () => {
    const all = Array.from(weights, (effect, n) => ({
      from: n % items,
      to: Math.floor(n / items),
      effect: single(effect),
    }))
    const sorted = (own: boolean) =>
      all
        .filter(({ from, to }) => own || from !== to)
        .sort((a, b) => Math.abs(b.effect) - Math.abs(a.effect))
        .slice(0, 9)
    expect((await explore().strongest(null, 9, true, step)).pairs).toEqual(sorted(true))
    expect((await explore().strongest(null, 9, false, step)).pairs).toEqual(sorted(false))
    expect((await explore().strongest(null, 99, false, step)).pairs).toHaveLength(30)
  })

  it('stop where the step says so', async () => {
    await expect(explore().strongest(null, 3, false, () => Promise.reject(new Error('withdrawn')))).rejects.toThrow(
      'withdrawn',
    )
  })
})

it('blocks of rows stay within memory, and are never none', () => {
  expect(blockRows(100)).toBe(64)
  expect(blockRows(200_000)).toBe(10)
  expect(blockRows(10_000_000)).toBe(1)
})

describe('the strongest entries', () => {
  it('are those of a sort whatever the pieces, equal ones in the order of rows and columns', () => {
    const values = Array.from({ length: 400 }, () => Math.round(rng.normal() * 4))
    const entries = values.map((value, n) => ({ row: Math.floor(n / 20), column: n % 20, value }))
    const wanted = [...entries]
      .sort((a, b) => Math.abs(b.value) - Math.abs(a.value) || a.row - b.row || a.column - b.column)
      .slice(0, 25)
    for (const order of [entries, [...entries].reverse(), rng.shuffle([...entries])]) {
      const strongest = new StrongestEntries(25)
      for (const { row, column, value } of order) strongest.add(row, column, value)
      expect(strongest.sorted()).toEqual(wanted)
    }
  })
})

describe('exposures that are set', () => {
  it('move ratings and ranks, and say what was done', async () => {
    const { listed, moved, exposures } = await explore().expose(0, { expose: [3], withdraw: [1] }, 3)
    expect(exposures).toEqual([0, 1])
    for (const { item, before, after } of [...listed, ...moved]) {
      const at = (j: number): number => weights[item * items + j]!
      expect(before.predicted).toBeCloseTo(at(0) + at(1), 5)
      expect(after.predicted).toBeCloseTo(at(0) + at(3), 5)
    }
    expect(moved).toHaveLength(3)
    const sizes = moved.map(({ before, after }) => Math.abs(after.predicted - before.predicted))
    expect(sizes).toEqual([...sizes].sort((a, b) => b - a))
    // Of the candidates 2, 3, 4 and 5; what the user is known to like has no rank.
    const ranks = listed.slice(0, 3).map(({ after }) => after.rank)
    expect(ranks).toEqual([1, 2, 3])
    for (const { item, before, set } of [...listed, ...moved]) {
      expect(before.rank === null).toBe(item < 2)
      expect(set).toBe(item === 3 ? 'exposed' : item === 1 ? 'withdrawn' : null)
    }
  })

  it('that are as they were change nothing', async () => {
    const { listed, moved } = await explore().expose(0, { expose: [], withdraw: [] }, 2)
    expect(moved).toEqual([])
    expect(listed).toHaveLength(2)
    for (const { before, after } of listed) expect(after).toEqual(before)
  })

  it('are refused where they are so already', async () => {
    const refused = (expose: number[], withdraw: number[]) =>
      expect(explore().expose(0, { expose, withdraw }, 2)).rejects
    await refused([1], []).toThrow('exposed already')
    await refused([], [2]).toThrow('not exposed')
    await refused([3, 3], []).toThrow('named twice')
    await refused([], [1, 1]).toThrow('named twice')
  })
})

describe('effects by segment', () => {
  it('are means over users with their standard errors, and differ from the mean over users', async () => {
    const bend = 0.5
    const segments = [Int32Array.of(0, 1, 2), Int32Array.of(3, 4, 5, 6, 7)]
    const result = await explore(bend).bySegment(2, segments, 3, step)
    expect(result.sampled).toEqual([3, 5])
    expect(result.items).toHaveLength(3)
    expect(result.items.some(({ item }) => item === 2)).toBe(false)
    const [mostAffected] = result.items
    const { item, overUsers, bySegment } = mostAffected!
    const at = (user: number): number => weights[item * items + 2]! + bend * (rowOf(train, user).includes(item) ? 1 : 0)
    const parts = segments.map((rows) => {
      const values = Array.from(rows, at)
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length
      const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1)
      return { mean, error: Math.sqrt(variance / values.length) }
    })
    const [a, b] = parts as [(typeof parts)[0], (typeof parts)[0]]
    expect(overUsers.mean).toBeCloseTo((3 * a.mean + 5 * b.mean) / 8, 5)
    expect(overUsers.standardError).toBeCloseTo(Math.hypot((3 / 8) * a.error, (5 / 8) * b.error), 5)
    expect(bySegment[0]!.mean).toBeCloseTo(a.mean, 5)
    expect(bySegment[0]!.standardError).toBeCloseTo(a.error, 5)
    expect(bySegment[0]!.difference).toBeCloseTo((5 / 8) * (a.mean - b.mean), 5)
    expect(bySegment[0]!.differenceError).toBeCloseTo((5 / 8) * Math.hypot(a.error, b.error), 5)
  })

  it('do not differ at all where all users have the same effect', async () => {
    // Thirds are no binary numbers: the segments weighted by their users are not exactly what each of them is.
    const segments = [Int32Array.of(0, 1, 2), Int32Array.of(3, 4), Int32Array.of(5)]
    const { items: affected } = await explore().bySegment(2, segments, 5, step)
    for (const { item, overUsers, bySegment } of affected) {
      expect(overUsers.mean).toBeCloseTo(weights[item * items + 2]!, 6)
      for (const { difference } of bySegment) expect(difference).toBe(0)
      expect(bySegment[0]).toMatchObject({ standardError: 0 })
    }
  })

  it('have no standard error of one user, and the others have theirs without it', async () => {
    const bend = 0.5
    const segments = [Int32Array.of(0), Int32Array.of(1, 2, 3), Int32Array.of(4, 5, 6, 7)]
    const { items: affected } = await explore(bend).bySegment(1, segments, items, step)
    // Item 0 was shown to users 0, 3 and 7: the bend is in one value of three, and in one of four.
    const { overUsers, bySegment } = affected.find(({ item }) => item === 0)!
    const [three, four] = [bend / 3, bend / 4]
    expect(bySegment[0]).toMatchObject({ standardError: null, differenceError: null })
    expect(bySegment[1]!.standardError).toBeCloseTo(three, 6)
    expect(bySegment[2]!.standardError).toBeCloseTo(four, 6)
    expect(overUsers.standardError).toBeCloseTo(Math.hypot((3 / 8) * three, (4 / 8) * four), 6)
    expect(bySegment[1]!.differenceError).toBeCloseTo(Math.hypot((5 / 8) * three, (4 / 8) * four), 6)
    expect(bySegment[2]!.differenceError).toBeCloseTo(Math.hypot((3 / 8) * three, (4 / 8) * four), 6)

    const alone = await explore(bend).bySegment(1, [Int32Array.of(0), Int32Array.of(1)], 1, step)
    expect(alone.items[0]!.overUsers.standardError).toBeNull()
  })

  it('are of a seeded sample of a large segment', async () => {
    const many = csr(Array.from({ length: 700 }, (_, user) => [user % items]))
    const large: Split = { hash: 'h', train: many, validation: many, test: many }
    const of = () =>
      new Exposures({ exposureEffects: () => knownEffects(weights, 0.5) } as FittedModel, large).bySegment(
        0,
        [Int32Array.from({ length: 700 }, (_, user) => user)],
        2,
        step,
      )
    const first = await of()
    expect(first.sampled).toEqual([200])
    expect(await of()).toEqual(first)
  })
})

it('a model that tells no effects is refused', () => {
  expect(() => new Exposures({} as FittedModel, split)).toThrow('does not tell what exposing items does')
})
