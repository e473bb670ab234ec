import { beforeAll, expect, test } from 'vitest'
import { bareContext } from '../../../tests/support/bare-context'
import { csrOf } from '../../../tests/support/csr'
import type { Split } from '../../../src-shared/domain/split'
import { useBackend } from '../../tensor/backends'
import { createWeights, disposeWeights, readTensors } from '../../tensor/named-arrays'
import { Rng } from '../../tensor/rng'
import { tf, type Scalar } from '../../tensor/tf'
import type { Checkpoint, FitContext, FitReporter, FittedModel, NamedArrays } from '../method'
import { fitInStages, type Stage } from './stages'

beforeAll(() => useBackend('cpu'))

const rows = csrOf([[0], [1]], 3)
const split: Split = { hash: 'toy', train: rows, validation: rows, test: rows }

/** A stage of so many epochs with one weight, which starts at what the stage before has kept and moves up by 0.1 a step. */
const toy = (name: string, epochs: number, before?: string): Stage => ({
  label: name,
  start(_, learned, rng) {
    const start = before ? learned[before]!.data[0]! : 0
    const weights = createWeights({ [name]: { shape: [], data: Float32Array.of(start) } })
    const drawn = rng.uniform()
    return {
      learner: {
        weights,
        lossParts: ['loss'],
        batchLoss: (_rows, _step, noise) => [tf.neg(tf.mul(weights[name]!, 1 + 0 * noise.uniform())) as Scalar],
      },
      settings: { epochs, batchSize: 1, learningRate: 0.1, weightDecay: 0, patience: 100 },
      criterion: (_pace, epoch) => Promise.resolve({ values: { value: epoch }, value: epoch }),
      finish: async () => ({
        ...(await readTensors(weights)),
        [`${name}.drawn`]: { shape: [], data: Float32Array.of(drawn) },
      }),
      dispose: () => disposeWeights(weights),
    }
  },
})

const stages = [toy('first', 3), toy('second', 2, 'first')]
const build = (learned: NamedArrays): FittedModel => ({
  score: () => Promise.reject(new Error('A toy scores nothing.')),
  save: () => Promise.resolve(learned),
  dispose: () => undefined,
})

const contextOf = (report: Partial<FitReporter> = {}, given: Partial<FitContext> = {}): FitContext => ({
  split,
  params: {},
  rng: Rng.seeded(1),
  signal: { requested: null },
  ...bareContext,
  report: { ...bareContext.report, ...report },
  ...given,
})

test('a stage starts from what those before it have kept, and the model has what all have', async () => {
  const epochs: number[] = []
  const outcome = await fitInStages(contextOf({ epoch: ({ epoch }) => epochs.push(epoch) }), stages, build)
  if (outcome.end !== 'completed') throw new Error(outcome.end)
  expect(outcome).toMatchObject({ epochs: 5, bestEpoch: 5 })
  expect(epochs).toEqual([1, 2, 3, 4, 5])
  const kept = await outcome.model.save()
  // Two batches an epoch.
  expect(kept['first']!.data[0]).toBeCloseTo(0.6, 4)
  expect(kept['second']!.data[0]).toBeCloseTo(1, 4)
  // Each stage draws from a generator of its own.
  expect(kept['first.drawn']!.data[0]).not.toBe(kept['second.drawn']!.data[0])
})

test('a training that stopped between two stages goes on as if it had not', async () => {
  const whole = await fitInStages(contextOf(), stages, build)
  const checkpoints: Checkpoint[] = []
  await fitInStages(
    contextOf({ checkpoint: async (each) => void checkpoints.push(structuredClone(each)) }),
    stages,
    build,
  )
  expect(checkpoints).toHaveLength(5)
  for (const resume of checkpoints) {
    const again = await fitInStages(contextOf({}, { resume, rng: Rng.seeded(99) }), stages, build)
    if (again.end !== 'completed' || whole.end !== 'completed') throw new Error(again.end)
    expect(again).toMatchObject({ epochs: 5, bestEpoch: 5 })
    expect(await again.model.save()).toEqual(await whole.model.save())
  }
})

test('a time to go counts the stages to come', async () => {
  const told: { fraction: number | null; etaSeconds: number | null }[] = []
  await fitInStages(contextOf({ progress: (each) => told.push(each) }), stages, build)
  const [, second] = told
  expect(second!.fraction).toBeLessThan(0.5)
  expect(second!.etaSeconds).not.toBeNull()
  expect(told.at(-1)!.fraction).toBeGreaterThan(0.5)
})

test('a checkpoint of a training with more stages is refused', async () => {
  const state = { type: 'stages', version: 1, stage: 2, epochsBefore: 0, seed: 1, learning: {} }
  await expect(fitInStages(contextOf({}, { resume: { arrays: {}, state } }), stages, build)).rejects.toMatchObject({
    code: 'runInvalid',
  })
})
