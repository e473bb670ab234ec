import type { Estimate } from '../../src-shared/domain/intervention'

/** Numbers of effects as shown: as many digits as the interval supports, a real minus sign. Pure functions. */

const mostDecimals = 8

/**
 * Decimals to show an estimate with: down to the first digit of half its interval's width, one more where that digit is 1.
 * Without a width: four significant digits, none for whole numbers.
 */
export function decimalsOf({ mean, low, high }: Estimate): number {
  if (!Number.isFinite(high - low)) return 4
  if (hasWidth({ mean, low, high })) {
    const halfWidth = (high - low) / 2
    const [digit, exponent] = halfWidth.toExponential(0).split('e') as [string, string]
    const decimals = within(-Number(exponent) + (digit === '1' ? 1 : 0))
    // A bound that is not zero must not read as zero.
    const nearest = Math.min(Math.abs(low), Math.abs(high))
    if (!excludesZero({ mean, low, high })) return decimals
    return Math.max(decimals, Math.min(decimals + 3, within(firstDecimal(nearest))))
  }
  return Number.isInteger(mean) ? 0 : within(3 - Math.floor(Math.log10(Math.abs(mean))))
}
/** The decimal at which a number above zero no longer rounds to zero. */
const firstDecimal = (value: number): number => -Math.floor(Math.log10(value * 2))

const within = (decimals: number): number => Math.min(Math.max(decimals, 0), mostDecimals)

/** A number with so many decimals, thousands separated from 10,000 on: `20,256`, `−0.03`; what rounds to zero has no sign. */
export function fixed(value: number, decimals: number): string {
  if (!Number.isFinite(value)) return '–'
  const text = new Intl.NumberFormat('en', {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
    // A mean year is 2020.1, not 2,020.1.
    useGrouping: 'min2',
  }).format(Math.abs(value))
  return value < 0 && /[1-9]/.test(text) ? `−${text}` : text
}

/** As `fixed`, with a plus sign where it is more than zero. */
export function signed(value: number, decimals: number): string {
  const text = fixed(value, decimals)
  return value > 0 && /[1-9]/.test(text) ? `+${text}` : text
}

/** `0.8 to 1.2` */
export const intervalText = ({ low, high }: Estimate, decimals: number, withSign = false): string => {
  const text = withSign ? signed : fixed
  return `${text(low, decimals)} to ${text(high, decimals)}`
}

/** `0.82 (0.80 to 0.84)`; without an interval's width the number alone. */
export function estimateText(estimate: Estimate): string {
  const decimals = decimalsOf(estimate)
  const mean = fixed(estimate.mean, decimals)
  return hasWidth(estimate) ? `${mean} (${intervalText(estimate, decimals)})` : mean
}

/** `0.82 (0.80 to 0.84), exactly 0.8213`: every digit there is. */
export const exactText = (estimate: Estimate): string => `${estimateText(estimate)}, exactly ${estimate.mean}`

/** What differs by less is the rounding of sums. */
const roundingOf = ({ low, high }: Estimate): number => 1e-9 * Math.max(Math.abs(low), Math.abs(high))
const hasWidth = (estimate: Estimate): boolean => estimate.high - estimate.low > roundingOf(estimate)
const excludesZero = (estimate: Estimate): boolean =>
  estimate.low > roundingOf(estimate) || estimate.high < -roundingOf(estimate)

/** `none`: nothing changed at all. `unclear`: the interval holds zero. */
export type Direction = 'rises' | 'falls' | 'unclear' | 'none'

export function directionOf({ mean, low, high }: Estimate): Direction {
  if (mean === 0 && low === 0 && high === 0) return 'none'
  if (!excludesZero({ mean, low, high })) return 'unclear'
  return low > 0 ? 'rises' : 'falls'
}

/** Marks a direction, beside its words: never by colour alone. */
export const directionMarks: Readonly<Record<Direction, { mark: string; words: string }>> = {
  rises: { mark: '▲', words: 'rises' },
  falls: { mark: '▼', words: 'falls' },
  unclear: { mark: '≈', words: 'interval holds zero' },
  none: { mark: '=', words: 'no change' },
}

/** One quantity's row: the same decimals throughout, those that the change supports, so that it can be read across. */
export function quantityTexts({ before, after, change }: { before: Estimate; after: Estimate; change: Estimate }): {
  before: string
  after: string
  change: string
  interval: string
  direction: Direction
} {
  const direction = directionOf(change)
  const decimals = direction === 'none' ? decimalsOf(before) : decimalsOf(change)
  return {
    before: fixed(before.mean, decimals),
    after: fixed(after.mean, decimals),
    change: direction === 'none' ? '0' : signed(change.mean, decimals),
    interval: direction === 'none' ? 'exactly' : intervalText(change, decimals, true),
    direction,
  }
}

/** Scores and their parts, one number of decimals for all: three significant digits of the largest part. */
export function partDecimals(parts: readonly number[]): number {
  const largest = Math.max(0, ...parts.map(Math.abs))
  return largest === 0 ? 2 : within(2 - Math.floor(Math.log10(largest)))
}
