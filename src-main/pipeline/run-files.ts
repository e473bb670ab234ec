import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { z } from 'zod'
import { CausewayError } from '../../src-shared/contract/errors'
import { learnedCorrelationSchema } from '../../src-shared/domain/correlation'
import { exposureCheckFileSchema, type ExposureCheck } from '../../src-shared/domain/exposure'
import { causalGraphSchema, type CausalGraph } from '../../src-shared/domain/graph'
import type { EpochPoint, LogLine } from '../../src-shared/domain/run'
import type { NamedArrays } from '../methods/method'
import { appendLine, writeFileAtomic, writeJsonAtomic } from '../storage/atomic'
import { toIoError } from '../storage/io-errors'
import { runFiles } from '../storage/layout'
import { restoreResamples } from '../storage/restore'
import { decodeSafetensors, encodeSafetensors } from '../tensor/safetensors'

/** What a training writes into its run folder beside the checkpoint. Every write is on disk when its function returns. */

export const appendPoint = (runDirectory: string, point: EpochPoint): void =>
  appendLine(join(runDirectory, runFiles.metrics), point)

export const appendLog = (runDirectory: string, line: LogLine): void =>
  appendLine(join(runDirectory, runFiles.log), line)

export const appendResample = (runDirectory: string, resample: { resample: number }): void =>
  appendLine(join(runDirectory, runFiles.bootstrap), resample)

/**
 * The resamples that are there, with the file put in order, so that the next one follows a whole line: a process that was killed
 * may have left half of one.
 */
export function resumeResamples<T extends { resample: number }>(runDirectory: string, schema: z.ZodType<T>): T[] {
  const resamples = restoreResamples(runDirectory, schema).value
  if (existsSync(join(runDirectory, runFiles.bootstrap)))
    writeFileAtomic(
      join(runDirectory, runFiles.bootstrap),
      resamples.map((resample) => JSON.stringify(resample) + '\n').join(''),
    )
  return resamples
}

/** @returns the SHA-256 of the file: the same weights give the same bytes */
export function writeWeights(runDirectory: string, weights: NamedArrays): string {
  const bytes = encodeSafetensors(weights)
  writeFileAtomic(join(runDirectory, runFiles.weights), bytes)
  return createHash('sha256').update(bytes).digest('hex')
}

/** @throws CausewayError `runNotReady` where the run has no weights yet, `runInvalid` where they are damaged */
export function readWeights(runDirectory: string): NamedArrays {
  const path = join(runDirectory, runFiles.weights)
  if (!existsSync(path)) throw new CausewayError('runNotReady', 'The run has not completed: it has no weights yet.')
  return decodeSafetensors(readBytes(path)).arrays
}

export const writeGraph = (runDirectory: string, graph: CausalGraph): void =>
  writeJsonAtomic(join(runDirectory, runFiles.graph), graph)

/** @throws CausewayError `noGraph` where the method learns none, `runInvalid` where the file is damaged */
export function readGraph(runDirectory: string): CausalGraph {
  const path = join(runDirectory, runFiles.graph)
  if (!existsSync(path)) throw new CausewayError('noGraph', 'The run has no causal graph.')
  try {
    return causalGraphSchema.parse(JSON.parse(new TextDecoder().decode(readBytes(path))))
  } catch (error) {
    throw new CausewayError('runInvalid', 'graph.json of the run is damaged.', undefined, { cause: error })
  }
}

export const writeCorrelation = (runDirectory: string, correlation: number): void =>
  writeJsonAtomic(join(runDirectory, runFiles.correlation), { type: 'exogenous-correlation', version: 1, correlation })

/** The learned correlation; null where the method learns none. @throws CausewayError `runInvalid` where the file is damaged */
export function readCorrelation(runDirectory: string): number | null {
  const path = join(runDirectory, runFiles.correlation)
  if (!existsSync(path)) return null
  try {
    return learnedCorrelationSchema.parse(JSON.parse(new TextDecoder().decode(readBytes(path)))).correlation
  } catch (error) {
    throw new CausewayError('runInvalid', 'correlation.json of the run is damaged.', undefined, { cause: error })
  }
}

export const writeExposureCheck = (runDirectory: string, check: ExposureCheck): void =>
  writeJsonAtomic(join(runDirectory, runFiles.exposureCheck), { type: 'exposure-check', version: 1, check })

/** The check of the exposure model; null where there is none, or not yet. @throws CausewayError `runInvalid` where the file is damaged */
export function readExposureCheck(runDirectory: string): ExposureCheck | null {
  const path = join(runDirectory, runFiles.exposureCheck)
  if (!existsSync(path)) return null
  try {
    return exposureCheckFileSchema.parse(JSON.parse(new TextDecoder().decode(readBytes(path)))).check
  } catch (error) {
    throw new CausewayError('runInvalid', 'exposure-check.json of the run is damaged.', undefined, { cause: error })
  }
}

/** The bytes of a file of a run. @throws CausewayError `fileUnreadable` */
export function readBytes(path: string): Uint8Array {
  try {
    return readFileSync(path)
  } catch (error) {
    throw toIoError(error, { action: 'read', path })
  }
}
