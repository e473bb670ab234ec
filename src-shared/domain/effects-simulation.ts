import { z } from 'zod'
import type { ParamValues } from '../params/params'
import { methodEntriesSchema, remarksSchema, searchStrategies, seedSchema, seedsSchema } from './experiment'
import type { Environment } from './experiment-results'
import { savedNameSchema } from './mask'
import type { GapTest } from './ranking-simulation'
import {
  fitBaseSchema,
  simulationBudgetSchema,
  type SimulatedMethod,
  type SimulationPlan,
  type Verdict,
} from './simulation'

/** Exposures, and ratings that are linear in exposures, hidden causes and features of users. */
export const effectsWorldSchema = z
  .object({
    items: z.number().int().min(5).max(200).default(30),
    /** Hidden causes of exposures and ratings. */
    causes: z.number().int().min(1).max(50).default(3),
    /** Features of users, which act on ratings alone. */
    features: z.number().int().min(1).max(100).default(10),
    /** Share of a rating's variance, less that of effects of exposures, that the features make. */
    featureShare: z.number().gt(0).lt(1).default(0.5),
    seed: seedSchema.default(0),
  })
  .strict()
export type EffectsWorldFile = z.infer<typeof effectsWorldSchema>

/**
 * An effects simulation as its author writes it, in YAML: in a drawn world in which the effect of exposing an item on the rating of another is
 * known, methods learn from what users were exposed to and rated, and the effects that they tell are held against the true ones, for several
 * numbers of users, with features of users and without.
 */
export const effectsSimulationFileSchema = z
  .object({
    type: z.literal('causeway-effects-simulation'),
    version: z.literal(1),
    name: savedNameSchema,
    notes: z.string().max(4000).default(''),
    world: effectsWorldSchema.prefault({}),
    /** Numbers of users. Each is trained on with features and without. */
    users: z.array(z.number().int().min(200).max(100_000)).min(1).max(20),
    methods: methodEntriesSchema,
    /** For each condition, on users drawn with a seed of their own. */
    search: z
      .object({ strategy: z.enum(searchStrategies).default('random'), seed: seedSchema.default(100) })
      .strict()
      .prefault({}),
    /** Users are drawn and methods trained once for each. */
    seeds: seedsSchema,
    budget: simulationBudgetSchema,
    /** What is to hold; the results say of each whether it does. */
    claims: z
      .object({
        /** Found and true effects correlate by more than this, with features and without. */
        correlation: z
          .object({ users: z.number().int(), above: z.number().min(-1).max(1) })
          .strict()
          .optional(),
        /** Effects are found with a smaller error with features, at every number of users. */
        features: z.boolean().default(false),
      })
      .strict()
      .prefault({}),
    remarks: remarksSchema,
  })
  .strict()
export type EffectsSimulationFile = z.infer<typeof effectsSimulationFileSchema>

/** Where a method is trained: with so many features of users, 0 for none. */
export interface EffectsCondition {
  users: number
  features: number
}

/** How near effects come to the true ones, those of items on themselves left out. */
const recoverySchema = z.object({
  /** Pearson's; null where the effects found do not vary. */
  correlation: z.number().nullable(),
  /** Root of the mean squared error, in the unit of ratings. */
  rmse: z.number(),
})
export type Recovery = z.infer<typeof recoverySchema>
export type RecoveryMeasure = keyof Recovery

/** A method's training on drawn users: a line of `fits.jsonl`. Its seed is of the users and of the training. */
export const effectsFitSchema = fitBaseSchema.extend({
  users: z.number().int(),
  features: z.number().int(),
  /** What was found; null for a training that failed. */
  found: z
    .object({
      method: recoverySchema,
      /** Least squares of ratings on exposures alone, from the same users. */
      regression: recoverySchema,
      /** Share of all pairs that are exposed. */
      exposed: z.number(),
      /** Of the predictive check of the exposure model. */
      pValue: z.number(),
    })
    .nullable(),
})
export type EffectsFit = z.infer<typeof effectsFitSchema>
export type EffectsFound = NonNullable<EffectsFit['found']>

/** What an effects simulation will do. */
export type EffectsPlan = SimulationPlan<EffectsSimulationFile>

export interface EffectsFigure {
  /** By seed, in the order of the file; null where the training failed. */
  values: (number | null)[]
  mean: number | null
  sd: number | null
}

/** A method at a condition. */
export interface EffectsCell extends EffectsCondition {
  label: string
  measures: Record<RecoveryMeasure, EffectsFigure>
  pValue: EffectsFigure
  best: { params: ParamValues; validation: number | null } | null
}

/** The regression on exposures alone, which knows no features. */
export interface RegressionCell {
  users: number
  measures: Record<RecoveryMeasure, EffectsFigure>
}

/** How much smaller a method's error is with features: without less with, as a mean over the seeds that have both. */
export interface FeatureGap {
  label: string
  users: number
  difference: number | null
  test: GapTest
}

/** What an effects simulation came to: `NAME.json` of its results; `NAME.md` says the same in words. */
export interface EffectsResults {
  type: 'causeway-effects-simulation-results'
  version: 1
  name: string
  madeAt: string
  configuration: EffectsSimulationFile
  environment: Environment
  budget: string
  methods: SimulatedMethod[]
  /** Share of all pairs that are exposed, as a mean over trainings. */
  exposed: number
  cells: EffectsCell[]
  regressions: RegressionCell[]
  gaps: FeatureGap[]
  verdicts: Verdict[]
}
