import { cutoffs, type Metrics } from '../../../src-shared/domain/metric'

/**
 * The best items of one row of scores, by partial selection.
 * @param scores the scores of all items of one user
 * @param excluded items that are no candidates: `excluded[item] !== 0`
 * @returns at most k items, best first; equal scores keep the order of the items
 */
export function topItems(scores: Float32Array, excluded: Uint8Array, k: number): Int32Array {
  const items = new Int32Array(k)
  const values = new Float32Array(k)
  let length = 0
  for (let item = 0; item < scores.length; item++) {
    const score = scores[item]!
    if (excluded[item] !== 0 || (length === k && !(score > values[k - 1]!))) continue
    let at = length < k ? length++ : k - 1
    while (at > 0 && values[at - 1]! < score) {
      values[at] = values[at - 1]!
      items[at] = items[at - 1]!
      at--
    }
    values[at] = score
    items[at] = item
  }
  return items.slice(0, length)
}

const discounts: number[] = []
const idealGains = [0]

/** What a hit at a rank (1-based) is worth: 1 / log2(rank + 1). */
export const discountAt = (rank: number): number => (discounts[rank] ??= 1 / Math.log2(rank + 1))

/** The gain of a list of `hits` hits and nothing else. */
function idealGain(hits: number): number {
  for (let rank = idealGains.length; rank <= hits; rank++) idealGains.push(idealGains[rank - 1]! + discountAt(rank))
  return idealGains[hits]!
}

/** Recall, recallFull and NDCG of one user's list at one cut-off, as `rankingMetrics` defines them, by their ids. */
export function listMetricsAt(
  k: number,
  top: ArrayLike<number>,
  relevant: ReadonlySet<number>,
): Record<'recall' | 'recallFull' | 'ndcg', number> {
  let hits = 0
  let gain = 0
  for (let rank = 1; rank <= Math.min(k, top.length); rank++)
    if (relevant.has(top[rank - 1]!)) {
      hits++
      gain += discountAt(rank)
    }
  const most = Math.min(k, relevant.size)
  return { recall: hits / most, recallFull: hits / relevant.size, ndcg: gain / idealGain(most) }
}

/** The metrics of one user's list at every cut-off. */
export function listMetrics(top: Int32Array, relevant: ReadonlySet<number>): Metrics {
  const metrics: Metrics = {}
  for (const k of cutoffs)
    for (const [id, value] of Object.entries(listMetricsAt(k, top, relevant))) metrics[`${id}@${k}`] = value
  return metrics
}
