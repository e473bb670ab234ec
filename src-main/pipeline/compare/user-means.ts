import { bootstrap, estimate, resampleUsers } from '../intervene/resample-users'
import type { Step } from '../intervene/tasks'

/** The values of one metric by user: one array [users] for each run of a group; NaN where a user has none. */
export type ValuesOfRuns = readonly Float32Array[]

/** Each user's mean over the runs of the group that have a value for it; NaN where none has. */
export function userMeans(runs: ValuesOfRuns): Float64Array {
  const users = runs[0]?.length ?? 0
  const means = new Float64Array(users)
  for (let user = 0; user < users; user++) {
    let sum = 0
    let count = 0
    for (const values of runs) {
      const value = values[user]!
      if (Number.isNaN(value)) continue
      sum += value
      count++
    }
    means[user] = count === 0 ? Number.NaN : sum / count
  }
  return means
}

/** The differences of the users who have a value in both. */
export function userDifferences(a: Float64Array, b: Float64Array): Float64Array {
  const differences: number[] = []
  for (let user = 0; user < a.length; user++) {
    const difference = a[user]! - b[user]!
    if (!Number.isNaN(difference)) differences.push(difference)
  }
  return Float64Array.from(differences)
}

/** Numbers in the table that is resampled at once; more are taken in turns. */
const tableSize = 8e6

/** A column of values and the one that says who has a value; null: everybody has. */
interface Columns {
  value: Float64Array
  defined: Float64Array | null
}

/**
 * Percentile bootstrap over users of the mean over the runs of each set of values, each run's mean being that over the users who
 * have a value. The same users are drawn for all sets.
 * @param sets the values of one group in one metric each, all over the same users
 * @param users how many
 * @returns null for a set in which a run has a value for nobody
 */
export async function userIntervals(
  sets: readonly ValuesOfRuns[],
  users: number,
  level: number,
  step: Step,
): Promise<({ low: number; high: number; users: number; resamples: number } | null)[]> {
  const intervals: Awaited<ReturnType<typeof userIntervals>> = []
  const prepared = sets.map(columnsOf)
  let from = 0
  while (from < sets.length) {
    let to = from
    let size = 0
    while (to < sets.length && (to === from || size + 2 * prepared[to]!.length * users <= tableSize))
      size += 2 * prepared[to++]!.length * users
    intervals.push(...(await intervalsOf(prepared.slice(from, to), users, level, step)))
    from = to
  }
  return intervals
}

/** One column where the same users have values in all runs: then the mean of the means is that of the users' means. */
function columnsOf(runs: ValuesOfRuns): Columns[] {
  const same = runs.every((values) =>
    values.every((value, user) => Number.isNaN(value) === Number.isNaN(runs[0]![user]!)),
  )
  return (same ? [userMeans(runs)] : runs).map((values) => {
    const whole = values.every((value) => !Number.isNaN(value))
    return {
      value: Float64Array.from(values, (value) => (Number.isNaN(value) ? 0 : value)),
      defined: whole ? null : Float64Array.from(values, (value) => (Number.isNaN(value) ? 0 : 1)),
    }
  })
}

async function intervalsOf(sets: Columns[][], users: number, level: number, step: Step) {
  const all: Float64Array[] = []
  const indexed = sets.map((columns) =>
    columns.map(({ value, defined }) => ({
      value: all.push(value) - 1,
      defined: defined ? all.push(defined) - 1 : null,
    })),
  )
  const width = all.length
  const table = new Float64Array(users * width)
  all.forEach((column, at) => {
    for (let user = 0; user < users; user++) table[user * width + at] = column[user]!
  })
  const { sums } = await resampleUsers(table, users, [], 1, step)
  return indexed.map((columns, set) => {
    const total = (column: Float64Array): number => column.reduce((sum, x) => sum + x, 0)
    const has = sets[set]!.map(({ defined }) => (defined ? total(defined) : users))
    if (users === 0 || has.some((count) => count === 0)) return null
    const drawn = Float64Array.from({ length: bootstrap.resamples }, (_, resample) => {
      const at = resample * width
      let sum = 0
      for (const { value, defined } of columns)
        sum += sums[at + value]! / (defined === null ? users : sums[at + defined]!)
      return sum / columns.length
    })
    const { low, high } = estimate(0, drawn, level)
    return { low, high, users: Math.max(...has), resamples: bootstrap.resamples }
  })
}
