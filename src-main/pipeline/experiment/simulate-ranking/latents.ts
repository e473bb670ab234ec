import type { UserFeatures } from '../../../../src-shared/domain/split'
import { Rng } from '../../../tensor/rng'
import { principalDirection } from '../../intervene/statistics'

/** What users are: confounders, preferences, and the noise of what is known of them. */
export interface Latent {
  /** c, [factors]: what exposes items, and is a part of the preferences. */
  confounders: Float64Array
  /** θ = γ c + (1 - γ) n with n standard normal. */
  preferences: Float64Array
  /** Standard normal, for the features. */
  noise: Float64Array
  /** What else is drawn of the user comes from here. */
  rng: Rng
}

/** Features that users have, where there are as many factors. */
const widest = 10

/**
 * The latent variables of every user, c ~ N(0, I). Each user has a generator of its own, so that a user can be drawn again in any order and
 * to the same bits. One seed has the same c, n and noise at every γ.
 */
export class Latents {
  private readonly seeds: Uint32Array

  constructor(
    readonly users: number,
    readonly factors: number,
    private readonly gamma: number,
    rng: Rng,
  ) {
    this.seeds = Uint32Array.from({ length: users }, () => rng.uint32())
  }

  of(user: number): Latent {
    const rng = Rng.seeded(this.seeds[user]!)
    const normals = (): Float64Array => Float64Array.from({ length: this.factors }, () => rng.normal())
    const confounders = normals()
    const preferences = normals().map((own, k) => this.gamma * confounders[k]! + (1 - this.gamma) * own)
    return { confounders, preferences, noise: normals(), rng }
  }

  /** θ + γ_b c, which ratings follow from, [factors]. */
  rated({ confounders, preferences }: Latent, gammaB: number): Float64Array {
    return preferences.map((own, k) => own + gammaB * confounders[k]!)
  }

  /**
   * The first principal components, at most ten, of θ + ε over all users, ε ~ N(0, variance I), each of mean 0 and standard deviation 1
   * (Eq. 10: λ_u⁻¹ is the variance).
   */
  features(variance: number): UserFeatures {
    const { users, factors } = this
    const spread = Math.sqrt(variance)
    const seen = new Float32Array(users * factors)
    for (let user = 0; user < users; user++) {
      const { preferences, noise } = this.of(user)
      for (let k = 0; k < factors; k++) seen[user * factors + k] = preferences[k]! + spread * noise[k]!
    }
    const means = new Float64Array(factors)
    seen.forEach((value, at) => (means[at % factors]! += value / users))
    const covariance = new Float64Array(factors ** 2)
    for (let user = 0; user < users; user++) {
      const own = seen.subarray(user * factors, (user + 1) * factors)
      for (let i = 0; i < factors; i++)
        for (let j = 0; j <= i; j++)
          covariance[i * factors + j]! += ((own[i]! - means[i]!) * (own[j]! - means[j]!)) / users
    }
    for (let i = 0; i < factors; i++)
      for (let j = 0; j < i; j++) covariance[j * factors + i] = covariance[i * factors + j]!
    const width = Math.min(widest, factors)
    const values = new Float32Array(users * width)
    for (let component = 0; component < width; component++) {
      const { direction, deviation } = principalDirection(covariance, factors)
      // Without what lies along it, the next direction is the first.
      for (let i = 0; i < factors; i++)
        for (let j = 0; j < factors; j++) covariance[i * factors + j]! -= deviation ** 2 * direction[i]! * direction[j]!
      for (let user = 0; user < users; user++) {
        let sum = 0
        for (let k = 0; k < factors; k++) sum += (seen[user * factors + k]! - means[k]!) * direction[k]!
        values[user * width + component] = deviation > 0 ? sum / deviation : 0
      }
    }
    return { width, values }
  }
}
