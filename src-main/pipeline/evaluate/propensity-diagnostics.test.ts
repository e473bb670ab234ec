import { describe, expect, test } from 'vitest'
import { propensityDiagnosticsSchema } from '../../../src-shared/domain/propensity'
import { Rng } from '../../tensor/rng'
import { propensityDiagnostics, type PredictedPropensities } from './propensity-diagnostics'

const of = (observed: number[], drawn: [p: number, observed: number][], more: Partial<PredictedPropensities> = {}) =>
  propensityDiagnostics({
    observed: Float32Array.from(observed),
    sample: { propensities: Float32Array.from(drawn, ([p]) => p), observed: drawn.map(([, seen]) => seen) },
    pairs: 100,
    floor: 0.1,
    ...more,
  })
const drawn: [number, number][] = [
  [0.5, 1],
  [0.25, 0],
]

describe('weights', () => {
  test('1/p of 2, 2 and 8: effective size 12² / 72, one at the floor', () =>
    expect(of([0.5, 0.5, 0.125], drawn, { floor: 0.125 }).weights).toEqual({
      pairs: 3,
      effective: 2,
      effectiveShare: 2 / 3,
      largest: 8,
      floor: 0.125,
      clippedShare: 1 / 3,
    }))

  test('equal ones are worth their number; a floor that is no float32 still has what was clipped to it', () => {
    const { effective, effectiveShare, clippedShare } = of(Array<number>(7).fill(0.1), drawn).weights
    expect(effective).toBeCloseTo(7, 12)
    expect(effectiveShare).toBeCloseTo(1, 12)
    expect(clippedShare).toBe(1)
    expect(of([0.2, 0.1001], drawn).weights.clippedShare).toBe(0)
  })
})

describe('calibration', () => {
  test('ten bins of equal counts by ascending prediction, whatever the order', () => {
    // Predictions 1/64 to 20/64, in pairs; every second pair was observed.
    const sample = Array.from({ length: 20 }, (_, at): [number, number] => [(at + 1) / 64, at % 2])
    const { bins, error } = of([0.5], sample).calibration
    expect(bins).toHaveLength(10)
    expect(bins[0]).toEqual({ pairs: 2, predicted: 1.5 / 64, observed: 0.5 })
    expect(bins[9]).toEqual({ pairs: 2, predicted: 19.5 / 64, observed: 0.5 })
    expect(error).toBeCloseTo(0.5 - 10.5 / 64, 12)
    expect(of([0.5], sample.toReversed()).calibration).toEqual({ bins, error })
  })

  test('equal predictions share a bin', () => {
    const sample = Array.from({ length: 40 }, (_, at): [number, number] => [at < 30 ? 0.25 : 0.5, at % 4 === 0 ? 1 : 0])
    const { bins, error } = of([0.5], sample).calibration
    // 0, 4, …, 28 of the first thirty; 32 and 36 of the last ten.
    expect(bins).toEqual([
      { pairs: 30, predicted: 0.25, observed: 8 / 30 },
      { pairs: 10, predicted: 0.5, observed: 0.2 },
    ])
    expect(error).toBeCloseTo((30 * (8 / 30 - 0.25) + 10 * 0.3) / 40, 12)
  })

  test('of true probabilities has a small error, of doubled ones their size', () => {
    const rng = Rng.seeded(3)
    const sample = Array.from({ length: 20_000 }, (): [number, number] => {
      const p = 0.02 + 0.3 * rng.uniform()
      return [p, rng.uniform() < p ? 1 : 0]
    })
    expect(of([0.5], sample).calibration.error).toBeLessThan(0.015)
    const doubled = sample.map(([p, seen]): [number, number] => [2 * p, seen])
    expect(of([0.5], doubled).calibration.error).toBeCloseTo(0.17, 1)
  })
})

describe('overlap', () => {
  test('counts both in common bins on a log scale, and what lies below everything observed', () => {
    const sample: [number, number][] = [
      [0.001, 0],
      [0.005, 0],
      [0.02, 0],
      [1, 0],
      [0.5, 1],
    ]
    const { edges, observed, unobserved, unsupportedShare } = of([0.0101, 0.5, 1], sample).overlap
    expect(edges).toHaveLength(31)
    expect(edges[0]).toBeCloseTo(-3, 6)
    expect(edges[30]).toBe(0)
    // Ten bins a decade: 0.0101 lies in the eleventh, 0.5 lies 0.301 below the end; 1 is the end of the last.
    expect(observed.flatMap((count, bin) => (count > 0 ? [[bin, count]] : []))).toEqual([
      [10, 1],
      [26, 1],
      [29, 1],
    ])
    expect(unobserved.reduce((sum, count) => sum + count, 0)).toBe(4)
    expect(unobserved[0]).toBe(1)
    expect(unobserved[29]).toBe(1)
    expect(unsupportedShare).toBe(0.5)
  })

  test('of one propensity is one bin; without an unobserved pair nothing is said of them', () => {
    expect(of([0.25, 0.25], [[0.25, 1]]).overlap).toEqual({
      edges: [Math.log10(0.25), Math.log10(0.25)],
      observed: [2],
      unobserved: [0],
      unsupportedShare: null,
    })
  })
})

test('the mean prediction stands beside the density; all of it fits its schema and is the same again', () => {
  const found = of([0.5, 0.25, 0.125], drawn)
  expect(found).toMatchObject({ meanPredicted: 0.375, density: 0.03 })
  expect(propensityDiagnosticsSchema.parse(found)).toEqual(found)
  expect(of([0.5, 0.25, 0.125], drawn)).toEqual(found)
})

test.each<[string, () => unknown, RegExp]>([
  ['nothing observed', () => of([], drawn), /cannot be judged/],
  ['nothing drawn', () => of([0.5], []), /cannot be judged/],
  ['more observed than there is', () => of([0.5, 0.5], drawn, { pairs: 1 }), /cannot be judged/],
  ['a propensity of 0', () => of([0], drawn), /A propensity is 0\./],
  ['one above 1 in the sample', () => of([0.5], [[1.5, 1]]), /A propensity is 1\.5\./],
  ['one that is no number', () => of([NaN], drawn), /A propensity is NaN\./],
])('is refused for %s', (_, judge, message) =>
  expect(judge).toThrow(
    expect.objectContaining({ code: 'badRequest', message: expect.stringMatching(message) as string }),
  ),
)
