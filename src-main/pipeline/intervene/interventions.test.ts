import { beforeEach, describe, expect, test } from 'vitest'
import type { CausalGraph } from '../../../src-shared/domain/graph'
import type { Split } from '../../../src-shared/domain/split'
import { csrOf } from '../../../tests/support/csr'
import { linearModel } from '../../../tests/support/linear-model'
import type { RowIntervention } from '../../jobs/trainer-contract'
import { Interventions } from './interventions'
import { Tasks, type Step } from './tasks'

/**
 * Four users and six items; item 5 is in everyone's train part, item 4 in the validation part of user 0. c1 lifts item 2 and lowers
 * item 0, c2 lifts item 3; c1 acts on c2.
 */
const split: Split = {
  hash: 'linear',
  train: csrOf([[5], [5], [5], [0, 5]], 6),
  validation: csrOf([[4], [], [], []], 6),
  test: csrOf([[0, 3], [2], [], [3]], 6),
}
const graph: CausalGraph = {
  type: 'causal-graph',
  version: 1,
  nodes: ['c1', 'c2'],
  probabilities: [
    [0, 0.9],
    [0, 0],
  ],
  meanStrengths: null,
}
const base = [
  [4, 3, 2, 1, 0, 9],
  [4, 3, 2, 1, 0, 9],
  [4, 3, 2, 1, 0, 9],
  [4, 3, 2, 1, 0, 9],
]
const own: [number, number][] = [
  [1, 0],
  [2, 1],
  [0, 1],
  [1, 3],
]
const loads: [number[], number[]] = [
  [-1, 0, 0.5, 0, 0, 0],
  [0, 0, 0, 0.75, 0, 0],
]
let scorings = 0
const model = linearModel({ base, own, loads, strength: 2, onScore: () => void scorings++ })

const nothing: RowIntervention = { factors: null, holds: [] }
const removed: RowIntervention = {
  factors: [
    [1, 0],
    [1, 1],
  ],
  holds: [],
}
const ones: RowIntervention = {
  factors: [
    [1, 1],
    [1, 1],
  ],
  holds: [],
}
const noStep: Step = () => Promise.resolve()

let asked: Interventions
beforeEach(() => {
  asked = new Interventions(model, split, graph)
  asked.describe(
    {
      numbers: [{ name: 'price', values: Float64Array.of(10, 20, 30, 40, NaN, 60) }],
      texts: [{ name: 'kind', labels: ['tool', 'toy'], codes: Int32Array.of(0, 0, 1, 1, -1, 0) }],
    },
    { numbers: [], texts: [] },
  )
})

/*
 * c = (1, 2), (2, 5), (0, 1), (1, 5). Scores of items 0..4 before:
 * user 0: 3, 3, 2.5, 2.5, -      → 0 1 2 3
 * user 1: 2, 3, 3, 4.75, 0       → 3 1 2 0 4
 * user 2: 4, 3, 2, 1.75, 0       → 0 1 2 3 4
 * user 3: -, 3, 2.5, 4.75, 0     → 3 1 2 4
 * Without c1 → c2, c2 = 0, 1, 1, 3 and item 3 has 1, 1.75, 1.75, 3.25:
 * user 0: 0 1 2 3; user 1: 1 2 0 3 4; user 2: 0 1 2 3 4; user 3: 3 1 2 4
 */
