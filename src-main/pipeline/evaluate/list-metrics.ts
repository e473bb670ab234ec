import type { Csr } from '../../../src-shared/domain/split'
import { rowOf } from '../../../src-shared/domain/split'
import { popularityOf } from '../intervene/attributes'

/** Lists of some users: [users × depth] items, best first, -1 pads. */
export interface ListsOfUsers {
  users: number
  depth: number
  lists: Int32Array
  items: number
}

/** In how many top-k lists each item is. @param positions which of the users; null: all */
export function exposures({ users, depth, lists, items }: ListsOfUsers, k: number, positions: Int32Array | null) {
  const counts = new Float64Array(items)
  const most = Math.min(k, depth)
  for (let p = 0; p < (positions?.length ?? users); p++) {
    const from = (positions ? positions[p]! : p) * depth
    for (let at = from; at < from + most && lists[at]! >= 0; at++) counts[lists[at]!]!++
  }
  return counts
}

/** The share of all items that are in a list. */
export const coverageOf = (exposed: Float64Array): number =>
  exposed.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0) / exposed.length

/** The Gini coefficient of how often the items are in the lists; NaN where there is no list. */
export function giniOf(exposed: Float64Array): number {
  const ascending = exposed.slice().sort()
  const n = ascending.length
  let weighted = 0
  let total = 0
  for (let i = 0; i < n; i++) {
    weighted += (2 * (i + 1) - n - 1) * ascending[i]!
    total += ascending[i]!
  }
  return weighted / (n * total)
}

/** Users by item: the columns of the matrix as rows. */
export function transpose({ rows, cols, indptr, indices }: Csr): Csr {
  const starts = new Int32Array(cols + 1)
  const size = indptr[rows]!
  for (let at = 0; at < size; at++) starts[indices[at]! + 1]!++
  for (let col = 0; col < cols; col++) starts[col + 1]! += starts[col]!
  const next = starts.slice(0, cols)
  const users = new Int32Array(size)
  for (let row = 0; row < rows; row++)
    for (let at = indptr[row]!; at < indptr[row + 1]!; at++) users[next[indices[at]!]!++] = row
  return { rows: cols, cols: rows, indptr: starts, indices: users }
}

/**
 * Diversity of each list at each cut-off. Item by item: with how many users of one item every other item is shared is counted
 * from the rows of these users, once, and then looked up for all lists the item is in.
 * @param step called between two items; false ends it
 * @returns [users] for each cut-off, NaN for lists of fewer than two items; null when ended
 */
export async function diversities(
  of: ListsOfUsers,
  train: Csr,
  cutoffs: readonly number[],
  step: (fraction: number) => Promise<boolean>,
): Promise<Float64Array[] | null> {
  const { users, depth, lists, items } = of
  const usersOfItem = transpose(train)
  const popularity = popularityOf(train)
  // Where each item stands: positions in `lists`, grouped by item.
  const starts = new Int32Array(items + 1)
  for (const item of lists) if (item >= 0) starts[item + 1]!++
  for (let item = 0; item < items; item++) starts[item + 1]! += starts[item]!
  const next = starts.slice(0, items)
  const places = new Int32Array(starts[items]!)
  lists.forEach((item, place) => {
    if (item >= 0) places[next[item]!++] = place
  })

  const sums = cutoffs.map(() => new Float64Array(users))
  const shared = new Int32Array(items)
  for (let item = 0; item < items; item++) {
    if (starts[item] === starts[item + 1]) continue
    if (item % 256 === 0 && !(await step(item / items))) return null
    shared.fill(0)
    for (const user of rowOf(usersOfItem, item)) for (const other of rowOf(train, user)) shared[other]!++
    for (let at = starts[item]!; at < starts[item + 1]!; at++) {
      const place = places[at]!
      const user = Math.floor(place / depth)
      const rank = place - user * depth
      // With the items above it in the list, so that every pair counts once, at the cut-offs that reach down to it.
      let sum = 0
      for (let above = user * depth; above < place; above++) {
        const other = lists[above]!
        const common = shared[other]!
        if (common > 0) sum += common / Math.sqrt(popularity[item]! * popularity[other]!)
      }
      cutoffs.forEach((k, c) => {
        if (rank < k) sums[c]![user]! += sum
      })
    }
  }
  return cutoffs.map((k, c) =>
    sums[c]!.map((sum, user) => {
      const own = lists.subarray(user * depth, user * depth + Math.min(k, depth))
      const length = own.indexOf(-1) < 0 ? own.length : own.indexOf(-1)
      // Rounding may leave the mean of cosines of 1 just above it.
      return length < 2 ? Number.NaN : Math.max(0, 1 - sum / ((length * (length - 1)) / 2))
    }),
  )
}
