import { z } from 'zod'
import type { BackendProbe } from '../../src-shared/domain/backend'
import { backendIds } from '../../src-shared/domain/backend'
import {
  setCorrelationSchema,
  type CorrelationCurve,
  type CorrelationEffect,
} from '../../src-shared/domain/correlation'
import type { ExposedUser, ExposureOutcome, SegmentExposureEffects } from '../../src-shared/domain/exposure'
import type { CausalGraph } from '../../src-shared/domain/graph'
import type { ConfounderProfile, PathExplanation, SegmentEffect } from '../../src-shared/domain/intervention'
import type { JobProgress } from '../../src-shared/domain/job'
import type { Metrics } from '../../src-shared/domain/metric'
import type { EpochPoint, LogLine, RunManifest } from '../../src-shared/domain/run'
import { propensityFloorSchema, type RunEstimates, type RunPropensities } from '../../src-shared/domain/selection'
import { effectsWorldSchema, type EffectsFit, type EffectsFound } from '../../src-shared/domain/effects-simulation'
import { worldSchema, type RankingFit } from '../../src-shared/domain/ranking-simulation'
import { simulationFileSchema, type SimulatedFit } from '../../src-shared/domain/simulation'
import type { ScoringGraph } from '../methods/scoring-graph'
import type { Evaluation } from '../pipeline/evaluate/evaluation-file'
import type { RatedPredictions } from '../pipeline/evaluate/selection'

/**
 * The contract between the services and a trainer process: the same envelope as the workbench's, over the child's IPC channel.
 * The trainer writes everything inside a run folder but `manifest.json`, which belongs to the job manager.
 */
const values = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]))

/** A run on disk, as the trainer needs it. */
export const runOnDiskSchema = z.object({
  runDirectory: z.string(),
  splitDirectory: z.string(),
  method: z.string(),
  params: values,
  seed: z.number().int(),
  backend: z.enum(backendIds),
  threads: z.number().int().min(1),
  /** [k × k] as `EdgeKnowledge`; null where nothing is known of the graph. */
  knowledge: z.instanceof(Int8Array).nullable(),
})
export type RunOnDisk = z.infer<typeof runOnDiskSchema>

/** A method to be trained on drawn data. */
const simulatedTrainingSchema = z.object({
  /** `preferences.safetensors` of the simulation. */
  file: z.string(),
  of: z.enum(['rating', 'liking']),
  world: simulationFileSchema.shape.world.unwrap(),
  correlation: z.number(),
  /** Of the data, and of the training. */
  seed: z.number().int(),
  validationShare: z.number(),
  method: z.string(),
  params: values,
})
export type SimulatedTraining = z.infer<typeof simulatedTrainingSchema>

/** How a training on drawn data ended; see `SimulatedFit`. */
export type SimulatedOutcome = Pick<SimulatedFit, 'observed' | 'epochs' | 'seconds' | 'estimate'> & {
  validation: number
  error: number
}

/** A method to be trained in a world whose ratings are all known. */
const rankingTrainingSchema = z.object({
  world: worldSchema,
  /** `decoders.safetensors` of the simulation; null for a world that is made from no data set. */
  decoders: z.string().nullable(),
  threshold: z.number(),
  gamma: z.number(),
  noise: z.number().nullable(),
  /** Of the split of the users, and of the training. */
  seed: z.number().int(),
  /** A search is not tested. */
  phase: z.enum(['search', 'final']),
  method: z.string(),
  params: values,
})
export type RankingTraining = z.infer<typeof rankingTrainingSchema>

/** How a training in a drawn world ended; see `RankingFit`. */
export type RankingOutcome = Pick<RankingFit, 'test' | 'epochs' | 'seconds'> & { validation: number }

/** A method to be trained in a world whose effects of exposures are known. */
const effectsTrainingSchema = z.object({
  world: effectsWorldSchema,
  users: z.number().int(),
  features: z.number().int(),
  /** Of the users, and of the training. */
  seed: z.number().int(),
  method: z.string(),
  params: values,
})
export type EffectsTraining = z.infer<typeof effectsTrainingSchema>

/** How a training in such a world ended; see `EffectsFit`. */
export type EffectsOutcome = Pick<EffectsFit, 'epochs' | 'seconds'> & { validation: number; found: EffectsFound }

