import { z } from 'zod'
import type { ParamValues } from '../params/params'
import { methodEntriesSchema, remarksSchema, searchStrategies, seedSchema, seedsSchema } from './experiment'
import type { Environment } from './experiment-results'
import { savedNameSchema } from './mask'
import {
  fitBaseSchema,
  simulationBudgetSchema,
  type SimulatedMethod,
  type SimulationPlan,
  type Verdict,
} from './simulation'

const factors = z.number().int().min(1).max(1000).default(100)
/** How much more the confounders count in ratings than they do as a part of preferences. */
const gammaB = z.number().min(0).max(100).default(2)

/** Users, items and ratings from nothing (Zhu et al., Eq. 10). */
const simulatedWorldSchema = z
  .object({
    kind: z.literal('simulated'),
    users: z.number().int().min(20).max(100_000).default(4000),
    items: z.number().int().min(20).max(100_000).default(2000),
    factors,
    /** Share of all pairs that are exposed. */
    exposureRate: z.number().gt(0).max(0.5).default(0.1),
    gammaB,
    /**
     * Correlation of the weights by which confounders expose items and those by which preferences rate them. The paper leaves it open. At 0 the
     * exposed ratings are distributed exactly like all ratings, contrary to its Fig. 6; at 1, as in the simulation of Wang et al. 2020 that it
     * follows, users are exposed to what they like.
     */
    shared: z.number().min(0).max(1).default(1),
    /** Of the mean of the Poisson draws that ratings are 1 more than. */
    scale: z.number().positive().max(100).default(1),
    seed: seedSchema.default(0),
  })
  .strict()

/** Exposures and ratings of decoders that were fitted to a data set, at its exposure rate and rating distribution (Eq. 11 and 12). */
const dataWorldSchema = z
  .object({
    kind: z.literal('from-data'),
    dataset: z.string().min(1).max(64),
    factors,
    gammaB,
    seed: seedSchema.default(0),
  })
  .strict()

export type SimulatedWorld = z.infer<typeof simulatedWorldSchema>
export type DataWorld = z.infer<typeof dataWorldSchema>

export const worldSchema = z.discriminatedUnion('kind', [simulatedWorldSchema, dataWorldSchema])

export const rankingConditionSchema = z
  .object({
    /** How much of the preferences the confounders are: 0 nothing, 1 all. */
    gamma: z.number().min(0).max(1),
    /** Variance of the noise of the users' features; null: no features are given. */
    noise: z.number().min(0).max(1000).nullable(),
  })
  .strict()
export type RankingCondition = z.infer<typeof rankingConditionSchema>

/** R@20 and N@20, as they were published. */
const publishedPair = z.tuple([z.number(), z.number()])

/**
 * A ranking simulation as its author writes it, in YAML: a world in which the ratings of all pairs are known is drawn, methods learn from
 * what some of its users were exposed to, and rank for others all that these were not exposed to.
 */
export const rankingSimulationFileSchema = z
  .object({
    type: z.literal('causeway-ranking-simulation'),
    version: z.literal(1),
    name: savedNameSchema,
    notes: z.string().max(4000).default(''),
    world: worldSchema,
    /** A rating from here on is liked. */
    threshold: z.number().default(4),
    conditions: z.array(rankingConditionSchema).min(1).max(50),
    methods: methodEntriesSchema,
    search: z
      .object({
        strategy: z.enum(searchStrategies).default('random'),
        /** Of the search and of its split of the users. */
        seed: seedSchema.default(100),
        /** Where the parameters of every condition are searched. */
        condition: rankingConditionSchema.optional(),
        /** Search at every condition instead. */
        each: z.boolean().default(false),
      })
      .strict()
      .prefault({}),
    /** Users are split and methods trained once for each. */
    seeds: seedsSchema,
    budget: simulationBudgetSchema,
    /** What is to hold; the results say of each whether it does. */
    claims: z
      .object({
        /** Labels from the worst method to the best, at every condition. */
        order: z.array(z.string().min(1).max(64)).max(40).default([]),
        /** Every method does best neither at the lowest gamma nor at the highest. */
        peak: z.boolean().default(false),
        /** Every method does better with less noise in the features, and worst without features. */
        features: z.boolean().default(false),
      })
      .strict()
      .prefault({}),
    /** Figures that somebody published, by label, in the order of the conditions. */
    published: z
      .object({ source: z.string().min(1).max(400), figures: z.record(z.string(), z.array(publishedPair)) })
      .strict()
      .optional(),
    remarks: remarksSchema,
  })
  .strict()
