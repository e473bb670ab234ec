import { describe, expect, it } from 'vitest'
import { Rng } from '../../tensor/rng'
import reference from '../../../tests/fixtures/bivariate-normal.json'
import { inverseMills, logNdtr, logNdtrAndSlope, millsRatio, ndtr, normalPdf } from './normal'

/** |value / wanted - 1|, 0 where both are 0. */
const relative = (value: number, wanted: number): number => (value === wanted ? 0 : Math.abs(value / wanted - 1))

describe('normal distribution against values computed with 50 digits', () => {
  it.each(reference.normal as [number, number, number][])('log Φ and its slope at %f', (x, log, slope) => {
    const out = new Float64Array(2)
    logNdtrAndSlope(x, out)
    expect(relative(logNdtr(x), log)).toBeLessThan(5e-15)
    expect(relative(inverseMills(x), slope)).toBeLessThan(5e-15)
    expect([...out]).toEqual([logNdtr(x), inverseMills(x)])
    if (x > -37) expect(relative(ndtr(x), Math.exp(log))).toBeLessThan(2e-13)
    if (x > -37) expect(relative(normalPdf(x), slope * Math.exp(log))).toBeLessThan(2e-13)
  })
})

describe('normal distribution', () => {
  it('adds up to one with its mirror image', () => {
    const rng = Rng.seeded(1)
    for (let i = 0; i < 1000; i++) {
      const x = 16 * rng.uniform() - 8
      expect(ndtr(x) + ndtr(-x)).toBeCloseTo(1, 15)
    }
  })

  it('has a Mills ratio that follows its differential equation, M′ = tM - 1', () => {
    for (const t of [0.1, 0.7, 2, 5, 11]) {
      const slope = (millsRatio(t + 1e-4) - millsRatio(t - 1e-4)) / 2e-4
      expect(slope).toBeCloseTo(t * millsRatio(t) - 1, 8)
    }
  })

  it('goes on to the ends of the number line', () => {
    expect([ndtr(-50), ndtr(50), normalPdf(1e200), normalPdf(-Infinity)]).toEqual([0, 1, 0, 0])
    expect([logNdtr(Infinity), logNdtr(-Infinity), inverseMills(Infinity)]).toEqual([-0, -Infinity, 0])
    expect(inverseMills(-1e150)).toBe(1e150)
    expect([ndtr(NaN), logNdtr(NaN), inverseMills(NaN), normalPdf(NaN)]).toEqual([NaN, NaN, NaN, NaN])
  })
})
