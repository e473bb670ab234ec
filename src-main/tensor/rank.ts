import type { Csr } from '../../src-shared/domain/split'
import { CausewayError } from '../../src-shared/contract/errors'
import { kernelsFor, type Kernels, type Pattern } from './kernels/kernels'
import { linear } from './ops'
import { tf, type Tensor1D, type Tensor2D } from './tf'

/** What item logits are made of: logits [users, items] = hidden [users, h] · weight [h, items] + bias [items]. */
export interface ItemLayer {
  hidden: Tensor2D
  weight: Tensor2D
  bias: Tensor1D
}

/** The logits of all items, [users, items]. */
export const logitsOf = ({ hidden, weight, bias }: ItemLayer): Tensor2D => linear(hidden, weight, bias)

/** Whether rows can be ranked where their logits are. */
export const canRankRows = (): boolean => kernelsFor('top') !== null

/** When and how logits are passed over. Lists do not depend on any of it. */
export interface PruningLimits {
  /** With fewer users or items all logits are computed: bounds would cost as much. */
  fewestUsers: number
  fewestItems: number
  /** How many items are tried first of so many. */
  candidates: (items: number) => number
  /** Where a larger share of the logits would be left, all are computed. */
  largestShare: number
}

const usualLimits: PruningLimits = {
  fewestUsers: 64,
  fewestItems: 1024,
  candidates: (items) => Math.min(1024, Math.ceil(items / 16)),
  largestShare: 0.65,
}

/** After blocks in which bounds were of no use so many blocks at most are ranked without trying again. */
const longestPause = 64

/**
 * Ranks the items of users by their logits, and computes only those logits that can matter. The lists are those that all logits would
 * give, to the last tie.
 *
 * **The bound.** Let H_u be the hidden row of user u, w_i and b_i the column and the bias of item i, and g [h] and m [h] any vectors (here
 * about the mean of the rows and of the columns). With d_u = H_u − g
 *
 *     H_u · w_i + b_i = (g · w_i + b_i) + d_u · m + d_u · (w_i − m) ≤ p_i + c_u + |d_u| r_i
 *
 * where p_i = g · w_i + b_i, c_u = d_u · m, r_i = |w_i − m| (Cauchy-Schwarz). Users are alike and items are not: p_i varies by
 * popularity, over a range that the rest seldom bridges.
 *
 * **What is done with it.** The logits of the items of largest p_i, the candidates, are computed; t_u is the k-th best of those that user u
 * does not know. Another item can only be among the best k if its logit is at least t_u, and so only if p_i + |d_u| r_i ≥ t_u − c_u. What
 * survives this for any user of a group is computed too; the lists of both are merged. Users are grouped by how much survives. A
 * user with fewer than k unknown candidates has t_u = −∞, and everything survives.
 *
 * **Rounding.** Let γ = (h + 16) u with u = 2⁻²⁴, and s_i = |b_i| + max(|H_u|, |g|) · (|m| + r_i), which bounds |b_i| + Σ_j |H_uj w_ji|. A logit,
 * being a chain of h steps from b_i, differs from its exact value by at most γ s_i (Higham 2002, s. 3.1), p_i too; r_i by γ r_i. The
 * lengths of rows and c_u are summed in float64. The comparison adds a few u s_i. All of it is less than 4 γ s_i, which is added to p_i;
 * r_i is made larger by γ. Squares that underflow add less than √h 2⁻⁷⁴ to r_i. Where a value is not finite, or so large that a sum could
 * overflow, all logits are computed. A logit has the same bits whichever columns are computed with it (see `assembly/product.ts`).
 */
export class ItemRanker {
  /** The logits computed in the last call, as a share of all. */
  computedShare = 1
  private pause = 0
  private nextPause = 1

  constructor(private readonly limits: PruningLimits = usualLimits) {}

