import { beforeAll, expect, test } from 'vitest'
import { bareContext } from '../../../../tests/support/bare-context'
import { csrOf } from '../../../../tests/support/csr'
import { bitsOf, fitSmall, smallParams } from '../../../../tests/support/fit'
import type { Split } from '../../../../src-shared/domain/split'
import { useBackend } from '../../../tensor/backends'
import { Rng } from '../../../tensor/rng'
import { concatStage, concatVaeOf, loadConcatVae } from '../../blocks/exposure/concat-vae'
import { exposureStage } from '../../blocks/exposure/exposure-stage'
import { fitInStages } from '../../blocks/stages'
import type { MethodDescriptor, NamedArrays } from '../../method'
import { descriptor } from '.'
import { userWeights, weightsFrom, weightsStage } from './weights-stage'

beforeAll(() => useBackend('wasm'))

test('weights are the inverse of the ratios, with mean 1, and no user outweighs all others', () => {
  expect([...weightsFrom(Float64Array.of(1, 0.5))]).toEqual([2 / 3, 4 / 3])
  const weights = weightsFrom(Float64Array.of(1e-9, ...Array<number>(99).fill(1)))
  expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(100, 8)
  // Of 100 : 10⁻⁹ before.
  expect(weights[0]! / weights[1]!).toBeCloseTo(100, 8)
})

/** Users of two kinds, each exposed to its own half of twenty items; the one feature of every sixth user is that of the other kind. */
const users = Array.from({ length: 300 }, (_, user) => user)
const isOdd = (user: number): boolean => user % 6 === 0
const kindOf = (user: number): number => (user % 12 < 6 ? 0 : 1)
function kinds(hasFeatures: boolean): Split {
  const rng = Rng.seeded(5)
  const none = csrOf(
    users.map(() => []),
    20,
  )
  const exposed = users.map((user) =>
    Array.from({ length: 20 }, (_, item) => item).filter(
      (item) => rng.uniform() < (Math.floor(item / 10) === kindOf(user) ? 0.8 : 0.1),
    ),
  )
  const values = Float32Array.from(users, (user) => (kindOf(user) === (isOdd(user) ? 1 : 0) ? 1 : -1))
  const beside = hasFeatures ? { features: { width: 1, values } } : {}
  return { hash: 'kinds', train: { ...csrOf(exposed, 20), beside }, validation: none, test: none }
}

/** Weights of the users. */
async function weigh(split: Split): Promise<number[]> {
  let kept: NamedArrays = {}
  const outcome = await fitInStages(
    {
      split,
      params: smallParams(descriptor, { epochs: 15, batchSize: 50, learningRate: 0.03 }),
      rng: Rng.seeded(1),
      signal: { requested: null },
      ...bareContext,
    },
    [exposureStage(false), weightsStage],
    (learned) => {
      kept = learned
      return {
        score: () => Promise.reject(new Error('Nothing scores here.')),
        save: () => Promise.resolve(learned),
        dispose: () => undefined,
      }
    },
  )
  expect(outcome.end).toBe('completed')
  return [...kept[userWeights]!.data]
}

test('users whose exposures are not what their features let expect count more', async () => {
  const weights = await weigh(kinds(true))
  const mean = (which: (user: number) => boolean): number => {
    const own = weights.filter((_, user) => which(user))
    return own.reduce((sum, weight) => sum + weight, 0) / own.length
  }
  expect(mean(() => true)).toBeCloseTo(1, 5)
  expect(mean(isOdd)).toBeGreaterThan(2 * mean((user) => !isOdd(user)))
})

test('ratings below 0 are refused before anything is trained', async () => {
  const { train, ...rest } = kinds(true)
  const exposed = { ...train, ratings: Float32Array.from(train.indices, (item) => (item % 5) - 1) }
  const split = { ...rest, train: { ...train, beside: { ...train.beside, exposed } } }
  const epochs: number[] = []
  const report = { epoch: ({ epoch }: { epoch: number }) => void epochs.push(epoch) }
  await expect(fitSmall(descriptor, split, { report })).rejects.toMatchObject({
    code: 'badRequest',
    message: expect.stringContaining('choose a method that predicts ratings') as string,
  })
  expect(epochs).toEqual([])
})

test('ratings that are all the same are refused where nothing is learned from what was not exposed', async () => {
  const params = { likelihood: 'exposed', epochs: 1 }
  await expect(fitSmall(descriptor, kinds(true), { params })).rejects.toMatchObject({
    code: 'badRequest',
    message: 'The data have no ratings that differ: choose the multinomial over all items.',
  })
})

test('without features all users count alike: it is Concat-VAE to the bit, and it is said', async () => {
  const split = kinds(false)
  const said: string[] = []
  const own = await fitSmall(descriptor, split, { report: { log: (_, text) => said.push(text) } })
  const unweighted: MethodDescriptor = {
    ...descriptor,
    load: async () => ({ fit: (context) => fitInStages(context, [concatStage()], concatVaeOf), load: loadConcatVae }),
  }
  const plain = await fitSmall(unweighted, split)
  if (own.end !== 'completed' || plain.end !== 'completed') throw new Error('Stopped.')
  expect(bitsOf(await own.model.save())).toEqual(bitsOf(await plain.model.save()))
  expect(said).toContainEqual(expect.stringContaining('Nothing describes the users'))
  own.model.dispose()
  plain.model.dispose()
})
