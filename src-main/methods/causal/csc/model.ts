import { CausewayError } from '../../../../src-shared/contract/errors'
import { takeRows, type Csr } from '../../../../src-shared/domain/split'
import { checkEdgeKnowledge } from '../../../../src-shared/graph/knowledge'
import type { AdamOptions } from '../../../tensor/adam'
import type { Rng } from '../../../tensor/rng'
import { multinomialLogLikelihood } from '../../../tensor/sparse'
import { tf, type Scalar, type Tensor2D } from '../../../tensor/tf'
import { gradientMethod, type GradientArchitecture } from '../../blocks/gradient-method'
import { encode, encodeMean, itemLogits, klToStandardNormal, klWeight, sampleLatent } from '../../blocks/mult-vae'
import { numberParam } from '../../blocks/training-params'
import type { EdgeKnowledge } from '../../method'
import {
  causalLayer,
  exogenous,
  globalGraph,
  localGraph,
  mixDecoded,
  mixRepresentations,
  mixWeights,
  userGraphs,
} from './layers'
import { PreparedCsc } from './prepared'
import { confounderFrom, edgesInto, itemLayerFrom, layersOf, preferencePart, wayThrough } from './scoring'
import { cscScoringGraph } from './scoring-graph'
import { acyclicity } from './structure'
import { hasGlobalGraph, hasLocalGraph, initialCscWeights, sizeFrom, type CscSize, type CscWeights } from './weights'

/**
 * The logits of the global graph are stepped by (nearly) plain gradient descent. Under Adam's equal steps H(A) lowers both
 * directions of a pair alike until none is left; steps in proportion to the gradient keep the difference of their squares,
 * and with it the direction that is ahead.
 */
export const graphStepping: AdamOptions = { learningRate: 0.03, weightDecay: 0, epsilon: 1 }

/** Users whose graphs are computed together. */
const graphBlockRows = 512

/**
 * Everything between the latent preference and the item logits: confounders, mixture, decoder.
 * @param z [B, d]
 * @param rng the source of all noise in training; null for none
 * @returns item logits [B, items]
 */
export function logitsOf(
  weights: CscWeights,
  size: CscSize,
  z: Tensor2D,
  knowledge: EdgeKnowledge | null,
  rng: Rng | null,
): Tensor2D {
  const { confounders: k, variant } = size
  const users = z.shape[0]
  const terms = exogenous(weights, users, rng)
  const confounders =
    variant === 'none'
      ? tf.reshape(rng ? terms : tf.tile(terms, [users, 1]), [users * k, z.shape[1]])
      : causalLayer(weights, userGraphs(weights, size, z, globalGraph(weights, size, knowledge, rng)), terms, users)
  const mixed = mixRepresentations(weights, z, confounders as Tensor2D)
  return itemLogits(weights, mixDecoded(weights, mixed, mixWeights(z, mixed, rng)))
}

/**
 * Refuses knowledge that a model of this size could not honour.
 * @throws CausewayError `badRequest`
 */
function checkKnowledge(knowledge: EdgeKnowledge, { confounders: k, variant }: CscSize): void {
  checkEdgeKnowledge(knowledge, k)
  if (variant === 'none' && knowledge.some((edge) => edge === 1))
    throw new CausewayError('badRequest', 'A model without graphs cannot have the edges that are required.')
}

