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
  producedBy: z.object({ causeway: z.string(), datasetHash: z.string(), splitHash: z.string().nullable() }),
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