export type RankingSimulationFile = z.infer<typeof rankingSimulationFileSchema>

/** What is measured of the test users' lists. */
export const rankingMetrics = ['ndcg@20', 'recall@20'] as const
export type RankingMetric = (typeof rankingMetrics)[number]
export const rankingMetricLabels: Record<RankingMetric, string> = { 'ndcg@20': 'N@20', 'recall@20': 'R@20' }

const byMetric = <T extends z.ZodType>(of: T) => z.object({ 'ndcg@20': of, 'recall@20': of })

/** A method's training in a drawn world: a line of `fits.jsonl`. Its seed is of the split and of the training. */
export const rankingFitSchema = fitBaseSchema.extend({
  gamma: z.number(),
  noise: z.number().nullable(),
  /** What was measured on the test users; null for a search, which does not look at them, and for a training that failed. */
  test: z
    .object({
      metrics: byMetric(z.number()),
      /** Of each test user with an item to be found, by the user's row in the world. */
      users: z.array(z.number().int()),
      byUser: byMetric(z.array(z.number())),
      /** Of the world and the split. */
      base: z.object({
        /** Pairs that are exposed. */
        exposed: z.number().int(),
        /** Share of the pairs that are liked: of all and of those exposed. */
        liked: z.number(),
        likedExposed: z.number(),
        /** Of a test user, as means: items to be found, and candidates. */
        relevant: z.number(),
        candidates: z.number(),
        /** What candidates in random order are expected to come to. */
        random: byMetric(z.number()),
      }),
    })
    .nullable(),
})
export type RankingFit = z.infer<typeof rankingFitSchema>
export type RankingTest = NonNullable<RankingFit['test']>

/** What a ranking simulation will do. */
export type RankingPlan = SimulationPlan<RankingSimulationFile>

/** A method at a condition. */
export interface RankingCell extends RankingCondition {
  label: string
  metrics: Record<RankingMetric, RankingFigure>
  best: { params: ParamValues; validation: number | null } | null
}

export interface RankingFigure {
  /** By seed, in the order of the file; null where the training failed. */
  values: (number | null)[]
  mean: number | null
  sd: number | null
  published: number | null
}

/** Student's paired t. */
export interface GapTest {
  pairs: number
  p: number | null
  /** Over all gaps of the same kind and metric. */
  pHolm: number | null
}

/** How much the one is better than the other by a metric: two methods at a condition, or a method at two noises of the features. */
export interface RankingGap extends RankingCondition {
  of: 'order' | 'features'
  metric: RankingMetric
  /** Labels; for features the method's, with `noise` that of the better. */
  better: string
  worse: string
  /** Of the worse; the same as `noise` between methods. */
  worseNoise: number | null
  /** The mean of the better less that of the worse over the seeds that have both; null where none has. */
  difference: number | null
  publishedDifference: number | null
  overSplits: GapTest
  /** A user's value is the mean over the splits in which it is a test user. */
  overUsers: GapTest
}

/** What is known of the data at a condition, as a mean over seeds. */
export interface RankingBase extends RankingCondition {
  exposed: number
  liked: number
  likedExposed: number
  relevant: number
  candidates: number
  random: Record<RankingMetric, number>
}

/** What a ranking simulation came to: `NAME.json` of its results; `NAME.md` says the same in words. */
export interface RankingResults {
  type: 'causeway-ranking-simulation-results'
  version: 1
  name: string
  madeAt: string
  configuration: RankingSimulationFile
  environment: Environment
  /** The data set that the world was made from; null where it was made from none. */
  data: { dataset: string; datasetHash: string } | null
  budget: string
  methods: SimulatedMethod[]
  bases: RankingBase[]
  cells: RankingCell[]
  gaps: RankingGap[]
  verdicts: Verdict[]
  /** How the figures stand to the published ones, in sentences. */
  besidePublished: string[]
}
