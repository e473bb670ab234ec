/** Numbers, times and sizes as the workbench shows them: plain, short, with thousands separated. Pure functions. */

const grouped = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const absent = '–'

/** A count with thousands separated: 20,256. */
export const formatCount = (value: number): string => grouped.format(value)

/** A metric with four decimals; a dash where there is none. */
export const formatMetric = (value: number | null | undefined): string =>
  value === null || value === undefined || !Number.isFinite(value) ? absent : value.toFixed(4)

/** A number without needless digits: 0.0001, 4, 1,000, 2.5. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return absent
  const size = Math.abs(value)
  if (size !== 0 && (size < 1e-4 || size >= 1e15)) return value.toExponential()
  return new Intl.NumberFormat('en', { maximumSignificantDigits: 12 }).format(value)
}

/** A share in [0, 1] as percent with `digits` decimals: 6.3 %. Small shares keep two significant digits. */
export function formatPercent(share: number, digits = 1): string {
  const percent = share * 100
  if (percent > 0 && percent < 10 ** -digits) return `${percent.toPrecision(2)} %`
  return `${percent.toFixed(digits)} %`
}

/** A duration in the two largest units: 0.4 s, 12 s, 3 min 5 s, 2 h 10 min. */
export function formatDuration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return absent
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
}

/** A size in bytes with a decimal unit: 812 B, 3.4 MB, 1.2 GB. */
export function formatBytes(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined) return absent
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 || value >= 99.5 ? value.toFixed(0) : value.toFixed(1)} ${units[unit]}`
}

/** A point in time in the user's own zone, to the minute: 2026-03-04 09:30. */
export function formatTime(iso: string | null | undefined): string {
  if (!iso) return absent
  const time = new Date(iso)
  if (Number.isNaN(time.getTime())) return iso
  const two = (part: number): string => String(part).padStart(2, '0')
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())} ${two(time.getHours())}:${two(time.getMinutes())}`
}

/** "1 user", "2 users". */
export const plural = (count: number, noun: string, many = `${noun}s`): string =>
  `${formatCount(count)} ${count === 1 ? noun : many}`
