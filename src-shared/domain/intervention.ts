import { z } from 'zod'
import { factorsSchema, savedNameSchema } from './mask'
import type { ItemCard, ScoredItem } from './recommendation'

const bound = z.number().nullable()

/** Users by what they are: everyone, named ones, a segment by attribute, or a segment by activity. */
export const userSelectionSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('all') }).strict(),
  z.object({ kind: z.literal('users'), users: z.array(z.string()).min(1).max(1_000_000) }).strict(),
  /** Users whose attribute has this value. */
  z.object({ kind: z.literal('attribute'), attribute: z.string(), value: z.union([z.string(), z.number()]) }).strict(),
  /** Users whose numeric attribute lies in the range, bounds included; null leaves a side open. */
  z.object({ kind: z.literal('range'), attribute: z.string(), min: bound, max: bound }).strict(),
  /** Users by the number of their items in the train part, bounds included. */
  z.object({ kind: z.literal('activity'), min: bound, max: bound }).strict(),
])
export type UserSelection = z.infer<typeof userSelectionSchema>

/** Holds a confounder at one value for everyone (value intervention). */
export const holdSchema = z
  .object({
    /** Index of the node. */
    node: z.number().int().min(0).max(255),
    at: z.discriminatedUnion('kind', [
      /** The mean value over a group of users. */
      z.object({ kind: z.literal('mean'), users: userSelectionSchema }).strict(),
      /** The value of one user, by its own id. */
      z.object({ kind: z.literal('user'), user: z.string() }).strict(),
      /** The mean over all users, moved by so many standard deviations along the direction in which it varies most. */
      z.object({ kind: z.literal('sd'), sd: z.number().min(-10).max(10) }).strict(),
    ]),
  })
  .strict()
export type Hold = z.infer<typeof holdSchema>

/** What is changed in the model: a mask on its edges, values its confounders are held at, or both. */
export const interventionSchema = z
  .object({
    /** [k][k] as in `Mask`; null changes no edge. */
    factors: factorsSchema.nullable().default(null),
    /** At most one a node. */
    holds: z.array(holdSchema).max(256).default([]),
  })
  .strict()
export type Intervention = z.infer<typeof interventionSchema>

export const noIntervention: Intervention = { factors: null, holds: [] }

/** A mean over users with a percentile bootstrap interval over users. */
export const estimateSchema = z.object({ mean: z.number(), low: z.number(), high: z.number() })
export type Estimate = z.infer<typeof estimateSchema>

/** One quantity of the lists before and after an intervention, over the users of a segment. */
export const quantitySchema = z.object({
  /** `recall@10`, `recallFull@10`, `ndcg@10`, `avp@10:price`, `coverage@10`, `share@10:category=Tools`. */
  id: z.string(),
  label: z.string(),
  /** Definition, one sentence. */
  help: z.string(),
  /** How many users it could be computed of: recall needs a test item, an attribute a listed item that has it. */
  users: z.number().int(),
  before: estimateSchema,
  after: estimateSchema,
  /** after − before, paired by user. */
  change: estimateSchema,
})
export type Quantity = z.infer<typeof quantitySchema>

export const movedItemSchema = z.object({
  id: z.string(),
  title: z.string(),
  attributes: z.record(z.string(), z.union([z.string(), z.number()])),
  /** In how many lists it is before and after. */
  before: z.number().int(),
  after: z.number().int(),
})

/** What an intervention does to the top-K lists of a segment. */
export const segmentEffectSchema = z.object({
  k: z.number().int(),
  /** Users in the segment. */
  users: z.number().int(),
  /** Users whose list is not the same, order included. */
  changedLists: z.number().int(),
  /** The largest change of the score of any item that is in a list before or after. */
  largestScoreChange: z.number(),
  /** True where that is below 1e-6: the masked edges are absent for everyone, the held values are what they were. */
  noDifference: z.boolean(),
  /** Recall, full recall, NDCG at k. */
  metrics: z.array(quantitySchema),
  /** AVP@k: mean over users of the mean attribute of their list, for every numeric item attribute and for popularity. */
  attributes: z.array(quantitySchema),
  /** Share of the list that each category has, a text attribute of few values at a time. */
  categories: z.array(z.object({ attribute: z.string(), shares: z.array(quantitySchema) })),
  /** Share of the catalogue that is in anyone's list. */
  coverage: quantitySchema,
  /** Jaccard similarity of the two lists of a user. */
  jaccard: estimateSchema,
  /** Rank correlation of the two lists of a user: Kendall's tau over the items of both, in −1..1. */
  rankCorrelation: estimateSchema,
  /** The items that entered and left most lists, the largest change first. */
  entering: z.array(movedItemSchema),
  leaving: z.array(movedItemSchema),
  bootstrap: z.object({ resamples: z.number().int(), level: z.number(), seed: z.number().int() }),
  seconds: z.number(),
})
export type SegmentEffect = z.infer<typeof segmentEffectSchema>

