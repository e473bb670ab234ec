import { adamOf, backboneShape } from '../../blocks/pairs/pair-params'
import { naiveArchitecture } from '../../blocks/pairs/weighted-errors'
import { pairMethod } from '../../blocks/pairs/pair-method'

/** Neural collaborative filtering (He et al. 2017), fitted to the observed pairs alone: see README.md. */
export const method = pairMethod(
  naiveArchitecture((size, params) => ({ shape: backboneShape(size, params, 'ncf'), options: adamOf(params) })),
)
