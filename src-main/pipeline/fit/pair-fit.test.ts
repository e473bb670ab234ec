import { expect, test } from 'vitest'
import { bareContext } from '../../../tests/support/bare-context'
import { csrOf } from '../../../tests/support/csr'
import type { Split } from '../../../src-shared/domain/split'
import type { Checkpoint, FitContext, FitOutcome, FitReporter } from '../../methods/method'
import { ParameterVector } from '../../tensor/parameter-vector'
import { Rng } from '../../tensor/rng'
import { pairFit, type PairFitSettings, type PairModel } from './pair-fit'

const train = csrOf([[0], [1], [2], [0, 2]], 3)
const nothing = csrOf([[], [], [], []], 3)

/** Four users; in the validation part user 0 likes item 1 and not item 2. */
const split: Split = {
  hash: 'toy',
  train,
  validation: csrOf([[1], [], [], []], 3),
  test: nothing,
  negatives: { train: nothing, validation: csrOf([[2], [], [], []], 3), test: nothing },
}

const settings: PairFitSettings = { epochs: 20, batchSize: 2, patience: 3, watched: 'ratedAuc' }

/** The observed pairs of the split: user · 10 + item tells which. */
const observed = {
  users: Int32Array.of(0, 1, 2, 3, 3),
  items: Int32Array.of(0, 1, 2, 0, 2),
  targets: Float32Array.of(1, 0, 1, 0, 1),
}

/** A model of one number, which goes up by about one a step; item 1 comes first where it is near `peak`. */
function toy(peak: number, given: Partial<PairModel> = {}): PairModel {
  const vectors = { w: new ParameterVector([0], { learningRate: 1, weightDecay: 0 }) }
  const score = async ({ items }: { items: Int32Array }): Promise<Float32Array> =>
    Float32Array.from(items, (item) => (item === 1 ? -Math.abs(vectors.w.values[0]! - peak) : -0.5))
  return {
    networks: {},
    vectors,
    lossParts: ['loss', 'part'],
    observed,
    estimate: async () => ({}),
    begin: async () => undefined,
    async step(batch) {
      vectors.w.update([-1])
      return [batch.targets[0]!, 7]
    },
    scoreObserved: score,
    score: () => Promise.reject(new Error('A fit scores pairs.')),
    save: async () => ({ w: vectors.w.read() }),
    dispose: () => undefined,
    ...given,
  }
}

const contextOf = (given: Partial<FitContext> = {}, report: Partial<FitReporter> = {}): FitContext => ({
  split,
  params: {},
  rng: Rng.seeded(1),
  signal: { requested: null },
  ...bareContext,
  report: { ...bareContext.report, ...report },
  ...given,
})

function completed(outcome: FitOutcome): { epochs: number; bestEpoch: number | null } {
  if (outcome.end !== 'completed') throw new Error(outcome.end)
  return outcome
}

test('every epoch goes through all observed pairs, with their targets and places, in an order of its own', async () => {
  const seen: number[][] = []
  const sizes: number[] = []
  const model = toy(0)
  const step = model.step
  model.step = async (batch, rng, steps) => {
    if (steps % 3 === 0) seen.push([])
    sizes.push(batch.at.length)
    batch.at.forEach((pair, b) => {
      seen.at(-1)!.push(pair)
      expect([batch.users[b], batch.items[b], batch.targets[b]]).toEqual([
        observed.users[pair],
        observed.items[pair],
        observed.targets[pair],
      ])
    })
    return step(batch, rng, steps)
  }
  await pairFit(contextOf(), model, { ...settings, epochs: 8, patience: 8 })
  expect(seen).toHaveLength(8)
  for (const order of seen) expect([...order].sort()).toEqual([0, 1, 2, 3, 4])
  expect(new Set(seen.map(String)).size).toBeGreaterThan(3)
  expect(sizes.slice(0, 3)).toEqual([2, 2, 1])
})

test('a loss is the mean over the pairs, whatever the size of their batches', async () => {
  const values: Record<string, number>[] = []
  const model = toy(0)
  // The mean target of a batch: over the epoch, that of all pairs.
  model.step = async ({ targets }) => [targets.reduce((sum, target) => sum + target, 0) / targets.length, 7]
  await pairFit(contextOf({}, { epoch: (point) => void values.push(point.values) }), model, { ...settings, epochs: 1 })
  expect(values[0]!['loss']).toBeCloseTo(3 / 5, 12)
  expect(values[0]!['part']).toBe(7)
})

