import { z } from 'zod'
import type { PropensityDiagnostics } from './propensity'
import type { MethodInfo } from './method'

/** What selection (users rate what they choose) may do to what is known of a run: propensities, estimates on logged data, sensitivity. */

/** Errors of a prediction: −t log P − (1 − t) log(1 − P) of a probability, and (prediction − t)². */
export const errorKinds = ['crossEntropy', 'squared'] as const
export type ErrorKind = (typeof errorKinds)[number]

/** Smaller propensities count as the floor. */
export const propensityFloorSchema = z.number().min(1e-6).max(1)
/** The floor for a run that was trained without one. */
export const defaultPropensityFloor = 0.01

/** Whose propensities: those of the run's model, or of a logistic regression with an effect of each user and item, fitted to the split. */
export type PropensitySource = 'model' | 'logistic'

/** Whether a method is trained on rated pairs, and so predicts what single pairs are rated. */
export const predictsRatings = ({ series }: Pick<MethodInfo, 'series'>): boolean =>
  series.some(({ id }) => id === 'ratedAuc')

/** Propensities of a run, judged. They are the probabilities that a pair is rated in the train part. */
export interface RunPropensities {
  run: string
  source: PropensitySource
  /** Pairs that calibration and overlap are of. */
  drawn: number
  /** They are all pairs there are; else they were drawn uniformly, with the same seed every time. */
  areAllPairs: boolean
  diagnostics: PropensityDiagnostics
}

/** A mean error with its standard error. */
export interface MeanError {
  value: number
  standardError: number
}

/** The mean of one error over all pairs, as the rated validation pairs tell it, and as pairs that were shown at random do. */
export interface ErrorEstimates {
  error: ErrorKind
  naive: MeanError
  ips: MeanError
  snips: MeanError
  /** Null for a model without imputation network. */
  dr: MeanError | null
  /** The plain mean over a randomised test part; null where there is none. */
  randomised: MeanError | null
}

export interface RunEstimates {
  run: string
  source: PropensitySource
  floor: number
  /** Rated pairs of the validation part. */
  pairs: number
  /** Rated pairs of the test part; null where it is not randomised. */
  randomisedPairs: number | null
  /** What DR's imputed errors are summed over: all pairs, or so many drawn; null for a model without imputation network. */
  imputed: { pairs: number; areAllPairs: boolean } | null
  errors: ErrorEstimates[]
}

export const mostGamma = 1000

/** The ends that a weighted difference of errors can have where the odds of being rated are off by a factor of up to `gamma`. */
export interface SensitivityPoint {
  gamma: number
  ips: { low: number; high: number }
  snips: { low: number; high: number }
}

/** How much unmeasured confounding it takes to turn around which of two runs has the smaller error. */
export interface Sensitivity {
  error: ErrorKind
  /** A and B. */
  runs: [SensitivityRun, SensitivityRun]
  /** Rated pairs of the validation part, and the users that they are of. */
  pairs: number
  users: number
  floor: number
  /** A's less B's, at Γ = 1. */
  difference: { ips: number; snips: number }
  /** Of the SNIPS difference: percentile bootstrap over users. */
  interval: { low: number; high: number; level: number; resamples: number }
  /**
   * The smallest Γ at which the difference can be 0, the same for IPS and SNIPS; null where no Γ is enough.
   */
  flip: number | null
  /** Ascending in Γ, from 1. */
  points: SensitivityPoint[]
}

export interface SensitivityRun {
  run: string
  method: string
  /** Mean error by SNIPS. */
  mean: number
}
