import { cutoffs, type Metrics } from '../../../src-shared/domain/metric'
import { rowOf, type Csr } from '../../../src-shared/domain/split'

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

/**
 * The best items of every row of scores: `topItems` of each.
 * @param scores [known.rows × known.cols]
 * @param known the items of each row that are no candidates
 * @returns [known.rows × k], -1 where there are fewer candidates
 */
export function rankRows(scores: Float32Array, known: Csr, k: number): Int32Array {
  const { rows, cols } = known
  const excluded = new Uint8Array(cols)
  const lists = new Int32Array(rows * k).fill(-1)
  for (let row = 0; row < rows; row++) {
    for (const item of rowOf(known, row)) excluded[item] = 1
    lists.set(topItems(scores.subarray(row * cols, (row + 1) * cols), excluded, k), row * k)
    for (const item of rowOf(known, row)) excluded[item] = 0
  }
  return lists
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

/** The items a user is known to want. */
export type Relevant = Pick<ReadonlySet<number>, 'has' | 'size'>

/** The relevant items of one user after the other, as marks: a set anew for each of many users costs more than their metrics. */
export class RelevantItems implements Relevant {
  private readonly marks: Uint8Array
  private items: ArrayLike<number> = []

  constructor(items: number) {
    this.marks = new Uint8Array(items)
  }

  get size(): number {
    return this.items.length
  }

  has(item: number): boolean {
    return this.marks[item] === 1
  }

  /** Replaces those of the user before. */
  set(items: ArrayLike<number>): void {
    for (let at = 0; at < this.items.length; at++) this.marks[this.items[at]!] = 0
    for (let at = 0; at < items.length; at++) this.marks[items[at]!] = 1
    this.items = items
  }
}

/** Recall, recallFull and NDCG of one user's list at one cut-off, as `rankingMetrics` defines them, by their ids. */
export function listMetricsAt(
  k: number,
  top: ArrayLike<number>,
  relevant: Relevant,
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

/** What the metrics of a list of this length are called. */
export const listMetricNames = (k: number): Record<'recall' | 'recallFull' | 'ndcg', string> & { k: number } => ({
  k,
  recall: `recall@${k}`,
  recallFull: `recallFull@${k}`,
  ndcg: `ndcg@${k}`,
})

const usualNames = cutoffs.map(listMetricNames)

/** Adds the metrics of one user's list at every cut-off to `sums`. */
export function addListMetrics(
  sums: Metrics,
  top: ArrayLike<number>,
  relevant: Relevant,
  namesByLength: readonly ReturnType<typeof listMetricNames>[] = usualNames,
): void {
  for (const names of namesByLength) {
    const { recall, recallFull, ndcg } = listMetricsAt(names.k, top, relevant)
    sums[names.recall] = (sums[names.recall] ?? 0) + recall
    sums[names.recallFull] = (sums[names.recallFull] ?? 0) + recallFull
    sums[names.ndcg] = (sums[names.ndcg] ?? 0) + ndcg
  }
}
