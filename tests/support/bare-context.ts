import type { FitContext } from '../../src-main/methods/method'

/** What a fit is told beside its data and parameters: nothing, and what it reports nobody reads. */
export const bareContext: Pick<FitContext, 'knowledge' | 'attributes' | 'resume' | 'report'> = {
  knowledge: null,
  attributes: null,
  resume: null,
  report: {
    progress: () => undefined,
    epoch: () => undefined,
    checkpoint: () => Promise.resolve(),
    log: () => undefined,
  },
}
