import { describe, expect, it } from 'vitest'
import { Rng } from '../../tensor/rng'
import { bivariateNdtr, logBivariateNdtr } from './bivariate-normal'
import { monteCarloOrthant } from './monte-carlo-orthant'
import { ndtr } from './normal'

const estimate = (outer: number, inner: number, rho: number, samples: Float32Array | Float64Array): Float64Array => {
  const out = new Float64Array(3)
  monteCarloOrthant(outer, inner, rho, samples, out)
  return out
}

const draw = (rng: Rng, count: number): Float32Array => rng.fillNormal(new Float32Array(count))

describe('Monte Carlo orthant probability', () => {
  it('is the formula of the paper', () => {
    const samples = Float64Array.of(0.2, -0.6, 1.1, -2)
    const s = Math.sqrt(1 - 0.6 ** 2)
    const mean = (ndtr((-0.3 + 0.6 * 0.2) / s) + ndtr((-0.3 + 0.6 * 1.1) / s)) / 4
    expect(estimate(-0.3, 0.5, 0.6, samples)[0]).toBeCloseTo(Math.log(mean), 14)
  })

  it.each([
    [0.3, -0.5, 0.6],
    [-0.8, 0.4, -0.7],
    [0.2, 1, 0],
    [-1, 0.5, 0.95],
  ])('comes to the exact value at the rate 1 / √L: outer %f, inner %f, ρ %f', (outer, inner, rho) => {
    const rng = Rng.seeded(3)
    const exact = bivariateNdtr(outer, inner, rho)
    /** Root mean square error of 400 estimates */
    const error = (count: number): number => {
      let sum = 0
      for (let i = 0; i < 400; i++) sum += (Math.exp(estimate(outer, inner, rho, draw(rng, count))[0]!) - exact) ** 2
      return Math.sqrt(sum / 400)
    }
    const errors = [100, 1600].map(error)
    // 16 times the samples: a quarter of the error. Each of the two is known to 1 / √800 = 3.5 %.
    expect(errors[0]! / errors[1]!).toBeGreaterThan(3.4)
    expect(errors[0]! / errors[1]!).toBeLessThan(4.7)
    // No term is above 1, and none below 0.
    expect(errors[0]).toBeLessThan(0.5 / Math.sqrt(100))
  })

  it('shares its samples between y > 0 and y ≤ 0, so that neither is negative', () => {
    const rng = Rng.seeded(4)
    for (let i = 0; i < 300; i++) {
      const [outer, inner, rho] = [6 * rng.normal(), rng.normal(), 1.98 * rng.uniform() - 0.99]
      const samples = draw(rng, 50)
      const passing = samples.filter((sample) => sample > -inner).length
      if (passing === 0) continue
      const positive = estimate(outer, inner, rho, samples)
      const negative = estimate(-outer, inner, -rho, samples)
      expect(Math.exp(positive[0]!) + Math.exp(negative[0]!)).toBeCloseTo(passing / 50, 13)
      expect(Math.min(positive[0]!, negative[0]!)).toBeGreaterThan(-Infinity)
    }
  })

  it('has the gradient that differences give, with and without samples that pass', () => {
    const rng = Rng.seeded(5)
    let without = 0
    for (let i = 0; i < 500; i++) {
      const [outer, inner, rho] = [2 * rng.normal(), 2 * rng.normal() - 1, 1.8 * rng.uniform() - 0.9]
      const samples = draw(rng, 20)
      if (samples.every((sample) => sample <= -inner)) without++
      const [, inOuter, inRho] = estimate(outer, inner, rho, samples)
      const at = (o: number, r: number): number => estimate(o, inner, r, samples)[0]!
      const h = 1e-6
      const wanted = [
        (at(outer + h, rho) - at(outer - h, rho)) / (2 * h),
        (at(outer, rho + h) - at(outer, rho - h)) / (2 * h),
      ]
      expect(Math.abs(inOuter! - wanted[0]!)).toBeLessThan(1e-6 * (1 + Math.abs(wanted[0]!)))
      expect(Math.abs(inRho! - wanted[1]!)).toBeLessThan(1e-6 * (1 + Math.abs(wanted[1]!)))
    }
    expect(without).toBeGreaterThan(50)
  })

  it('is usable where no sample passes: finite and near the exact value', () => {
    const samples = draw(Rng.seeded(6), 100)
    for (const inner of [-5, -8, -40])
      for (const outer of [-2, 0, 2])
        for (const rho of [-0.5, 0, 0.5]) {
          const [value, inOuter, inRho] = estimate(outer, inner, rho, samples)
          expect(Math.abs(value! - logBivariateNdtr(outer, inner, rho))).toBeLessThan(0.2)
          expect(inOuter).toBeGreaterThan(0)
          expect(Number.isFinite(inRho)).toBe(true)
        }
  })

  it('does not underflow where every term does', () => {
    const samples = draw(Rng.seeded(7), 100)
    const [value, inOuter, inRho] = estimate(-60, 1, 0.9, samples)
    expect(value).toBeLessThan(-700)
    expect(value).toBeGreaterThan(-Infinity)
    expect(inOuter).toBeGreaterThan(60)
    expect(Number.isFinite(inRho)).toBe(true)
  })
})
