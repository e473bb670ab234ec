import { doublyRobustArchitecture } from '../../blocks/pairs/doubly-robust'
import { pairMethod } from '../../blocks/pairs/pair-method'
import { numberParam } from '../../blocks/training-params'

/** Weight of an observed pair of propensity p in the imputation loss: that of the bias and that of the variance, mixed. */
export const mixedWeight = (p: number, biasShare: number): number =>
  (biasShare * (1 - p) ** 2) / p ** 3 + ((1 - biasShare) * (1 - p)) / p ** 2

/** Doubly robust learning that controls bias and variance (Dai et al. 2022): see README.md. */
export const method = pairMethod(
  doublyRobustArchitecture({ imputationWeight: (p, params) => mixedWeight(p, numberParam(params, 'biasShare')) }),
)
