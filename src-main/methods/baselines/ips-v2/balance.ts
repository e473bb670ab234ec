import { sigmoid, softplus } from '../../blocks/pairs/point-loss'

export interface BalanceOptions {
  /** |O| / |D| */
  density: number
  /** Neither p nor 1 − p counts as less. */
  floor: number
  /** Of the squared imbalance, beside the cross-entropy. */
  weight: number
}

/**
 * What the propensity network minimises, from a batch of observed pairs and one drawn from D: the cross-entropy of being observed and the
 * weighted square of the imbalance (1/|D|) Σ_D [o / p − (1 − o) / (1 − p)] φ. The terms of observed pairs come from the batch of those, times
 * |O| / |D|, and those of the others from the draw: the same in expectation as all from a draw, and far steadier where few pairs are observed.
 * @param logits of the propensities p, those of `size` observed pairs first
 * @param features φ of the same pairs, held fixed
 * @param isObserved whether a pair of the draw is observed, by its position
 * @returns the propensities of all pairs, not below the floor, and the gradient in the logits
 */
export function balancedPropensityLoss(
  logits: Float32Array,
  features: Float32Array,
  size: number,
  isObserved: (at: number) => boolean,
  { density, floor, weight }: BalanceOptions,
): { propensities: Float32Array; crossEntropy: number; imbalance: number; slopes: Float32Array } {
  const drawn = logits.length - size
  const propensities = logits.map((logit) => Math.max(sigmoid(logit), floor))
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
  return { propensities, crossEntropy, imbalance, slopes }
}
