import { backbonePlan, pairMethod } from '../../blocks/pairs/pair-method'
import { naiveArchitecture } from '../../blocks/pairs/weighted-errors'

/** Matrix factorisation with biases (Koren et al. 2009), fitted to the observed pairs alone: see README.md. */
export const method = pairMethod(naiveArchitecture((size, params) => backbonePlan(size, params, 'mf')))
