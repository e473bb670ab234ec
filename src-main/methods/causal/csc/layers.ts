import { addToGroups, dotGroups, squaredLengths, sumGroups } from '../../../tensor/groups'
import { linear, scaleColumns } from '../../../tensor/ops'
import type { Rng } from '../../../tensor/rng'
import { tf, type Tensor, type Tensor1D, type Tensor2D, type Tensor3D } from '../../../tensor/tf'
import { gumbelSigmoid } from '../../blocks/gumbel-sigmoid'
import { decodeHidden } from '../../blocks/mult-vae'
import type { EdgeKnowledge } from '../../method'
import { offDiagonal } from './structure'
import { causalWidth, hasGlobalGraph, hasLocalGraph, headWidth, type CscSize, type CscWeights } from './weights'

/** Temperatures of the graph (paper: 0.2) and of the mix weights (paper: 0.1). */
export const graphTemperature = 0.2
export const mixTemperature = 0.1

/** How much of f's output is added to z: see "Deviations and decisions" in README.md. */
export const mixScale = 0.1

/** What the products of queries and keys, which have unit length, are multiplied by before the softmax. */
export const attentionSharpness = 3

/**
 * A graph with what is known of it: required edges exactly 1, forbidden ones exactly 0, the others as they are. No gradient
 * reaches the logit of an edge that is known.
 */
function withKnowledge(graph: Tensor2D, knowledge: EdgeKnowledge | null): Tensor2D {
  if (!knowledge) return graph
  const free = tf.tensor2d(
    Float32Array.from(knowledge, (edge) => (edge === 0 ? 1 : 0)),
    graph.shape,
  )
  const required = tf.tensor2d(
    Float32Array.from(knowledge, (edge) => (edge === 1 ? 1 : 0)),
    graph.shape,
  )
  return tf.add(tf.mul(graph, free), required)
}

/**
 * The global graph, [k, k], parents in rows, zero diagonal: a relaxed sample in training (Eq. 4), the learned probability of every
 * edge at evaluation; every edge in a variant that learns none. What is known of an edge takes no part in the noise.
 * @param rng in training the source of the noise; null at evaluation
 */
export function globalGraph(
  weights: CscWeights,
  size: CscSize,
  knowledge: EdgeKnowledge | null,
  rng: Rng | null,
): Tensor2D {
  const others = offDiagonal(size.confounders)
  if (!hasGlobalGraph(size.variant)) return withKnowledge(others, knowledge)
  const logits = weights['graph.logits'] as unknown as Tensor2D
  return withKnowledge(tf.mul(gumbelSigmoid(logits, graphTemperature, rng), others), knowledge)
}

/** No node is its own parent: what is taken from its score, [k, k], so that its share goes to the others. */
export const ownShare = (k: number): Tensor => tf.mul(tf.eye(k), 1e9)

/** What the attention needs of E and the weights, the same for all users. Queries and keys are of unit length. */
export interface AttentionParts {
  /** [d, k·a] */
  queryOfUser: Tensor2D
  /** [1, k, a]: what node j asks through head j. */
  nodeQueries: Tensor3D
  /** [k, a, k]: head j's keys of all nodes. */
  nodeKeys: Tensor3D
}

export function attentionParts(weights: CscWeights, k: number): AttentionParts {
  const d = weights['confounders'].shape[1]!
  const [queryOfE, queryOfUser] = tf.split(weights['attention.query'], [d, d]) as [Tensor2D, Tensor2D]
  const confounders = weights['confounders'] as unknown as Tensor2D

  // The query of head j is asked by node j: of all heads of all nodes only the own ones are kept.
  const ownHeads = tf.reshape(tf.eye(k), [k, k, 1])
  const nodeQueries = tf.sum(tf.mul(tf.reshape(tf.matMul(confounders, queryOfE), [k, k, headWidth]), ownHeads), 0)

  // A key made from [E_i ; u] is a part of node i and a part of the user. The latter adds the same to the scores of all parents
  // of a node, which the softmax takes out again, so keys are made from E alone.
  const keys = tf.reshape(tf.matMul(confounders, weights['attention.key'] as unknown as Tensor2D), [k, k, headWidth])
  return {
    queryOfUser,
    nodeQueries: toUnitLength(tf.reshape(nodeQueries, [1, k, headWidth])) as Tensor3D,
    nodeKeys: tf.transpose(toUnitLength(keys), [1, 2, 0]) as Tensor3D,
  }
}

