import { describe, expect, test } from 'vitest'
import { normalTwoSided, studentQuantile, studentTwoSided } from './distributions'
import { holm, pairedT, sampleDeviation, wilcoxonSignedRank } from './paired-tests'

/** Expected values are those of SciPy 1.17.1. */
const relative = (value: number | null, expected: number, within = 1e-10): void =>
  expect(Math.abs(value! / expected - 1), `${value} against ${expected}`).toBeLessThan(within)

describe('distributions', () => {
  test("the tails of Student's t are those of scipy.stats.t", () => {
    relative(studentTwoSided(-2.5, 4), 2 * 0.03338327240599407)
    relative(studentTwoSided(40, 5), 2 * 9.205981085886477e-8)
    relative(studentTwoSided(2, 6000), 2 * 0.0227726299641021)
    relative(studentTwoSided(12, 6000), 2 * 4.207522546118496e-33)
    expect(studentTwoSided(0, 7)).toBe(1)
  })

  test("the quantiles of Student's t are those of scipy.stats.t", () => {
    relative(studentQuantile(0.95, 4), 2.7764451051977934)
    relative(studentQuantile(0.95, 6000), 1.9603594414930101)
    relative(studentQuantile(0.999, 1), 636.6192487687897)
  })

  test('the tails of the normal distribution do not vanish', () => {
    relative(normalTwoSided(1.96), 0.04999579029644087)
    relative(normalTwoSided(-3), 0.0026997960632601866)
    relative(normalTwoSided(8), 1.244192114854348e-15)
    relative(normalTwoSided(30), 9.813427854295816e-198)
    expect(normalTwoSided(0)).toBeCloseTo(1, 12)
  })
})

describe('the paired t test', () => {
  const differences = [0.2925 - 0.2961, 0.2981 - 0.301, 0.2893 - 0.2961, 0.294 - 0.2952, 0.2955 - 0.3043]

  test('gives what scipy.stats.ttest_rel gives', () => {
    const { pairs, statistic, degreesOfFreedom, p, interval, meanDifference } = pairedT(differences, 0.95, 'pair')
    expect({ pairs, degreesOfFreedom }).toEqual({ pairs: 5, degreesOfFreedom: 4 })
    relative(meanDifference, -0.00466)
    relative(statistic, -3.384640654671886)
    relative(p, 0.02766656008763619)
    relative(interval!.low, -0.008482631561304115)
    relative(interval!.high, -0.0008373684386959032)
  })

  test('of two pairs says that it has one degree of freedom', () => {
    const { p, interval, note } = pairedT([0.3 - 0.32, 0.31 - 0.34], 0.95, 'pair')
    relative(p, 0.1256659163780024)
    relative(interval!.high, 0.03853102368087351)
    expect(note).toContain('1 degree of freedom')
  })

  test('is not made where it says nothing', () => {
    expect(pairedT([0.1], 0.95, 'pair')).toMatchObject({ p: null, note: 'A paired t test needs 2 pairs; there is 1.' })
    expect(pairedT([], 0.95, 'pair')).toMatchObject({ p: null, meanDifference: 0 })
    expect(pairedT([0.1, 0.1, 0.1], 0.95, 'pair')).toMatchObject({ p: null, degreesOfFreedom: 2 })
    expect(pairedT([0, 0], 0.95, 'pair')).toMatchObject({ p: 1, note: 'No pair differs.' })
  })
})

describe("Wilcoxon's signed-rank test", () => {
  test.each([
    ['five pairs of one sign', [-0.0036, -0.0029, -0.0068, -0.0012, -0.0088], 0, 0.0625],
    ['eight pairs', [1.5, -0.5, 2.25, 3.0, -1.0, 4.0, 0.75, 5.0], 4, 0.0546875],
    ['25 pairs', Array.from({ length: 25 }, (_, i) => (i + 1) * (i % 4 === 0 ? -1 : 1)), 91, 0.055070459842681885],
    ['ties and zeros', [1, 1, -1, 2, 2, -3, 4, 0, 0, 5, -2, 6, 7, -1, 3], 19.5, 0.075439453125],
    ['30 pairs', Array.from({ length: 30 }, (_, i) => (i + 1) * (i % 3 === 0 ? -1 : 1)), 145, 0.07354309334531801],
    [
      '30 pairs with ties',
      Array.from({ length: 30 }, (_, i) => (((i * 7) % 13) + 1) * (i % 3 === 0 ? -1 : 1)),
      163,
      0.15556271107197872,
    ],
  ])('gives what scipy.stats.wilcoxon gives for %s', (_, differences, statistic, p) => {
    const test = wilcoxonSignedRank(differences, 'pair')
    expect(test.statistic).toBe(statistic)
    relative(test.p, p)
  })

  test('says what p it can reach at best', () => {
    const { p, note } = wilcoxonSignedRank([0.1, 0.2, 0.3], 'pair')
    expect(p).toBe(0.25)
    expect(note).toBe("The smallest p that Wilcoxon's test can give over 3 pairs is 0.25.")
    expect(wilcoxonSignedRank([1, 2, 3, 4, 5, 6, 7, 8], 'pair').note).toBeNull()
  })

  test('is not made where it says nothing', () => {
    expect(wilcoxonSignedRank([0.1], 'pair')).toMatchObject({ p: null })
    expect(wilcoxonSignedRank([0, 0, 0], 'pair')).toMatchObject({ p: 1, note: 'No pair differs.' })
  })
})

test("Holm's correction steps down, never below an earlier one, never above one", () => {
  // By hand: 0.01 × 4, 0.02 × 3, 0.03 × 2 (kept at 0.06), 0.5 × 1.
  expect(holm([0.02, 0.5, 0.01, null, 0.03])).toEqual([0.06, 0.5, 0.04, null, 0.06])
  expect(holm([0.6, 0.7])).toEqual([1, 1])
  expect(holm([])).toEqual([])
})

test('the sample standard deviation divides by n - 1', () => {
  expect(sampleDeviation([2, 4, 4, 4, 5, 5, 7, 9])).toBeCloseTo(Math.sqrt(32 / 7), 12)
  expect(sampleDeviation([1])).toBeNull()
})
