import { z } from 'zod'
import { CausewayError } from '../../../../src-shared/contract/errors'
import { nnzOf, rowOf } from '../../../../src-shared/domain/split'
import type { ParamValues } from '../../../../src-shared/params/params'
import { blockRowsFor } from '../../../pipeline/evaluate/evaluate'
import { transpose } from '../../../pipeline/evaluate/list-metrics'
import { withoutPrefix, withPrefix } from '../../../pipeline/fit/checkpoint-arrays'
import { Pace } from '../../../pipeline/fit/pace'
import { bestSchema, validateRanking } from '../../../pipeline/fit/ranking-validation'
import { checkedArrays } from '../../../tensor/named-arrays'
import { normalArray } from '../../blocks/initial'
import { numberParam } from '../../blocks/training-params'
import type { Checkpoint, FitContext, FitOutcome, FittedModel, Method, NamedArray } from '../../method'
import { blocksOf, Factors, objective, rankedTogether, RowSolver, scoreOf, type Weighting } from './factors'

const stateSchema = z.object({
  type: z.literal('wmf-fit'),
  version: z.literal(1),
  /** Sweeps done. */
  epoch: z.number().int().min(0),
  /** Blocks done of the sweep in progress, those of users first. */
  position: z.number().int().min(0),
  /** Seconds spent on the sweep in progress. */
  seconds: z.number().min(0),
  best: bestSchema,
})
type FitState = z.infer<typeof stateSchema>

const weightingOf = (params: ParamValues): Weighting => ({
  alpha: numberParam(params, 'alpha'),
  regularisation: numberParam(params, 'regularisation'),
})

const lent = ({ shape, values }: Factors): NamedArray => ({ shape, data: values })

/** A user is what the row says: its factors are solved for as in training, whoever it is. */
function modelOf(items: Factors, weighting: Weighting): FittedModel {
  const solver = new RowSolver(items, weighting)
  const user = new Factors(new Float32Array(items.size), items.size)
  return {
    score(rows) {
      const scores = new Float32Array(rows.rows * rows.cols)
      for (let r = 0; r < rows.rows; r++) {
        solver.solve(rowOf(rows, r), user.values)
        for (let item = 0; item < rows.cols; item++) scores[r * rows.cols + item] = scoreOf(user, 0, items, item)
      }
      return Promise.resolve(scores)
    },
    save: () => Promise.resolve({ items: { shape: items.shape, data: items.values.slice() } }),
    dispose: () => undefined,
  }
}

/**
 * Alternating least squares: a sweep solves for all users, then for all items, and is followed by a validation; early stopping on validation
 * NDCG@10 with the best item factors put back. The stop signal is read before every block of rows. A checkpoint has the factors as they
 * are then: no row's solution needs another one of its side, so that going on from there gives the same bits.
 * @throws CausewayError `tooFewUsers` when no user has a training item, `diverged` when the loss is not finite,
 *   `runInvalid` when the checkpoint does not belong to this training
 */
async function fit(context: FitContext): Promise<FitOutcome> {
  const { params, signal, report } = context
  const { train } = context.split
  if (nnzOf(train) === 0) throw new CausewayError('tooFewUsers', 'No user has an interaction to train on.')
  const active = train.indptr.reduce((count, end, u) => (u > 0 && end > train.indptr[u - 1]! ? count + 1 : count), 0)

  const [size, epochs, patience] = [
    numberParam(params, 'factors'),
    numberParam(params, 'epochs'),
    numberParam(params, 'patience'),
  ]
  const weighting = weightingOf(params)
  const users = new Factors(new Float32Array(train.rows * size), size)
  const start = normalArray([train.cols, size], 1 / Math.sqrt(size), context.rng)
  const items = new Factors(start.data as Float32Array, size)
  const model = modelOf(items, weighting)

  const sides = [
    { rows: train, factors: users, solver: new RowSolver(items, weighting) },
    { rows: transpose(train), factors: items, solver: new RowSolver(users, weighting) },
  ]
  const blocks = sides.flatMap((side) => blocksOf(side.rows, size).map(([from, to]) => ({ ...side, from, to })))
  const blockRows = Math.min(blockRowsFor(train.cols), rankedTogether(items))
  const pace = new Pace(blocks.length, epochs)
  let best: Float32Array | null = null
  let state: FitState = { type: 'wmf-fit', version: 1, epoch: 0, position: 0, seconds: 0, best: null }

  const checkpoint = (): Promise<void> =>
    report.checkpoint({
      arrays: {
        ...withPrefix('weights', { users: lent(users), items: lent(items) }),
        ...(best ? withPrefix('best', { items: { shape: items.shape, data: best } }) : {}),
      },
      state: { ...state },
    })

  const goOnFrom = (from: Checkpoint): void => {
    const parsed = stateSchema.safeParse(from.state)
    if (!parsed.success)
      throw new CausewayError('runInvalid', 'The checkpoint does not belong to this kind of training.')
    state = parsed.data
    const weights = checkedArrays(withoutPrefix('weights', from.arrays), { users, items })
    users.values.set(weights.users.data)
    items.values.set(weights.items.data)
    if (state.best) best = Float32Array.from(checkedArrays(withoutPrefix('best', from.arrays), { items }).items.data)
  }

  const stopped = async (): Promise<FitOutcome | null> => {
    const how = signal.requested
    if (!how) return null
    await checkpoint()
    return { end: how === 'pause' ? 'paused' : 'cancelled', epochs: state.epoch }
  }

  const hasPatience = (): boolean => state.best === null || state.epoch - state.best.epoch < patience

  if (context.resume) goOnFrom(context.resume)

  while (state.epoch < epochs && hasPatience()) {
    while (state.position < blocks.length) {
      const stop = await stopped()
      if (stop) return stop
      const started = performance.now()
      report.progress(pace.training(state.epoch, state.position))
      const { rows, factors, solver, from, to } = blocks[state.position]!
      for (let row = from; row < to; row++) solver.solve(rowOf(rows, row), factors.at(row))
      factors.changed()
      state.position++
      // Lets messages in: a stop request is seen before the next block.
      await new Promise(setImmediate)
      const seconds = (performance.now() - started) / 1000
      state.seconds += seconds
      pace.trained(seconds)
    }

    const started = performance.now()
    const loss = objective(train, users, items, weighting) / active
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
      best = items.values.slice()
    }
    state.position = 0
    state.seconds = 0
    report.epoch(point)
    await checkpoint()
  }

  if (best) {
    items.values.set(best)
    items.changed()
  } else report.log('warning', 'No user has a validation item: the last weights are kept, without early stopping.')
  return { end: 'completed', model, epochs: state.epoch, bestEpoch: state.best?.epoch ?? null }
}

/** WMF (Hu et al. 2008): see README.md for the decisions. */
export const method: Method = {
  fit,

  load(saved, params, items) {
    const size = numberParam(params, 'factors')
    const { items: found } = checkedArrays(saved, { items: { shape: [items, size] } })
    return modelOf(new Factors(found.data as Float32Array, size), weightingOf(params))
  },
}
