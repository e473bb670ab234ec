import { CausewayError } from '../../../src-shared/contract/errors'
import type { Recipe } from '../../../src-shared/domain/dataset'
import { splitParts, type Csr, type Split, type SplitPart } from '../../../src-shared/domain/split'
import { Rng } from '../../tensor/rng'
import { pick } from '../dataset/load-columns'
import type { Positives, Rows } from '../dataset/positives'

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

/** Share of the items of a validation or test user that is held out where users are split; the rest is shown to the model. */
export const heldOutShare = 0.2

/**
 * The part of each user where users are split: shares of the users, rounded down, at least one each.
 * @throws CausewayError `tooFewUsers` where none would be left to train on
 */
export function userParts(users: number, validationShare: number, testShare: number, rng: Rng): SplitPart[] {
  const sizeOf = (share: number): number => (share === 0 ? 0 : Math.max(1, Math.floor(share * users)))
  const [validation, test] = [sizeOf(validationShare), sizeOf(testShare)]
  if (validation + test >= users)
    throw new CausewayError(
      'tooFewUsers',
      `There are ${users} users: none is left to train on beside ${validation} for validation and ${test} for the test.`,
      { users },
    )
  const parts: SplitPart[] = Array.from({ length: users }, () => 'train')
  const order = rng.shuffle(Int32Array.from({ length: users }, (_, user) => user))
  for (const user of order.subarray(0, validation)) parts[user] = 'validation'
  for (const user of order.subarray(validation, validation + test)) parts[user] = 'test'
  return parts
}

/** The shares of a user's items that are held out, by the part the user is in. */
const sharesIn = (part: SplitPart): [validation: number, test: number] => [
  part === 'validation' ? heldOutShare : 0,
  part === 'test' ? heldOutShare : 0,
]

/** A user's positives from first to last; those without time first, ties in the order of the source rows. */
function timeOrder(times: Float64Array, from: number, to: number): Int32Array {
  const order = Int32Array.from({ length: to - from }, (_, at) => from + at)
  const key = (at: number): number => (Number.isNaN(times[at]!) ? -Infinity : times[at]!)
  return order.sort((a, b) => (key(a) === key(b) ? a - b : key(a) - key(b)))
}

type Values = Record<SplitPart, Float32Array>

/** The parts, and what is told of their pairs in the order of their indices. */
interface Division {
  parts: Record<SplitPart, Csr>
  ratings: Values | null
  propensities: Values | null
}

const byPart = <T>([train, validation, test]: T[]): Record<SplitPart, T> => ({
  train: train!,
  validation: validation!,
  test: test!,
})
const noValues = (): Values => byPart(splitParts.map(() => new Float32Array(0)))

/**
 * Divides the items of each row by the recipe's shares; where it splits by them, those shown at random are test.
 * @param usersIn the part of each user, where users are split
 */
function divideRows(rows: Rows, cols: number, recipe: Recipe, rng: Rng, usersIn: SplitPart[] | null): Division {
  const users = rows.starts.length - 1
  const randomised = recipe.splitBy === 'randomised' ? rows.randomised : null
  const indptrs = splitParts.map(() => new Int32Array(users + 1))
  for (let user = 0; user < users; user++) {
    const total = rows.starts[user + 1]! - rows.starts[user]!
    let drawn = 0
    if (randomised) for (let at = rows.starts[user]!; at < rows.starts[user + 1]!; at++) drawn += randomised[at]!
    const [validationShare, testShare] = usersIn
      ? sharesIn(usersIn[user]!)
      : [recipe.validationShare, randomised ? 0 : recipe.testShare]
    const sizes = partSizes(total - drawn, validationShare, testShare)
    sizes.test += drawn
    splitParts.forEach((part, at) => (indptrs[at]![user + 1] = indptrs[at]![user]! + sizes[part]))
  }
  const parts = indptrs.map((indptr): Csr => ({ rows: users, cols, indptr, indices: new Int32Array(indptr[users]!) }))
  const origins = parts.map(({ indices }) => new Int32Array(indices.length))
  // Where the current user's pair of an item stands; within a part a user has an item once.
  const places = new Int32Array(cols)

  for (let user = 0; user < users; user++) {
    const from = rows.starts[user]!
    const to = rows.starts[user + 1]!
    const order =
      recipe.splitBy === 'time'
        ? timeOrder(rows.times!, from, to)
        : rng.shuffle(Int32Array.from({ length: to - from }, (_, at) => from + at))
    // A stable sort: the order drawn stays within each kind.
    if (randomised) order.sort((a, b) => randomised[a]! - randomised[b]!)
    let taken = 0
    for (const [part, { indptr, indices }] of parts.entries()) {
      const [start, end] = [indptr[user]!, indptr[user + 1]!]
      for (let at = start; at < end; at++) {
        const entry = order[taken++]!
        const item = rows.items[entry]!
        indices[at] = item
        places[item] = entry
      }
      indices.subarray(start, end).sort()
      for (let at = start; at < end; at++) origins[part]![at] = places[indices[at]!]!
    }
  }
  const valuesOf = (column: Float64Array | null): Values | null =>
    column && byPart(origins.map((entries) => pick(column, entries, new Float32Array(entries.length))))
  return { parts: byPart(parts), ratings: valuesOf(rows.ratings), propensities: valuesOf(rows.propensities) }
}

