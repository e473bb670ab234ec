import { describe, expect, it } from 'vitest'
import type { EpochPoint } from '../../../src-shared/domain/run'
import { settingKey, settingsOf, type SearchSpace } from '../../../src-shared/experiment/search-space'
import type { ParamValues } from '../../../src-shared/params/params'
import { hopelessAt, objectiveCurve } from './early-termination'
import { propose } from './propose'
import type { Tried } from './tpe'

type Strategy = 'grid' | 'random' | 'tpe'

/** The trials of a whole search of a function. */
function search(
  strategy: Strategy,
  space: SearchSpace,
  trials: number,
  seed: number,
  value: (params: ParamValues) => number | null,
): Tried[] {
  const tried: Tried[] = []
  for (;;) {
    const params = propose({ strategy, seed }, space, trials, tried)
    if (!params) return tried
    tried.push({ params, value: value(params) })
  }
}

const mixed: SearchSpace = [
  { key: 'rate', kind: 'range', min: 1e-5, max: 1, log: true, step: null },
  { key: 'dropout', kind: 'range', min: 0, max: 0.9, log: false, step: null },
  { key: 'units', kind: 'range', min: 1, max: 300, log: true, step: 1 },
  { key: 'variant', kind: 'list', values: ['a', 'b', 'c', 'd'] },
]
/** Best, with 0, at rate 0.001, dropout 0.3, 40 units, variant c. */
const known = ({ rate, dropout, units, variant }: ParamValues): number =>
  -(
    (Math.log10(Number(rate)) + 3) ** 2 +
    8 * (Number(dropout) - 0.3) ** 2 +
    Math.log10(Number(units) / 40) ** 2 +
    (variant === 'c' ? 0 : 0.5)
  )
const bestOf = (tried: Tried[]): number => Math.max(...tried.map(({ value }) => value ?? -Infinity))

describe('the search by TPE', () => {
  it('finds more than random search with the same budget', () => {
    const seeds = Array.from({ length: 40 }, (_, seed) => seed)
    const byTpe = seeds.map((seed) => bestOf(search('tpe', mixed, 50, seed, known)))
    const byChance = seeds.map((seed) => bestOf(search('random', mixed, 50, seed, known)))
    const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
    // Both are below 0, the best there is: what remains to be found is a third less on average, and less on most seeds.
    expect(mean(byTpe)).toBeGreaterThan((mean(byChance) * 2) / 3)
    expect(seeds.filter((seed) => byTpe[seed]! > byChance[seed]!).length).toBeGreaterThan(26)
  })

  it('begins at random, as random search does with its seed', () => {
    const tpe = search('tpe', mixed, 10, 3, known)
    expect(tpe).toEqual(search('random', mixed, 10, 3, known))
  })

  it('keeps away from what failed', () => {
    const space: SearchSpace = [{ key: 'rate', kind: 'range', min: 0, max: 1, log: false, step: null }]
    const tried = search('tpe', space, 60, 1, ({ rate }) => (Number(rate) > 0.5 ? null : 1 - Number(rate)))
    const failedAfter = (from: number, to: number): number =>
      tried.slice(from, to).filter(({ value }) => value === null).length
    expect(failedAfter(0, 10)).toBeGreaterThan(2)
    expect(failedAfter(30, 60)).toBeLessThanOrEqual(3)
  })
})

describe.each<Strategy>(['random', 'tpe'])('the search by %s', (strategy) => {
  it('proposes the same with the same seed, wherever it is taken up again, and other settings with another', () => {
    const whole = search(strategy, mixed, 30, 5, known)
    expect(search(strategy, mixed, 30, 5, known)).toEqual(whole)
    for (const at of [0, 7, 12, 29])
      expect(propose({ strategy, seed: 5 }, mixed, 30, whole.slice(0, at))).toEqual(whole[at]!.params)
    expect(search(strategy, mixed, 30, 6, known)).not.toEqual(whole)
  })

  it('stays in its ranges, on its steps, and tries nothing twice', () => {
    const space: SearchSpace = [
      { key: 'x', kind: 'range', min: 0.1, max: 0.75, log: false, step: 0.2 },
      { key: 'n', kind: 'range', min: 1, max: 8, log: true, step: 1 },
      { key: 'flag', kind: 'list', values: [true, false] },
    ]
    expect(settingsOf(space)).toBe(4 * 8 * 2)
    const tried = search(strategy, space, 1000, 2, ({ x, n }) => Number(x) * Number(n))
    expect(new Set(tried.map(({ params }) => settingKey(space, params))).size).toBe(64)
    expect(tried).toHaveLength(64)
    expect(new Set(tried.map(({ params }) => params.x))).toEqual(new Set([0.1, 0.3, 0.5, 0.7]))
    expect(new Set(tried.map(({ params }) => params.n))).toEqual(new Set([1, 2, 3, 4, 5, 6, 7, 8]))
  })

  it('draws evenly on a logarithmic scale', () => {
    const rates = Array.from({ length: 400 }, (_, seed) => {
      const { rate } = propose({ strategy, seed }, mixed, 1, [])!
      return Number(rate)
    })
    // Five decades: a fifth of the draws each.
    for (let decade = -5; decade < 0; decade++) {
      const share = rates.filter((rate) => Math.floor(Math.log10(rate)) === decade).length / rates.length
      expect(share).toBeGreaterThan(0.13)
      expect(share).toBeLessThan(0.27)
    }
  })
})

