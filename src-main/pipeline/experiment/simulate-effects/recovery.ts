import { CausewayError } from '../../../../src-shared/contract/errors'
import type { Recovery } from '../../../../src-shared/domain/effects-simulation'
import { rowOf, type ExposedItems, type UserFeatures } from '../../../../src-shared/domain/split'
import { solveByCholesky } from '../../../methods/blocks/cholesky'
import { correlation } from '../../intervene/statistics'

/**
 * Effects by least squares: for each item, the ratings of the users who were exposed to it on their other exposures, a constant and what else
 * is known of them. An item's own effect is one with the constant, for all of these users were exposed to it.
 * @param beside a row for each row of `exposed`
 * @returns [items × items] row-major, the exposed item in rows; the constants on the diagonal
 * @throws CausewayError `tooFewUsers` where an item's ratings do not tell the effects apart
 */
export function regressedEffects(exposed: ExposedItems, beside: UserFeatures | null = null): Float64Array {
  const { rows: users, cols: items, indptr, ratings } = exposed
  const size = items + (beside?.width ?? 0)
  const gram = Array.from({ length: items }, () => new Float64Array(size * size))
  const sums = Array.from({ length: items }, () => new Float64Array(size))
  for (let user = 0; user < users; user++) {
    const own = rowOf(exposed, user)
    const known = beside ? beside.values.subarray(user * beside.width, (user + 1) * beside.width) : []
    const columns = [...own, ...Array.from(known, (_, f) => items + f)]
    const values = [...Array.from(own, () => 1), ...known]
    own.forEach((item, place) => {
      const rating = ratings[indptr[user]! + place]!
      columns.forEach((row, i) => {
        sums[item]![row]! += values[i]! * rating
        // Columns ascend: the lower triangle.
        for (let j = 0; j <= i; j++) gram[item]![row * size + columns[j]!]! += values[i]! * values[j]!
      })
    })
  }
  const effects = new Float64Array(items * items)
  for (let item = 0; item < items; item++) {
    solveByCholesky(gram[item]!, sums[item]!)
    for (let other = 0; other < items; other++) {
      const effect = sums[item]![other]!
      if (!Number.isFinite(effect))
        throw new CausewayError(
          'tooFewUsers',
          `${users} users do not tell ${size} effects on a rating apart: take more.`,
        )
      effects[other * items + item] = effect
    }
  }
  return effects
}

/** Effects beside the true ones, both [items × items], without those of items on themselves. */
export function recovery(found: ArrayLike<number>, truth: ArrayLike<number>, items: number): Recovery {
  const pairs = Array.from({ length: items * items }, (_, at) => at).filter((at) => at % (items + 1) !== 0)
  const [own, wanted] = [found, truth].map((effects) => pairs.map((at) => effects[at]!)) as [number[], number[]]
  const squares = own.reduce((sum, effect, at) => sum + (effect - wanted[at]!) ** 2, 0)
  return { correlation: correlation(own, wanted), rmse: Math.sqrt(squares / own.length) }
}
