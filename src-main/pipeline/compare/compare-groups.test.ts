import { describe, expect, test } from 'vitest'
import { testKinds } from '../../../src-shared/domain/comparison'
import { Rng } from '../../tensor/rng'
import { compareGroups, type CompareOptions, type MeasuredGroup } from './compare-groups'
import { userDifferences, userIntervals, userMeans } from './user-means'

const noStep = (): Promise<void> => Promise.resolve()

/** A group with one value a seed, and where given values by user of each run. */
const groupOf = (
  key: string,
  values: (number | null)[],
  byUser?: Float32Array[],
  metric = 'ndcg@10',
): MeasuredGroup => ({
  group: {
    key,
    label: key.toUpperCase(),
    method: 'csc',
    params: {},
    datasetHash: 'data',
    splitHash: 'split',
    protocol: 'full-ranking/1',
    runs: values.map((_, seed) => ({ run: `${key}-${seed}`, seed })),
  },
  values: new Map([[metric, values]]),
  byUser: new Map(byUser ? [[metric, byUser]] : []),
})
const compared = async (groups: MeasuredGroup[], change: Partial<CompareOptions> = {}) => {
  const options = { metrics: ['ndcg@10'], baseline: null, level: 0.95, rankable: true, step: noStep, ...change }
  const result = await compareGroups(groups, options)
  return { ...result, metric: result.metrics[0]! }
}
const marks = (cells: { mark: string | null }[]) => cells.map(({ mark }) => mark)

const a = groupOf('a', [0.301, 0.304, 0.299, 0.302, 0.303])
const b = groupOf('b', [0.281, 0.285, 0.28, 0.281, 0.284])
const c = groupOf('c', [0.251, 0.256, 0.249, 0.253, 0.252])

