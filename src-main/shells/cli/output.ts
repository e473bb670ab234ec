import { errorHelp, type CausewayError, type ErrorCode } from '../../../src-shared/contract/errors'
import type { ExperimentProblem } from '../../../src-shared/experiment/parse-experiment'

/** Where the command line writes: documents and tables to stdout, everything else to stderr. */
export interface Output {
  readonly json: boolean
  /** The one result of a command: a JSON document with `--json`, else the text. */
  result(document: unknown, text: () => string): void
  /** A JSON document on stdout, whatever was asked for. */
  document(document: unknown): void
  /** A line for the person who watches. */
  note(line: string): void
  /** Shows how far the work is: one line that changes on a terminal, now and then a line elsewhere. */
  progress(line: string): void
  /** Clears the changing line. */
  endProgress(): void
  error(error: CausewayError): void
}

const quietMilliseconds = 5000

/** Titles and names may come from a file of somebody else: no control character of theirs reaches the terminal. */
const printable = (text: string): string => text.replace(/[^\P{Cc}\n\t]/gu, '\uFFFD')

export function createOutput(
  json: boolean,
  stdout: NodeJS.WritableStream = process.stdout,
  stderr: NodeJS.WriteStream = process.stderr,
): Output {
  let shown = false
  let last = { line: '', at: 0 }
  const endProgress = (): void => {
    if (shown) stderr.write('\r\x1b[K')
    shown = false
  }
  const document = (value: unknown): void => void stdout.write(JSON.stringify(value) + '\n')
  return {
    json,
    document,
    result(value, text) {
      endProgress()
      if (json) document(value)
      else stdout.write(printable(text()) + '\n')
    },
    note(line) {
      endProgress()
      stderr.write(printable(line) + '\n')
    },
    progress(line) {
      if (line === last.line) return
      if (stderr.isTTY) {
        stderr.write('\r\x1b[K' + printable(line).slice(0, Math.max(20, stderr.columns - 1)))
        shown = true
      } else if (Date.now() - last.at < quietMilliseconds) return
      else stderr.write(printable(line) + '\n')
      last = { line, at: Date.now() }
    },
    endProgress,
    error(error) {
      endProgress()
      const help = errorHelp[error.code]
      if (json) document({ error: { ...error.toPayload(), help } })
      stderr.write(printable([`Error: ${error.message}`, ...furtherProblems(error), help, ''].join('\n')))
    },
  }
}

/** The problems of a checked file after the first, which the message tells. */
function furtherProblems({ details }: CausewayError): string[] {
  const problems = details?.problems
  if (!Array.isArray(problems)) return []
  return (problems as ExperimentProblem[])
    .slice(1)
    .map(({ line, key, message }) => `  Line ${line}${key ? `, ${key}` : ''}: ${message}`)
}

/** Exit codes: 1 failed, 2 bad usage, 130 interrupted: resumable, or to be asked again. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const

const usageErrors: readonly ErrorCode[] = [
  'badRequest',
  'paramUnknown',
  'paramInvalid',
  'methodUnknown',
  'pathRefused',
  'graphTextInvalid',
]

export const exitCodeOf = (error: CausewayError): number => {
  if (usageErrors.includes(error.code)) return exitCodes.usage
  return error.code === 'interrupted' || error.code === 'cancelled' ? exitCodes.interrupted : exitCodes.failed
}
