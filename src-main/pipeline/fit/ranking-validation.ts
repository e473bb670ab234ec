import { z } from 'zod'
import type { Metrics } from '../../../src-shared/domain/metric'
import type { FitContext } from '../../methods/method'
import { evaluate, type Scorer } from '../evaluate/evaluate'
import type { Pace } from './pace'

/** The epoch with the highest validation NDCG@10 so far; null before there is one. */
export const bestSchema = z.object({ epoch: z.number().int(), value: z.number() }).nullable()

export interface RankingValidation {
  /** Nothing where no user has a validation item. */
  metrics: Metrics
  /** The NDCG@10 that early stopping goes by; null where no user has a validation item. */
  ndcg: number | null
}

/**
 * How a model ranks the validation part after an epoch. The stop signal is read before every block of users.
 * @param epoch epochs done before it
 * @param blockRows users ranked together, where the blocks of `evaluate` take too long
 * @returns null where it was stopped
 */
export async function validateRanking(
  model: Scorer,
  { split, signal, report }: Pick<FitContext, 'split' | 'signal' | 'report'>,
  pace: Pace,
  epoch: number,
  blockRows?: number,
): Promise<RankingValidation | null> {
  const validation = await evaluate(model, split, 'validation', {
    ...(blockRows === undefined ? {} : { blockRows }),
    stop: () => signal.requested !== null,
    progress: (fraction) => report.progress(pace.validating(epoch, fraction)),
  })
  if (!validation) return null
  if (validation.users === 0) return { metrics: {}, ndcg: null }
  return { metrics: validation.metrics, ndcg: validation.metrics['ndcg@10']! }
}
