import type { Csr } from '../../../src-shared/domain/split'
import type { ParamValues } from '../../../src-shared/params/params'
import { rankRows } from '../../pipeline/evaluate/ranking'
import { gradientFit, type GradientModel } from '../../pipeline/fit/gradient-fit'
import { checkedArrays, createWeights, disposeWeights, readTensors, type Weights } from '../../tensor/named-arrays'
import { Rng } from '../../tensor/rng'
import { logSoftmaxRows } from '../../tensor/ops'
import { canRankRows, ItemRanker, logitsOf, type ItemLayer } from '../../tensor/rank'
import { tf, type Tensor2D } from '../../tensor/tf'
import type { EdgeKnowledge, FittedModel, Method, NamedArray, ScoreOptions } from '../method'
import { numberParam } from './training-params'

/** What a model adds to its weights: everything but reading its scores, saving and disposing. */
export interface GradientModelParts extends Omit<GradientModel, 'weights' | keyof WeightedModel> {
  /**
   * What the item logits [rows.rows, items] are made of: the scores are their log-softmax, and items are ranked by them, where possible
   * without computing them all. Called inside a tidy.
   */
  itemLayer: ItemLayerOf
}

type ItemLayerOf = (rows: Csr, options?: ScoreOptions) => ItemLayer

/** What follows from the weights of a model and how its logits are made. */
type WeightedModel = Required<Pick<FittedModel, 'score' | 'rank' | 'save' | 'dispose'>>

/**
 * Scores, ranks, saves and disposes of a model.
 * @param itemLayer see `GradientModelParts`
 * @param scoresOf makes scores of logits; their log-softmax unless given
 */
export function weightedModel(
  weights: Weights,
  itemLayer: ItemLayerOf,
  scoresOf: (logits: Tensor2D) => Tensor2D = logSoftmaxRows,
): WeightedModel {
  const ranker = new ItemRanker()
  return {
    async score(rows, options) {
      const scores = tf.tidy(() => scoresOf(logitsOf(itemLayer(rows, options))))
      const values = (await scores.data()) as Float32Array
      scores.dispose()
      return values
    },
    async rank(rows, known, k) {
      if (canRankRows()) return ranker.rank(() => itemLayer(rows), known, k)
      const logits = tf.tidy(() => logitsOf(itemLayer(rows)))
      const values = (await logits.data()) as Float32Array
      logits.dispose()
      return rankRows(values, known, k)
    },
    save: () => readTensors(weights),
    dispose: () => disposeWeights(weights),
  }
}

/** A method that is trained by gradient steps, from the two things it has of its own. */
export interface GradientArchitecture<N extends string> {
  /** Fresh weights for so many items, all randomness from `rng`. */
  initialWeights(items: number, params: ParamValues, rng: Rng): Record<N, NamedArray>
  /**
   * @param knowledge what is known of the graph; only with the capability `knowledge`, null otherwise
   * @throws CausewayError `badRequest` where the knowledge does not fit the parameters
   */
  build(weights: Weights<N>, params: ParamValues, items: number, knowledge: EdgeKnowledge | null): GradientModelParts
}

const assemble = <N extends string>(
  architecture: GradientArchitecture<N>,
  arrays: Record<N, NamedArray>,
  params: ParamValues,
  items: number,
  knowledge: EdgeKnowledge | null,
): GradientModel => {
  const weights = createWeights(arrays)
  try {
    const { itemLayer, ...parts } = architecture.build(weights, params, items, knowledge)
    return { ...parts, ...weightedModel(weights, itemLayer), weights }
  } catch (thrown) {
    disposeWeights(weights)
    throw thrown
  }
}

/** The `Method` of a gradient architecture: `fit` by `gradientFit`, `load` from saved weights. */
export const gradientMethod = <N extends string>(architecture: GradientArchitecture<N>): Method => ({
  async fit(context) {
    const { params, split, knowledge } = context
    const items = split.train.cols
    // The start is kept by nobody: it is as large as the model.
    const model = assemble(
      architecture,
      architecture.initialWeights(items, params, context.rng),
      params,
      items,
      knowledge,
    )
    let completed = false
    try {
      const outcome = await gradientFit(context, model, {
        epochs: numberParam(params, 'epochs'),
        batchSize: numberParam(params, 'batchSize'),
        learningRate: numberParam(params, 'learningRate'),
        weightDecay: numberParam(params, 'weightDecay'),
        patience: numberParam(params, 'patience'),
      })
      completed = outcome.end === 'completed'
      return outcome
    } finally {
      if (!completed) model.dispose()
    }
  },

  load(saved, params, items, knowledge): FittedModel {
    // The shapes that the parameters ask for, to hold the saved ones against.
    const expected = architecture.initialWeights(items, params, Rng.seeded(0))
    return assemble(architecture, checkedArrays(saved, expected), params, items, knowledge)
  },
})
