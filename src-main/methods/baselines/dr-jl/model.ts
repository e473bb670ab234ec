import { doublyRobustArchitecture } from '../../blocks/pairs/doubly-robust'
import { pairMethod } from '../../blocks/pairs/pair-method'

/** Doubly robust joint learning (Wang et al. 2019): see README.md. */
export const method = pairMethod(doublyRobustArchitecture({ imputationWeight: (propensity) => 1 / propensity }))