  /**
   * The best k items of every user, best first, equal logits in the order of the items.
   * @param make gives the layer; its tensors are disposed of
   * @param known the items of each user that are no candidates
   * @returns [users × k], -1 where there are fewer candidates
   * @throws CausewayError `internal` where `canRankRows` is false
   */
  rank(make: () => ItemLayer, known: Csr, k: number): Int32Array {
    const kernels = kernelsFor('top')
    if (!kernels) throw new CausewayError('internal', 'There is no kernel that ranks rows.')
    return tidied(() => {
      const layer = make()
      const tried = this.isWorthTrying(layer, k)
      const pruned = tried ? this.remember(prunedLists(kernels, layer, known, k, this.limits)) : null
      this.computedShare = pruned?.share ?? 1
      return pruned?.lists ?? kernels.topItems(logitsOf(layer), known, k)
    })
  }

  private isWorthTrying({ hidden, weight }: ItemLayer, k: number): boolean {
    const [h, items] = weight.shape
    // Without our product the columns that are left would not have the same bits.
    if (!kernelsFor('bounds') || !kernelsFor('product') || k === 0 || h === 0 || h > 2 ** 16) return false
    if (hidden.shape[0] < this.limits.fewestUsers || items < this.limits.fewestItems) return false
    return this.pause === 0 || this.pause-- === 0
  }

  /** Where it was of no use, the next try comes later and later. */
  private remember(pruned: Pruned | null): Pruned | null {
    this.pause = pruned ? 0 : this.nextPause
    this.nextPause = pruned ? 1 : Math.min(longestPause, 2 * this.nextPause)
    return pruned
  }
}

/** `tf.tidy` for what is no tensor: it would look for tensors in every place of an array. */
function tidied<T>(compute: () => T): T {
  const results: T[] = []
  tf.tidy(() => void results.push(compute()))
  return results[0]!
}

interface Pruned {
  lists: Int32Array
  share: number
}

/** What is known of the items before any logit: their part of the bounds. */
interface ItemBounds {
  /** p_i with all slack. */
  upper: Float32Array
  /** r_i, rounded up. */
  radii: Float32Array
}

/** Users' part of the bounds: |d_u| rounded up and c_u. */
interface UserBounds {
  distances: Float32Array
  shifts: Float64Array
}

/** A float32 that is not less, of a float64 that is not negative. */
const above = (value: number): number => Math.fround(value * (1 + 2 ** -22))

/** @returns null where so many logits are left that all should be computed, or something is not finite */
function prunedLists(kernels: Kernels, layer: ItemLayer, known: Csr, k: number, limits: PruningLimits): Pruned | null {
  const users = layer.hidden.shape[0]
  const items = layer.weight.shape[1]
  const hidden = layer.hidden.dataSync<'float32'>()
  const bias = layer.bias.dataSync<'float32'>()
  const { ofItems, ofUsers } = boundsOf(kernels, layer, hidden, bias)
  if (!ofItems) return null
  const first = candidatesOf(ofItems.upper, Math.max(2 * k, limits.candidates(items)))
  if (first.length > limits.largestShare * items) return null

  const parts = new Parts(kernels, layer, hidden, bias, known, k)
  const everyone = Int32Array.from({ length: users }, (_, user) => user)
  const candidates = parts.best(everyone, first)
  const thresholds = new Float32Array(users)
  for (let user = 0; user < users; user++) {
    const last = user * k + k - 1
    const threshold = candidates.values[last]! - ofUsers.shifts[user]!
    thresholds[user] =
      candidates.items[last] === -1 ? -Infinity : threshold - Math.abs(threshold) * 2 ** -22 - 2 ** -100
  }

  const tried = new Uint8Array(items)
  for (const item of first) tried[item] = 1
  const groups = groupsOf(thresholds, ofUsers.distances, ofItems.radii).map((group) => {
    const pick = (from: Float32Array): Float32Array => Float32Array.from(group, (user) => from[user]!)
    const alive = kernels.survivors(ofItems.upper, ofItems.radii, pick(ofUsers.distances), pick(thresholds))
    const rest = alive.filter((item) => tried[item] === 0)
    return { group, rest: rest.length > limits.largestShare * items ? null : rest }
  })
  const computed = groups.reduce(
    (sum, { group, rest }) => sum + group.length * (rest?.length ?? items),
    users * first.length,
  )
  const share = computed / (users * items)
  if (share > limits.largestShare) return null

  const lists = new Int32Array(users * k)
  for (const { group, rest } of groups) {
    const others = rest?.length === 0 ? null : parts.best(group, rest)
    group.forEach((user, at) => {
      const list = lists.subarray(user * k, (user + 1) * k)
      const [from, to] = [at * k, (at + 1) * k]
      if (!rest) list.set(others!.items.subarray(from, to))
      else if (!others) list.set(candidates.items.subarray(user * k, (user + 1) * k))
      else merge(list, candidates, user * k, others, from)
    })
  }
  return { lists, share }
}

