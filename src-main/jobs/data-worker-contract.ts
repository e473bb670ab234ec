import { z } from 'zod'
import {
  columnMappingSchema,
  fileHandleSchema,
  textLayoutSchema,
  type DatasetCard,
  type DatasetManifest,
  type DatasetRows,
  type ImportPreview,
} from '../../src-shared/domain/dataset'
import { tableFormats } from '../../src-shared/domain/exported'
import type { JobProgress } from '../../src-shared/domain/job'
import type { ItemCard } from '../../src-shared/domain/recommendation'
import { simulationFileSchema } from '../../src-shared/domain/simulation'
import type { SplitManifest } from '../../src-shared/domain/split'

/**
 * The contract between the services and the data worker: a process that reads, writes and queries data sets with DuckDB, off the main
 * thread. Paths come from the services alone; the worker trusts them.
 */
const source = z.object({ handle: fileHandleSchema, path: z.string() })
const files = z.array(source).min(1)
const values = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
/** Names a piece of work, so that its progress can be told apart and `stop` can cancel it. */
const task = z.string()
const inWorkspace = z.object({ workspace: z.string() })
const ofDataset = inWorkspace.extend({ dataset: z.string() })

/** What is known of an item or a user; an attribute that is missing is left out. */
export interface EntityAttributes {
  id: string
  attributes: Record<string, string | number>
}

const call = <O>() => {
  return <I extends z.ZodType>(input: I): { input: I; readonly output?: O } => ({ input })
}

export const dataWorkerContract = {
  preview: call<ImportPreview>()(z.object({ files, text: textLayoutSchema.optional() })),
  /** Imports files as a new data set. A cancel leaves nothing behind. */
  import: call<DatasetManifest>()(
    inWorkspace.extend({
      task,
      name: z.string(),
      files,
      mapping: columnMappingSchema.optional(),
      text: textLayoutSchema.optional(),
    }),
  ),
  /** Makes the built-in data set, named "demo". */
  demo: call<DatasetManifest>()(inWorkspace.extend({ task })),
  /** The split that a recipe makes of a data set: the stored one, or made now and stored. */
  prepare: call<SplitManifest>()(ofDataset.extend({ task, recipe: values })),
  card: call<DatasetCard>()(ofDataset.extend({ task, recipe: values })),
  rows: call<DatasetRows>()(
    ofDataset.extend({
      table: z.enum(['interactions', 'items', 'users']),
      offset: z.number().int().min(0),
      limit: z.number().int().min(1).max(500),
    }),
  ),
  /** Every item that has attributes; an item that is not among them goes by its id. */
  catalog: call<ItemCard[]>()(ofDataset),
  /** Every user that has attributes. */
  userAttributes: call<EntityAttributes[]>()(ofDataset),
  /** Users' lists as a table file: one row for each user and rank. */
  lists: call<Uint8Array<ArrayBuffer>>()(
    z.object({
      task,
      format: z.enum(tableFormats),
      users: z.array(z.string()),
      /** By column of the split. */
      items: z.array(z.object({ id: z.string(), title: z.string() })),
      lists: z.object({ k: z.number().int(), items: z.instanceof(Int32Array), scores: z.instanceof(Float32Array) }),
      /** What the lists are of, by key; kept where the format has a place for it. */
      properties: z.record(z.string(), z.string()),
    }),
  ),
  /** Factorises the ratings of a data set for a simulation and writes what the preferences of all pairs follow from. */
  preferences: call<{ users: number; items: number }>()(
    ofDataset.extend({ task, file: z.string(), preferences: simulationFileSchema.shape.preferences.unwrap() }),
  ),
  /** Writes the ratings of a data set for the decoders of a simulation. */
  ratings: call<{ users: number; items: number }>()(ofDataset.extend({ task, file: z.string() })),
  /** Cancels a piece of work; it then ends with `cancelled`. One that has ended already is none of its business. */
  stop: call<null>()(z.object({ task })),
} as const

export type DataWorkerCalls = typeof dataWorkerContract

export interface DataWorkerEventMap {
  /** At most every 100 ms and at the end of a stage. */
  progress: { task: string; progress: JobProgress }
}
