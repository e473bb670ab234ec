import type { ParamValues } from '../../../../src-shared/params/params'
import { inverseBounds } from '../../../pipeline/evaluate/sensitivity'
import { numberParam } from '../training-params'

/** The least and the most that the inverse of a propensity can be under the parameter `sensitivity`; see `inverseBounds`. */
export const inverseRange = (propensity: number, params: ParamValues): readonly [low: number, high: number] =>
  inverseBounds(propensity, numberParam(params, 'sensitivity'))
