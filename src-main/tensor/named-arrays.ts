import { CausewayError } from '../../src-shared/contract/errors'
import type { NamedArray, NamedArrays } from '../methods/method'
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
  for (const [name, tensor] of Object.entries(tensors))
    arrays[name] = { shape: tensor.shape.slice(), data: Float32Array.from(await tensor.data()) }
  return arrays
}

/** Puts saved values into the variables of the same names. */
export function assignWeights(weights: Weights, arrays: NamedArrays): void {
  for (const [name, variable] of Object.entries(weights)) {
    const saved = arrays[name]
    if (!saved || saved.shape.join() !== variable.shape.join())
      throw new CausewayError(
        'runInvalid',
        `The saved weights do not fit the model: "${name}" is missing or misshapen.`,
        {
          name,
          expected: variable.shape,
          found: saved?.shape ?? null,
        },
      )
    const value = tf.tensor(saved.data as Float32Array, saved.shape)
    variable.assign(value)
    value.dispose()
  }
}

export function disposeWeights(weights: Weights): void {
  for (const variable of Object.values(weights)) variable.dispose()
}
