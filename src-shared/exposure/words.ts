import { fixed } from '../comparison/words'
import type { ExposureCheck, ExposureOutcome, JudgedCheck, SegmentExposureEffects } from '../domain/exposure'
import { isActive, type JobState } from '../domain/job'

/** How effects of exposures are said: the same words in the window, the terminal and the report. */

/** p-values of the check between which the exposure model passes; Wang and Blei (2019) take p > 0.1 as good enough. */
export const passingP = { low: 0.1, high: 0.9 } as const

export interface ExposureVerdict {
  passed: boolean
  /** In a few words. */
  headline: string
  /** What it means for the effects, in whole sentences. */
  meaning: string
}

/** What the check of an exposure model says of the effects. */
export function exposureVerdict({
  pValue,
  logLikelihood,
  popularityLogLikelihood,
  usersAreNew,
}: JudgedCheck): ExposureVerdict {
  const passed = pValue >= passingP.low && pValue <= passingP.high
  const p = `p ${pText(pValue)}`
  const informed =
    logLikelihood > popularityLogLikelihood
      ? ''
      : ' It predicts held-out exposures no better than how often each item is shown: it tells users apart by nothing, and what confounds exposure and rating may be missed.'
  if (passed)
    return {
      passed,
      headline: `The exposure model passes its check, ${p}`,
      meaning: `Exposures that were held out look like those it draws (0.5 is ideal, p from ${passingP.low} to ${passingP.high} passes; Wang and Blei take p above 0.1 as good enough). That does not prove what is assumed.${informed}`,
    }
  const headline = `The exposure model fails its check, ${p}`
  if (pValue < passingP.low && !usersAreNew)
    return {
      passed,
      headline,
      meaning: `Held-out exposures are less likely than nearly all it draws itself. But it learned from these very users, with what is held out as not shown, which alone lowers p: prepare the data with “Split by: Users” for a check that can be passed. Until then read the effects as associations, not as what exposing would do.${informed}`,
    }
  const why =
    pValue < passingP.low
      ? `Held-out exposures are less likely than nearly all it draws itself: it misses something of what users are shown. Confounding that it misses stays in the effects.`
      : `Held-out exposures are likelier than nearly all it draws itself: it spreads exposures wider than they are, so it is too vague to stand for what drives them. Confounding may stay in the effects.`
  return {
    passed,
    headline,
    meaning: `${why} Read the effects as associations, not as what exposing would do, and train it anew with another number of latent dimensions, another KL weight or more epochs.${informed}`,
  }
}

/** Effects without a check. */
export const notCheckedText = 'The exposure model of this run was not checked.'

/** Why a run has no check, or not yet. */
export function uncheckedText(state: JobState): string {
  if (isActive(state)) return 'The exposure model is trained first; whether it fits is said here once it is.'
  return state === 'completed'
    ? 'The exposure model was not checked: no user has held-out exposures.'
    : 'The exposure model was not checked: the training ended before.'
}

/** What the check was made with: `1,204 users, 12.3 held-out items each: −0.2011 nats an item, −0.2304 by popularity alone`. */
export const checkText = ({ users, heldOutItems, logLikelihood, popularityLogLikelihood }: ExposureCheck): string =>
  `Checked with ${users.toLocaleString('en-US')} users, ${fixed(heldOutItems, 1)} held-out items each: log-likelihood ${fixed(logLikelihood, 4)} nats an item, ${fixed(popularityLogLikelihood, 4)} by how often each item is shown alone.`

/** A p-value of the check: `0.43`, `< 0.01`, `> 0.99`. */
function pText(p: number): string {
  if (p < 0.01) return '< 0.01'
  if (p > 0.99) return '> 0.99'
  // 0.0951 must not read 0.10: which side of the limit it lies on has to be seen.
  const rounds = (limit: number): boolean => Math.abs(p - limit) < 0.005
  return p.toFixed(rounds(passingP.low) || rounds(passingP.high) ? 4 : 2)
}

/** What predictions are, as the head of a column. */
export const outcomeLabel: Readonly<Record<ExposureOutcome, string>> = {
  rating: 'Predicted rating',
  'log-odds': 'Log-odds',
}

const predictedWords: Readonly<Record<ExposureOutcome, string>> = {
  rating: 'predicted rating',
  'log-odds': 'predicted log-odds of being preferred, against the mean of all items,',
}

/** What an effect is. @param user null: for everyone */
export const effectMeaning = (outcome: ExposureOutcome, user: string | null): string =>
  `An effect is the slope of an item’s ${predictedWords[outcome]} in the exposure to another item, the substitute confounder${
    user === null
      ? ' held: for everyone, at the average user who was shown nothing (ATE).'
      : ` and the features of user ${user} held, at what this user was shown (CATE).`
  }`

/** The segments together: other than the effect for everyone, which is at the average user who was shown nothing. */
export const meanOverUsers = 'Mean over users'

/** What the means of segments are of. */
export const segmentEffectMeaning = (outcome: ExposureOutcome): string =>
  `Each effect is a mean over users of the slope of an item’s ${predictedWords[outcome]} in this exposure, the substitute confounder and the features of each user held, at what each was shown (CATE).`

/** What has to hold for an effect to be what exposing an item would do. */
export const exposureAssumptions: readonly string[] = [
  'Whatever moves both what users are shown and how they rate moves several items, not one alone (no single-cause confounders).',
  'The exposure model fits: given its substitute confounder, exposures are independent. The check tests this, and can only refute it.',
  'Every user could have been shown every item, and could have been spared it (overlap).',
  'What one user is shown moves nobody else’s ratings (SUTVA between users).',
]

/** An effect with its sign and three significant digits: `+0.0312`, `−1.20`, `+4.00e-12`, `0`. */
export function effectText(effect: number): string {
  if (!Number.isFinite(effect)) return '–'
  if (effect === 0) return '0'
  const size = Math.abs(effect)
  const text = size < 1e-5 ? size.toExponential(2) : size.toFixed(Math.max(0, 2 - Math.floor(Math.log10(size))))
  return `${effect < 0 ? '−' : '+'}${text}`
}

/** A mean effect with its standard error where there is one, four significant digits at most: `+0.031 ± 0.004`, `−0.005 ± < 0.001`. */
export function meanEffectText(mean: number, standardError: number | null): string {
  if (standardError === null) return effectText(mean)
  const decimals = Math.min(digitOf(standardError) + 1, digitOf(mean) + 3, 8)
  const shown = standardError.toFixed(decimals)
  const error = Number(shown) === 0 && standardError > 0 ? `< ${(10 ** -decimals).toFixed(decimals)}` : shown
  return `${mean < 0 ? '−' : '+'}${Math.abs(mean).toFixed(decimals)} ± ${error}`
}

/** The decimal place of the first digit of a number that is not zero, 0 from 1 on; for zero the second. */
const digitOf = (value: number): number => (value === 0 ? 2 : Math.max(0, -Math.floor(Math.log10(Math.abs(value)))))

/** How the users of the segments were taken, in a sentence. */
export function sampleText({ segments, sample }: Pick<SegmentExposureEffects, 'segments' | 'sample'>): string {
  const isSampled = segments.some(({ users, sampled }) => sampled < users)
  const whose = isSampled
    ? `at most ${sample.most} users of each segment, drawn at random (seed ${sample.seed})`
    : 'all users of each segment'
  const single = segments.some(({ users }) => users === 1)
    ? ' A segment of one user has no standard error, and is left out of those of the others.'
    : ''
  return `Means over ${whose}, ± their standard error over users. ${meanOverUsers}: the segments weighted by their users.${single}`
}
