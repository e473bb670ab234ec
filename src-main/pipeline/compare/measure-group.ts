import { CausewayError } from '../../../src-shared/contract/errors'
import { definitionOf, parseMetricName } from '../../../src-shared/domain/metric'
import type { RunManifest } from '../../../src-shared/domain/run'
import { hasEvaluation, readEvaluation, type Evaluation } from '../evaluate/evaluation-file'
import { listMetric, positionsOf } from '../evaluate/metrics-of-users'
import type { MeasuredGroup } from './compare-groups'
import type { GroupedRuns } from './groups'

/** A group's numbers, and the runs that lack values by user with the reason. */
export interface Measurement {
  measured: MeasuredGroup
  lacking: { run: string; reason: string }[]
  /** Users the values are of; 0 where none are stored. */
  users: number
  /** The evaluated rows of the split; null where none are stored. */
  rows: Int32Array | null
}

/**
 * Reads what the metrics of a group came to.
 * @param directoryOf the folder of a run
 * @param chosen rows of the split whose users count; null for all, whose means are those in the manifests
 * @param expected the evaluated rows of another group on this split, null where there is none: users are paired by position
 */
export function measureGroup(
  { group, manifests }: GroupedRuns,
  metrics: readonly string[],
  directoryOf: (run: string) => string,
  chosen: Int32Array | null,
  expected: Int32Array | null,
): Measurement {
  const lacking: Measurement['lacking'] = []
  const values = new Map(metrics.map((name) => [name, [] as (number | null)[]]))
  const byUser = new Map<string, Float32Array[]>()
  let rows = expected
  for (const manifest of manifests) {
    const evaluation = evaluationOf(manifest, directoryOf(manifest.id), rows)
    if ('reason' in evaluation) {
      lacking.push({ run: manifest.id, reason: evaluation.reason })
      for (const name of metrics) values.get(name)!.push(chosen ? null : (manifest.metrics?.[name] ?? null))
      continue
    }
    rows ??= evaluation.rows
    const positions = chosen && positionsOf(evaluation, chosen)
    for (const name of metrics) {
      const all = evaluation.values[name]
      const own = all && positions ? Float32Array.from(positions, (at) => all[at]!) : all
      if (own) byUser.set(name, [...(byUser.get(name) ?? []), own])
      const value = positions ? meanOver(name, own, evaluation, positions) : (manifest.metrics?.[name] ?? null)
      values.get(name)!.push(value)
    }
  }
  // An interval is one of the mean over all runs of the group, or none.
  for (const [name, own] of byUser) if (own.length < manifests.length) byUser.delete(name)
  const users = rows === null ? 0 : chosen === null ? rows.length : positionsOf({ rows }, chosen).length
  return { measured: { group, values, byUser }, lacking, users, rows }
}

/** What is stored of a run, or why nothing that could be used is. @param rows those of the other runs */
function evaluationOf(
  manifest: RunManifest,
  directory: string,
  rows: Int32Array | null,
): Evaluation | { reason: string } {
  if (!hasEvaluation(directory)) return { reason: 'it is from before they were stored' }
  try {
    const evaluation = readEvaluation(directory)
    if (
      rows !== null &&
      !(rows.length === evaluation.rows.length && rows.every((row, at) => row === evaluation.rows[at]))
    )
      return { reason: 'they are of other users than those of the other runs' }
    return evaluation
  } catch (error) {
    if (error instanceof CausewayError && error.code === 'runInvalid') return { reason: error.message }
    throw error
  }
}

/** The metric of the users at these positions; null where none of them has a value. */
function meanOver(
  name: string,
  own: Float32Array | undefined,
  evaluation: Evaluation,
  positions: Int32Array,
): number | null {
  if (definitionOf(name).over === 'lists') {
    const { k } = parseMetricName(name)
    return positions.length === 0 || k === null || k > evaluation.depth ? null : listMetric(evaluation, name, positions)
  }
  if (!own) return null
  let sum = 0
  let count = 0
  for (const value of own) {
    if (Number.isNaN(value)) continue
    sum += value
    count++
  }
  return count === 0 ? null : sum / count
}