/**
 * The local graph (Eq. 5-6): how strongly each confounder acts on each other one for each user. Queries and keys are made
 * from [E ; u], both halves and the keys at unit length; head j gives the strengths of the edges into j, softmax over its
 * possible parents.
 * @param z users' preferences [B, d]
 * @returns [B, k, k], parents in rows, zero diagonal
 */
export function localGraph(weights: CscWeights, z: Tensor2D, k: number): Tensor3D {
  const users = z.shape[0]
  const user = tf.tanh(linear(z, weights['user.weight'], weights['user.bias']))
  const { queryOfUser, nodeQueries, nodeKeys } = attentionParts(weights, k)
  const userQueries = tf.reshape(tf.matMul(user, queryOfUser), [users, k, headWidth])
  const queries = tf.add(toUnitLength(userQueries), nodeQueries)

  // The scores of all heads at once are one product with a matrix that has head j's keys of all nodes in block j and zeros elsewhere.
  const blocks = tf.mul(tf.reshape(nodeKeys, [k, headWidth, 1, k]), tf.reshape(tf.eye(k), [k, 1, k, 1]))
  const scores = tf.reshape(
    tf.matMul(tf.reshape(queries, [users, k * headWidth]), tf.reshape(blocks, [k * headWidth, k * k]) as Tensor2D),
    [users, k, k],
  )
  const shares = tf.softmax(tf.sub(tf.mul(scores, attentionSharpness), ownShare(k)))
  return tf.mul(tf.transpose(shares, [0, 2, 1]), offDiagonal(k)) as Tensor3D
}

/**
 * The users' causal graphs A^u = A ∘ W_local (Eq. 7); a mask, the do-operation, is a factor on A.
 * @param graph the global graph [k, k]
 * @returns [B, k, k], or [1, k, k] where all users share one
 */
export function userGraphs(weights: CscWeights, size: CscSize, z: Tensor2D, graph: Tensor2D): Tensor3D {
  const k = size.confounders
  const shared = tf.reshape(graph, [1, k, k]) as Tensor3D
  return hasLocalGraph(size.variant) ? tf.mul(shared, localGraph(weights, z, k)) : shared
}

/** The exogenous terms of the confounders: E_j, in training with Gaussian noise of a learned scale: [k, d] or [B·k, d]. */
export function exogenous(weights: CscWeights, users: number, rng: Rng | null): Tensor2D {
  const [k, d] = weights['confounders'].shape as [number, number]
  const confounders = weights['confounders'] as unknown as Tensor2D
  if (!rng) return confounders
  const noise = tf.tensor2d(rng.fillNormal(new Float32Array(users * k * d)), [users, k * d])
  const scales = tf.mul(tf.exp(weights['exogenous.logScale']), tf.ones([1, d]))
  const flat = (x: Tensor): Tensor1D => tf.reshape(x, [k * d])
  return tf.reshape(scaleColumns(noise, flat(scales), flat(confounders)), [users * k, d])
}

/**
 * What the parents' embeddings give to the hidden layers of all g_j: [k, k·g], row i what E_i gives, column block j what g_j
 * takes. g_j's first layer is linear in the scaled embeddings, so every embedding passes it once for all users and only the k²
 * strengths differ between them.
 */
export function parentParts(weights: CscWeights): Tensor2D {
  const [k, d] = weights['confounders'].shape as [number, number]
  // Row i holds E_i in block i: its product with the blocks of parent i gives E_i's part in the hidden layers of all children.
  const spread = tf.mul(tf.reshape(weights['confounders'], [k, 1, d]), tf.reshape(tf.eye(k), [k, k, 1]))
  return tf.matMul(
    tf.reshape(spread, [k, k * d]) as Tensor2D,
    weights['causal.hidden.weight'] as unknown as Tensor2D,
  ) as Tensor2D
}

/**
 * The causal layer (Eq. 8): c_j = g_j(the parents' embeddings, each scaled by the strength of its edge into j) + exogenous
 * term. g_j has one hidden ELU layer.
 * @param graphs [B, k, k] or [1, k, k]
 * @returns [B·k, d]
 */
