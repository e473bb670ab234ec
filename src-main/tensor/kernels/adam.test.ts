import { afterAll, beforeAll, expect, test } from 'vitest'
import { bothWays, bytesOf, normals, startedKernels, strew } from '../../../tests/support/kernels'
import { Adam, type AdamOptions } from '../adam'
import { createWeights, disposeWeights } from '../named-arrays'
import { Rng } from '../rng'
import { tf } from '../tf'

beforeAll(() => startedKernels())
afterAll(() => expect(tf.memory().numTensors).toBe(0))

/** Weights and moments after some steps, one after the other. NaN is always the same, for it has many bit patterns. */
async function train(start: Float32Array, gradients: Float32Array[], options: AdamOptions): Promise<Float32Array> {
  const weights = createWeights({ w: { shape: [start.length], data: start.slice() } })
  const adam = new Adam(weights, options)
  for (const gradient of gradients) tf.tidy(() => adam.step({ w: tf.tensor1d(gradient) }))
  const weight = weights['w']!.dataSync<'float32'>().slice()
  const { arrays } = await adam.save()
  adam.dispose()
  disposeWeights(weights)
  const moments = ['first.w', 'second.w'].flatMap((name) => [...arrays[name]!.data])
  return Float32Array.from([...weight, ...moments], (value) => (Number.isNaN(value) ? NaN : value))
}

/** Trains both ways. */
async function trainBothWays(...given: Parameters<typeof train>): Promise<{ fast: Buffer; portable: Buffer }> {
  const { fast, portable } = bothWays(['adam'], () => train(...given))
  return { fast: bytesOf(await fast), portable: bytesOf(await portable) }
}

const settings: [string, AdamOptions][] = [
  ['without decay', { learningRate: 1e-3, weightDecay: 0 }],
  ['with decay', { learningRate: 0.1, weightDecay: 0.01 }],
  ['with a large epsilon', { learningRate: 0.01, weightDecay: 1e-4, epsilon: 1 }],
]

test.each(settings)('steps %s have the bits of the portable way', async (_, options) => {
  const rng = Rng.seeded(41)
  for (const length of [1, 2, 3, 7, 8, 9, 15, 16, 17, 131, 4099, 16383, 16384, 16385, 32771]) {
    const start = normals(rng, length)
    const gradients = [1, 1e-3, 1e-20].map((scale) => normals(rng, length, scale))
    const { fast, portable } = await trainBothWays(start, gradients, options)
    expect(fast.equals(portable), `${length} values`).toBe(true)
  }
})

test.each(settings)(
  'NaN and infinities in steps %s stay where they are, as in the portable way',
  async (_, options) => {
    const rng = Rng.seeded(42)
    for (const length of [7, 16, 67, 259]) {
      const start = strew(rng, normals(rng, length), 5)
      const gradients = [1, 2].map(() => strew(rng, normals(rng, length), 3, [NaN, Infinity, -Infinity, 0, 1e30]))
      const { fast, portable } = bothWays(['adam'], () => train(start, gradients, options))
      expect(await fast, `${length} values`).toEqual(await portable)
    }
  },
)

test('an infinite weight without decay keeps its sign', async () => {
  const start = new Float32Array(19).fill(-Infinity)
  const trained = await train(start, [new Float32Array(19).fill(1)], { learningRate: 0.1, weightDecay: 0 })
  expect(trained.subarray(0, 19)).toEqual(start)
})

test('a copy that shares the values of a weight keeps them when the weight steps on', () => {
  const weights = createWeights({ w: { shape: [9], data: new Float32Array(9).fill(1) } })
  const adam = new Adam(weights, { learningRate: 0.1, weightDecay: 0 })
  const copy = tf.clone(weights['w']!)
  tf.tidy(() => adam.step({ w: tf.ones([9]) }))
  expect([...copy.dataSync()]).toEqual(Array(9).fill(1))
  expect(weights['w']!.dataSync()[8]).toBeCloseTo(0.9, 6)
  copy.dispose()
  adam.dispose()
  disposeWeights(weights)
})
