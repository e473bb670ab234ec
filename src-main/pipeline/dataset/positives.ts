import { CausewayError } from '../../../src-shared/contract/errors'
import type { Recipe } from '../../../src-shared/domain/dataset'
import type { Columns } from './load-columns'

/** Positive interactions, grouped by user; users and items are numbered densely. */
export interface Positives {
  userIds: string[]
  itemIds: string[]
  /** length users + 1: the positives of user u are at `starts[u]..starts[u+1])`, in the order of the source rows. */
  starts: Int32Array
  items: Int32Array
  /** Seconds since 1970 of each positive, NaN where unknown; null where the data set has no times. */
  times: Float64Array | null
}

/** A stable counting sort: the positions 0…n-1 ordered by `keys`, and where each key begins. */
export function groupBy(keys: Int32Array, count: number): { starts: Int32Array; order: Int32Array } {
  const starts = new Int32Array(count + 1)
  for (const key of keys) starts[key + 1]!++
  for (let k = 0; k < count; k++) starts[k + 1]! += starts[k]!
  const next = starts.slice(0, count)
  const order = new Int32Array(keys.length)
  for (let at = 0; at < keys.length; at++) order[next[keys[at]!]!++] = at
  return { starts, order }
}

/** One interaction per user and item. */
export interface Merged {
  /** length users + 1 */
  starts: Int32Array
  items: Int32Array
  ratings: Float64Array | null
  times: Float64Array | null
  /** How many rows repeated an earlier user and item. */
  duplicates: number
}

/** Merges the rows in which a user meets the same item again, by the policy of the recipe. */
export function mergeDuplicates(columns: Columns, policy: Recipe['duplicates']): Merged {
  const { users, items, ratings, times } = columns
  const { starts: groups, order } = groupBy(users, columns.userIds.length)
  const merged: Merged = {
    starts: new Int32Array(columns.userIds.length + 1),
    items: new Int32Array(users.length),
    ratings: ratings && new Float64Array(users.length),
    times: times && new Float64Array(users.length),
    duplicates: 0,
  }
  // Where the current user's entry of an item stands; valid only if it is at or after the user's start.
  const slots = new Int32Array(columns.itemIds.length).fill(-1)
  const ratedRows = new Int32Array(policy === 'mean' && ratings ? users.length : 0)
  let size = 0
  for (let user = 0; user < columns.userIds.length; user++) {
    const start = size
    for (let at = groups[user]!; at < groups[user + 1]!; at++) {
      const row = order[at]!
      const item = items[row]!
      const rating = ratings ? ratings[row]! : NaN
      const time = times ? times[row]! : NaN
      let slot = slots[item]!
      if (slot < start) {
        slot = slots[item] = size++
        merged.items[slot] = item
        if (merged.ratings) merged.ratings[slot] = rating
        if (merged.times) merged.times[slot] = time
        if (ratedRows.length) ratedRows[slot] = Number.isNaN(rating) ? 0 : 1
        continue
      }
      merged.duplicates++
      // Rows stand in file order, so a row without time, or of the same time, counts as later.
      const isEarlier = merged.times !== null && time < merged.times[slot]!
      if (policy === 'mean') {
        if (merged.ratings && !Number.isNaN(rating)) {
          const rows = ++ratedRows[slot]!
          const mean = merged.ratings[slot]!
          merged.ratings[slot] = rows === 1 ? rating : mean + (rating - mean) / rows
        }
        if (merged.times && !isEarlier) merged.times[slot] = time
        continue
      }
      const higher = merged.ratings !== null && (rating > merged.ratings[slot]! || Number.isNaN(merged.ratings[slot]!))
      const replaces = policy === 'max' ? higher : policy === 'last' ? !isEarlier : isEarlier
      if (!replaces) continue
      if (merged.ratings) merged.ratings[slot] = rating
      if (merged.times) merged.times[slot] = time
    }
    merged.starts[user + 1] = size
  }
  merged.items = merged.items.slice(0, size)
  merged.ratings = merged.ratings && merged.ratings.slice(0, size)
  merged.times = merged.times && merged.times.slice(0, size)
  return merged
}

/**
 * Which entries stay in the k-core: users and items with fewer than `k` kept entries go, and with them their entries, until none is left
 * to go. Linear in the number of entries. Changes `kept` in place.
 */
export function keepCore(starts: Int32Array, items: Int32Array, itemCount: number, kept: Uint8Array, k: number): void {
  const userCount = starts.length - 1
  const userOf = new Int32Array(items.length)
  for (let user = 0; user < userCount; user++) userOf.fill(user, starts[user]!, starts[user + 1]!)
  const byItem = groupBy(items, itemCount)
  const userDegrees = new Int32Array(userCount)
  const itemDegrees = new Int32Array(itemCount)
  for (let at = 0; at < items.length; at++) {
    if (!kept[at]) continue
    userDegrees[userOf[at]!]!++
    itemDegrees[items[at]!]!++
  }
  // Nodes to take out: users as they are, items after them.
  const queue: number[] = []
  const queued = new Uint8Array(userCount + itemCount)
  const check = (node: number, degree: number): void => {
    if (degree >= k || queued[node]) return
    queued[node] = 1
    queue.push(node)
  }
  for (let user = 0; user < userCount; user++) check(user, userDegrees[user]!)
  for (let item = 0; item < itemCount; item++) check(userCount + item, itemDegrees[item]!)
  for (let node = queue.pop(); node !== undefined; node = queue.pop()) {
    const isUser = node < userCount
    const from = isUser ? starts[node]! : byItem.starts[node - userCount]!
    const to = isUser ? starts[node + 1]! : byItem.starts[node - userCount + 1]!
    for (let i = from; i < to; i++) {
      const at = isUser ? i : byItem.order[i]!
      if (!kept[at]) continue
      kept[at] = 0
      const user = userOf[at]!
      const item = items[at]!
      check(user, --userDegrees[user]!)
      check(userCount + item, --itemDegrees[item]!)
    }
  }
}

