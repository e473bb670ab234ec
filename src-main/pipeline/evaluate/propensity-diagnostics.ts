import { CausewayError } from '../../../src-shared/contract/errors'
import type { PropensityDiagnostics } from '../../../src-shared/domain/propensity'

/** What propensities are judged by. All lie in (0, 1]. */
export interface PredictedPropensities {
  /** Of all observed pairs. */
  observed: Float32Array
  /** Of pairs drawn uniformly from all, observed or not. */
  sample: {
    propensities: Float32Array
    /** 1: the pair was observed; 0: it was not. */
    observed: ArrayLike<number>
  }
  /** Number of all pairs. */
  pairs: number
  /** Propensities below it are clipped to it where they weigh. */
  floor: number
}

const calibrationBins = 10
const overlapBins = 30

/**
 * Weights, calibration and overlap of predicted propensities. The same numbers give the same answer.
 * @throws CausewayError `badRequest` where there is nothing to judge, lengths do not fit, or a propensity is outside (0, 1]
 */
export function propensityDiagnostics(predicted: PredictedPropensities): PropensityDiagnostics {
  const { observed, sample, pairs, floor } = predicted
  const drawn = sample.propensities.length
  if (observed.length === 0 || drawn === 0 || sample.observed.length !== drawn || observed.length > pairs)
    throw new CausewayError(
      'badRequest',
      `Propensities of ${observed.length} observed pairs and of ${drawn} drawn ones (${sample.observed.length} known to be observed or not) of ${pairs} pairs cannot be judged.`,
      { observed: observed.length, drawn, pairs },
    )
  for (const p of [observed, sample.propensities]) {
    const wrong = p.find((one) => !(one > 0 && one <= 1))
    if (wrong !== undefined)
      throw new CausewayError('badRequest', `A propensity is ${wrong}. It has to be above 0, up to 1.`, {
        propensity: wrong,
      })
  }
  return {
    weights: weightsOf(observed, floor),
    calibration: calibrationOf(sample),
    overlap: overlapOf(observed, sample),
    meanPredicted: sum(sample.propensities) / drawn,
    density: observed.length / pairs,
  }
}

function sum(values: Float32Array): number {
  let total = 0
  for (const value of values) total += value
  return total
}

function weightsOf(observed: Float32Array, floor: number): PropensityDiagnostics['weights'] {
  // Rounded as the propensities are: those clipped to it are equal to it.
  const lowest = Math.fround(floor)
  let total = 0
  let squares = 0
  let largest = 0
  let clipped = 0
  for (const p of observed) {
    const weight = 1 / Math.max(p, lowest)
    total += weight
    squares += weight * weight
    largest = Math.max(largest, weight)
    if (p <= lowest) clipped++
  }
  // Rounding may leave the size of equal weights just above their number.
  const effective = Math.min(observed.length, (total * total) / squares)
  return {
    pairs: observed.length,
    effective,
    effectiveShare: effective / observed.length,
    largest,
    floor,
    clippedShare: clipped / observed.length,
  }
}

function calibrationOf({
  propensities,
  observed,
}: PredictedPropensities['sample']): PropensityDiagnostics['calibration'] {
  const count = propensities.length
  const order = Uint32Array.from(propensities, (_, at) => at).sort((a, b) => propensities[a]! - propensities[b]!)
  const valueAt = (at: number): number => propensities[order[at]!]!
  const bins: PropensityDiagnostics['calibration']['bins'] = []
  let error = 0
  let from = 0
  for (let bin = 1; bin <= calibrationBins; bin++) {
    let to = Math.max(from, Math.round((bin * count) / calibrationBins))
    // Equal predictions stay together: which of them were observed must not depend on their order.
    while (to > from && to < count && valueAt(to) === valueAt(to - 1)) to++
    if (to === from) continue
    let predicted = 0
    let seen = 0
    for (let at = from; at < to; at++) {
      predicted += valueAt(at)
      if (observed[order[at]!] === 1) seen++
    }
    error += Math.abs(predicted - seen) / count
    bins.push({ pairs: to - from, predicted: predicted / (to - from), observed: seen / (to - from) })
    from = to
  }
  return { bins, error }
}

function overlapOf(observed: Float32Array, sample: PredictedPropensities['sample']): PropensityDiagnostics['overlap'] {
  const unobserved = sample.propensities.filter((_, at) => sample.observed[at] !== 1)
  const least = observed.reduce((low, p) => Math.min(low, p), 1)
  let [low, high] = [least, 0]
  for (const part of [observed, unobserved])
    for (const p of part) {
      low = Math.min(low, p)
      high = Math.max(high, p)
    }
  const [start, end] = [Math.log10(low), Math.log10(high)]
  // Of equal propensities there is nothing to divide.
  const bins = high > low ? overlapBins : 1
  const countsOf = (part: Float32Array): number[] => {
    const counts = new Array<number>(bins).fill(0)
    for (const p of part) {
      const place = high > low ? ((Math.log10(p) - start) / (end - start)) * bins : 0
      counts[Math.min(bins - 1, Math.floor(place))]!++
    }
    return counts
  }
  const unsupported = unobserved.reduce((found, p) => found + (p < least ? 1 : 0), 0)
  return {
    edges: Array.from({ length: bins + 1 }, (_, at) => start + ((end - start) * at) / bins),
    observed: countsOf(observed),
    unobserved: countsOf(unobserved),
    unsupportedShare: unobserved.length === 0 ? null : unsupported / unobserved.length,
  }
}
