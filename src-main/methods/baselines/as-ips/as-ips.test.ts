import { beforeAll, expect, test } from 'vitest'
import { gradientGap, stillLearning } from '../../../../tests/support/pair-learning'
import { pairValues, ratedTinySplit } from '../../../../tests/support/tiny-split'
import { useBackend } from '../../../tensor/backends'
import { Rng } from '../../../tensor/rng'
import { sigmoid, softplus } from '../../blocks/pairs/point-loss'
import { descriptor } from '.'
import { asIps } from './model'

beforeAll(() => useBackend('wasm'))

const split = ratedTinySplit()

test('the third network learns what the two others agree on, among pairs drawn from all', async () => {
  const learning = await stillLearning(asIps, descriptor, split, { closeness: 0.1, sampleRatio: 2 })
  const { networks, observed } = learning
  const drawn = { users: new Int32Array(2 * observed.size), items: new Int32Array(2 * observed.size) }
  observed.drawAll(Rng.seeded(5), drawn)
  const [a, b, x] = await Promise.all(['first', 'second', 'prediction'].map((name) => networks[name]!.score(drawn)))
  const agreed = Array.from(a!.keys()).filter((d) => Math.abs(sigmoid(a![d]!) - sigmoid(b![d]!)) <= 0.1)
  const errors = agreed.map((d) => softplus(x![d]!) - sigmoid(a![d]!) * x![d]!)
  const [loss, , agreement] = await learning.step(5)
  expect(agreed.length).toBeGreaterThan(20)
  expect(agreed.length).toBeLessThan(drawn.users.length - 20)
  expect(agreement).toBeCloseTo(agreed.length / drawn.users.length, 6)
  expect(loss).toBeCloseTo(errors.reduce((sum, error) => sum + error, 0) / agreed.length, 5)
  learning.dispose()
})

test.each([
  ['binary', 1],
  ['continuous', 10],
])(
  'the third network goes down its loss, the two others down theirs, with a %s preference',
  async (preference, closeness) => {
    const rated = { ...split, ratings: pairValues(split, 4, 2) }
    const learning = await stillLearning(asIps, descriptor, rated, { preference, closeness })
    expect(await gradientGap(learning, 'prediction', ([loss]) => loss!)).toBeLessThan(0.01)
    for (const name of ['first', 'second'])
      expect(await gradientGap(learning, name, ([, selectors]) => 2 * selectors!)).toBeLessThan(0.01)
    learning.dispose()
  },
)

test('a step without agreement leaves the third network as it is', async () => {
  const learning = await stillLearning(asIps, descriptor, split, { closeness: 0.001 })
  const { networks } = learning
  const weights = await networks['first']!.weights()
  weights['bias']!.data.fill(20)
  networks['first']!.setWeights(weights)
  const [loss, , agreement] = await learning.step()
  expect([loss, agreement]).toEqual([0, 0])
  await expect(networks['prediction']!.gradients()).rejects.toThrow('There are no gradients')
  learning.dispose()
})
