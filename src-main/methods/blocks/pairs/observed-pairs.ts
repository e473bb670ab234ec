import { CausewayError } from '../../../../src-shared/contract/errors'
import { hasPair, type Csr, type Split } from '../../../../src-shared/domain/split'
import { ratedPairs, type RatedPairs } from '../../../pipeline/evaluate/rated'
import type { AttributeTables } from '../../../jobs/trainer-contract'
import type { Pairs } from '../../../tensor/pairs'
import type { Rng } from '../../../tensor/rng'

/** `binary`: whether a rating reaches the threshold. `continuous`: the rating itself. */
export type Preference = 'binary' | 'continuous'

/**
 * The observed pairs O of a training among all pairs D of its users and items, in the order of users and items: what methods for ratings
 * that are missing not at random learn from. D is never built: pairs are drawn from it.
 */
export class ObservedPairs implements RatedPairs {
  readonly users: Int32Array
  readonly items: Int32Array
  /** 1 where the rating reaches the threshold, else 0. */
  readonly labels: Float32Array
  readonly values: Float32Array | null
  readonly propensities: Float32Array | null
  /** What is to be predicted: the labels, or for continuous preferences the ratings. */
  readonly targets: Float32Array
  readonly userCount: number
  readonly itemCount: number
  private readonly train: Csr
  private readonly negatives: Csr | null

  /** @throws CausewayError `noRatings` where the training part does not say what is needed, `badRequest` where users are split */
  constructor(
    split: Split,
    preference: Preference,
    /** What users and items are described by. */
    readonly attributes: AttributeTables | null = null,
  ) {
    if (split.trainUsers)
      throw new CausewayError(
        'badRequest',
        'The method learns a vector for each user, and where users are split it would be tested on users it has never seen. Split by random or time, or choose a method that knows a user by what the user did.',
      )
    const { users, items, labels, values, propensities } = ratedPairs(split, 'train')
    this.users = users
    this.items = items
    this.labels = labels
    this.values = values
    this.propensities = propensities
    this.userCount = split.train.rows
    this.itemCount = split.train.cols
    this.train = split.train
    this.negatives = split.negatives?.train ?? null
    if (preference === 'continuous') {
      if (!values || values.some(Number.isNaN))
        throw new CausewayError(
          'noRatings',
          'A continuous preference is learned from ratings, and not every pair of the training part has one.',
        )
      this.targets = values
    } else {
      if (!labels.includes(1) || !labels.includes(0))
        throw new CausewayError(
          'noRatings',
          'The training part has no ratings on both sides of the threshold: nothing tells what users like from what they do not.',
        )
      this.targets = labels
    }
  }

  /** |O| */
  get size(): number {
    return this.users.length
  }

  /** |D| */
  get allPairs(): number {
    return this.userCount * this.itemCount
  }

  /** |O| / |D|, the mean of any right propensity over D. */
  get density(): number {
    return this.size / this.allPairs
  }

  /** Mean of `targets`. */
  get meanTarget(): number {
    return this.targets.reduce((sum, target) => sum + target, 0) / this.size
  }

  isObserved(user: number, item: number): boolean {
    return hasPair(this.train, user, item) || (this.negatives !== null && hasPair(this.negatives, user, item))
  }

  /** Fills `into` with pairs drawn uniformly from D, observed or not, with repetition. */
  drawAll(rng: Rng, into: Pairs): void {
    for (let at = 0; at < into.users.length; at++) {
      into.users[at] = rng.integer(this.userCount)
      into.items[at] = rng.integer(this.itemCount)
    }
  }
}
