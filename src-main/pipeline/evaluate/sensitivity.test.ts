import { describe, expect, test } from 'vitest'
import { Rng } from '../../tensor/rng'
import { inverseBounds, SensitivityBounds } from './sensitivity'

const of = (differences: number[], propensities: number[], allPairs = 50) =>
  new SensitivityBounds({
    differences: Float64Array.from(differences),
    propensities: Float64Array.from(propensities),
    allPairs,
  })

/** Both estimates at every corner of the box of admissible weights: the extremes of both are at corners. */
function byBruteForce(differences: number[], propensities: number[], allPairs: number, gamma: number) {
  const ips: number[] = []
  const snips: number[] = []
  for (let corner = 0; corner < 2 ** differences.length; corner++) {
    const weights = propensities.map((p, at) => inverseBounds(p, gamma)[(corner >> at) & 1]!)
    const sum = differences.reduce((total, d, at) => total + d * weights[at]!, 0)
    ips.push(sum / allPairs)
    snips.push(sum / weights.reduce((total, w) => total + w, 0))
  }
  const ends = (values: number[]) => ({ low: Math.min(...values), high: Math.max(...values) })
  return { ips: ends(ips), snips: ends(snips) }
}

/** Differences of either sign, some of them equal, some 0, and propensities up to 1. */
function drawn(seed: number): { differences: number[]; propensities: number[] } {
  const rng = Rng.seeded(seed)
  const size = 1 + rng.integer(9)
  return {
    differences: Array.from({ length: size }, () => (rng.uniform() < 0.3 ? rng.integer(3) - 1 : rng.normal())),
    propensities: Array.from({ length: size }, () => (rng.uniform() < 0.2 ? 1 : 0.01 + 0.98 * rng.uniform())),
  }
}

describe('the ends of the weighted difference', () => {
  test('by hand: d = -1 and 2, p = 1/2 both, at Γ = 3', () => {
    // Inverse weights lie between 4/3 and 4.
    const { ips, snips } = of([-1, 2], [0.5, 0.5], 10).at(3)
    expect(ips.low).toBeCloseTo((-4 + 8 / 3) / 10, 12)
    expect(ips.high).toBeCloseTo((-4 / 3 + 8) / 10, 12)
    expect(snips.low).toBeCloseTo((-4 + 8 / 3) / (16 / 3), 12)
    expect(snips.high).toBeCloseTo((-4 / 3 + 8) / (16 / 3), 12)
  })

  test.each([1, 1.3, 2, 7, 100])('are those of the best and the worst corner, at Γ = %f', (gamma) => {
    for (let seed = 0; seed < 60; seed++) {
      const { differences, propensities } = drawn(seed)
      const found = of(differences, propensities).at(gamma)
      const wanted = byBruteForce(differences, propensities, 50, gamma)
      for (const kind of ['ips', 'snips'] as const) {
        expect(found[kind].low).toBeCloseTo(wanted[kind].low, 10)
        expect(found[kind].high).toBeCloseTo(wanted[kind].high, 10)
      }
    }
  })

  test('are one at Γ = 1, and move apart', () => {
    const bounds = of([0.3, -0.2, 0.1], [0.1, 0.4, 0.9])
    const one = bounds.at(1)
    expect(one.ips.low).toBeCloseTo(one.ips.high, 14)
    expect(one.snips.low).toBeCloseTo(one.snips.high, 14)
    const [two, three] = [bounds.at(2), bounds.at(3)]
    for (const kind of ['ips', 'snips'] as const) {
      expect(two[kind].low).toBeLessThan(one[kind].low)
      expect(three[kind].low).toBeLessThan(two[kind].low)
      expect(three[kind].high).toBeGreaterThan(two[kind].high)
    }
  })
})

describe('the flip point', () => {
  /** The smallest Γ whose interval has 0 in it, by bisection of either band. */
  function byBisection(bounds: SensitivityBounds, kind: 'ips' | 'snips'): number {
    const isIn = (gamma: number): boolean => {
      const { low, high } = bounds.at(gamma)[kind]
      return low <= 1e-15 && high >= -1e-15
    }
    let [low, high] = [1, 1e6]
    if (isIn(low)) return 1
    if (!isIn(high)) return Infinity
    while (high - low > 1e-9 * high) {
      const middle = (low + high) / 2
      if (isIn(middle)) high = middle
      else low = middle
    }
    return high
  }

  test('is where the band of IPS, and that of SNIPS, reaches 0', () => {
    const found: number[] = []
    for (let seed = 0; seed < 80; seed++) {
      const { differences, propensities } = drawn(seed)
      const bounds = of(differences, propensities)
      const flip = bounds.flip()
      found.push(flip)
      for (const kind of ['ips', 'snips'] as const) {
        const wanted = byBisection(bounds, kind)
        if (wanted === Infinity) expect(flip).toBe(Infinity)
        else expect(flip / wanted).toBeCloseTo(1, 6)
      }
    }
    // All kinds were among them.
    expect(found).toContain(Infinity)
    expect(found.filter((flip) => flip > 1 && flip < 20).length).toBeGreaterThan(20)
  })

  test('by hand: d = -1 and 1/2, p = 1/2 both: Σ w·d = (1 + Γ)/2 − 1 − 1/Γ', () =>
    expect(of([-1, 0.5], [0.5, 0.5]).flip()).toBeCloseTo((1 + Math.sqrt(9)) / 2, 12))

  test('is 1 without a difference, and nowhere where all differences have one sign', () => {
    expect(of([0, 0], [0.5, 0.1]).flip()).toBe(1)
    expect(of([-1, -2], [0.5, 0.1]).flip()).toBe(Infinity)
    expect(of([1, 2, 0], [0.5, 0.1, 1]).flip()).toBe(Infinity)
  })

  test('of pairs that are sure to be observed is nowhere: their weights are known', () =>
    expect(of([-3, 1], [1, 1]).flip()).toBe(Infinity))
})

test.each([
  [[], []],
  [[1], [0]],
  [[1], [1.1]],
  [[1], [NaN]],
  [[1, 2], [0.5]],
])('differences %j with propensities %j are refused', (differences, propensities) =>
  expect(() => of(differences, propensities)).toThrow(expect.objectContaining({ code: 'badRequest' })),
)
