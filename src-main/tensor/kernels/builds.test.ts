import type { TensorInfo } from '@tensorflow/tfjs-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  bytesOf,
  firstDifference,
  normals,
  patternTensors,
  randomRows,
  startedKernels,
  valuesOf,
} from '../../../tests/support/kernels'
import { Rng } from '../rng'
import { tf, type Tensor } from '../tf'
import { compileKernels, kernelFolder, unaryNames } from './compile'
import { Kernels } from './kernels'
import { checkKernels } from './self-check'
import type { WasmBackend } from './shared-heap'

type Build = 'relaxed' | 'plain'
const variants = (['relaxed', 'plain'] as const).flatMap((build) =>
  [false, true].flatMap((joined) => [false, true].map((narrow) => ({ build, joined, narrow }))),
)
const nameOf = ({ build, joined, narrow }: (typeof variants)[number]): string =>
  `${build}, vectors ${joined ? 'joined' : 'as they are'}, tiles ${narrow ? 'narrow' : 'wide'}`

/** What each variant computes, by the name of the kernel. */
const results = new Map<string, Record<string, Float32Array>>()
const compiled = new Map<string, ReturnType<typeof compileKernels>>()
const trusted = new Map<string, boolean>()

const rng = Rng.seeded(91)
const [rows, cols, width] = [43, 701, 83]
const pattern = randomRows(rng, rows, cols, 0.2)
const [left, right, bias, logits, gradient] = [rows * cols, cols * width, width, rows * cols, rows].map((length) =>
  normals(rng, length),
) as [Float32Array, Float32Array, Float32Array, Float32Array, Float32Array]

function computeAll(kernels: Kernels): Record<string, Float32Array> {
  const tensor = (info: TensorInfo): Tensor => tf.engine().makeTensorFromTensorInfo(info)
  const found: Record<string, Float32Array> = {}
  const keep = (name: string, compute: () => Tensor): void => void (found[name] = valuesOf(compute))
  for (const transposeA of [false, true])
    for (const transposeB of [false, true])
      keep(`product ${transposeA} ${transposeB}`, () =>
        tensor(
          kernels.product(
            tf.tensor2d(left, transposeA ? [cols, rows] : [rows, cols]),
            tf.tensor2d(right, transposeB ? [width, cols] : [cols, width]),
            transposeA,
            transposeB,
            tf.tensor1d(bias),
          ),
        ),
      )
  const x = (): ReturnType<typeof tf.tensor2d> => tf.tensor2d(logits, [rows, cols])
  keep('sumRows', () =>
    kernels.sumRows(tf.tensor2d(right, [cols, width]), ...patternTensors(pattern), tf.tensor1d(gradient)),
  )
  keep('columnSums', () => kernels.columnSums(x()))
  keep('likelihood', () => kernels.likelihood(x(), ...patternTensors(pattern), null).value)
  keep('likelihoodGradient', () => {
    const [indptr, indices] = patternTensors(pattern)
    const weights = tf.tensor1d(left.slice(0, indices.size))
    const { logSumExp } = kernels.likelihood(x(), indptr, indices, weights)
    return kernels.likelihoodGradient(x(), indptr, indices, weights, tf.tensor1d(gradient), logSumExp)
  })
  keep('bernoulli', () => kernels.bernoulli(x(), ...patternTensors(pattern)))
  keep('bernoulliGradient', () => kernels.bernoulliGradient(x(), ...patternTensors(pattern), tf.tensor1d(gradient)))
  keep('squaredError', () => {
    const [indptr, indices] = patternTensors(pattern)
    return kernels.squaredError(x(), indptr, indices, tf.tensor1d(left.slice(0, indices.size)))
  })
  keep('squaredErrorGradient', () => {
    const [indptr, indices] = patternTensors(pattern)
    const targets = tf.tensor1d(left.slice(0, indices.size))
    return kernels.squaredErrorGradient(x(), indptr, indices, targets, tf.tensor1d(gradient))
  })
  keep('exposedLikelihood', () => {
    const [indptr, indices] = patternTensors(pattern)
    return kernels.exposedLikelihood(x(), indptr, indices, tf.tensor1d(left.slice(0, indices.size)))
  })
  keep('exposedLikelihoodGradient', () => {
    const [indptr, indices] = patternTensors(pattern)
    const weights = tf.tensor1d(left.slice(0, indices.size))
    return kernels.exposedLikelihoodGradient(x(), indptr, indices, weights, tf.tensor1d(gradient))
  })
  keep('logSoftmax', () => kernels.logSoftmax(x()))
  keep('adam', () => {
    const [weight, first, second] = [tf.tensor1d(right), tf.zeros([right.length]), tf.zeros([right.length])]
    const rates = { rate: 0.01, floor: 1e-8, weightDecay: 0.1, beta1: 0.9, beta2: 0.999 }
    kernels.adam(weight, tf.tensor1d(right.toReversed()), first, second, rates)
    return tf.concat([weight, first as typeof weight, second as typeof weight])
  })
  for (const name of unaryNames) keep(name, () => tensor(kernels.unary(name, x())))
  found['topItems'] = Float32Array.from(tf.tidy(() => kernels.topItems(x(), pattern, 50)))
  const centre = left.slice(0, rows)
  tf.tidy(() => {
    const rowMeans = kernels.rowMeans(x())
    const start = tf.tensor1d(logits.slice(0, cols))
    Object.assign(found, { rowMeans }, kernels.columnBounds(x(), start, centre, rowMeans))
  })
  keep('gatherColumns', () => kernels.gatherColumns(x(), Int32Array.of(5, 700, 0)))
  const apart = Float32Array.from({ length: cols }, (_, at) => at % 7)
  found['survivors'] = Float32Array.from(kernels.survivors(apart, apart, Float32Array.of(1, 2), Float32Array.of(9, 12)))
  found['normals'] = new Float32Array(5001)
  kernels.fillNormal(Uint32Array.from([1, 2, 3, 4]), found['normals'])
  return found
}

