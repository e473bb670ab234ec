/**
 * The errors that cross a process border. Every failure is a code, what happened, and details to act on;
 * the advice ("what to do") is looked up by code in `errorHelp`, so that code, window and terminal give the same one.
 */
export const errorCodes = [
  'badRequest',
  'notFound',
  'nameTaken',
  'fileEmpty',
  'fileBinary',
  'fileUnreadable',
  'fileFormatUnknown',
  'fileTruncated',
  'delimiterWrong',
  'columnMissing',
  'valueInvalid',
  'rowInvalid',
  'splitInvalid',
  'noPositives',
  'noRatings',
  'tooFewUsers',
  'tooFewItems',
  'paramUnknown',
  'paramInvalid',
  'methodUnknown',
  'backendUnavailable',
  'diskFull',
  'workspaceReadOnly',
  'workspaceLocked',
  'workspaceInvalid',
  'runInvalid',
  'savedInvalid',
  'runNotReady',
  'notResumable',
  'experimentFailed',
  'noGraph',
  'graphTextInvalid',
  'pathRefused',
  'notAvailable',
  'cancelled',
  'interrupted',
  'processDied',
  'disconnected',
  'outOfMemory',
  'diverged',
  'internal',
] as const

export type ErrorCode = (typeof errorCodes)[number]

/** What to do about each error, in one or two plain sentences. */
export const errorHelp: Record<ErrorCode, string> = {
  badRequest: 'Change what the message names, then try again.',
  notFound: 'It may have been removed or renamed. Refresh the list and choose again.',
  nameTaken: 'Choose another name, or replace or remove what has this one.',
  fileEmpty: 'Choose a file that holds at least one interaction.',
  fileBinary: 'Export the table as CSV, TSV or Parquet and import that file.',
  fileUnreadable: 'Check that the file still exists and that you may read it.',
  fileFormatUnknown: 'Use CSV, TSV, "::"-separated text, Parquet, or RecBole atomic files.',
  fileTruncated: 'The file was cut short. Export or download it again.',
  delimiterWrong:
    'Choose the delimiter in the preview (in a terminal: --delimiter), or export the table again with one delimiter throughout.',
  columnMissing: 'Map the user and the item column in the preview (in a terminal: --user-column, --item-column).',
  valueInvalid: 'Correct the line in the source, or map another column.',
  rowInvalid: 'Correct the line in the source and import again.',
  splitInvalid: 'Start the training again: the split is then made anew from the data set.',
  noRatings:
    'Choose a method for interactions without ratings, or import data with ratings, some of them below the threshold.',
  noPositives: 'Lower the threshold in the recipe, or map another rating column.',
  tooFewUsers: 'Lower the k-core or the threshold, or import more interactions.',
  tooFewItems: 'Lower the k-core or the threshold, or import more interactions.',
  paramUnknown: 'Use one of the parameters listed.',
  paramInvalid: 'Give a value within the range listed.',
  methodUnknown: 'Use one of the methods listed.',
  backendUnavailable: 'Choose another backend, or run `causeway doctor` to see what is missing.',
  diskFull: 'Free some space on the disk that holds the workspace, then try again. What was saved before is unchanged.',
  workspaceReadOnly: 'Give write permission to the folder, or choose another with --workspace.',
  workspaceLocked: 'Close the other Causeway, or choose another workspace with --workspace.',
  workspaceInvalid: 'Choose an empty folder or one that Causeway made.',
  runInvalid: 'The run folder was changed or damaged. Remove the run, or restore the folder from a copy.',
  savedInvalid: 'The file was changed or damaged. Remove it, or restore it from a copy.',
  runNotReady: 'Wait until the run has completed, or resume it.',
  notResumable: 'Start a new run with the same parameters.',
  experimentFailed:
    'Look at the reasons of its failed trials, change the file where they point, and run it under another name.',
  noGraph: 'Choose a run of a method that learns a causal graph, such as CSC.',
  graphTextInvalid:
    'Correct the line that the message names. A graph reads like: dag { price [exposure] price -> like }.',
  pathRefused: 'Choose another name, or choose the file with the file picker.',
  notAvailable: 'This action needs another shell of Causeway.',
  cancelled: 'Start it again when you want it.',
  interrupted: 'Resume it: at most one epoch is lost.',
  processDied: 'Resume the run. If it dies again, choose a smaller batch or another backend.',
  disconnected:
    'It is tried again by itself. If Causeway was stopped, start it again and open the address it prints; running jobs are kept.',
  outOfMemory: 'Choose a smaller batch, fewer hidden units, or another backend.',
  diverged: 'Lower the learning rate and start again.',
  internal: 'This is a fault in Causeway. Copy the details into a report.',
}

/** An error as it crosses a border: cloneable, without a stack. */
export interface ErrorPayload {
  code: ErrorCode
  message: string
  details?: Record<string, unknown>
}

/** The one error class of Causeway. `message` says what happened and to what; `details` carries line, sample, allowed values. */
export class CausewayError extends Error {
  override readonly name = 'CausewayError'

  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly details?: Record<string, unknown>,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }

  toPayload(): ErrorPayload {
    return { code: this.code, message: this.message, ...(this.details ? { details: this.details } : {}) }
  }

  static fromPayload(payload: ErrorPayload): CausewayError {
    return new CausewayError(payload.code, payload.message, payload.details)
  }

  /** Any thrown value as a CausewayError. An unexpected one becomes `internal` and keeps its cause and stack. */
  static from(thrown: unknown): CausewayError {
    if (thrown instanceof CausewayError) return thrown
    const message = thrown instanceof Error ? thrown.message : String(thrown)
    const stack = thrown instanceof Error ? thrown.stack : undefined
    return new CausewayError('internal', message, stack ? { stack } : undefined, { cause: thrown })
  }
}

/** The reply of every request. */
export type Envelope<T> = { ok: true; value: T } | { ok: false; error: ErrorPayload }

/** Runs `work` and answers with its value or its error as an envelope; never throws. */
export async function envelope<T>(work: () => Promise<T> | T): Promise<Envelope<T>> {
  try {
    return { ok: true, value: await work() }
  } catch (thrown) {
    return { ok: false, error: CausewayError.from(thrown).toPayload() }
  }
}

/** The value of an envelope, or its error thrown. */
export function unwrap<T>(reply: Envelope<T>): T {
  if (reply.ok) return reply.value
  throw CausewayError.fromPayload(reply.error)
}
