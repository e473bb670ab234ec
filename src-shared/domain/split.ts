import { z } from 'zod'

/** Binary interactions in compressed sparse rows: the items of row u are `indices[indptr[u]..indptr[u+1])`, ascending. */
export interface Csr {
  rows: number
  cols: number
  /** length rows + 1 */
  indptr: Int32Array
  /** length nnz */
  indices: Int32Array
  /**
   * Which rows of the matrix they were taken from these are, where `takeRows` took them: a model that knows users by their number, and not
   * by what they did, needs it. Absent for a matrix that is whole, whose rows are 0, 1, 2, …
   */
  ids?: Int32Array
  /** What else is known of the users whose rows these are; `takeRows` takes theirs along. Absent where nothing is. */
  beside?: BesidePositives
}

/** What is known of users beside their positives, a row for each row of the matrix it stands beside. */
export interface BesidePositives {
  /** All items the user was exposed to, whatever they were rated; absent where the data have no ratings, and the positives are all there is. */
  exposed?: ExposedItems
  /** What the users are described by, as numbers. Only for methods with the capability `user-features`. */
  features?: UserFeatures
}

/** The items that users were exposed to and what they rated them. */
export interface ExposedItems extends Csr {
  /** In the unit of the data, in the order of `indices`. */
  ratings: Float32Array
}

/** Numbers that describe users, [rows × width] row-major, of mean 0 and standard deviation 1 over all users; 0 where one is not known. */
export interface UserFeatures {
  width: number
  values: Float32Array
}

export const splitParts = ['train', 'validation', 'test'] as const
export type SplitPart = (typeof splitParts)[number]

/** A number for every pair of the parts of a split and of its `negatives`, in the order of their indices; NaN where there is none. */
export interface PairValues {
  positives: Record<SplitPart, Float32Array>
  negatives: Record<SplitPart, Float32Array>
}

/**
 * The interactions of the same users and items in three parts; rows are users, columns items, in every part. The parts are disjoint,
 * unless the test part is randomised: a pair that a user chose once and was shown at random once is in two. Where users are split (strong
 * generalisation), a model learns from some of them, and is shown the train part of the others when it is asked for their lists.
 */
export interface Split {
  hash: string
  train: Csr
  validation: Csr
  test: Csr
  /**
   * Pairs of these users and items that were rated below the threshold, divided by the same shares: with `train` what a method for ratings
   * is trained on, and what evaluations among rated items need. Absent where the data have no ratings, and in splits from before they were kept.
   */
  negatives?: Record<SplitPart, Csr>
  /** The ratings themselves, in the unit of the data. Absent where the data have none, and in splits from before they were kept. */
  ratings?: PairValues
  /** The probability with which each pair came to be observed, where the data give it. */
  propensities?: PairValues
  /** Rows of the users that a model may learn from, ascending, where users are split; absent where it may learn from all. */
  trainUsers?: Int32Array
  /** The items that a user rated below the threshold are no candidates either, as those that are known of it: see `knownParts`. */
  isSeenExcluded?: boolean
  /** The items of the test part were chosen at random, not by the users: what is measured on it is free of selection. */
  isTestRandomised?: boolean
}

export const splitManifestSchema = z.object({
  type: z.literal('causeway-split'),
  version: z.literal(1),
  hash: z.string(),
  dataset: z.string(),
  datasetHash: z.string(),
  recipe: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  users: z.number(),
  items: z.number(),
  nnz: z.object({ train: z.number(), validation: z.number(), test: z.number() }),
  coldUsers: z.number(),
  /** Numbers of observed negatives; absent where there are none to be known. */
  negatives: z.object({ train: z.number(), validation: z.number(), test: z.number() }).optional(),
  /** SHA-256 of each other file of the folder, by its name. */
  checksums: z.record(z.string(), z.string()),
})
export type SplitManifest = z.infer<typeof splitManifestSchema>

/** The items of one row, as a view. */
export const rowOf = (csr: Csr, row: number): Int32Array => csr.indices.subarray(csr.indptr[row]!, csr.indptr[row + 1]!)

/** Whether the item is in the row. */
export function hasPair(csr: Csr, row: number, item: number): boolean {
  const own = rowOf(csr, row)
  let [low, high] = [0, own.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (own[middle]! < item) low = middle + 1
    else high = middle
  }
  return own[low] === item
}

/** Number of stored interactions. */
export const nnzOf = (csr: Csr): number => csr.indptr[csr.rows]!

/** The given rows of `csr`, in the given order, as a matrix of its own. */
export function takeRows(csr: Csr, rows: ArrayLike<number>): Csr {
  const indptr = new Int32Array(rows.length + 1)
  for (let r = 0; r < rows.length; r++) indptr[r + 1] = indptr[r]! + csr.indptr[rows[r]! + 1]! - csr.indptr[rows[r]!]!
  return {
    rows: rows.length,
    cols: csr.cols,
    indptr,
    indices: takeStored(csr, csr.indices, indptr, rows),
    ids: Int32Array.from(rows),
    ...(csr.beside && { beside: takeBeside(csr.beside, rows) }),
  }
}

/** Of values that stand in the order of the indices those of the given rows. @param indptr row pointers of what is taken */
function takeStored<T extends Int32Array | Float32Array>(
  csr: Csr,
  values: T,
  indptr: Int32Array,
  rows: ArrayLike<number>,
): T {
  const taken = new (values.constructor as new (length: number) => T)(indptr[rows.length]!)
  for (let r = 0; r < rows.length; r++)
    taken.set(values.subarray(csr.indptr[rows[r]!]!, csr.indptr[rows[r]! + 1]!), indptr[r]!)
  return taken
}

function takeBeside({ exposed, features }: BesidePositives, rows: ArrayLike<number>): BesidePositives {
  const taken: BesidePositives = {}
  if (exposed) {
    const matrix = takeRows(exposed, rows)
    taken.exposed = { ...matrix, ratings: takeStored(exposed, exposed.ratings, matrix.indptr, rows) }
  }
  if (features) {
    const { width, values } = features
    const own = new Float32Array(rows.length * width)
    for (let r = 0; r < rows.length; r++) own.set(values.subarray(rows[r]! * width, (rows[r]! + 1) * width), r * width)
    taken.features = { width, values: own }
  }
  return taken
}

/** Rows of the users that a model learns from: those with an interaction in the train part, less those that are split off. */
export function learnedFrom({ train, trainUsers }: Pick<Split, 'train' | 'trainUsers'>): Int32Array {
  const isActive = (user: number): boolean => train.indptr[user + 1]! > train.indptr[user]!
  return (trainUsers ?? Int32Array.from({ length: train.rows }, (_, user) => user)).filter(isActive)
}
