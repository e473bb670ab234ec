import { CausewayError } from '../../../src-shared/contract/errors'
import { correlationResampleSchema } from '../../../src-shared/domain/correlation'
import type { RunOnDisk } from '../../jobs/trainer-contract'
import type { StopSignal } from '../../methods/method'
import { bootstrap, type BootstrapEnd, type BootstrapEvents } from './resampled-trainings'

/** Appends the correlation that a training on each resample learned to the run folder; see `bootstrap`. */
export const bootstrapCorrelation = (
  run: RunOnDisk & { resamples: number },
  signal: StopSignal,
  events: BootstrapEvents,
): Promise<BootstrapEnd> =>
  bootstrap(run, correlationResampleSchema, signal, events, async () => async (model) => {
    if (!model.correlation)
      throw new CausewayError('badRequest', `A run of "${run.method}" learns no correlation of exogenous variables.`)
    return { correlation: model.correlation() }
  })
