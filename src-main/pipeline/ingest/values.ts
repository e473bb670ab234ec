/** What the values of a text table mean: whole numbers, numbers, times. */

export const integerPattern = /^[+-]?\d+$/
export const numberPattern = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/

/** How the values of a time column are written. */
export const timeFormats = ['epoch', 'iso', 'yyyymmdd', 'day-month-year', 'month-day-year'] as const
export type TimeFormat = (typeof timeFormats)[number]

const isoPattern = /^(\d{4})-(\d{2})-(\d{2})([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?\s?(Z|UTC|[+-]\d{2}(:?\d{2})?)?)?$/
const compactPattern = /^((?:19|20)\d{2})(\d{2})(\d{2})$/
const writtenPattern = /^(\d{1,2})[/.](\d{1,2})[/.](\d{4})( \d{1,2}:\d{2}(:\d{2})?)?$/

const timeFormatWords: Record<TimeFormat, string> = {
  epoch: 'seconds or milliseconds since 1970',
  iso: 'an ISO date or time such as 2024-01-31',
  yyyymmdd: 'a date such as 20240131',
  'day-month-year': 'day, month and year such as 31/01/2024',
  'month-day-year': 'month, day and year such as 01/31/2024',
}

/** The last second a date can have in JavaScript. */
export const latestSeconds = 8.64e12

/** Whether the calendar has this day. */
function isDay(year: number, month: number, day: number): boolean {
  const date = new Date(Date.UTC(year, month - 1, day))
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day
}

function isTime(text: string, format: TimeFormat): boolean {
  if (format === 'epoch') return numberPattern.test(text) && Math.abs(Number(text)) <= latestSeconds * 1e6
  const pattern = format === 'iso' ? isoPattern : format === 'yyyymmdd' ? compactPattern : writtenPattern
  const [a, b, c] = (pattern.exec(text) ?? []).slice(1, 4).map(Number)
  if (a === undefined || b === undefined || c === undefined) return false
  if (format === 'day-month-year') return isDay(c, b, a)
  return format === 'month-day-year' ? isDay(c, a, b) : isDay(a, b, c)
}

const filled = (values: string[]): string[] => values.map((value) => value.trim()).filter((value) => value !== '')

/**
 * The format that most of the values are in. `03/04/2024` may be either; only a day beyond the 12th tells, and without one it is
 * read as American.
 */
export function timeFormatOf(values: string[]): TimeFormat {
  const texts = filled(values)
  if (texts.length > 0 && texts.every((text) => isTime(text, 'yyyymmdd'))) return 'yyyymmdd'
  if (texts.some((text) => writtenPattern.test(text))) {
    const american = texts.filter((text) => isTime(text, 'month-day-year')).length
    const dotted = texts.some((text) => text.includes('.'))
    return dotted || texts.filter((text) => isTime(text, 'day-month-year')).length > american
      ? 'day-month-year'
      : 'month-day-year'
  }
  return texts.some((text) => numberPattern.test(text)) ? 'epoch' : 'iso'
}

/** Whether every value is a time, and a number among them too large to be a rating. */
export function looksLikeTimes(values: string[]): boolean {
  const texts = filled(values)
  const format = timeFormatOf(texts)
  return texts.length > 0 && texts.every((text) => isTime(text, format) && (format !== 'epoch' || Number(text) >= 1e8))
}

/** Why a rating cannot be one, or null. A blank rating is a missing one. */
export function ratingFault(value: string): string | null {
  const text = value.trim()
  if (text === '') return null
  if (numberPattern.test(text)) return Number.isFinite(Number(text)) ? null : `${text} is too large for a rating`
  if (/^[+-]?(nan|inf|infinity)$/i.test(text)) return `"${text}" is not a finite number`
  return `"${text.slice(0, 60)}" is not a number`
}

/** How a column of yes and no is written, in lower case; tables with blanks make 1.0 of 1. */
export const yesWords = ['yes', 'true', '1', '1.0']
export const noWords = ['no', 'false', '0', '0.0']

/** Why a value says neither yes nor no, or null. A blank says no. */
export function randomisedFault(value: string): string | null {
  const text = value.trim().toLowerCase()
  if (text === '' || yesWords.includes(text) || noWords.includes(text)) return null
  return `"${value.trim().slice(0, 60)}" is neither yes nor no (expected yes or no, true or false, 1 or 0)`
}

/** Why a propensity cannot be one, or null. A blank propensity is a missing one. */
export function propensityFault(value: string): string | null {
  const text = value.trim()
  if (text === '') return null
  if (!numberPattern.test(text)) return `"${text.slice(0, 60)}" is not a number`
  if (Number(text) > 0 && Number(text) <= 1) return null
  return `${text} is no probability of having been observed (expected above 0 and up to 1)`
}

/** Why a time cannot be one, or null. A blank time is a missing one. */
export function timeFault(value: string, format: TimeFormat): string | null {
  const text = value.trim()
  if (text === '' || isTime(text, format)) return null
  return `"${text.slice(0, 60)}" is not a time (expected ${timeFormatWords[format]})`
}
