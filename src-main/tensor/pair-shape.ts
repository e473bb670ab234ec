import { CausewayError } from '../../src-shared/contract/errors'
import type { NamedArrays } from '../methods/method'
import type { AdamOptions } from './adam'
import type { Rng } from './rng'

/** The size of a network on (user, item) pairs. */
export interface PairShape {
  /**
   * `ncf`: dense layers with ReLU over both embeddings side by side (He et al. 2017, the MLP part); `mf`: their dot product and biases
   * (Koren et al. 2009, without the global mean).
   */
  backbone: 'ncf' | 'mf'
  users: number
  items: number
  /** Length of an embedding. */
  width: number
  /** Units of each hidden layer of `ncf`; none leaves a single linear layer. `mf` has none. */
  hidden: readonly number[]
  /**
   * Logits of a pair, 1 unless given: one for each task, where several share the embeddings and hidden layers (multi-task learning,
   * Caruana 1997). `mf` has one.
   */
  outputs?: number
}

export interface PairOptions extends AdamOptions {
  /**
   * Adam steps only the embedding rows of the pairs in the batch, as `torch.optim.SparseAdam` does, with weight decay on those rows; the
   * others keep values and moments. Off unless given: dense Adam decays and moves all rows in every step.
   */
  lazyRows?: boolean
}

/** A dense layer of `ncf`. */
export interface PairLayer {
  name: string
  inputs: number
  outputs: number
}

/** Logits of a pair. */
export const pairOutputs = ({ outputs = 1 }: PairShape): number => outputs

/** The dense layers in order; none for `mf`. */
export function pairLayers(shape: PairShape): PairLayer[] {
  if (shape.backbone === 'mf') return []
  const sizes = [2 * shape.width, ...shape.hidden, pairOutputs(shape)]
  return sizes.slice(1).map((outputs, at) => ({ name: `layers.${at}`, inputs: sizes[at]!, outputs }))
}

/** The weights that are rows of a user or an item: of these, a batch touches only some. */
export const pairTables = ({ backbone, users, items, width }: PairShape): Record<string, number[]> => ({
  'user.embedding': [users, width],
  'item.embedding': [items, width],
  ...(backbone === 'mf' ? { 'user.bias': [users], 'item.bias': [items] } : {}),
})

/** All weights and their shapes; a layer's weight is [inputs, outputs]. */
export function pairWeights(shape: PairShape): Record<string, number[]> {
  const weights = pairTables(shape)
  for (const { name, inputs, outputs } of pairLayers(shape)) {
    weights[`${name}.weight`] = [inputs, outputs]
    weights[`${name}.bias`] = [outputs]
  }
  if (shape.backbone === 'mf') weights['bias'] = [1]
  return weights
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1)

/**
 * Starting weights as PyTorch has them: embeddings standard normal, layers uniform within ±1/√inputs (`nn.Embedding`, `nn.Linear`); for
 * `mf` embeddings of deviation 1/√width, so that their dot products have deviation 1/√width too, and biases of zero.
 */
export function initialPairWeights(shape: PairShape, rng: Rng): NamedArrays {
  const arrays: NamedArrays = {}
  const bounds = new Map(pairLayers(shape).map(({ name, inputs }) => [name, 1 / Math.sqrt(inputs)]))
  for (const [name, dimensions] of Object.entries(pairWeights(shape))) {
    const data = new Float32Array(sizeOf(dimensions))
    const bound = bounds.get(name.replace(/\.(weight|bias)$/, ''))
    if (name.endsWith('.embedding')) {
      rng.fillNormal(data)
      if (shape.backbone === 'mf') for (let i = 0; i < data.length; i++) data[i]! /= Math.sqrt(shape.width)
    } else if (bound !== undefined) for (let i = 0; i < data.length; i++) data[i] = bound * (2 * rng.uniform() - 1)
    arrays[name] = { shape: dimensions, data }
  }
  return arrays
}

/** @throws CausewayError `paramInvalid` naming the size that is none */
export function checkPairShape(shape: PairShape): void {
  const { backbone, users, items, width, hidden } = shape
  const sizes: [string, number][] = [
    ['users', users],
    ['items', items],
    ['width', width],
    ...hidden.map((units, at): [string, number] => [`hidden[${at}]`, units]),
    ['outputs', pairOutputs(shape)],
  ]
  for (const [name, size] of sizes)
    if (!Number.isInteger(size) || size < 1)
      throw new CausewayError('paramInvalid', `"${name}" must be a whole number of at least 1; it is ${size}.`, {
        name,
        value: size,
      })
  if (backbone === 'mf' && hidden.length > 0)
    throw new CausewayError('paramInvalid', 'Matrix factorisation has no hidden layers; "hidden" must be empty.', {
      name: 'hidden',
      value: [...hidden],
    })
  if (backbone === 'mf' && pairOutputs(shape) > 1)
    throw new CausewayError('paramInvalid', 'Matrix factorisation has one output; leave "outputs" out or take "ncf".', {
      name: 'outputs',
      value: pairOutputs(shape),
    })
}

/** Adam's whole state: moments under `first.` and `second.` and the names of the weights, and the steps taken. */
export interface AdamState {
  arrays: NamedArrays
  steps: number
}

/** What computes a network; both ways do it alike. Arguments are checked by `PairNetwork`. */
export interface PairEngine {
  /** Logits [pairs, outputs], and what `backward` needs is kept. */
  forward(users: Int32Array, items: Int32Array): Float32Array | Promise<Float32Array>
  /** Scaled sum of weight · binary cross-entropy of the last logits, one a pair, and its gradient in them. */
  crossEntropy(labels: Float32Array, weights: Float32Array, scale: number): { loss: number; dLogits: Float32Array }
  /** Gradients of all weights, replacing the ones before, from those of the logits [pairs, outputs]. */
  backward(dLogits: Float32Array): void
  /** One step of Adam. */
  update(): void
  /** All of it in one, with one output; the loss. */
  step(
    users: Int32Array,
    items: Int32Array,
    labels: Float32Array,
    weights: Float32Array,
    scale: number,
  ): number | Promise<number>
  readWeights(): Promise<NamedArrays>
  writeWeights(arrays: NamedArrays): void
  readGradients(): Promise<NamedArrays>
  readOptimiser(): Promise<AdamState>
  writeOptimiser(state: AdamState): void
  dispose(): void
}