export function causalLayer(weights: CscWeights, graphs: Tensor3D, exogenousTerms: Tensor2D, users: number): Tensor2D {
  const [k, d] = weights['confounders'].shape as [number, number]
  const rows = graphs.shape[0]
  const parts = parentParts(weights)
  const blocks = tf.mul(tf.reshape(parts, [k, 1, k, causalWidth]), tf.reshape(tf.eye(k), [1, k, k, 1]))
  const hidden = tf.elu(
    linear(
      tf.reshape(graphs, [rows, k * k]),
      tf.reshape(blocks, [k * k, k * causalWidth]),
      weights['causal.hidden.bias'],
    ),
  )
  const perChild = tf.split(hidden, k, 1) as Tensor2D[]
  const outputs = tf.split(weights['causal.output.weight'], k) as Tensor2D[]
  const caused = tf.add(
    tf.concat(
      perChild.map((part, j) => tf.matMul(part, outputs[j]!)),
      1,
    ),
    weights['causal.output.bias'],
  )
  const terms = tf.reshape(exogenousTerms, [-1, k, d])
  const sum = tf.add(tf.reshape(caused, [rows, k, d]), terms)
  return tf.reshape(sum.shape[0] === users ? sum : tf.tile(sum, [users, 1, 1]), [users * k, d])
}

/**
 * The mix layer (Eq. 9): z_{u,j} = z + scale · f([z ; c_j]), f with one hidden ELU layer.
 * @param confounders [B·k, d]
 * @returns [B·k, d]
 */
export function mixRepresentations(weights: CscWeights, z: Tensor2D, confounders: Tensor2D): Tensor2D {
  const ofPreference = linear(z, weights['mix.preference.weight'], weights['mix.hidden.bias'])
  const ofConfounder = tf.matMul<Tensor2D>(confounders, weights['mix.confounder.weight'] as Tensor)
  return mixFrom(weights, z, addToGroups(ofConfounder, ofPreference))
}

/**
 * The mix layer from the sums that enter the hidden layer of f, so that what z and c_j give to them can be computed apart.
 * @param sums [B·k, m]
 * @returns [B·k, d]
 */
export const mixFrom = (weights: CscWeights, z: Tensor2D, sums: Tensor2D): Tensor2D =>
  addToGroups(linear(tf.elu(sums), weights['mix.output.weight'], weights['mix.output.bias']), z, mixScale)

/**
 * The weights of the mixture (Eq. 10): Gumbel-Sigmoid of the cosine similarity of z and z_{u,j}, made to sum to one over j.
 * @param rng in training the source of the noise; null at evaluation
 * @returns [B, k]
 */
export function mixWeights(z: Tensor2D, mixed: Tensor2D, rng: Rng | null): Tensor2D {
  const open = gumbelSigmoid(cosines(mixed, z), mixTemperature, rng)
  return tf.div(open, tf.sum(open, 1, true))
}

/** The small term keeps the gradient of a length finite at zero. */
const lengthFrom = <T extends Tensor>(squared: T): T => tf.sqrt(tf.add(squared, 1e-12)) as T

/**
 * Cosine similarities of the k rows of every group with the group's row.
 * @param x [B·k, d]
 * @param y [B, d]
 * @returns [B, k]
 */
export function cosines(x: Tensor2D, y: Tensor2D): Tensor2D {
  const lengths = (rows: Tensor2D): Tensor2D =>
    tf.reshape(lengthFrom(squaredLengths(rows)), [y.shape[0], -1]) as Tensor2D
  return tf.div(dotGroups(x, y), tf.mul(lengths(x), lengths(y)))
}

const toUnitLength = (x: Tensor): Tensor => tf.div(x, lengthFrom(tf.sum(tf.square(x), x.rank - 1, true)))

/**
 * The decoder up to its last linear layer, mixed there: Σ_j w_j hidden(z_{u,j}), [B, hidden]. The layer that follows is
 * linear and the weights sum to one, so mixing here gives what mixing the item logits would (Eq. 11), for 1/k of the work.
 */
export const mixDecoded = (weights: CscWeights, mixed: Tensor2D, shares: Tensor2D): Tensor2D =>
  sumGroups(decodeHidden(weights, mixed), shares)
