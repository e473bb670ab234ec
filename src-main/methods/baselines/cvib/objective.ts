import { sigmoid, softplus } from '../../blocks/pairs/point-loss'

/** The contrast of the mean predictions of two sets of pairs, with its derivatives in the logits of both. */
export interface Contrast {
  /** −(m log m̂ + (1 − m) log(1 − m̂)) */
  value: number
  /** ∂/∂x of the logits of observed pairs. */
  observed: Float32Array
  /** ∂/∂x of the logits of pairs that are not. */
  unobserved: Float32Array
}

const meanOf = (logits: Float32Array, of: (x: number) => number): number =>
  logits.reduce((sum, x) => sum + of(x), 0) / logits.length

/**
 * Cross-entropy of the mean predicted probability m of observed pairs and m̂ of others (Wang et al. 2020). 1 − m̂ is a mean of its own, which
 * is not rounded to 0 where m̂ is to 1.
 * @param observed logits, at least one
 * @param unobserved logits, at least one
 */
export function contrast(observed: Float32Array, unobserved: Float32Array): Contrast {
  const mean = meanOf(observed, sigmoid)
  const [on, off] = [meanOf(unobserved, sigmoid), meanOf(unobserved, (x) => sigmoid(-x))]
  const inMean = (Math.log(off) - Math.log(on)) / observed.length
  const inOther = ((1 - mean) / off - mean / on) / unobserved.length
  const slope = (x: number): number => sigmoid(x) * sigmoid(-x)
  return {
    value: -mean * Math.log(on) - (1 - mean) * Math.log(off),
    observed: observed.map((x) => inMean * slope(x)),
    unobserved: unobserved.map((x) => inOther * slope(x)),
  }
}

/** p log p of p = σ(x): smallest, and so sought, at p = 1/e. */
export const confidence = (x: number): number => -sigmoid(x) * softplus(-x)

/** ∂/∂x of `confidence`. */
export const confidenceSlope = (x: number): number => sigmoid(x) * sigmoid(-x) * (1 - softplus(-x))