/** Both parts of the bounds; null for that of the items where anything is not finite or too large. */
function boundsOf(
  kernels: Kernels,
  { weight, bias }: ItemLayer,
  hidden: Float32Array,
  biases: Float32Array,
): { ofItems: ItemBounds | null; ofUsers: UserBounds } {
  const [h, items] = weight.shape
  const users = hidden.length / h
  const centre = meanRow(hidden, h)
  const mean = kernels.rowMeans(weight)
  const { base, squares } = kernels.columnBounds(weight, bias, centre, mean)

  const ofUsers = { distances: new Float32Array(users), shifts: new Float64Array(users) }
  let largest = lengthOf(centre)
  for (let user = 0, at = 0; user < users; user++) {
    let [own, distance, shift] = [0, 0, 0]
    for (let j = 0; j < h; j++, at++) {
      const value = hidden[at]!
      const difference = value - centre[j]!
      own += value * value
      distance += difference * difference
      shift += difference * mean[j]!
    }
    // Math.max passes NaN on.
    largest = Math.max(largest, Math.sqrt(own))
    ofUsers.distances[user] = above(Math.sqrt(distance))
    ofUsers.shifts[user] = shift
  }
  largest *= 1 + 1e-9

  const gamma = (h + 16) * 2 ** -24
  const tiny = Math.sqrt(h) * 2 ** -74
  const meanLength = lengthOf(mean)
  const ofItems = { upper: new Float32Array(items), radii: new Float32Array(items) }
  for (let item = 0; item < items; item++) {
    const radius = Math.sqrt(squares[item]!) * (1 + gamma) + tiny
    const size = Math.abs(biases[item]!) + largest * (meanLength + radius)
    if (!(size < 1e36)) return { ofItems: null, ofUsers }
    ofItems.upper[item] = base[item]! + 4 * gamma * size + 2 ** -100
    ofItems.radii[item] = above(radius)
  }
  return { ofItems, ofUsers }
}

/** The mean of the rows of [·, width]. */
function meanRow(values: Float32Array, width: number): Float32Array {
  const sums = new Float64Array(width)
  for (let at = 0; at < values.length; at += width) for (let j = 0; j < width; j++) sums[j] = sums[j]! + values[at + j]!
  return Float32Array.from(sums, (sum) => (sum * width) / values.length)
}

const lengthOf = (vector: Float32Array): number => Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0))

/** Bins that values are counted in. */
const bins = 4096

/** At least `wanted` items of largest value, in order; what is about equal to the last of them comes along. */
function candidatesOf(values: Float32Array, wanted: number): Int32Array {
  let [least, most] = [Infinity, -Infinity]
  for (const value of values) {
    if (value < least) least = value
    if (value > most) most = value
  }
  const scale = most > least ? (bins - 1) / (most - least) : 0
  const binOf = (value: number): number => Math.floor((value - least) * scale)
  const counts = new Int32Array(bins)
  for (const value of values) counts[binOf(value)]!++
  let bin = bins
  for (let count = 0; bin > 0 && count < wanted;) count += counts[--bin]!
  const items = new Int32Array(values.length)
  let count = 0
  for (let item = 0; item < values.length; item++) if (binOf(values[item]!) >= bin) items[count++] = item
  return items.slice(0, count)
}

/** Where groups end, as shares of the users in order: few have many survivors, and most have none. */
const groupEnds = [1 / 16, 1 / 4, 1 / 2, 1]

