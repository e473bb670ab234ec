import type { Csr } from '../../../src-shared/domain/split'
import { logitsOf, type ItemLayer } from '../../tensor/rank'
import { multinomialLogLikelihood } from '../../tensor/sparse'
import { tf, type Scalar, type Tensor } from '../../tensor/tf'
import { gradientMethod, type GradientArchitecture } from '../blocks/gradient-method'
import { normalArray } from '../blocks/initial'
import { readConstants, ScoringBuilder } from '../blocks/scoring-builder'

const template: GradientArchitecture<'items.bias'> = {
  initialWeights: (items, _params, rng) => ({ 'items.bias': normalArray([items], 0.01, rng) }),

  build: (weights, _params, items) => {
    /** The same logits for every user of a block: 1 times the biases of the items. */
    const itemLayer = (rows: Csr): ItemLayer => ({
      hidden: tf.ones([rows.rows, 1]),
      weight: tf.reshape(weights['items.bias'] as Tensor, [1, items]),
      bias: tf.zeros([items]),
    })

    return {
      lossParts: ['loss'],

      batchLoss: (rows) => [tf.neg(tf.mean(multinomialLogLikelihood(logitsOf(itemLayer(rows)), rows))) as Scalar],

      itemLayer,

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
