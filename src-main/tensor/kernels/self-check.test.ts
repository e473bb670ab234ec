import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startedKernels } from '../../../tests/support/kernels'
import { tf } from '../tf'
import type { Kernels } from './kernels'
import { checkKernels } from './self-check'

let kernels: Kernels
beforeAll(async () => {
  kernels = await startedKernels()
})
afterAll(() => expect(tf.memory().numTensors).toBe(0))

/** The kernels, some of them replaced. */
const withWrong = (wrong: Partial<Kernels>): Kernels => Object.assign(Object.create(kernels) as Kernels, wrong)

/** The same with one value moved a little, in place. */
function spoilt<T extends TensorInfo>(info: T, at: number): T {
  const backend = tf.backend() as unknown as { typedArrayFromHeap(info: TensorInfo): Float32Array }
  backend.typedArrayFromHeap(info)[at]! += 1e-3
  return info
}

test('trusts kernels that compute what they should', () => expect(checkKernels(withWrong({}))).toBe(true))

// The first value, one in the middle of a whole vector, and the last, which no whole vector holds.
test.each([0, 21, 13 * 37 - 1])('refuses a product that is wrong at %i', (at) =>
  expect(checkKernels(withWrong({ product: (...args) => spoilt(kernels.product(...args), at) }))).toBe(false),
)

test.each([0, 38, 3 * 37 - 1])('refuses sums of rows that are wrong at %i', (at) =>
  expect(checkKernels(withWrong({ sumRows: (...args) => spoilt(kernels.sumRows(...args), at) }))).toBe(false),
)

test.each([0, 100, 13 * 37 - 1])('refuses a log-softmax that is wrong at %i', (at) =>
  expect(checkKernels(withWrong({ logSoftmax: (...args) => spoilt(kernels.logSoftmax(...args), at) }))).toBe(false),
)

test('refuses a Bernoulli likelihood that is a thousandth off', () =>
  expect(checkKernels(withWrong({ bernoulli: (...args) => tf.mul(kernels.bernoulli(...args), 1.001) }))).toBe(false))

test.each([0, 100, 13 * 37 - 1])('refuses a gradient of the Bernoulli likelihood that is wrong at %i', (at) =>
  expect(
    checkKernels(withWrong({ bernoulliGradient: (...args) => spoilt(kernels.bernoulliGradient(...args), at) })),
  ).toBe(false),
)

test('refuses values that are not numbers', () =>
  expect(checkKernels(withWrong({ logSoftmax: (x) => tf.mul<Tensor>(kernels.logSoftmax(x), NaN) as typeof x }))).toBe(
    false,
  ))

test.each([
  ['does nothing', () => true],
  ['refuses to step', () => false],
  [
    'forgets the decay',
    (...[weight, gradient, first, second, rates]: Parameters<Kernels['adam']>) =>
      kernels.adam(weight, gradient, first, second, { ...rates, weightDecay: 0 }),
  ],
])('refuses an Adam that %s', (_, adam) => expect(checkKernels(withWrong({ adam }))).toBe(false))
