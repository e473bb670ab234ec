import { naiveArchitecture } from '../../blocks/pairs/weighted-errors'
import { backbonePlan, pairMethod } from '../../blocks/pairs/pair-method'

/** Neural collaborative filtering (He et al. 2017), fitted to the observed pairs alone: see README.md. */
export const method = pairMethod(naiveArchitecture((size, params) => backbonePlan(size, params, 'ncf')))
