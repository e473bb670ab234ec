import { pairMethod } from '../../blocks/pairs/pair-method'
import { inverseWeightedArchitecture } from '../../blocks/pairs/weighted-errors'

/** Inverse propensity scoring (Schnabel et al. 2016, Eq. 10): see README.md. */
export const method = pairMethod(inverseWeightedArchitecture((weights) => weights.length))
