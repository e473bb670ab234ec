import { describe, expect, test } from 'vitest'
import { Rng } from '../../tensor/rng'
import { loggedEstimates, type LoggedErrors } from './logged-estimates'

describe('estimates from logged pairs', () => {
  test('worked out by hand', () => {
    const { naive, ips, snips, dr } = loggedEstimates({
      errors: [1, 4],
      propensities: [0.5, 0.25],
      pairs: 10,
      imputed: { observed: [2, 3], sum: 20 },
    })
    // 1/p: 2 and 4. IPS (2 + 16) / 10; SNIPS 18 / 6; DR (20 + (1 - 2) 2 + (4 - 3) 4) / 10.
    expect([naive, ips, snips, dr!].map(({ value }) => value)).toEqual([2.5, 1.8, 3, 2.2])
    // √Σ (1 - p) (e - 2.5)² / 2; √Σ (1 - p) (e / p)² / 10; √Σ (1 - p) ((e - 3) / p)² / 6; √Σ (1 - p) ((e - ê) / p)² / 10.
    expect(naive.standardError).toBeCloseTo(Math.sqrt(0.5 * 2.25 + 0.75 * 2.25) / 2, 12)
    expect(ips.standardError).toBeCloseTo(Math.sqrt(0.5 * 4 + 0.75 * 256) / 10, 12)
    expect(snips.standardError).toBeCloseTo(Math.sqrt(0.5 * 16 + 0.75 * 16) / 6, 12)
    expect(dr!.standardError).toBeCloseTo(Math.sqrt(0.5 * 4 + 0.75 * 16) / 10, 12)
  })

  test('of everything observed are all the mean, without an error', () => {
    const whole = { errors: [1, 2, 6], propensities: [1, 1, 1], pairs: 3, imputed: { observed: [0, 9, 4], sum: 13 } }
    for (const estimate of Object.values(loggedEstimates(whole)))
      expect(estimate).toEqual({ value: 3, standardError: 0 })
  })

  test('without imputed errors have no doubly robust one', () =>
    expect(loggedEstimates({ errors: [1], propensities: [0.5], pairs: 2, imputed: null }).dr).toBeNull())

  test.each<[string, Partial<LoggedErrors>, RegExp]>([
    ['no pair', { errors: [], propensities: [] }, /No pair was observed/],
    ['other lengths', { propensities: [0.5] }, /do not fit/],
    ['fewer pairs than observed', { pairs: 1 }, /do not fit/],
    ['imputed of other pairs', { imputed: { observed: [1], sum: 1 } }, /do not fit/],
    ['a propensity of 0', { propensities: [0.5, 0] }, /propensity of pair 1 is 0\./],
    ['a propensity above 1', { propensities: [1.5, 0.5] }, /propensity of pair 0 is 1\.5\./],
    ['a propensity that is no number', { propensities: [0.5, NaN] }, /propensity of pair 1 is NaN\./],
  ])('are refused for %s', (_, wrong, message) =>
    expect(() =>
      loggedEstimates({ errors: [1, 2], propensities: [0.5, 0.5], pairs: 9, imputed: null, ...wrong }),
    ).toThrow(expect.objectContaining({ code: 'badRequest', message: expect.stringMatching(message) as string })),
  )
})

/** Pairs whose errors are small where they are likely to be observed, drawn anew again and again. */
describe('in a simulation where the truth is known', () => {
  const pairs = 2000
  const draws = 400
  const rng = Rng.seeded(7)
  const errors = Float64Array.from({ length: pairs }, () => rng.uniform() * 2)
  const propensities = errors.map((error) => 0.6 - 0.27 * error)
  const truth = errors.reduce((sum, error) => sum + error, 0) / pairs

  type Estimates = ReturnType<typeof loggedEstimates>
  /** The mean, spread and mean standard error of each estimator over the draws. */
  function simulate(given: (at: number) => number, imputedOf: (at: number) => number) {
    const drawing = Rng.seeded(8)
    const sum = errors.reduce((total, _, at) => total + imputedOf(at), 0)
    const found: Estimates[] = Array.from({ length: draws }, () => {
      const seen = [...errors.keys()].filter((at) => drawing.uniform() < propensities[at]!)
      return loggedEstimates({
        errors: seen.map((at) => errors[at]!),
        propensities: seen.map(given),
        pairs,
        imputed: { observed: seen.map(imputedOf), sum },
      })
    })
    const of = (id: keyof Estimates) => {
      const values = found.map((estimates) => estimates[id]!.value)
      const mean = values.reduce((total, value) => total + value, 0) / draws
      const sd = Math.sqrt(values.reduce((total, value) => total + (value - mean) ** 2, 0) / (draws - 1))
      const standardError = found.reduce((total, estimates) => total + estimates[id]!.standardError, 0) / draws
      // How far the mean of so many draws may lie from what it estimates.
      return { mean, sd, standardError, tolerance: (4 * sd) / Math.sqrt(draws) }
    }
    return { naive: of('naive'), ips: of('ips'), snips: of('snips'), dr: of('dr') }
  }
  const trueP = (at: number): number => propensities[at]!
  const rough = (at: number): number => 0.8 * errors[at]! + 0.3

  test('the naive mean is biased by what it is; IPS and DR are right, SNIPS nearly', () => {
    const { naive, ips, snips, dr } = simulate(trueP, rough)
    const total = propensities.reduce((sum, p) => sum + p, 0)
    const limit = errors.reduce((sum, error, at) => sum + error * propensities[at]!, 0) / total
    expect(limit).toBeLessThan(truth - 0.2)
    expect(Math.abs(naive.mean - limit)).toBeLessThan(naive.tolerance)
    expect(Math.abs(ips.mean - truth)).toBeLessThan(ips.tolerance)
    expect(Math.abs(dr.mean - truth)).toBeLessThan(dr.tolerance)
    expect(Math.abs(snips.mean - truth)).toBeLessThan(snips.tolerance + 0.01)
    expect(dr.sd).toBeLessThan(ips.sd)
  })

  test('standard errors are how far the estimates spread', () => {
    for (const { sd, standardError } of Object.values(simulate(trueP, rough)))
      expect(standardError / sd).toBeGreaterThan(0.85)
    for (const { sd, standardError } of Object.values(simulate(trueP, rough)))
      expect(standardError / sd).toBeLessThan(1.15)
  })

  test('DR is right with wrong propensities where the imputed errors are, and IPS is not', () => {
    const { ips, dr } = simulate(
      () => 0.2,
      (at) => errors[at]!,
    )
    expect(dr.mean).toBeCloseTo(truth, 9)
    expect(Math.abs(ips.mean - truth)).toBeGreaterThan(0.2)
  })

  test('DR with both wrong is wrong', () => {
    const { dr } = simulate(() => 0.2, rough)
    expect(Math.abs(dr.mean - truth)).toBeGreaterThan(5 * dr.tolerance)
  })

  test('SNIPS needs the propensities up to a factor only', () => {
    const { ips, snips } = simulate((at) => propensities[at]! / 2, rough)
    expect(Math.abs(snips.mean - truth)).toBeLessThan(snips.tolerance + 0.01)
    expect(Math.abs(ips.mean - 2 * truth)).toBeLessThan(ips.tolerance)
  })
})
