import { CausewayError } from '../../../../src-shared/contract/errors'
import type { FitContext, FitReporter, FittedModel, Method } from '../../../methods/method'

/**
 * Trains a method of which nothing is kept but the model, on users and items that nothing is known of beside the split.
 * @param told what is to be heard of the training
 * @throws CausewayError `cancelled` when stopped, and what the training throws
 */
export async function trainUnwatched(
  method: Method,
  training: Pick<FitContext, 'split' | 'params' | 'rng' | 'signal'>,
  told: Partial<Pick<FitReporter, 'progress' | 'epoch'>> = {},
): Promise<{ model: FittedModel; epochs: number }> {
  const fit = await method.fit({
    ...training,
    report: {
      progress: () => undefined,
      epoch: () => undefined,
      checkpoint: () => Promise.resolve(),
      log: () => undefined,
      ...told,
    },
    knowledge: null,
    attributes: null,
    resume: null,
  })
  if (fit.end !== 'completed') throw new CausewayError('cancelled', 'The training was stopped.')
  return fit
}