/** Users for whom nothing can be passed over, then the others, those of whom most survives first. */
function groupsOf(thresholds: Float32Array, distances: Float32Array, radii: Float32Array): Int32Array[] {
  const radius = radii.reduce((sum, value) => sum + value, 0) / radii.length
  const easiness = thresholds.map((threshold, user) => threshold - distances[user]! * radius)
  const order = Int32Array.from(easiness.keys()).sort((a, b) =>
    easiness[a]! === easiness[b]! ? a - b : easiness[a]! < easiness[b]! ? -1 : 1,
  )
  const hopeless = thresholds.reduce((count, threshold) => count + (threshold === -Infinity ? 1 : 0), 0)
  const ends = [hopeless, ...groupEnds.map((share) => hopeless + Math.ceil((order.length - hopeless) * share))]
  return ends.map((end, at) => order.subarray(at === 0 ? 0 : ends[at - 1], end)).filter((group) => group.length > 0)
}

interface Scored {
  items: Int32Array
  values: Float32Array
}

/** Parts of the logits, of some users and some items. */
class Parts {
  private readonly places: Int32Array

  constructor(
    private readonly kernels: Kernels,
    private readonly layer: ItemLayer,
    private readonly hidden: Float32Array,
    private readonly bias: Float32Array,
    private readonly known: Csr,
    private readonly k: number,
  ) {
    this.places = new Int32Array(known.cols)
  }

  /**
   * The best k of some items for some users, [users × k].
   * @param columns in order; null for all
   */
  best(users: Int32Array, columns: Int32Array | null): Scored {
    return tidied(() => {
      const hidden = this.rowsOf(users)
      if (!columns)
        return this.kernels.topScored(logitsOf({ ...this.layer, hidden }), this.knownOf(users, null), this.k)
      const weight = this.kernels.gatherColumns(this.layer.weight, columns)
      const bias = tf.tensor1d(Float32Array.from(columns, (item) => this.bias[item]!))
      const scored = this.kernels.topScored(logitsOf({ hidden, weight, bias }), this.knownOf(users, columns), this.k)
      return { ...scored, items: scored.items.map((place) => (place === -1 ? -1 : columns[place]!)) }
    })
  }

  private rowsOf(users: Int32Array): Tensor2D {
    const [all, h] = this.layer.hidden.shape
    if (users.length === all && users.every((user, at) => user === at)) return this.layer.hidden
    const rows = new Float32Array(users.length * h)
    users.forEach((user, at) => rows.set(this.hidden.subarray(user * h, (user + 1) * h), at * h))
    return tf.tensor2d(rows, [users.length, h])
  }

  /** Known items by their place among the columns. */
  private knownOf(users: Int32Array, columns: Int32Array | null): Pattern {
    const { places } = this
    const { indptr, indices } = this.known
    if (columns) {
      places.fill(-1)
      for (let place = 0; place < columns.length; place++) places[columns[place]!] = place
    }
    const starts = new Int32Array(users.length + 1)
    let length = 0
    for (const user of users) length += indptr[user + 1]! - indptr[user]!
    const found = new Int32Array(length)
    let count = 0
    for (let at = 0; at < users.length; at++) {
      const end = indptr[users[at]! + 1]!
      for (let entry = indptr[users[at]!]!; entry < end; entry++) {
        const item = indices[entry]!
        const place = columns ? places[item]! : item
        if (place !== -1) found[count++] = place
      }
      starts[at + 1] = count
    }
    return { indptr: starts, indices: found.subarray(0, count) }
  }
}

/** The best of two lists over different items, both best first with equal values in the order of the items, -1 where they end. */
function merge(list: Int32Array, a: Scored, fromA: number, b: Scored, fromB: number): void {
  const endB = fromB + list.length
  for (let at = 0; at < list.length; at++) {
    const [itemA, itemB] = [a.items[fromA]!, fromB < endB ? b.items[fromB]! : -1]
    const [valueA, valueB] = [a.values[fromA]!, b.values[fromB]!]
    const takesB = itemB !== -1 && (itemA === -1 || valueB > valueA || (valueB === valueA && itemB < itemA))
    list[at] = takesB ? itemB : itemA
    if (takesB) fromB++
    else fromA++
  }
}