/** An item in the list after an intervention. */
export interface RerankedItem extends ScoredItem {
  /** Its rank before, over all candidates; entering items have one beyond k. */
  rankBefore: number
}

/** One user's list before and after. */
export interface UserEffect {
  user: string
  k: number
  before: (ScoredItem & { rankAfter: number })[]
  after: RerankedItem[]
  noDifference: boolean
}

/**
 * How an item's score for a user comes about under an intervention, by exact differences of masked scores:
 * score = preference + Σ confounders' flow + remainder, and for each confounder flow = own + Σ flow of its incoming edges + remainder.
 */
export interface PathExplanation {
  user: string
  item: ItemCard
  rank: number
  /**
   * How far the item's score lies above the mean score of all items for this user: the part of it that ranks. What all items have in
   * common, such as the normaliser of log-probabilities, is taken out.
   */
  score: number
  /** The score with every confounder silenced: what taste alone gives. */
  preference: number
  confounders: { node: number; flow: number; own: number; remainder: number }[]
  /** Edges of the learned graph: how much of the score goes when this one alone is removed. */
  edges: { from: number; to: number; flow: number }[]
  /** What comes about only through several confounders together. */
  remainder: number
}

/** An item whose score a confounder moves. */
export interface ItemMove extends ItemCard {
  /** Mean over users of score − score with the confounder silenced, less the mean of that over all confounders. */
  change: number
}

/** How an attribute goes along with what a confounder does. */
export interface AttributeTie {
  attribute: string
  /** The category, for a text attribute; null for a numeric one. */
  value: string | null
  /**
   * Correlation over items (of their `ItemMove.change`) or over users (of the size of the confounder's effect on them, less that of
   * all confounders), −1..1.
   */
  correlation: number
  /** Items or users it is of. */
  count: number
}

/** What sets a confounder apart, read from data: to suggest a name for it. */
export interface ConfounderProfile {
  node: number
  /** Of the items that are at least as popular as the median item. */
  raises: ItemMove[]
  lowers: ItemMove[]
  /** Strongest first. */
  itemTies: AttributeTie[]
  userTies: AttributeTie[]
  /** A name in words of the strongest tie; null where none is strong enough to say so. */
  suggestedName: string | null
  /** Standard deviation over users and items of score − score with it silenced: 0 for a confounder that does nothing. */
  strength: number
}

/** What users can be chosen by. */
export interface SegmentChoices {
  users: number
  /** Text attributes with their values and how many users have each, the most frequent first (at most 50). */
  texts: { attribute: string; values: { value: string; users: number }[] }[]
  numbers: { attribute: string; min: number; max: number; median: number }[]
  /** Number of train items. */
  activity: { min: number; lowerThird: number; upperThird: number; max: number }
}

/** A result kept with the run: what was done, to whom, what came of it. */
export const savedEffectSchema = z.object({
  type: z.literal('causeway-effect'),
  version: z.literal(1),
  name: savedNameSchema,
  notes: z.string().max(4000).default(''),
  savedAt: z.string(),
  run: z.string(),
  /** The nodes' names when it was saved. */
  nodes: z.array(z.string()),
  users: userSelectionSchema,
  intervention: interventionSchema,
  effect: segmentEffectSchema,
  producedBy: z.object({
    causeway: z.string(),
    splitHash: z.string().nullable(),
    seed: z.number().int(),
    backend: z.string(),
  }),
})
export type SavedEffect = z.infer<typeof savedEffectSchema>

/** The paper's Table 4: do(c_i), the outgoing row of one confounder zeroed, for each confounder. */
export interface PerConfounderEffects {
  users: number
  k: number
  rows: { node: number; effect: SegmentEffect }[]
}
