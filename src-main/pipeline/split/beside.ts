import { CausewayError } from '../../../src-shared/contract/errors'
import type { MethodInfo } from '../../../src-shared/domain/method'
import type { BesidePositives, Csr, ExposedItems, Split } from '../../../src-shared/domain/split'
import type { AttributeTables } from '../../jobs/trainer-contract'
import type { NamedArrays } from '../../methods/method'
import { userFeatures } from '../dataset/features'
import { ratedPairs } from '../evaluate/rated'

/**
 * A split whose train part knows what else there is to know of its users, as far as the method reads it: all items they rated, at whatever
 * value, and what they are described by.
 */
export function withBeside(
  split: Split,
  { capabilities }: Pick<MethodInfo, 'capabilities'>,
  attributes: AttributeTables | null,
): Split {
  const features =
    attributes && capabilities.includes('user-features') ? userFeatures(attributes.users, split.train.rows) : null
  const beside: BesidePositives = {
    ...(split.ratings && capabilities.includes('exposures') && { exposed: exposedIn(split, 'train') }),
    ...(features && { features }),
  }
  return { ...split, train: { ...split.train, beside } }
}

/** How many numbers describe a user of the split; 0 where nothing does. */
export const featureWidth = (split: Split): number => split.train.beside?.features?.width ?? 0

/** How many numbers described a user in the training of these weights, as `FittedModel.save` names them; null where they say nothing of it. */
export function trainedFeatureWidth(weights: NamedArrays): number | null {
  const name = Object.keys(weights).find((key) => key === 'features' || key.endsWith('.features.weight'))
  return name === undefined ? null : weights[name]!.shape[0]!
}

/**
 * Whether users are described as they were in the training. Where their data set is gone they would all be scored as the average user, and a
 * training would go on as that of another model.
 * @param trained how many numbers described a user then; null where that is not known
 * @throws CausewayError `runInvalid`
 */
export function checkFeatures(split: Split, trained: number | null): void {
  const found = featureWidth(split)
  if (trained === null || found === trained) return
  throw new CausewayError(
    'runInvalid',
    `The run was trained with features of users (${trained || 'none'}) that are not those found in the data set now (${found || 'none'}). Import the data set again as it was.`,
    { trained, found },
  )
}

/** All rated items of each user in a part, ascending, with their ratings. @throws TypeError for a split without ratings */
export function exposedIn(split: Split, part: 'train' | 'validation' | 'test'): ExposedItems {
  const { users, items, values } = ratedPairs(split, part)
  if (!values) throw new TypeError('The split has no ratings.')
  const { rows, cols } = split.train
  const indptr = new Int32Array(rows + 1)
  for (const user of users) indptr[user + 1]!++
  for (let user = 0; user < rows; user++) indptr[user + 1]! += indptr[user]!
  return { rows, cols, indptr, indices: items, ratings: values }
}

/** What users were exposed to: their positives, each with rating 1, where nothing else is known. */
export const exposuresOf = (rows: Csr): ExposedItems =>
  rows.beside?.exposed ?? { ...rows, ratings: new Float32Array(rows.indices.length).fill(1) }
