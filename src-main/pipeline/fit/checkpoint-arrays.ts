import type { NamedArrays } from '../../methods/method'

/** The arrays under names of one kind: `prefix.name`. */
export const withPrefix = (prefix: string, arrays: NamedArrays): NamedArrays =>
  Object.fromEntries(Object.entries(arrays).map(([name, array]) => [`${prefix}.${name}`, array]))

/** Those of one kind, under their own names again. */
export const withoutPrefix = (prefix: string, arrays: NamedArrays): NamedArrays =>
  Object.fromEntries(
    Object.entries(arrays)
      .filter(([name]) => name.startsWith(`${prefix}.`))
      .map(([name, array]) => [name.slice(prefix.length + 1), array]),
  )
