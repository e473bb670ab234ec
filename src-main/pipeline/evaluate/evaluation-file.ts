import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { CausewayError } from '../../../src-shared/contract/errors'
import { isMetricName } from '../../../src-shared/domain/metric'
import type { NamedArrays } from '../../methods/method'
import { writeFileAtomic } from '../../storage/atomic'
import { runFiles } from '../../storage/layout'
import { decodeSafetensors, encodeSafetensors } from '../../tensor/safetensors'
import { readBytes } from '../run-files'

/** What a run was evaluated to: enough for the metrics of any users, their intervals and tests, without the model. */
export interface Evaluation {
  protocol: string
  /** [n]: the rows of the split that were evaluated, ascending: users with an item in the test part. */
  rows: Int32Array
  /** Length of a list. */
  depth: number
  /** [n × depth]: columns of the split, best first; -1 pads. */
  lists: Int32Array
  /** Number of items in the split: what coverage is a share of. */
  items: number
  /** [n] each, by metric name in reporting order; NaN where a user has no value. */
  values: Record<string, Float32Array>
  /** The items of the test part were chosen at random; absent where they were not. */
  isTestRandomised?: true
}

const path = (runDirectory: string): string => join(runDirectory, runFiles.evaluation)

/** Whether there is one to read; runs from before evaluations were stored have none. */
export const hasEvaluation = (runDirectory: string): boolean => existsSync(path(runDirectory))

/**
 * Writes `evaluation.safetensors` of a run. The same evaluation gives the same bytes.
 * @returns the SHA-256 of the file
 */
export function writeEvaluation(runDirectory: string, evaluation: Evaluation): string {
  const { rows, lists, depth, items, protocol, values, isTestRandomised } = evaluation
  const arrays: NamedArrays = {
    rows: { shape: [rows.length], data: rows },
    lists: { shape: [rows.length, depth], data: lists },
  }
  for (const [name, data] of Object.entries(values)) arrays[name] = { shape: [rows.length], data }
  const bytes = encodeSafetensors(arrays, {
    protocol,
    items: String(items),
    metrics: JSON.stringify(Object.keys(values)),
    ...(isTestRandomised ? { isTestRandomised: 'true' } : {}),
  })
  writeFileAtomic(path(runDirectory), bytes)
  return createHash('sha256').update(bytes).digest('hex')
}

/**
 * Reads `evaluation.safetensors` of a run.
 * @throws CausewayError `notFound` where there is none (see `hasEvaluation`), `runInvalid` where it is damaged
 */
export function readEvaluation(runDirectory: string): Evaluation {
  if (!hasEvaluation(runDirectory))
    throw new CausewayError('notFound', 'The run has no stored evaluation: it is from before evaluations were stored.')
  const damaged = (why: string, cause?: unknown): CausewayError =>
    new CausewayError('runInvalid', `${runFiles.evaluation} of the run is damaged: ${why}.`, undefined, { cause })
  let decoded: ReturnType<typeof decodeSafetensors>
  try {
    decoded = decodeSafetensors(readBytes(path(runDirectory)))
  } catch (error) {
    if (error instanceof CausewayError && error.code === 'fileUnreadable') throw error
    throw damaged(CausewayError.from(error).message, error)
  }
  const { rows, lists, ...rest } = decoded.arrays
  const { protocol, items } = decoded.metadata
  if (!(rows?.data instanceof Int32Array) || !(lists?.data instanceof Int32Array) || lists.shape.length !== 2)
    throw damaged('it has no rows or no lists')
  const count = rows.data.length
  if (lists.shape[0] !== count) throw damaged('it has another number of lists than of rows')
  const catalogue = Number(items)
  if (protocol === undefined || !Number.isSafeInteger(catalogue) || catalogue < 1)
    throw damaged('it does not say how it was made')
  for (const item of lists.data)
    if (item < -1 || item >= catalogue) throw damaged(`a list has the item ${item} of ${catalogue}`)
  const values: Evaluation['values'] = {}
  for (const [name, { data }] of Object.entries(rest)) {
    if (!(data instanceof Float32Array) || data.length !== count || !isMetricName(name))
      throw damaged(`${JSON.stringify(name)} is no metric of its users`)
    values[name] = data
  }
  return {
    protocol,
    rows: rows.data,
    depth: lists.shape[1]!,
    lists: lists.data,
    items: catalogue,
    values,
    ...(decoded.metadata['isTestRandomised'] === 'true' ? { isTestRandomised: true } : {}),
  }
}
