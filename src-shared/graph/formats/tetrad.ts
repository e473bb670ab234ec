import { CausewayError } from '../../contract/errors'
import type { EdgesKnown } from '../edit/state'
import { edgePlacer, faulty, requireReadable } from './reading'

/**
 * The knowledge files of Tetrad (`Knowledge.saveKnowledge`, `SimpleDataLoader.loadKnowledge` of its library): tiers counted from 1
 * under `addtemporal`, pairs of names under `forbiddirect` and `requiredirect`.
 */
const sections = ['addtemporal', 'forbiddirect', 'requiredirect'] as const
type Section = (typeof sections)[number]

/** @throws CausewayError badRequest a name has a quote or a control character, which such a file cannot hold */
export function writeTetrad({ required, forbidden, tiers }: EdgesKnown): string {
  const pairs = (edges: readonly [string, string][]): string[] =>
    edges.map(([from, to]) => `${written(from)} ${written(to)}`)
  return [
    '/knowledge',
    'addtemporal',
    ...tiers.map((names, tier) => [tier + 1, ...names.map(written)].join(' ')),
    '',
    'forbiddirect',
    ...pairs(forbidden),
    '',
    'requiredirect',
    ...pairs(required),
    '',
  ].join('\n')
}

/** A name that holds blanks, or could be taken for something else at the start of a line, is put in quotes. */
function written(name: string): string {
  if (/["\p{Cc}]/u.test(name)) {
    throw new CausewayError(
      'badRequest',
      `Tetrad's files cannot hold the name ${JSON.stringify(name)}: it has a quote or a control character in it.`,
    )
  }
  return /^[\p{L}\p{N}_.]+$/u.test(name) && !/^(addtemporal|forbid|require)/i.test(name) ? name : `"${name}"`
}

/**
 * Knowledge from a file of Tetrad. A tier marked `*` forbids edges within it, one marked `-` edges beyond the next tier: both are
 * read as forbidden edges. Tiers may be counted from 0, as some versions of Tetrad wrote them.
 * @throws CausewayError badRequest what cannot be read and on which line; names that are no nodes, edges said twice
 */
export function readTetrad(text: string, nodes: readonly string[]): EdgesKnown {
  requireReadable(text)
  const known = new Set(nodes)
  const place = { forbiddirect: edgePlacer(nodes), requiredirect: edgePlacer(nodes) }
  const tiers = new Map<number, { names: string[]; within: boolean; nextOnly: boolean }>()
  const pairs: Record<'forbiddirect' | 'requiredirect', [string, string][]> = { forbiddirect: [], requiredirect: [] }
  const said = { forbiddirect: new Set<string>(), requiredirect: new Set<string>() }
  const tiered = new Set<string>()
  let section: Section | null = null
  let begun = false

  text.split('\n').forEach((raw, index) => {
    const line = index + 1
    const content = raw.replace('\ufeff', '').trim()
    if (content === '' || content.startsWith('//')) return
    if (!begun && content === '/knowledge') {
      begun = true
      return
    }
    begun = true
    const heading = sections.find((name) => name === content.toLowerCase())
    if (heading) {
      section = heading
      return
    }
    if (/^(forbidden|required)group$/i.test(content)) {
      throw faulty(line, `"${content}" is not read; write its edges under forbiddirect or requiredirect.`)
    }
    const words = wordsOf(content, line)
    if (section === null)
      throw faulty(line, `${sections.join(', ')} or /knowledge is expected, not "${content.slice(0, 40)}".`)
    if (section === 'addtemporal') {
      const [first, ...names] = words
      const head = /^(\d{1,4})([*-]{0,2})$/.exec(first!)
      if (!head) throw faulty(line, `A tier begins with its number, not with "${first}".`)
      for (const name of names) {
        if (!known.has(name)) throw faulty(line, `There is no node "${name}" in this graph.`)
        if (tiered.has(name)) throw faulty(line, `"${name}" is in a tier already.`)
        tiered.add(name)
      }
      const number = Number(head[1])
      const tier = tiers.get(number) ?? { names: [], within: false, nextOnly: false }
      tier.names.push(...names)
      tier.within ||= head[2]!.includes('*')
      tier.nextOnly ||= head[2]!.includes('-')
      tiers.set(number, tier)
      if (tiers.size > 256) throw faulty(line, 'There are more than 256 tiers.')
      return
    }
    if (words.length !== 2) throw faulty(line, `An edge is two names, here are ${words.length}.`)
    const [from, to] = words as [string, string]
    place[section](from, to, line)
    const other = section === 'forbiddirect' ? 'requiredirect' : 'forbiddirect'
    if (said[other].has(JSON.stringify([from, to]))) {
      throw faulty(line, `${from} → ${to} is both required and forbidden.`)
    }
    said[section].add(JSON.stringify([from, to]))
    pairs[section].push([from, to])
  })
  if (!begun) throw faulty(1, 'There is no knowledge in this text.')

  const ordered = [...tiers].sort(([a], [b]) => a - b).map(([, tier]) => tier)
  const forbidden = new Map(pairs.forbiddirect.map((edge) => [JSON.stringify(edge), edge]))
  ordered.forEach((tier, index) => {
    const barred = [
      ...(tier.within ? tier.names : []),
      ...(tier.nextOnly ? ordered.slice(index + 2).flatMap(({ names }) => names) : []),
    ]
    for (const from of tier.names)
      for (const to of barred) if (from !== to) forbidden.set(JSON.stringify([from, to]), [from, to])
  })
  return {
    required: pairs.requiredirect,
    forbidden: [...forbidden.values()],
    tiers: ordered.map(({ names }) => names),
  }
}

/** The words of a line, parted by blanks; one in quotes may hold blanks. */
function wordsOf(line: string, number: number): string[] {
  const words: string[] = []
  for (let at = 0; at < line.length;) {
    if (/\s/.test(line[at]!)) {
      at++
      continue
    }
    const inQuotes = line[at] === '"'
    let end = inQuotes ? line.indexOf('"', at + 1) : at
    if (end < 0) throw faulty(number, 'A quote is not closed.')
    if (!inQuotes) while (end < line.length && !/\s/.test(line[end]!)) end++
    words.push(line.slice(inQuotes ? at + 1 : at, end))
    at = inQuotes ? end + 1 : end
  }
  return words
}
