import { decimalsFor, fixed } from '../comparison/words'
import type { PropensityDiagnostics } from '../domain/propensity'
import type { ErrorKind, MeanError, PropensitySource, RunEstimates, Sensitivity } from '../domain/selection'

/** How selection is said: the same words in the window, the terminal and the report. */

const percent = (share: number, digits = 1): string => `${(share * 100).toFixed(digits)} %`
const counted = (value: number): string => Math.round(value).toLocaleString('en-US')
/** Three significant digits. */
const short = (value: number): string => Number(value.toPrecision(3)).toLocaleString('en-US')
/** A probability, small ones in digits that say something. */
const probability = (p: number): string => (p >= 0.1 ? p.toFixed(3) : String(Number(p.toPrecision(3))))

export const errorLabels: Record<ErrorKind, string> = { crossEntropy: 'cross-entropy', squared: 'squared error' }

export const sourceWords: Record<PropensitySource, string> = {
  model: 'Propensities of the run’s own model.',
  logistic:
    'The run’s model has no propensities of all pairs: these are of a logistic regression by user and item, fitted to the split.',
}

/** One thing that propensities are judged by. */
export interface PropensityReading {
  id: 'effective' | 'largest' | 'clipped' | 'mean' | 'calibration' | 'unsupported'
  label: string
  value: string
  /** What it means, and when to worry. */
  meaning: string
  /** By a rule of thumb that `meaning` names. */
  isWorrying: boolean
}

const fewestEffective = 0.1
const mostOfOne = 0.02
const mostClipped = 0.05
const mostOff = 0.2
const mostUnsupported = 0.05

/** What propensities are judged by, each with a sentence. */
export function propensityReadings(diagnostics: PropensityDiagnostics): PropensityReading[] {
  const { weights, calibration, overlap, meanPredicted, density } = diagnostics
  const { unsupportedShare } = overlap
  // Of right propensities the inverse weights of the observed pairs sum up to the number of all pairs.
  const ofOne = (weights.largest * density) / weights.pairs
  return [
    {
      id: 'effective',
      label: 'Effective sample size',
      value: `${counted(weights.effective)} of ${counted(weights.pairs)} (${percent(weights.effectiveShare)})`,
      meaning: `So many equally weighted pairs would tell as much as the weighted ones do. Worry below ${percent(fewestEffective, 0)}: few pairs then decide.`,
      isWorrying: weights.effectiveShare < fewestEffective,
    },
    {
      id: 'largest',
      label: 'Largest weight',
      value: `${short(weights.largest)}, ${percent(ofOne, 2)} of all pairs`,
      meaning: `So many pairs one rated pair stands for. Worry where that is more than ${percent(mostOfOne, 0)} of all pairs: one rating then moves the estimate.`,
      isWorrying: ofOne > mostOfOne,
    },
    {
      id: 'clipped',
      label: 'Clipped at the floor',
      value: percent(weights.clippedShare),
      meaning: `Rated pairs whose propensity was raised to the floor ${weights.floor}. Each leaves some selection bias in; worry above ${percent(mostClipped, 0)}, or where estimates move with the floor.`,
      isWorrying: weights.clippedShare > mostClipped,
    },
    {
      id: 'mean',
      label: 'Mean predicted, density',
      value: `${probability(meanPredicted)}, ${probability(density)}`,
      meaning: `Both should be alike: the mean propensity over all pairs, and the share of them that is rated. Worry where they differ by more than ${percent(mostOff, 0)}: IPS is off by that factor, SNIPS is not.`,
      isWorrying: Math.abs(meanPredicted / density - 1) > mostOff,
    },
    {
      id: 'calibration',
      label: 'Calibration error',
      value: `${probability(calibration.error)}, ${percent(calibration.error / density)} of the density`,
      meaning: `Mean distance of what was predicted from what was rated, over groups of like predictions. Worry above ${percent(mostOff, 0)} of the density. It sees only what moves the prediction: hidden causes of rating pass it.`,
      isWorrying: calibration.error > mostOff * density,
    },
    {
      id: 'unsupported',
      label: 'Without counterpart',
      value: unsupportedShare === null ? 'every pair is rated' : percent(unsupportedShare),
      meaning: `Unrated pairs with a smaller propensity than any rated one: nothing rated stands for them. Worry above ${percent(mostUnsupported, 0)}.`,
      isWorrying: unsupportedShare !== null && unsupportedShare > mostUnsupported,
    },
  ]
}

export const estimatorLabels = { naive: 'Naive', ips: 'IPS', snips: 'SNIPS', dr: 'DR' } as const
export type Estimator = keyof typeof estimatorLabels

export const estimatorHelp: Record<Estimator, string> = {
  naive: 'The plain mean over the rated pairs: right where what users rate does not depend on the error.',
  ips: 'Each rated pair weighs 1 / propensity, divided by the number of all pairs: right where the propensities are.',
  snips:
    'The same, divided by the sum of the weights: steadier, and right where the propensities are known up to a factor.',
  dr: 'Imputed errors of all pairs, corrected on the rated ones: right where either the propensities or the imputed errors are.',
}

