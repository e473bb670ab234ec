import type { Csr, UserFeatures } from '../../../../src-shared/domain/split'
import { checkWidth, Ridge } from '../../blocks/factorisation/features'
import type { WeightedRows } from '../../blocks/factorisation/factors'
import type { NamedArrays } from '../../method'

/** What a user's propensities are regressed on: 1, the logarithm of the number of its exposures, standardised, and its features. */
function covariatesOf(
  exposures: Csr,
  features: UserFeatures | undefined,
  width: number,
  activity: Activity,
): UserFeatures {
  // One that was trained without features goes on without.
  const described = width > 2 ? features : undefined
  if (described) checkWidth(described, width - 2)
  const values = new Float32Array(exposures.rows * width)
  for (let row = 0; row < exposures.rows; row++) {
    const own = values.subarray(row * width, (row + 1) * width)
    own[0] = 1
    own[1] = (Math.log1p(exposures.indptr[row + 1]! - exposures.indptr[row]!) - activity.mean) / activity.deviation
    if (described) own.set(described.values.subarray(row * (width - 2), (row + 1) * (width - 2)), 2)
  }
  return { width, values }
}

/** Mean and standard deviation of log(1 + number of exposures). */
interface Activity {
  mean: number
  deviation: number
}

function activityOf({ indptr }: Csr, users: Int32Array): Activity {
  const logs = Float64Array.from(users, (user) => Math.log1p(indptr[user + 1]! - indptr[user]!))
  const mean = logs.reduce((sum, value) => sum + value, 0) / logs.length
  const variance = logs.reduce((sum, value) => sum + (value - mean) ** 2, 0) / logs.length
  // Users who are all as active tell nothing: their covariate is 0.
  return { mean, deviation: variance > 1e-12 ? Math.sqrt(variance) : 1 }
}

/**
 * Probabilities of exposure by a linear regression of the 0/1 exposures of each item on its users' covariates, kept above a floor, and the
 * weights made of them.
 */
export class Propensities {
  private constructor(
    /** [covariates × items] row-major. */
    private readonly coefficients: Float32Array,
    private readonly items: number,
    /** Mean and deviation of the activity, the least propensity, and what makes the mean weight over all exposures of the training 1. */
    private readonly numbers: Float32Array,
  ) {}

  /**
   * @param exposures of the users that are learned from, the other rows empty, with ratings as weights
   * @param clip the least propensity, as a multiple of the mean one
   */
  static estimate(exposures: WeightedRows, beside: Csr['beside'], users: Int32Array, clip: number): Propensities {
    const { cols, indptr, indices } = exposures
    const activity = activityOf(exposures, users)
    const width = 2 + (beside?.features?.width ?? 0)
    const covariates = covariatesOf(exposures, beside?.features, width, activity)
    const sums = new Float64Array(width)
    const products = new Float64Array(width * cols)
    const counts = new Float64Array(cols)
    for (const user of users) {
      const own = covariates.values.subarray(user * width, (user + 1) * width)
      own.forEach((value, i) => (sums[i]! += value))
      for (let at = indptr[user]!; at < indptr[user + 1]!; at++) {
        const item = indices[at]!
        counts[item]!++
        for (let i = 0; i < width; i++) products[i * cols + item]! += own[i]!
      }
    }
    // The ridge is towards each item's own rate, not towards 0.
    const ridge = new Ridge(covariates, users)
    const coefficients = new Float32Array(width * cols)
    const column = new Float64Array(width)
    for (let item = 0; item < cols; item++) {
      const rate = counts[item]! / users.length
      for (let i = 0; i < width; i++) column[i] = products[i * cols + item]! - rate * sums[i]!
      ridge.solve(column)
      for (let i = 0; i < width; i++) coefficients[i * cols + item] = column[i]! + (i === 0 ? rate : 0)
    }
    const total = indptr[exposures.rows]!
    const floor = (clip * total) / (users.length * cols)
    const numbers = Float32Array.of(activity.mean, activity.deviation, floor, 1)
    const propensities = new Propensities(coefficients, cols, numbers)
    const sum = propensities.weigh(exposures, beside).weights.reduce((all, weight) => all + weight, 0)
    numbers[3] = total / sum
    return propensities
  }

  /** From what `lent` gave. */
  static from(coefficients: Float32Array, items: number, numbers: Float32Array): Propensities {
    return new Propensities(coefficients, items, numbers)
  }

  lent(): NamedArrays {
    const { coefficients, items, numbers } = this
    return {
      propensity: { shape: [coefficients.length / items, items], data: coefficients },
      numbers: { shape: [numbers.length], data: numbers },
    }
  }

  /** The exposures with the weights r/p, of mean 1 over all exposures of the training. @param beside what is known of these users */
  weigh(exposures: WeightedRows, beside: Csr['beside']): WeightedRows & { weights: Float32Array } {
    const scale = this.numbers[3]!
    const weights = this.probabilities(exposures, beside).map(
      (p, at) => (scale * (exposures.weights ? exposures.weights[at]! : 1)) / p,
    )
    return { ...exposures, weights }
  }

  /** What propensities the exposures have, in words. */
  describe(exposures: WeightedRows, beside: Csr['beside']): string {
    const ascending = this.probabilities(exposures, beside).sort()
    const at = (share: number): string => ascending[Math.floor(share * (ascending.length - 1))]!.toPrecision(2)
    const floored = ascending.filter((p) => p === this.numbers[2]!).length / ascending.length
    return `Propensities of the exposures: ${at(0.1)}, ${at(0.5)} and ${at(0.9)} at 10, 50 and 90 %; ${(100 * floored).toFixed(0)} % are at the least, ${this.numbers[2]!.toPrecision(2)}.`
  }

  /** Propensities of the exposures, in their order, within the least one and 1. */
  private probabilities(exposures: WeightedRows, beside: Csr['beside']): Float32Array {
    const { coefficients, items } = this
    const [mean, deviation, floor] = [...this.numbers.subarray(0, 3)] as [number, number, number]
    const width = coefficients.length / items
    const covariates = covariatesOf(exposures, beside?.features, width, { mean, deviation })
    const found = new Float32Array(exposures.indices.length)
    for (let row = 0; row < exposures.rows; row++)
      for (let at = exposures.indptr[row]!; at < exposures.indptr[row + 1]!; at++) {
        const item = exposures.indices[at]!
        let p = 0
        for (let i = 0; i < width; i++) p += coefficients[i * items + item]! * covariates.values[row * width + i]!
        found[at] = Math.min(1, Math.max(p, floor))
      }
    return found
  }
}
