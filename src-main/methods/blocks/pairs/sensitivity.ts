import type { ParamValues } from '../../../../src-shared/params/params'
import { numberParam } from '../training-params'

/**
 * The least and the most that the inverse of a propensity can be where unmeasured confounders change the odds of being observed by a factor
 * from 1/Γ to Γ: 1 + (1/p − 1)/Γ and 1 + (1/p − 1) Γ (Ding et al. 2022). Written so that both are 1/p to the bit for Γ = 1.
 */
export function inverseRange(propensity: number, params: ParamValues): readonly [low: number, high: number] {
  const sensitivity = numberParam(params, 'sensitivity')
  const odds = 1 / propensity - 1
  return [1 / propensity + odds * (1 / sensitivity - 1), 1 / propensity + odds * (sensitivity - 1)]
}