/** One line of a table of estimates. */
export interface EstimateRow {
  error: ErrorKind
  estimator: Estimator
  estimate: MeanError
  /** The estimate less the mean over the randomised part, with the standard error of the difference; null where there is no such part. */
  distance: MeanError | null
}

export const estimateRows = ({ errors }: RunEstimates): EstimateRow[] =>
  errors.flatMap(({ error, randomised, ...estimates }) =>
    (Object.keys(estimatorLabels) as Estimator[]).flatMap((estimator) => {
      const estimate = estimates[estimator]
      if (estimate === null) return []
      const distance = randomised && {
        value: estimate.value - randomised.value,
        standardError: Math.hypot(estimate.standardError, randomised.standardError),
      }
      return [{ error, estimator, estimate, distance }]
    }),
  )

/** `0.512 ± 0.013`, in the digits that the standard error supports. */
export function meanErrorWords({ value, standardError }: MeanError, isSigned = false): string {
  const decimals = standardError > 0 ? decimalsFor(standardError) : 4
  return `${isSigned && value > 0 ? '+' : ''}${fixed(value, decimals)} ± ${standardError.toFixed(decimals)}`
}

/** What is to be known of estimates, and why some are not there. */
export function estimateNotes({ pairs, randomisedPairs, imputed, floor, errors }: RunEstimates): string[] {
  const [first] = errors
  return [
    `From ${counted(pairs)} rated validation pairs, propensities not below ${floor}; ± standard error of independent draws, which knows nothing of bias. The same pairs chose the epoch, which makes all of them look a little better.`,
    // Both have the same weighted sum above: IPS divides it by all pairs, SNIPS by the weights.
    ...(first && first.snips.value !== 0
      ? [
          `The weights sum up to ${percent(first.ips.value / first.snips.value)} of all pairs. IPS is off by what they miss or exceed, SNIPS is not.`,
        ]
      : []),
    ...(imputed === null
      ? ['No DR: the model has no imputation network that would say what the errors of unrated pairs are.']
      : imputed.areAllPairs
        ? []
        : [`DR sums imputed errors over ${counted(imputed.pairs)} pairs drawn from all.`]),
    randomisedPairs === null
      ? 'The test part was not shown at random: there is no truth to hold the estimates against.'
      : `Randomised: the plain mean over ${counted(randomisedPairs)} pairs of the test part, which were shown at random.`,
  ]
}

/** A factor in three digits: `1.37`, `12.4`. */
export const factorWords = (factor: number): string => (factor < 10 ? factor.toFixed(2) : short(factor))

/** Which of two runs has the smaller error, and what may turn that around: a sentence each. */
export interface SensitivityWords {
  conclusion: string
  chance: string
  flip: string
}

/** @param labels of A and B */
export function sensitivityWords(sensitivity: Sensitivity, [a, b]: readonly [string, string]): SensitivityWords {
  const { difference, error, interval, flip, pairs, users, runs } = sensitivity
  const { snips } = difference
  const decimals = decimalsFor((interval.high - interval.low) / 2)
  const shown = (value: number): string => fixed(value, decimals)
  const isByChance = interval.low <= 0 && interval.high >= 0
  const ends = `${Number((interval.level * 100).toFixed(1))} % interval over ${counted(users)} users: ${shown(interval.low)} to ${shown(interval.high)}.`
  const means = `${shown(runs[0].mean)} and ${shown(runs[1].mean)}`
  const isSame = snips === 0
  return {
    conclusion: isSame
      ? `By SNIPS on ${counted(pairs)} logged validation pairs, ${a} and ${b} have the same ${errorLabels[error]}.`
      : `By SNIPS on ${counted(pairs)} logged validation pairs, ${a} has a ${snips < 0 ? 'smaller' : 'larger'} ${errorLabels[error]} than ${b}, by ${shown(Math.abs(snips))} (${means}).`,
    chance: isByChance
      ? `${ends} It contains 0: chance alone may explain the difference, before any confounder does.`
      : `${ends} It leaves 0 out: that these users were drawn, and no others, does not explain the difference.`,
    flip: isSame
      ? 'There is nothing to turn around.'
      : flip === null
        ? 'No unmeasured confounder of this kind, however strong, turns this around.'
        : `An unmeasured confounder that changes the odds of being rated by a factor of ${factorWords(flip)} is enough to turn this around.`,
  }
}

/** What Γ is, for who has not met it. */
export const gammaHelp =
  'Γ: by how much something that was not measured may change the odds that a pair is rated. At 1 the propensities are right; at 2 the odds of any pair may be half or twice what they were taken for. The band is every difference that the admissible weights can give.'
