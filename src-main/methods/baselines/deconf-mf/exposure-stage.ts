import { z } from 'zod'
import { CausewayError } from '../../../../src-shared/contract/errors'
import { rowOf, type Csr } from '../../../../src-shared/domain/split'
import type { Factors } from '../../blocks/factorisation/factors'
import type { FitContext, FitOutcome, NamedArrays } from '../../method'
import { FoldIn, rowWork, type PoissonFactorisation } from './poisson-factors'
import type { PredictiveCheck } from './predictive-check'

/** Sweeps of the exposure model at most, and between two looks at the held-out exposures. */
const mostSweeps = 200
const sweepsBetweenChecks = 10
/** A gain in the mean log-likelihood of held-out exposures, as a share of it, that is not worth going on for. */
const leastGain = 1e-4
/** Multiplications between two looks at the stop signal: some hundredths of a second. */
const turnWork = 2e7

const stateSchema = z.object({
  type: z.literal('deconf-mf-exposures'),
  version: z.literal(1),
  /** Sweeps done. */
  sweep: z.number().int().min(0),
  /** What is being solved for: users, items, or, at last, the confounders that users are given. */
  phase: z.number().int().min(0).max(2),
  /** The next row. */
  row: z.number().int().min(0),
  /** Of the held-out exposures at the last check. */
  logLikelihood: z.number().nullable(),
})

/** Whether a checkpoint was made before the exposure model was done. */
export const isOfExposures = (state: Record<string, unknown>): boolean => state['type'] === 'deconf-mf-exposures'

/**
 * Fits the exposure model until held-out exposures are predicted no better, then finds the substitute confounders of the users that are learned
 * from: the stop signal is read some ten times a second. A checkpoint goes on to the same bits.
 * @param confounders E θ of each user
 * @param arrays all of the training, as they lie in memory: what checkpoints are made of, resumed ones already put back
 * @returns how it was stopped; null where it is done
 */
export async function fitExposures(
  { signal, report, resume }: FitContext,
  exposures: Csr,
  model: PoissonFactorisation,
  confounders: Factors,
  check: PredictiveCheck,
  arrays: NamedArrays,
): Promise<FitOutcome | null> {
  let state: z.infer<typeof stateSchema> = {
    type: 'deconf-mf-exposures',
    version: 1,
    sweep: 0,
    phase: 0,
    row: 0,
    logLikelihood: null,
  }
  if (resume) {
    const parsed = stateSchema.safeParse(resume.state)
    if (!parsed.success)
      throw new CausewayError('runInvalid', 'The checkpoint does not belong to this kind of training.')
    state = parsed.data
  }
  const size = model.items.shapes.size
  const checkpoint = (): Promise<void> => report.checkpoint({ arrays, state: { ...state } })
  let fold: FoldIn | null = null

  /** Whether sweeps go on. */
  const goesOn = (): boolean => {
    if (state.sweep >= mostSweeps) return false
    if (state.sweep % sweepsBetweenChecks !== 0) return true
    const now = check.of(model.items)?.logLikelihood
    if (now === undefined) return true
    const last = state.logLikelihood
    state.logLikelihood = now
    return last === null || now - last > leastGain * Math.abs(last)
  }

  /** Solves for rows until the work or the phase is done. @returns the work done */
  const advance = (most: number): number => {
    const rows = state.phase === 2 ? exposures : model.rowsOf(state.phase)
    if (state.phase === 2) fold ??= new FoldIn(model.items)
    const from = state.row
    let work = 0
    while (state.row < rows.rows && work < most) {
      const own = rowOf(rows, state.row)
      if (!fold) work += rowWork(own.length, size)
      else if (own.length > 0) {
        fold.solve(own, confounders.at(state.row))
        work += fold.work(own)
      }
      state.row++
    }
    if (!fold) model.solve(state.phase, from, state.row)
    return work
  }

  for (;;) {
    const how = signal.requested
    if (how) {
      await checkpoint()
      return { end: how === 'pause' ? 'paused' : 'cancelled', epochs: 0 }
    }
    report.progress({
      stage:
        state.phase === 2
          ? 'Substitute confounders of the users'
          : `Exposure model, sweep ${state.sweep + 1} of at most ${mostSweeps}`,
      fraction: null,
      etaSeconds: null,
    })
    let work = 0
    while (work < turnWork) {
      work += advance(turnWork - work)
      const rows = state.phase === 1 ? exposures.cols : exposures.rows
      if (state.row < rows) continue
      if (state.phase === 2) {
        confounders.changed()
        return null
      }
      state.row = 0
      if (state.phase === 0) state.phase = 1
      else {
        state.sweep++
        state.phase = goesOn() ? 0 : 2
        if (state.phase === 2) tellCheck(check, model, state.sweep, report)
      }
    }
    await checkpoint()
    // Lets messages in: a stop request is seen before the next turn.
    await new Promise(setImmediate)
  }
}

function tellCheck(
  check: PredictiveCheck,
  model: PoissonFactorisation,
  sweeps: number,
  report: FitContext['report'],
): void {
  const result = check.of(model.items)
  if (!result) {
    report.log('warning', `Exposure model: ${sweeps} sweeps. No exposure is held out: it was not checked.`)
    return
  }
  const { logLikelihood, popularityLogLikelihood, exposures } = result
  const isBetter = logLikelihood > popularityLogLikelihood
  report.log(
    isBetter ? 'info' : 'warning',
    `Exposure model: ${sweeps} sweeps. Predictive check with ${exposures} held-out exposures: a mean log-probability of ${logLikelihood.toFixed(3)}, by popularity alone ${popularityLogLikelihood.toFixed(3)}${isBetter ? '' : '. The model of exposures predicts no better than popularity: its confounders are not to be trusted'}.`,
  )
}
