import { CausewayError } from '../../../src-shared/contract/errors'

/** What is known of a model's errors: those of the pairs that were observed. */
export interface LoggedErrors {
  /** By observed pair: its loss or error. */
  errors: ArrayLike<number>
  /** By observed pair: the probability with which it came to be observed, in (0, 1]. */
  propensities: ArrayLike<number>
  /** Number of all pairs, observed or not. */
  pairs: number
  /** What the errors are taken to be where they are not known; null: nothing is. */
  imputed: {
    /** By observed pair. */
    observed: ArrayLike<number>
    /** Sum over all pairs, the observed ones included. */
    sum: number
  } | null
}

/** An estimate of the mean error over all pairs. */
export interface LoggedEstimate {
  value: number
  /** How far it would vary if the pairs were observed anew, each by itself with its propensity. It knows nothing of bias. */
  standardError: number
}

/**
 * The mean error over all pairs, estimated from the observed ones. e: error, ê: imputed error, p: propensity, O: observed, D: all pairs.
 */
export interface LoggedEstimates {
  /** Mean of e over O: right where what was observed does not depend on the error. */
  naive: LoggedEstimate
  /** Σ_O e/p / |D|: right where p is. */
  ips: LoggedEstimate
  /** Σ_O e/p / Σ_O 1/p: right in the limit where p is known up to a factor. */
  snips: LoggedEstimate
  /** (Σ_D ê + Σ_O (e - ê)/p) / |D|: right where p or ê is. Null without imputed errors. */
  dr: LoggedEstimate | null
}

/**
 * Estimates of a model's mean error from data missing not at random (Schnabel et al. 2016, Recommendations as treatments; Wang et al. 2019,
 * Doubly robust joint learning). The standard errors are those of independent draws (Horvitz-Thompson), to first order for the ratios.
 * @throws CausewayError `badRequest` for numbers that do not fit each other, and for a propensity outside (0, 1]
 */
export function loggedEstimates({ errors, propensities, pairs, imputed }: LoggedErrors): LoggedEstimates {
  const count = errors.length
  const lengths = [propensities.length, ...(imputed ? [imputed.observed.length] : [])]
  if (count === 0) throw new CausewayError('badRequest', 'No pair was observed: there is no error to estimate from.')
  if (lengths.some((length) => length !== count) || count > pairs)
    throw new CausewayError(
      'badRequest',
      `The errors of ${count} of ${pairs} pairs do not fit what is given of them.`,
      {
        errors: count,
        pairs,
        lengths,
      },
    )
  let sum = 0
  let weights = 0
  let weighted = 0
  let corrections = 0
  for (let at = 0; at < count; at++) {
    const p = propensities[at]!
    if (!(p > 0 && p <= 1))
      throw new CausewayError('badRequest', `The propensity of pair ${at} is ${p}. It has to be above 0, up to 1.`, {
        at,
        propensity: p,
      })
    sum += errors[at]!
    weights += 1 / p
    weighted += errors[at]! / p
    if (imputed) corrections += (errors[at]! - imputed.observed[at]!) / p
  }
  const naive = sum / count
  const snips = weighted / weights
  /** Root of Σ_O (1 - p) (weight · rest)². */
  const spread = (restOf: (at: number) => number, weightOf: (p: number) => number): number => {
    let squares = 0
    for (let at = 0; at < count; at++) {
      const p = propensities[at]!
      squares += (1 - p) * (weightOf(p) * restOf(at)) ** 2
    }
    return Math.sqrt(squares)
  }
  const inverse = (p: number): number => 1 / p
  return {
    naive: {
      value: naive,
      standardError:
        spread(
          (at) => errors[at]! - naive,
          () => 1,
        ) / count,
    },
    ips: { value: weighted / pairs, standardError: spread((at) => errors[at]!, inverse) / pairs },
    snips: { value: snips, standardError: spread((at) => errors[at]! - snips, inverse) / weights },
    dr: imputed && {
      value: (imputed.sum + corrections) / pairs,
      standardError: spread((at) => errors[at]! - imputed.observed[at]!, inverse) / pairs,
    },
  }
}
