import {
  allMetricNames,
  checkMetricRange,
  cutoffs,
  evaluationProtocol,
  popularityAttribute,
  rangeOf,
  type Metrics,
} from '../../../src-shared/domain/metric'
import { rowOf, takeRows, type Split } from '../../../src-shared/domain/split'
import type { AttributeTable, FullEvaluation } from '../../jobs/trainer-contract'
import { describeWith, noAttributes, popularityOf } from '../intervene/attributes'
import {
  blockRowsFor,
  heldOut,
  joinRows,
  knownParts,
  withExcluded,
  type EvaluateOptions,
  type Scorer,
} from './evaluate'
import type { Evaluation } from './evaluation-file'
import { coverageOf, diversities, exposures, giniOf } from './list-metrics'
import { rankRows } from './ranking'
import { pooledAuc, ratedByUser, RatedScores } from './rated'
import { areaUnderCurve, listMeasures, observedNegatives } from './user-metrics'

const deepest = Math.max(...cutoffs)

/** The share of the work that is done once all lists are there. */
const listsShare = 0.8

/**
 * All metrics of the test part: see `metricDefinitions`. The lists and the values by user are kept for intervals, segments and
 * tests. A metric that no user has a value of is left out. Among rated items the scores of `score` rank, also of a model that
 * ranks itself.
 * @param items what the items are described by; null: nothing but their popularity
 * @returns null when stopped
 * @throws CausewayError `internal` for a value a metric cannot have
 */