/** CSC (Xu et al. 2023): see README.md for the decisions. */
export const csc: GradientArchitecture<string> = {
  initialWeights: (items, params, rng) => initialCscWeights(sizeFrom(items, params), rng),

  build(given, params, items, knowledge) {
    const size = sizeFrom(items, params)
    const k = size.confounders
    // A variant lacks the weights that its layers do not read.
    const weights = given as CscWeights
    const global = hasGlobalGraph(size.variant)
    if (knowledge) checkKnowledge(knowledge, size)

    /** Edge strengths of a block of users, [rows · k · k]. */
    const strengths = async (rows: Csr): Promise<Float32Array> => {
      const graphs = tf.tidy(() =>
        userGraphs(weights, size, encodeMean(weights, rows), globalGraph(weights, size, knowledge, null)),
      )
      const values = (await graphs.data()) as Float32Array
      graphs.dispose()
      return values
    }

    return {
      ...(global && { stepping: { 'graph.logits': graphStepping } }),
      lossParts: ['loss', 'reconstruction', 'kl', ...(global ? ['acyclicity'] : [])],

      batchLoss(rows, step, rng) {
        const posterior = encode(weights, rows, { dropout: numberParam(params, 'dropout'), rng })
        const z = sampleLatent(posterior, rng)
        const itemScores = logitsOf(weights, size, z, knowledge, rng)
        const reconstruction = tf.neg(tf.mean(multinomialLogLikelihood(itemScores, rows))) as Scalar
        const kl = klToStandardNormal(posterior)
        const beta = klWeight(step, numberParam(params, 'klCap'), numberParam(params, 'annealSteps'))
        const negativeElbo = tf.add(reconstruction, tf.mul(kl, beta)) as Scalar
        if (!global) return [negativeElbo, reconstruction, kl]
        const cycles = acyclicity(globalGraph(weights, size, knowledge, null))
        const loss = tf.add(negativeElbo, tf.mul(cycles, numberParam(params, 'alpha'))) as Scalar
        return [loss, reconstruction, kl, cycles]
      },

      itemLayer(rows, options) {
        const layers = layersOf(weights, size, knowledge)
        const z = encodeMean(weights, rows)
        const strengths = hasLocalGraph(size.variant) ? localGraph(weights, z, k) : null
        const into = edgesInto(layers, strengths, options?.mask ? tf.tensor3d(options.mask, [1, k, k]) : null)
        const preference = preferencePart(weights, z)
        const ways = into.map((edges, j) => wayThrough(weights, z, preference, confounderFrom(layers, j, edges)))
        return itemLayerFrom(weights, ways)
      },

      ...(size.variant !== 'none' && {
        async graph(rows: Csr) {
          const probabilities = tf.tidy(() => globalGraph(weights, size, knowledge, null))
          const values = await probabilities.data()
          probabilities.dispose()
          return {
            type: 'causal-graph' as const,
            version: 1 as const,
            nodes: Array.from({ length: k }, (_, i) => `c${i + 1}`),
            probabilities: squareOf(values, k),
            meanStrengths: hasLocalGraph(size.variant)
              ? squareOf(await meanOverUsers(rows, k * k, strengths), k)
              : null,
          }
        },
      }),
      ...(hasLocalGraph(size.variant) && { localGraph: strengths }),

      scoringGraph: () => cscScoringGraph(weights, size, knowledge),

      prepare: async (rows: Csr) => new PreparedCsc(rows, weights, size, knowledge),
    }
  },
}

const squareOf = (values: ArrayLike<number>, k: number): number[][] =>
  Array.from({ length: k }, (_, i) => Array.from({ length: k }, (_, j) => values[i * k + j]!))

/** The mean of a per-user quantity over the users with interactions, computed in blocks. */
async function meanOverUsers(
  rows: Csr,
  width: number,
  compute: (block: Csr) => Promise<Float32Array>,
): Promise<Float64Array> {
  const users: number[] = []
  for (let u = 0; u < rows.rows; u++) if (rows.indptr[u + 1]! > rows.indptr[u]!) users.push(u)
  const sums = new Float64Array(width)
  for (let from = 0; from < users.length; from += graphBlockRows) {
    const values = await compute(takeRows(rows, users.slice(from, from + graphBlockRows)))
    for (let i = 0; i < values.length; i++) sums[i % width]! += values[i]!
  }
  return sums.map((sum) => sum / Math.max(1, users.length))
}

export const method = gradientMethod(csc)
