import { beforeAll, describe, expect, test } from 'vitest'
import { useBackend } from './backends'
import { linear } from './ops'
import { Rng } from './rng'
import { tf, type Tensor, type Tensor2D } from './tf'

/** Operations with a gradient of ours, each as a scalar function of some inputs; `weigh` makes every output element count. */
const weigh = (x: Tensor): Tensor => {
  const weights = Float32Array.from({ length: x.size }, (_, i) => 0.3 + 0.1 * (i % 7))
  return tf.sum(tf.mul(x, tf.tensor(weights, x.shape)))
}

const operations: Record<string, { shapes: number[][]; positive?: boolean; run: (...inputs: Tensor[]) => Tensor }> = {
  add: { shapes: [[3, 2], [2]], run: (a, b) => tf.add(a!, b!) },
  subtract: {
    shapes: [
      [3, 2],
      [3, 1],
    ],
    run: (a, b) => tf.sub(a!, b!),
  },
  multiply: {
    shapes: [
      [2, 3, 2],
      [3, 1],
    ],
    run: (a, b) => tf.mul(a!, b!),
  },
  divide: { shapes: [[3, 2], [2]], positive: true, run: (a, b) => tf.div(a!, b!) },
  negate: { shapes: [[3]], run: (a) => tf.neg(a!) },
  clone: { shapes: [[3]], run: (a) => tf.clone(a!) },
  exp: { shapes: [[3]], run: (a) => tf.exp(a!) },
  log: { shapes: [[3]], positive: true, run: (a) => tf.log(a!) },
  square: { shapes: [[3]], run: (a) => tf.square(a!) },
  'square root': { shapes: [[3]], positive: true, run: (a) => tf.sqrt(a!) },
  tanh: { shapes: [[3]], run: (a) => tf.tanh(a!) },
  sigmoid: { shapes: [[3]], run: (a) => tf.sigmoid(a!) },
  elu: { shapes: [[6]], run: (a) => tf.elu(a!) },
  softmax: { shapes: [[2, 4]], run: (a) => tf.softmax(a!) },
  product: {
    shapes: [
      [3, 2],
      [2, 4],
    ],
    run: (a, b) => tf.matMul(a!, b!),
  },
  'product of batches': {
    shapes: [
      [2, 3, 2],
      [2, 2, 4],
    ],
    run: (a, b) => tf.matMul(a!, b!),
  },
  'product with bias': { shapes: [[3, 2], [2, 4], [4]], run: (x, w, b) => linear(x!, w!, b!) },
  'sum of an axis': { shapes: [[2, 3, 2]], run: (a) => tf.sum(a!, 1) },
  'sum of the last axis, kept': { shapes: [[2, 3]], run: (a) => tf.sum(a!, -1, true) },
  mean: { shapes: [[2, 3]], run: (a) => tf.mean(a!, 0) },
  'mean of all': { shapes: [[2, 3]], run: (a) => tf.mean(a!) },
  reshape: { shapes: [[2, 3]], run: (a) => tf.reshape(a!, [3, 2]) },
  'expand dimensions': { shapes: [[2, 3]], run: (a) => tf.expandDims(a!, 1) },
  transpose: { shapes: [[2, 3, 4]], run: (a) => tf.transpose(a!, [2, 0, 1]) },
  slice: { shapes: [[4, 5]], run: (a) => tf.slice(a!, [1, 2], [2, -1]) },
  split: { shapes: [[4, 6]], run: (a) => tf.add(tf.split(a as Tensor2D, 2, 1)[0]!, tf.split(a as Tensor2D, 2, 1)[1]!) },
  'split into one': { shapes: [[4, 6]], run: (a) => tf.split(a as Tensor2D, 1, 1)[0]! },
  'split unevenly': { shapes: [[5, 2]], run: (a) => tf.split(a as Tensor2D, [2, 3], 0)[1]! },
  concatenate: {
    shapes: [
      [2, 3],
      [2, 1],
    ],
    run: (a, b) => tf.concat([a!, b!], 1),
  },
}

describe.each(['cpu', 'wasm'] as const)('on %s', (backend) => {
  beforeAll(() => useBackend(backend))

  test.each(Object.entries(operations))('the gradient of %s is the slope', (_, { shapes, positive, run }) => {
    const rng = Rng.seeded(3)
    const inputs = shapes.map((shape) => {
      const values = rng.fillNormal(new Float32Array(shape.reduce((product, size) => product * size, 1)))
      return { shape, values: positive ? values.map((value) => 0.5 + Math.abs(value)) : values }
    })
    const valueAt = (at: Float32Array[]): number =>
      tf.tidy(() => weigh(run(...inputs.map(({ shape }, i) => tf.tensor(at[i]!, shape)))).dataSync()[0]!)
    const gradients = tf.tidy(() =>
      tf
        .grads((...given: Tensor[]) => weigh(run(...given)))(
          inputs.map(({ shape, values }) => tf.tensor(values, shape)),
        )
        .map((gradient) => gradient.dataSync().slice()),
    )
    const step = 1e-2
    inputs.forEach(({ values }, i) => {
      for (let at = 0; at < values.length; at++) {
        const moved = (by: number): Float32Array[] =>
          inputs.map((input, other) =>
            other === i ? input.values.map((value, n) => (n === at ? value + by : value)) : input.values,
          )
        const slope = (valueAt(moved(step)) - valueAt(moved(-step))) / (2 * step)
        expect(Math.abs(gradients[i]![at]! - slope)).toBeLessThan(2e-3 + 0.01 * Math.abs(slope))
      }
    })
  })

  test('an operation without a gradient fails by name', () => {
    expect(() => tf.tidy(() => tf.grad((x) => tf.sum(tf.sin(x)))(tf.tensor1d([1])))).toThrow('Sin')
  })
})
