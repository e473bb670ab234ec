import { z } from 'zod'
import type { ItemCard } from './recommendation'

/**
 * The correlation ρ of the exogenous variables of observation and preference: O = 1{g_o(x) + U_O > 0}, R = g_r(x) + U_R, (U_O, U_R) normal
 * with correlation ρ.
 */

/** `correlation.json` of a run. */
export const learnedCorrelationSchema = z.object({
  type: z.literal('exogenous-correlation'),
  version: z.literal(1),
  /** ρ */
  correlation: z.number().min(-1).max(1),
})

/** One training on resampled users. */
export const correlationResampleSchema = z.object({
  resample: z.number().int(),
  seed: z.number().int(),
  /** ρ of this training. */
  correlation: z.number(),
  seconds: z.number(),
})
export type CorrelationResample = z.infer<typeof correlationResampleSchema>

/** How much the correlation depends on which users there are, and on the start of the training. */
export interface CorrelationBootstrap {
  /** Resamples asked for. */
  resamples: number
  /** Those that are there: fewer while the job runs, or after it was stopped. */
  done: CorrelationResample[]
  /** Percentiles of the values of `done`, `level` of them between; null of fewer than two. */
  interval: { low: number; high: number; level: number } | null
}

/** What a run learned of the correlation. */
export interface CorrelationEstimate {
  /** ρ */
  correlation: number
  /** Null where no bootstrap was asked for. */
  bootstrap: CorrelationBootstrap | null
}

/** ρ can be set to values between; nearer to 1 what is expected is a step. */
export const mostSetCorrelation = 0.99
export const setCorrelationSchema = z.number().min(-mostSetCorrelation).max(mostSetCorrelation)

/** Where curves over ρ are measured, beside at the learned value: from -0.95 to 0.95. */
export const correlationGrid: readonly number[] = Array.from({ length: 39 }, (_, at) => (at - 19) / 20)

/** The lists that are compared: with independent exogenous variables, as learned, and as set. */
export const correlationLists = ['zero', 'learned', 'set'] as const
export type CorrelationList = (typeof correlationLists)[number]

/** Where an item stands in a list, and what is expected of it. */
export interface CorrelatedPlace {
  /** Among all candidates, 1-based. */
  rank: number
  /** The probability that the user likes it, or its rating, were it come to by choice. */
  expected: number
}

/** How alike two lists are. */
export interface ListLikeness {
  jaccard: number
  /** Kendall's tau over the items of both. */
  tau: number
}

/** What is expected of items that one user comes to by choice, were the correlation set. */
export interface CorrelationEffect {
  user: string
  k: number
  /** ρ as set. */
  rho: number
  /** ρ as learned. */
  learned: number
  expects: 'probability' | 'rating'
  /** Every item of the three lists: first the list at the set ρ, in its order, then the others by their learned rank. */
  items: (ItemCard & {
    /** True where the item is in the user's test part. */
    inTest: boolean
    places: Record<CorrelationList, CorrelatedPlace>
  })[]
  /** The list at the set ρ beside each of the others. */
  likeness: Record<'zero' | 'learned', ListLikeness>
}

/** How well pairs are told at one ρ; null where a part has no such pairs. */
export interface CorrelationMeasures {
  rho: number
  /** Mean log-probability of the rated pairs of the validation part, given that they were chosen: nats per rating. */
  logLikelihood: number | null
  /** AUC among them. */
  validationAuc: number | null
  /** `ratedAuc`, `ratedRecall@5`, `ratedNdcg@5` of the test part, scored as if its items had been chosen. */
  test: Record<string, number>
}

/** Measures over values of ρ. */
export interface CorrelationCurve {
  learned: CorrelationMeasures
  /** In the order asked for. */
  points: CorrelationMeasures[]
  /** Rated pairs that they are of. */
  pairs: { validation: number; test: number }
  /** The items of the test part were chosen at random, so that ρ = 0 is the model's own answer there. */
  isTestRandomised: boolean
  /** Seconds it took; next to nothing where it was known. */
  seconds: number
}
