import { CausewayError } from '../../src-shared/contract/errors'
import type { NamedArray, NamedArrays } from '../methods/method'
import type { WasmBackend } from './kernels/shared-heap'
import { tf, type Tensor, type Variable } from './tf'

/** Trainable weights by name. */
export type Weights<N extends string = string> = Record<N, Variable>

/** Float32 arrays as variables. They outlive every tidy; `disposeWeights` frees them. */
export function createWeights<N extends string>(arrays: Record<N, NamedArray>): Weights<N> {
  const weights = {} as Weights<N>
  for (const name of Object.keys(arrays) as N[])
    weights[name] = tf.tidy(() => tf.variable(tf.tensor(arrays[name].data as Float32Array, arrays[name].shape)))
  return weights
}

/** Copies tensors out of the backend. */
export async function readTensors(tensors: Record<string, Tensor>): Promise<NamedArrays> {
  const arrays: NamedArrays = {}
  // `wasm` always gives a copy, and weights are large; the others may hand out the very values they keep.
  const copied = tf.getBackend() === 'wasm'
  for (const [name, tensor] of Object.entries(tensors)) {
    const data = (await tensor.data()) as Float32Array
    arrays[name] = { shape: tensor.shape.slice(), data: copied ? data : data.slice() }
  }
  return arrays
}

/**
 * The values of tensors where they lie, on `wasm`; copies elsewhere. They are good until the next operation or disposal: for writing
 * them down at once. A model of 32 million weights and its moments would be 385 MB of copies.
 */
export async function lendTensors(tensors: Record<string, Tensor>): Promise<NamedArrays> {
  if (tf.getBackend() !== 'wasm') return readTensors(tensors)
  const backend = tf.backend() as WasmBackend
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => [
      name,
      { shape: tensor.shape.slice(), data: backend.typedArrayFromHeap(tensor) },
    ]),
  )
}

/**
 * Saved arrays under the names and with the shapes that are expected.
 * @throws CausewayError `runInvalid` naming the first one that is missing or misshapen
 */
export function checkedArrays<N extends string>(
  saved: NamedArrays,
  expected: Record<N, { shape: number[] }>,
): Record<N, NamedArray> {
  const checked = {} as Record<N, NamedArray>
  for (const name of Object.keys(expected) as N[]) {
    const [found, shape] = [saved[name], expected[name].shape]
    if (!found || !(found.data instanceof Float32Array) || found.shape.join() !== shape.join())
      throw new CausewayError(
        'runInvalid',
        `The saved weights do not fit the model: "${name}" is missing or misshapen.`,
        {
          name,
          expected: shape,
          found: found?.shape ?? null,
        },
      )
    checked[name] = found
  }
  return checked
}

/** Puts saved values into the variables of the same names. @throws CausewayError `runInvalid` where they do not fit */
export function assignWeights(weights: Weights, arrays: NamedArrays): void {
  for (const [name, { shape, data }] of Object.entries(checkedArrays(arrays, weights))) {
    const value = tf.tensor(data as Float32Array, shape)
    weights[name]!.assign(value)
    value.dispose()
  }
}

export function disposeWeights(weights: Weights): void {
  for (const variable of Object.values(weights)) variable.dispose()
}
