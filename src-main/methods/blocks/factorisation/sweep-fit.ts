import { z } from 'zod'
import { CausewayError } from '../../../../src-shared/contract/errors'
import { blockRowsFor } from '../../../pipeline/evaluate/evaluate'
import { withoutPrefix, withPrefix } from '../../../pipeline/fit/checkpoint-arrays'
import { Pace } from '../../../pipeline/fit/pace'
import { bestSchema, validateRanking } from '../../../pipeline/fit/ranking-validation'
import { checkedArrays } from '../../../tensor/named-arrays'
import type { FitContext, FitOutcome, FittedModel, NamedArray, NamedArrays } from '../../method'
import { numberParam } from '../training-params'

/** A model that is learned by sweeps over all its parts, each of which finds the best of some rows while the others are held. */
export interface Sweeps {
  /** The kind of its checkpoints. */
  type: string
  /** The steps of a sweep in their order, each about a hundredth of a second. */
  steps: (() => void)[]
  /** What no sweep raises, per user. */
  loss(): number
  /** Scores with the arrays as they are. */
  model: FittedModel
  /** All that sweeps change, as it lies in memory. */
  arrays: Record<string, NamedArray>
  /** Names of those that the model scores with: of the best sweep they are put back. */
  kept: string[]
  /** To be told after arrays were written to. */
  changed(): void
  /** What stands fixed before the first sweep, and goes into checkpoints under its names. */
  fixed?: NamedArrays
  /** Users that are scored together in a validation. */
  blockRows: number
}

const stateSchema = z.object({
  type: z.string(),
  version: z.literal(1),
  /** Sweeps done. */
  epoch: z.number().int().min(0),
  /** Steps done of the sweep in progress. */
  position: z.number().int().min(0),
  /** Seconds spent on the sweep in progress. */
  seconds: z.number().min(0),
  best: bestSchema,
})
type FitState = z.infer<typeof stateSchema>

/** All arrays of a checkpoint before the first sweep. */
export const sweptArrays = ({ arrays, fixed }: Pick<Sweeps, 'arrays' | 'fixed'>): NamedArrays => ({
  ...withPrefix('weights', arrays),
  ...fixed,
})

const copyOf = ({ shape, data }: NamedArray): NamedArray => ({ shape, data: data.slice() })

/**
 * Each sweep is followed by a validation; early stopping on validation NDCG@10 with the best arrays put back. The stop signal is read before
 * every step. A checkpoint has the arrays as they are then: no row's solution needs another one of its side, so that going on from there
 * gives the same bits.
 * @throws CausewayError `diverged` when the loss is not finite, `runInvalid` when the checkpoint does not belong to this training
 */
export async function sweepFit(context: FitContext, sweeps: Sweeps, resume = context.resume): Promise<FitOutcome> {
  const { params, signal, report } = context
  const [epochs, patience] = [numberParam(params, 'epochs'), numberParam(params, 'patience')]
  const { steps, model, arrays, kept } = sweeps
  const blockRows = Math.min(blockRowsFor(context.split.train.cols), sweeps.blockRows)
  const pace = new Pace(steps.length, epochs)
  const keptArrays = (): NamedArrays => Object.fromEntries(kept.map((name) => [name, arrays[name]!]))
  const keep = (): NamedArrays =>
    Object.fromEntries(Object.entries(keptArrays()).map(([name, array]) => [name, copyOf(array)]))
  const putBack = (saved: NamedArrays): void => {
    for (const [name, { data }] of Object.entries(saved)) arrays[name]!.data.set(data)
    sweeps.changed()
  }
  let best: NamedArrays | null = null
  let state: FitState = { type: sweeps.type, version: 1, epoch: 0, position: 0, seconds: 0, best: null }

  const checkpoint = (): Promise<void> =>
    report.checkpoint({
      arrays: { ...sweptArrays(sweeps), ...(best ? withPrefix('best', best) : {}) },
      state: { ...state },
    })

  if (resume) {
    const parsed = stateSchema.safeParse(resume.state)
    if (!parsed.success || parsed.data.type !== sweeps.type)
      throw new CausewayError('runInvalid', 'The checkpoint does not belong to this kind of training.')
    state = parsed.data
    putBack(checkedArrays(withoutPrefix('weights', resume.arrays), arrays))
    if (state.best) best = checkedArrays(withoutPrefix('best', resume.arrays), keptArrays())
  }

  const stopped = async (): Promise<FitOutcome | null> => {
    const how = signal.requested
    if (!how) return null
    await checkpoint()
    return { end: how === 'pause' ? 'paused' : 'cancelled', epochs: state.epoch }
  }

  const hasPatience = (): boolean => state.best === null || state.epoch - state.best.epoch < patience

  while (state.epoch < epochs && hasPatience()) {
    while (state.position < steps.length) {
      const stop = await stopped()
      if (stop) return stop
      const started = performance.now()
      report.progress(pace.training(state.epoch, state.position))
      steps[state.position]!()
      state.position++
      // Lets messages in: a stop request is seen before the next step.
      await new Promise(setImmediate)
      const seconds = (performance.now() - started) / 1000
      state.seconds += seconds
      pace.trained(seconds)
    }

    const started = performance.now()
    const loss = sweeps.loss()
    if (!Number.isFinite(loss))
      throw new CausewayError(
        'diverged',
        `The training diverged: the loss became ${loss} in epoch ${state.epoch + 1}. A larger regularisation keeps the equations solvable.`,
        { epoch: state.epoch + 1 },
      )
    const validation = await validateRanking(model, context, pace, state.epoch, { blockRows })
    if (!validation) {
      const stop = await stopped()
      if (stop) return stop
      throw new CausewayError('internal', 'The validation stopped without being asked to.')
    }
    const seconds = (performance.now() - started) / 1000
    pace.validated(seconds)

    state.epoch++
    const point = {
      epoch: state.epoch,
      seconds: state.seconds + seconds,
      values: { loss, ...validation.metrics },
    }
    if (validation.ndcg !== null && (state.best === null || validation.ndcg > state.best.value)) {
      state.best = { epoch: state.epoch, value: validation.ndcg }
      best = keep()
    }
    state.position = 0
    state.seconds = 0
    report.epoch(point)
    await checkpoint()
  }

  if (best) putBack(best)
  else report.log('warning', 'No user has a validation item: the last weights are kept, without early stopping.')
  return { end: 'completed', model, epochs: state.epoch, bestEpoch: state.best?.epoch ?? null }
}
