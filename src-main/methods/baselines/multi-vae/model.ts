import { multinomialLogLikelihood } from '../../../tensor/sparse'
import { tf, type Scalar } from '../../../tensor/tf'
import { gradientMethod, type GradientArchitecture } from '../../blocks/gradient-method'
import {
  addDecoderHidden,
  addEncoder,
  addItemScores,
  decodeHidden,
  encode,
  encodeMean,
  initialVaeWeights,
  itemLayerOn,
  itemLogits,
  klToStandardNormal,
  klWeight,
  sampleLatent,
  vaeConstants,
  type VaeWeightName,
} from '../../blocks/mult-vae'
import { readConstants, ScoringBuilder } from '../../blocks/scoring-builder'
import { numberParam } from '../../blocks/training-params'

/** Multi-VAE (Liang et al. 2018): see README.md for the decisions. */
const multiVae: GradientArchitecture<VaeWeightName> = {
  initialWeights: (items, params, rng) =>
    initialVaeWeights({ items, hidden: numberParam(params, 'hidden'), latent: numberParam(params, 'latent') }, rng),

  build: (weights, params, items) => ({
    lossParts: ['loss', 'reconstruction', 'kl'],

    batchLoss(rows, step, rng) {
      const posterior = encode(weights, rows, { dropout: numberParam(params, 'dropout'), rng })
      const logits = itemLogits(weights, decodeHidden(weights, sampleLatent(posterior, rng)))
      const reconstruction = tf.neg(tf.mean(multinomialLogLikelihood(logits, rows))) as Scalar
      const kl = klToStandardNormal(posterior)
      const beta = klWeight(step, numberParam(params, 'klCap'), numberParam(params, 'annealSteps'))
      return [tf.add(reconstruction, tf.mul(kl, beta)) as Scalar, reconstruction, kl]
    },

    itemLayer: (rows) => itemLayerOn(weights, decodeHidden(weights, encodeMean(weights, rows))),

    async scoringGraph() {
      const builder = new ScoringBuilder(items, await readConstants(() => vaeConstants(weights)))
      return builder.graph(addItemScores(builder, addDecoderHidden(builder, addEncoder(builder))))
    },
  }),
}

export const method = gradientMethod(multiVae)
