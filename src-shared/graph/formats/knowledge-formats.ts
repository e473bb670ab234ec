import { CausewayError } from '../../contract/errors'
import { knowledgeSchema, type Knowledge } from '../../domain/knowledge'
import { edgeKnowledge } from '../knowledge'
import { readJson } from './mask-json'
import { requireSameNodes } from './reading'
import { readTetrad, writeTetrad } from './tetrad'

export type KnowledgeFormatId = 'json' | 'tetrad'

/** What a format does with knowledge, in plain words. */
export interface KnowledgeFormat {
  id: KnowledgeFormatId
  label: string
  extension: string
  keeps: string
  loses: string
}

/** The formats that knowledge is written in and read from. */
export const knowledgeFormats: readonly KnowledgeFormat[] = [
  {
    id: 'json',
    label: 'Causeway knowledge (JSON)',
    extension: 'json',
    keeps: 'Everything: name, notes, nodes, tiers, required and forbidden edges.',
    loses: 'Nothing.',
  },
  {
    id: 'tetrad',
    label: 'Tetrad knowledge',
    extension: 'txt',
    keeps: 'Tiers, required and forbidden edges.',
    loses: 'Name and notes, and the nodes that no edge and no tier names.',
  },
]

/** Knowledge as text. @throws CausewayError badRequest the format cannot hold the name of a node */
export const exportKnowledge = (knowledge: Knowledge, format: KnowledgeFormatId): string =>
  format === 'json' ? `${JSON.stringify(knowledge, null, 2)}\n` : writeTetrad(knowledge)

/**
 * Knowledge of a graph with these nodes from text, and what of the text knowledge has no place for.
 * @throws CausewayError badRequest what is wrong and where, also where no training could honour it
 */
export function importKnowledge(
  text: string,
  format: KnowledgeFormatId | 'auto',
  nodes: readonly string[],
): { knowledge: Knowledge; lost: string[] } {
  const isJson = format === 'auto' ? /^\ufeff?\s*\{/.test(text.slice(0, 10_000)) : format === 'json'
  const read = isJson ? readKnowledgeJson(text, nodes) : readKnowledgeTetrad(text, nodes)
  edgeKnowledge(read.knowledge)
  return read
}

function readKnowledgeTetrad(text: string, nodes: readonly string[]): { knowledge: Knowledge; lost: string[] } {
  const known = readTetrad(text, nodes)
  const about = { type: 'causeway-knowledge', version: 1, name: 'Imported knowledge', notes: '' } as const
  return { knowledge: { ...about, nodes: [...nodes], ...known }, lost: [] }
}

function readKnowledgeJson(text: string, nodes: readonly string[]): { knowledge: Knowledge; lost: string[] } {
  const value = readJson(text, 'knowledge')
  const read = knowledgeSchema.safeParse(value)
  if (!read.success) {
    const issue = read.error.issues[0]!
    const at = issue.path.length > 0 ? ` at ${issue.path.join('.')}` : ''
    throw new CausewayError('badRequest', `This is no knowledge${at}: ${issue.message}`)
  }
  requireSameNodes(read.data.nodes, nodes)
  for (const list of [read.data.required, read.data.forbidden]) {
    const seen = new Set<string>()
    for (const edge of list) {
      if (seen.has(JSON.stringify(edge))) {
        throw new CausewayError('badRequest', `${edge.join(' → ')} is there twice.`, { edge })
      }
      seen.add(JSON.stringify(edge))
    }
  }
  const extra = Object.keys(value as object).filter((key) => !Object.hasOwn(read.data, key))
  return { knowledge: { ...read.data, nodes: [...nodes] }, lost: extra.map((key) => `Field "${key}".`) }
}
