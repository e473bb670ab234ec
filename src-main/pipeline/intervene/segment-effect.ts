import type { Estimate, Quantity } from '../../../src-shared/domain/intervention'
import type { RowsEffect } from '../../jobs/trainer-contract'
import type { ModelIntervention } from '../../methods/method'
import { listOf, type Candidates, type ScoredLists } from './lists'
import type { PreparedRows } from './prepared-rows'
import type { QuantityGroup, QuantityGroups } from './quantities'
import { jaccard, listTau } from './rank-similarity'
import { bootstrap, estimate, resampleUsers } from './resample-users'
import { partOf, type Step } from './tasks'

/** A change of scores below it is none. */
export const noChange = 1e-6

/** Lists of the baseline are kept so deep at least: items that enter have mostly been not far below. */
const leastDepth = 50
const movedItems = 10

/** The lists of a segment without an intervention, block by block as they are asked for. */
export interface SegmentBaseline {
  blocks: Int32Array[]
  depth: number
  lists: (ScoredLists | undefined)[]
}

export const newBaseline = (blocks: Int32Array[], k: number): SegmentBaseline => ({
  blocks,
  depth: Math.max(k, leastDepth),
  lists: blocks.map(() => undefined),
})

/** The lists of all users before and after. */
interface Comparison {
  users: number
  /** [users × k], -1 pads */
  before: Int32Array
  after: Int32Array
  rows: Int32Array
  largestScoreChange: number
}

/** What an intervention does to the lists of a segment; see `SegmentEffect` for the quantities. */
export async function segmentEffect(
  users: PreparedRows,
  candidates: Candidates,
  baseline: SegmentBaseline,
  groups: QuantityGroups,
  k: number,
  intervention: ModelIntervention,
  step: Step,
): Promise<RowsEffect> {
  const started = performance.now()
  const compared = await compare(users, candidates, baseline, k, intervention, partOf(step, 0, 0.7))
  const measured = await measure(compared, groups, k, users.items, partOf(step, 0.7, 1))
  return {
    k,
    users: compared.users,
    changedLists: countChanged(compared, k),
    largestScoreChange: compared.largestScoreChange,
    noDifference: compared.largestScoreChange < noChange,
    ...measured,
    ...moved(compared, users.items),
    bootstrap,
    seconds: (performance.now() - started) / 1000,
  }
}

async function compare(
  users: PreparedRows,
  candidates: Candidates,
  baseline: SegmentBaseline,
  k: number,
  intervention: ModelIntervention,
  step: Step,
): Promise<Comparison> {
  const count = baseline.blocks.reduce((sum, block) => sum + block.length, 0)
  const result: Comparison = {
    users: count,
    before: new Int32Array(count * k).fill(-1),
    after: new Int32Array(count * k).fill(-1),
    rows: new Int32Array(count),
    largestScoreChange: 0,
  }
  let done = 0
  for (const [at, rows] of baseline.blocks.entries()) {
    await step('Computing lists', done / count)
    let scoresBefore: Float32Array | null = null
    let before = baseline.lists[at]
    if (!before) {
      scoresBefore = await users.score(rows)
      before = candidates.lists(rows, scoresBefore, baseline.depth)
      baseline.lists[at] = before
      await step('Computing lists', done / count)
    }
    const scores = await users.score(rows, intervention)
    const after = candidates.lists(rows, scores, k)
    let change = listedChange(before, after, scores, scoresBefore, rows.length, k, users.items)
    if (change === null) {
      // An item came from so far below that its score before was not kept: the same block once more.
      await step('Computing lists', done / count)
      change = listedChange(before, after, scores, await users.score(rows), rows.length, k, users.items)!
    }
    result.largestScoreChange = Math.max(result.largestScoreChange, change)
    result.rows.set(rows, done)
    for (let r = 0; r < rows.length; r++) {
      result.before.set(listOf(before, r, k), (done + r) * k)
      result.after.set(listOf(after, r, k), (done + r) * k)
    }
    done += rows.length
  }
  return result
}

/**
 * The largest change of the score of an item in a list before or after; null where the score before of an entering item is
 * not known.
 * @param scores after, [rows × items]
 * @param scoresBefore [rows × items], where they are at hand
 */
