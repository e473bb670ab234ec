const significant = new Intl.NumberFormat('en', { maximumSignificantDigits: 4, useGrouping: true })
const large = new Intl.NumberFormat('en', { maximumFractionDigits: 1 })

/** A value for reading: no more than one decimal from 1,000 on, four significant digits below, powers of ten for very small ones. */
export function formatValue(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return '–'
  const size = Math.abs(value)
  if (Number.isInteger(value) || size >= 1000) return large.format(value)
  return size < 1e-4 ? value.toExponential(2) : significant.format(value)
}

/** A value for a file: every digit, no grouping. */
export const exactValue = (value: number | string | null): string => (value === null ? '' : String(value))
