import { doublyRobustArchitecture } from '../../blocks/pairs/doubly-robust'
import { pairMethod } from '../../blocks/pairs/pair-method'
import { inverseRange } from '../../blocks/pairs/sensitivity'

/** Benchmarked robust deconfounder with doubly robust learning (Ding et al. 2022): see README.md. */
export const method = pairMethod(
  doublyRobustArchitecture({ imputationWeight: (p) => 1 / p, inverseRange, isBenchmarked: true }),
)
