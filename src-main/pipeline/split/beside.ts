import type { MethodInfo } from '../../../src-shared/domain/method'
import type { BesidePositives, Csr, ExposedItems, Split } from '../../../src-shared/domain/split'
import type { AttributeTables } from '../../jobs/trainer-contract'
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
