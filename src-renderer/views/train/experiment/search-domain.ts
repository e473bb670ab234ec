import type { SearchDomain, SearchStrategy } from '../../../../src-shared/domain/experiment'
import { parseParam, type ParamSpec, type ParamValue } from '../../../../src-shared/params/params'
import { valueText } from '../../../components/param-text'
import { formatNumber } from '../../../format'

export type SearchRange = Exclude<SearchDomain, readonly unknown[]>

export const isNumeric = (spec: ParamSpec): boolean => spec.type === 'integer' || spec.type === 'number'
export const isRange = (domain: SearchDomain): domain is SearchRange => !Array.isArray(domain)

/** Within the parameter's range, and whole where it has to be. */
function allowed(spec: ParamSpec, value: number): number | null {
  const parsed = parseParam(spec, spec.type === 'integer' ? Math.round(value) : Number(value.toPrecision(12)))
  return parsed ? Number(parsed.value) : null
}

/** A list to start from: half the default, the default and twice of it; all values of a choice. */
export function firstValues(spec: ParamSpec): ParamValue[] {
  if (spec.type === 'choice') return spec.choices.map((choice) => choice.value)
  if (spec.type === 'boolean') return [false, true]
  const around = spec.default === 0 ? [0, Math.min(spec.max, 1)] : [spec.default / 2, spec.default, spec.default * 2]
  return [...new Set(around.flatMap((value) => allowed(spec, value) ?? []))]
}

/** A range to start from: a tenth to ten times the default, on a logarithmic scale where that is possible. */
export function firstRange(spec: ParamSpec): SearchRange {
  if (spec.type !== 'integer' && spec.type !== 'number') throw new Error(`${spec.key} has no range.`)
  if (spec.default > 0) {
    const min = Math.max(spec.min, allowed(spec, spec.default / 10) ?? spec.min, spec.type === 'integer' ? 1 : 0)
    const max = Math.min(spec.max, spec.default * 10)
    if (min > 0 && max > min) return { min, max, log: true }
  }
  const max = Math.min(spec.max, spec.min + 1)
  return { min: spec.min, max, log: false }
}

/** What a parameter is searched in when its search is switched on. */
export const firstDomain = (spec: ParamSpec, strategy: SearchStrategy): SearchDomain =>
  strategy === 'grid' || !isNumeric(spec) ? firstValues(spec) : firstRange(spec)

/** Values as they are typed, separated by commas or spaces; each once. Null where one is none that the parameter allows. */
export function parseValues(spec: ParamSpec, typed: string): ParamValue[] | null {
  const parts = typed.split(/[\s,;]+/).filter(Boolean)
  const parsed = parts.map((part) => parseParam(spec, part))
  if (parts.length === 0 || parsed.some((value) => value === null)) return null
  return [...new Set(parsed.map((value) => value!.value))]
}

/** What is wrong with a range, in words; null where nothing is. */
export function rangeProblem(spec: ParamSpec, range: SearchRange): string | null {
  if (spec.type !== 'integer' && spec.type !== 'number') return 'Only numbers have a range.'
  if (!Number.isFinite(range.min) || !Number.isFinite(range.max)) return 'Give both ends as numbers.'
  for (const [end, value] of [
    ['lower', range.min],
    ['upper', range.max],
  ] as const)
    if (!parseParam(spec, value))
      return spec.type === 'integer' && !Number.isInteger(value)
        ? `The ${end} end has to be a whole number.`
        : `The ${end} end has to lie within ${formatNumber(spec.min)} to ${formatNumber(spec.max)}.`
  if (range.min >= range.max) return 'The lower end has to be below the upper end.'
  if (range.log && range.min <= 0) return 'A logarithmic scale needs a lower end above 0.'
  if (range.step === undefined) return null
  if (!(range.step > 0)) return 'The step has to be a number above 0.'
  if (spec.type === 'integer' && !Number.isInteger(range.step)) return 'The step has to be a whole number.'
  if (range.step > range.max - range.min) return 'The step is larger than the range.'
  return null
}

/** A domain in a few words: "2, 4, 8", "0.0001 to 0.1, logarithmic". */
export function domainText(spec: ParamSpec | undefined, domain: SearchDomain): string {
  if (!isRange(domain)) return domain.map((value) => (spec ? valueText(spec, value) : String(value))).join(', ')
  const step = domain.step === undefined ? '' : `, step ${formatNumber(domain.step)}`
  return `${formatNumber(domain.min)} to ${formatNumber(domain.max)}${domain.log ? ', logarithmic' : ''}${step}`
}
