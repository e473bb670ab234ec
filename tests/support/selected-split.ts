import { Rng } from '../../src-main/tensor/rng'
import type { Split } from '../../src-shared/domain/split'
import { csrOf } from './csr'

export const selectedUsers = 40
export const selectedItems = 30

/** Items of the first half are observed often and mostly liked, those of the second seldom and mostly disliked. */
export const isOften = (item: number): boolean => item < selectedItems / 2
export const observedRate = (item: number): number => (isOften(item) ? 0.6 : 0.1)
export const likedRate = (item: number): number => (isOften(item) ? 0.8 : 0.2)

/** Ratings that are missing not at random, all of them in the train part. */
export function selectedSplit(seed = 3): Split {
  const rng = Rng.seeded(seed)
  const lists = (): number[][] => Array.from({ length: selectedUsers }, () => [])
  const positives = lists()
  const negatives = lists()
  for (let u = 0; u < selectedUsers; u++)
    for (let i = 0; i < selectedItems; i++)
      if (rng.uniform() < observedRate(i)) (rng.uniform() < likedRate(i) ? positives : negatives)[u]!.push(i)
  const none = csrOf(lists(), selectedItems)
  return {
    hash: `selected-${seed}`,
    train: csrOf(positives, selectedItems),
    validation: none,
    test: none,
    negatives: { train: csrOf(negatives, selectedItems), validation: none, test: none },
  }
}
