import type { Csr } from '../../src-shared/domain/split'
import { CausewayError } from '../../src-shared/contract/errors'
import { kernelsFor } from './kernels/kernels'
import type { Tensor2D } from './tf'

/** Whether rows can be ranked where their scores are. */
export const canRankRows = (): boolean => kernelsFor('top') !== null

/**
 * The best k items of every row by the log-softmax of their logits, best first, equal values in the order of the items: what `topItems` of
 * the evaluation finds in one row of plain numbers, without the log-softmax being written down.
 * @param logits [rows, items]
 * @param known what is no candidate of each row
 * @returns [rows × k], -1 where there are fewer candidates
 * @throws CausewayError `internal` where `canRankRows` is false
 */
export function rankLogSoftmax(logits: Tensor2D, known: Csr, k: number): Int32Array {
  const kernels = kernelsFor('top')
  if (!kernels) throw new CausewayError('internal', 'There is no kernel that ranks rows.')
  return kernels.topItems(logits, known, k, true)
}
