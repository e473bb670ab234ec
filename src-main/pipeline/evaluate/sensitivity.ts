import { CausewayError } from '../../../src-shared/contract/errors'
import type { SensitivityPoint } from '../../../src-shared/domain/selection'

/**
 * The least and the most that the inverse of a propensity can be where unmeasured confounders change the odds of being observed by a factor
 * from 1/Γ to Γ: 1 + (1/p − 1)/Γ and 1 + (1/p − 1) Γ (Ding et al. 2022). Written so that both are 1/p to the bit for Γ = 1.
 */
export function inverseBounds(propensity: number, gamma: number): readonly [low: number, high: number] {
  const odds = 1 / propensity - 1
  return [1 / propensity + odds * (1 / gamma - 1), 1 / propensity + odds * (gamma - 1)]
}

/** How two models differ on the pairs that were observed. */
export interface WeightedDifferences {
  /** By pair: the error of the one less that of the other. */
  differences: Float64Array
  /** By pair: the probability with which it came to be observed, in (0, 1]. */
  propensities: Float64Array
  /** What Σ_O w·d is divided by for the mean over all pairs. */
  allPairs: number
}

/** @throws CausewayError `badRequest` where there is no pair, or a propensity is outside (0, 1] */
export function checkDifferences({ differences, propensities }: WeightedDifferences): void {
  if (differences.length === 0) throw new CausewayError('badRequest', 'No pair was observed: there is no difference.')
  const wrong = propensities.find((p) => !(p > 0 && p <= 1))
  if (wrong !== undefined || propensities.length !== differences.length)
    throw new CausewayError(
      'badRequest',
      `The propensities of ${differences.length} pairs have to be as many, above 0 and up to 1.`,
      { pairs: differences.length, propensities: propensities.length, wrong },
    )
}

/**
 * The ends of the weighted difference over all weights that Γ admits, pair by pair within `inverseBounds`.
 *
 * IPS, Σ w·d / |D|, is linear in every weight: its largest value takes the high weight where d > 0 and the low one elsewhere. SNIPS,
 * Σ w·d / Σ w, is the quotient of two linear functions: at its largest value t every weight is high where d > t and low where d < t. So it
 * is the largest of the values that have the high weights for the k largest d, over all k.
 */
export class SensitivityBounds {
  /** Descending, with the low and the high weight of each. */
  private readonly sorted: Float64Array
  private readonly odds: Float64Array
  private readonly allPairs: number

  /** @throws CausewayError `badRequest`; see `checkDifferences` */
  constructor(given: WeightedDifferences) {
    checkDifferences(given)
    const { differences, propensities, allPairs } = given
    const order = Uint32Array.from(differences, (_, at) => at).sort((a, b) => differences[b]! - differences[a]!)
    this.sorted = Float64Array.from(order, (at) => differences[at]!)
    this.odds = Float64Array.from(order, (at) => 1 / propensities[at]! - 1)
    this.allPairs = allPairs
  }

  at(gamma: number): SensitivityPoint {
    const { sorted, odds } = this
    const count = sorted.length
    let [ipsLow, ipsHigh] = [0, 0]
    // With every weight low, and with every weight high.
    let [lowSum, lowWeight, highSum, highWeight] = [0, 0, 0, 0]
    for (let at = 0; at < count; at++) {
      const d = sorted[at]!
      const low = 1 + odds[at]! / gamma
      const high = 1 + odds[at]! * gamma
      ipsLow += d * (d > 0 ? low : high)
      ipsHigh += d * (d > 0 ? high : low)
      lowSum += d * low
      lowWeight += low
      highSum += d * high
      highWeight += high
    }
    let snipsHigh = lowSum / lowWeight
    let snipsLow = highSum / highWeight
    for (let at = 0; at < count; at++) {
      const d = sorted[at]!
      const spread = odds[at]! * (gamma - 1 / gamma)
      // The k largest have the high weights …
      lowSum += d * spread
      lowWeight += spread
      snipsHigh = Math.max(snipsHigh, lowSum / lowWeight)
      // … and for the smallest value the low ones.
      highSum -= d * spread
      highWeight -= spread
      snipsLow = Math.min(snipsLow, highSum / highWeight)
    }
    return {
      gamma,
      ips: { low: ipsLow / this.allPairs, high: ipsHigh / this.allPairs },
      snips: { low: snipsLow, high: snipsHigh },
    }
  }

  /**
   * The smallest Γ at which the interval contains 0; Infinity where none does. Σ w·d decides for IPS and SNIPS alike, as weights are positive. For a
   * negative difference the largest Σ w·d is (Σ d) + Γ · Σ_{d>0} o·d + (1/Γ) · Σ_{d<0} o·d with o = 1/p − 1, which rises with Γ; it is 0 at the
   * root of a quadratic.
   */
  flip(): number {
    let [sum, positive, negative] = [0, 0, 0]
    this.sorted.forEach((d, at) => {
      sum += d
      if (d > 0) positive += d * this.odds[at]!
      else negative += d * this.odds[at]!
    })
    const difference = sum + positive + negative
    if (difference === 0) return 1
    return Math.max(1, difference < 0 ? largerRoot(positive, sum, negative) : largerRoot(-negative, -sum, -positive))
  }
}

/** The root of aΓ² + bΓ + c = 0 that is not negative, for a ≥ 0 and c ≤ 0; Infinity where a·Γ + b stays below 0. */
function largerRoot(a: number, b: number, c: number): number {
  const root = Math.sqrt(b * b - 4 * a * c)
  // The sum of what has one sign, so that nothing cancels.
  return b > 0 ? (-2 * c) / (b + root) : a === 0 ? Infinity : (root - b) / (2 * a)
}
