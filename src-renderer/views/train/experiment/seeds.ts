import { largestSeed } from '../../../stores/train-store'

/** As many as the schema allows in one experiment. */
const mostSeeds = 100

/**
 * Seeds as they are typed: numbers and stretches, separated by commas or spaces: `1-5, 8`. In their order, each once.
 * Null where something else stands there, or more than an experiment can have.
 */
export function parseSeeds(typed: string): number[] | null {
  const seeds: number[] = []
  for (const part of typed
    .replace(/\s*(?:-|–|\.\.)\s*/g, '-')
    .split(/[\s,;]+/)
    .filter(Boolean)) {
    const found = /^(\d+)(?:-(\d+))?$/.exec(part)
    if (!found) return null
    const from = Number(found[1])
    const to = Number(found[2] ?? found[1])
    if (to > largestSeed || to < from || to - from >= mostSeeds) return null
    for (let seed = from; seed <= to; seed++) seeds.push(seed)
  }
  const each = [...new Set(seeds)]
  return each.length === 0 || each.length > mostSeeds ? null : each
}
