import { linear } from '../../../tensor/ops'
import type { ItemLayer } from '../../../tensor/rank'
import { tf, type Tensor1D, type Tensor2D, type Tensor3D } from '../../../tensor/tf'
import { gumbelSigmoid } from '../../blocks/gumbel-sigmoid'
import { decodeHidden, itemLayerOn } from '../../blocks/mult-vae'
import type { EdgeKnowledge } from '../../method'
import { cosines, globalGraph, mixFrom, mixTemperature, parentParts } from './layers'
import type { CscSize, CscWeights } from './weights'

/**
 * Scores without noise, one confounder at a time: each goes its own way from its parents to the decoder, and the ways meet in the
 * mixture. So a confounder that an intervention does not touch need not be computed again, and each gives the same bits whether
 * the others are computed or remembered.
 */

/** What is read of the weights for every block, made once. All tensors. */
export type Layers = {
  /** The global graph, [1, k, k]. */
  graph: Tensor3D
  /** By child j: g_j with its parents' parts [k, g], and what else is added to c_j. Empty in a variant without graphs. */
  children: { parts: Tensor2D; hiddenBias: Tensor1D; output: Tensor2D; offset: Tensor1D }[]
  /** E_j by confounder, [1, d]. */
  embeddings: Tensor2D[]
}

/** The layers as they are with the present weights. The caller disposes them, or calls inside a tidy. */
export const layersOf = (weights: CscWeights, size: CscSize, knowledge: EdgeKnowledge | null): Layers =>
  tf.tidy(() => {
    const { confounders: k, latent: d } = size
    const embeddings = tf.split(weights['confounders'], k) as unknown as Tensor2D[]
    const graph = tf.reshape(globalGraph(weights, size, knowledge, null), [1, k, k]) as Tensor3D
    if (size.variant === 'none') return { graph, children: [], embeddings }
    const parts = tf.split(parentParts(weights), k, 1) as Tensor2D[]
    const hiddenBiases = tf.split(weights['causal.hidden.bias'], k)
    const outputs = tf.split(weights['causal.output.weight'], k) as unknown as Tensor2D[]
    const own = tf.add(tf.reshape(weights['causal.output.bias'], [k, d]), weights['confounders'])
    const offsets = tf.split(tf.reshape(own, [k * d]), k)
    const children = parts.map((part, j) => ({
      parts: part,
      hiddenBias: hiddenBiases[j]! as unknown as Tensor1D,
      output: outputs[j]!,
      offset: offsets[j]! as Tensor1D,
    }))
    return { graph, children, embeddings }
  })

/**
 * The strengths of the edges into each child, by child [rows, k]: A ∘ mask ∘ W_local (Eq. 7 and the do-operation).
 * @param strengths the users' local graphs [B, k, k]; null where all share one
 * @param mask [1, k, k] for all rows, [B, k, k], or null
 */
export function edgesInto(layers: Layers, strengths: Tensor3D | null, mask: Tensor3D | null): Tensor2D[] {
  const k = layers.embeddings.length
  const shared = mask ? tf.mul(layers.graph, mask) : layers.graph
  const graphs = strengths ? tf.mul(shared, strengths) : shared
  return tf.split(tf.reshape(tf.transpose(graphs, [0, 2, 1]), [-1, k * k]), k, 1) as Tensor2D[]
}

/** c_j from the edges into it (Eq. 8 without noise): [rows, d], or [1, d] where it is the same for all rows. */
export function confounderFrom({ children, embeddings }: Layers, j: number, into: Tensor2D): Tensor2D {
  const child = children[j]
  if (!child) return embeddings[j]!
  return linear(tf.elu(linear(into, child.parts, child.hiddenBias)), child.output, child.offset)
}

/** One confounder's way to the mixture. */
export type Way = {
  /** The decoder's hidden layer at z_{u,j}, [B, hidden]. */
  hidden: Tensor2D
  /** cos(z, z_{u,j}), [B, 1] (Eq. 10). */
  similarity: Tensor2D
}

/** What z gives to the hidden layer of f, the same for every confounder: [B, m]. */
export const preferencePart = (weights: CscWeights, z: Tensor2D): Tensor2D =>
  linear(z, weights['mix.preference.weight'], weights['mix.hidden.bias'])

const wayOf = (weights: CscWeights, z: Tensor2D, mixed: Tensor2D): Way => ({
  hidden: decodeHidden(weights, mixed),
  similarity: cosines(mixed, z),
})

/**
 * The way of a confounder of the value c [B, d] or [1, d] (Eq. 9).
 * @param preference `preferencePart` of z
 */
export const wayThrough = (weights: CscWeights, z: Tensor2D, preference: Tensor2D, c: Tensor2D): Way =>
  wayOf(
    weights,
    z,
    mixFrom(weights, z, tf.add(preference, tf.matMul(c, weights['mix.confounder.weight'] as unknown as Tensor2D))),
  )

/** The way of a confounder that adds nothing to z. */
export const silentWay = (weights: CscWeights, z: Tensor2D): Way => wayOf(weights, z, z)

/** Way by way, a where `share` [B, 1] is 0 and b where it is 1. */
export const choose = (a: Way, b: Way, share: Tensor2D): Way => {
  const rest = tf.sub(1, share)
  const between = (x: Tensor2D, y: Tensor2D): Tensor2D => tf.add(tf.mul(x, rest), tf.mul(y, share))
  return { hidden: between(a.hidden, b.hidden), similarity: between(a.similarity, b.similarity) }
}

/** What the item logits are made of: the ways of all confounders, mixed before the last layer (Eq. 10-11). */
export function itemLayerFrom(weights: CscWeights, ways: readonly Way[]): ItemLayer {
  const open = ways.map(({ similarity }) => gumbelSigmoid(similarity, mixTemperature, null))
  const total = open.reduce((sum, each) => tf.add(sum, each))
  const mixed = ways
    .map(({ hidden }, j) => tf.mul(hidden, tf.div(open[j]!, total)) as Tensor2D)
    .reduce((sum, each) => tf.add(sum, each))
  return itemLayerOn(weights, mixed)
}
