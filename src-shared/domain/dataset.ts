import { z } from 'zod'
import type { ParamSchema } from '../params/params'

/** A file the user handed over. `id` is an opaque token given out by a file picker or an upload; paths never cross the border. */
export const fileHandleSchema = z.object({ id: z.string(), name: z.string(), sizeBytes: z.number() })
export type FileHandle = z.infer<typeof fileHandleSchema>

export const layoutKinds = [
  'csv',
  'tsv',
  'double-colon',
  'parquet',
  'recbole',
  'movielens-100k',
  'movielens-1m',
  'movielens-csv',
  'headerless',
  'coat',
] as const
export type LayoutKind = (typeof layoutKinds)[number]

/** Which columns say what. Names are the file's own, or `column1`… where it has no header. */
export const columnMappingSchema = z.object({
  user: z.string(),
  item: z.string(),
  rating: z.string().optional(),
  time: z.string().optional(),
  /** Yes or no: the item was shown at random, not chosen by the user. */
  randomised: z.string().optional(),
  /** The probability, in (0, 1], with which the pair came to be observed. */
  propensity: z.string().optional(),
})
export const columnRoles = columnMappingSchema.keyof().options
export type ColumnRole = (typeof columnRoles)[number]
export type ColumnMapping = z.infer<typeof columnMappingSchema>

/** How a text table is cut into columns; absent for Parquet and for matrices. */
export const textLayoutSchema = z.object({
  delimiter: z.string().min(1).max(4),
  header: z.boolean(),
})
export type TextLayout = z.infer<typeof textLayoutSchema>

export interface ColumnInfo {
  name: string
  type: 'text' | 'integer' | 'number'
  /** The first values, as text. */
  samples: string[]
}

export interface TablePreview {
  file: FileHandle
  role: 'interactions' | 'items' | 'users'
  kind: LayoutKind
  /** What the file is, in words: "RecBole interactions, tab-separated, with header". */
  label: string
  text: TextLayout | null
  columns: ColumnInfo[]
  /** The first rows, as text, in column order. */
  rows: string[][]
}

/** What an import would read, before anything is written. */
export interface ImportPreview {
  tables: TablePreview[]
  mapping: Partial<ColumnMapping>
  /** Which role is still to be mapped before the import can start. */
  missing: ('user' | 'item')[]
  warnings: string[]
}

/** An attribute of items or users that came along: a title, a year, a price. */
export const attributeSchema = z.object({ name: z.string(), type: z.enum(['text', 'integer', 'number']) })
export type Attribute = z.infer<typeof attributeSchema>

export const datasetManifestSchema = z.object({
  type: z.literal('causeway-dataset'),
  version: z.literal(1),
  name: z.string(),
  createdAt: z.string(),
  source: z.object({ files: z.array(z.string()), kind: z.enum([...layoutKinds, 'demo']) }),
  /** SHA-256 of the stored tables: the input hash of everything produced from this data set. */
  hash: z.string(),
  users: z.number(),
  items: z.number(),
  interactions: z.number(),
  hasRatings: z.boolean(),
  hasTimes: z.boolean(),
  /** How many interactions were shown at random; absent where the data do not tell. */
  randomised: z.number().optional(),
  hasPropensities: z.boolean().optional(),
  itemAttributes: z.array(attributeSchema),
  userAttributes: z.array(attributeSchema),
  /** The item attribute shown as title, if one looks like it. */
  titleAttribute: z.string().nullable(),
  /** What the import changed or left out, in sentences. */
  notes: z.array(z.string()).optional(),
})
export type DatasetManifest = z.infer<typeof datasetManifestSchema>