function listedChange(
  before: ScoredLists,
  after: ScoredLists,
  scores: Float32Array,
  scoresBefore: Float32Array | null,
  rows: number,
  k: number,
  items: number,
): number | null {
  let largest = 0
  for (let r = 0; r < rows; r++) {
    const kept = listOf(before, r, before.depth)
    for (const [rank, item] of listOf(before, r, k).entries())
      largest = Math.max(largest, Math.abs(scores[r * items + item]! - before.scores[r * before.depth + rank]!))
    for (const [rank, item] of listOf(after, r, k).entries()) {
      const rankBefore = kept.indexOf(item)
      if (rankBefore < 0 && !scoresBefore) return null
      const score = rankBefore < 0 ? scoresBefore![r * items + item]! : before.scores[r * before.depth + rankBefore]!
      largest = Math.max(largest, Math.abs(after.scores[r * after.depth + rank]! - score))
    }
  }
  return largest
}

type Measured = Pick<RowsEffect, 'metrics' | 'attributes' | 'categories' | 'coverage' | 'jaccard' | 'rankCorrelation'>

/** All quantities with their intervals, from one drawing of the users. */
async function measure(
  compared: Comparison,
  groups: QuantityGroups,
  k: number,
  items: number,
  step: Step,
): Promise<Measured> {
  const all = [groups.accuracy, ...groups.averages, ...groups.shares.map(({ group }) => group)]
  const table = new PairedTable(all, 2, compared.users)
  for (let user = 0; user < compared.users; user++) {
    const before = ownList(compared.before, user, k)
    const after = ownList(compared.after, user, k)
    all.forEach((group, g) => table.measure(group, g, user, compared.rows[user]!, before, after))
    if (before.length > 0) {
      table.setExtra(user, 0, jaccard(before, after))
      table.setExtra(user, 1, listTau(before, after))
    }
    if (user % 1024 === 1023) await step('Measuring lists', (0.3 * user) / compared.users)
  }
  const lists = [compared.before, compared.after]
  const drawn = await resampleUsers(table.values, compared.users, lists, items, partOf(step, 0.3, 1))
  const estimates = table.estimates(drawn.sums)
  const quantitiesOf = (group: QuantityGroup): Quantity[] => estimates.groups[all.indexOf(group)]!
  return {
    metrics: quantitiesOf(groups.accuracy),
    // Of nobody: no listed item has the attribute.
    attributes: groups.averages.flatMap(quantitiesOf).filter((quantity) => quantity.users > 0),
    categories: groups.shares
      .map(({ attribute, group }) => ({ attribute, shares: quantitiesOf(group) }))
      .filter(({ shares }) => shares.some((share) => share.users > 0)),
    coverage: coverageOf(compared, k, items, drawn.distinctItems[0]!, drawn.distinctItems[1]!),
    jaccard: estimates.extras[0]!,
    rankCorrelation: estimates.extras[1]!,
  }
}

/**
 * The values of all users in one row each, so that a resample is one pass: for every group whether it is defined (1 or 0), then
 * its values before and after; behind them extra values that are no pairs, each with whether it is defined. What is not defined
 * is 0. A user counts for a group where it is defined both before and after.
 */
class PairedTable {
  readonly values: Float64Array
  private readonly offsets: number[] = []
  private readonly columns: number
  private readonly extrasAt: number
  private readonly before: Float64Array[]
  private readonly after: Float64Array[]

  constructor(
    private readonly groups: QuantityGroup[],
    private readonly extras: number,
    private readonly users: number,
  ) {
    let columns = 0
    for (const { quantities } of groups) {
      this.offsets.push(columns)
      columns += 1 + 2 * quantities.length
    }
    this.extrasAt = columns
    this.columns = columns + 2 * extras
    this.values = new Float64Array(users * this.columns)
    this.before = groups.map(({ quantities }) => new Float64Array(quantities.length))
    this.after = groups.map(({ quantities }) => new Float64Array(quantities.length))
  }

  measure(group: QuantityGroup, g: number, user: number, row: number, before: Int32Array, after: Int32Array): void {
    const [first, second] = [this.before[g]!, this.after[g]!]
    if (!group.measure(row, before, first) || !group.measure(row, after, second)) return
    const at = user * this.columns + this.offsets[g]!
    this.values[at] = 1
    this.values.set(first, at + 1)
    this.values.set(second, at + 1 + first.length)
  }

  setExtra(user: number, extra: number, value: number): void {
    const at = user * this.columns + this.extrasAt + 2 * extra
    this.values[at] = 1
    this.values[at + 1] = value
  }

