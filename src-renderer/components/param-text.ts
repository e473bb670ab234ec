import { allowedValues, parseParam, type ParamSpec, type ParamValue } from '../../src-shared/params/params'
import { formatNumber } from '../format'

/** Bounds at or beyond this are technical limits, not advice: they are not shown. */
const openBound = 1e9

/** The values of a numeric parameter in words, without those of a choice: "1 to 64". */
function rangeText(spec: ParamSpec): string {
  if (spec.type !== 'integer' && spec.type !== 'number') return ''
  const from = spec.min > -openBound ? formatNumber(spec.min) : null
  const to = spec.max < openBound ? formatNumber(spec.max) : null
  if (from !== null && to !== null) return `${from} to ${to}`
  if (from !== null) return `${from} or more`
  if (to !== null) return `${to} or less`
  return 'any number'
}

/** The value as the form shows it. */
export function valueText(spec: ParamSpec, value: ParamValue | undefined): string {
  if (value === undefined) return ''
  if (spec.type === 'choice') return spec.choices.find((choice) => choice.value === value)?.label ?? String(value)
  if (spec.type === 'boolean') return value === true ? 'on' : 'off'
  return String(value)
}

/** One short line under a control: its range and its default. */
export function hintText(spec: ParamSpec): string {
  const parts = [rangeText(spec), `default ${valueText(spec, spec.default)}`]
  return parts.filter(Boolean).join(' · ')
}

/** What is wrong with what was typed, in words; null where nothing is. */
export function problemText(spec: ParamSpec, typed: unknown): string | null {
  if (parseParam(spec, typed)) return null
  if (spec.type === 'integer' || spec.type === 'number') {
    const kind = spec.type === 'integer' ? 'a whole number' : 'a number'
    const range = rangeText(spec)
    return range === 'any number' ? `Give ${kind}.` : `Give ${kind}, ${range}.`
  }
  return `Allowed: ${allowedValues(spec)}.`
}