export interface FitResult {
  end: 'completed' | 'paused' | 'cancelled'
  epochs: number
  bestEpoch: number | null
  /** Test metrics; only when completed. */
  metrics: Metrics | null
  /** How they were come by; only when completed. */
  evaluation: RunManifest['evaluation']
  /** SHA-256 of the weights as saved; only when completed. */
  weightsHash: string | null
  /** Seconds this process worked. */
  seconds: number
}

/** All metrics of a run, and what they are the means of. */
export interface FullEvaluation {
  metrics: Metrics
  evaluation: Evaluation
}

/** Top-K of some users: row r of both arrays belongs to `rows[r]`; -1 pads where a user has fewer candidates. */
export interface TopK {
  k: number
  items: Int32Array<ArrayBuffer>
  scores: Float32Array<ArrayBuffer>
}

/**
 * Attributes of the items (columns of the split) or users (its rows): what effects are described by. Missing numbers are NaN,
 * missing categories code -1.
 */
const attributeTableSchema = z.object({
  numbers: z.array(z.object({ name: z.string(), values: z.instanceof(Float64Array) })),
  texts: z.array(z.object({ name: z.string(), labels: z.array(z.string()), codes: z.instanceof(Int32Array) })),
})
export type AttributeTable = z.infer<typeof attributeTableSchema>

/** What the items and users of a split are described by. */
const attributeTablesSchema = z.object({ items: attributeTableSchema, users: attributeTableSchema })
export type AttributeTables = z.infer<typeof attributeTablesSchema>

/** `Intervention` with users as rows of the split; an empty `rows` means all. */
const rowInterventionSchema = z.object({
  factors: z.array(z.array(z.number())).nullable(),
  holds: z.array(
    z.object({
      node: z.number().int(),
      at: z.discriminatedUnion('kind', [
        z.object({ kind: z.literal('mean'), rows: z.instanceof(Int32Array).nullable() }),
        z.object({ kind: z.literal('user'), row: z.number().int() }),
        z.object({ kind: z.literal('sd'), sd: z.number() }),
      ]),
    }),
  ),
})
export type RowIntervention = z.infer<typeof rowInterventionSchema>

/** `SegmentEffect` with items as columns of the split. */
export type RowsEffect = Omit<SegmentEffect, 'entering' | 'leaving'> & {
  entering: { item: number; before: number; after: number }[]
  leaving: { item: number; before: number; after: number }[]
}

/** One user's lists; ranks are over all candidates, 1-based. */
export interface RowEffect {
  before: { item: number; score: number; rankAfter: number }[]
  after: { item: number; score: number; rankBefore: number }[]
  noDifference: boolean
}

/** `PathExplanation` without its names. */
export type RowPaths = Omit<PathExplanation, 'user' | 'item'>

/** `ConfounderProfile` with items as columns of the split. */
export type RowProfile = Omit<ConfounderProfile, 'raises' | 'lowers'> & {
  raises: { item: number; change: number }[]
  lowers: { item: number; change: number }[]
}

/** `CorrelationEffect` with items as columns of the split. */
export type RowCorrelationEffect = Omit<CorrelationEffect, 'user' | 'k' | 'rho' | 'items'> & {
  items: (Pick<CorrelationEffect['items'][number], 'places'> & { item: number })[]
}

/** A column of the Jacobian of exposures, with what the user was exposed to. */
export interface ExposureColumn {
  outcome: ExposureOutcome
  /** [items] what exposing the item does to the rating of each. */
  effects: Float32Array<ArrayBuffer>
  /** Items that the user was exposed to; null where the effects are for everyone. */
  exposed: Int32Array<ArrayBuffer> | null
}

/** Rows of the Jacobian of exposures. */
export interface ExposureRows {
  outcome: ExposureOutcome
  /** [rows × items] what exposing each item does to the ratings of these. */
  effects: Float32Array<ArrayBuffer>
}

/** The strongest entries of the Jacobian of exposures, strongest first, items as columns of the split. */
export interface StrongestExposures {
  outcome: ExposureOutcome
  pairs: { from: number; to: number; effect: number }[]
}

