import { pairMethod } from '../../blocks/pairs/pair-method'
import { adamOf, backboneShape } from '../../blocks/pairs/pair-params'
import { inverseWeightedArchitecture } from '../../blocks/pairs/weighted-errors'

/** Inverse propensity scoring (Schnabel et al. 2016, Eq. 10): see README.md. */
export const method = pairMethod(
  inverseWeightedArchitecture(
    (size, params) => ({ shape: backboneShape(size, params), options: adamOf(params) }),
    (weights) => weights.length,
  ),
)
