import { doublyRobustArchitecture } from '../../blocks/pairs/doubly-robust'
import { pairMethod } from '../../blocks/pairs/pair-method'
import { targetedCorrection } from './targeting'

/** Targeted doubly robust joint learning (Li et al. 2023): see README.md. */
export const method = pairMethod(
  doublyRobustArchitecture({ imputationWeight: (p) => 1 / p, correction: targetedCorrection }),
)