describe('a model computed by hand', () => {
  test('one user: lists, scores and ranks over all candidates before and after', async () => {
    expect(await asked.userEffect(1, 2, removed)).toEqual({
      before: [
        { item: 3, score: 4.75, rankAfter: 4 },
        { item: 1, score: 3, rankAfter: 1 },
      ],
      after: [
        { item: 1, score: 3, rankBefore: 2 },
        { item: 2, score: 3, rankBefore: 3 },
      ],
      noDifference: false,
    })
    const untouched = await asked.userEffect(2, 2, removed)
    expect(untouched.noDifference).toBe(true)
    expect(untouched.after.map(({ item }) => item)).toEqual([0, 1])
    // Fewer candidates than asked for: train and validation items are none.
    expect((await asked.userEffect(0, 10, nothing)).before.map(({ item }) => item)).toEqual([0, 1, 2, 3])
  })

  test('a segment: counts, metrics, averages, shares, coverage and similarity', async () => {
    const effect = await asked.effect(null, 2, removed, noStep)
    // Lists of two before: 0 1 | 3 1 | 0 1 | 3 1; after: 0 1 | 1 2 | 0 1 | 3 1.
    expect(effect).toMatchObject({ k: 2, users: 4, changedLists: 1, noDifference: false })
    expect(effect.largestScoreChange).toBe(3)
    expect(effect.entering).toEqual([{ item: 2, before: 0, after: 1 }])
    expect(effect.leaving).toEqual([{ item: 3, before: 2, after: 1 }])

    const metric = (id: string) => effect.metrics.find((quantity) => quantity.id === id)!
    // Users 0, 1 and 3 have test items; user 0 has two: recall 1/2, 0, 1 before and 1/2, 1, 1 after.
    expect(metric('recall@2')).toMatchObject({ users: 3, before: { mean: 0.5 }, after: { mean: 2.5 / 3 } })
    expect(metric('recall@2').change.mean).toBeCloseTo(1 / 3, 12)
    const first = 1 / (1 + 1 / Math.log2(3))
    expect(metric('ndcg@2').before.mean).toBeCloseTo((first + 0 + 1) / 3, 12)
    expect(metric('ndcg@2').after.mean).toBeCloseTo((first + 1 / Math.log2(3) + 1) / 3, 12)

    const price = effect.attributes.find(({ id }) => id === 'avp@2:price')!
    expect(price).toMatchObject({ users: 4, before: { mean: (15 + 30 + 15 + 30) / 4 }, after: { mean: 85 / 4 } })
    expect(price.change.mean).toBe(-5 / 4)
    expect(price.change.low).toBeLessThan(-5 / 4)
    expect(price.change.high).toBe(0)
    // Popularity is always there: item 0 has one train interaction, the others listed none.
    expect(effect.attributes[0]).toMatchObject({
      id: 'avp@2:popularity',
      before: { mean: 0.25 },
      after: { mean: 0.25 },
    })

    const [kind] = effect.categories
    expect(kind!.attribute).toBe('kind')
    expect(kind!.shares.map(({ label, before, after }) => [label, before.mean, after.mean])).toEqual([
      ['tool', 0.75, 0.75],
      ['toy', 0.25, 0.25],
    ])
    expect(effect.coverage).toMatchObject({ before: { mean: 3 / 6 }, after: { mean: 4 / 6 } })
    expect(effect.coverage.change.mean).toBeCloseTo(1 / 6, 12)
    expect(effect.coverage.before.low).toBeLessThanOrEqual(0.5)
    expect(effect.coverage.before.high).toBeGreaterThanOrEqual(0.5)
    expect(effect.jaccard.mean).toBeCloseTo((1 + 1 / 3 + 1 + 1) / 4, 12)
    // 3 1 → 1 2: ranks (1,3) (2,1) (3,2): one of three pairs agrees.
    expect(effect.rankCorrelation.mean).toBeCloseTo((3 - 1 / 3) / 4, 12)
  })

  test('a group is the same as its users, in any order and twice', async () => {
    const two = await asked.effect(Int32Array.of(3, 1, 3), 2, removed, noStep)
    expect(two.users).toBe(2)
    expect(two).toEqual({ ...(await asked.effect(Int32Array.of(1, 3), 2, removed, noStep)), seconds: two.seconds })
    expect(two.changedLists).toBe(1)
  })

  test('a group without test items, and items without an attribute', async () => {
    const effect = await asked.effect(Int32Array.of(2), 5, nothing, noStep)
    expect(effect.metrics.map(({ users, before }) => [users, before])).toEqual(
      effect.metrics.map(() => [0, { mean: 0, low: 0, high: 0 }]),
    )
    // The list has all five candidates; item 4 has no price.
    expect(effect.attributes[1]!.before).toEqual({ mean: 25, low: 25, high: 25 })
    expect(effect.categories[0]!.shares[0]!.before.mean).toBe(0.5)
    asked.describe(
      { numbers: [{ name: 'none', values: new Float64Array(6).fill(NaN) }], texts: [] },
      { numbers: [], texts: [] },
    )
    const described = await asked.effect(null, 2, nothing, noStep)
    expect(described.attributes.map(({ id }) => id)).toEqual(['avp@2:popularity'])
    expect(described.categories).toEqual([])
  })

  test('changing nothing changes nothing, and the same question has the same answer', async () => {
    for (const question of [nothing, ones]) {
      const effect = await asked.effect(null, 3, question, noStep)
      expect(effect).toMatchObject({ changedLists: 0, largestScoreChange: 0, noDifference: true })
      const all = [...effect.metrics, ...effect.attributes, ...effect.categories[0]!.shares, effect.coverage]
      for (const { change, before, after } of all) {
        expect(change).toEqual({ mean: 0, low: 0, high: 0 })
        expect(after).toEqual(before)
      }
      expect(effect.jaccard).toEqual({ mean: 1, low: 1, high: 1 })
      expect(effect.rankCorrelation).toEqual({ mean: 1, low: 1, high: 1 })
      expect(effect.entering).toEqual([])
    }
    const first = await asked.effect(null, 3, removed, noStep)
    await asked.effect(null, 5, ones, noStep)
    expect(await asked.effect(null, 3, removed, noStep)).toEqual({ ...first, seconds: expect.any(Number) as number })
  })

  test('the baseline is scored once', async () => {
    await asked.effect(null, 2, removed, noStep)
    const before = scorings
    await asked.effect(null, 2, ones, noStep)
    expect(scorings - before).toBe(1)
  })

  test('held values: of a user, of a group, and by standard deviations', async () => {
    const held = (at: RowIntervention['holds'][number]['at']): RowIntervention => ({
      factors: null,
      holds: [{ node: 1, at }],
    })
    const item3 = async (intervention: RowIntervention): Promise<number> =>
      (await asked.userEffect(0, 4, intervention)).after.find(({ item }) => item === 3)!.score
    // c2 over the users is 2, 5, 1, 5; item 3 has the score 1 + 0.75 · c2.
    expect(await item3(held({ kind: 'user', row: 1 }))).toBeCloseTo(1 + 0.75 * 5, 6)
    expect(await item3(held({ kind: 'mean', rows: Int32Array.of(0, 2) }))).toBeCloseTo(1 + 0.75 * 1.5, 6)
    expect(await item3(held({ kind: 'mean', rows: null }))).toBeCloseTo(1 + 0.75 * 3.25, 6)
    const deviation = Math.sqrt((1.25 ** 2 + 1.75 ** 2 + 2.25 ** 2 + 1.75 ** 2) / 4)
    expect(await item3(held({ kind: 'sd', sd: 0 }))).toBeCloseTo(1 + 0.75 * 3.25, 6)
    expect(await item3(held({ kind: 'sd', sd: -2 }))).toBeCloseTo(1 + 0.75 * (3.25 - 2 * deviation), 5)
    // A user held at its own value.
    expect((await asked.userEffect(0, 4, held({ kind: 'user', row: 0 }))).noDifference).toBe(true)
    // Held, what the edge brings no longer matters.
    const both = { ...held({ kind: 'user', row: 1 }), factors: removed.factors }
    expect(await item3(both)).toBeCloseTo(1 + 0.75 * 5, 6)
  })

  test('one row for each confounder, equal to the single effects', async () => {
    const rows = await asked.perConfounder(null, 2, noStep)
    expect(rows.map(({ node }) => node)).toEqual([0, 1])
    const single = await asked.effect(null, 2, removed, noStep)
    expect(rows[0]!.effect).toEqual({ ...single, seconds: rows[0]!.effect.seconds })
    // c2 acts on nothing.
    expect(rows[1]!.effect.noDifference).toBe(true)
  })

  test('a path explanation adds up, and is what the model is made of', async () => {
    const paths = await asked.paths(1, 3, nothing)
    // c = (2, 1 + 2 · 2): scores 2, 3, 3, 1 + 0.75 · 5, 0, 9, of mean 21.75 / 6. Silent: the base, of mean 19 / 6.
    expect(paths.rank).toBe(1)
    expect(paths.score).toBeCloseTo(4.75 - 21.75 / 6, 6)
    expect(paths.preference).toBeCloseTo(1 - 19 / 6, 6)
    expect(paths.remainder).toBeCloseTo(0, 6)
    // Without the edge c2 is 1, and item 3 has 1.75, of mean 18.75 / 6.
    expect(paths.edges).toEqual([{ from: 0, to: 1, flow: 2.5 }])
    // c1 alone lifts item 2 by 1 and lowers item 0 by 2: the mean falls by 1 / 6. c2 silent: item 3 has 1, of mean 18 / 6.
    const parts = paths.confounders.map(({ flow, own: ofItself, remainder }) => [flow, ofItself, remainder])
    for (const [at, expected] of [1 / 6, 1 / 6, 0, 3.125, 0.625, 0].entries())
      expect(parts.flat()[at]).toBeCloseTo(expected, 6)
    // An edge that the mask removes carries nothing.
    expect((await asked.paths(1, 3, removed)).edges).toEqual([])
  })

  test('unknown users, items, nodes and sizes are refused by name', async () => {
    const refused = { code: 'badRequest' }
    await expect(asked.userEffect(4, 2, nothing)).rejects.toMatchObject(refused)
    await expect(asked.effect(Int32Array.of(), 2, nothing, noStep)).rejects.toMatchObject(refused)
    await expect(asked.effect(Int32Array.of(-1), 2, nothing, noStep)).rejects.toMatchObject(refused)
    await expect(asked.paths(0, 6, nothing)).rejects.toMatchObject(refused)
    await expect(asked.userEffect(0, 2, { factors: [[1]], holds: [] })).rejects.toMatchObject(refused)
    const hold = { node: 1, at: { kind: 'sd', sd: 1 } } as const
    await expect(asked.userEffect(0, 2, { factors: null, holds: [hold, hold] })).rejects.toMatchObject(refused)
    await expect(asked.userEffect(0, 2, { factors: null, holds: [{ ...hold, node: 2 }] })).rejects.toMatchObject(
      refused,
    )
    expect(() =>
      asked.describe({ numbers: [{ name: 'x', values: new Float64Array(5) }], texts: [] }, { numbers: [], texts: [] }),
    ).toThrow('5 items; there are 6')
  })
})

