import { fixed } from '../comparison/words'
import type { CorrelationEstimate } from '../domain/correlation'

/** How the correlation of exogenous variables is said: the same words in the window, the terminal and the report. */

/** `0.31`, `−0.05`. */
export const rhoText = (rho: number): string => fixed(rho, 2)

/** `0.31 (0.12 to 0.47)`; without an interval the value alone. */
export function estimateText({ correlation, bootstrap }: CorrelationEstimate): string {
  const interval = bootstrap?.interval
  return interval
    ? `${rhoText(correlation)} (${rhoText(interval.low)} to ${rhoText(interval.high)})`
    : rhoText(correlation)
}

/** What its sign means, and whether it can be told from zero. */
export function meaningText({ correlation, bootstrap }: CorrelationEstimate): string {
  const interval = bootstrap?.interval
  const unsure = interval && interval.low <= 0 && interval.high >= 0
  // As it is shown: one that reads 0.00 is told as zero.
  const shown = Number(correlation.toFixed(2))
  const sign =
    shown > 0
      ? 'Positive: items that users came to rate are liked more than their scores tell, so observed ratings are too good.'
      : shown < 0
        ? 'Negative: items that users came to rate are liked less than their scores tell, so observed ratings are too bad.'
        : 'Zero: that users came to rate an item tells nothing of how they like it beyond its score.'
  return unsure ? `${sign} The interval holds 0: these data do not tell it from no correlation.` : sign
}

/** How the interval was made, or that there is none. */
export function originText({ bootstrap }: CorrelationEstimate): string {
  if (!bootstrap || bootstrap.done.length === 0)
    return 'It has no interval yet: nobody has asked for a bootstrap over users.'
  const { done, interval, resamples } = bootstrap
  const ofAll = done.length < resamples ? `${done.length} of ${resamples}` : `${done.length}`
  if (!interval) return `It has no interval yet: ${ofAll} trainings on resampled users are too few.`
  return `Interval: the middle ${Number((interval.level * 100).toFixed(2))} % of ${ofAll} trainings on users drawn with replacement, each from another start.`
}
