import { pairMethod } from '../../blocks/pairs/pair-method'
import { adamOf, backboneShape } from '../../blocks/pairs/pair-params'
import { inverseWeightedArchitecture } from '../../blocks/pairs/weighted-errors'

/** Self-normalised inverse propensity scoring (Swaminathan & Joachims 2015, Schnabel et al. 2016): see README.md. */
export const snips = inverseWeightedArchitecture(
  (size, params) => ({ shape: backboneShape(size, params), options: adamOf(params) }),
  (weights) => weights.reduce((sum, weight) => sum + weight, 0),
)

export const method = pairMethod(snips)