describe('tasks', () => {
  test('a task that is stopped ends with cancelled, others go on', async () => {
    const tasks = new Tasks(() => undefined)
    const stopped = tasks.run('a', (step) => asked.effect(null, 2, removed, step))
    const other = tasks.run('b', (step) => asked.effect(null, 2, removed, step))
    tasks.stop('a')
    await expect(stopped).rejects.toMatchObject({ code: 'cancelled' })
    expect((await other).changedLists).toBe(1)
    // The name is free again, and stopping what has ended does nothing.
    tasks.stop('a')
    expect((await tasks.run('a', (step) => asked.effect(null, 2, removed, step))).changedLists).toBe(1)
  })

  test('a question to a run that is closed meanwhile ends with cancelled', async () => {
    const question = asked.userEffect(1, 2, removed)
    asked.dispose()
    await expect(question).rejects.toMatchObject({ code: 'cancelled' })
  })

  test('progress grows', async () => {
    const seen: number[] = []
    await asked.perConfounder(null, 2, (_, fraction) => {
      seen.push(fraction)
      return Promise.resolve()
    })
    expect(seen.length).toBeGreaterThan(2)
    expect(seen).toEqual([...seen].sort((a, b) => a - b))
    expect(seen.at(-1)).toBeLessThanOrEqual(1)
  })
})
