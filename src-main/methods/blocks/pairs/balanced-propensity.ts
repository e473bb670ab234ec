import { numberParam } from '../training-params'
import type { LearnedPropensities } from './doubly-robust'
import { adamOf, backboneShape, preferenceOf } from './pair-params'
import { pointLoss, sigmoid, softplus } from './point-loss'
import { densityLogit } from './propensity'

/**
 * What the propensity network minimises (Li et al. 2023), from a batch of observed pairs and one drawn from D: the cross-entropy of being
 * observed and the weighted square of the imbalance (1/|D|) Σ_D [o / p − (1 − o) / (1 − p)] φ, which is 0 in expectation for right
 * propensities, whatever φ is. The terms of observed pairs come from the batch of those, times |O| / |D|, and those of the others from the
 * draw: the same in expectation as all from a draw, and far steadier where few pairs are observed.
 * @param logits of the propensities p, those of `size` observed pairs first
 * @param features φ of the same pairs, held fixed
 * @param isObserved whether a pair of the draw is observed, by its position
 * @param options.floor the least that p and 1 − p count as in the imbalance; those below pull nothing there
 * @param options.weight of the squared imbalance, beside the cross-entropy
 * @returns both parts, the imbalance neither squared nor weighted, and the gradient in the logits
 */
export function balancedPropensityLoss(
  logits: Float32Array,
  features: Float32Array,
  size: number,
  isObserved: (at: number) => boolean,
  { density, floor, weight }: { density: number; floor: number; weight: number },
): { crossEntropy: number; imbalance: number; slopes: Float32Array } {
  const drawn = logits.length - size
  const slopes = new Float32Array(logits.length)
  const imbalanceSlopes = new Float32Array(logits.length)
  let [crossEntropy, imbalance] = [0, 0]
  for (let at = 0; at < logits.length; at++) {
    if (at >= size && isObserved(at)) continue
    const logit = at < size ? logits[at]! : -logits[at]!
    const scale = at < size ? density / size : 1 / drawn
    const sign = at < size ? 1 : -1
    // The probability of what happened, and of its contrary.
    const [right, wrong] = [sigmoid(logit), sigmoid(-logit)]
    const term = (scale * features[at]!) / Math.max(right, floor)
    crossEntropy += scale * softplus(-logit)
    slopes[at] = -sign * scale * wrong
    imbalance += sign * term
    if (right > floor) imbalanceSlopes[at] = -term * wrong
  }
  for (let at = 0; at < slopes.length; at++) slopes[at]! += 2 * weight * imbalance * imbalanceSlopes[at]!
  return { crossEntropy, imbalance, slopes }
}

/**
 * Propensities of a network of one linear layer over both embeddings, learned along with the prediction, whose preferences they balance: a
 * logistic regression on embeddings of its own.
 */
export const balancedPropensities: LearnedPropensities = {
  lossParts: ['propensity', 'imbalance'],
  networks: (size, params) => ({
    propensity: { shape: { ...backboneShape(size, params, 'ncf'), hidden: [] }, options: adamOf(params) },
  }),
  learner: ({ networks, observed, params }) => {
    const network = networks['propensity']!
    const { imputed } = pointLoss(preferenceOf(params))
    const weight = numberParam(params, 'balanceWeight')
    const floor = numberParam(params, 'propensityFloor')
    const { density } = observed
    // An untrained network stands for the density: the way there would be most of a training.
    const offset = densityLogit(density)
    return {
      async step(batch, pairs, x) {
        const size = batch.at.length
        const logits = (await network.forward(pairs)).map((output) => output + offset)
        const isObserved = (at: number): boolean => observed.isObserved(pairs.users[at]!, pairs.items[at]!)
        const { crossEntropy, imbalance, slopes } = balancedPropensityLoss(
          logits,
          x.map((output) => imputed(output)),
          size,
          isObserved,
          { density, floor, weight },
        )
        network.backward(slopes)
        network.update()
        const propensities = logits.slice(0, size).map((logit) => Math.max(sigmoid(logit), floor))
        return { propensities, losses: [crossEntropy, imbalance ** 2] }
      },
    }
  },
}
