import { calibrationSmoothing, cutoffs, leastPropensity } from '../../../src-shared/domain/metric'
import { nnzOf, rowOf, type Csr, type Split } from '../../../src-shared/domain/split'
import { codesOf, popularityOf, type CategoricalAttribute, type NumericAttribute } from '../intervene/attributes'
import { discountAt, listMetricsAt } from './ranking'

/** What a user's metrics are of. */
export interface UserList {
  /** Row of the split. */
  row: number
  /** The best candidates, best first; fewer than k where there are no more. */
  top: Int32Array
  /** The held-out items; at least one. */
  relevant: ReadonlySet<number>
}

/** The values of one user's list at one cut-off; NaN where the user has none. */
export interface ListMeasure {
  names: string[]
  measure(list: UserList, out: Float64Array): void
}

/** Precision, MAP, MRR and hit rate beside recall and NDCG, by their definitions. */
export const accuracyMeasure = (k: number): ListMeasure => ({
  names: ['recall', 'recallFull', 'ndcg', 'precision', 'map', 'mrr', 'hit'].map((id) => `${id}@${k}`),
  measure({ top, relevant }, out) {
    const { recall, recallFull, ndcg } = listMetricsAt(k, top, relevant)
    let hits = 0
    let precisions = 0
    let first = 0
    for (let rank = 1; rank <= Math.min(k, top.length); rank++) {
      if (!relevant.has(top[rank - 1]!)) continue
      hits++
      precisions += hits / rank
      if (first === 0) first = rank
    }
    out.set([
      recall,
      recallFull,
      ndcg,
      hits / k,
      precisions / Math.min(k, relevant.size),
      first === 0 ? 0 : 1 / first,
      hits > 0 ? 1 : 0,
    ])
  },
})

const buckets = 512

/**
 * The share of pairs of a held-out item and another candidate in which the held-out one scores higher, ties half.
 * Exact, and without sorting all scores: the span of the held-out scores is cut into equal parts, and most candidates lie in one
 * that has no held-out score, so that one look-up tells how many are above.
 * @param excluded items that are no candidates: `excluded[item] !== 0`
 * @returns NaN where every candidate is held out
 */
export function areaUnderCurve(scores: Float32Array, excluded: Uint8Array, relevant: ReadonlySet<number>): number {
  const held = Float32Array.from(relevant, (item) => scores[item]!).sort()
  const count = held.length
  const lowest = held[0]!
  const highest = held[count - 1]!
  const scale = highest > lowest ? buckets / (highest - lowest) : 0
  const bucketOf = (score: number): number => Math.min(buckets - 1, Math.floor((score - lowest) * scale))
  // before[b]: how many held-out scores are in the buckets before b.
  const before = new Int32Array(buckets + 1)
  for (const score of held) before[bucketOf(score) + 1]!++
  for (let bucket = 0; bucket < buckets; bucket++) before[bucket + 1]! += before[bucket]!

  let higher = 0
  let others = 0
  for (let item = 0; item < scores.length; item++) {
    if (excluded[item] !== 0) continue
    others++
    const score = scores[item]!
    if (score < lowest) higher += count
    else if (score <= highest) {
      const bucket = bucketOf(score)
      const end = before[bucket + 1]!
      let from = before[bucket]!
      while (from < end && held[from]! < score) from++
      let equal = 0
      while (from + equal < end && held[from + equal] === score) equal++
      higher += count - from - equal / 2
    }
  }
  // The held-out items were counted among the others: each beats those below it and ties with itself, m² / 2 pairs in all.
  others -= count
  return others === 0 ? Number.NaN : (higher - (count * count) / 2) / (count * others)
}

/** Novelty and popularity lift at k. */
export function popularityMeasure(train: Csr, k: number): ListMeasure {
  const popularity = popularityOf(train)
  const surprise = popularity.map((count) => -Math.log2((count + 1) / (train.rows + 1)))
  const mean = (items: Int32Array, values: Float64Array): number => {
    let sum = 0
    for (const item of items) sum += values[item]!
    return sum / items.length
  }
  return {
    names: [`novelty@${k}`, `popularityLift@${k}`],
    measure({ row, top }, out) {
      const list = top.subarray(0, k)
      out[0] = mean(list, surprise)
      out[1] = mean(list, popularity) / mean(rowOf(train, row), popularity) - 1
    },
  }
}

/** The mean of a numeric attribute over the list. */
export const averageMeasure = ({ name, values }: NumericAttribute, k: number): ListMeasure => ({
  names: [`avp:${name}@${k}`],
  measure({ top }, out) {
    let sum = 0
    let count = 0
    for (const item of top.subarray(0, k)) {
      const value = values[item]!
      if (Number.isNaN(value)) continue
      sum += value
      count++
    }
    out[0] = sum / count
  },
})

/** How much of the train interactions the most popular items have together, and the least popular ones. */
const headShare = 0.2

/**
 * Popularity as three categories: head, the most popular items that have a fifth of the train interactions together, tail, the
 * least popular ones that have a fifth, and mid between them. Equal counts go by the number of the item.
 */
