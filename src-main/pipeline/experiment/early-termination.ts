import type { EpochPoint } from '../../../src-shared/domain/run'

/** Finished trials of the method that a median is taken of, at least. */
const leastTrials = 4
/** Epochs that every trial may train. */
const leastEpochs = 5

/** The best epoch of every training, whose weights are kept, has the highest value of the first of these that it reports. */
const chosenBy = ['ndcg@10', 'ratedAuc']

/**
 * The objective of the weights that a training would keep if it ended at each epoch: its value at the epoch that was best so
 * far by validation NDCG@10, or AUC among rated items where a method for pairs reports no NDCG. NaN before the first epoch that has both.
 * @param points in the order of their epochs
 */
export function objectiveCurve(points: readonly EpochPoint[], objective: string): number[] {
  let best = { chosen: -Infinity, value: Number.NaN }
  return points.map(({ values }) => {
    const chosen = chosenBy.map((name) => values[name]).find((one) => one !== undefined)
    const value = values[objective]
    if (chosen !== undefined && value !== undefined && chosen > best.chosen) best = { chosen, value }
    return best.value
  })
}

/** Where the median rule ends a trial. */
export interface EarlyEnd {
  /** 1-based. */
  epoch: number
  median: number
  /** Trials that the median is of. */
  trials: number
}

/**
 * The first epoch at which a trial is hopeless, by the median rule (Golovin et al., "Google Vizier", KDD 2017, section 3.3.2): its best objective
 * so far is below the median of what the method's finished trials had by the same epoch. Trials that ended earlier count
 * with their last value. Depends on the curves alone, not on when they arrive.
 * @param curve the trial's, as `objectiveCurve` gives it
 * @param finished the curves of the method's trials that trained to their end before it
 */
export function hopelessAt(curve: readonly number[], finished: readonly (readonly number[])[]): EarlyEnd | null {
  const others = finished.filter((other) => other.length > 0)
  if (others.length < leastTrials) return null
  for (let epoch = leastEpochs; epoch <= curve.length; epoch++) {
    const median = medianOf(others.map((other) => best(other, epoch)))
    if (best(curve, epoch) < median) return { epoch, median, trials: others.length }
  }
  return null
}

/** The best value up to an epoch. */
function best(curve: readonly number[], epoch: number): number {
  let value = -Infinity
  for (let at = 0; at < Math.min(epoch, curve.length); at++) if (curve[at]! > value) value = curve[at]!
  return value
}

function medianOf(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
