const significant = new Intl.NumberFormat('en', { maximumSignificantDigits: 4, useGrouping: true })
const large = new Intl.NumberFormat('en', { maximumFractionDigits: 1 })

/** A value for reading: no more than one decimal from 1,000 on, four significant digits below, powers of ten for very small ones. */
export function formatValue(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return '–'
  const size = Math.abs(value)
  if (Number.isInteger(value) || size >= 1000) return large.format(value)
  return size < 1e-4 ? value.toExponential(2) : significant.format(value)
}

/**
 * A formatter for a column: one number of decimals for all, four significant digits for the largest, so that digits stand under digits.
 */
export function columnFormatter(values: readonly (number | null)[]): (value: number | null) => string {
  const known = values.filter((value) => value !== null && Number.isFinite(value)) as number[]
  const largest = known.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  const decimals =
    known.every(Number.isInteger) || largest === 0 ? 0 : Math.min(Math.max(3 - Math.floor(Math.log10(largest)), 1), 8)
  const format = new Intl.NumberFormat('en', { minimumFractionDigits: decimals, maximumFractionDigits: decimals })
  return (value) => (value === null || !Number.isFinite(value) ? '–' : format.format(value))
}

/** A value for a file: every digit, no grouping. */
export const exactValue = (value: number | string | null): string => (value === null ? '' : String(value))