describe('comparing groups', () => {
  test('gives means and sample deviations over the runs that have a value', async () => {
    const { metric } = await compared([groupOf('a', [0.1, null, 0.3]), groupOf('b', [null, null])])
    expect(metric.cells[0]).toMatchObject({ values: [0.1, null, 0.3], mean: 0.2 })
    expect(metric.cells[0]!.sd).toBeCloseTo(Math.SQRT2 / 10, 12)
    expect(metric.cells[1]).toMatchObject({ mean: null, sd: null, interval: null })
  })

  test('tests every pair, corrects over all and marks what is better than all others', async () => {
    const { metric, holm } = await compared([b, a, c])
    const t = metric.tests.filter(({ kind }) => kind === 'paired-t-seeds')
    expect(t.map((test) => [test.a, test.b, test.pairs, test.significant])).toEqual([
      ['b', 'a', 5, true],
      ['b', 'c', 5, true],
      ['a', 'c', 5, true],
    ])
    const largest = t.reduce((most, test) => (test.p! > most.p! ? test : most))
    const smallest = t.reduce((least, test) => (test.p! < least.p! ? test : least))
    expect(smallest.pHolm).toBeCloseTo(3 * smallest.p!, 15)
    expect(largest.pHolm).toBe(Math.max(...t.map(({ pHolm }) => pHolm!)))
    expect(marks(metric.cells)).toEqual(['second', 'best', null])
    expect(metric.cells[1]!.markNote).toMatch(/^Better than every other group: paired t over 5 seeds, Holm p at most /)
    // Wilcoxon over five seeds cannot go below 0.0625.
    const wilcoxon = metric.tests.filter(({ kind }) => kind === 'wilcoxon-seeds')
    expect(wilcoxon.map(({ p, significant }) => [p, significant])).toEqual(Array(3).fill([0.0625, false]))
    expect(holm).toEqual({ comparisons: 3, notice: null })
  })

  test('marks nothing where the first is not shown to be better, and says which test did not show it', async () => {
    const near = groupOf('d', [0.299, 0.306, 0.297, 0.303, 0.301])
    const { metric } = await compared([a, near, c])
    expect(marks(metric.cells)).toEqual([null, null, null])
    expect(metric.cells[0]!.markNote).toMatch(
      /^The highest mean, not marked: no difference from D shown, paired t over 5 seeds, Holm p /,
    )
    expect(metric.cells[1]!.markNote).toBeNull()
  })

  test('marks a best without a second where only the first stands out', async () => {
    const near = groupOf('d', [0.282, 0.284, 0.279, 0.283, 0.285])
    const { metric } = await compared([a, b, near])
    expect(marks(metric.cells).filter(Boolean)).toEqual(['best'])
    expect(metric.cells.map(({ markNote }) => markNote?.slice(0, 26))).toEqual(
      expect.arrayContaining(['The next mean, not marked:']),
    )
  })

  test('goes by the lowest where lower is better, and marks nothing where neither end is', async () => {
    const of = (metric: string) =>
      compared(
        [a, b].map(({ group, values }) => groupOf(group.key, [...values.get('ndcg@10')!], undefined, metric)),
        {
          metrics: [metric],
        },
      )
    expect(marks((await of('gini@10')).metric.cells)).toEqual([null, 'best'])
    const neither = (await of('avp:price@10')).metric
    expect(neither.cells.map(({ mark, markNote }) => [mark, markNote])).toEqual(Array(2).fill([null, null]))
    expect(neither.tests[0]!.significant).toBe(true)
  })

  test('with a baseline tests the others against it, and marks only what these tests allow', async () => {
    const { metric, holm } = await compared([a, b, c], { baseline: 'a' })
    expect(metric.tests.filter(({ kind }) => kind === 'paired-t-seeds').map((test) => [test.a, test.b])).toEqual([
      ['b', 'a'],
      ['c', 'a'],
    ])
    expect(marks(metric.cells)).toEqual(['best', null, null])
    expect(metric.cells[1]!.markNote).toContain('with a baseline, groups are tested against it only')
    expect(holm.comparisons).toBe(2)
  })

  test('tests and marks nothing where the groups do not belong in one ranking', async () => {
    const { metric } = await compared([a, b], { rankable: false })
    expect(metric.tests).toEqual([])
    expect(metric.cells.map(({ mark, markNote }) => [mark, markNote])).toEqual(Array(2).fill([null, null]))
    expect(metric.cells[0]!.mean).toBeCloseTo(0.3018, 12)
  })

  test('pairs runs by their seed, and a mean over other seeds that points the other way marks nothing', async () => {
    // Over the shared seeds b is better; a has one more seed that lifts its mean.
    const more = groupOf('a', [0.28, 0.284, 0.279, 0.281, 0.9])
    const less = groupOf('b', [0.301, 0.3045, 0.3, 0.302])
    const { metric } = await compared([more, less])
    const test = metric.tests.find(({ kind }) => kind === 'paired-t-seeds')!
    expect(test).toMatchObject({ pairs: 4, significant: true })
    expect(test.meanDifference).toBeLessThan(0)
    expect(metric.cells[0]!.mean!).toBeGreaterThan(metric.cells[1]!.mean!)
    expect(marks(metric.cells)).toEqual([null, null])
  })

  test('says so once ten comparisons were made', async () => {
    const metrics = ['ndcg@10', 'ndcg@30', 'recall@10', 'recall@30']
    const groups = [a, b, c].map((group) => ({
      ...group,
      values: new Map(metrics.map((name) => [name, group.values.get('ndcg@10')!])),
    }))
    const { holm } = await compared(groups, { metrics })
    expect(holm.comparisons).toBe(12)
    expect(holm.notice).toBe(
      "12 comparisons were made. If nothing differed at all, about 0.6 of them would still have p below 5 %. Marks and verdicts therefore go by Holm's p, which counts them all; each further metric or group makes it stricter.",
    )
    expect((await compared(groups, { metrics: metrics.slice(0, 3) })).holm.notice).toBeNull()
  })

  test('leaves the tests of too many groups out and says so', async () => {
    const many = Array.from({ length: 70 }, (_, at) => groupOf(`g${at}`, [0.1, 0.2 + at / 100]))
    const { metric, leftOut } = await compared(many)
    expect(metric.tests).toEqual([])
    expect(leftOut).toEqual([
      '70 groups make 2,415 pairs: no tests were made. Choose a baseline, fewer runs or fewer metrics.',
    ])
    expect(metric.cells.at(-1)!.markNote).toContain('no tests were made of so many groups')
    const against = await compared(many, { baseline: 'g0' })
    expect(against.leftOut).toEqual([])
    expect(against.metric.tests.filter(({ kind }) => kind === 'paired-t-seeds')).toHaveLength(69)
  })
})

