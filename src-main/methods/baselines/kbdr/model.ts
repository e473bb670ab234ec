import { doublyRobustArchitecture } from '../../blocks/pairs/doubly-robust'
import { pairMethod } from '../../blocks/pairs/pair-method'
import { kernelBalancedPropensities } from './kernel-weights'

/** Doubly robust learning with kernel-balanced weights (Li et al. 2024): see README.md. */
export const method = pairMethod(
  doublyRobustArchitecture({ imputationWeight: (p) => 1 / p, learned: kernelBalancedPropensities }),
)
