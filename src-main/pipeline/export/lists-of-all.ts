import type { Split } from '../../../src-shared/domain/split'
import type { TopK } from '../../jobs/trainer-contract'
import type { EdgeMask, FittedModel } from '../../methods/method'
import { blockRowsFor, recommend } from '../evaluate/evaluate'
import type { Step } from '../intervene/tasks'

/**
 * The best k items of every user of a split, a block of users at a time: what lies in a user's train or validation part is no candidate.
 * @param mask [k × k], for models with edges; null leaves them as they are
 * @throws CausewayError `cancelled`
 */
export async function listsOfAll(
  model: Pick<FittedModel, 'score'>,
  split: Split,
  k: number,
  mask: EdgeMask | null,
  step: Step,
): Promise<TopK> {
  const { rows: users, cols } = split.train
  const masked: Pick<FittedModel, 'score'> = { score: (rows) => model.score(rows, mask ? { mask } : undefined) }
  const lists: TopK = { k, items: new Int32Array(users * k), scores: new Float32Array(users * k) }
  const blockRows = blockRowsFor(cols)
  for (let from = 0; from < users; from += blockRows) {
    await step(`Lists of ${users} users`, from / users)
    const block = Array.from({ length: Math.min(blockRows, users - from) }, (_, row) => from + row)
    const { items, scores } = await recommend(masked, split, block, k)
    lists.items.set(items, from * k)
    lists.scores.set(scores, from * k)
  }
  await step(`Lists of ${users} users`, 1)
  return lists
}
