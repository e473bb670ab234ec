import { z } from 'zod'
import { CausewayError } from '../../../src-shared/contract/errors'
import { learnedFrom, takeRows, type Csr } from '../../../src-shared/domain/split'
import type { Checkpoint, FitContext, FitOutcome, FittedModel, NamedArrays } from '../../methods/method'
import { Adam, type AdamOptions } from '../../tensor/adam'
import { assignWeights, lendTensors, readTensors, type Weights } from '../../tensor/named-arrays'
import { Rng } from '../../tensor/rng'
import { tf, type Scalar, type Tensor } from '../../tensor/tf'
import { withoutPrefix, withPrefix } from './checkpoint-arrays'
import { Pace } from './pace'
import { bestSchema, validateRanking } from './ranking-validation'

/** A model that learns by gradient steps over batches of users. */
export interface GradientModel extends FittedModel {
  weights: Weights
  /** How single weights are stepped where they are not stepped like the others, by name. */
  stepping?: Record<string, AdamOptions>
  /** Names of what `batchLoss` gives, in order; the first is minimised. */
  lossParts: readonly string[]
  /**
   * The loss of one batch and its parts, all scalars, means over the batch's users.
   * @param step steps taken before this one, for annealing
   * @param rng the source of all noise; called once per step
   */
  batchLoss(rows: Csr, step: number, rng: Rng): Scalar[]
}

export interface GradientFitSettings {
  /** At most so many passes over the users. */
  epochs: number
  batchSize: number
  learningRate: number
  weightDecay: number
  /** Epochs without a better validation NDCG@10 after which training stops. */
  patience: number
}

const stateSchema = z.object({
  type: z.literal('gradient-fit'),
  version: z.literal(1),
  /** Epochs done. */
  epoch: z.number().int().min(0),
  /** Batches done of the epoch in progress. */
  position: z.number().int().min(0),
  /** Optimiser steps done. */
  steps: z.number().int().min(0),
  rng: z.array(z.number().int()).length(4),
  /** Sums of the loss parts over the users seen in the epoch in progress. */
  sums: z.array(z.number()),
  /** Seconds spent on the epoch in progress. */
  seconds: z.number().min(0),
  best: bestSchema,
})
type FitState = z.infer<typeof stateSchema>

/**
 * Trains a gradient model: batches in an order shuffled anew each epoch, validation after each, early stopping on validation
 * NDCG@10 with the best weights put back. The stop signal is read before every batch and every block of the validation; a
 * checkpoint is handed over after every epoch and when stopped, and holds all that a bit-equal continuation needs.
 * On return with `completed` the model holds the best weights.
 * @throws CausewayError `tooFewUsers` when no user has a training item, `diverged` when the loss is not finite,
 *   `runInvalid` when the checkpoint does not belong to this training
 */
