import { logBivariateNdtrAndGradient } from '../../blocks/bivariate-normal'
import { monteCarloOrthant } from '../../blocks/monte-carlo-orthant'
import { logNdtrAndSlope } from '../../blocks/normal'

/**
 * The log-likelihood of single pairs under z = g_o + U_O, y = g_r + U_R, (U_O, U_R) standard normal of correlation ρ; a pair is observed where
 * z > 0. All functions write to `out`: the value, its derivatives in g_o, g_r and ρ.
 */
export type PairLikelihood = (
  observation: number,
  preference: number,
  rho: number,
  target: number,
  out: Float64Array,
) => void

const scratch = new Float64Array(4)

/** log P(z > 0, y > 0) or log P(z > 0, y ≤ 0) of an observed pair, by quadrature. @param target whether y > 0: 1 or 0 */
export const exactBinary: PairLikelihood = (observation, preference, rho, target, out) => {
  const sign = target > 0 ? 1 : -1
  logBivariateNdtrAndGradient(observation, sign * preference, sign * rho, out)
  out[2]! *= sign
  out[3]! *= sign
}

/**
 * log f(z > 0, y = target) of an observed pair without its constant log √(2π) (Eq. 9):
 * −(y − g_r)² / 2 + log Φ((g_o + ρ(y − g_r)) / √(1 − ρ²)).
 */
export const continuous: PairLikelihood = (observation, preference, rho, target, out) => {
  const s = Math.sqrt((1 - rho) * (1 + rho))
  const residual = target - preference
  logNdtrAndSlope((observation + rho * residual) / s, scratch)
  const slope = scratch[1]!
  out[0] = -0.5 * residual * residual + scratch[0]!
  out[1] = slope / s
  out[2] = residual - (slope * rho) / s
  out[3] = (slope * (residual + rho * observation)) / (s * s * s)
}

/**
 * The estimate of `exactBinary` from samples with g_r outside of the indicator (Eq. 12): there is no derivative in g_o.
 */
export function monteCarloPreference(samples: Float32Array): PairLikelihood {
  return (observation, preference, rho, target, out) => {
    const sign = target > 0 ? 1 : -1
    monteCarloOrthant(sign * preference, observation, sign * rho, samples, scratch)
    out[0] = scratch[0]!
    out[1] = 0
    out[2] = sign * scratch[1]!
    out[3] = sign * scratch[2]!
  }
}

/** The same with g_o outside of the indicator (Eq. 13): there is no derivative in g_r. */
export function monteCarloObservation(samples: Float32Array): PairLikelihood {
  return (observation, preference, rho, target, out) => {
    const sign = target > 0 ? 1 : -1
    monteCarloOrthant(observation, sign * preference, sign * rho, samples, scratch)
    out[0] = scratch[0]!
    out[1] = scratch[1]!
    out[2] = 0
    out[3] = sign * scratch[2]!
  }
}

/** log P(z ≤ 0) of a pair that is not observed (Eq. 8), and its derivative in g_o: in `out[0]` and `out[1]`. */
export function unobserved(observation: number, out: Float64Array): void {
  logNdtrAndSlope(-observation, out)
  out[1]! *= -1
}
