import { CausewayError } from '../../../src-shared/contract/errors'
import type { Recipe } from '../../../src-shared/domain/dataset'
import { takeTold, type Columns, type Told } from './load-columns'

/** Interactions grouped by user; users and items are numbered densely. */
export interface Rows extends Told {
  /** length users + 1: those of user u are at `starts[u]..starts[u+1])`, in the order of the source rows. */
  starts: Int32Array
  items: Int32Array
}

/** Positive interactions, and whose they are. */
export interface Positives extends Rows {
  userIds: string[]
  itemIds: string[]
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

/** One interaction per user and item, in a randomised split one of each kind; `randomised` is null in every other. */
export interface Merged extends Rows {
  /** How many rows repeated an earlier user and item. */
  duplicates: number
}

/**
 * Merges the rows in which a user meets the same item again, by the policy of the recipe. The propensity is that of the row that counts,
 * under `mean` that of the last.
 * @param apart keeps what was shown at random apart from what was chosen
 */
export function mergeDuplicates(columns: Columns, policy: Recipe['duplicates'], apart = false): Merged {
  const { users, items, ratings, times, propensities } = columns
  const randomised = apart ? columns.randomised : null
  const itemCount = columns.itemIds.length
  const { starts: groups, order } = groupBy(users, columns.userIds.length)
  const merged: Merged = {
    starts: new Int32Array(columns.userIds.length + 1),
    items: new Int32Array(users.length),
    ratings: ratings && new Float64Array(users.length),
    times: times && new Float64Array(users.length),
    randomised: randomised && new Int32Array(users.length),
    propensities: propensities && new Float64Array(users.length),
    duplicates: 0,
  }
  // Where the current user's entry of an item stands; valid only if it is at or after the user's start. Randomised ones after the others.
  const slots = new Int32Array(randomised ? 2 * itemCount : itemCount).fill(-1)
  const ratedRows = new Int32Array(policy === 'mean' && ratings ? users.length : 0)
  let size = 0
  for (let user = 0; user < columns.userIds.length; user++) {
    const start = size
    for (let at = groups[user]!; at < groups[user + 1]!; at++) {
      const row = order[at]!
      const item = items[row]!
      const rating = ratings ? ratings[row]! : NaN
      const time = times ? times[row]! : NaN
      const key = randomised && randomised[row]! ? itemCount + item : item
      let slot = slots[key]!
      if (slot < start) {
        slot = slots[key] = size++
        merged.items[slot] = item
        if (merged.ratings) merged.ratings[slot] = rating
        if (merged.times) merged.times[slot] = time
        if (merged.randomised && randomised) merged.randomised[slot] = randomised[row]!
        if (merged.propensities && propensities) merged.propensities[slot] = propensities[row]!
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
        if (merged.propensities && propensities && !isEarlier) merged.propensities[slot] = propensities[row]!
        continue
      }
      const higher = merged.ratings !== null && (rating > merged.ratings[slot]! || Number.isNaN(merged.ratings[slot]!))
      const replaces = policy === 'max' ? higher : policy === 'last' ? !isEarlier : isEarlier
      if (!replaces) continue
      if (merged.ratings) merged.ratings[slot] = rating
      if (merged.times) merged.times[slot] = time
      if (merged.propensities && propensities) merged.propensities[slot] = propensities[row]!
    }
    merged.starts[user + 1] = size
  }
  merged.items = merged.items.slice(0, size)
  merged.ratings = merged.ratings && merged.ratings.slice(0, size)
  merged.times = merged.times && merged.times.slice(0, size)
  merged.randomised = merged.randomised && merged.randomised.slice(0, size)
  merged.propensities = merged.propensities && merged.propensities.slice(0, size)
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
 * ratings), within the k-core. Users and items without any are left out; the rest keep their order of first appearance. In a
 * randomised split everyone stays, unless there is a k-core: ratings below the threshold are tested on too, whoever they are of.
 * @throws CausewayError `noPositives` telling the highest rating, `tooFewUsers`, `tooFewItems`.
 */
export function selectPositives(columns: Columns, merged: Merged, recipe: Recipe): Positives {
  const { starts, items, ratings } = merged
  const keepsEveryone = recipe.splitBy === 'randomised' && recipe.kCore === 0
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
  // Elsewhere everyone who stays has a positive.
  if (recipe.kCore > (recipe.splitBy === 'randomised' ? 0 : 1)) {
    keepCore(starts, items, columns.itemIds.length, kept, recipe.kCore)
    if (!kept.includes(1))
      throw new CausewayError('tooFewUsers', `No user and no item is left in the ${recipe.kCore}-core.`, {
        kCore: recipe.kCore,
      })
  }
  const itemNumbers = new Int32Array(columns.itemIds.length).fill(-1)
  for (let at = 0; at < items.length; at++) if (keepsEveryone || kept[at]) itemNumbers[items[at]!] = 0
  const itemIds = columns.itemIds.filter((_, item) => itemNumbers[item] === 0)
  let nextItem = 0
  for (let item = 0; item < itemNumbers.length; item++) if (itemNumbers[item] === 0) itemNumbers[item] = nextItem++

  const entries = new Int32Array(kept.reduce((sum, keep) => sum + keep, 0))
  const userIds: string[] = []
  const userStarts = new Int32Array(columns.userIds.length + 1)
  let to = 0
  for (let user = 0; user < columns.userIds.length; user++) {
    const from = to
    for (let at = starts[user]!; at < starts[user + 1]!; at++) if (kept[at]) entries[to++] = at
    if (to === from && !keepsEveryone) continue
    userIds.push(columns.userIds[user]!)
    userStarts[userIds.length] = to
  }
  if (itemIds.length < 2)
    throw new CausewayError('tooFewItems', `Only the item "${itemIds[0]}" is left: there is nothing to rank.`, {
      items: itemIds.length,
    })
  if (userIds.length < 2)
    throw new CausewayError('tooFewUsers', `Only the user "${userIds[0]}" is left: nothing can be learned.`, {
      users: userIds.length,
    })
  return {
    userIds,
    itemIds,
    starts: userStarts.slice(0, userIds.length + 1),
    items: entries.map((at) => itemNumbers[items[at]!]!),
    ...takeTold(merged, entries),
  }
}

/**
 * The pairs of the positives' users and items that were rated below the threshold: what users met and did not like.
 * Null where the data set has no ratings.
 */
export function selectNegatives(columns: Columns, merged: Merged, recipe: Recipe, positives: Positives): Rows | null {
  const { ratings } = merged
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
  const entries = Int32Array.from(kept)
  return { starts, items: entries.map((at) => itemNumbers[merged.items[at]!]!), ...takeTold(merged, entries) }
}
