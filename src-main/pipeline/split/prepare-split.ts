import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { setImmediate } from 'node:timers/promises'
import { CausewayError } from '../../../src-shared/contract/errors'
import { recipeSchema, type DatasetManifest, type Recipe } from '../../../src-shared/domain/dataset'
import type { JobProgress } from '../../../src-shared/domain/job'
import type { SplitManifest, Split } from '../../../src-shared/domain/split'
import { resolveParams } from '../../../src-shared/params/params'
import { datasetDirectory, splitDirectory } from '../../storage/layout'
import { readDataset } from '../dataset/dataset'
import { withDuckDb } from '../dataset/duckdb'
import { loadColumns, type Columns } from '../dataset/load-columns'
import { mergeDuplicates, selectNegatives, selectPositives, type Merged, type Positives } from '../dataset/positives'
import { countColdUsers, divide } from './divide'
import { completeSplit, holds, readSplit, readSplitManifest, sizesOf, writeSplit } from './split-store'

/** Raised whenever the same data set and recipe give another split than before. */
const algorithmVersion = 1

export interface PrepareOptions {
  signal?: AbortSignal | undefined
  onProgress?: ((progress: JobProgress) => void) | undefined
}

/** A recipe with every default filled in. @throws CausewayError `paramUnknown`, `paramInvalid`. */
export function resolveRecipe(given: Record<string, unknown>): Recipe {
  const recipe = resolveParams(recipeSchema, given, 'recipe setting') as unknown as Recipe
  if (recipe.validationShare + recipe.testShare > 0.8)
    throw new CausewayError(
      'paramInvalid',
      `Validation and test share are ${recipe.validationShare + recipe.testShare} together. Allowed: up to 0.8, so that train keeps a part.`,
      { key: 'testShare', value: String(recipe.testShare), allowed: 'validationShare + testShare up to 0.8' },
    )
  return recipe
}

/** The name of the split that a recipe makes of a data set: the same input, the same name. */
export function splitHash(datasetHash: string, recipe: Recipe): string {
  const sorted = Object.entries(recipe).sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256')
    .update(JSON.stringify([algorithmVersion, datasetHash, sorted]))
    .digest('hex')
    .slice(0, 32)
}

/** Everything between the stored interactions and their split. */
export interface Preparation {
  columns: Columns
  merged: Merged
  positives: Positives
  split: Split
}

/** Goes from the stored interactions to their split, in memory. */
export async function prepareInMemory(
  workspace: string,
  dataset: DatasetManifest,
  recipe: Recipe,
  { signal, onProgress }: PrepareOptions,
): Promise<Preparation> {
  const report = (stage: string, fraction: number): void => onProgress?.({ stage, fraction, etaSeconds: null })
  /** Between two loops over all interactions: lets a cancel arrive. */
  const next = async (stage: string, fraction: number): Promise<void> => {
    await setImmediate()
    if (signal?.aborted) throw new CausewayError('cancelled', 'Cancelled.')
    report(stage, fraction)
  }
  await next('Reading interactions', 0)
  const columns = await withDuckDb({}, (db) =>
    loadColumns(
      db,
      datasetDirectory(workspace, dataset.name),
      {
        rows: dataset.interactions,
        ratings: dataset.hasRatings,
        times: dataset.hasTimes,
        randomised: (dataset.randomised ?? 0) > 0,
        propensities: dataset.hasPropensities === true,
      },
      { signal, onFraction: (share) => report('Reading interactions', share * 0.6) },
    ),
  )
  await next('Merging duplicates', 0.6)
  const merged = mergeDuplicates(columns, recipe.duplicates, recipe.splitBy === 'randomised')
  await next('Selecting positives', 0.75)
  const positives = selectPositives(columns, merged, recipe)
  await next('Splitting', 0.85)
  const negatives = selectNegatives(columns, merged, recipe, positives)
  const split = { hash: splitHash(dataset.hash, recipe), ...divide(positives, recipe, negatives) }
  await next('Splitting', 0.95)
  return { columns, merged, positives, split }
}

/** Stores a preparation's split. */
async function storeSplit(
  workspace: string,
  dataset: DatasetManifest,
  recipe: Recipe,
  { positives, split }: Preparation,
): Promise<SplitManifest> {
  return writeSplit(
    workspace,
    split,
    { users: positives.userIds, items: positives.itemIds },
    {
      type: 'causeway-split',
      version: 1,
      hash: split.hash,
      dataset: dataset.name,
      datasetHash: dataset.hash,
      recipe: { ...recipe },
      users: positives.userIds.length,
      items: positives.itemIds.length,
      nnz: sizesOf(split),
      coldUsers: countColdUsers(split),
    },
  )
}

/** The stored split of that name when it is there and sound; a damaged one is removed, to be made again. */
async function storedSplit(workspace: string, hash: string): Promise<SplitManifest | null> {
  const directory = splitDirectory(workspace, hash)
  if (!existsSync(directory)) return null
  try {
    await readSplit(directory)
    return await readSplitManifest(directory)
  } catch (thrown) {
    if (!(thrown instanceof CausewayError) || thrown.code !== 'splitInvalid') throw thrown
    await rm(directory, { recursive: true, force: true })
    return null
  }
}

/** Whether a stored split has all that the data tell of its pairs. */
const isComplete = (split: SplitManifest, { hasRatings, hasPropensities }: DatasetManifest): boolean =>
  (!hasRatings || (holds(split, 'negatives') && holds(split, 'ratings'))) &&
  (!hasPropensities || holds(split, 'propensities'))

/**
 * The split that a recipe makes of a data set: the stored one, or made now and stored.
 * @param given settings of the recipe; the others take their defaults
 * @throws CausewayError `notFound`, `paramUnknown`, `paramInvalid`, `noPositives`, `tooFewUsers`, `tooFewItems`, `cancelled`,
 *   `diskFull`, `workspaceReadOnly`
 */
export async function prepareSplit(
  workspace: string,
  dataset: string,
  given: Record<string, unknown>,
  options: PrepareOptions = {},
): Promise<SplitManifest> {
  const recipe = resolveRecipe(given)
  const manifest = await readDataset(workspace, dataset)
  const stored = await storedSplit(workspace, splitHash(manifest.hash, recipe))
  if (stored && isComplete(stored, manifest)) return stored
  const preparation = await prepareInMemory(workspace, manifest, recipe, options)
  if (!stored) return storeSplit(workspace, manifest, recipe, preparation)
  // From before they were kept: so that the same split gives the same metrics wherever it was made.
  return completeSplit(workspace, preparation.split)
}
