import { rowOf, type Csr, type ExposedItems, type Split, type UserFeatures } from '../../../../src-shared/domain/split'
import { Rng } from '../../../tensor/rng'
import type { RankingWorld } from './world'

/** Shares of the users; the others are trained on. */
const validationShare = 0.1
const testShare = 0.1
/** Share of what a validation user was exposed to that is held out. */
const heldOutShare = 0.2

/**
 * A world as methods are given it, its users split (strong generalisation). A model learns from the train users' exposed items; of the
 * validation users it is shown all but a fifth of theirs and is asked for the liked ones of that fifth; of the test users it is shown
 * all exposed items and is asked for all that they like of the others. What a user was exposed to is no candidate, liked or not. The pairs of
 * the test users that are rated lower are left out: nothing needs them, and they are most of all pairs.
 * @param threshold a rating from here on is liked
 */
export function rankingSplit(
  { source, exposed }: RankingWorld,
  { features, threshold, seed }: { features: UserFeatures | null; threshold: number; seed: number },
): Split {
  const { users, items } = source
  const rng = Rng.seeded(seed)
  const order = rng.shuffle(Int32Array.from({ length: users }, (_, user) => user))
  const testCount = Math.max(1, Math.round(users * testShare))
  const validationCount = Math.max(1, Math.round(users * validationShare))
  const isTest = marked(users, order.subarray(0, testCount))
  const isValidation = marked(users, order.subarray(testCount, testCount + validationCount))

  const seen = new Rows(users, items)
  const train = { liked: new Rows(users, items), disliked: new Rows(users, items) }
  const validation = { liked: new Rows(users, items), disliked: new Rows(users, items) }
  const test = new Rows(users, items)
  const ratings = new Float32Array(items)
  for (let user = 0; user < users; user++) {
    const own = rowOf(exposed, user)
    const held = isValidation[user] === 1 ? heldOutOf(own, rng) : null
    own.forEach((item, place) => {
      const rating = exposed.ratings[exposed.indptr[user]! + place]!
      const side = held?.has(item) ? validation : train
      if (side === train) seen.add(item, rating)
      ;(rating >= threshold ? side.liked : side.disliked).add(item, rating)
    })
    if (isTest[user] === 1) {
      source.ratings(user, ratings)
      const shown = new Set(own)
      for (let item = 0; item < items; item++)
        if (ratings[item]! >= threshold && !shown.has(item)) test.add(item, ratings[item]!)
    }
    for (const rows of [seen, train.liked, train.disliked, validation.liked, validation.disliked, test]) rows.end(user)
  }
  const none = new Rows(users, items)
  const csrOf = ({ rows, cols, indptr, indices }: Csr): Csr => ({ rows, cols, indptr, indices })
  const [known, liked, disliked] = [seen.rated(), train.liked.rated(), train.disliked.rated()]
  const [wanted, unwanted, tested] = [validation.liked.rated(), validation.disliked.rated(), test.rated()]
  const untold = none.rated()
  return {
    hash: 'simulated',
    train: { ...csrOf(liked), beside: { exposed: known, ...(features && { features }) } },
    validation: csrOf(wanted),
    test: csrOf(tested),
    negatives: { train: csrOf(disliked), validation: csrOf(unwanted), test: csrOf(untold) },
    ratings: {
      positives: { train: liked.ratings, validation: wanted.ratings, test: tested.ratings },
      negatives: { train: disliked.ratings, validation: unwanted.ratings, test: untold.ratings },
    },
    trainUsers: order.slice(testCount + validationCount).sort(),
    isSeenExcluded: true,
  }
}

function marked(users: number, chosen: Int32Array): Uint8Array {
  const marks = new Uint8Array(users)
  for (const user of chosen) marks[user] = 1
  return marks
}

const heldOutOf = (own: Int32Array, rng: Rng): Set<number> =>
  new Set(rng.shuffle(own.slice()).subarray(0, Math.round(own.length * heldOutShare)))

/** Rated items, filled user by user. */
class Rows {
  private readonly indptr: Int32Array
  private readonly indices: number[] = []
  private readonly values: number[] = []

  constructor(
    users: number,
    private readonly items: number,
  ) {
    this.indptr = new Int32Array(users + 1)
  }

  add(item: number, rating: number): void {
    this.indices.push(item)
    this.values.push(rating)
  }

  end(user: number): void {
    this.indptr[user + 1] = this.indices.length
  }

  rated(): ExposedItems {
    return {
      rows: this.indptr.length - 1,
      cols: this.items,
      indptr: this.indptr,
      indices: Int32Array.from(this.indices),
      ratings: Float32Array.from(this.values),
    }
  }
}