test('stops when validation no longer improves, and puts the best weights back', async () => {
  // Three steps an epoch: 6 after two of them.
  const model = toy(6)
  const outcome = completed(await pairFit(contextOf(), model, settings))
  expect(outcome).toMatchObject({ epochs: 5, bestEpoch: 2 })
  expect(model.vectors['w']!.values[0]).toBeCloseTo(6, 2)
})

test('without rated pairs of both kinds it warns, and keeps the last weights', async () => {
  const warnings: string[] = []
  const model = toy(6)
  const one = { ...split, negatives: { ...split.negatives!, validation: nothing } }
  const outcome = completed(
    await pairFit(
      contextOf({ split: one }, { log: (level, text) => void warnings.push(`${level}: ${text}`) }),
      model,
      settings,
    ),
  )
  expect(outcome).toMatchObject({ epochs: 20, bestEpoch: null })
  expect(model.vectors['w']!.values[0]).toBeCloseTo(60, 1)
  expect(warnings).toEqual([expect.stringContaining('warning: The validation part has no rated pairs of both kinds')])
})

test.each([NaN, Infinity])('a loss of %d ends the training, saying where', async (value) => {
  const model = toy(0, { step: async (_, __, steps) => (steps === 4 ? [value, 7] : [1, 7]) })
  await expect(pairFit(contextOf(), model, settings)).rejects.toMatchObject({
    code: 'diverged',
    message: `The training diverged: the loss became ${value} in epoch 2.`,
    details: { epoch: 2, batch: 2 },
  })
})

test('what is estimated comes before the first step, once, and is kept in checkpoints', async () => {
  const happened: string[] = []
  const checkpoints: Checkpoint[] = []
  const model = toy(0, {
    estimate: async () => {
      happened.push('estimate')
      return { p: { shape: [1], data: Float32Array.of(3) } }
    },
    begin: async ({ p }) => void happened.push(`begin ${p!.data[0]}`),
    step: async () => {
      happened.push('step')
      return [1, 7]
    },
  })
  const report = { checkpoint: async (checkpoint: Checkpoint) => void checkpoints.push(checkpoint) }
  await pairFit(contextOf({}, report), model, { ...settings, epochs: 1 })
  expect(happened).toEqual(['estimate', 'begin 3', 'step', 'step', 'step'])
  await pairFit(contextOf({ resume: checkpoints[0]! }, report), model, { ...settings, epochs: 2 })
  expect(happened.slice(5)).toEqual(['begin 3', 'step', 'step', 'step'])
})

test('stopped during the estimate, it is done anew on resuming, and the training ends as an uninterrupted one', async () => {
  /** Estimates a random number, and steps by it and by random numbers; asks to be stopped when told. */
  const model = (signal: { requested: 'pause' | null }, stops: boolean): PairModel => {
    let estimated = 0
    const own = toy(0, {
      async estimate(rng, control) {
        const first = rng.uniform()
        if (stops) signal.requested = 'pause'
        if (control.stopped()) return null
        return { p: { shape: [1], data: Float32Array.of(first + rng.uniform()) } }
      },
      begin: async ({ p }) => void (estimated = p!.data[0]!),
    })
    own.step = async (_, rng) => {
      own.vectors['w']!.update([estimated - 2 * rng.uniform()])
      return [1, 7]
    }
    return own
  }
  const whole = model({ requested: null }, false)
  await pairFit(contextOf(), whole, settings)

  const signal = { requested: null as 'pause' | null }
  const checkpoints: Checkpoint[] = []
  const report = { checkpoint: async (checkpoint: Checkpoint) => void checkpoints.push(checkpoint) }
  const stopped = await pairFit(contextOf({ signal }, report), model(signal, true), settings)
  expect(stopped).toEqual({ end: 'paused', epochs: 0 })
  expect(checkpoints).toHaveLength(1)
  const resumed = model({ requested: null }, false)
  await pairFit(contextOf({ resume: checkpoints[0]!, rng: Rng.seeded(99) }), resumed, settings)
  expect(resumed.vectors['w']!.values).toEqual(whole.vectors['w']!.values)
  expect(resumed.vectors['w']!.values[0]).not.toBe(0)
})

test.each([
  ['of another kind', { arrays: {}, state: { type: 'gradient-fit' } }],
  ['of a model with other losses', null],
])('refuses a checkpoint %s', async (_, checkpoint) => {
  const checkpoints: Checkpoint[] = []
  const report = { checkpoint: async (made: Checkpoint) => void checkpoints.push(made) }
  await pairFit(contextOf({}, report), toy(0, { lossParts: ['loss'], step: async () => [1] }), settings)
  const resume = checkpoint ?? checkpoints[0]!
  await expect(pairFit(contextOf({ resume }), toy(0), settings)).rejects.toMatchObject({ code: 'runInvalid' })
})
