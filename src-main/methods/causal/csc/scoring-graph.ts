import { tf, type Tensor } from '../../../tensor/tf'
import { addDecoderHidden, addEncoder, addItemScores, vaeConstants } from '../../blocks/mult-vae'
import { readConstants, ScoringBuilder } from '../../blocks/scoring-builder'
import type { EdgeKnowledge } from '../../method'
import type { ScoringGraph } from '../../scoring-graph'
import {
  attentionParts,
  attentionSharpness,
  globalGraph,
  mixScale,
  mixTemperature,
  ownShare,
  parentParts,
} from './layers'
import { causalWidth, hasLocalGraph, headWidth, type CscSize, type CscWeights } from './weights'

/** All confounders at once: what belongs to confounder j is the j-th matrix of a stack. What no user changes is computed here. */
function constantsOf(weights: CscWeights, size: CscSize, knowledge: EdgeKnowledge | null): Record<string, Tensor> {
  const { confounders: k, latent: d, variant } = size
  const embeddings = tf.reshape(weights['confounders'], [k, 1, d])
  const constants: Record<string, Tensor> = {
    ...vaeConstants(weights),
    'mix.preference.weight': weights['mix.preference.weight'],
    'mix.confounder.weight': weights['mix.confounder.weight'],
    'mix.hidden.bias': weights['mix.hidden.bias'],
    'mix.output.weight': weights['mix.output.weight'],
    'mix.output.bias': weights['mix.output.bias'],
  }
  if (variant === 'none') return { ...constants, confounders: embeddings }
  Object.assign(constants, {
    graph: globalGraph(weights, size, knowledge, null),
    'causal.hidden.weight': tf.transpose(tf.reshape(parentParts(weights), [k, k, causalWidth]), [1, 0, 2]),
    'causal.hidden.bias': tf.reshape(weights['causal.hidden.bias'], [k, 1, causalWidth]),
    'causal.output.weight': tf.reshape(weights['causal.output.weight'], [k, causalWidth, d]),
    'causal.output.bias': tf.add(tf.reshape(weights['causal.output.bias'], [k, 1, d]), embeddings),
  })
  if (!hasLocalGraph(variant)) return constants
  const { queryOfUser, nodeQueries, nodeKeys } = attentionParts(weights, k)
  return {
    ...constants,
    'user.weight': weights['user.weight'],
    'user.bias': weights['user.bias'],
    'attention.query': queryOfUser,
    'attention.nodes': nodeQueries,
    'attention.keys': tf.mul(nodeKeys, attentionSharpness),
    'attention.own': tf.neg(tf.reshape(ownShare(k), [k, 1, k])),
  }
}

/** The strengths of the edges into each child, [k (child) × 1 or rows × k (parent)]: A ∘ mask ∘ W_local (Eq. 7). */
function addEdges(builder: ScoringBuilder, { confounders: k, variant }: CscSize, z: string): string {
  const masked = builder.apply('graph.masked', 'multiply', 'graph', builder.maskInput(k))
  const into = builder.reshape('graph.into', builder.transpose('graph.children', masked, [1, 0]), [k, 1, k])
  if (!hasLocalGraph(variant)) return into

  const user = builder.apply('user', 'tanh', builder.linear('user.linear', z, 'user.weight', 'user.bias'))
  const asked = builder.apply('attention.asked', 'matMul', user, 'attention.query')
  const userQueries = builder.reshape('attention.users', asked, [-1, k, headWidth])
  const lengths = builder.lengths('attention.lengths', userQueries)
  const unit = builder.apply('attention.users.unit', 'divide', userQueries, lengths)
  const queries = builder.apply('attention.queries', 'add', unit, 'attention.nodes')
  const byHead = builder.transpose('attention.heads', queries, [1, 0, 2])
  const scores = builder.apply('attention.scores', 'matMul', byHead, 'attention.keys')
  const shares = builder.apply(
    'strengths',
    'softmax',
    builder.apply('attention.others', 'add', scores, 'attention.own'),
  )
  return builder.apply('edges', 'multiply', into, shares)
}

/** The confounders [k × 1 or rows × d] (Eq. 8 without noise). */
function addConfounders(builder: ScoringBuilder, size: CscSize, z: string): string {
  if (size.variant === 'none') return 'confounders'
  const edges = addEdges(builder, size, z)
  const linear = builder.linear('causal.hidden.linear', edges, 'causal.hidden.weight', 'causal.hidden.bias')
  const hidden = builder.apply('causal.hidden', 'elu', linear)
  return builder.linear('causal.confounders', hidden, 'causal.output.weight', 'causal.output.bias')
}

/**
 * The scores without noise as a graph of operations. The mask is an input, but in a variant without graphs, which has no edges.
 * See `scoring.ts` for the same one confounder at a time.
 */
export async function cscScoringGraph(
  weights: CscWeights,
  size: CscSize,
  knowledge: EdgeKnowledge | null,
): Promise<ScoringGraph> {
  const builder = new ScoringBuilder(size.items, await readConstants(() => constantsOf(weights, size, knowledge)))
  const z = addEncoder(builder)
  const confounders = addConfounders(builder, size, z)

  // Eq. 9: z_{u,j} = z + scale · f([z ; c_j]), [k × rows × d].
  const preference = builder.linear('mix.preference', z, 'mix.preference.weight', 'mix.hidden.bias')
  const ofConfounders = builder.apply('mix.confounders', 'matMul', confounders, 'mix.confounder.weight')
  const hidden = builder.apply('mix.hidden', 'elu', builder.apply('mix.sums', 'add', ofConfounders, preference))
  const change = builder.linear('mix.change', hidden, 'mix.output.weight', 'mix.output.bias')
  const scaled = builder.apply('mix.scaled', 'multiply', change, builder.number('mix.scale', mixScale))
  const mixed = builder.apply('mix.representations', 'add', z, scaled)

  // Eq. 10: shares in proportion to sigmoid(cos(z, z_{u,j}) / temperature), [k × rows × 1].
  const products = builder.sum('mix.dot', builder.apply('mix.products', 'multiply', z, mixed), -1, true)
  const ownLength = builder.lengths('mix.preference.length', z)
  const lengths = builder.apply('mix.lengths', 'multiply', ownLength, builder.lengths('mix.lengths.mixed', mixed))
  const similarity = builder.apply('mix.similarity', 'divide', products, lengths)
  const temperature = builder.number('mix.temperature', mixTemperature)
  const open = builder.apply('mix.open', 'sigmoid', builder.apply('mix.logits', 'divide', similarity, temperature))
  const shares = builder.apply('mix.shares', 'divide', open, builder.sum('mix.total', open, 0, true))

  // Eq. 11, mixed before the decoder's last layer, which is linear.
  const decoded = builder.apply('decoder.shared', 'multiply', addDecoderHidden(builder, mixed), shares)
  return builder.graph(addItemScores(builder, builder.sum('decoder.mixed', decoded, 0, false)))
}
