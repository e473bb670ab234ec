import { CausewayError } from '../../contract/errors'
import type { Mask } from '../../domain/mask'
import { forbiddenByTiers } from '../edit/knowledge-operations'
import { allOnes, requireMask } from '../mask'
import { importMaskDot, writeMaskDagitty, writeMaskDot } from './dot'
import { importMaskGraphml, writeMaskGraphml } from './graphml'
import { importMaskJson, writeMaskJson } from './mask-json'
import { importedMask, type ImportedMask } from './reading'
import { readTetrad, writeTetrad } from './tetrad'

export type MaskFormatId = 'json' | 'dot' | 'graphml' | 'dagitty' | 'tetrad'

/** What a format does with a mask, in plain words. */
export interface MaskFormat {
  id: MaskFormatId
  label: string
  /** Of its files, without the first dot. */
  extension: string
  keeps: string
  loses: string
}

/** What no format has, because a mask has it not. */
export const notInMasks =
  'A mask is the factors of the edges, with a name and notes. Where nodes are placed, how you named them and the values they are held at are not part of it.'

const removedLeftOut = 'an edge that is removed is left out of the graph, and one that is not there is read as removed'

/** The formats that masks are written in and read from. */
export const maskFormats: readonly MaskFormat[] = [
  {
    id: 'json',
    label: 'Causeway mask (JSON)',
    extension: 'json',
    keeps: 'Everything: name, notes, nodes and every factor to the last digit.',
    loses: 'Nothing.',
  },
  {
    id: 'dot',
    label: 'Graphviz (DOT)',
    extension: 'dot',
    keeps: `Everything: name, notes, nodes and, as the attribute "factor", every factor to the last digit; ${removedLeftOut}.`,
    loses: 'Nothing.',
  },
  {
    id: 'graphml',
    label: 'GraphML',
    extension: 'graphml',
    keeps: `Name, notes, nodes and, as data called "factor", every factor to the last digit; ${removedLeftOut}.`,
    loses: 'Control characters in the notes, which XML cannot hold.',
  },
  {
    id: 'dagitty',
    label: 'DAGitty',
    extension: 'dagitty.txt',
    keeps: `Nodes and, as "beta", every factor to the last digit; ${removedLeftOut}.`,
    loses: 'Name and notes. DAGitty answers questions about graphs without cycles only.',
  },
  {
    id: 'tetrad',
    label: 'Tetrad knowledge',
    extension: 'tetrad.txt',
    keeps: 'Which edges are removed, as forbidden ones.',
    loses: 'Name, notes, and factors between 0 and 1: those edges are read back as left alone.',
  },
]

/** A mask as text. @throws CausewayError badRequest it is no proper mask, or the format cannot hold the name of a node */
export function exportMask(mask: Mask, format: MaskFormatId): string {
  requireMask(mask.factors, mask.nodes.length)
  if (format === 'json') return writeMaskJson(mask)
  const odd = mask.nodes.find((name) => /[\p{Cc}\p{Surrogate}\ufffe\uffff]/u.test(name))
  if (odd !== undefined) {
    throw new CausewayError(
      'badRequest',
      `The name ${JSON.stringify(odd)} has a control character in it. Export this mask as JSON.`,
    )
  }
  switch (format) {
    case 'dot':
      return writeMaskDot(mask)
    case 'graphml':
      return writeMaskGraphml(mask)
    case 'dagitty':
      return writeMaskDagitty(mask)
    case 'tetrad':
      return writeTetrad({ required: [], forbidden: removedEdges(mask), tiers: [] })
  }
}

const removedEdges = ({ nodes, factors }: Mask): [string, string][] =>
  nodes.flatMap((from, i) => nodes.flatMap((to, j): [string, string][] => (factors[i]![j] === 0 ? [[from, to]] : [])))

/**
 * A mask for a graph with these nodes from text, and what of the text a mask has no place for.
 * @param format `auto` tells the format by how the text begins
 * @throws CausewayError badRequest what is wrong and, where the text has lines, on which
 */
export function importMask(text: string, format: MaskFormatId | 'auto', nodes: readonly string[]): ImportedMask {
  switch (format === 'auto' ? maskFormatOf(text) : format) {
    case 'json':
      return importMaskJson(text, nodes)
    case 'dot':
      return importMaskDot(text, nodes, 'dot')
    case 'graphml':
      return importMaskGraphml(text, nodes)
    case 'dagitty':
      return importMaskDot(text, nodes, 'dagitty')
    case 'tetrad':
      return importMaskTetrad(text, nodes)
  }
}

/** Forbidden edges, by name or by tier, are removed; the others are left as learned. */
function importMaskTetrad(text: string, nodes: readonly string[]): ImportedMask {
  const { required, forbidden, tiers } = readTetrad(text, nodes)
  const places = new Map(nodes.map((name, index) => [name, index]))
  const factors = allOnes(nodes.length)
  for (const [from, to] of [...forbidden, ...forbiddenByTiers(tiers)]) {
    factors[places.get(from)!]![places.get(to)!] = 0
  }
  const lost = required.map(([from, to]) => `${from} → ${to} is required: a mask cannot put an edge there.`)
  return importedMask({ name: null, notes: null, factors }, nodes, lost)
}

/** The format of a text by its beginning. @throws CausewayError badRequest it is none of them */
export function maskFormatOf(text: string): MaskFormatId {
  const start = text.slice(0, 100_000).replace(/^\ufeff/, '')
  const said = withoutComments(start).slice(0, 40).toLowerCase()
  if (said.startsWith('{')) return 'json'
  if (said.startsWith('<')) return 'graphml'
  if (/^(strict\s+)?(digraph|graph)\b/.test(said)) return 'dot'
  if (/^(dag|pdag|mag|pag)\b/.test(said)) return 'dagitty'
  if (/^(\/knowledge|addtemporal|forbiddirect|requiredirect)\b/.test(said)) return 'tetrad'
  const names = maskFormats.map(({ label }) => label).join(', ')
  throw new CausewayError('badRequest', `The text begins like none of ${names}.`)
}

/** The text from where its first comments and blanks end. */
function withoutComments(text: string): string {
  let rest = text.trimStart()
  for (;;) {
    const end = rest.startsWith('/*') ? rest.indexOf('*/') + 2 : /^(\/\/|#)/.test(rest) ? rest.indexOf('\n') + 1 : 0
    if (end < (rest.startsWith('/*') ? 2 : 1)) return rest
    rest = rest.slice(end).trimStart()
  }
}

/** What exporting this very mask in the format would lose, in words: found by reading back what is written. */
export function lostByExport(mask: Mask, format: MaskFormatId): string[] {
  const { mask: back } = importMask(exportMask(mask, format), format, mask.nodes)
  const changed = mask.factors.flatMap((row, i) => row.filter((factor, j) => factor !== back.factors[i]![j])).length
  return [
    ...(back.name === mask.name ? [] : ['The name.']),
    ...(back.notes === mask.notes ? [] : ['The notes, or characters in them.']),
    ...(changed === 0 ? [] : [`${changed === 1 ? 'One factor' : `${changed} factors`} between 0 and 1.`]),
  ]
}
