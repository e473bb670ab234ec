import { CausewayError } from './contract/errors'
import { bundleElementId, reproductionBundleSchema, type ReproductionBundle } from './domain/reproduction'

/** The text in the script element of a report that holds the bundle. */
const scriptElement = new RegExp(`<script\\b[^>]*\\bid=["']?${bundleElementId}["']?[^>]*>([^<]*)</script\\s*>`, 'i')
/** Fenced blocks of JSON in Markdown; the closing fence is as long as the opening one. */
const jsonFences = /^(`{3,})json[ \t]*\r?\n([\s\S]*?)^\1[ \t]*$/gm

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
  const script = scriptElement.exec(trimmed)
  if (script) return [script[1]!]
  return [...trimmed.matchAll(jsonFences)].map((match) => match[2]!)
}