export function popularityClasses(train: Csr): CategoricalAttribute {
  const popularity = popularityOf(train)
  const order = Array.from(popularity, (_, item) => item).sort((a, b) => popularity[b]! - popularity[a]! || a - b)
  const total = nnzOf(train)
  const codes = new Int32Array(train.cols)
  let before = 0
  for (const item of order) {
    codes[item] = before < headShare * total ? 0 : before < (1 - headShare) * total ? 1 : 2
    before += popularity[item]!
  }
  return {
    name: 'popularity',
    labels: ['head', 'mid', 'tail'],
    indptr: Int32Array.from({ length: train.cols + 1 }, (_, item) => item),
    codes,
  }
}

/** Steck's calibration of a category of the items. */
export function calibrationMeasure(attribute: CategoricalAttribute, train: Csr, k: number): ListMeasure {
  const size = attribute.labels.length
  /** Adds each item's equal parts for its categories to `shares`. @returns whether any item has one */
  const sharesOf = (items: Int32Array, shares: Float64Array): boolean => {
    shares.fill(0)
    let count = 0
    for (const item of items) {
      const codes = codesOf(attribute, item)
      if (codes.length > 0) count++
      for (const code of codes) shares[code]! += 1 / codes.length
    }
    for (let code = 0; code < size; code++) shares[code]! /= count
    return count > 0
  }
  const wanted = new Float64Array(size)
  const given = new Float64Array(size)
  return {
    names: [`calibration:${attribute.name}@${k}`],
    measure({ row, top }, out) {
      out[0] = Number.NaN
      if (!sharesOf(rowOf(train, row), wanted) || !sharesOf(top.subarray(0, k), given)) return
      let divergence = 0
      for (let code = 0; code < size; code++) {
        const p = wanted[code]!
        if (p === 0) continue
        const q = (1 - calibrationSmoothing) * given[code]! + calibrationSmoothing * p
        divergence += p * Math.log(p / q)
      }
      // Rounding may leave a divergence of nothing just below 0.
      out[0] = Math.max(0, divergence)
    },
  }
}

/** θ of every item: how likely its interactions are to be observed, up to a factor. (Saito et al. 2020) */
export function propensitiesOf(train: Csr): Float64Array {
  const popularity = popularityOf(train)
  const largest = popularity.reduce((most, count) => Math.max(most, count), 0)
  return popularity.map((count) => Math.max(leastPropensity, largest > 0 ? Math.sqrt(count / largest) : 0))
}

/** What is known of a doubly robust estimate: the imputed relevance of each item, and who was seen to dislike what. */
export interface ObservedNegatives {
  imputed: Float64Array
  /** The held-out pairs that were rated below the threshold. */
  held: Csr
}

/** Null where no pair of the test part was rated below the threshold: see `dcgDr` in the definitions. */
export function observedNegatives({ train, negatives }: Split): ObservedNegatives | null {
  if (!negatives || nnzOf(negatives.test) === 0) return null
  const liked = popularityOf(train)
  const disliked = popularityOf(negatives.train)
  return { imputed: liked.map((count, item) => (count + 1) / (count + disliked[item]! + 2)), held: negatives.test }
}

/** Recall and DCG at k with every held-out item weighted by its propensity. */
export function unbiasedMeasure(
  propensities: Float64Array,
  negatives: ObservedNegatives | null,
  k: number,
): ListMeasure {
  const ids = ['recallIps', 'recallSnips', 'dcgIps', 'dcgSnips', ...(negatives ? ['dcgDr'] : [])]
  return {
    names: ids.map((id) => `${id}@${k}`),
    measure({ row, top, relevant }, out) {
      let weights = 0
      for (const item of relevant) weights += 1 / propensities[item]!
      let recalled = 0
      let gain = 0
      let robust = 0
      const disliked = negatives && new Set(rowOf(negatives.held, row))
      for (let rank = 1; rank <= Math.min(k, top.length); rank++) {
        const item = top[rank - 1]!
        const discount = discountAt(rank)
        const liked = relevant.has(item)
        const weight = 1 / propensities[item]!
        if (liked) {
          recalled += weight
          gain += weight * discount
        }
        if (!negatives) continue
        const expected = negatives.imputed[item]!
        const correction = liked || disliked!.has(item) ? weight * ((liked ? 1 : 0) - expected) : 0
        robust += (expected + correction) * discount
      }
      out.set([recalled / relevant.size, recalled / weights, gain, gain / weights])
      if (negatives) out[4] = robust
    },
  }
}

/** All metrics of a list that need nothing but the list, at every cut-off. */
export function listMeasures(
  split: Split,
  items: { numbers: NumericAttribute[]; categories: CategoricalAttribute[] },
): ListMeasure[] {
  const propensities = propensitiesOf(split.train)
  const negatives = observedNegatives(split)
  const categories = [popularityClasses(split.train), ...items.categories]
  return cutoffs.flatMap((k) => [
    accuracyMeasure(k),
    popularityMeasure(split.train, k),
    ...categories.map((attribute) => calibrationMeasure(attribute, split.train, k)),
    ...items.numbers.map((attribute) => averageMeasure(attribute, k)),
    unbiasedMeasure(propensities, negatives, k),
  ])
}
