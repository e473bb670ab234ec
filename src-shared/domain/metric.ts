/**
 * Metric names and definitions (ADR 8). A name is `id`, `id@k`, `id:attribute@k`: `auc`, `ndcg@10`, `avp:price@10`.
 * The candidates are all items but those the user has in the parts that were known before: train for validation; train and
 * validation for test. Full ranking, never sampled negatives. Users without an item in the evaluated part are left out of the mean.
 */
export interface MetricDefinition {
  id: string
  label: string
  /** One sentence with the formula. */
  help: string
  /** `none`: neither end is better, as for the mean price of a list. */
  direction: 'higher' | 'lower' | 'none'
  /** Every value lies in it, ends included. */
  range: [number, number]
  family: 'accuracy' | 'beyond-accuracy' | 'attributes' | 'unbiased'
  /** Whether it is of a list of length k (`id@k`), or of the whole ranking. */
  cutoff: boolean
  /** Whether it is of an attribute (`id:attribute@k`). */
  ofAttribute: boolean
  /** `users`: a mean of one value a user. `lists`: of all lists together; no values by user, no test over users. */
  over: 'users' | 'lists'
  /** The unit of its values, where it has one. */
  unit?: string
  /** Where it comes from: paper, equation. */
  source?: string
}

export const rankingMetrics: readonly MetricDefinition[] = [
  {
    id: 'recall',
    label: 'Recall',
    help: 'Hits in the top k, divided by min(k, number of held-out items of the user).',
    direction: 'higher',
    range: [0, 1],
    family: 'accuracy',
    cutoff: true,
    ofAttribute: false,
    over: 'users',
  },
  {
    id: 'recallFull',
    label: 'Full recall',
    help: 'Hits in the top k, divided by the number of all held-out items of the user, as RecBole does.',
    direction: 'higher',
    range: [0, 1],
    family: 'accuracy',
    cutoff: true,
    ofAttribute: false,
    over: 'users',
  },
  {
    id: 'ndcg',
    label: 'NDCG',
    help: 'Sum of 1 / log2(rank + 1) over the hits in the top k, divided by the same sum of the best possible list.',
    direction: 'higher',
    range: [0, 1],
    family: 'accuracy',
    cutoff: true,
    ofAttribute: false,
    over: 'users',
  },
]

/** The cut-offs every evaluation reports. */
export const cutoffs = [10, 30] as const

/** Metric values by name: `recall@10`, `recallFull@30`, `ndcg@10`. */
export type Metrics = Record<string, number>

/** The metrics that are watched on the validation part during a training, in reporting order. */
export const metricNames: readonly string[] = cutoffs.flatMap((k) =>
  rankingMetrics.map((metric) => `${metric.id}@${k}`),
)

/** What a metric name says. */
export interface MetricName {
  id: string
  attribute: string | null
  k: number | null
}

/** How the candidates of a ranking are chosen; runs evaluated under another protocol do not belong in one ranking. */
export const evaluationProtocol = 'full-ranking/1'

/** Everything one has to know to read a number: shown where it is clicked. */
export interface MetricProvenance {
  name: string
  definition: MetricDefinition
  /** Which items are ranked, in a sentence. */
  candidates: string
  /** What its runs are of; more than one entry where the runs differ. */
  data: {
    dataset: string
    datasetHash: string
    splitHash: string | null
    recipe: Record<string, string | number | boolean>
  }[]
  protocol: string
  /** Users the mean is of; null where it was not recorded. */
  users: number | null
}

/** The metrics of some users of a run. */
export interface RunEvaluation {
  run: string
  users: number
  /** In reporting order. `interval`: bootstrap over users; null for metrics that have no values by user. */
  metrics: { name: string; value: number; interval: { low: number; high: number } | null }[]
  level: number
}
