import { CausewayError, type ErrorCode } from '../../src-shared/contract/errors'

/** What was being done to which path when the system refused. */
interface IoContext {
  action: 'read' | 'write'
  path: string
}

/** Error numbers of the system that speak of the disk or of permission, whatever file they hit. */
const writeCodes: Record<string, ErrorCode> = {
  ENOSPC: 'diskFull',
  EDQUOT: 'diskFull',
  EFBIG: 'diskFull',
  EROFS: 'workspaceReadOnly',
  EACCES: 'workspaceReadOnly',
  EPERM: 'workspaceReadOnly',
}

/** DuckDB passes the system's words on instead of its error number; these are theirs. First match wins. */
const duckDbMessages: [pattern: RegExp, code: ErrorCode][] = [
  [/INTERRUPT/, 'cancelled'],
  [/No space left on device|Disk quota exceeded|failed to offload data block/i, 'diskFull'],
  [/Read-only file system/i, 'workspaceReadOnly'],
  [/Out of Memory Error|could not allocate|failed to allocate/i, 'outOfMemory'],
]

const messages: Partial<Record<ErrorCode, (path: string) => string>> = {
  diskFull: (path) => `The disk is full: there is no space left for "${path}".`,
  workspaceReadOnly: (path) => `"${path}" cannot be written: the folder is read-only.`,
  outOfMemory: (path) => `There is not enough memory to work on "${path}".`,
  cancelled: () => 'Cancelled.',
  fileUnreadable: (path) => `"${path}" cannot be read.`,
}

const described = (code: ErrorCode, context: IoContext, cause: Error): CausewayError =>
  new CausewayError(
    code,
    messages[code]?.(context.path) ?? cause.message,
    code === 'cancelled' ? undefined : { path: context.path, system: cause.message },
    { cause },
  )

/**
 * The one map from the errors of Node's file calls and of DuckDB to Causeway's codes.
 * A CausewayError passes unchanged; an error that is not about files or memory becomes `internal`.
 */
export function toIoError(thrown: unknown, context: IoContext): CausewayError {
  if (thrown instanceof CausewayError || !(thrown instanceof Error)) return CausewayError.from(thrown)
  const number = (thrown as NodeJS.ErrnoException).code
  if (thrown.name === 'AbortError') return described('cancelled', context, thrown)
  if (number !== undefined) {
    if (number === 'ENOSPC' || number === 'EDQUOT') return described('diskFull', context, thrown)
    if (context.action === 'write' && writeCodes[number]) return described(writeCodes[number], context, thrown)
    if (context.action === 'read' && /^E[A-Z]+$/.test(number)) return described('fileUnreadable', context, thrown)
  }
  for (const [pattern, code] of duckDbMessages)
    if (pattern.test(thrown.message)) return described(code, context, thrown)
  if (/Permission denied|Cannot open file|No files found that match|No such file or directory/i.test(thrown.message))
    return described(context.action === 'write' ? 'workspaceReadOnly' : 'fileUnreadable', context, thrown)
  return CausewayError.from(thrown)
}