/** How a data set becomes positives and parts. One word everywhere: the recipe. CLI: `--set data.threshold=3`. */
export const recipeSchema = [
  {
    key: 'threshold',
    type: 'number',
    label: 'Positive from rating',
    help: 'Ratings at or above this count as positive interactions; lower ones are left out. Ignored where there are no ratings.',
    default: 4,
    min: -1e9,
    max: 1e9,
    basic: true,
  },
  {
    key: 'duplicates',
    type: 'choice',
    label: 'Duplicate interactions',
    help: 'Which rating counts where a user meets an item several times.',
    default: 'last',
    choices: [
      { value: 'last', label: 'Last in time' },
      { value: 'first', label: 'First in time' },
      { value: 'max', label: 'Highest rating' },
      { value: 'mean', label: 'Mean rating' },
    ],
    basic: false,
  },
  {
    key: 'kCore',
    type: 'integer',
    label: 'k-core',
    help: 'Keeps only users and items with at least this many positives, repeated until it holds for all. 0 keeps everyone who has a positive; in a randomised split everyone who has an interaction.',
    unit: 'positives',
    default: 0,
    min: 0,
    max: 1000,
    basic: true,
  },
  {
    key: 'splitBy',
    type: 'choice',
    label: 'Split by',
    help: 'How the interactions of each user are divided into train, validation and test. Users: the shares are of users; of a validation or test user a fifth is held out and the rest is shown to the model. Randomised: test is what was shown at random; a pair that was also chosen is in both, and duplicates are merged within each kind.',
    default: 'random',
    choices: [
      { value: 'random', label: 'Seeded random' },
      { value: 'time', label: 'Time: the latest are test' },
      { value: 'users', label: 'Users: the model never learns from test users' },
      { value: 'randomised', label: 'Randomised: those shown at random are test' },
    ],
    basic: true,
  },
  {
    key: 'splitSeed',
    type: 'integer',
    label: 'Split seed',
    help: 'Seed of the random split. Runs are comparable only on the same split.',
    default: 0,
    min: 0,
    max: 2147483647,
    basic: false,
  },
  {
    key: 'validationShare',
    type: 'number',
    label: 'Validation share',
    help: 'Share of the positives of each user that picks the best epoch. In a randomised split: of those that the user chose.',
    default: 0.1,
    min: 0.01,
    max: 0.45,
    basic: false,
  },
  {
    key: 'testShare',
    type: 'number',
    label: 'Test share',
    help: 'Share of the positives of each user that the final metrics are computed on. Not used in a randomised split.',
    default: 0.2,
    min: 0.01,
    max: 0.45,
    basic: false,
  },
] as const satisfies ParamSchema

export interface Recipe {
  threshold: number
  duplicates: 'last' | 'first' | 'max' | 'mean'
  kCore: number
  splitBy: 'random' | 'time' | 'users' | 'randomised'
  splitSeed: number
  validationShare: number
  testShare: number
}

/** One alert of a data set card, in words. */
export interface CardAlert {
  level: 'info' | 'warning'
  text: string
}

/** A histogram with bin edges (`edges.length === counts.length + 1`). */
export interface Histogram {
  edges: number[]
  counts: number[]
}

/** "What have I got, can I trust it?": counts of the raw table and of what the recipe leaves of it. */
export interface DatasetCard {
  manifest: DatasetManifest
  recipe: Recipe
  raw: { users: number; items: number; interactions: number; duplicates: number; density: number }
  prepared: {
    users: number
    items: number
    positives: number
    density: number
    train: number
    validation: number
    test: number
    /** Users without a positive in the test part. */
    coldUsers: number
    splitHash: string
  }
  ratings: { value: number; count: number }[]
  /** Positives of items sorted from most to least popular, thinned to at most 200 points: [rank, positives]. */
  longTail: [rank: number, positives: number][]
  /** Share of the positives that fall on the most popular 20 % of items. */
  shareOfTop20Percent: number
  positivesPerUser: Histogram
  timeRange: { from: string; to: string } | null
  alerts: CardAlert[]
}

/** The first rows of a stored data set, for the table in the Data view. */
export interface DatasetRows {
  columns: string[]
  rows: (string | number | null)[][]
  totalRows: number
}
