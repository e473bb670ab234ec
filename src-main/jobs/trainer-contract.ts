import { z } from 'zod'
import type { BackendProbe } from '../../src-shared/domain/backend'
import { backendIds } from '../../src-shared/domain/backend'
import type { CausalGraph } from '../../src-shared/domain/graph'
import type { JobProgress } from '../../src-shared/domain/job'
import type { Metrics } from '../../src-shared/domain/metric'
import type { EpochPoint, LogLine } from '../../src-shared/domain/run'

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
})
export type RunOnDisk = z.infer<typeof runOnDiskSchema>

export interface FitResult {
  end: 'completed' | 'paused' | 'cancelled'
  epochs: number
  bestEpoch: number | null
  /** Test metrics; only when completed. */
  metrics: Metrics | null
  /** Seconds this process worked. */
  seconds: number
}

/** Top-K of some users: row r of both arrays belongs to `rows[r]`; -1 pads where a user has fewer candidates. */
export interface TopK {
  k: number
  items: Int32Array
  scores: Float32Array
}

const call = <O>() => {
  return <I extends z.ZodType>(input: I): { input: I; readonly output?: O } => ({ input })
}

export const trainerContract = {
  probe: call<BackendProbe>()(z.object({})),
  /** Trains, evaluates and writes the run's results; resolves when it has ended, been paused or been cancelled. */
  fit: call<FitResult>()(runOnDiskSchema.extend({ resume: z.boolean() })),
  /** Asks the fit in progress to stop after the current batch. */
  stop: call<null>()(z.object({ how: z.enum(['pause', 'cancel']) })),
  /** Loads a completed run for the calls below; answers at once when that run is loaded already. */
  open: call<{ users: number; items: number }>()(runOnDiskSchema),
  /** The best items of some users (rows of the split) that are in neither their train nor their validation part. */
  topK: call<TopK>()(z.object({ rows: z.array(z.number().int()), k: z.number().int().min(1) })),
  evaluate: call<Metrics>()(z.object({ part: z.enum(['validation', 'test']) })),
  graph: call<CausalGraph>()(z.object({})),
  /** Strengths [k][k] of one user (a row of the split). */
  localGraph: call<number[][]>()(z.object({ row: z.number().int() })),
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
}
