import { CausewayError } from '../contract/errors'

/**
 * Typed parameters. Forms, CLI flags, run files and validation are all drawn from these specifications;
 * no parameter is described anywhere else.
 */
interface ParamBase {
  key: string
  label: string
  /** One sentence: what it does and what a larger value means. */
  help: string
  /** The unit of the value, where it has one: 'epochs', 'users', 'dimensions'. */
  unit?: string
  /** Shown at once in a form; the others stand under "All parameters". */
  basic: boolean
}

export interface IntegerParam extends ParamBase {
  type: 'integer'
  default: number
  min: number
  max: number
}

export interface NumberParam extends ParamBase {
  type: 'number'
  default: number
  min: number
  max: number
}

export interface ChoiceParam extends ParamBase {
  type: 'choice'
  default: string
  choices: { value: string; label: string; help?: string }[]
}

export interface BooleanParam extends ParamBase {
  type: 'boolean'
  default: boolean
}

export type ParamSpec = IntegerParam | NumberParam | ChoiceParam | BooleanParam
export type ParamSchema = readonly ParamSpec[]
export type ParamValue = number | string | boolean
export type ParamValues = Record<string, ParamValue>

/** The default of every parameter. */
export const defaultParams = (schema: ParamSchema): ParamValues =>
  Object.fromEntries(schema.map((spec) => [spec.key, spec.default]))

/** The values a parameter allows, in words: `integer 1..64`, `none | g | l | g+l`, `true | false`. */
export function allowedValues(spec: ParamSpec): string {
  switch (spec.type) {
    case 'integer':
    case 'number':
      return `${spec.type} ${spec.min}..${spec.max}`
    case 'choice':
      return spec.choices.map((choice) => choice.value).join(' | ')
    case 'boolean':
      return 'true | false'
  }
}

/** The value as `spec` takes it, or null where it does not allow it. Text from a command line or a form counts as the number it spells. */
export function parseParam(spec: ParamSpec, value: unknown): { value: ParamValue } | null {
  switch (spec.type) {
    case 'integer':
    case 'number': {
      const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
      if (typeof number !== 'number' || !Number.isFinite(number)) return null
      if (spec.type === 'integer' && !Number.isInteger(number)) return null
      return number >= spec.min && number <= spec.max ? { value: number } : null
    }
    case 'choice':
      return spec.choices.some((choice) => choice.value === value) ? { value: value as string } : null
    case 'boolean':
      if (value === true || value === 'true') return { value: true }
      if (value === false || value === 'false') return { value: false }
      return null
  }
}

/**
 * Every parameter of `schema` with the given value or its default.
 * @throws CausewayError `paramUnknown` for a key outside the schema, `paramInvalid` for a value outside its range;
 *   both list what is allowed.
 */
export function resolveParams(schema: ParamSchema, given: Record<string, unknown>, what = 'parameter'): ParamValues {
  const byKey = new Map(schema.map((spec) => [spec.key, spec]))
  for (const key of Object.keys(given)) {
    if (byKey.has(key)) continue
    const allowed = [...byKey.keys()]
    throw new CausewayError('paramUnknown', `There is no ${what} "${key}". Allowed: ${allowed.join(', ')}.`, {
      key,
      allowed,
    })
  }
  const values = defaultParams(schema)
  for (const [key, value] of Object.entries(given)) {
    const spec = byKey.get(key)!
    const parsed = parseParam(spec, value)
    if (!parsed) {
      const allowed = allowedValues(spec)
      throw new CausewayError(
        'paramInvalid',
        `The ${what} "${key}" cannot be ${JSON.stringify(value)}. Allowed: ${allowed}.`,
        {
          key,
          value: String(value),
          allowed,
        },
      )
    }
    values[key] = parsed.value
  }
  return values
}
