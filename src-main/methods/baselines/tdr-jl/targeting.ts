import type { Correction } from '../../blocks/pairs/doubly-robust'

/**
 * The targeted correction of imputed errors (Li et al. 2023): ê becomes ê + η β with β = 1/p − 1, and η by least squares of e − ê on β over
 * the observed pairs of a batch, so that Σ_O (1/p − 1) (e − ê − η β) = 0. The estimate then is (1/|D|) Σ_D [o e + (1 − o) (ê + η β)], that of
 * imputation alone. η follows the differences, and its slopes with it.
 * @param differences e − ê of the batch @param inverses 1/p of the batch @param drawnInverses 1/p of pairs drawn from all
 */
export function targetedCorrection(
  differences: Float64Array,
  inverses: Float64Array,
  drawnInverses: Float64Array,
  density: number,
): Correction {
  const covariates = inverses.map((inverse) => inverse - 1)
  const squares = covariates.reduce((sum, beta) => sum + beta ** 2, 0)
  // Where every pair is sure to be observed nothing is left to correct.
  if (squares === 0) return { value: 0, slopes: new Float64Array(differences.length) }
  const products = covariates.reduce((sum, beta, b) => sum + beta * differences[b]!, 0)
  // What the estimate moves by for η: mean of β over all pairs less the weighted mean over the observed ones, near 0 for right propensities.
  const overAll = drawnInverses.reduce((sum, inverse) => sum + inverse - 1, 0) / drawnInverses.length
  const overObserved = covariates.reduce((sum, beta, b) => sum + density * inverses[b]! * beta, 0) / covariates.length
  const excess = overAll - overObserved
  return { value: (excess * products) / squares, slopes: covariates.map((beta) => (excess * beta) / squares) }
}
