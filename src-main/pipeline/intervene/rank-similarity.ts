/** How alike two lists of one user are. Lists hold distinct items, best first. */

/** Items in both lists over items in either, 1 for the same items. */
export function jaccard(before: ArrayLike<number>, after: ArrayLike<number>): number {
  const first = new Set(Array.from(before))
  let both = 0
  for (let at = 0; at < after.length; at++) if (first.has(after[at]!)) both++
  return both / (before.length + after.length - both)
}

/**
 * Kendall's tau-b (Kendall 1945) of two lists over the items of both: an item that is absent from a list shares the rank behind
 * its end there with all others that are absent. 1 for equal lists; two lists of k items without a common one have -2k / (3k - 1).
 * Computed as Knight (1966) does, in n log n.
 */
export function listTau(before: ArrayLike<number>, after: ArrayLike<number>): number {
  const rankAfter = new Map<number, number>()
  for (let at = 0; at < after.length; at++) rankAfter.set(after[at]!, at)
  const absent = Math.max(before.length, after.length)
  // In the order of the first list, those absent from it last and by their rank in the second.
  const seconds: number[] = []
  for (let at = 0; at < before.length; at++) {
    seconds.push(rankAfter.get(before[at]!) ?? absent)
    rankAfter.delete(before[at]!)
  }
  const entering = rankAfter.size
  seconds.push(...rankAfter.values())

  const tiedFirst = pairs(entering)
  const tiedSecond = pairs(seconds.filter((rank) => rank === absent).length)
  const all = pairs(seconds.length)
  if (all === 0) return 1
  // No pair is tied in both: an item of the union is in one of the lists.
  const discordant = inversions(seconds)
  const concordant = all - tiedFirst - tiedSecond - discordant
  return (concordant - discordant) / Math.sqrt((all - tiedFirst) * (all - tiedSecond))
}

const pairs = (count: number): number => (count * (count - 1)) / 2

/** Pairs out of order, equal values in order; sorts `values` by merging. */
function inversions(values: number[]): number {
  let count = 0
  let from = values
  let into = new Array<number>(values.length)
  for (let width = 1; width < values.length; width *= 2) {
    for (let start = 0; start < values.length; start += 2 * width) {
      const middle = Math.min(start + width, values.length)
      const end = Math.min(start + 2 * width, values.length)
      let left = start
      let right = middle
      for (let at = start; at < end; at++) {
        if (left < middle && (right >= end || from[left]! <= from[right]!)) into[at] = from[left++]!
        else {
          into[at] = from[right++]!
          count += middle - left
        }
      }
    }
    ;[from, into] = [into, from]
  }
  return count
}
