import { multinomialLogLikelihood } from '../../tensor/sparse'
import { tf, type Scalar, type Tensor, type Tensor2D } from '../../tensor/tf'
import { gradientMethod, type GradientArchitecture } from '../blocks/gradient-method'
import { normalArray } from '../blocks/initial'
import { readConstants, ScoringBuilder } from '../blocks/scoring-builder'

const template: GradientArchitecture<'items.bias'> = {
  initialWeights: (items, _params, rng) => ({ 'items.bias': normalArray([items], 0.01, rng) }),

  build: (weights, _params, items) => {
    /** The same logits for every user of a block, [users, items]. */
    const logits = (users: number): Tensor2D =>
      tf.mul(tf.ones([users, 1]), tf.reshape(weights['items.bias'] as Tensor, [1, items]))

    return {
      lossParts: ['loss'],

      batchLoss: (rows) => [tf.neg(tf.mean(multinomialLogLikelihood(logits(rows.rows), rows))) as Scalar],

      logits: (rows) => logits(rows.rows),

      async scoringGraph() {
        const builder = new ScoringBuilder(items, await readConstants(() => weights))
        // A row gives nothing but its place: zero times what is in it.
        const sums = builder.sum('rows.sum', builder.interactions, -1, true)
        const nothing = builder.apply('rows.nothing', 'multiply', sums, builder.number('zero', 0))
        const logits = builder.apply('logits', 'add', nothing, 'items.bias')
        return builder.graph(builder.apply('scores', 'logSoftmax', logits))
      },
    }
  },
}

export const method = gradientMethod(template)
