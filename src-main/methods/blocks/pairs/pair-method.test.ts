import { beforeAll, describe, expect, test } from 'vitest'
import { bareContext } from '../../../../tests/support/bare-context'
import { fitSmall, smallParams } from '../../../../tests/support/fit'
import { pairValues, ratedTinySplit, tinySplit } from '../../../../tests/support/tiny-split'
import { nnzOf, takeRows, type Split } from '../../../../src-shared/domain/split'
import { defaultParams } from '../../../../src-shared/params/params'
import { withoutPrefix } from '../../../pipeline/fit/checkpoint-arrays'
import { PairNetwork, type PairShape } from '../../../tensor/pairs'
import { Rng } from '../../../tensor/rng'
import { useBackend } from '../../../tensor/backends'
import { countLeakedTensors } from '../../../tensor/leak'
import type { FittedModel, MethodDescriptor } from '../../method'
import { backbonePlan, pairMethod, type PairArchitecture } from './pair-method'
import { adamOf, backboneParam, backboneShape, pairTrainingParams, preferenceParam } from './pair-params'
import { naiveArchitecture } from './weighted-errors'

beforeAll(() => useBackend('wasm'))

const split = ratedTinySplit()

const naive = naiveArchitecture(backbonePlan)

const descriptorOf = (architecture: PairArchitecture): MethodDescriptor =>
  ({
    info: { params: [preferenceParam(), backboneParam(), ...pairTrainingParams()] },
    load: async () => pairMethod(architecture),
  }) as unknown as MethodDescriptor

async function fitted(
  architecture: PairArchitecture,
  of: Split,
  params: Record<string, number | string> = {},
): Promise<FittedModel> {
  const outcome = await fitSmall(descriptorOf(architecture), of, { params })
  if (outcome.end !== 'completed') throw new Error(outcome.end)
  return outcome.model
}

const withRatings = { ...split, ratings: pairValues(split, 4, 2) }

test('a split without ratings is refused', async () => {
  await expect(fitSmall(descriptorOf(naive), tinySplit())).rejects.toMatchObject({ code: 'noRatings' })
  await expect(fitSmall(descriptorOf(naive), split, { params: { preference: 'continuous' } })).rejects.toMatchObject({
    code: 'noRatings',
  })
})

test.each(['ncf', 'mf'])('with ratings to predict, an untrained %s predicts about their mean', async (backbone) => {
  const still = naiveArchitecture((size, params) => ({
    shape: backboneShape(size, params),
    options: { learningRate: 0, weightDecay: 0 },
  }))
  const model = await fitted(still, withRatings, { preference: 'continuous', backbone, epochs: 1 })
  const scores = await model.score(split.train)
  const counts = [nnzOf(split.train), nnzOf(split.negatives!.train)] as const
  const mean = (4 * counts[0] + 2 * counts[1]) / (counts[0] + counts[1])
  expect(Math.abs(scores.reduce((sum, score) => sum + score, 0) / scores.length - mean)).toBeLessThan(0.4)
  model.dispose()
})

test('with ratings to predict, training goes by the squared error', async () => {
  const series: Record<string, number>[] = []
  const outcome = await fitSmall(descriptorOf(naive), withRatings, {
    params: { preference: 'continuous', epochs: 20 },
    report: { epoch: ({ values }) => void series.push(values) },
  })
  if (outcome.end === 'completed') outcome.model.dispose()
  expect(Object.keys(series[0]!).sort()).toEqual(['loss', 'squaredError'])
  expect(Math.min(...series.map(({ squaredError }) => squaredError!))).toBeLessThan(series[0]!['squaredError']!)
})

describe('scores', () => {
  test('go by the number of the user, in any order of rows', async () => {
    const model = await fitted(naive, split)
    const whole = await model.score(split.train)
    const { cols } = split.train
    const some = await model.score(takeRows(split.train, [7, 2, 7]))
    ;[7, 2, 7].forEach((user, row) =>
      expect(some.subarray(row * cols, (row + 1) * cols)).toEqual(whole.subarray(user * cols, (user + 1) * cols)),
    )
    expect(await model.score(takeRows(split.train, []))).toHaveLength(0)
    model.dispose()
  })

  test('are refused for rows of other users', async () => {
    const model = await fitted(naive, split)
    await expect(model.score(ratedTinySplit(61).train)).rejects.toMatchObject({ code: 'badRequest' })
    model.dispose()
  })
})

