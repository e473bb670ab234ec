import { describe, expect, it } from 'vitest'
import { Rng } from '../../tensor/rng'
import reference from '../../../tests/fixtures/bivariate-normal.json'
import { bivariateNdtr, logBivariateNdtr, logBivariateNdtrAndGradient } from './bivariate-normal'
import { logNdtr, ndtr } from './normal'

/** a, b, ρ, log Φ₂ and its derivatives in a, b and ρ */
type Row = [number, number, number, number, number, number, number]
const rows = reference.bivariate as Row[]

const all = (a: number, b: number, rho: number): Float64Array => {
  const out = new Float64Array(4)
  logBivariateNdtrAndGradient(a, b, rho, out)
  return out
}

/** What the rounding of numbers in between may do: where ρ is next to ±1, differences of nearly equal numbers matter over s = √(1 - ρ²). */
const rounding = ([, , rho]: Row): number => 1e-15 / Math.sqrt((1 - rho) * (1 + rho))

/** `count` random triples: arguments over -span … span, correlations over -widest … widest, every fourth pair nearly opposite or equal. */
function* triples(seed: number, count: number, span: number, widest: number): Generator<[number, number, number]> {
  const rng = Rng.seeded(seed)
  for (let i = 0; i < count; i++) {
    const a = span * (2 * rng.uniform() - 1)
    const near = (rng.uniform() < 0.5 ? -1 : 1) * a + 0.2 * (rng.uniform() - 0.5)
    yield [a, i % 4 === 0 ? near : span * (2 * rng.uniform() - 1), widest * (2 * rng.uniform() - 1)]
  }
}

describe('bivariate normal against values computed with 50 digits', () => {
  it('has points far out and next to ρ = ±1', () => {
    expect(rows.length).toBe(363)
    expect(rows.filter(([a, b]) => Math.max(Math.abs(a), Math.abs(b)) >= 30).length).toBe(40)
    expect(rows.filter(([, , rho]) => Math.abs(rho) > 0.9999).length).toBe(32)
  })

  it('gives log Φ₂, and with it the probability', () => {
    for (const row of rows) {
      const [a, b, rho, log] = row
      const got = logBivariateNdtr(a, b, rho)
      expect(Math.abs(got - log), row.join(', ')).toBeLessThan(2e-14 + rounding(row) + 1e-15 * Math.abs(log))
      // Next to log 1 = 0 as well, as far as the reference goes.
      if (log < -1e-15) expect(Math.abs(got / log - 1), row.join(', ')).toBeLessThan(1e-14 + rounding(row))
      expect(Math.abs(Math.exp(got) - Math.exp(log)), row.join(', ')).toBeLessThan(1e-15)
    }
  })

  it('gives the gradient, however small', () => {
    for (const row of rows) {
      const [a, b, rho, , ...gradient] = row
      const got = all(a, b, rho).subarray(1)
      gradient.forEach((wanted, i) => {
        const bound = (3e-14 + rounding(row)) * Math.abs(wanted) + 1e-20
        expect(Math.abs(got[i]! - wanted), row.join(', ')).toBeLessThanOrEqual(bound)
      })
    }
  })
})

