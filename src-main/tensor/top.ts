import type { Csr } from '../../src-shared/domain/split'
import { CausewayError } from '../../src-shared/contract/errors'
import { kernelsFor } from './kernels/kernels'
import type { Tensor2D } from './tf'

/** Whether rows can be ranked where their scores are. */
export const canRankRows = (): boolean => kernelsFor('top') !== null

/**
 * The best k items of every row of scores, best first, equal scores in the order of the items, as `topItems` of the evaluation finds
 * them in one row of plain numbers.
 * @param scores [rows, items]
 * @param known what is no candidate of each row
 * @returns [rows × k], -1 where there are fewer candidates
 * @throws CausewayError `internal` where `canRankRows` is false
 */
export function rankRows(scores: Tensor2D, known: Csr, k: number): Int32Array {
  const kernels = kernelsFor('top')
  if (!kernels) throw new CausewayError('internal', 'There is no kernel that ranks rows.')
  return kernels.topItems(scores, known, k)
}
