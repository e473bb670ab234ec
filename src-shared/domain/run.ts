import { z } from 'zod'
import { backendIds } from './backend'
import { knowledgeSchema } from './knowledge'
import { jobStates } from './job'

const paramValues = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]))

/** `manifest.json` of a run folder. */
export const runManifestSchema = z.object({
  type: z.literal('causeway-run'),
  version: z.literal(1),
  id: z.string(),
  method: z.string(),
  dataset: z.string(),
  recipe: paramValues,
  params: paramValues,
  /** What was known of the graph before the training; absent in runs from before there was such a thing. */
  knowledge: knowledgeSchema.nullable().default(null),
  seed: z.number().int(),
  /** The backend asked for, or the one the probe chose. Numbers repeat to the bit only on the same backend. */
  backend: z.enum(backendIds),
  threads: z.number().int(),
  state: z.enum(jobStates),
  createdAt: z.string(),
  startedAt: z.string().nullable(),
  endedAt: z.string().nullable(),
  /** Time spent working, pauses left out. */
  durationSeconds: z.number(),
  epochs: z.number().int(),
  bestEpoch: z.number().int().nullable(),
  /** Test metrics of the best weights; null until the run has completed. */
  metrics: z.record(z.string(), z.number()).nullable(),
  error: z
    .object({ code: z.string(), message: z.string(), details: z.record(z.string(), z.unknown()).optional() })
    .nullable(),
  /** How the test metrics were come by; absent in runs from before it was recorded. */
  evaluation: z
    .object({
      protocol: z.string(),
      /** Users the metrics are of. */
      users: z.number().int(),
      /** SHA-256 of `evaluation.safetensors`: the lists and the values by user. */
      hash: z.string(),
      /** The items of the test part were chosen at random; absent where they were not. */
      isTestRandomised: z.literal(true).optional(),
    })
    .nullable()
    .default(null),
  /** SHA-256 of `weights.safetensors`; absent in runs from before it was recorded. */
  weightsHash: z.string().nullable().default(null),
  /** The experiment it is a trial of. */
  experiment: z
    .object({ name: z.string(), trial: z.number().int(), phase: z.enum(['search', 'final']), label: z.string() })
    .nullable()
    .default(null),
  /** The run that it was trained to check; such runs stay out of comparisons. */
  reproduces: z.string().nullable().default(null),
  producedBy: z.object({
    causeway: z.string(),
    datasetHash: z.string(),
    splitHash: z.string().nullable(),
    /** Operating system and processor, as in `linux-x64`; absent in earlier runs. */
    platform: z.string().default(''),
    node: z.string().default(''),
  }),
})
export type RunManifest = z.infer<typeof runManifestSchema>

/** One line of `metrics.jsonl`: the reported series at the end of an epoch (1-based). */
export const epochPointSchema = z.object({
  epoch: z.number().int(),
  seconds: z.number(),
  values: z.record(z.string(), z.number()),
})
export type EpochPoint = z.infer<typeof epochPointSchema>

export interface LogLine {
  at: string
  level: 'info' | 'warning' | 'error'
  text: string
}

export interface RunDetail {
  manifest: RunManifest
  points: EpochPoint[]
  log: LogLine[]
  hasGraph: boolean
}
