import { z } from 'zod'
import type { ParamValues } from '../params/params'
import type { ItemCard } from './recommendation'

/** What exposing users to items does to their ratings, as models with the capability `exposure-effects` have learned it. */

/** How well a model of the exposures predicts exposures that it was not shown: what the claims about effects rest on. */
export const exposureCheckSchema = z.object({
  /** Users whose held-out exposures it was made with. */
  users: z.number().int(),
  /** Items of each user that were held out, exposed or not, as a mean. */
  heldOutItems: z.number(),
  /** Mean log-likelihood of a held-out item under the model, and under exposure rates by item alone, in nats. */
  logLikelihood: z.number(),
  popularityLogLikelihood: z.number(),
  /**
   * Bayesian p-value: the mean over users of the share of replicated data that are less likely than the held-out exposures. 0.5 is ideal, near
   * 0 or 1 the model does not fit (Rubin 1984; Wang and Blei 2019, s. 3).
   */
  pValue: z.number(),
})
export type ExposureCheck = z.infer<typeof exposureCheckSchema>

/** A check with what has to be known of its split to judge it. */
export type JudgedCheck = ExposureCheck & {
  /** The model learned from none of the users it was checked with. Else it learned that they are not exposed to what is held out, which lowers p. */
  usersAreNew: boolean
}

/** @param recipe the run's */
export const judgedCheck = (check: ExposureCheck | null, recipe: ParamValues): JudgedCheck | null =>
  check && { ...check, usersAreNew: recipe['splitBy'] === 'users' }

/** `exposure-check.json` of a run: there as soon as its exposure model is trained. */
export const exposureCheckFileSchema = z.object({
  type: z.literal('exposure-check'),
  version: z.literal(1),
  check: exposureCheckSchema,
})

/** What predictions and effects are: ratings in the unit of the data, or log-odds of an item being the one that is preferred, less their mean over all items. */
export type ExposureOutcome = 'rating' | 'log-odds'

/** An item with what exposing another one does to its predicted rating. */
export interface AffectedItem extends ItemCard {
  /** The derivative of its predicted rating with respect to the exposure. */
  effect: number
  /** Whether the user was exposed to it in the train part; null where the effect is for everyone. */
  isExposed: boolean | null
}

/** What exposing one item does to all others: a column of the Jacobian. */
export interface ItemExposureEffects {
  item: ItemCard
  /** Null: for everyone, linearised at no exposures and the average user (ATE). Else at this user (CATE). */
  user: string | null
  outcome: ExposureOutcome
  /** What it does to its own rating. */
  own: number
  /** Whether the user was exposed to it in the train part; null where the effect is for everyone. */
  isExposed: boolean | null
  /** The items whose ratings rise most, and those that fall most, strongest first; the item itself is in neither. */
  raised: AffectedItem[]
  lowered: AffectedItem[]
  /** How many items there are with a positive and with a negative effect, listed or not. */
  raises: number
  lowers: number
}

/** What exposing one item does to the rating of another. */
export interface ExposureEffectPair {
  /** The item that is exposed. */
  from: ItemCard
  /** The item whose rating moves. */
  to: ItemCard
  effect: number
}

/** The strongest effects there are, by absolute value, strongest first. */
export interface StrongestExposureEffects {
  user: string | null
  outcome: ExposureOutcome
  pairs: ExposureEffectPair[]
  /** All pairs that were looked at. */
  among: number
  seconds: number
}

/** Where an item stands before or after the exposures are set. */
export interface ExposedPlace {
  /** Among all candidates, 1-based; null for an item that is none: one that the user is known to like. */
  rank: number | null
  /** The predicted rating, or log-odds. */
  predicted: number
}

/** An item before and after exposures are set. */
export interface ExposedItem extends ItemCard {
  before: ExposedPlace
  after: ExposedPlace
  /** What was done with it. */
  set: 'exposed' | 'withdrawn' | null
}

/** What becomes of a user's predicted ratings and list where exposures are set, do(a), the substitute confounder held. */
export interface ExposedUser {
  user: string
  k: number
  outcome: ExposureOutcome
  /** What the user was exposed to in the train part, by title. */
  exposures: ItemCard[]
  /** Every item of the two lists: first the list after, in its order, then those that left it by their rank before. */
  listed: ExposedItem[]
  /** The items whose predicted rating moves most, set or not, most first. */
  moved: ExposedItem[]
}

/** What exposing an item does to the rating of another, in a segment of users. */
export interface SegmentMean {
  mean: number
  /** Over the users; null for fewer than two. */
  standardError: number | null
  /** The mean less that over all users, and its standard error: that of the segments of two users or more; null where this is none of them. */
  difference: number
  differenceError: number | null
}

/** A segment of users: those with one value of an attribute, or with a number in a range. */
export interface ExposureSegment {
  label: string
  users: number
  /** Users whose effects were computed: all, or a sample. */
  sampled: number
}

/** What exposing an item does in each segment: means of the effects at its users (CATE). */
export interface SegmentExposureEffects {
  item: ItemCard
  attribute: string
  outcome: ExposureOutcome
  segments: ExposureSegment[]
  /** The most affected items, by the mean over all users, most first; the item itself is not among them. */
  items: (ItemCard & {
    /** The segments weighted by their users. Other than the effect for everyone (ATE), which is at the average user who was shown nothing. */
    overUsers: { mean: number; standardError: number | null }
    /** In the order of `segments`. */
    bySegment: SegmentMean[]
  })[]
  /** At most so many users of a segment are looked at, drawn with this seed. */
  sample: { most: number; seed: number }
  seconds: number
}

/** So many users of a segment are looked at, at most. */
export const segmentSample = { most: 200, seed: 0 } as const

/** Lists of affected items and of strongest effects are no longer than this. */
export const mostExposureEffects = 1000