describe('what a method keeps beside its networks', () => {
  /** Learns nothing but a number, which goes up by the learning rate in each step; keeps what it estimated. */
  const counting: PairArchitecture = {
    ...naive,
    vectors: () => ({ counter: { initial: [1, 2], options: { learningRate: 0.5, weightDecay: 0 } } }),
    learner: ({ networks, vectors }) => ({
      estimate: async () => ({ seen: { shape: [1], data: Float32Array.of(42) } }),
      async step(batch) {
        vectors['counter']!.update([-1, 0])
        await networks['prediction']!.forward(batch)
        return [1]
      },
    }),
  }

  test('is saved, and put back', async () => {
    const outcome = await fitSmall(descriptorOf(counting), split, { params: { epochs: 1, batchSize: 100000 } })
    if (outcome.end !== 'completed') throw new Error(outcome.end)
    const saved = await outcome.model.save()
    expect(saved['counter']!.data[0]).toBeCloseTo(1.5, 5)
    expect(saved['counter']!.data[1]).toBe(2)
    expect([...saved['estimated.seen']!.data]).toEqual([42])
    const params = smallParams(descriptorOf(counting))
    const loaded = pairMethod(counting).load(saved, params, split.train.cols, null)
    expect(await loaded.save()).toEqual(saved)
    outcome.model.dispose()
    loaded.dispose()
  })

  test('is asked for: weights without it are refused, and leave nothing behind', async () => {
    const model = await fitted(counting, split)
    const saved = await model.save()
    model.dispose()
    delete saved['counter']
    const params = smallParams(descriptorOf(counting))
    const leaked = await countLeakedTensors(async () => {
      expect(() => pairMethod(counting).load(saved, params, split.train.cols, null)).toThrow('missing or misshapen')
    })
    expect(leaked).toBe(0)
  })
})

test('networks of a training that fails are freed', async () => {
  const failing: PairArchitecture = {
    ...naive,
    learner: () => ({
      step: () => Promise.reject(new Error('no step')),
    }),
  }
  const leaked = await countLeakedTensors(async () => {
    await expect(fitSmall(descriptorOf(failing), split)).rejects.toThrow('no step')
  })
  expect(leaked).toBe(0)
})

test('a network with several outputs is scored by its first', async () => {
  const split = ratedTinySplit(12, 10)
  const params = { ...defaultParams(pairTrainingParams()), epochs: 1, embeddingSize: 4 }
  const shapeOf = (size: { users: number; items: number }): PairShape => ({
    ...backboneShape(size, params, 'ncf'),
    outputs: 3,
  })
  const method = pairMethod({
    lossParts: ['loss'],
    networks: (size) => ({ prediction: { shape: shapeOf(size), options: adamOf(params) } }),
    learner: () => ({ step: () => Promise.resolve([0]) }),
  })
  const outcome = await method.fit({
    split,
    params,
    rng: Rng.seeded(1),
    signal: { requested: null },
    ...bareContext,
  })
  if (outcome.end !== 'completed') throw new Error(outcome.end)

  const users = [7, 2]
  const pairs = {
    users: Int32Array.from({ length: 20 }, (_, at) => users[Math.floor(at / 10)]!),
    items: Int32Array.from({ length: 20 }, (_, at) => at % 10),
  }
  const saved = withoutPrefix('prediction', await outcome.model.save())
  const network = new PairNetwork(shapeOf({ users: 12, items: 10 }), adamOf(params), saved)
  const logits = await network.score(pairs)
  const first = Array.from(pairs.users, (_, at) => logits[3 * at])
  expect([...(await outcome.model.score(takeRows(split.train, users)))]).toEqual(first)
  expect(new Set(logits).size).toBeGreaterThan(50)
  network.dispose()
  outcome.model.dispose()
})
