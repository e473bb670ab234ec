import { CausewayError } from '../../contract/errors'
import { maskSchema, type Mask } from '../../domain/mask'
import { requireMask } from '../mask'
import { requireReadable, requireSameNodes, type ImportedMask } from './reading'

/** A mask as JSON, nothing lost; a row of factors a line. */
export function writeMaskJson(mask: Mask): string {
  const { factors, ...rest } = mask
  const head = JSON.stringify(rest, null, 2).slice(0, -2)
  const rows = factors.map((row) => `    ${JSON.stringify(row)}`).join(',\n')
  return `${head},\n  "factors": [\n${rows}\n  ]\n}\n`
}

/** JSON as a value. @throws CausewayError badRequest it is none; `what` it should be: `mask` */
export function readJson(text: string, what: string): unknown {
  requireReadable(text)
  try {
    return JSON.parse(text)
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown)
    throw new CausewayError('badRequest', `This is no ${what} in JSON: ${why}.`, undefined, { cause: thrown })
  }
}

/** @throws CausewayError badRequest what in the text is no mask */
export function readMaskJson(text: string): Mask {
  const read = maskSchema.safeParse(readJson(text, 'mask'))
  if (!read.success) {
    const issue = read.error.issues[0]!
    const at = issue.path.length > 0 ? ` at ${issue.path.join('.')}` : ''
    throw new CausewayError('badRequest', `This is no mask${at}: ${issue.message}`)
  }
  requireMask(read.data.factors, read.data.nodes.length)
  return read.data
}

/** A mask from JSON for a graph with these nodes, which may stand in another order in it. */
export function importMaskJson(text: string, nodes: readonly string[]): ImportedMask {
  const mask = readMaskJson(text)
  requireSameNodes(mask.nodes, nodes)
  const places = nodes.map((name) => mask.nodes.indexOf(name))
  const factors = places.map((from) => places.map((to) => mask.factors[from]![to]!))
  const extra = Object.keys(JSON.parse(text) as object).filter((key) => !Object.hasOwn(mask, key))
  return { mask: { ...mask, nodes: [...nodes], factors }, lost: extra.map((key) => `Field "${key}".`) }
}
