import { pairMethod } from '../../blocks/pairs/pair-method'
import { inverseWeightedArchitecture } from '../../blocks/pairs/weighted-errors'

/** Self-normalised inverse propensity scoring (Swaminathan & Joachims 2015, Schnabel et al. 2016): see README.md. */
export const snips = inverseWeightedArchitecture((weights) => weights.reduce((sum, weight) => sum + weight, 0))

export const method = pairMethod(snips)
