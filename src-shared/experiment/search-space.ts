import type { ExperimentFile, SearchDomain } from '../domain/experiment'
import type { ParamSchema, ParamValue, ParamValues } from '../params/params'

/** One parameter that is searched. */
export type Dimension =
  | { key: string; kind: 'list'; values: ParamValue[] }
  | {
      key: string
      kind: 'range'
      min: number
      max: number
      log: boolean
      /** Only `min` plus multiples of it; null for a continuous range. */
      step: number | null
    }

/** The parameters that are searched together, in the order of the file. */
export type SearchSpace = Dimension[]

/** A method as an experiment lists it. */
export type MethodEntry = ExperimentFile['methods'][number]

/** What a method is called in an experiment: its label, or its id where it has none. */
export const labelOf = (entry: Pick<MethodEntry, 'method' | 'label'>): string => entry.label ?? entry.method

/** The domains of a file as a space; ranges of integers have the step 1. */
export function spaceOf(search: Record<string, SearchDomain>, schema: ParamSchema): SearchSpace {
  return Object.entries(search).map(([key, domain]): Dimension => {
    if (Array.isArray(domain)) return { key, kind: 'list', values: domain }
    const integer = schema.some((spec) => spec.key === key && spec.type === 'integer')
    return { key, kind: 'range', ...domain, step: domain.step ?? (integer ? 1 : null) }
  })
}

// A share of the step, so that 0.1 + 2 × 0.1 still reaches 0.3.
const rounding = 1e-9

/** How many values a dimension has; null for a continuous range. */
export function countOf(dimension: Dimension): number | null {
  if (dimension.kind === 'list') return dimension.values.length
  const { min, max, step } = dimension
  return step === null ? null : Math.floor((max - min) / step + rounding) + 1
}

/** The value at a position of a range with steps: `min + at × step`, without the dust of floating-point sums. */
export const steppedValue = (min: number, step: number, at: number): number => Number((min + at * step).toPrecision(12))

/** The value at a position of a dimension that has a count. */
export function valueAt(dimension: Dimension, at: number): ParamValue {
  if (dimension.kind === 'list') return dimension.values[at]!
  if (dimension.step === null) throw new RangeError(`The range of "${dimension.key}" has no steps.`)
  return steppedValue(dimension.min, dimension.step, at)
}

/** How many settings a space has: 1 for an empty one, null where one of its ranges is continuous. */
export function settingsOf(space: SearchSpace): number | null {
  let settings = 1
  for (const dimension of space) {
    const count = countOf(dimension)
    if (count === null) return null
    settings *= count
  }
  return settings
}

/** The setting at a position of the grid, the last dimension fastest: each position from 0 to `settingsOf` - 1 is another setting. */
export function settingAt(space: SearchSpace, position: number): ParamValues {
  const setting: ParamValues = {}
  let rest = position
  for (let d = space.length - 1; d >= 0; d--) {
    const dimension = space[d]!
    const count = countOf(dimension)!
    setting[dimension.key] = valueAt(dimension, rest % count)
    rest = Math.floor(rest / count)
  }
  return Object.fromEntries(space.map(({ key }) => [key, setting[key]!]))
}

/** A setting as text, equal for equal settings. */
export const settingKey = (space: SearchSpace, params: ParamValues): string =>
  JSON.stringify(space.map(({ key }) => params[key]))
