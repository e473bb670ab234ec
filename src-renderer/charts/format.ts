const significant = new Intl.NumberFormat('en', { maximumSignificantDigits: 4, useGrouping: true })
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })

/** A value for reading: whole numbers in full, others with four significant digits, very small ones in powers of ten. */
export function formatValue(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return '–'
  if (Number.isInteger(value)) return whole.format(value)
  return Math.abs(value) < 1e-4 ? value.toExponential(2) : significant.format(value)
}

/** A value for a file: every digit, no grouping. */
export const exactValue = (value: number | string | null): string => (value === null ? '' : String(value))
