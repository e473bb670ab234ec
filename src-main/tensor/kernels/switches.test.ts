import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { csrOf } from '../../../tests/support/csr'
import { startedKernels } from '../../../tests/support/kernels'
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
  sparseMatMulBySegments,
  weightedMultinomialLogLikelihood,
} from '../sparse'
import { tf, type Tensor2D } from '../tf'
import { kernelsFor, type Kernels } from './kernels'
import { isWanted, kernelNames, turnOff, type KernelName } from './switches'

let kernels: Kernels
beforeAll(async () => {
  kernels = await startedKernels()
})
afterEach(() => {
  turnOff([])
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
})
afterAll(() => expect(tf.memory().numTensors).toBe(0))

const rows = csrOf([[0, 2], [], [1]], 3)
const ones = (): Tensor2D => tf.ones([3, 3])

/** What the engine asks of the kernels, with the switch that decides on each. */
const served: [
  KernelName,
  (
    | 'product'
    | 'columnSums'
    | 'sumRows'
    | 'likelihood'
    | 'bernoulli'
    | 'squaredError'
    | 'exposedLikelihood'
    | 'adam'
    | 'unary'
    | 'fillNormal'
  ),
  () => unknown,
][] = [
  ['product', 'product', () => tf.matMul(ones(), ones())],
  ['product', 'product', () => linear(ones(), ones(), tf.zeros([3]))],
  ['product', 'columnSums', () => columnSums(ones())],
  ['rows', 'sumRows', () => sparseMatMulBySegments(normaliseRows(rows), ones())],
  ['likelihood', 'likelihood', () => multinomialLogLikelihood(ones(), rows)],
  ['likelihood', 'likelihood', () => weightedMultinomialLogLikelihood(ones(), rows, Float32Array.of(1, 2, 3))],
  ['likelihood', 'bernoulli', () => bernoulliLogLikelihood(ones(), rows)],
  ['likelihood', 'squaredError', () => observedSquaredError(ones(), rows, Float32Array.of(1, 2, 3))],
  ['likelihood', 'exposedLikelihood', () => exposedLogLikelihood(ones(), rows, Float32Array.of(1, 2, 3))],
  [
    'adam',
    'adam',
    () => {
      const weights = createWeights({ w: { shape: [3, 3], data: new Float32Array(9) } })
      const adam = new Adam(weights, { learningRate: 0.1, weightDecay: 0 })
      adam.step({ w: ones() })
      adam.dispose()
      disposeWeights(weights)
    },
  ],
  ['unary', 'unary', () => tf.exp(ones())],
  ['unary', 'unary', () => tf.tanh(ones())],
  ['unary', 'unary', () => tf.sigmoid(ones())],
  ['unary', 'unary', () => tf.elu(ones())],
  ['noise', 'fillNormal', () => Rng.seeded(1).fillNormal(new Float32Array(256))],
]

describe('a kernel that is turned off', () => {
  test.each(served)('%s: %s serves (case %#), and only then', (name, method, compute) => {
    const spy = vi.spyOn(kernels, method)
    const calls = (): number => {
      spy.mockClear()
      tf.tidy(() => {
        compute()
      })
      return spy.mock.calls.length
    }
    expect(calls()).toBe(1)
    turnOff([name])
    expect(calls()).toBe(0)
    turnOff(kernelNames.filter((other) => other !== name))
    expect(calls()).toBe(1)
  })

  test.each(kernelNames)('%s is not there for those who ask, the others are', (name) => {
    turnOff([name])
    expect(kernelNames.filter((other) => kernelsFor(other) === null)).toEqual([name])
    turnOff([])
    expect(kernelsFor(name)).toBe(kernels)
  })
})

test('on another backend no kernel serves', async () => {
  await useBackend('cpu')
  expect(kernelNames.filter((name) => kernelsFor(name) !== null)).toEqual([])
  const spy = vi.spyOn(kernels, 'fillNormal')
  Rng.seeded(1).fillNormal(new Float32Array(256))
  expect(spy).not.toHaveBeenCalled()
  await useBackend('wasm')
  expect(kernelsFor('product')).toBe(kernels)
})

test('few normals do not take the way to the kernel', () => {
  const spy = vi.spyOn(kernels, 'fillNormal')
  Rng.seeded(1).fillNormal(new Float32Array(255))
  expect(spy).not.toHaveBeenCalled()
})

describe('CAUSEWAY_KERNELS_OFF', () => {
  /** The kernels that are off where the variable has this value, and the warnings. */
  async function offUnder(value: string | undefined): Promise<{ off: string[]; warnings: string[] }> {
    vi.stubEnv('CAUSEWAY_KERNELS_OFF', value)
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    vi.resetModules()
    const switches = await import('./switches')
    expect(switches.isWanted).not.toBe(isWanted)
    return {
      off: switches.kernelNames.filter((name) => !switches.isWanted(name)),
      warnings: warn.mock.calls.map(([text]) => String(text)),
    }
  }

  test.each<[string | undefined, readonly string[]]>([
    [undefined, []],
    ['', []],
    [' , ', []],
    ['adam', ['adam']],
    [' noise ,product,', ['product', 'noise']],
    ['all', kernelNames],
    ['adam, all', kernelNames],
  ])('of %j turns off %j', async (value, off) => expect(await offUnder(value)).toEqual({ off, warnings: [] }))

  test('warns of what names no kernel, and turns off the rest', async () => {
    const { off, warnings } = await offUnder('products, adam, Rows')
    expect(off).toEqual(['adam'])
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toContain('no kernel products, Rows')
  })
})
