import { CausewayError } from '../../contract/errors'
import { savedNameSchema, type Mask } from '../../domain/mask'

/** A mask that was read, and what in the text a mask has no place for, in words. */
export interface ImportedMask {
  mask: Mask
  lost: string[]
}

/** The largest text that is read; a mask of 256 nodes stays below it in every format. */
const mostCharacters = 16_000_000

/** @throws CausewayError badRequest the text is too long to be a mask */
export function requireReadable(text: string): void {
  if (text.length > mostCharacters) {
    throw new CausewayError('badRequest', `The text has ${text.length} characters; at most ${mostCharacters} are read.`)
  }
}

/** What is wrong with a text, and where. */
export const faulty = (line: number, what: string): CausewayError =>
  new CausewayError('badRequest', `Line ${line}: ${what}`, { line })

/** The line, from 1, on which a position lies. */
export function lineOf(text: string, position: number): number {
  let line = 1
  for (let at = text.indexOf('\n'); at >= 0 && at < position; at = text.indexOf('\n', at + 1)) line++
  return line
}

/** A factor from its text. @throws CausewayError badRequest it is no number in 0..1 */
export function readFactor(text: string, line: number): number {
  const factor = /^\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*$/.test(text) ? Number(text) : NaN
  if (!(factor >= 0 && factor <= 1))
    throw faulty(line, `The factor of an edge must be a number in 0..1, not "${text}".`)
  return factor
}

/** @throws CausewayError badRequest the nodes of a text are not those of the graph it is read for */
export function requireSameNodes(read: readonly string[], nodes: readonly string[]): void {
  const known = new Set(nodes)
  const seen = new Set<string>()
  for (const name of read) {
    if (!known.has(name)) {
      const has = nodes.length > 1 ? `${nodes[0]} … ${nodes.at(-1)}` : nodes.join()
      throw new CausewayError('badRequest', `There is no node "${name}" in this graph; its nodes are ${has}.`, { name })
    }
    if (seen.has(name)) throw new CausewayError('badRequest', `The node "${name}" is there twice.`, { name })
    seen.add(name)
  }
  const missing = nodes.filter((name) => !seen.has(name))
  if (missing.length > 0) {
    throw new CausewayError(
      'badRequest',
      `The text names ${seen.size} nodes, this graph has ${nodes.length}: ${missing.slice(0, 5).join(', ')}${missing.length > 5 ? ', …' : ''} not named.`,
      { missing },
    )
  }
}

/** An edge between two nodes of the graph, not said before. */
export function edgePlacer(nodes: readonly string[]): (from: string, to: string, line: number) => [number, number] {
  const places = new Map(nodes.map((name, index) => [name, index]))
  const said = new Set<number>()
  return (from, to, line) => {
    const [i, j] = [from, to].map((name) => {
      const place = places.get(name)
      if (place === undefined) throw faulty(line, `There is no node "${name}" in this graph.`)
      return place
    }) as [number, number]
    if (i === j) throw faulty(line, `${from} → ${to}: no node acts on itself.`)
    if (said.has(i * nodes.length + j)) throw faulty(line, `${from} → ${to} is there twice.`)
    said.add(i * nodes.length + j)
    return [i, j]
  }
}

/** A mask in which edges are removed until they are set, each once. */
export function maskOfEdges(nodes: readonly string[]): {
  factors: number[][]
  set: (from: string, to: string, factor: number, line: number) => void
} {
  const place = edgePlacer(nodes)
  const factors = nodes.map((_, from) => nodes.map((_, to): number => (from === to ? 1 : 0)))
  const set = (from: string, to: string, factor: number, line: number): void => {
    const [i, j] = place(from, to, line)
    factors[i]![j] = factor
  }
  return { factors, set }
}

/** A mask from what was read; a name that masks may not have, and what of the notes is too long, is lost. */
export function importedMask(
  read: { name: string | null; notes: string | null; factors: number[][] },
  nodes: readonly string[],
  lost: readonly string[],
): ImportedMask {
  const named = savedNameSchema.safeParse(read.name)
  const notes = read.notes ?? ''
  return {
    mask: {
      type: 'causeway-mask',
      version: 1,
      name: named.success ? named.data : 'Imported mask',
      notes: notes.slice(0, 4000),
      nodes: [...nodes],
      factors: read.factors,
    },
    lost: [
      ...(named.success || read.name === null ? [] : [`The name "${read.name}": a mask may not be called so.`]),
      ...(notes.length > 4000 ? ['The notes beyond 4000 characters.'] : []),
      ...lost,
    ],
  }
}

/** Counts attributes that a mask has no place for, and says so: `Attribute "color" of 3 edges.` */
export class LostCounter {
  readonly #counts = new Map<string, number>()

  add(attribute: string, of: 'graph' | 'node' | 'edge', count = 1): void {
    const key = JSON.stringify([attribute, of])
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + count)
  }

  words(): string[] {
    return [...this.#counts].map(([key, count]) => {
      const [attribute, of] = JSON.parse(key) as [string, string]
      if (of === 'graph') return `Attribute "${attribute}" of the graph.`
      return `Attribute "${attribute}" of ${count === 1 ? `one ${of}` : `${count} ${of}s`}.`
    })
  }
}
