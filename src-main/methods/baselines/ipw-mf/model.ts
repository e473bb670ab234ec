import type { ParamValues } from '../../../../src-shared/params/params'
import { ratedExposures, wantedOf } from '../../blocks/factorisation/interactions'
import {
  activeRows,
  fitWeighted,
  interactionsToLearn,
  loadWeighted,
  type Weigh,
} from '../../blocks/factorisation/weighted-factorisation'
import { numberParam } from '../../blocks/training-params'
import { checkedArrays } from '../../../tensor/named-arrays'
import type { Method } from '../../method'
import { Propensities } from './propensity'

const weighBy =
  (propensities: Propensities, params: ParamValues): Weigh =>
  (rows) =>
    wantedOf(propensities.weigh(ratedExposures(rows), rows.beside), rows, params)

/** IPW-MF: a weighted factorisation whose exposures count r/p; see README.md for the decisions. */
export const method: Method = {
  async fit(context) {
    const { split, params, report } = context
    const learned = interactionsToLearn(split, ratedExposures(split.train))
    const users = activeRows(learned)
    const propensities = Propensities.estimate(learned, split.train.beside, users, numberParam(params, 'clip'))
    report.log('info', propensities.describe(learned, split.train.beside))
    return fitWeighted(context, 'ipw-mf-fit', weighBy(propensities, params), propensities.lent())
  },

  load(saved, params, items) {
    const width = saved['propensity']?.shape[0] ?? 0
    const { propensity, numbers } = checkedArrays(saved, {
      propensity: { shape: [width, items] },
      numbers: { shape: [4] },
    })
    const propensities = Propensities.from(propensity.data as Float32Array, items, numbers.data as Float32Array)
    return loadWeighted(saved, params, items, weighBy(propensities, params), propensities.lent())
  },
}
