import { beforeAll, expect, test } from 'vitest'
import { csrOf } from '../../../../tests/support/csr'
import { fitSmall } from '../../../../tests/support/fit'
import { useBackend } from '../../../tensor/backends'
import type { Split } from '../../../../src-shared/domain/split'
import type { FittedModel } from '../../method'
import { descriptor } from '.'

beforeAll(() => useBackend('wasm'))

/** Forty users who were exposed to the same four of five items; who likes which follows from their one feature alone. */
function alike(ratingsOf: (user: number) => number[]): Split {
  const users = Array.from({ length: 40 }, (_, user) => user)
  const none = csrOf(
    users.map(() => []),
    5,
  )
  const train = csrOf(
    users.map(() => [0, 1, 2, 3]),
    5,
  )
  const exposed = { ...train, ratings: Float32Array.from(users.flatMap(ratingsOf)) }
  const features = { width: 1, values: Float32Array.from(users, (user) => (user % 2 === 0 ? 1 : -1)) }
  return { hash: 'alike', train: { ...train, beside: { exposed, features } }, validation: none, test: none }
}

async function trained(split: Split): Promise<FittedModel> {
  const params = { epochs: 100, batchSize: 40, learningRate: 0.03, klCap: 0, dropout: 0 }
  const outcome = await fitSmall(descriptor, split, { params })
  if (outcome.end !== 'completed') throw new Error(outcome.end)
  return outcome.model
}

test('an item counts as often as it is rated', async () => {
  const model = await trained(alike(() => [5, 3, 1, 1]))
  const scores = await model.score(alike(() => [5, 3, 1, 1]).train)
  const expected = [0.5, 0.3, 0.1, 0.1, 0]
  expected.forEach((share, item) => expect(Math.exp(scores[item]!)).toBeCloseTo(share, 1))
  model.dispose()
})

test('ratings that do not differ are refused among exposures, where nothing could be learned of them', async () => {
  const fit = (ratings: number[]): Promise<unknown> =>
    fitSmall(descriptor, alike(() => ratings), { params: { likelihood: 'exposed', epochs: 1 } }) // prettier-ignore
  await expect(fit([3, 3, 3, 3])).rejects.toMatchObject({
    code: 'badRequest',
    message: 'The data have no ratings that differ: choose the multinomial over all items.',
  })
  await expect(fit([3, 3, 3, 4])).resolves.toMatchObject({ end: 'completed' })
})

test('features tell users apart whose exposures do not', async () => {
  const split = alike((user) => (user % 2 === 0 ? [5, 1, 1, 1] : [1, 5, 1, 1]))
  const model = await trained(split)
  const scores = await model.score(split.train)
  expect(scores[0]!).toBeGreaterThan(scores[1]! + 1)
  expect(scores[5]!).toBeLessThan(scores[6]! - 1)
  model.dispose()
})