beforeAll(async () => {
  await startedKernels()
  for (const variant of variants) {
    const module = compileKernels(kernelFolder()!, variant.joined, variant.build)
    const kernels = new Kernels(tf.backend() as WasmBackend, kernelFolder()!, module)
    kernels.narrow = variant.narrow
    compiled.set(nameOf(variant), module)
    results.set(nameOf(variant), computeAll(kernels))
    trusted.set(nameOf(variant), checkKernels(kernels))
  }
})
afterAll(() => expect(tf.memory().numTensors).toBe(0))

const resultsOf = (build: Build, joined: boolean, narrow: boolean): Record<string, Float32Array> =>
  results.get(nameOf({ build, joined, narrow }))!

describe.each(variants.map((variant) => [nameOf(variant), variant] as const))('%s', (name, { build, joined }) => {
  test('is what was asked for, and the self check trusts it', () => {
    expect(compiled.get(name)).toMatchObject({ build, joined })
    expect(trusted.get(name)).toBe(true)
  })

  test('computes what the others compute, within rounding', () => {
    const found = results.get(name)!
    const reference = resultsOf('plain', false, false)
    expect(Object.keys(found)).toEqual(Object.keys(reference))
    for (const [kernel, values] of Object.entries(found)) {
      expect(values.every((value) => Number.isFinite(value))).toBe(true)
      // Products are sums of 701 terms of magnitude 0.64, bounds of 43, likelihoods of some hundred log-probabilities or logarithms.
      const sums = kernel.startsWith('product') || kernel === 'base' || kernel === 'squares'
      const size = sums ? 200 : ['likelihood', 'bernoulli', 'exposedLikelihood'].includes(kernel) ? 1000 : 4
      const allowed = (at: number): number => 2 ** -22 * (size + Math.abs(reference[kernel]![at]!))
      expect(firstDifference(values, reference[kernel]!, allowed), kernel).toBeNull()
    }
  })
})

describe.each(['relaxed', 'plain'] as const)('within the %s build', (build) => {
  test('neither the tiles nor joined vectors change a bit', () => {
    const reference = resultsOf(build, false, false)
    for (const [joined, narrow] of [
      [false, true],
      [true, false],
      [true, true],
    ] as const)
      for (const [kernel, values] of Object.entries(resultsOf(build, joined, narrow)))
        expect(bytesOf(values).equals(bytesOf(reference[kernel]!)), `${kernel}, ${joined}, ${narrow}`).toBe(true)
  })
})

test('what needs no multiply-add has the same bits in both builds', () => {
  const [relaxed, plain] = [resultsOf('relaxed', false, false), resultsOf('plain', false, false)]
  for (const kernel of [
    'sumRows',
    'columnSums',
    'adam',
    'topItems',
    'rowMeans',
    'gatherColumns',
    'survivors',
    'normals',
    'squaredError',
    'squaredErrorGradient',
  ])
    expect(bytesOf(relaxed[kernel]!).equals(bytesOf(plain[kernel]!)), kernel).toBe(true)
})

test('the builds do differ where the machine has a fused multiply-add', () => {
  const [relaxed, plain] = (['relaxed', 'plain'] as const).map(
    (build) => resultsOf(build, false, false)['product false false']!,
  )
  if (process.arch === 'x64' || process.arch === 'arm64') expect(bytesOf(relaxed!).equals(bytesOf(plain!))).toBe(false)
})

test('the engine compiles anew for joined vectors, and anew without them', () => {
  const marks = [true, false].map(
    (joined) => WebAssembly.Module.customSections(compileKernels(kernelFolder()!, joined).module, 'joined').length,
  )
  expect(marks).toEqual([1, 0])
})
