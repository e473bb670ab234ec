import { CausewayError } from '../../contract/errors'
import { maskSchema, type Mask } from '../../domain/mask'

/** A mask as JSON, nothing lost; a row of factors a line. */
export function writeMaskJson(mask: Mask): string {
  const { factors, ...rest } = mask
  const head = JSON.stringify(rest, null, 2).slice(0, -2)
  const rows = factors.map((row) => `    ${JSON.stringify(row)}`).join(',\n')
  return `${head},\n  "factors": [\n${rows}\n  ]\n}\n`
}

/** @throws CausewayError badRequest what in the text is no mask */
export function readMaskJson(text: string): Mask {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new CausewayError('badRequest', `This is no mask: ${(cause as Error).message}.`, undefined, { cause })
  }
  const mask = maskSchema.safeParse(value)
  if (mask.success) return mask.data
  const issue = mask.error.issues[0]!
  const at = issue.path.length > 0 ? ` at ${issue.path.join('.')}` : ''
  throw new CausewayError('badRequest', `This is no mask${at}: ${issue.message}`, { issues: mask.error.issues.length })
}
