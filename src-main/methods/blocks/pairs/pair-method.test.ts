import { beforeAll, expect, test } from 'vitest'
import { defaultParams } from '../../../../src-shared/params/params'
import { takeRows } from '../../../../src-shared/domain/split'
import { ratedTinySplit } from '../../../../tests/support/tiny-split'
import { withoutPrefix } from '../../../pipeline/fit/checkpoint-arrays'
import { useBackend } from '../../../tensor/backends'
import { PairNetwork, type PairShape } from '../../../tensor/pairs'
import { Rng } from '../../../tensor/rng'
import { pairMethod } from './pair-method'
import { adamOf, backboneShape, pairTrainingParams } from './pair-params'

beforeAll(() => useBackend('wasm'))

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
    knowledge: null,
    resume: null,
    report: {
      progress: () => undefined,
      epoch: () => undefined,
      checkpoint: () => Promise.resolve(),
      log: () => undefined,
    },
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
