import { cutoffs, metricNamesAt, type Metrics } from '../../../src-shared/domain/metric'
import { rowOf, takeRows, type Csr, type Split } from '../../../src-shared/domain/split'
import type { TopK } from '../../jobs/trainer-contract'
import type { FittedModel } from '../../methods/method'
import { addListMetrics, listMetricNames, rankRows, RelevantItems, topItems } from './ranking'

export type Scorer = Pick<FittedModel, 'score' | 'rank'>

/** Scores of at most so many cells are in memory at a time: 64 MB. */
const blockCells = 16 * 1024 * 1024

/** How many users are scored together. */
export const blockRowsFor = (items: number): number => Math.max(1, Math.min(2048, Math.floor(blockCells / items)))

export interface EvaluateOptions {
  /** Users scored together; the metrics do not depend on it. */
  blockRows?: number
  /** Lengths of the lists that are measured; `cutoffs` unless given. */
  cutoffs?: readonly number[]
  /** Asked between blocks: true stops the evaluation. */
  stop?: () => boolean
  /** Told between blocks, in 0..1; waited for. */
  progress?: (fraction: number) => void | Promise<void>
}

/**
 * The parts a user is known by when `part` is evaluated: what lies in them is no candidate. What was rated lower in them is one, unless the
 * split says otherwise: only some methods read it, and all have to rank the same candidates.
 */
export function knownParts(split: Split, part: 'validation' | 'test'): Csr[] {
  const parts = part === 'validation' ? (['train'] as const) : (['train', 'validation'] as const)
  const seen = split.isSeenExcluded && split.negatives
  return [...parts.map((known) => split[known]), ...(seen ? parts.map((known) => seen[known]) : [])]
}

/**
 * The items of a part that are candidates when it is evaluated. A randomised test part may repeat a pair that is known from another part:
 * no list can have it.
 */
export function heldOut(split: Split, part: 'validation' | 'test'): Csr {
  const held = split[part]
  if (part === 'validation' || !split.isTestRandomised) return held
  const known = knownParts(split, part)
  const lists = Array.from({ length: held.rows }, (_, user) => {
    const taken = new Set(known.flatMap((own) => [...rowOf(own, user)]))
    return rowOf(held, user).filter((item) => !taken.has(item))
  })
  const indptr = new Int32Array(held.rows + 1)
  lists.forEach((list, user) => (indptr[user + 1] = indptr[user]! + list.length))
  const indices = new Int32Array(indptr[held.rows]!)
  lists.forEach((list, user) => indices.set(list, indptr[user]!))
  return { rows: held.rows, cols: held.cols, indptr, indices }
}

/**
 * Full-ranking metrics of one part of a split, averaged over the users who have an item in it (see `rankingMetrics`).
 * The model sees each user's train row.
 * @returns the metrics and the number of users they are of; null when stopped
 */
export async function evaluate(
  model: Scorer,
  split: Split,
  part: 'validation' | 'test',
  options: EvaluateOptions = {},
): Promise<{ metrics: Metrics; users: number } | null> {
  const held = heldOut(split, part)
  const users: number[] = []
  for (let u = 0; u < held.rows; u++) if (held.indptr[u + 1]! > held.indptr[u]!) users.push(u)

  const known = knownParts(split, part)
  const lengths = options.cutoffs ?? cutoffs
  const namesByLength = lengths.map(listMetricNames)
  const names = metricNamesAt(lengths)
  const sums: Metrics = Object.fromEntries(names.map((name) => [name, 0]))
  const deepest = Math.max(...lengths)
  const blockRows = options.blockRows ?? blockRowsFor(held.cols)
  const relevant = new RelevantItems(held.cols)
  for (let from = 0; from < users.length; from += blockRows) {
    if (options.stop?.()) return null
    const block = users.slice(from, from + blockRows)
    const rows = takeRows(split.train, block)
    const taken = joinRows(known, block)
    const lists = model.rank
      ? await model.rank(rows, taken, deepest)
      : rankRows(await model.score(rows), taken, deepest)
    block.forEach((user, r) => {
      relevant.set(rowOf(held, user))
      addListMetrics(sums, lists.subarray(r * deepest, (r + 1) * deepest), relevant, namesByLength)
    })
    await options.progress?.(Math.min(1, (from + blockRows) / users.length))
    await new Promise(setImmediate)
  }
  const metrics = Object.fromEntries(names.map((name) => [name, users.length ? sums[name]! / users.length : 0]))
  return { metrics, users: users.length }
}

/** The rows of some users in several parts, one after the other. */
export function joinRows(parts: Csr[], users: ArrayLike<number>): Csr {
  const indptr = new Int32Array(users.length + 1)
  for (let r = 0; r < users.length; r++)
    indptr[r + 1] = indptr[r]! + parts.reduce((sum, part) => sum + rowOf(part, users[r]!).length, 0)
  const indices = new Int32Array(indptr[users.length]!)
  let at = 0
  for (let r = 0; r < users.length; r++)
    for (const part of parts) {
      const row = rowOf(part, users[r]!)
      indices.set(row, at)
      at += row.length
    }
  return { rows: users.length, cols: parts[0]!.cols, indptr, indices }
}

/** Marks a user's known items while `work` runs. */
export function withExcluded<T>(excluded: Uint8Array, known: Csr[], user: number, work: () => T): T {
  for (const part of known) for (const item of rowOf(part, user)) excluded[item] = 1
  const result = work()
  for (const part of known) for (const item of rowOf(part, user)) excluded[item] = 0
  return result
}

/** The best k items of some users that are in neither their train nor their validation part. */
export async function recommend(model: Scorer, split: Split, rows: readonly number[], k: number): Promise<TopK> {
  const items = split.train.cols
  const result: TopK = { k, items: new Int32Array(rows.length * k).fill(-1), scores: new Float32Array(rows.length * k) }
  const known = knownParts(split, 'test')
  const excluded = new Uint8Array(items)
  const blockRows = blockRowsFor(items)
  for (let from = 0; from < rows.length; from += blockRows) {
    const block = rows.slice(from, from + blockRows)
    const scores = await model.score(takeRows(split.train, block))
    block.forEach((user, r) => {
      const own = scores.subarray(r * items, (r + 1) * items)
      const top = withExcluded(excluded, known, user, () => topItems(own, excluded, k))
      top.forEach((item, rank) => {
        result.items[(from + r) * k + rank] = item
        result.scores[(from + r) * k + rank] = own[item]!
      })
    })
  }
  return result
}
