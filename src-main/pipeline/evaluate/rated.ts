import { ratedCutoffs, type Metrics } from '../../../src-shared/domain/metric'
import { nnzOf, type PairValues, type Split } from '../../../src-shared/domain/split'
import { listMetricsAt, topItems } from './ranking'

/** The rated pairs of a part of a split, user by user, items ascending. Arrays of one length. */
export interface RatedPairs {
  users: Int32Array
  items: Int32Array
  /** 1: the rating reaches the threshold; 0: it does not. */
  labels: Float32Array
  /** The ratings, NaN where a pair has none; null where the split has none. */
  values: Float32Array | null
  /** The probabilities of having been observed, NaN where a pair has none; null where the split has none. */
  propensities: Float32Array | null
}

/** All rated pairs of a part: its positives and, where the split knows them, its observed negatives. */
export function ratedPairs(split: Split, part: 'train' | 'validation' | 'test'): RatedPairs {
  const positives = split[part]
  const negatives = split.negatives?.[part]
  const size = nnzOf(positives) + (negatives ? nnzOf(negatives) : 0)
  const pairs: RatedPairs = {
    users: new Int32Array(size),
    items: new Int32Array(size),
    labels: new Float32Array(size),
    values: split.ratings ? new Float32Array(size) : null,
    propensities: split.propensities ? new Float32Array(size) : null,
  }
  const valueOf = (values: PairValues, label: number, at: number): number =>
    values[label === 1 ? 'positives' : 'negatives'][part][at]!
  let to = 0
  const add = (user: number, item: number, label: number, at: number): void => {
    pairs.users[to] = user
    pairs.items[to] = item
    pairs.labels[to] = label
    if (pairs.values) pairs.values[to] = valueOf(split.ratings!, label, at)
    if (pairs.propensities) pairs.propensities[to] = valueOf(split.propensities!, label, at)
    to++
  }
  for (let user = 0; user < positives.rows; user++) {
    let negative = negatives ? negatives.indptr[user]! : 0
    const end = negatives ? negatives.indptr[user + 1]! : 0
    const addBelow = (item: number): void => {
      for (; negative < end && negatives!.indices[negative]! < item; negative++)
        add(user, negatives!.indices[negative]!, 0, negative)
    }
    for (let positive = positives.indptr[user]!; positive < positives.indptr[user + 1]!; positive++) {
      const item = positives.indices[positive]!
      addBelow(item)
      add(user, item, 1, positive)
    }
    addBelow(positives.cols)
  }
  return pairs
}

/**
 * The metrics among rated items (`ratedAuc`, `ratedRecall@5`, `ratedRecallFull@5`, `ratedNdcg@5`) of scored pairs.
 * @param scores one for each pair
 * @returns without those that have no value: all, where the pairs are all of one label
 */
export function ratedMetrics(pairs: RatedPairs, scores: Float32Array): Metrics {
  const ratedAuc = pooledAuc(pairs.labels, scores)
  if (Number.isNaN(ratedAuc)) return {}
  const means = Object.entries(ratedByUser(pairs, scores)).map(
    ([name, values]) => [name, values.reduce((sum, value) => sum + value, 0) / values.length] as const,
  )
  return { ratedAuc, ...Object.fromEntries(means) }
}

/**
 * Area under the ROC curve over all pairs together: the share of a positive and a negative in which the positive has the
 * higher score, ties half.
 * @returns NaN where all pairs are of one label
 */
export function pooledAuc(labels: Float32Array, scores: Float32Array): number {
  const positives = scores.filter((_, at) => labels[at] === 1).sort()
  const negatives = scores.filter((_, at) => labels[at] !== 1).sort()
  let wins = 0
  let below = 0
  let through = 0
  for (const score of positives) {
    while (below < negatives.length && negatives[below]! < score) below++
    if (through < below) through = below
    while (through < negatives.length && negatives[through] === score) through++
    wins += (below + through) / 2
  }
  return wins / (positives.length * negatives.length)
}

/**
 * Recall and NDCG of each user who has a positive among the rated items, users ascending, by metric name. Equal scores keep the
 * order of the items.
 */
export function ratedByUser(
  { users, labels }: Pick<RatedPairs, 'users' | 'labels'>,
  scores: Float32Array,
  lengths: readonly number[] = ratedCutoffs,
): Record<string, Float64Array> {
  const size = users.length
  // Nothing is excluded among what a user rated.
  const none = new Uint8Array(size)
  const rows: { start: number; end: number; relevant: Set<number> }[] = []
  for (let start = 0, end = 0; start < size; start = end) {
    const relevant = new Set<number>()
    for (; end < size && users[end] === users[start]; end++) if (labels[end] === 1) relevant.add(end - start)
    if (relevant.size > 0) rows.push({ start, end, relevant })
  }
  const values: Record<string, Float64Array> = {}
  for (const k of lengths) {
    const recalls = (values[`ratedRecall@${k}`] = new Float64Array(rows.length))
    const full = (values[`ratedRecallFull@${k}`] = new Float64Array(rows.length))
    const ndcgs = (values[`ratedNdcg@${k}`] = new Float64Array(rows.length))
    rows.forEach(({ start, end, relevant }, at) => {
      const { recall, recallFull, ndcg } = listMetricsAt(k, topItems(scores.subarray(start, end), none, k), relevant)
      recalls[at] = recall
      full[at] = recallFull
      ndcgs[at] = ndcg
    })
  }
  return values
}

/** The scores of the rated test pairs, taken from the scores of whole rows. */
export class RatedScores {
  readonly pairs: RatedPairs
  readonly scores: Float32Array

  constructor(private readonly split: Split) {
    this.pairs = ratedPairs(split, 'test')
    this.scores = new Float32Array(this.pairs.users.length)
  }

  /** @param scores of all items for the user of this row */
  take(row: number, scores: Float32Array): void {
    const { test, negatives } = this.split
    const from = test.indptr[row]! + negatives!.test.indptr[row]!
    const to = test.indptr[row + 1]! + negatives!.test.indptr[row + 1]!
    for (let at = from; at < to; at++) this.scores[at] = scores[this.pairs.items[at]!]!
  }
}
