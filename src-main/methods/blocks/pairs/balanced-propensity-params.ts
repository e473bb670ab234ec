import type { SeriesInfo } from '../../../../src-shared/domain/method'
import type { ParamSpec } from '../../../../src-shared/params/params'
import { propensitySeries } from './pair-params'

/** How much propensities are to balance. */
export const balanceWeightParam = (): ParamSpec => ({
  key: 'balanceWeight',
  type: 'number',
  label: 'Balance weight',
  help: 'How much the propensities are learned to balance predictions of observed and other pairs, against how well they tell which pairs are observed. 0: not at all.',
  default: 1,
  min: 0,
  max: 1000,
  basic: true,
})

/** What learned propensities minimise, as series. */
export const balancedPropensitySeries: SeriesInfo[] = [
  propensitySeries,
  {
    id: 'imbalance',
    label: 'Imbalance',
    help: 'Squared difference of the mean prediction over observed and over other pairs, both weighted by inverse propensity: how far from balance.',
    group: 'objective',
  },
]
