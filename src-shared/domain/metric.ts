/**
 * Metric definitions (ADR 8). The candidates are all items but those the user has in the parts that were known before:
 * train for validation; train and validation for test. Full ranking, never sampled negatives.
 * Users without an item in the evaluated part are left out of the mean.
 */
export interface MetricDefinition {
  id: string
  label: string
  /** One sentence with the formula. */
  help: string
  direction: 'higher' | 'lower'
  range: [number, number]
}

export const rankingMetrics: readonly MetricDefinition[] = [
  {
    id: 'recall',
    label: 'Recall',
    help: 'Hits in the top k, divided by min(k, number of held-out items of the user).',
    direction: 'higher',
    range: [0, 1],
  },
  {
    id: 'recallFull',
    label: 'Full recall',
    help: 'Hits in the top k, divided by the number of all held-out items of the user, as RecBole does.',
    direction: 'higher',
    range: [0, 1],
  },
  {
    id: 'ndcg',
    label: 'NDCG',
    help: 'Sum of 1 / log2(rank + 1) over the hits in the top k, divided by the same sum of the best possible list.',
    direction: 'higher',
    range: [0, 1],
  },
]

/** The cut-offs every evaluation reports. */
export const cutoffs = [10, 30] as const

/** Metric values by name: `recall@10`, `recallFull@30`, `ndcg@10`. */
export type Metrics = Record<string, number>

/** All metric names of an evaluation, in reporting order. */
export const metricNames: readonly string[] = cutoffs.flatMap((k) =>
  rankingMetrics.map((metric) => `${metric.id}@${k}`),
)
