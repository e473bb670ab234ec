import { definitionOf, parseMetricName, type RunEvaluation } from '../../../src-shared/domain/metric'
import { bootstrap, estimate, resampleUsers } from '../intervene/resample-users'
import type { Step } from '../intervene/tasks'
import type { Evaluation } from './evaluation-file'
import { coverageOf, exposures, giniOf } from './list-metrics'

/**
 * Where the evaluated ones of some users stand in an evaluation.
 * @param rows of the split, ascending; null: all
 */
export function positionsOf({ rows: evaluated }: Pick<Evaluation, 'rows'>, rows: Int32Array | null): Int32Array {
  const all = Int32Array.from(evaluated, (_, position) => position)
  if (!rows) return all
  const wanted = new Set(rows)
  return all.filter((position) => wanted.has(evaluated[position]!))
}

/** Coverage or Gini at a cut-off of some users' lists, by name (`coverage@10`); NaN where there is no list. */
export function listMetric(evaluation: Evaluation, name: string, positions: Int32Array | null): number {
  const { id, k } = parseMetricName(name)
  const exposed = exposures({ ...evaluation, users: evaluation.rows.length }, k!, positions)
  return id === 'coverage' ? coverageOf(exposed) : giniOf(exposed)
}

/**
 * The metrics of some users from what is stored of them: means over those who have a value, with the percentile interval of a
 * bootstrap over users; of all their lists together for coverage and Gini. What no user has a value of is left out, and so is what
 * is of pairs: their scores are not stored.
 * @param names in reporting order
 * @param positions of the users in the evaluation; at least one
 */
export async function metricsOfUsers(
  evaluation: Evaluation,
  names: readonly string[],
  positions: Int32Array,
  step: Step,
): Promise<Omit<RunEvaluation, 'run'>> {
  const users = positions.length
  // A column for each metric with 0 where there is no value, and one that says where there is, unless there is everywhere.
  const columns: Float64Array[] = []
  const add = (column: Float64Array): number => columns.push(column) - 1
  const everyone = add(new Float64Array(users).fill(1))
  const placed = names.map((name) => {
    const values = evaluation.values[name]
    if (!values) return null
    const own = Float64Array.from(positions, (position) => values[position]!)
    const missing = own.some(Number.isNaN)
    return {
      value: add(own.map((value) => (Number.isNaN(value) ? 0 : value))),
      count: missing ? add(own.map((value) => (Number.isNaN(value) ? 0 : 1))) : everyone,
    }
  })
  const table = new Float64Array(users * columns.length)
  columns.forEach((column, c) => column.forEach((value, user) => (table[user * columns.length + c] = value)))
  const { sums } = await resampleUsers(table, users, [], evaluation.items, step)
  const total = (column: number): number => columns[column]!.reduce((sum, value) => sum + value, 0)

  const metrics: RunEvaluation['metrics'] = []
  names.forEach((name, at) => {
    const place = placed[at]
    if (!place) {
      if (definitionOf(name).over !== 'lists') return
      const value = listMetric(evaluation, name, positions)
      if (!Number.isNaN(value)) metrics.push({ name, value, interval: null })
      return
    }
    const count = total(place.count)
    if (count === 0) return
    const drawn = Float64Array.from({ length: bootstrap.resamples }, (_, resample) => {
      const from = resample * columns.length
      return sums[from + place.value]! / sums[from + place.count]!
    })
    const { mean: value, low, high } = estimate(total(place.value) / count, drawn)
    metrics.push({ name, value, interval: { low, high } })
  })
  return { users, metrics, level: bootstrap.level }
}
