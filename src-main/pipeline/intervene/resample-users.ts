import type { Estimate } from '../../../src-shared/domain/intervention'
import { Rng } from '../../tensor/rng'
import type { Step } from './tasks'

/** How intervals are made, everywhere: percentile bootstrap over users, one draw of users for all quantities. */
export const bootstrap = { resamples: 1000, level: 0.95, seed: 0 } as const

/** Milliseconds of drawing between two steps. */
const patienceMilliseconds = 25

/** Top-k lists of all users, [users × k], -1 where a list is shorter. */
export type Lists = Int32Array

/** What resampling the users gives. */
export interface ResampledUsers {
  /** Sums of each column over the users of each resample, [resamples × columns]. */
  sums: Float64Array
  /** Number of distinct items in the lists of each resample's users, for each kind of list. */
  distinctItems: Float64Array[]
}

/**
 * Draws the users with replacement, as many as there are, again and again.
 * @param values [users × columns]
 * @param lists kinds of lists whose distinct items are counted
 */
export async function resampleUsers(
  values: Float64Array,
  users: number,
  lists: Lists[],
  items: number,
  step: Step,
): Promise<ResampledUsers> {
  const columns = values.length / users
  const sums = new Float64Array(bootstrap.resamples * columns)
  const distinctItems = lists.map(() => new Float64Array(bootstrap.resamples))
  const seen = lists.map(() => new Int32Array(items).fill(-1))
  const rng = Rng.seeded(bootstrap.seed)
  const times = new Uint32Array(users)
  let since = performance.now()
  for (let resample = 0; resample < bootstrap.resamples; resample++) {
    times.fill(0)
    for (let drawn = 0; drawn < users; drawn++) times[rng.integer(users)]!++
    const own = sums.subarray(resample * columns, (resample + 1) * columns)
    for (let user = 0; user < users; user++) {
      const weight = times[user]!
      if (weight === 0) continue
      const at = user * columns
      for (let column = 0; column < columns; column++) own[column]! += weight * values[at + column]!
    }
    lists.forEach((list, kind) => {
      distinctItems[kind]![resample] = countDistinct(list, users, times, seen[kind]!, resample)
    })
    if (performance.now() - since > patienceMilliseconds) {
      await step('Drawing users for intervals', resample / bootstrap.resamples)
      since = performance.now()
    }
  }
  return { sums, distinctItems }
}

/** Distinct items in the lists of the users that were drawn. @param seen the last resample that each item was in */
function countDistinct(lists: Lists, users: number, times: Uint32Array, seen: Int32Array, resample: number): number {
  const k = lists.length / users
  let count = 0
  for (let user = 0; user < users; user++) {
    if (times[user] === 0) continue
    for (let at = user * k; at < (user + 1) * k; at++) {
      const item = lists[at]!
      if (item < 0 || seen[item] === resample) continue
      seen[item] = resample
      count++
    }
  }
  return count
}

/** A value with the percentile interval of its resamples; those without a value (NaN) do not count. */
export function estimate(mean: number, resampled: Float64Array, level: number = bootstrap.level): Estimate {
  const sorted = resampled.filter((value) => !Number.isNaN(value)).sort()
  if (sorted.length === 0) return { mean, low: mean, high: mean }
  const tail = (1 - level) / 2
  return { mean, low: quantile(sorted, tail), high: quantile(sorted, 1 - tail) }
}

/** The quantile of sorted values, between two of them by interpolation. */
function quantile(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1)
  const below = Math.floor(at)
  const low = sorted[below]!
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!
  return low + (at - below) * (high - low)
}
