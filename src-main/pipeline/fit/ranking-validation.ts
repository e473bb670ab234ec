import { z } from 'zod'
import type { Metrics } from '../../../src-shared/domain/metric'
import { nnzOf, takeRows, type Split } from '../../../src-shared/domain/split'
import type { FitContext, StopSignal } from '../../methods/method'
import { evaluate, type EvaluateOptions, type Scorer } from '../evaluate/evaluate'
import { ratedByUser, ratedPairs } from '../evaluate/rated'
import type { Pace } from './pace'

/** The epoch with the highest value of the criterion so far; null before there is one. */
export const bestSchema = z.object({ epoch: z.number().int(), value: z.number() }).nullable()

/** What is found after an epoch. */
export interface Validation {
  /** What is reported of it, by series. */
  values: Record<string, number>
  /** What early stopping goes by, higher is better; null where there is nothing to validate with. */
  value: number | null
}

/**
 * Validates after an epoch what is being trained; null where it was stopped.
 * @param epoch epochs done before it
 */
export type Criterion = (pace: Pace, epoch: number) => Promise<Validation | null>

/** By the NDCG of the validation part, at 10 unless another cut-off is given, with all ranking metrics reported. */
export const rankingCriterion =
  (model: Scorer, context: FitContext, options: { cutoffs?: readonly number[]; k?: number } = {}): Criterion =>
  async (pace, epoch) => {
    const validation = await validateRanking(model, context, pace, epoch, options)
    if (!validation) return null
    return { values: validation.metrics, value: validation.metrics[`ndcg@${options.k ?? 10}`] ?? null }
  }

/** Users scored together among what they rated: their scores of all items stand in memory. */
const ratedBlockRows = 256

/**
 * By the NDCG@20 of lists of all items, or among the rated items of the validation part; both are reported, `ndcg@20` and `ratedNdcg@20`. A list
 * of all items counts what the user was not exposed to as not liked: a model of exposures wins by it. Among rated items all were exposed. Where
 * nothing was rated below the threshold there is the former alone.
 */
export const exposureCriterion = (
  model: Scorer,
  context: FitContext,
  { by, cutoffs }: { by: 'lists' | 'rated'; cutoffs: readonly number[] },
): Criterion => {
  const { split, signal } = context
  const ofLists = rankingCriterion(model, context, { cutoffs, k: 20 })
  if (!split.negatives || nnzOf(split.negatives.validation) === 0) return ofLists
  return async (pace, epoch) => {
    const lists = await ofLists(pace, epoch)
    if (!lists) return null
    const rated = await ratedNdcg(model, split, signal)
    if (!rated) return null
    return {
      values: { ...lists.values, ...(rated.value !== null && { 'ratedNdcg@20': rated.value }) },
      value: by === 'rated' ? rated.value : lists.value,
    }
  }
}

/**
 * The NDCG@20 of a model's ranking of the items that each user rated in the validation part, a mean over the users who like one of them.
 * @returns value null where nobody does; null where it was stopped
 */
export async function ratedNdcg(
  model: Pick<Scorer, 'score'>,
  split: Split,
  signal: StopSignal,
): Promise<{ value: number | null } | null> {
  const { users, items, labels } = ratedPairs(split, 'validation')
  const scores = new Float32Array(users.length)
  const rows = [...new Set(users)]
  let at = 0
  for (let from = 0; from < rows.length; from += ratedBlockRows) {
    if (signal.requested) return null
    const block = rows.slice(from, from + ratedBlockRows)
    const all = await model.score(takeRows(split.train, block))
    block.forEach((user, r) => {
      for (; users[at] === user; at++) scores[at] = all[r * split.train.cols + items[at]!]!
    })
    // Lets messages in: a stop request is seen before the next block.
    await new Promise(setImmediate)
  }
  const values = ratedByUser({ users, labels }, scores, [20])['ratedNdcg@20']!
  return { value: values.length === 0 ? null : values.reduce((sum, ndcg) => sum + ndcg, 0) / values.length }
}

export interface RankingValidation {
  /** Nothing where no user has a validation item. */
  metrics: Metrics
  /** The NDCG@10 that early stopping goes by; null where no user has a validation item. */
  ndcg: number | null
}

/**
 * How a model ranks the validation part after an epoch. The stop signal is read before every block of users.
 * @param epoch epochs done before it
 * @param options users ranked together, where the blocks of `evaluate` take too long, and other cut-offs than the usual
 * @returns null where it was stopped
 */
export async function validateRanking(
  model: Scorer,
  { split, signal, report }: Pick<FitContext, 'split' | 'signal' | 'report'>,
  pace: Pace,
  epoch: number,
  options: Pick<EvaluateOptions, 'blockRows' | 'cutoffs'> = {},
): Promise<RankingValidation | null> {
  const validation = await evaluate(model, split, 'validation', {
    ...options,
    stop: () => signal.requested !== null,
    progress: (fraction) => report.progress(pace.validating(epoch, fraction)),
  })
  if (!validation) return null
  if (validation.users === 0) return { metrics: {}, ndcg: null }
  return { metrics: validation.metrics, ndcg: validation.metrics['ndcg@10']! }
}