export async function evaluateFully(
  model: Scorer,
  split: Split,
  items: AttributeTable | null,
  options: EvaluateOptions = {},
): Promise<FullEvaluation | null> {
  const { test, train } = split
  const every = Int32Array.from({ length: test.rows }, (_, row) => row)
  const rows = every.filter((row) => rowOf(test, row).length > 0)
  const held = heldOut(split, 'test')
  const rated = observedNegatives(split) ? new RatedScores(split) : null
  // Nothing of theirs can be recommended rightly, but their ratings are among the pairs of `ratedAuc`.
  const onlyNegatives = every.filter(
    (row) => rated !== null && rowOf(test, row).length === 0 && rowOf(split.negatives!.test, row).length > 0,
  )
  const described = describeWith(items ?? noAttributes, { name: popularityAttribute, values: popularityOf(train) })
  const namesOf = (attributes: { name: string }[]): string[] =>
    attributes.map(({ name }) => name).filter((name) => name !== popularityAttribute)
  const names = allMetricNames({
    numericAttributes: namesOf(described.numbers),
    categories: namesOf(described.categories),
    hasObservedNegatives: rated !== null,
  })

  const columns = new Map<string, UserColumn>()
  const columnOf = (name: string): UserColumn => {
    const column = new UserColumn(name, rows.length)
    columns.set(name, column)
    return column
  }
  const areas = columnOf('auc')
  const measures = listMeasures(split, described).map(({ names: own, measure }) => ({
    measure,
    columns: own.map(columnOf),
    out: new Float64Array(own.length),
  }))
  const lists = new Int32Array(rows.length * deepest).fill(-1)
  const known = knownParts(split, 'test')
  const excluded = new Uint8Array(test.cols)
  const blockRows = options.blockRows ?? blockRowsFor(test.cols)
  const scored = async (count: number): Promise<void> => {
    await options.progress?.((listsShare * count) / (rows.length + onlyNegatives.length))
    await new Promise(setImmediate)
  }
  for (let from = 0; from < rows.length; from += blockRows) {
    if (options.stop?.()) return null
    const block = rows.subarray(from, from + blockRows)
    const shown = takeRows(train, block)
    const scores = await model.score(shown)
    const taken = joinRows(known, block)
    // Those of `evaluate`, of which the metrics watched while training are.
    const best = model.rank ? await model.rank(shown, taken, deepest) : rankRows(scores, taken, deepest)
    lists.set(best, from * deepest)
    block.forEach((row, r) => {
      const own = scores.subarray(r * test.cols, (r + 1) * test.cols)
      rated?.take(row, own)
      const relevant = new Set(rowOf(held, row))
      // All that the test part has of the user is known: no list could be right or wrong.
      if (relevant.size === 0) return
      const list = best.subarray(r * deepest, (r + 1) * deepest)
      const end = list.indexOf(-1)
      const top = end === -1 ? list : list.subarray(0, end)
      areas.set(
        from + r,
        withExcluded(excluded, known, row, () => areaUnderCurve(own, excluded, relevant)),
      )
      for (const { columns: own, measure, out } of measures) {
        measure({ row, top, relevant }, out)
        for (let at = 0; at < own.length; at++) own[at]!.set(from + r, out[at]!)
      }
    })
    await scored(Math.min(rows.length, from + blockRows))
  }
  for (let from = 0; from < onlyNegatives.length; from += blockRows) {
    if (options.stop?.()) return null
    const block = onlyNegatives.subarray(from, from + blockRows)
    const scores = await model.score(takeRows(train, block))
    block.forEach((row, r) => rated!.take(row, scores.subarray(r * test.cols, (r + 1) * test.cols)))
    await scored(rows.length + Math.min(onlyNegatives.length, from + blockRows))
  }

  const ofUsers = { users: rows.length, depth: deepest, lists, items: test.cols }
  const varied = await diversities(ofUsers, train, cutoffs, async (fraction) => {
    await options.progress?.(listsShare + (1 - listsShare) * fraction)
    await new Promise(setImmediate)
    return !options.stop?.()
  })
  if (!varied) return null
  const overall: Metrics = {}
  if (rated) {
    overall['ratedAuc'] = pooledAuc(rated.pairs.labels, rated.scores)
    // Of the users with a positive, ascending: the rows.
    for (const [name, values] of Object.entries(ratedByUser(rated.pairs, rated.scores))) {
      const column = columnOf(name)
      values.forEach((value, at) => column.set(at, value))
    }
  }
  cutoffs.forEach((k, c) => {
    const column = columnOf(`diversity@${k}`)
    varied[c]!.forEach((value, at) => column.set(at, value))
    const exposed = exposures(ofUsers, k, null)
    overall[`coverage@${k}`] = coverageOf(exposed)
    overall[`gini@${k}`] = giniOf(exposed)
  })

  const metrics: Metrics = {}
  const values: Evaluation['values'] = {}
  for (const name of names) {
    const column = columns.get(name)
    const value = overall[name] ?? column!.mean()
    if (Number.isNaN(value)) continue
    checkMetricRange(name, value)
    metrics[name] = value
    if (column) values[name] = column.values
  }
  return {
    metrics,
    evaluation: {
      protocol: evaluationProtocol,
      rows,
      depth: deepest,
      lists,
      items: test.cols,
      values,
      ...(split.isTestRandomised ? { isTestRandomised: true } : {}),
    },
  }
}

/** The values of one metric by user. The mean is of the exact values, what is kept of each user is of single precision. */
class UserColumn {
  readonly values: Float32Array
  private sum = 0
  private count = 0
  private readonly low: number
  private readonly high: number

  constructor(
    private readonly name: string,
    users: number,
  ) {
    this.values = new Float32Array(users).fill(Number.NaN)
    const [low, high] = rangeOf(name)
    this.low = low
    this.high = high
  }

  /**
   * @param value NaN where the user has none
   * @throws CausewayError `internal` for a value the metric cannot have
   */
  set(user: number, value: number): void {
    if (Number.isNaN(value)) return
    // The check parses the name: asked only where something may be wrong.
    if (value < this.low || value > this.high) checkMetricRange(this.name, value)
    this.values[user] = value
    this.sum += value
    this.count++
  }

  /** Over the users who have a value; NaN where nobody has. */
  mean(): number {
    return this.sum / this.count
  }
}
