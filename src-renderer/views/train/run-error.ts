import { errorCodes, type ErrorCode, type ErrorPayload } from '../../../src-shared/contract/errors'
import type { RunManifest } from '../../../src-shared/domain/run'

/** The error a run ended with. A code this version does not know, from another version's run folder, counts as `internal`. */
export function errorOfRun(run: Pick<RunManifest, 'error'>): ErrorPayload | null {
  if (!run.error) return null
  const code = errorCodes.find((known) => known === run.error!.code) ?? ('internal' satisfies ErrorCode)
  return { ...run.error, code }
}
