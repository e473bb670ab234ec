import type { ChosenPairs } from '../../method'
import { logBivariateNdtr } from '../../blocks/bivariate-normal'
import { inverseMills, logNdtr } from '../../blocks/normal'
import type { Preference } from '../../blocks/pairs/observed-pairs'
import { continuous, exactBinary, type PairLikelihood } from './likelihood'
import type { Indices } from './towers'

/** The likelihood by quadrature, or in closed form for ratings. */
export const exactLikelihood = (preference: Preference): PairLikelihood =>
  preference === 'binary' ? exactBinary : continuous

/** What pairs that users chose are expected to be worth: of g_r and g_o, which are computed once, a function of ρ alone. */
export class Chosen implements ChosenPairs {
  private readonly out = new Float64Array(4)

  constructor(
    readonly preference: Preference,
    private readonly indices: Indices,
  ) {}

  /** E[y | z > 0] = g_r + ρ φ(g_o)/Φ(g_o), or the log-odds of P(y > 0 | z > 0) = Φ₂(g_o, g_r; ρ) / Φ(g_o). */
  expected(rho: number): Float32Array {
    const { preference, observation } = this.indices
    if (this.preference === 'continuous')
      return preference.map((index, at) => index + rho * inverseMills(observation[at]!))
    return preference.map(
      (index, at) => logBivariateNdtr(observation[at]!, index, rho) - logBivariateNdtr(observation[at]!, -index, -rho),
    )
  }

  logLikelihood(targets: Float32Array, rho: number): number {
    const { preference, observation } = this.indices
    const likelihood = exactLikelihood(this.preference)
    let sum = 0
    for (let at = 0; at < targets.length; at++) {
      likelihood(observation[at]!, preference[at]!, rho, targets[at]!, this.out)
      sum += this.out[0]! - logNdtr(observation[at]!)
    }
    return sum / targets.length
  }
}
