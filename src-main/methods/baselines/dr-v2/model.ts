import { balancedPropensities } from '../../blocks/pairs/balanced-propensity'
import { doublyRobustArchitecture } from '../../blocks/pairs/doubly-robust'
import { pairMethod } from '../../blocks/pairs/pair-method'

/** Doubly robust learning with balanced propensities (Li et al. 2023): see README.md. */
export const method = pairMethod(
  doublyRobustArchitecture({ imputationWeight: (p) => 1 / p, learned: balancedPropensities }),
)
