import { CausewayError } from '../../../src-shared/contract/errors'
import type { Recipe } from '../../../src-shared/domain/dataset'
import { splitParts, type Csr, type Split, type SplitPart } from '../../../src-shared/domain/split'
import { Rng } from '../../tensor/rng'
import type { Positives } from '../dataset/positives'

/**
 * How many of a user's `total` positives each part gets: the shares rounded down, the rest to train; a held-out part whose share
 * comes to less than one positive gets one, test before validation, while train keeps at least one. (RecBole's rule,
 * `Dataset._calcu_split_ids`.)
 */
export function partSizes(total: number, validationShare: number, testShare: number): Record<SplitPart, number> {
  const sizes = { train: 0, validation: Math.floor(validationShare * total), test: Math.floor(testShare * total) }
  sizes.train = total - sizes.validation - sizes.test
  for (const [part, share] of [
    ['test', testShare],
    ['validation', validationShare],
  ] as const) {
    if (sizes.train <= 1) break
    if (share * total <= 0 || share * total >= 1) continue
    sizes[part]++
    sizes.train--
  }
  return sizes
}

/** A user's positives from first to last; those without time first, ties in the order of the source rows. */
function timeOrder(times: Float64Array, from: number, to: number): Int32Array {
  const order = Int32Array.from({ length: to - from }, (_, at) => from + at)
  const key = (at: number): number => (Number.isNaN(times[at]!) ? -Infinity : times[at]!)
  return order.sort((a, b) => (key(a) === key(b) ? a - b : key(a) - key(b)))
}

type Rows = Omit<Positives, 'userIds' | 'itemIds'>

/** Divides the items of each row by the recipe's shares. */
function divideRows(rows: Rows, cols: number, recipe: Recipe, rng: Rng): Record<SplitPart, Csr> {
  const users = rows.starts.length - 1
  const indptrs = splitParts.map(() => new Int32Array(users + 1))
  for (let user = 0; user < users; user++) {
    const total = rows.starts[user + 1]! - rows.starts[user]!
    const sizes = partSizes(total, recipe.validationShare, recipe.testShare)
    splitParts.forEach((part, at) => (indptrs[at]![user + 1] = indptrs[at]![user]! + sizes[part]))
  }
  const parts = indptrs.map((indptr): Csr => ({ rows: users, cols, indptr, indices: new Int32Array(indptr[users]!) }))

  for (let user = 0; user < users; user++) {
    const from = rows.starts[user]!
    const to = rows.starts[user + 1]!
    const order =
      recipe.splitBy === 'time'
        ? timeOrder(rows.times!, from, to)
        : rng.shuffle(Int32Array.from({ length: to - from }, (_, at) => from + at))
    let taken = 0
    for (const { indptr, indices } of parts) {
      const row = indices.subarray(indptr[user]!, indptr[user + 1]!)
      for (let at = 0; at < row.length; at++) row[at] = rows.items[order[taken++]!]!
      row.sort()
    }
  }
  const [train, validation, test] = parts as [Csr, Csr, Csr]
  return { train, validation, test }
}

/**
 * Divides the positives of each user into train, validation and test, and what they rated lower by the same shares.
 * @throws CausewayError `paramInvalid` for a split by time of a data set without times, `tooFewUsers` where no user has
 *   positives enough for a test item.
 */
export function divide(positives: Positives, recipe: Recipe, negatives: Rows | null = null): Omit<Split, 'hash'> {
  const cols = positives.itemIds.length
  if (recipe.splitBy === 'time' && !positives.times)
    throw new CausewayError(
      'paramInvalid',
      'The recipe "splitBy" cannot be "time": the data set has no times. Allowed here: random.',
      { key: 'splitBy', value: 'time', allowed: 'random' },
    )
  const rng = Rng.seeded(recipe.splitSeed)
  const parts = divideRows(positives, cols, recipe, rng)
  if (parts.test.indices.length === 0)
    throw new CausewayError(
      'tooFewUsers',
      'No user has enough positives for one of them to be held out as test: every user has only one.',
      { users: positives.userIds.length, positives: positives.items.length },
    )
  // After the positives: how these are drawn must not depend on whether there are ratings below the threshold.
  return negatives ? { ...parts, negatives: divideRows(negatives, cols, recipe, rng) } : parts
}

/** Users without a test item. */
export function countColdUsers({ test }: Omit<Split, 'hash'>): number {
  let cold = 0
  for (let user = 0; user < test.rows; user++) if (test.indptr[user] === test.indptr[user + 1]) cold++
  return cold
}