/** `ExposedUser` with items as columns of the split. */
export interface RowExposed {
  outcome: ExposureOutcome
  exposures: number[]
  listed: RowExposedItem[]
  moved: RowExposedItem[]
}
export type RowExposedItem = Pick<ExposedUser['listed'][number], 'before' | 'after' | 'set'> & { item: number }

/** `SegmentExposureEffects` with items as columns of the split. */
export interface SegmentExposures {
  outcome: ExposureOutcome
  /** Users of each segment that were looked at. */
  sampled: number[]
  items: (Pick<SegmentExposureEffects['items'][number], 'overUsers' | 'bySegment'> & { item: number })[]
}

/** What resampled users can tell of. */
const bootstrapSubjects = ['graph', 'correlation'] as const
export type BootstrapSubject = (typeof bootstrapSubjects)[number]

const rowsOrAll = z.instanceof(Int32Array).nullable()
const task = z.string()
const column = z.number().int().min(0)
const rowOrEveryone = z.number().int().nullable()

const call = <O>() => {
  return <I extends z.ZodType>(input: I): { input: I; readonly output?: O } => ({ input })
}

export const trainerContract = {
  probe: call<BackendProbe>()(z.object({})),
  /** Trains, evaluates and writes the run's results; resolves when it has ended, been paused or been cancelled. */
  fit: call<FitResult>()(
    runOnDiskSchema.extend({
      resume: z.boolean(),
      /** What users and items are described by, for metrics (AVP, calibration) and propensities by features; null where the data set has no attributes. */
      attributes: attributeTablesSchema.nullable(),
    }),
  ),
  /** Trains a method on drawn data and tests it on the truth; nothing is written. */
  simulate: call<SimulatedOutcome>()(simulatedTrainingSchema),
  /** The same in a world whose ratings are all known: test users' lists are held against all that they like. */
  simulateRanking: call<RankingOutcome>()(rankingTrainingSchema),
  /** The same in a world whose effects of exposures are known: the effects that the method tells are held against them. */
  simulateEffects: call<EffectsOutcome>()(effectsTrainingSchema),
  /** Fits decoders to the ratings of a data set and writes them: what such a world is drawn from. */
  fitDecoders: call<null>()(
    z.object({
      /** `ratings.safetensors` of the simulation. */
      ratings: z.string(),
      file: z.string(),
      factors: z.number().int(),
      seed: z.number().int(),
    }),
  ),
  /** Asks the fit in progress to stop after the current batch. */
  stop: call<null>()(z.object({ how: z.enum(['pause', 'cancel']) })),
  /** Loads a completed run for the calls below; answers at once when that run is loaded already. */
  open: call<{ users: number; items: number }>()(
    /** Attributes are for methods that read users' features. */
    runOnDiskSchema.extend({ attributes: attributeTablesSchema.optional() }),
  ),
  /** The best items of some users (rows of the split) that are in neither their train nor their validation part. */
  topK: call<TopK>()(z.object({ rows: z.array(z.number().int()), k: z.number().int().min(1) })),
  /** The lists of all users, under a mask [k × k]; null: none. */
  topKOfAll: call<TopK>()(z.object({ task, k: z.number().int().min(1), mask: z.instanceof(Float32Array).nullable() })),
  /** The scoring function as a graph of operations, with the mask as an input that has this default; null: all ones. */
  scoringGraph: call<ScoringGraph>()(z.object({ mask: z.instanceof(Float32Array).nullable() })),
  evaluate: call<Metrics>()(z.object({ part: z.enum(['validation', 'test']) })),
  /** All metrics of the test part with the lists and the values by user, for a run that has none stored; nothing is written. */
  evaluateFully: call<FullEvaluation>()(z.object({ task, attributes: attributeTablesSchema.nullable() })),
  graph: call<CausalGraph>()(z.object({})),
  /** Strengths [k][k] of one user (a row of the split). */
  localGraph: call<number[][]>()(z.object({ row: z.number().int() })),
  /** Hands over what effects are described by; once after `open`, before the calls below. */
  describe: call<null>()(attributeTablesSchema),
  userEffect: call<RowEffect>()(
    z.object({ row: z.number().int(), k: z.number().int().min(1), intervention: rowInterventionSchema }),
  ),
  /** @param rows null: all users */
  effect: call<RowsEffect>()(
    z.object({ task, rows: rowsOrAll, k: z.number().int().min(1), intervention: rowInterventionSchema }),
  ),
  perConfounder: call<{ node: number; effect: RowsEffect }[]>()(
    z.object({ task, rows: rowsOrAll, k: z.number().int().min(1) }),
  ),
  paths: call<RowPaths>()(
    z.object({ row: z.number().int(), item: z.number().int(), intervention: rowInterventionSchema }),
  ),
  profiles: call<RowProfile[]>()(z.object({ task })),
  /** What the propensities of the model are worth, or where it has none those of its split. */
  judgePropensities: call<Omit<RunPropensities, 'run'>>()(z.object({ floor: propensityFloorSchema })),
  /** The mean error over all pairs, estimated from the rated validation pairs. */
  estimateErrors: call<Omit<RunEstimates, 'run'>>()(z.object({ floor: propensityFloorSchema })),
  /** The rated validation pairs with what is predicted of them. */
  ratedPredictions: call<RatedPredictions>()(z.object({ floor: propensityFloorSchema })),
  /** Ends a task with `cancelled`; one that has ended is none of its business. */
  stopTask: call<null>()(z.object({ task })),
  /**
   * Trains on resampled users and appends a line for each to the run folder: its graph, aligned with the run's by what the confounders do,
   * or its correlation. Goes on after those that are there. Stopped with `stop`; half a resample is done again.
   */
  bootstrap: call<{ end: 'completed' | 'paused' | 'cancelled' }>()(
    runOnDiskSchema.extend({ of: z.enum(bootstrapSubjects), resamples: z.number().int().min(2) }),
  ),
  /** One user's list at the learned correlation, at a set one and at 0. */
  correlationEffect: call<RowCorrelationEffect>()(
    z.object({ row: z.number().int(), k: z.number().int().min(1), rho: setCorrelationSchema }),
  ),
  /** What is measured of rated pairs at these correlations, and at the learned one. */
  correlationCurve: call<CorrelationCurve>()(z.object({ task, rhos: z.array(setCorrelationSchema).max(200) })),
  /** What exposing an item does to the rating of each. @param row a user's; null: for everyone */
  exposureColumn: call<ExposureColumn>()(z.object({ item: column, row: rowOrEveryone })),
  /** What exposing each item does to the ratings of `count` items from `from` on. */
  exposureRows: call<ExposureRows>()(z.object({ from: column, count: z.number().int().min(1), row: rowOrEveryone })),
  /** The strongest effects, those of items on themselves among them only with `own`. */
  strongestExposures: call<StrongestExposures>()(
    z.object({ task, row: rowOrEveryone, count: z.number().int().min(1), own: z.boolean() }),
  ),
  /** What becomes of a user's ratings and list where exposures are set. */
  exposeItems: call<RowExposed>()(
    z.object({
      row: z.number().int(),
      expose: z.array(column),
      withdraw: z.array(column),
      k: z.number().int().min(1),
    }),
  ),
  /** What exposing an item does to those it affects most, in each segment of users. */
  segmentExposures: call<SegmentExposures>()(
    z.object({ task, item: column, segments: z.array(z.instanceof(Int32Array)), count: z.number().int().min(1) }),
  ),
} as const

export type TrainerCalls = typeof trainerContract
export type TrainerCallName = keyof TrainerCalls
export type TrainerInput<N extends TrainerCallName> = z.output<TrainerCalls[N]['input']>
export type TrainerOutput<N extends TrainerCallName> = Exclude<TrainerCalls[N]['output'], undefined>
export type TrainerHandlers = { [N in TrainerCallName]: (input: TrainerInput<N>) => Promise<TrainerOutput<N>> }

export interface TrainerEventMap {
  progress: JobProgress
  points: EpochPoint[]
  log: LogLine[]
  memory: { bytes: number }
  /** The check of the exposure model is on disk. */
  exposureCheck: Record<string, never>
  /** How far a task is. */
  task: { task: string; stage: string; fraction: number }
  /** A resample of a bootstrap is on disk. */
  resample: { resample: number }
}
