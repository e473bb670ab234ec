import { CausewayError } from './contract/errors'
import { bundleElementId, reproductionBundleSchema, type ReproductionBundle } from './domain/reproduction'

/** Script elements, their attributes and their text. None goes past a `<`, so that whatever the file is, it is gone through once. */
const scriptElements = /<script\b([^<>]*)>([^<]*)<\/script\s*>/gi
const hasBundleId = new RegExp(`\\bid=["']?${bundleElementId}["']?(\\s|$)`, 'i')

/**
 * The bundle in a report (HTML or Markdown), or in a file of its own.
 * @param name of the file, for messages
 * @throws CausewayError `badRequest` where there is none, or one that is damaged or of a newer Causeway
 */
export function parseReportBundle(text: string, name: string): ReproductionBundle {
  const found = candidates(text).filter((json) => json.includes('causeway-bundle'))
  if (found.length === 0) {
    throw new CausewayError(
      'badRequest',
      `${name} carries nothing to reproduce: it is neither a report of Causeway nor a bundle.`,
      { file: name },
    )
  }
  const refuse = (reason: string): CausewayError =>
    new CausewayError('badRequest', `The bundle in ${name} cannot be used: ${reason}.`, { file: name })
  let content: unknown
  try {
    content = JSON.parse(found.at(-1)!)
  } catch (error) {
    throw refuse(`it is damaged (${(error as Error).message})`)
  }
  const version = (content as { version?: unknown } | null)?.version
  if (typeof version === 'number' && version > reproductionBundleSchema.shape.version.value)
    throw refuse(`it was made by a newer Causeway (bundle version ${version})`)
  const parsed = reproductionBundleSchema.safeParse(content)
  if (parsed.success) return parsed.data
  const issues = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
  throw refuse(`it is damaged (${issues.slice(0, 3).join('; ')})`)
}

function candidates(text: string): string[] {
  const trimmed = text.replace(/^\uFEFF/, '').trim()
  if (trimmed.startsWith('{')) return [trimmed]
  for (const [, attributes, content] of trimmed.matchAll(scriptElements))
    if (hasBundleId.test(attributes!)) return [content!]
  return jsonBlocks(trimmed)
}

/** The texts in the fenced blocks of JSON in Markdown; a closing fence is at least as long as the opening one. */
function jsonBlocks(markdown: string): string[] {
  const blocks: string[] = []
  let open: { fence: string; lines: string[] } | null = null
  for (const line of markdown.split(/\r?\n/)) {
    if (!open) {
      const fence = /^(`{3,})json[ \t]*$/.exec(line)?.[1]
      if (fence) open = { fence, lines: [] }
    } else if (line.startsWith(open.fence) && /^`+[ \t]*$/.test(line)) {
      blocks.push(open.lines.join('\n'))
      open = null
    } else open.lines.push(line)
  }
  return blocks
}
