import type { MethodDescriptor } from '../../src-main/methods/method'
import { withoutPrefix } from '../../src-main/pipeline/fit/checkpoint-arrays'
import { sigmoid } from '../../src-main/methods/blocks/pairs/point-loss'
import { PairNetwork } from '../../src-main/tensor/pairs'
import { nnzOf } from '../../src-shared/domain/split'
import { fitSmall } from './fit'
import { isOften, selectedItems, selectedSplit, selectedUsers } from './selected-split'

/** Means of a task's probability over all pairs with the items that are observed often, and with the others. */
export interface TaskMeans {
  often: number
  seldom: number
}

/**
 * Trains a multi-task method on `selectedSplit` and asks its network about all pairs.
 * @returns means of the rating, the propensity, their product and, where there is a third output, the imputed target
 */
export async function fitTasks(
  descriptor: MethodDescriptor,
  outputs: number,
  params: Record<string, number>,
): Promise<{ rating: TaskMeans; propensity: TaskMeans; joint: TaskMeans; imputed: TaskMeans }> {
  const split = selectedSplit()
  const outcome = await fitSmall(descriptor, split, { params })
  if (outcome.end !== 'completed') throw new Error(outcome.end)
  const saved = withoutPrefix('prediction', await outcome.model.save())
  outcome.model.dispose()
  const network = new PairNetwork(
    { backbone: 'ncf', users: selectedUsers, items: selectedItems, width: 8, hidden: [8], outputs },
    { learningRate: 0, weightDecay: 0 },
    saved,
  )
  const all = selectedUsers * selectedItems
  const items = Int32Array.from({ length: all }, (_, at) => at % selectedItems)
  const logits = await network.score({
    users: Int32Array.from(items, (_, at) => Math.floor(at / selectedItems)),
    items,
  })
  network.dispose()
  const density = (nnzOf(split.train) + nnzOf(split.negatives!.train)) / all
  // What the second output is above that of the density.
  const offset = Math.log(density / (1 - density))
  const rating = (at: number): number => sigmoid(logits[at * outputs]!)
  const propensity = (at: number): number => sigmoid(logits[at * outputs + 1]! + offset)
  const means = (of: (at: number) => number): TaskMeans => {
    const sums = { often: 0, seldom: 0 }
    for (let at = 0; at < all; at++) sums[isOften(items[at]!) ? 'often' : 'seldom'] += of(at) / (all / 2)
    return sums
  }
  return {
    rating: means(rating),
    propensity: means(propensity),
    joint: means((at) => rating(at) * propensity(at)),
    imputed: means((at) => sigmoid(logits[at * outputs + 2]!)),
  }
}
