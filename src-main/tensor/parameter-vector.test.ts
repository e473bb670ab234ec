import { beforeAll, expect, test } from 'vitest'
import { Adam } from './adam'
import { useBackend } from './backends'
import { createWeights, disposeWeights, readTensors } from './named-arrays'
import { ParameterVector } from './parameter-vector'
import { tf } from './tf'

beforeAll(() => useBackend('cpu'))

const initial = [1, -2, 0.5]
const gradients = [
  [1, 0, -2],
  [0.5, -1, 0],
  [0.25, 3, 1e-4],
  [-4, 0.1, 2],
]

test.each([
  { learningRate: 0.1, weightDecay: 0 },
  { learningRate: 0.05, weightDecay: 0.1 },
  { learningRate: 0.1, weightDecay: 0.01, epsilon: 0.5 },
])('steps as Adam does, with %j', async (options) => {
  const vector = new ParameterVector(initial, options)
  const weights = createWeights({ w: { shape: [3], data: Float32Array.from(initial) } })
  const adam = new Adam(weights, options)
  for (const gradient of gradients) {
    vector.update(gradient)
    tf.tidy(() => adam.step({ w: tf.tensor1d(gradient) }))
    const expected = (await readTensors(weights))['w']!.data
    vector.values.forEach((value, at) => expect(value).toBeCloseTo(expected[at]!, 5))
  }
  adam.dispose()
  disposeWeights(weights)
})

test('goes on from its saved values and state to the bit', async () => {
  const options = { learningRate: 0.1, weightDecay: 0.01 }
  const whole = new ParameterVector(initial, options)
  gradients.slice(0, 2).forEach((gradient) => whole.update(gradient))
  const [values, state] = [whole.read(), await whole.optimiser()]
  gradients.slice(2).forEach((gradient) => whole.update(gradient))
  const part = new ParameterVector([0, 0, 0], options)
  part.write(values)
  part.setOptimiser(state)
  gradients.slice(2).forEach((gradient) => part.update(gradient))
  expect(part.values).toEqual(whole.values)
  expect(await part.optimiser()).toEqual(await whole.optimiser())
})

test('hands out copies', () => {
  const vector = new ParameterVector(initial, { learningRate: 0.1, weightDecay: 0 })
  vector.read().data[0] = 99
  expect(vector.values[0]).toBe(1)
})

test('refuses what does not fit', () => {
  const vector = new ParameterVector(initial, { learningRate: 0.1, weightDecay: 0 })
  const short = { shape: [2], data: Float32Array.of(1, 2) }
  for (const saved of [undefined, short, { shape: [3], data: Int32Array.of(1, 2, 3) }])
    expect(() => vector.write(saved)).toThrow(expect.objectContaining({ code: 'runInvalid' }))
  expect(() => vector.setOptimiser({ arrays: { first: short, second: short }, steps: 1 })).toThrow(
    'missing or misshapen',
  )
})
