import type { Comparison } from '../../../src-shared/domain/comparison'
import type { CorrelationEstimate } from '../../../src-shared/domain/correlation'
import type { DatasetCard } from '../../../src-shared/domain/dataset'
import type { ExperimentDetail } from '../../../src-shared/domain/experiment'
import type { JudgedCheck } from '../../../src-shared/domain/exposure'
import type { Annotations, BootstrapConfidence, CausalGraph } from '../../../src-shared/domain/graph'
import type { SavedEffect } from '../../../src-shared/domain/intervention'
import type { SavedMask } from '../../../src-shared/domain/mask'
import type { MethodInfo } from '../../../src-shared/domain/method'
import type { RunEvaluation } from '../../../src-shared/domain/metric'
import type { ReportOptions } from '../../../src-shared/domain/report'
import type { EpochPoint, RunManifest } from '../../../src-shared/domain/run'
import type { RunEstimates, RunPropensities } from '../../../src-shared/domain/selection'
import { groupRuns } from '../compare/groups'

/** A completed run with all that a report can say of it. */
export interface ReportedRun {
  manifest: RunManifest
  method: MethodInfo
  points: EpochPoint[]
  /** Its metrics with their intervals; null where no values by user are stored, or where they were not asked for. */
  evaluation: RunEvaluation | null
  /** Null for a method that predicts no ratings, and where it was not asked for. */
  selection: { propensities: RunPropensities; estimates: RunEstimates } | null
  /** Null for a method that learns none. */
  graph: CausalGraph | null
  /** Names and notes of the nodes. */
  annotations: Annotations
  /** Null where no bootstrap was asked for. */
  confidence: BootstrapConfidence | null
  /** What it learned of the correlation of exogenous variables; null for a method that learns none. */
  correlation: CorrelationEstimate | null
  /** How well its exposure model fits; null for a method without one. */
  exposureCheck: JudgedCheck | null
  masks: SavedMask[]
  /** Results of interventions that were saved with the run. */
  effects: SavedEffect[]
  /** What was saved with the run but cannot be read. */
  damaged: { what: string; name: string; reason: string }[]
}

/** The data of some of the runs. */
export interface ReportedData {
  dataset: string
  datasetHash: string
  splitHash: string | null
  recipe: RunManifest['recipe']
  /** Null where the data set is gone, or another now has its name. */
  card: DatasetCard | null
}

/** Everything a report is made of. */
export interface ReportInput {
  options: ReportOptions
  /** The name of the file, without ending. */
  name: string
  /** The version that makes the report. */
  causeway: string
  madeAt: string
  /** At least one. */
  runs: ReportedRun[]
  data: ReportedData[]
  /** Null unless it is the subject. */
  experiment: ExperimentDetail | null
  /** Null where there is nothing to compare, or where it was not asked for. */
  comparison: Comparison | null
}

/** Runs that differ in their seed only. */
export interface RunGroup {
  label: string
  runs: ReportedRun[]
}

/** The runs by what they share but for their seed, as a comparison has them. No two of them may be the same run over again. */
export function groupsOf(runs: readonly ReportedRun[]): RunGroup[] {
  const labels = new Map(runs.map(({ method }) => [method.id, method.label]))
  const byId = new Map(runs.map((run) => [run.manifest.id, run]))
  const { groups } = groupRuns(
    runs.map(({ manifest }) => manifest),
    (method) => labels.get(method)!,
  )
  return groups.map(({ group, manifests }) => ({ label: group.label, runs: manifests.map(({ id }) => byId.get(id)!) }))
}

/** The methods of the runs, each once. */
export const methodsOf = (runs: readonly ReportedRun[]): MethodInfo[] => [
  ...new Map(runs.map(({ method }) => [method.id, method])).values(),
]