export async function gradientFit(
  context: FitContext,
  model: GradientModel,
  settings: GradientFitSettings,
): Promise<FitOutcome> {
  const { split, signal, report } = context
  const users = learnedFrom(split)
  if (users.length === 0) throw new CausewayError('tooFewUsers', 'No user has an interaction to train on.')

  const batches = Math.ceil(users.length / settings.batchSize)
  const adam = new Adam(model.weights, settings, model.stepping)
  const pace = new Pace(batches, settings.epochs)
  let rng = context.rng
  let order = new Int32Array(0)
  let best: NamedArrays = {}
  let state: FitState = {
    type: 'gradient-fit',
    version: 1,
    epoch: 0,
    position: 0,
    steps: 0,
    rng: [],
    sums: model.lossParts.map(() => 0),
    seconds: 0,
    best: null,
  }
  state.rng = rng.state()

  const checkpoint = async (): Promise<void> => {
    const optimiser = await adam.lend()
    const arrays: NamedArrays = {
      ...withPrefix('weights', await lendTensors(model.weights)),
      ...withPrefix('adam', optimiser.arrays),
      ...withPrefix('best', best),
      order: { shape: [order.length], data: order },
    }
    await report.checkpoint({ arrays, state: { ...state, rng: rng.state() } })
  }

  const goOnFrom = (from: Checkpoint): void => {
    const parsed = stateSchema.safeParse(from.state)
    if (!parsed.success || parsed.data.sums.length !== model.lossParts.length)
      throw new CausewayError('runInvalid', 'The checkpoint does not belong to this kind of training.')
    state = parsed.data
    assignWeights(model.weights, withoutPrefix('weights', from.arrays))
    adam.restore(withoutPrefix('adam', from.arrays), state.steps)
    best = withoutPrefix('best', from.arrays)
    rng = Rng.fromState(state.rng)
    order = Int32Array.from(from.arrays['order']?.data ?? [])
    if (state.position > 0 && order.length !== users.length)
      throw new CausewayError('runInvalid', 'The checkpoint was made on another split.')
  }

  const stopped = async (epoch: number): Promise<FitOutcome | null> => {
    const how = signal.requested
    if (!how) return null
    await checkpoint()
    return { end: how === 'pause' ? 'paused' : 'cancelled', epochs: epoch }
  }

  const hasPatience = (): boolean => state.best === null || state.epoch - state.best.epoch < settings.patience

  try {
    if (context.resume) goOnFrom(context.resume)

    while (state.epoch < settings.epochs && hasPatience()) {
      while (state.position < batches) {
        const stop = await stopped(state.epoch)
        if (stop) return stop
        const started = performance.now()
        // After the stop: a checkpoint between two epochs has the generator as it is before the next order is drawn.
        if (state.position === 0) order = rng.shuffle(Int32Array.from(users))
        report.progress(pace.training(state.epoch, state.position))
        const from = state.position * settings.batchSize
        const rows = takeRows(split.train, order.subarray(from, from + settings.batchSize))
        const values = await takeStep(model, adam, rows, state.steps, rng)
        if (!values.every(Number.isFinite))
          throw new CausewayError(
            'diverged',
            `The training diverged: the loss became ${values[0]} in epoch ${state.epoch + 1}.`,
            { epoch: state.epoch + 1, batch: state.position + 1 },
          )
        values.forEach((value, part) => (state.sums[part]! += value * rows.rows))
        state.position++
        state.steps++
        // Lets messages in: a stop request is seen before the next batch.
        await new Promise(setImmediate)
        const seconds = (performance.now() - started) / 1000
        state.seconds += seconds
        pace.trained(seconds)
      }

      const started = performance.now()
      const validation = await validateRanking(model, context, pace, state.epoch)
      if (!validation) {
        const stop = await stopped(state.epoch)
        if (stop) return stop
        throw new CausewayError('internal', 'The validation stopped without being asked to.')
      }
      const seconds = (performance.now() - started) / 1000
      pace.validated(seconds)

      state.epoch++
      const losses = Object.fromEntries(
        model.lossParts.map((name, part) => [name, state.sums[part]! / users.length] as const),
      )
      const point = {
        epoch: state.epoch,
        seconds: state.seconds + seconds,
        values: { ...losses, ...validation.metrics },
      }
      if (validation.ndcg !== null && (state.best === null || validation.ndcg > state.best.value)) {
        state.best = { epoch: state.epoch, value: validation.ndcg }
        best = await readTensors(model.weights)
      }
      state.position = 0
      state.seconds = 0
      state.sums = model.lossParts.map(() => 0)
      report.epoch(point)
      await checkpoint()
    }

    if (state.best === null)
      report.log('warning', 'No user has a validation item: the last weights are kept, without early stopping.')
    else assignWeights(model.weights, best)
    return { end: 'completed', model, epochs: state.epoch, bestEpoch: state.best?.epoch ?? null }
  } finally {
    adam.dispose()
  }
}

/** One gradient step; gives the values of the loss parts. */
async function takeStep(model: GradientModel, adam: Adam, rows: Csr, step: number, rng: Rng): Promise<number[]> {
  const parts = tf.tidy(() => {
    let scalars: Scalar[] = []
    const { grads } = tf.variableGrads(() => {
      scalars = model.batchLoss(rows, step, rng)
      scalars.forEach((scalar) => tf.keep(scalar))
      return scalars[0]!
    }, Object.values(model.weights))
    // tfjs names gradients by its own variable names.
    const named: Record<string, Tensor> = {}
    for (const [name, variable] of Object.entries(model.weights)) {
      const gradient = grads[variable.name]
      if (gradient) named[name] = gradient
    }
    adam.step(named)
    const stacked = tf.stack(scalars)
    tf.dispose(scalars)
    return stacked
  })
  const values = Array.from(await parts.data())
  parts.dispose()
  return values
}
