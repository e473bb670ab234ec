import { z } from 'zod'
import { CausewayError } from '../../../src-shared/contract/errors'
import type { Split } from '../../../src-shared/domain/split'
import type { Checkpoint, FitContext, FitOutcome, FittedModel, NamedArrays } from '../../methods/method'
import type { ParameterVector } from '../../tensor/parameter-vector'
import type { PairNetwork, Pairs } from '../../tensor/pairs'
import { Rng } from '../../tensor/rng'
import { ratedMetrics, ratedPairs } from '../evaluate/rated'
import { withoutPrefix, withPrefix } from './checkpoint-arrays'
import { Pace } from './pace'

/** A batch of observed pairs. */
export interface PairBatch extends Pairs {
  /** What was observed of each: 1 and 0 for what reaches the threshold and what does not, or the rating. */
  targets: Float32Array
  /** Which of all observed pairs of the training they are. */
  at: Int32Array
}

/** What a method learns from, and asks while it prepares. */
export interface PairFitControl {
  /** Asked often: true where the training is to stop. */
  stopped(): boolean
  progress(stage: string): void
}

/** A model of single pairs that learns by steps over batches of observed pairs. */
export interface PairModel extends FittedModel {
  networks: Readonly<Record<string, PairNetwork>>
  vectors: Readonly<Record<string, ParameterVector>>
  /** Names of what `step` gives, in order; the first is minimised. */
  lossParts: readonly string[]
  /** All observed pairs of the training, with their targets. */
  observed: Pairs & { targets: Float32Array }
  /**
   * What is estimated once, before the first step, such as propensities: kept in checkpoints, and handed to `begin`.
   * @returns null where it stopped
   */
  estimate(rng: Rng, control: PairFitControl): Promise<NamedArrays | null>
  /** Told what was prepared, before the first step of a fresh and of a resumed training. */
  begin(prepared: NamedArrays): Promise<void>
  /** One step; all randomness from `rng`. @param step steps taken before this one @returns the loss and its parts */
  step(batch: PairBatch, rng: Rng, step: number): Promise<number[]>
  /**
   * What is expected of pairs that were observed by choice, as those of the validation part were: the scores of `score`, unless the method tells
   * what users like from what they like among what they choose.
   */
  scoreObserved(pairs: Pairs): Promise<Float32Array>
  /**
   * The mean log-probability of the targets of pairs given that they were observed, for models that have one: reported of the validation part,
   * and what early stopping goes by for continuous preferences.
   */
  logLikelihood?(pairs: Pairs, targets: Float32Array): Promise<number>
}

export interface PairFitSettings {
  /** At most so many passes over the observed pairs. */
  epochs: number
  /** Observed pairs of a step. */
  batchSize: number
  /** Epochs without a better value on the validation part after which training stops. */
  patience: number
  /** What early stopping goes by on the validation part: the area under the ROC curve, or the mean squared error. */
  watched: 'ratedAuc' | 'squaredError'
}

const stateSchema = z.object({
  type: z.literal('pair-fit'),
  version: z.literal(1),
  /** Epochs done. */
  epoch: z.number().int().min(0),
  /** Batches done of the epoch in progress. */
  position: z.number().int().min(0),
  /** Optimiser steps done. */
  steps: z.number().int().min(0),
  /** Steps done by the optimiser of each network and vector. */
  optimiserSteps: z.record(z.string(), z.number().int().min(0)),
  /** Whether what is estimated once was estimated. */
  isPrepared: z.boolean(),
  rng: z.array(z.number().int()).length(4),
  /** Sums of the loss parts over the pairs seen in the epoch in progress. */
  sums: z.array(z.number()),
  /** Seconds spent on the epoch in progress. */
  seconds: z.number().min(0),
  best: z.object({ epoch: z.number().int(), value: z.number() }).nullable(),
})
type FitState = z.infer<typeof stateSchema>

/** The weights of a pair model: each network's and vector's under its name. */
export async function readPairWeights(model: Pick<PairModel, 'networks' | 'vectors'>): Promise<NamedArrays> {
  const arrays: NamedArrays = {}
  for (const [name, network] of Object.entries(model.networks))
    Object.assign(arrays, withPrefix(name, await network.weights()))
  for (const [name, vector] of Object.entries(model.vectors)) arrays[name] = vector.read()
  return arrays
}

function assignPairWeights({ networks, vectors }: PairModel, arrays: NamedArrays): void {
  for (const [name, network] of Object.entries(networks)) network.setWeights(withoutPrefix(name, arrays))
  for (const [name, vector] of Object.entries(vectors)) vector.write(arrays[name])
}

