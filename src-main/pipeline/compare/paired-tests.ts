import { normalTwoSided, studentQuantile, studentTwoSided } from './distributions'

/** What a test of paired differences says; what it does not give is null, and where it cannot be made `note` says why. */
export interface PairedTest {
  pairs: number
  meanDifference: number
  interval: { low: number; high: number } | null
  statistic: number | null
  degreesOfFreedom: number | null
  p: number | null
  note: string | null
}

/** Arithmetic mean; NaN of nothing. */
export function meanOf(values: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]!
  return sum / values.length
}

/** Sample standard deviation (n - 1); null for fewer than two values. */
export function sampleDeviation(values: ArrayLike<number>): number | null {
  if (values.length < 2) return null
  const mean = meanOf(values)
  let squares = 0
  for (let i = 0; i < values.length; i++) squares += (values[i]! - mean) ** 2
  return Math.sqrt(squares / (values.length - 1))
}

/** Differences that vary less than this, as a share of their size, are one number and rounding. */
const rounding = 1e-12

/**
 * Student's paired t test, two-sided, with the interval of the mean difference.
 * @param differences one a pair
 * @param level of the interval
 * @param pair what a pair is, for the notes: `shared seed`, `user`
 */
export function pairedT(differences: ArrayLike<number>, level: number, pair: string): PairedTest {
  const pairs = differences.length
  const meanDifference = pairs === 0 ? 0 : meanOf(differences)
  const none = { pairs, meanDifference, interval: null, statistic: null, degreesOfFreedom: null, p: null }
  if (pairs < 2)
    return { ...none, note: `A paired t test needs 2 ${pair}s; there ${pairs === 1 ? 'is 1' : 'are none'}.` }
  const degreesOfFreedom = pairs - 1
  const deviation = sampleDeviation(differences)!
  if (deviation <= rounding * Math.abs(meanDifference)) {
    if (meanDifference === 0)
      return {
        ...none,
        degreesOfFreedom,
        interval: { low: 0, high: 0 },
        p: 1,
        note: `No ${pair} differs.`,
      }
    return { ...none, degreesOfFreedom, note: `All ${pair}s differ by the same amount: t is not defined.` }
  }
  const error = deviation / Math.sqrt(pairs)
  const statistic = meanDifference / error
  const margin = studentQuantile(level, degreesOfFreedom) * error
  return {
    pairs,
    meanDifference,
    interval: { low: meanDifference - margin, high: meanDifference + margin },
    statistic,
    degreesOfFreedom,
    p: studentTwoSided(statistic, degreesOfFreedom),
    note:
      pairs === 2
        ? `2 ${pair}s leave 1 degree of freedom: only a very large and steady difference can be significant.`
        : null,
  }
}

/** So many pairs at most have their exact distribution computed. */
const mostExactPairs = 25

/**
 * Wilcoxon's signed-rank test, two-sided. Pairs without a difference are left out (Wilcoxon 1945). Exact for up to 25 pairs, over
 * all signs of the ranks as they are tied; otherwise by the normal approximation with the corrections for ties and continuity. The statistic is the smaller sum of ranks.
 * @param differences one a pair
 * @param pair what a pair is, for the notes: `shared seed`, `user`
 */
export function wilcoxonSignedRank(differences: ArrayLike<number>, pair: string): PairedTest {
  const pairs = differences.length
  const meanDifference = pairs === 0 ? 0 : meanOf(differences)
  const result = { pairs, meanDifference, interval: null, statistic: null, degreesOfFreedom: null }
  if (pairs < 2)
    return { ...result, p: null, note: `Wilcoxon's test needs 2 ${pair}s; there ${pairs === 1 ? 'is 1' : 'are none'}.` }
  const { n, smaller, tieTerm, ranks } = signedRanks(differences)
  if (n === 0) return { ...result, p: 1, note: `No ${pair} differs.` }
  if (n <= mostExactPairs) {
    const least = 2 ** (1 - n)
    return {
      ...result,
      statistic: smaller,
      p: exactP(smaller, ranks),
      note:
        least > 0.01 ? `The smallest p that Wilcoxon's test can give over ${n} ${pair}s is ${shortP(least)}.` : null,
    }
  }
  const mean = (n * (n + 1)) / 4
  const variance = (n * (n + 1) * (2 * n + 1)) / 24 - tieTerm / 48
  const distance = Math.max(0, mean - smaller - 0.5)
  return { ...result, statistic: smaller, p: normalTwoSided(distance / Math.sqrt(variance)), note: null }
}

const shortP = (p: number): string => String(Number(p.toPrecision(3)))

/**
 * Number of differences that are not 0, the smaller of the sums of ranks of the positive and the negative ones, the sum of t³ - t
 * over groups of t ties, and all ranks. Positives and negatives are sorted apart and merged, which is fast for many users.
 */
function signedRanks(differences: ArrayLike<number>) {
  const sizes = (sign: 1 | -1): Float64Array =>
    Float64Array.from(
      Array.from(differences)
        .filter((value) => value * sign > 0)
        .map(Math.abs),
    ).sort()
  const positive = sizes(1)
  const negative = sizes(-1)
  const n = positive.length + negative.length
  const ranks = new Float64Array(n)
  let ranksOfPositive = 0
  let tieTerm = 0
  let p = 0
  let q = 0
  while (p + q < n) {
    const size = Math.min(positive[p] ?? Infinity, negative[q] ?? Infinity)
    const before = p + q
    const positiveBefore = p
    while (positive[p] === size) p++
    while (negative[q] === size) q++
    const tied = p + q - before
    const rank = before + (tied + 1) / 2
    ranks.fill(rank, before, p + q)
    ranksOfPositive += (p - positiveBefore) * rank
    tieTerm += tied ** 3 - tied
  }
  return { n, smaller: Math.min(ranksOfPositive, (n * (n + 1)) / 2 - ranksOfPositive), tieTerm, ranks }
}

/** Two-sided p of a sum of ranks among all 2^n signs of the ranks. Ranks of ties are halves: sums are counted in halves. */
function exactP(smaller: number, ranks: Float64Array): number {
  const n = ranks.length
  const most = n * (n + 1)
  // Ways to draw each sum.
  const ways = new Float64Array(most + 1)
  ways[0] = 1
  for (const rank of ranks) for (let sum = most; sum >= 2 * rank; sum--) ways[sum]! += ways[sum - 2 * rank]!
  let below = 0
  for (let sum = 0; sum <= 2 * smaller; sum++) below += ways[sum]!
  return Math.min(1, (2 * below) / 2 ** n)
}

/** Holm's step-down correction (Holm 1979): the p values, corrected, in the given order; null stays null and does not count. */
export function holm(ps: readonly (number | null)[]): (number | null)[] {
  const order = ps
    .map((p, at) => ({ p, at }))
    .filter((entry): entry is { p: number; at: number } => entry.p !== null)
    .sort((a, b) => a.p - b.p)
  const corrected: (number | null)[] = ps.map(() => null)
  let largest = 0
  order.forEach(({ p, at }, rank) => {
    largest = Math.max(largest, Math.min(1, p * (order.length - rank)))
    corrected[at] = largest
  })
  return corrected
}
