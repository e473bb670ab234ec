import { inverseMills, logNdtr, ndtr, normalPdf } from '../normal'
import type { Preference } from './observed-pairs'

/**
 * The error of single predictions. For binary preferences the prediction x is a logit and the error the cross-entropy
 * log(1 + exp(x)) − t·x; for continuous ones it is the rating and the error (x − t)². Both are quadratic or linear in the target, so that an
 * imputed target m̂ gives the imputed error ê(x, m̂) by the same formula.
 */
export interface PointLoss {
  /** e(x, t) */
  error(prediction: number, target: number): number
  /** ∂e/∂x */
  slope(prediction: number, target: number): number
  /** The target that the output m of an imputation network stands for: σ(m), or m itself. */
  imputed(output: number): number
  /**
   * What an imputation network learns to make small: (e − ê)² of the imputed target of output m for binary preferences. For continuous ones
   * (e − ê)² = (m − t)² (2x − t − m)² has a second root, at m = 2x − t, to which trainings ran away: there it is (m − t)², the squared
   * difference of the imputed residual x − m and the real one.
   */
  mismatch(prediction: number, target: number, output: number): number
  /** Its derivative in m. */
  mismatchSlope(prediction: number, target: number, output: number): number
}

/** 1 / (1 + exp(−x)), for all x. */
export function sigmoid(x: number): number {
  const t = Math.exp(-Math.abs(x))
  return (x < 0 ? t : 1) / (1 + t)
}

/** log(1 + exp(x)), for all x. */
export const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))

/** The mismatch (e − ê)² of an error that is linear in its target. @param imputedSlope ∂ê/∂m */
function withErrorMismatch(
  loss: Omit<PointLoss, 'mismatch' | 'mismatchSlope'>,
  imputedSlope: (prediction: number, output: number) => number,
): PointLoss {
  const difference = (x: number, t: number, m: number): number => loss.error(x, t) - loss.error(x, loss.imputed(m))
  return {
    ...loss,
    mismatch: (x, t, m) => difference(x, t, m) ** 2,
    mismatchSlope: (x, t, m) => -2 * difference(x, t, m) * imputedSlope(x, m),
  }
}

const crossEntropy = withErrorMismatch(
  { error: (x, t) => softplus(x) - t * x, slope: (x, t) => sigmoid(x) - t, imputed: sigmoid },
  (x, m) => {
    const p = sigmoid(m)
    return -x * p * (1 - p)
  },
)

const squaredError: PointLoss = {
  error: (x, t) => (x - t) ** 2,
  slope: (x, t) => 2 * (x - t),
  imputed: (m) => m,
  mismatch: (_, t, m) => (m - t) ** 2,
  mismatchSlope: (_, t, m) => 2 * (m - t),
}

export const pointLoss = (preference: Preference): PointLoss => (preference === 'binary' ? crossEntropy : squaredError)

/**
 * The binary cross-entropy of a probit: P(R = 1) = Φ(x), −t·log Φ(x) − (1 − t)·log Φ(−x). Of a model with a normal exogenous variable the
 * same x must not be read as a logit here and as a probit there.
 */
export const probitLoss = withErrorMismatch(
  {
    error: (x, t) => -(t === 0 ? 0 : t * logNdtr(x)) - (t === 1 ? 0 : (1 - t) * logNdtr(-x)),
    slope: (x, t) => -(t === 0 ? 0 : t * inverseMills(x)) + (t === 1 ? 0 : (1 - t) * inverseMills(-x)),
    imputed: ndtr,
  },
  (x, m) => normalPdf(m) * (logNdtr(-x) - logNdtr(x)),
)
