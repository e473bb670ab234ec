/** `a`, `a and b`, `a, b and c`. */
export const inWords = (names: readonly string[]): string =>
  names.length < 2 ? (names[0] ?? 'nothing') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)!}`

/** `1 path`, `2 paths`. */
export const counted = (count: number, one: string, several = `${one}s`): string =>
  `${count} ${count === 1 ? one : several}`

/** The first few sets, each in braces, and how many more there are. */
export function setsInWords(sets: readonly (readonly string[])[]): string {
  const shown = sets.slice(0, 3).map((set) => `{ ${set.join(', ')} }`)
  return sets.length > 3 ? `${shown.join(', ')} and ${sets.length - 3} more` : inWords(shown)
}
