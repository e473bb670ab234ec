import { afterEach, beforeAll, expect, test, vi } from 'vitest'
import { watchHeap } from '../../../tests/support/heap'
import { normals, patternTensors, randomRows, startedKernels } from '../../../tests/support/kernels'
import { Adam } from '../adam'
import { countLeakedTensors } from '../leak'
import { createWeights, disposeWeights } from '../named-arrays'
import { columnSums, linear } from '../ops'
import { Rng } from '../rng'
import {
  bernoulliLogLikelihood,
  exposedLogLikelihood,
  multinomialLogLikelihood,
  normaliseRows,
  observedSquaredError,
  sparseMatMul,
  weightedMultinomialLogLikelihood,
} from '../sparse'
import { tf, type Tensor, type Tensor2D } from '../tf'
import type { Kernels } from './kernels'
import { checkKernels } from './self-check'
import type { WasmBackend } from './shared-heap'

let kernels: Kernels
beforeAll(async () => {
  kernels = await startedKernels()
})
afterEach(() => vi.restoreAllMocks())

const rng = Rng.seeded(101)
const pattern = randomRows(rng, 29, 71)
const values = normals(rng, 29 * 71)
const eachEntry = values.slice(0, pattern.indices.length)
const x = (): Tensor2D => tf.tensor2d(values, [29, 71])
const sum = (compute: (given: Tensor) => Tensor) => () => tf.grad((given) => tf.sum(compute(given)))(x())

const operations: Record<string, () => unknown> = {
  'a product': () => tf.matMul(x(), x(), true, false),
  'a product of batches': () => tf.matMul(tf.ones([3, 2, 5]), tf.ones([1, 5, 4])),
  'linear and its gradient': sum((given) => linear(given, tf.ones([71, 5]), tf.ones([5]))),
  'sums of columns': () => columnSums(x()),
  'sums of rows': () => kernels.sumRows(x(), ...patternTensors(randomRows(Rng.seeded(1), 7, 29)), tf.ones([7])),
  'sparse rows and their gradient': sum((given) =>
    sparseMatMul(normaliseRows(randomRows(Rng.seeded(1), 7, 29)), given),
  ),
  'the likelihood and its gradient': sum((given) => multinomialLogLikelihood(given as Tensor2D, pattern)),
  'the weighted likelihood and its gradient': sum((given) =>
    weightedMultinomialLogLikelihood(given as Tensor2D, pattern, eachEntry),
  ),
  'the Bernoulli likelihood and its gradient': sum((given) => bernoulliLogLikelihood(given as Tensor2D, pattern)),
  'the squared error and its gradient': sum((given) => observedSquaredError(given as Tensor2D, pattern, eachEntry)),
  'the likelihood among exposed entries and its gradient': sum((given) =>
    exposedLogLikelihood(given as Tensor2D, pattern, eachEntry),
  ),
  'log-softmax': () => kernels.logSoftmax(x()),
  'functions and their gradients': sum((given) => tf.elu(tf.tanh(tf.sigmoid(tf.exp(given))))),
  'copies of tensors': () => tf.clone(tf.clone(x())),
  Adam: () => {
    const weights = createWeights({ w: { shape: [29, 71], data: values.slice() } })
    const adam = new Adam(weights, { learningRate: 0.1, weightDecay: 0.1 })
    for (let step = 0; step < 3; step++) adam.step({ w: x() })
    adam.dispose()
    disposeWeights(weights)
  },
  'the best items': () => kernels.topItems(x(), pattern, 10),
  'bounds of columns': () => kernels.columnBounds(x(), tf.zeros([71]), values.slice(0, 29), kernels.rowMeans(x())),
  'the survivors of bounds': () => kernels.survivors(values, values, values, values),
  'gathered columns': () => kernels.gatherColumns(x(), Int32Array.of(3, 1, 70)),
  normals: () => Rng.seeded(1).fillNormal(new Float32Array(1001)),
  'the self check': () => checkKernels(kernels),
  'the choice of tiles': () => kernels.chooseTiles(),
}

test.each(Object.entries(operations))('%s leaves no tensor and nothing on the heap behind', async (_, compute) => {
  const once = (): void =>
    tf.tidy(() => {
      compute()
    })
  const { wasm } = tf.backend() as WasmBackend
  once()
  const { held } = watchHeap()
  const bytes = wasm.wasmMemory.buffer.byteLength
  const data = tf.memory().numDataBuffers
  const leaked = await countLeakedTensors(() => {
    for (let repeat = 0; repeat < 20; repeat++) once()
  })
  expect(leaked).toBe(0)
  expect(tf.memory().numDataBuffers).toBe(data)
  expect(held.size).toBe(0)
  expect(wasm.wasmMemory.buffer.byteLength).toBe(bytes)
})

test('tensors do allocate on the heap that is watched', () => {
  const { wasm } = tf.backend() as WasmBackend
  const spy = vi.spyOn(wasm, '_malloc')
  tf.matMul(x(), x(), true, false).dispose()
  expect(spy.mock.calls.map(([bytes]) => bytes)).toContain(4 * 71 * 71)
})

test('a buffer that grows gives back the smaller one', () => {
  const { wasm } = tf.backend() as WasmBackend
  const before = wasm.wasmMemory.buffer.byteLength
  for (let length = 256; length < 200_000; length += 1024) Rng.seeded(1).fillNormal(new Float32Array(length))
  expect(wasm.wasmMemory.buffer.byteLength - before).toBeLessThan(16 * 2 ** 20)
})