describe('the search by grid', () => {
  const space: SearchSpace = [
    { key: 'a', kind: 'list', values: [1, 2, 3] },
    { key: 'b', kind: 'list', values: ['x', 'y'] },
  ]

  it('tries every setting once, in order', () => {
    const tried = search('grid', space, 6, 0, () => 0)
    expect(tried.map(({ params }) => settingKey(space, params))).toEqual([
      '[1,"x"]',
      '[1,"y"]',
      '[2,"x"]',
      '[2,"y"]',
      '[3,"x"]',
      '[3,"y"]',
    ])
  })

  it('larger than the budget is sampled without repetition, by the seed', () => {
    const keys = (seed: number): string[] =>
      search('grid', space, 4, seed, () => 0).map(({ params }) => settingKey(space, params))
    expect(new Set(keys(0)).size).toBe(4)
    expect(keys(0)).toEqual(keys(0))
    expect(keys(0)).not.toEqual(keys(1))
  })
})

describe('the median rule', () => {
  const finished = [
    [0.1, 0.2, 0.3, 0.3, 0.3, 0.4],
    [0.1, 0.1, 0.1, 0.2, 0.2, 0.5],
    [0.2, 0.2, 0.2, 0.4, 0.5, 0.5],
    // Ended after its third epoch: its last value goes on.
    [0.1, 0.3, 0.4],
  ]

  it('ends a trial at the first epoch, from the fifth on, at which it lies below the median', () => {
    // Best values by epoch 5: 0.3, 0.2, 0.5, 0.4; their median is 0.35. By epoch 6: 0.4, 0.5, 0.5, 0.4; 0.45.
    expect(hopelessAt([0, 0, 0, 0, 0.34, 0.9], finished)).toEqual({ epoch: 5, median: 0.35, trials: 4 })
    expect(hopelessAt([0, 0, 0, 0, 0.36, 0.4], finished)).toEqual({ epoch: 6, median: 0.45, trials: 4 })
    expect(hopelessAt([0, 0.46, 0, 0, 0, 0], finished)).toBeNull()
    expect(hopelessAt([0, 0, 0, 0], finished)).toBeNull()
  })

  it('gives a trial that only equals the median its chance', () => {
    const same = [0.3, 0.3, 0.3, 0.3, 0.3]
    expect(hopelessAt(same, [same, same, same, same])).toBeNull()
  })

  it('waits for four finished trials', () => {
    expect(hopelessAt([0, 0, 0, 0, 0, 0], finished.slice(0, 3))).toBeNull()
  })

  it('goes by the objective of the weights that would be kept', () => {
    const points: EpochPoint[] = [
      { epoch: 1, seconds: 1, values: { loss: 3 } },
      { epoch: 2, seconds: 1, values: { 'ndcg@10': 0.2, 'recall@10': 0.5 } },
      { epoch: 3, seconds: 1, values: { 'ndcg@10': 0.3, 'recall@10': 0.4 } },
      { epoch: 4, seconds: 1, values: { 'ndcg@10': 0.1, 'recall@10': 0.9 } },
    ]
    expect(objectiveCurve(points, 'recall@10')).toEqual([NaN, 0.5, 0.4, 0.4])
    expect(objectiveCurve(points, 'ndcg@10')).toEqual([NaN, 0.2, 0.3, 0.3])
  })

  it('goes by AUC among rated items where a training on pairs reports no NDCG', () => {
    const points: EpochPoint[] = [
      { epoch: 1, seconds: 1, values: { ratedAuc: 0.6, 'ratedNdcg@5': 0.5 } },
      { epoch: 2, seconds: 1, values: { ratedAuc: 0.7, 'ratedNdcg@5': 0.4 } },
      { epoch: 3, seconds: 1, values: { ratedAuc: 0.5, 'ratedNdcg@5': 0.9 } },
    ]
    expect(objectiveCurve(points, 'ratedNdcg@5')).toEqual([0.5, 0.4, 0.4])
    expect(objectiveCurve(points, 'ratedAuc')).toEqual([0.6, 0.7, 0.7])
  })
})
