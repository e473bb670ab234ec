import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bytesOf, normals, randomRows, startedKernels, valuesOf } from '../../../tests/support/kernels'
import { Adam } from '../adam'
import { useBackend } from '../backends'
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
import type { WasmBackend } from './shared-heap'

let kernels: Kernels
beforeAll(async () => {
  kernels = await startedKernels()
})
afterAll(async () => {
  await useBackend('wasm', 1)
  expect(tf.memory().numTensors).toBe(0)
})

const rng = Rng.seeded(81)
const [rows, cols, width] = [400, 307, 37]
const pattern = randomRows(rng, rows, cols, 0.1)
const scaled = normaliseRows(pattern)
const eachEntry = normals(rng, pattern.indices.length).map(Math.abs)
const [x, w, b, logits] = [rows * width, width * cols, cols, rows * cols].map((length) => normals(rng, length)) as [
  Float32Array,
  Float32Array,
  Float32Array,
  Float32Array,
]
const [tensorX, tensorW, tensorLogits] = [
  (): Tensor2D => tf.tensor2d(x, [rows, width]),
  (): Tensor2D => tf.tensor2d(w, [width, cols]),
  (): Tensor2D => tf.tensor2d(logits, [rows, cols]),
]

/** The gradient of the mean over rows, in the logits. */
const gradientOf = (of: (given: Tensor2D) => Tensor): Float32Array =>
  valuesOf(() => tf.grad((given) => tf.mean(of(given as Tensor2D)))(tensorLogits()))

/** Every kernel on enough values for many chunks. */
const computations: Record<string, () => Float32Array | Int32Array> = {
  'a product with bias': () => valuesOf(() => linear(tensorX(), tensorW(), tf.tensor1d(b))),
  'a product of few columns': () =>
    valuesOf(() => tf.matMul(tensorX(), tf.tensor2d(w.slice(0, width * 5), [width, 5]))),
  'products with transposed operands': () =>
    valuesOf(() => {
      const left = tf.tensor2d(x, [width, rows])
      return tf.concat([tf.matMul(left, tensorW(), true), tf.matMul(left, tf.tensor2d(w, [cols, width]), true, true)])
    }),
  'a product over two blocks': () =>
    valuesOf(() =>
      tf.matMul(
        tf.tensor2d(logits.slice(0, 100 * 900), [100, 900]),
        tf.tensor2d(logits.slice(0, 900 * 130), [900, 130]),
      ),
    ),
  'sums of columns': () => valuesOf(() => columnSums(tensorLogits())),
  'a product of sparse rows': () => valuesOf(() => sparseMatMul(scaled, tf.tensor2d(w, [cols, width]))),
  'the gradient of sparse rows': () =>
    valuesOf(() =>
      tf.grad((given) => tf.sum(tf.mul(sparseMatMul(scaled, given), tensorX())))(tf.tensor2d(w, [cols, width])),
    ),
  'the likelihood': () => valuesOf(() => multinomialLogLikelihood(tensorLogits(), pattern)),
  'the gradient of the likelihood': () => gradientOf((given) => multinomialLogLikelihood(given, pattern)),
  'the weighted likelihood': () => valuesOf(() => weightedMultinomialLogLikelihood(tensorLogits(), pattern, eachEntry)),
  'the gradient of the weighted likelihood': () =>
    gradientOf((given) => weightedMultinomialLogLikelihood(given, pattern, eachEntry)),
  'the Bernoulli likelihood': () => valuesOf(() => bernoulliLogLikelihood(tensorLogits(), pattern)),
  'the gradient of the Bernoulli likelihood': () => gradientOf((given) => bernoulliLogLikelihood(given, pattern)),
  'the squared error': () => valuesOf(() => observedSquaredError(tensorLogits(), pattern, eachEntry)),
  'the gradient of the squared error': () => gradientOf((given) => observedSquaredError(given, pattern, eachEntry)),
  'the likelihood among exposed entries': () =>
    valuesOf(() => exposedLogLikelihood(tensorLogits(), pattern, eachEntry)),
  'the gradient of the likelihood among exposed entries': () =>
    gradientOf((given) => exposedLogLikelihood(given, pattern, eachEntry)),
  'log-softmax': () => valuesOf(() => kernels.logSoftmax(tensorLogits())),
  'steps of Adam': () => {
    const weights = createWeights({ w: { shape: [logits.length], data: logits.slice() } })
    const adam = new Adam(weights, { learningRate: 0.01, weightDecay: 0.01 })
    for (const shift of [1, 2]) tf.tidy(() => adam.step({ w: tf.tensor1d(logits.map((value) => value * shift)) }))
    const stepped = weights['w']!.dataSync<'float32'>().slice()
    adam.dispose()
    disposeWeights(weights)
    return stepped
  },
  'functions of every value': () =>
    valuesOf(() => {
      const given = tensorLogits()
      return tf.concat([tf.exp(given), tf.tanh(given), tf.sigmoid(given), tf.elu(given)])
    }),
  'the best items': () => tf.tidy(() => kernels.topItems(tensorLogits(), pattern, 20)),
  'bounds of columns': () => {
    const [centre, mean] = [x.slice(0, rows), x.slice(rows, 2 * rows)]
    const { base, squares } = tf.tidy(() => kernels.columnBounds(tensorLogits(), tf.tensor1d(b), centre, mean))
    const alive = kernels.survivors(base, squares, mean.map(Math.abs), mean.fill(60))
    return Float32Array.of(...base, ...squares, ...alive, ...tf.tidy(() => kernels.rowMeans(tensorLogits())))
  },
  'gathered columns': () => valuesOf(() => kernels.gatherColumns(tensorLogits(), Int32Array.of(306, 5, 0, 7))),
  normals: () => Rng.seeded(9).fillNormal(new Float32Array(50_003)),
}