describe('bivariate normal', () => {
  it('is the product at ρ = 0', () => {
    for (const [a, b] of triples(1, 500, 40, 0)) {
      const product = logNdtr(a) + logNdtr(b)
      expect(Math.abs(logBivariateNdtr(a, b, 0) - product)).toBeLessThan(1e-13 + 1e-15 * Math.abs(product))
    }
  })

  it('is known at (0, 0): 1/4 + asin ρ / 2π', () => {
    for (const rho of [-0.999, -0.7, -0.2, 0, 0.2, 0.7, 0.999])
      expect(bivariateNdtr(0, 0, rho)).toBeCloseTo(0.25 + Math.asin(rho) / (2 * Math.PI), 14)
  })

  it('is symmetric, and so is its gradient', () => {
    for (const [a, b, rho] of triples(2, 500, 8, 0.999)) {
      const [value, inA, inB, inRho] = all(a, b, rho)
      expect([...all(b, a, rho)]).toEqual([value, inB, inA, inRho])
    }
  })

  it('adds up to the marginal with the other half', () => {
    for (const [a, b, rho] of triples(3, 5000, 8, 0.999)) {
      const whole = bivariateNdtr(a, b, rho) + bivariateNdtr(a, -b, -rho)
      expect(Math.abs(whole / ndtr(a) - 1)).toBeLessThan(1e-12)
    }
  })

  it('grows with ρ, a and b', () => {
    for (const [a, b, rho] of triples(4, 2000, 5, 0.95)) {
      const [value, ...gradient] = all(a, b, rho)
      expect(Math.min(...gradient)).toBeGreaterThan(0)
      // Where it grows by less than a double shows, it may stay.
      const grown = logBivariateNdtr(a, b, rho + 0.02) - value!
      if (gradient[2]! > 1e-9) expect(grown).toBeGreaterThan(0)
      else expect(grown).toBeGreaterThan(-1e-13)
    }
  })

  it('tends to its limits at ρ = ±1', () => {
    for (const [a, b] of [
      [-1, 0.5],
      [0.3, 2],
      [-6, -5],
      [4, -3.5],
    ] as const) {
      expect(logBivariateNdtr(a, b, 1 - 1e-9)).toBeCloseTo(logNdtr(Math.min(a, b)), 12)
      const left = ndtr(a) - ndtr(-b)
      if (left > 0) expect(bivariateNdtr(a, b, -1 + 1e-9) / left).toBeCloseTo(1, 12)
      else expect(logBivariateNdtr(a, b, -1 + 1e-9)).toBeLessThan(-1e7)
    }
  })

  it('has the gradient that differences give', () => {
    for (const [a, b, rho] of triples(5, 2000, 6, 0.95)) {
      const [, ...gradient] = all(a, b, rho)
      const h = 1e-5
      const differences = [
        logBivariateNdtr(a + h, b, rho) - logBivariateNdtr(a - h, b, rho),
        logBivariateNdtr(a, b + h, rho) - logBivariateNdtr(a, b - h, rho),
        logBivariateNdtr(a, b, rho + h) - logBivariateNdtr(a, b, rho - h),
      ]
      differences.forEach((difference, i) => {
        const error = Math.abs(difference / (2 * h) - gradient[i]!)
        expect(error, `${a}, ${b}, ${rho}`).toBeLessThan(1e-6 * (1 + Math.abs(gradient[i]!)))
      })
    }
  })

  it('passes from one way of computing to the next without a step', () => {
    // The ways differ by the signs of ρ, p and q and by q = 1.5. Each line crosses one of them in small steps, over which the value
    // has to change by what the gradient says.
    const lines: [number, number, number][] = [
      [-1, -0.5, 0],
      [-5, -4.9, 0.8],
      [-1, -0.9, 0.9],
      [-2, 1, -0.5],
      [0.5, -0.6, -0.8],
      [1, 1.2, 0.9],
    ]
    const step = [1e-4, -4e-5, 8e-6]
    for (const [a, b, rho] of lines) {
      const at = (i: number): Float64Array => all(a + step[0]! * i, b + step[1]! * i, rho + step[2]! * i)
      let before = at(-10000)
      let worst = 0
      for (let i = -9999; i <= 10000; i++) {
        const after = at(i)
        const change = step.reduce((sum, size, j) => sum + (size * (before[j + 1]! + after[j + 1]!)) / 2, 0)
        worst = Math.max(worst, Math.abs(after[0]! - before[0]! - change))
        before = after
      }
      expect(worst, `${a}, ${b}, ${rho}`).toBeLessThan(1e-11)
    }
  })

  it('stays finite far out and at correlations next to ±1', () => {
    for (const a of [-1e4, -40, -30, 0, 30, 40, 1e4])
      for (const b of [-1e4, -40, -30, 0, 30, 40, 1e4])
        for (const rho of [0, 0.5, 0.999, 1 - 1e-9, 1 - 2 ** -53]) {
          for (const sign of [1, -1]) {
            const [value, ...gradient] = all(a, b, sign * rho)
            expect(value).toBeLessThanOrEqual(0)
            expect(value).toBeGreaterThan(-Infinity)
            for (const part of gradient) {
              expect(part).toBeGreaterThanOrEqual(0)
              expect(part).toBeLessThan(Infinity)
            }
          }
        }
  })

  it('refuses correlations of 1 and more, and hands NaN on', () => {
    expect(() => bivariateNdtr(0, 0, 1)).toThrow('between -1 and 1')
    expect(() => bivariateNdtr(0, 0, -1.5)).toThrow('between -1 and 1')
    for (const got of [all(NaN, 0, 0.5), all(0, NaN, -0.5), all(0, 0, NaN)])
      expect([...got]).toEqual([NaN, NaN, NaN, NaN])
  })
})