  /** Means over the users with their intervals. @param sums of each column, [resamples × columns] */
  estimates(sums: Float64Array): { groups: Quantity[][]; extras: Estimate[] } {
    const totals = new Float64Array(this.columns)
    for (let user = 0; user < this.users; user++)
      for (let column = 0; column < this.columns; column++)
        totals[column]! += this.values[user * this.columns + column]!
    const resamples = sums.length / this.columns
    /** Means of a column, or of the difference of two, over the users for whom `defined` is 1. */
    const estimateOf = (defined: number, column: number, less?: number): Estimate => {
      const mean = (from: Float64Array, at: number): number => {
        const sum = from[at + column]! / from[at + defined]!
        return less === undefined ? sum : sum - from[at + less]! / from[at + defined]!
      }
      if (totals[defined] === 0) return { mean: 0, low: 0, high: 0 }
      const drawn = Float64Array.from({ length: resamples }, (_, r) => mean(sums, r * this.columns))
      return estimate(mean(totals, 0), drawn)
    }
    return {
      groups: this.groups.map(({ quantities }, g) => {
        const defined = this.offsets[g]!
        return quantities.map((words, at) => {
          const before = defined + 1 + at
          const after = before + quantities.length
          return {
            ...words,
            users: totals[defined]!,
            before: estimateOf(defined, before),
            after: estimateOf(defined, after),
            change: estimateOf(defined, after, before),
          }
        })
      }),
      extras: Array.from({ length: this.extras }, (_, extra) => {
        const defined = this.extrasAt + 2 * extra
        return estimateOf(defined, defined + 1)
      }),
    }
  }
}

/**
 * Catalogue coverage. Users who are drawn twice bring no new items, so resamples cover less than the users do: the intervals are
 * moved by that bias (the mean of the resamples less the value itself).
 */
function coverageOf(
  compared: Comparison,
  k: number,
  items: number,
  drawnBefore: Float64Array,
  drawnAfter: Float64Array,
): Quantity {
  const before = countListed(compared.before, items).filter((count) => count > 0).length / items
  const after = countListed(compared.after, items).filter((count) => count > 0).length / items
  const centred = (value: number, drawn: Float64Array): Estimate => {
    const bias = drawn.reduce((sum, x) => sum + x, 0) / drawn.length - value
    return estimate(
      value,
      drawn.map((x) => x - bias),
    )
  }
  const share = (value: number, drawn: Float64Array): Estimate => {
    const { mean, low, high } = centred(
      value,
      drawn.map((count) => count / items),
    )
    return { mean, low: Math.max(0, low), high: Math.min(1, high) }
  }
  return {
    id: `coverage@${k}`,
    label: 'Catalogue coverage',
    help: `Share of all items that are in the top ${k} of at least one user of the segment; the interval is corrected for users who are drawn twice.`,
    users: compared.users,
    before: share(before, drawnBefore),
    after: share(after, drawnAfter),
    change: centred(
      after - before,
      drawnAfter.map((count, r) => (count - drawnBefore[r]!) / items),
    ),
  }
}

/** In how many lists each item is. */
function countListed(lists: Int32Array, items: number): Int32Array {
  const counts = new Int32Array(items)
  for (const item of lists) if (item >= 0) counts[item]!++
  return counts
}

/** The items that are in more, and those that are in fewer lists than before. */
function moved(compared: Comparison, items: number): Pick<RowsEffect, 'entering' | 'leaving'> {
  const before = countListed(compared.before, items)
  const after = countListed(compared.after, items)
  const changed = Array.from(before, (count, item) => ({ item, before: count, after: after[item]! }))
  const gain = (sign: 1 | -1): RowsEffect['entering'] =>
    changed
      .filter((entry) => sign * (entry.after - entry.before) > 0)
      .sort((a, b) => sign * (b.after - b.before - (a.after - a.before)) || a.item - b.item)
      .slice(0, movedItems)
  return { entering: gain(1), leaving: gain(-1) }
}

function countChanged({ users, before, after }: Comparison, k: number): number {
  let changed = 0
  for (let user = 0; user < users; user++) {
    for (let at = user * k; at < (user + 1) * k; at++)
      if (before[at] !== after[at]) {
        changed++
        break
      }
  }
  return changed
}

/** One user's list without padding, as a view. */
function ownList(lists: Int32Array, user: number, k: number): Int32Array {
  const own = lists.subarray(user * k, (user + 1) * k)
  const end = own.indexOf(-1)
  return end < 0 ? own : own.subarray(0, end)
}