describe('users', () => {
  const users = 300
  const rng = Rng.seeded(2)
  const noise = (): Float32Array => rng.fillNormal(new Float32Array(users))
  const shared = noise()
  const valuesOf = (mean: number, seeds: number): Float32Array[] =>
    Array.from({ length: seeds }, () => noise().map((value, user) => mean + 0.2 * shared[user]! + 0.02 * value))
  const meanOf = (values: ArrayLike<number>): number =>
    Array.from(values).reduce((sum, value) => sum + value, 0) / values.length
  const measured = (key: string, runs: Float32Array[]): MeasuredGroup => groupOf(key, runs.map(meanOf), runs)

  test('decide where one seed leaves nothing to test, and the note says it', async () => {
    const { metric } = await compared([measured('a', valuesOf(0.3, 1)), measured('b', valuesOf(0.31, 1))])
    expect(metric.tests.map(({ kind, pairs, significant }) => [kind, pairs, significant])).toEqual([
      ['paired-t-seeds', 1, false],
      ['wilcoxon-seeds', 1, false],
      ['paired-t-users', users, true],
      ['wilcoxon-users', users, true],
    ])
    expect(marks(metric.cells)).toEqual([null, 'best'])
    expect(metric.cells[1]!.markNote).toMatch(/^Better than every other group: paired t over 300 users, Holm p/)
    expect(metric.tests.map(({ kind }) => kind)).toEqual([...testKinds])
  })

  test('cannot decide where their values are not stored, and the note says what to do', async () => {
    const { metric } = await compared([groupOf('a', [0.3]), measured('b', valuesOf(0.31, 1))])
    expect(marks(metric.cells)).toEqual([null, null])
    expect(metric.cells[1]!.markNote).toBe(
      'The highest mean, not marked: A paired t test needs 2 shared seeds; there is 1. Without values by user for every group nothing else can decide. Train each group on more seeds.',
    )
  })

  test('have the mean over the runs that have a value for them', () => {
    const none = Number.NaN
    const means = userMeans([Float32Array.of(1, none, none), Float32Array.of(2, 4, none)])
    expect([...means]).toEqual([1.5, 4, none])
    expect([...userDifferences(means, Float64Array.of(1, none, 2))]).toEqual([0.5])
  })

  test('are drawn for intervals about the mean over the runs, the same for all groups', async () => {
    const runs = valuesOf(0.3, 3)
    const moved = runs.map((values) => values.map((value) => value + 0.5))
    const [own, same, other] = await userIntervals([runs, runs, moved], users, 0.95, noStep)
    const means = userMeans(runs)
    const mean = meanOf(means)
    const error = Math.sqrt(means.reduce((sum, value) => sum + (value - mean) ** 2, 0) / users / users)
    expect(own!.low).toBeCloseTo(mean - 1.96 * error, 2)
    expect(own!.high).toBeCloseTo(mean + 1.96 * error, 2)
    expect(own).toMatchObject({ users, resamples: 1000 })
    expect(same).toEqual(own)
    expect(other!.low - own!.low).toBeCloseTo(0.5, 6)
    const [wide] = await userIntervals([runs], users, 0.99, noStep)
    expect(wide!.low).toBeLessThan(own!.low)
  })

  test('without a value in some of the runs count in those where they have one', async () => {
    const [first, second] = valuesOf(0.3, 2) as [Float32Array, Float32Array]
    const holes = second.map((value, user) => (user % 3 === 0 ? Number.NaN : value))
    const [interval, none] = await userIntervals(
      [[first, holes], [new Float32Array(users).fill(Number.NaN)]],
      users,
      0.95,
      noStep,
    )
    const mean = (meanOf(first) + meanOf(holes.filter((value) => !Number.isNaN(value)))) / 2
    expect(interval!.low).toBeLessThan(mean)
    expect(interval!.high).toBeGreaterThan(mean)
    expect(interval!.high - interval!.low).toBeLessThan(0.06)
    expect(none).toBeNull()
  })
})
