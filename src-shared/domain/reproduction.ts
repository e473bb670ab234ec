import { z } from 'zod'
import { backendIds } from './backend'
import { knowledgeSchema } from './knowledge'

const values = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]))

/** What has to be the same for a run to come out the same, and what came out. */
export const recordedRunSchema = z.object({
  run: z.string(),
  method: z.string(),
  params: values,
  knowledge: knowledgeSchema.nullable(),
  seed: z.number().int(),
  backend: z.enum(backendIds),
  threads: z.number().int(),
  data: z.object({ dataset: z.string(), hash: z.string(), recipe: values, splitHash: z.string() }),
  environment: z.object({ causeway: z.string(), platform: z.string(), node: z.string() }),
  results: z.object({
    epochs: z.number().int(),
    bestEpoch: z.number().int().nullable(),
    metrics: z.record(z.string(), z.number()),
    /** SHA-256 of weights.safetensors; null in runs from before it was recorded. */
    weightsHash: z.string().nullable(),
    /** SHA-256 of the lists and the values by user. */
    evaluationHash: z.string().nullable(),
  }),
})
export type RecordedRun = z.infer<typeof recordedRunSchema>

/** The bundle in a report, and what `causeway reproduce` reads. */
export const reproductionBundleSchema = z.object({
  type: z.literal('causeway-bundle'),
  version: z.literal(1),
  title: z.string(),
  runs: z.array(recordedRunSchema).min(1).max(1000),
})
export type ReproductionBundle = z.infer<typeof reproductionBundleSchema>

/** The id of the script element that holds the bundle in an HTML report. */
export const bundleElementId = 'causeway-bundle'

/** Something that is not what was recorded. */
export interface Difference {
  what: string
  recorded: string
  now: string
}

export interface RunReproduction {
  recorded: RecordedRun
  /** The run that was trained to check; null where it could not be, or was removed after the check. */
  run: string | null
  /** `identical`: every hash and metric is as recorded. */
  verdict: 'identical' | 'differs' | 'notReproducible'
  /** Of the results, largest first. */
  differences: Difference[]
  /** Of the environment: what may explain the differences. */
  environment: Difference[]
  /** Why it could not be trained again; null where it was. */
  reason: string | null
  checked: string[]
}

export interface Reproduction {
  title: string
  state: 'running' | 'completed' | 'stopped'
  runs: RunReproduction[]
  planned: number
  /** All are identical. */
  confirmed: boolean
}