/**
 * Trains a model of single pairs: batches of observed pairs in an order shuffled anew each epoch, validation on the rated pairs of the
 * validation part after each, early stopping with the best weights put back. The stop signal is read before every batch; a checkpoint is
 * handed over after every epoch and when stopped, and holds all that a bit-equal continuation needs.
 * On return with `completed` the model holds the best weights.
 * @throws CausewayError `diverged` when the loss is not finite, `runInvalid` when the checkpoint does not belong to this training
 */
export async function pairFit(context: FitContext, model: PairModel, settings: PairFitSettings): Promise<FitOutcome> {
  const { split, signal, report } = context
  const { observed } = model
  const size = observed.users.length
  const batches = Math.ceil(size / settings.batchSize)
  const pace = new Pace(batches, settings.epochs)
  const validation = new Validation(split, settings.watched)
  const optimised = [...Object.entries(model.networks), ...Object.entries(model.vectors)]
  let rng = context.rng
  let order = new Int32Array(0)
  let best: NamedArrays = {}
  let prepared: NamedArrays = {}
  let state: FitState = {
    type: 'pair-fit',
    version: 1,
    epoch: 0,
    position: 0,
    steps: 0,
    optimiserSteps: {},
    isPrepared: false,
    rng: rng.state(),
    sums: model.lossParts.map(() => 0),
    seconds: 0,
    best: null,
  }

  const checkpoint = async (rngState: number[]): Promise<void> => {
    const arrays: NamedArrays = {
      ...withPrefix('weights', await readPairWeights(model)),
      ...withPrefix('best', best),
      ...withPrefix('prepared', prepared),
      order: { shape: [order.length], data: order },
    }
    const optimiserSteps: Record<string, number> = {}
    for (const [name, part] of optimised) {
      const optimiser = await part.optimiser()
      Object.assign(arrays, withPrefix(`adam.${name}`, optimiser.arrays))
      optimiserSteps[name] = optimiser.steps
    }
    await report.checkpoint({ arrays, state: { ...state, optimiserSteps, rng: rngState } })
  }

  const goOnFrom = (from: Checkpoint): void => {
    const parsed = stateSchema.safeParse(from.state)
    if (!parsed.success || parsed.data.sums.length !== model.lossParts.length)
      throw new CausewayError('runInvalid', 'The checkpoint does not belong to this kind of training.')
    state = parsed.data
    assignPairWeights(model, withoutPrefix('weights', from.arrays))
    for (const [name, part] of optimised)
      part.setOptimiser({
        arrays: withoutPrefix(`adam.${name}`, from.arrays),
        steps: state.optimiserSteps[name] ?? 0,
      })
    best = withoutPrefix('best', from.arrays)
    prepared = withoutPrefix('prepared', from.arrays)
    rng = Rng.fromState(state.rng)
    order = Int32Array.from(from.arrays['order']?.data ?? [])
    if (state.position > 0 && order.length !== size)
      throw new CausewayError('runInvalid', 'The checkpoint was made on another split.')
  }

  const stopped = async (rngState = rng.state()): Promise<FitOutcome | null> => {
    const how = signal.requested
    if (!how) return null
    await checkpoint(rngState)
    return { end: how === 'pause' ? 'paused' : 'cancelled', epochs: state.epoch }
  }

  const hasPatience = (): boolean => state.best === null || state.epoch - state.best.epoch < settings.patience
  const isReady = (): boolean => state.epoch < settings.epochs && hasPatience()

  if (context.resume) goOnFrom(context.resume)
  if (!state.isPrepared) {
    // Stopped in the middle, it is done anew from here.
    const before = rng.state()
    const made = await model.estimate(rng, {
      stopped: () => signal.requested !== null,
      progress: (stage) => report.progress({ stage, fraction: 0, etaSeconds: null }),
    })
    if (!made) {
      const stop = await stopped(before)
      if (stop) return stop
      throw new CausewayError('internal', 'The preparation stopped without being asked to.')
    }
    prepared = made
    state.isPrepared = true
  }
  await model.begin(prepared)

  const room: PairBatch = {
    users: new Int32Array(settings.batchSize),
    items: new Int32Array(settings.batchSize),
    targets: new Float32Array(settings.batchSize),
    at: new Int32Array(settings.batchSize),
  }
  while (isReady()) {
    while (state.position < batches) {
      const stop = await stopped()
      if (stop) return stop
      const started = performance.now()
      // After the stop: a checkpoint between two epochs has the generator as it is before the next order is drawn.
      if (state.position === 0) order = rng.shuffle(Int32Array.from({ length: size }, (_, at) => at))
      report.progress(pace.training(state.epoch, state.position))
      const from = state.position * settings.batchSize
      const batch = takeBatch(observed, order.subarray(from, from + settings.batchSize), room)
      const values = await model.step(batch, rng, state.steps)
      if (!values.every(Number.isFinite))
        throw new CausewayError(
          'diverged',
          `The training diverged: the loss became ${values[0]} in epoch ${state.epoch + 1}.`,
          { epoch: state.epoch + 1, batch: state.position + 1 },
        )
      values.forEach((value, part) => (state.sums[part]! += value * batch.at.length))
      state.position++
      state.steps++
      // Lets messages in, as often as a person notices: a turn of the loop costs as much as a small step.
      await breathe()
      const seconds = (performance.now() - started) / 1000
      state.seconds += seconds
      pace.trained(seconds)
    }
    const started = performance.now()
    const values: Record<string, number> = Object.fromEntries(
      model.lossParts.map((name, part) => [name, state.sums[part]! / size] as const),
    )
    report.progress(pace.validating(state.epoch, 0))
    const stop = await stopped()
    if (stop) return stop
    const found = await validation.measure(model)
    const seconds = (performance.now() - started) / 1000
    pace.validated(seconds)
    state.epoch++
    if (found) Object.assign(values, found.metrics)
    if (found && (state.best === null || found.watched > state.best.value)) {
      state.best = { epoch: state.epoch, value: found.watched }
      best = await readPairWeights(model)
    }
    const point = { epoch: state.epoch, seconds: state.seconds + seconds, values }
    state.position = 0
    state.seconds = 0
    state.sums = model.lossParts.map(() => 0)
    report.epoch(point)
    await checkpoint(rng.state())
  }

  if (state.best === null)
    report.log(
      'warning',
      'The validation part has no rated pairs of both kinds: the last weights are kept, without early stopping.',
    )
  else assignPairWeights(model, best)
  return { end: 'completed', model, epochs: state.epoch, bestEpoch: state.best?.epoch ?? null }
}

