import { doublyRobustArchitecture } from '../../blocks/pairs/doubly-robust'
import { pairMethod } from '../../blocks/pairs/pair-method'

/**
 * Weight of an observed pair of propensity p in the imputation loss: over what is observed by chance it is ((1 − p)/p)², the square of
 * what e − ê of an observed pair is off by in the estimate, (o − p)/p.
 */
export const biasWeight = (p: number): number => (1 - p) ** 2 / p ** 3

/** Doubly robust learning that controls the bias (Dai et al. 2022): see README.md. */
export const method = pairMethod(doublyRobustArchitecture({ imputationWeight: biasWeight }))
