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
import { bestSchema, rankingCriterion, type Criterion } from './ranking-validation'

/** What learns by gradient steps over batches of users. */
export interface Learner {
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

/** A model that is a learner whole. */
export interface GradientModel extends FittedModel, Learner {}

export interface GradientFitSettings {
  /** At most so many passes over the users. */
  epochs: number
  batchSize: number
  learningRate: number
  weightDecay: number
  /** Epochs without a better value of the criterion after which training stops. */
  patience: number
  /** Epochs of the stages before this one, from which its own are counted on; 0 unless given. */
  epochsBefore?: number
}

/** How learning ended. What was stopped has handed over its checkpoint before. */
export type LearningEnd =
  { end: 'completed'; epochs: number; bestEpoch: number | null } | { end: 'paused' | 'cancelled'; epochs: number }

const stateSchema = z.object({
  type: z.literal('gradient-fit'),
  version: z.literal(1),
  /** Epochs done, of this stage. */
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

/** `learn` of a whole model, with early stopping on validation NDCG@10. On return with `completed` the model holds the best weights. */
export async function gradientFit(
  context: FitContext,
  model: GradientModel,
  settings: GradientFitSettings,
): Promise<FitOutcome> {
  const learned = await learn(context, model, settings, rankingCriterion(model, context))
  return learned.end === 'completed' ? { ...learned, model } : learned
}

/**
 * Trains by gradient steps: batches in an order shuffled anew each epoch, validation after each, early stopping by the criterion
 * with the best weights put back. The stop signal is read before every batch and every block of the validation; a
 * checkpoint is handed over after every epoch and when stopped, and holds all that a bit-equal continuation needs.
 * On return with `completed` the learner holds the best weights.
 * @throws CausewayError `tooFewUsers` when no user has a training item, `diverged` when the loss is not finite,
 *   `runInvalid` when the checkpoint does not belong to this training
 */
export async function learn(
  context: FitContext,
  learner: Learner,
  settings: GradientFitSettings,
  criterion: Criterion,
): Promise<LearningEnd> {
  const { split, signal, report } = context
  const users = learnedFrom(split)
  if (users.length === 0) throw new CausewayError('tooFewUsers', 'No user has an interaction to train on.')

  const batches = Math.ceil(users.length / settings.batchSize)
  const adam = new Adam(learner.weights, settings, learner.stepping)
  const pace = new Pace(batches, settings.epochs)
  const epochsBefore = settings.epochsBefore ?? 0
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
    sums: learner.lossParts.map(() => 0),
    seconds: 0,
    best: null,
  }
  state.rng = rng.state()

  const checkpoint = async (): Promise<void> => {
    const optimiser = await adam.lend()
    const arrays: NamedArrays = {
      ...withPrefix('weights', await lendTensors(learner.weights)),
      ...withPrefix('adam', optimiser.arrays),
      ...withPrefix('best', best),
      order: { shape: [order.length], data: order },
    }
    await report.checkpoint({ arrays, state: { ...state, rng: rng.state() } })
  }

  const goOnFrom = (from: Checkpoint): void => {
    const parsed = stateSchema.safeParse(from.state)
    if (!parsed.success || parsed.data.sums.length !== learner.lossParts.length)
      throw new CausewayError('runInvalid', 'The checkpoint does not belong to this kind of training.')
    state = parsed.data
    assignWeights(learner.weights, withoutPrefix('weights', from.arrays))
    adam.restore(withoutPrefix('adam', from.arrays), state.steps)
    best = withoutPrefix('best', from.arrays)
    rng = Rng.fromState(state.rng)
    order = Int32Array.from(from.arrays['order']?.data ?? [])
    if (state.position > 0 && order.length !== users.length)
      throw new CausewayError('runInvalid', 'The checkpoint was made on another split.')
  }

  const stopped = async (): Promise<LearningEnd | null> => {
    const how = signal.requested
    if (!how) return null
    await checkpoint()
    return { end: how === 'pause' ? 'paused' : 'cancelled', epochs: epochsBefore + state.epoch }
  }

  const hasPatience = (): boolean => state.best === null || state.epoch - state.best.epoch < settings.patience

  try {
    if (context.resume) goOnFrom(context.resume)

    while (state.epoch < settings.epochs && hasPatience()) {
      while (state.position < batches) {
        const stop = await stopped()
        if (stop) return stop
        const started = performance.now()
        // After the stop: a checkpoint between two epochs has the generator as it is before the next order is drawn.
        if (state.position === 0) order = rng.shuffle(Int32Array.from(users))
        report.progress(pace.training(state.epoch, state.position))
        const from = state.position * settings.batchSize
        const rows = takeRows(split.train, order.subarray(from, from + settings.batchSize))
        const values = await takeStep(learner, adam, rows, state.steps, rng)
        if (!values.every(Number.isFinite))
          throw new CausewayError(
            'diverged',
            `The training diverged: the loss became ${values[0]} in epoch ${epochsBefore + state.epoch + 1}.`,
            { epoch: epochsBefore + state.epoch + 1, batch: state.position + 1 },
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
      const validation = await criterion(pace, state.epoch)
      if (!validation) {
        const stop = await stopped()
        if (stop) return stop
        throw new CausewayError('internal', 'The validation stopped without being asked to.')
      }
      const seconds = (performance.now() - started) / 1000
      pace.validated(seconds)

      state.epoch++
      const losses = Object.fromEntries(
        learner.lossParts.map((name, part) => [name, state.sums[part]! / users.length] as const),
      )
      const point = {
        epoch: epochsBefore + state.epoch,
        seconds: state.seconds + seconds,
        values: { ...losses, ...validation.values },
      }
      const { value } = validation
      if (value !== null && (state.best === null || value > state.best.value)) {
        state.best = { epoch: state.epoch, value }
        best = await readTensors(learner.weights)
      }
      state.position = 0
      state.seconds = 0
      state.sums = learner.lossParts.map(() => 0)
      report.epoch(point)
      await checkpoint()
    }

    if (state.best === null)
      report.log('warning', 'No user has a validation item: the last weights are kept, without early stopping.')
    else assignWeights(learner.weights, best)
    const bestEpoch = state.best && epochsBefore + state.best.epoch
    return { end: 'completed', epochs: epochsBefore + state.epoch, bestEpoch }
  } finally {
    adam.dispose()
  }
}

/** One gradient step; gives the values of the loss parts. */
async function takeStep(learner: Learner, adam: Adam, rows: Csr, step: number, rng: Rng): Promise<number[]> {
  const parts = tf.tidy(() => {
    let scalars: Scalar[] = []
    const { grads } = tf.variableGrads(() => {
      scalars = learner.batchLoss(rows, step, rng)
      scalars.forEach((scalar) => tf.keep(scalar))
      return scalars[0]!
    }, Object.values(learner.weights))
    // tfjs names gradients by its own variable names.
    const named: Record<string, Tensor> = {}
    for (const [name, variable] of Object.entries(learner.weights)) {
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
