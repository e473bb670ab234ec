import type { Cell, TableBlock } from './report-document'

/** How values read in a report. */

/** Fewer people than these are not spoken of where only aggregates are told. */
export const fewestUsers = 5

/** What differs by less is the rounding of sums. */
const rounding = 1e-9

/**
 * Four decimals, and as many more as it takes that what is not zero does not read as zero; with a minus sign of its own width.
 * @param beside the number whose decimals it has, two from 10 on, such as the mean of a standard deviation
 */
export function decimals(value: number, beside = 0): string {
  const places = Math.abs(beside) >= 10 ? 2 : 4
  if (Math.abs(value) < rounding) return (0).toFixed(places)
  const text = Math.abs(value).toFixed(places)
  return (value < 0 ? '−' : '') + (/[1-9]/.test(text) ? text : Math.abs(value).toPrecision(2))
}

const grouped = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })

/** A count with thousands separated: `100,000`. */
export const count = (value: number): string => grouped.format(value)
export const signed = (value: number): string => `${value > rounding ? '+' : ''}${decimals(value)}`

export const percent = (share: number): string => `${(share * 100).toFixed(2)} %`

/** `95 %`. */
export const levelWords = (level: number): string => `${Number((level * 100).toFixed(2))} %`

export const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`

/** `12.5 s`, `3 min 5 s`, `2 h 5 min`. */
export function duration(seconds: number): string {
  // Rounded first: 59.97 s is a minute, not 60.0 s.
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  const minutes = Math.floor(whole / 60)
  if (minutes < 60) return `${minutes} min ${whole % 60} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** `2026-11-21 03:45 UTC`. */
export const moment = (iso: string): string => (iso === '' ? '-' : `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`)

/** A table of what there is to say of one thing. */
export const facts = (caption: string, rows: Cell[][]): TableBlock => ({
  kind: 'table',
  caption,
  head: ['What', 'Value'],
  rows,
})
