import { rankingMetrics } from '../../../src-shared/domain/metric'
import type { RunManifest } from '../../../src-shared/domain/run'

/** The metrics of the table, by name, with their definition. */
export const shownMetrics = ['recall@10', 'ndcg@10', 'recallFull@10'].map((id) => {
  const [kind, cutoff] = id.split('@')
  const definition = rankingMetrics.find((metric) => metric.id === kind)!
  return {
    id,
    label: `${definition.label}@${cutoff}`,
    help: `${definition.label} at ${cutoff}: ${definition.help}`,
  }
})

/** Whether every word of the query starts a word of what is known of the run; a long one may also stand within. */
export function runMatches(run: RunManifest, methodLabel: string, query: string): boolean {
  const text = [run.id, run.method, methodLabel, run.dataset, run.state, run.backend, `seed ${run.seed}`]
    .join(' ')
    .toLowerCase()
  const known = text.split(/[^\p{L}\p{N}]+/u)
  return query
    .toLowerCase()
    .split(/\s+/)
    .filter(Boolean)
    .every((word) => known.some((start) => start.startsWith(word)) || (word.length > 2 && text.includes(word)))
}

export interface RunColumn {
  id: string
  label: string
  help?: string
  numeric: boolean
  valueOf: (run: RunManifest) => number | string | null
}

/** The columns of the table, in order. */
export const runColumns = (methodLabel: (id: string) => string): RunColumn[] => [
  { id: 'method', label: 'Run', numeric: false, valueOf: (run) => methodLabel(run.method) },
  { id: 'state', label: 'State', numeric: false, valueOf: (run) => run.state },
  { id: 'dataset', label: 'Data', numeric: false, valueOf: (run) => run.dataset },
  ...shownMetrics.map((metric) => ({
    ...metric,
    numeric: true,
    valueOf: (run: RunManifest) => run.metrics?.[metric.id] ?? null,
  })),
  { id: 'epochs', label: 'Epochs', numeric: true, valueOf: (run) => run.epochs },
  { id: 'backend', label: 'Backend', numeric: false, valueOf: (run) => run.backend },
  { id: 'duration', label: 'Duration', numeric: true, valueOf: (run) => run.durationSeconds },
  { id: 'createdAt', label: 'Started', numeric: false, valueOf: (run) => run.createdAt },
]

export interface RunSort {
  by: string
  descending: boolean
}

/** The runs in the order asked for; those without a value stay last either way. */
export function sortRuns(runs: readonly RunManifest[], columns: readonly RunColumn[], sort: RunSort): RunManifest[] {
  const column = columns.find((candidate) => candidate.id === sort.by)
  if (!column) return [...runs]
  return [...runs].sort((a, b) => {
    const [left, right] = [column.valueOf(a), column.valueOf(b)]
    if (left === right) return 0
    if (left === null) return 1
    if (right === null) return -1
    return left < right === sort.descending ? 1 : -1
  })
}