/**
 * The positives a recipe leaves of a data set: one entry per user and item, rated at or above the threshold (all, where there are no
 * ratings), within the k-core. Users and items without any are left out; the rest keep their order of first appearance.
 * @throws CausewayError `noPositives` telling the highest rating, `tooFewUsers`, `tooFewItems`.
 */
export function selectPositives(columns: Columns, merged: Merged, recipe: Recipe): Positives {
  const { starts, items, ratings, times } = merged
  const kept = new Uint8Array(items.length).fill(1)
  if (ratings) for (let at = 0; at < items.length; at++) kept[at] = ratings[at]! >= recipe.threshold ? 1 : 0
  if (!kept.includes(1)) {
    let highest = -Infinity
    for (const rating of ratings ?? []) if (rating > highest) highest = rating
    throw new CausewayError(
      'noPositives',
      `No interaction is rated at or above the threshold ${recipe.threshold}: the highest rating is ${highest}.`,
      { threshold: recipe.threshold, highest },
    )
  }
  if (recipe.kCore > 1) {
    keepCore(starts, items, columns.itemIds.length, kept, recipe.kCore)
    if (!kept.includes(1))
      throw new CausewayError('tooFewUsers', `No user and no item is left in the ${recipe.kCore}-core.`, {
        kCore: recipe.kCore,
      })
  }
  const itemNumbers = new Int32Array(columns.itemIds.length).fill(-1)
  for (let at = 0; at < items.length; at++) if (kept[at]) itemNumbers[items[at]!] = 0
  const itemIds = columns.itemIds.filter((_, item) => itemNumbers[item] === 0)
  let nextItem = 0
  for (let item = 0; item < itemNumbers.length; item++) if (itemNumbers[item] === 0) itemNumbers[item] = nextItem++

  const size = kept.reduce((sum, keep) => sum + keep, 0)
  const positives: Positives = {
    userIds: [],
    itemIds,
    starts: new Int32Array(columns.userIds.length + 1),
    items: new Int32Array(size),
    times: times && new Float64Array(size),
  }
  let to = 0
  for (let user = 0; user < columns.userIds.length; user++) {
    const from = to
    for (let at = starts[user]!; at < starts[user + 1]!; at++) {
      if (!kept[at]) continue
      positives.items[to] = itemNumbers[items[at]!]!
      if (positives.times && times) positives.times[to] = times[at]!
      to++
    }
    if (to === from) continue
    positives.userIds.push(columns.userIds[user]!)
    positives.starts[positives.userIds.length] = to
  }
  positives.starts = positives.starts.slice(0, positives.userIds.length + 1)
  if (itemIds.length < 2)
    throw new CausewayError('tooFewItems', `Only the item "${itemIds[0]}" is left: there is nothing to rank.`, {
      items: itemIds.length,
    })
  if (positives.userIds.length < 2)
    throw new CausewayError('tooFewUsers', `Only the user "${positives.userIds[0]}" is left: nothing can be learned.`, {
      users: positives.userIds.length,
    })
  return positives
}

/**
 * The pairs of the positives' users and items that were rated below the threshold: what users met and did not like.
 * Null where the data set has no ratings.
 */
export function selectNegatives(
  columns: Columns,
  merged: Merged,
  recipe: Recipe,
  positives: Positives,
): Omit<Positives, 'userIds' | 'itemIds'> | null {
  const { ratings, times } = merged
  if (!ratings) return null
  const itemOf = new Map(positives.itemIds.map((id, item) => [id, item]))
  const itemNumbers = Int32Array.from(columns.itemIds, (id) => itemOf.get(id) ?? -1)
  const isNegative = (at: number): boolean => ratings[at]! < recipe.threshold && itemNumbers[merged.items[at]!]! >= 0
  const users = new Set(positives.userIds)
  const kept: number[] = []
  const starts = new Int32Array(positives.userIds.length + 1)
  let row = 0
  // Both lists of users are in order of first appearance, so the rows are met in their own order.
  for (let user = 0; user < columns.userIds.length; user++) {
    if (!users.has(columns.userIds[user]!)) continue
    for (let at = merged.starts[user]!; at < merged.starts[user + 1]!; at++) if (isNegative(at)) kept.push(at)
    starts[++row] = kept.length
  }
  return {
    starts,
    items: Int32Array.from(kept, (at) => itemNumbers[merged.items[at]!]!),
    times: times && Float64Array.from(kept, (at) => times[at]!),
  }
}
