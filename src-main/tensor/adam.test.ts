import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Adam } from './adam'
import { useBackend } from './backends'
import { countLeakedTensors } from './leak'
import { createWeights, disposeWeights, readTensors, type Weights } from './named-arrays'
import { tf } from './tf'

const start = (): Weights => createWeights({ w: { shape: [2, 2], data: Float32Array.of(1, -2, 0.5, 3) } })
const gradients = [
  [1, 0, -2, 0.1],
  [0.5, -1, 0, 0.1],
  [0.25, 3, 1, 0.1],
]
/** The weights after each step of torch.optim.Adam(lr=0.1, weight_decay=0.01) of PyTorch 2 on the same gradients. */
const torch = [
  [0.9, -1.9, 0.6, 2.9],
  [0.8066667, -1.8242865, 0.6667817, 2.8000209],
  [0.7221079, -1.865816, 0.684059, 2.7000768],
]
const options = { learningRate: 0.1, weightDecay: 0.01 }

const step = (adam: Adam, at: number): void => tf.tidy(() => adam.step({ w: tf.tensor2d(gradients[at]!, [2, 2]) }))

describe.each(['cpu', 'wasm'] as const)('on %s', (backend) => {
  beforeAll(() => useBackend(backend))

  test('takes the steps PyTorch takes', async () => {
    const weights = start()
    const adam = new Adam(weights, options)
    for (const [at, expected] of torch.entries()) {
      step(adam, at)
      const values = (await readTensors(weights))['w']!.data
      expected.forEach((value, i) => expect(values[i]).toBeCloseTo(value, 5))
    }
    adam.dispose()
    disposeWeights(weights)
  })

  test('a weight of its own settings steps by them: with a large epsilon in proportion to the gradient', async () => {
    const weights = createWeights({
      w: { shape: [2], data: Float32Array.of(0, 0) },
      own: { shape: [2], data: Float32Array.of(0, 0) },
    })
    const adam = new Adam(weights, options, { own: { learningRate: 0.1, weightDecay: 0, epsilon: 100 } })
    tf.tidy(() => adam.step({ w: tf.tensor1d([0.1, 0.2]), own: tf.tensor1d([0.1, 0.2]) }))
    const [alike, proportional] = ['w', 'own'].map((name) => readTensors(weights).then((read) => read[name]!.data))
    expect((await alike!)[1]! / (await alike!)[0]!).toBeCloseTo(1, 4)
    expect((await proportional!)[1]! / (await proportional!)[0]!).toBeCloseTo(2, 2)
    adam.dispose()
    disposeWeights(weights)
  })

  test('goes on from its saved state to the bit', async () => {
    const [whole, part] = [start(), start()]
    const [one, two] = [new Adam(whole, options), new Adam(part, options)]
    step(one, 0)
    step(two, 0)
    step(one, 1)
    const saved = await two.save()
    expect(await two.lend()).toEqual(saved)
    two.dispose()
    const again = new Adam(part, options)
    again.restore(saved.arrays, saved.steps)
    step(again, 1)
    expect(await readTensors(part)).toEqual(await readTensors(whole))
    expect(() => again.restore({}, 1)).toThrow('missing or misshapen')
    for (const adam of [one, again]) adam.dispose()
    disposeWeights(whole)
    disposeWeights(part)
  })

  test('leaves a weight without a gradient as it is and holds no tensors', async () => {
    const leaked = await countLeakedTensors(async () => {
      const weights = createWeights({
        w: { shape: [2, 2], data: Float32Array.of(1, -2, 0.5, 3) },
        other: { shape: [1], data: Float32Array.of(4) },
      })
      const adam = new Adam(weights, options)
      step(adam, 0)
      step(adam, 1)
      expect((await readTensors(weights))['other']!.data[0]).toBe(4)
      adam.dispose()
      disposeWeights(weights)
    })
    expect(leaked).toBe(0)
  })
})

afterAll(() => expect(tf.memory().numTensors).toBe(0))
