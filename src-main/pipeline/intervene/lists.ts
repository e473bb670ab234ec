import type { Split } from '../../../src-shared/domain/split'
import { knownParts, withExcluded } from '../evaluate/evaluate'
import { topItems } from '../evaluate/ranking'

/** Lists of a block of users with their scores: row r of both is of the block's r-th user, -1 pads the items. */
export interface ScoredLists {
  depth: number
  items: Int32Array
  scores: Float32Array
}

/** What users can be recommended: everything but their train and validation items. */
export class Candidates {
  private readonly excluded: Uint8Array
  private readonly known

  constructor(split: Split) {
    this.excluded = new Uint8Array(split.train.cols)
    this.known = knownParts(split, 'test')
  }

  /** Hands `work` the items that are no candidates of a user, each marked with 1. */
  of<T>(row: number, work: (excluded: Uint8Array) => T): T {
    return withExcluded(this.excluded, this.known, row, () => work(this.excluded))
  }

  /** The best items of each user of a block. @param scores [rows × items] */
  lists(rows: Int32Array, scores: Float32Array, depth: number): ScoredLists {
    const items = this.excluded.length
    const lists: ScoredLists = {
      depth,
      items: new Int32Array(rows.length * depth).fill(-1),
      scores: new Float32Array(rows.length * depth),
    }
    rows.forEach((row, r) => {
      const own = scores.subarray(r * items, (r + 1) * items)
      const top = this.of(row, (excluded) => topItems(own, excluded, depth))
      lists.items.set(top, r * depth)
      top.forEach((item, rank) => (lists.scores[r * depth + rank] = own[item]!))
    })
    return lists
  }

  /** The rank of an item among a user's candidates, 1-based; equal scores keep the order of the items. */
  rank(row: number, scores: Float32Array, item: number): number {
    const score = scores[item]!
    return this.of(row, (excluded) => {
      let rank = 1
      for (let other = 0; other < scores.length; other++)
        if (excluded[other] === 0 && (scores[other]! > score || (scores[other] === score && other < item))) rank++
      return rank
    })
  }
}

/** The items of one list to the depth k, without padding, as a view. */
export function listOf(lists: ScoredLists, row: number, k: number): Int32Array {
  const own = lists.items.subarray(row * lists.depth, row * lists.depth + Math.min(k, lists.depth))
  const end = own.indexOf(-1)
  return end < 0 ? own : own.subarray(0, end)
}