/**
 * Divides the positives of each user into train, validation and test, and what they rated lower by the same shares.
 * @throws CausewayError `paramInvalid` for a split by time of a data set without times, or a randomised one of a data set of which
 *   nothing was shown at random; `tooFewUsers` where no user has positives enough for a test item; `noPositives` where a randomised
 *   split has none to train or to test on.
 */
export function divide(positives: Positives, recipe: Recipe, negatives: Rows | null = null): Omit<Split, 'hash'> {
  const cols = positives.itemIds.length
  const allowed = positives.times ? 'random, time, users' : 'random, users'
  if (recipe.splitBy === 'time' && !positives.times)
    throw new CausewayError(
      'paramInvalid',
      `The recipe "splitBy" cannot be "time": the data set has no times. Allowed here: ${allowed}.`,
      { key: 'splitBy', value: 'time', allowed },
    )
  const isTestRandomised = recipe.splitBy === 'randomised'
  if (isTestRandomised && !positives.randomised) {
    throw new CausewayError(
      'paramInvalid',
      `The recipe "splitBy" cannot be "randomised": the data set has no interaction that was shown at random. Allowed here: ${allowed}.`,
      { key: 'splitBy', value: 'randomised', allowed },
    )
  }
  const rng = Rng.seeded(recipe.splitSeed)
  const usersIn =
    recipe.splitBy === 'users'
      ? userParts(positives.userIds.length, recipe.validationShare, recipe.testShare, rng)
      : null
  const divided = divideRows(positives, cols, recipe, rng, usersIn)
  const { parts } = divided
  if (isTestRandomised)
    for (const [part, what] of [
      ['train', 'that users chose themselves'],
      ['test', 'shown at random'],
    ] as const)
      if (parts[part].indices.length === 0)
        throw new CausewayError('noPositives', `No interaction ${what} is positive: the ${part} part would be empty.`, {
          part,
          threshold: recipe.threshold,
        })
  if (parts.test.indices.length === 0)
    throw new CausewayError(
      'tooFewUsers',
      usersIn
        ? `None of the ${usersIn.filter((part) => part === 'test').length} test users has a second positive that could be held out: raise the test share or the k-core, or take another split seed.`
        : 'No user has enough positives for one of them to be held out as test: every user has only one.',
      { users: positives.userIds.length, positives: positives.items.length },
    )
  // After the positives: how these are drawn must not depend on whether there are ratings below the threshold.
  const lower = negatives && divideRows(negatives, cols, recipe, rng, usersIn)
  const { ratings, propensities } = divided
  const negativeParts = lower && { negatives: lower.parts }
  return {
    ...parts,
    ...negativeParts,
    ...(usersIn && { trainUsers: usersWithoutHeldOut({ ...parts, ...negativeParts }) }),
    ...(ratings && { ratings: { positives: ratings, negatives: lower?.ratings ?? noValues() } }),
    ...(propensities && { propensities: { positives: propensities, negatives: lower?.propensities ?? noValues() } }),
    ...(isTestRandomised && { isTestRandomised }),
  }
}

/**
 * Rows of the users of whom nothing is held out: those to train on where users are split. A user of another part with too little to hold
 * anything out is among them.
 */
export function usersWithoutHeldOut({ validation, test, negatives }: Omit<Split, 'hash'>): Int32Array {
  const heldOut = [validation, test, ...(negatives ? [negatives.validation, negatives.test] : [])]
  const isTrain = (user: number): boolean => heldOut.every(({ indptr }) => indptr[user] === indptr[user + 1])
  return Int32Array.from({ length: validation.rows }, (_, user) => user).filter(isTrain)
}

/** Users without a test item, where every user should have one. */
export function countColdUsers({ test, trainUsers }: Omit<Split, 'hash'>): number {
  if (trainUsers) return 0
  let cold = 0
  for (let user = 0; user < test.rows; user++) if (test.indptr[user] === test.indptr[user + 1]) cold++
  return cold
}