function takeBatch(observed: PairModel['observed'], at: Int32Array, room: PairBatch): PairBatch {
  for (let b = 0; b < at.length; b++) {
    const pair = at[b]!
    room.users[b] = observed.users[pair]!
    room.items[b] = observed.items[pair]!
    room.targets[b] = observed.targets[pair]!
    room.at[b] = pair
  }
  const cut = <A extends Int32Array | Float32Array>(array: A): A => array.subarray(0, at.length) as A
  return { users: cut(room.users), items: cut(room.items), targets: cut(room.targets), at: cut(room.at) }
}

const breathEveryMilliseconds = 20
let breathed = 0

/** Gives the event loop a turn where the last one is some time ago. */
async function breathe(): Promise<void> {
  if (performance.now() - breathed < breathEveryMilliseconds) return
  await new Promise(setImmediate)
  breathed = performance.now()
}

/** Measures on the rated pairs of the validation part. */
class Validation {
  private readonly pairs
  private readonly isUsable

  constructor(
    split: Split,
    private readonly watched: PairFitSettings['watched'],
  ) {
    this.pairs = ratedPairs(split, 'validation')
    const kinds = new Set(this.pairs.labels)
    this.isUsable = watched === 'squaredError' ? this.pairs.values !== null && kinds.size > 0 : kinds.size === 2
  }

  /** @returns null where the part cannot say anything; `watched` is higher for a better model */
  async measure(model: PairModel): Promise<{ metrics: Record<string, number>; watched: number } | null> {
    if (!this.isUsable) return null
    const scores = await model.scoreObserved(this.pairs)
    const targets = this.watched === 'ratedAuc' ? this.pairs.labels : this.pairs.values!
    const likelihood = model.logLikelihood && (await model.logLikelihood(this.pairs, targets))
    const told: Record<string, number> = likelihood === undefined ? {} : { heldOutLikelihood: likelihood }
    if (this.watched === 'ratedAuc') {
      const metrics = ratedMetrics(this.pairs, scores)
      return { metrics: { ...metrics, ...told }, watched: metrics['ratedAuc']! }
    }
    let sum = 0
    for (let at = 0; at < scores.length; at++) sum += (scores[at]! - targets[at]!) ** 2
    const squaredError = sum / scores.length
    return { metrics: { squaredError, ...told }, watched: likelihood ?? -squaredError }
  }
}
