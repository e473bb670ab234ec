import { beforeAll, describe, expect, test } from 'vitest'
import { bareContext } from '../../../tests/support/bare-context'
import { csrOf } from '../../../tests/support/csr'
import { rowOf, type Split } from '../../../src-shared/domain/split'
import type { FitContext, FitReporter } from '../../methods/method'
import { useBackend } from '../../tensor/backends'
import { createWeights, disposeWeights, readTensors } from '../../tensor/named-arrays'
import { Rng } from '../../tensor/rng'
import { tf, type Scalar, type Tensor } from '../../tensor/tf'
import { gradientFit, type GradientModel } from './gradient-fit'

beforeAll(() => useBackend('cpu'))

/** Five users; user 2 has no train item; item 0 is held out for user 0 alone. */
const split: Split = {
  hash: 'toy',
  train: csrOf([[1], [2, 3], [], [3], [4]], 5),
  validation: csrOf([[0], [], [], [], []], 5),
  test: csrOf([[], [], [], [], []], 5),
}

/**
 * A model of one weight that Adam moves up by 0.1 a step, whatever the data. Item 0 comes first while the weight is near
 * `peak` and last otherwise, so that the best epoch is known beforehand.
 */
function toy(peak: number, seen: number[][] = [], lossOf = (w: Tensor): Tensor => tf.neg(w)): GradientModel {
  const weights = createWeights({ w: { shape: [], data: Float32Array.of(0) } })
  return {
    weights,
    lossParts: ['loss'],
    batchLoss(rows) {
      for (let r = 0; r < rows.rows; r++) seen.push([...rowOf(rows, r)])
      return [lossOf(weights.w) as Scalar]
    },
    async score(rows) {
      const near = Math.abs((await weights.w.data())[0]! - peak) < 0.05
      return Float32Array.from({ length: rows.rows * 5 }, (_, i) => (i % 5 === 0 ? (near ? 9 : -9) : 0))
    },
    save: () => readTensors(weights),
    dispose: () => disposeWeights(weights),
  }
}

const settings = { epochs: 20, batchSize: 10, learningRate: 0.1, weightDecay: 0, patience: 3 }

const contextOf = (given: Partial<FitContext> = {}, report: Partial<FitReporter> = {}): FitContext => ({
  split,
  params: {},
  rng: Rng.seeded(1),
  signal: { requested: null },
  ...bareContext,
  report: { ...bareContext.report, ...report },
  ...given,
})

describe('early stopping', () => {
  test('stops when patience has run out and puts the best weights back', async () => {
    const model = toy(0.4)
    const outcome = await gradientFit(contextOf(), model, settings)
    expect(outcome).toMatchObject({ end: 'completed', epochs: 7, bestEpoch: 4 })
    expect((await model.weights['w']!.data())[0]).toBeCloseTo(0.4, 4)
    model.dispose()
  })

  test('never passes the most epochs allowed', async () => {
    const model = toy(0.4)
    expect(await gradientFit(contextOf(), model, { ...settings, epochs: 5 })).toMatchObject({ epochs: 5, bestEpoch: 4 })
    model.dispose()
  })

  test('without a validation item all epochs are trained, the last weights kept, and it is said', async () => {
    const model = toy(0.4)
    const said: string[] = []
    const bare = { ...split, validation: split.test }
    const context = contextOf({ split: bare }, { log: (level, text) => said.push(`${level}: ${text}`) })
    expect(await gradientFit(context, model, settings)).toMatchObject({ epochs: 20, bestEpoch: null })
    expect((await model.weights['w']!.data())[0]).toBeCloseTo(2, 3)
    expect(said).toEqual([expect.stringContaining('warning: No user has a validation item')])
    model.dispose()
  })
})

describe('an epoch', () => {
  test('shows every user with a train item once, in an order of its own', async () => {
    const seen: number[][] = []
    const model = toy(9, seen)
    await gradientFit(contextOf(), model, { ...settings, batchSize: 3, epochs: 8, patience: 8 })
    const epochs = Array.from({ length: 8 }, (_, epoch) => seen.slice(epoch * 4, epoch * 4 + 4).map(String))
    for (const users of epochs) expect([...users].sort()).toEqual(['1', '2,3', '3', '4'])
    expect(new Set(epochs.map(String)).size).toBeGreaterThan(1)
    model.dispose()
  })

  test('reports its series, progress from 0 towards 1 and a time to go', async () => {
    const model = toy(9)
    const fractions: number[] = []
    const etas: (number | null)[] = []
    const values: Record<string, number>[] = []
    const context = contextOf(
      {},
      {
        progress: ({ fraction, etaSeconds }) => {
          fractions.push(fraction!)
          etas.push(etaSeconds)
        },
        epoch: (point) => values.push(point.values),
      },
    )
    await gradientFit(context, model, { ...settings, epochs: 3, batchSize: 2, patience: 9 })
    // Two batches and one validation in each of three epochs.
    expect(fractions).toHaveLength(9)
    expect(fractions[0]).toBe(0)
    for (const fraction of fractions) expect(fraction).toBeLessThanOrEqual(1)
    expect(fractions.at(-1)).toBeGreaterThan(0.9)
    expect(etas[0]).toBeNull()
    for (const eta of etas.slice(1)) expect(eta).toBeGreaterThanOrEqual(0)
    expect(values.map(({ loss }) => Number(loss!.toFixed(3)))).toEqual([-0.05, -0.25, -0.45])
    expect(values[0]).toMatchObject({ 'ndcg@10': expect.any(Number) as number })
    model.dispose()
  })
})

describe('what cannot be trained', () => {
  test('a loss that is not finite ends it, named by epoch', async () => {
    const model = toy(9, [], (w) => tf.log(tf.sub(0.25, w)))
    await expect(gradientFit(contextOf(), model, settings)).rejects.toMatchObject({
      code: 'diverged',
      details: { epoch: expect.any(Number) as number },
    })
    model.dispose()
  })

  test('no user with a train item', async () => {
    const model = toy(9)
    const empty = { ...split, train: split.test }
    await expect(gradientFit(contextOf({ split: empty }), model, settings)).rejects.toMatchObject({
      code: 'tooFewUsers',
    })
    model.dispose()
  })
})
