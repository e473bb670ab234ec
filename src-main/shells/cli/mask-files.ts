import { basename, extname } from 'node:path'
import { CausewayError } from '../../../src-shared/contract/errors'
import type { Knowledge } from '../../../src-shared/domain/knowledge'
import type { Mask } from '../../../src-shared/domain/mask'
import { importKnowledge } from '../../../src-shared/graph/formats/knowledge-formats'
import { importMask, type MaskFormatId } from '../../../src-shared/graph/formats/mask-formats'
import type { Output } from './output'
import { readText } from './text-files'

/** Masks and knowledge in files, in every format they have; what is lost on the way is said. */

const lossNote = (output: Output, path: string, lost: string[]): void => {
  if (lost.length > 0) output.note(`Left out of ${path}: ${lost.join(' ')}`)
}

/** The mask in a file, for a graph with these nodes. @throws CausewayError `fileUnreadable`, `badRequest` with line and reason */
export function readMaskFile(path: string, nodes: string[], output: Output): Mask {
  const { mask, lost } = importMask(readText(path), 'auto', nodes)
  lossNote(output, path, lost)
  return mask
}

/**
 * The knowledge in a file.
 * @param count how many nodes it is about; JSON says so itself
 * @throws CausewayError `fileUnreadable`, `badRequest`
 */
export function readKnowledgeFile(path: string, count: number | undefined, output: Output): Knowledge {
  const text = readText(path)
  const nodes = count === undefined ? nodesIn(text) : Array.from({ length: count }, (_, node) => `c${node + 1}`)
  if (nodes === null) {
    throw new CausewayError(
      'badRequest',
      `${path} does not say how many confounders it is about: import it with --nodes N, then use its name.`,
      { file: path },
    )
  }
  const { knowledge, lost } = importKnowledge(text, 'auto', nodes)
  lossNote(output, path, lost)
  return knowledge
}

/** The nodes that a JSON text names; null where the text is not JSON. What else is wrong with it, the import says. */
function nodesIn(text: string): string[] | null {
  if (!/^\ufeff?\s*\{/.test(text)) return null
  try {
    const { nodes } = JSON.parse(text) as { nodes?: unknown }
    return Array.isArray(nodes) ? nodes.map(String) : []
  } catch {
    return []
  }
}

const formatOfEnding: Record<string, MaskFormatId> = {
  '.json': 'json',
  '.dot': 'dot',
  '.gv': 'dot',
  '.graphml': 'graphml',
  '.dagitty': 'dagitty',
  '.dagitty.txt': 'dagitty',
  '.tetrad.txt': 'tetrad',
}

/** The format of a mask or graph that the ending of a file means. @throws CausewayError `badRequest` where it means none, or several */
export function formatOf(path: string): MaskFormatId {
  const name = basename(path).toLowerCase()
  const ending = Object.keys(formatOfEnding).find((known) => name.endsWith(known))
  if (ending !== undefined) return formatOfEnding[ending]!
  throw new CausewayError(
    'badRequest',
    `The ending ${JSON.stringify(extname(name))} does not say in which format: give --format (causeway masks formats lists them).`,
    { file: path, endings: Object.keys(formatOfEnding) },
  )
}