/** The threads that computed a log-softmax or likelihood since they were last asked: each leaves its sums beside the job. */
function threadsThatWorked(): number[] {
  const { control, backend } = kernels as unknown as { control: number; backend: WasmBackend }
  const registers = new Uint8Array(backend.wasm.wasmMemory.buffer, control + 256, 64 * 64)
  const worked = [...Array(64).keys()].filter((thread) =>
    registers.subarray(64 * thread, 64 * thread + 64).some(Boolean),
  )
  registers.fill(0)
  return worked
}

/** Waits until all of so many threads take part; a thread needs some milliseconds to start. */
async function allTakePart(threads: number): Promise<number[]> {
  const seen = new Set<number>()
  for (let attempt = 0; attempt < 500 && seen.size < threads; attempt++) {
    threadsThatWorked()
    computations['log-softmax']!()
    for (const thread of threadsThatWorked()) seen.add(thread)
    if (seen.size < threads) await setTimeout(20)
  }
  return [...seen].sort()
}

test('as many threads compute as were asked for, whether there are more than before or fewer', async () => {
  for (const threads of [1, 3, 2, 1]) {
    await useBackend('wasm', threads)
    expect(kernels.threadCount).toBe(threads)
    expect(await allTakePart(threads)).toEqual([...Array(threads).keys()])
    for (let repeat = 0; repeat < 5; repeat++) computations['log-softmax']!()
    expect(threadsThatWorked().every((thread) => thread < threads)).toBe(true)
  }
})

test('results have the same bits on one, two and three threads, and every time', async () => {
  await useBackend('wasm', 1)
  const expected = Object.fromEntries(Object.entries(computations).map(([name, compute]) => [name, bytesOf(compute())]))
  for (const threads of [1, 2, 3]) {
    await useBackend('wasm', threads)
    await allTakePart(threads)
    for (let repeat = 0; repeat < (threads === 2 ? 3 : 1); repeat++)
      for (const [name, compute] of Object.entries(computations))
        expect(bytesOf(compute()).equals(expected[name]!), `${name} on ${threads} threads`).toBe(true)
  }
})

test('threads that sleep wake for the next job', async () => {
  await useBackend('wasm', 2)
  await allTakePart(2)
  const expected = bytesOf(computations['log-softmax']!())
  const woke = new Set<number>()
  // At least some times, and on a busy machine until the other thread got to run in time.
  for (let attempt = 0; attempt < 10 || (attempt < 500 && !woke.has(1)); attempt++) {
    await setTimeout(5)
    threadsThatWorked()
    expect(bytesOf(computations['log-softmax']!()).equals(expected)).toBe(true)
    for (const thread of threadsThatWorked()) woke.add(thread)
  }
  expect(woke).toContain(1)
})
