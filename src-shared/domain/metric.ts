import { CausewayError } from '../contract/errors'
import type { RunManifest } from './run'

/**
 * Metric names and definitions (ADR 8). A name is `id`, `id@k`, `id:attribute@k`: `auc`, `ndcg@10`, `avp:price@10`.
 * The candidates are all items but those the user has in the parts that were known before: train for validation; train and
 * validation for test. Full ranking, never sampled negatives. Users without an item in the evaluated part are left out of the mean.
 * Of the family `rated` the candidates are the items of the test part that the user rated, known before or not.
 */
export interface MetricDefinition {
  id: string
  label: string
  /** One or two sentences with the formula. */
  help: string
  /** `none`: neither end is better, as for the mean price of a list. */
  direction: 'higher' | 'lower' | 'none'
  /** Every value lies in it, ends included; of a metric that grows with k see `rangeOf`. */
  range: readonly [number, number]
  family: 'accuracy' | 'rated' | 'beyond-accuracy' | 'attributes' | 'unbiased'
  /** Whether it is of a list of length k (`id@k`), or of the whole ranking. */
  cutoff: boolean
  /** Where it is reported at others than `cutoffs`. */
  ownCutoffs?: readonly number[]
  /** Whether it is of an attribute (`id:attribute@k`). */
  ofAttribute: boolean
  /**
   * `users`: a mean of one value a user. `lists`: of all lists together, `pairs`: of all pairs of a user and an item together; no values by
   * user, no test over users. What pairs were scored is not stored, so that `pairs` are of all users only.
   */
  over: 'users' | 'lists' | 'pairs'
  /** The unit of its values, where it has one. */
  unit?: string
  /** Where it comes from: paper, equation. */
  source?: string
}

/** The families in reporting order, as they are called everywhere. */
export const metricFamilies: readonly { id: MetricDefinition['family']; title: string }[] = [
  { id: 'accuracy', title: 'Accuracy' },
  { id: 'rated', title: 'Among rated items' },
  { id: 'beyond-accuracy', title: 'Beyond accuracy' },
  { id: 'attributes', title: 'Attributes of the lists' },
  { id: 'unbiased', title: 'Unbiased estimates' },
]

/** Propensities below it count as it: one rare item must not outweigh all others. */
export const leastPropensity = 0.1

/** The cut-offs among rated items, which are few a user. */
export const ratedCutoffs = [5] as const

/** How much of the user's own shares is mixed into those of the list, so that no logarithm is of zero. */
export const calibrationSmoothing = 0.01

const theta =
  'θ_i = max(0.1, √(n_i / largest n)), n_i the train interactions of item i. It assumes that which pairs were observed depends on the item only'

const accuracy = { direction: 'higher', range: [0, 1], family: 'accuracy', ofAttribute: false, over: 'users' } as const
const rated = {
  ...accuracy,
  family: 'rated',
  source:
    'Zhang et al. 2025, Addressing correlated latent exogenous variables in debiased recommender systems, section 6.3',
} as const
/** What is ranked, and what the number is worth. */
const amongRated =
  'Only the items of the test part that the user rated are ranked, above or below the threshold, also those known from training. On a randomised test part, whose items nobody chose, it is free of selection; on a part of items that users chose to rate it is not.'
const leftOutOfRated =
  'Users without a rated test item that reaches the threshold are left out; the published code counts their NDCG as 1.'
const beyond = { family: 'beyond-accuracy', cutoff: true, ofAttribute: false } as const
const unbiased = { direction: 'higher', family: 'unbiased', cutoff: true, ofAttribute: false, over: 'users' } as const

/** All metrics, in reporting order. */
export const metricDefinitions: readonly MetricDefinition[] = [
  {
    id: 'recall',
    label: 'Recall',
    help: 'Hits in the top k, divided by min(k, number of held-out items of the user).',
    cutoff: true,
    ...accuracy,
    source: 'Liang et al. 2018, Variational autoencoders for collaborative filtering',
  },
  {
    id: 'recallFull',
    label: 'Full recall',
    help: 'Hits in the top k, divided by the number of all held-out items of the user, as RecBole does.',
    cutoff: true,
    ...accuracy,
    source: 'Zhao et al. 2021, RecBole, metric "recall"',
  },
  {
    id: 'ndcg',
    label: 'NDCG',
    help: 'Sum of 1 / log2(rank + 1) over the hits in the top k, divided by the same sum of the best possible list.',
    cutoff: true,
    ...accuracy,
    source: 'Järvelin and Kekäläinen 2002, Cumulated gain-based evaluation of IR techniques; binary gains',
  },
  {
    id: 'precision',
    label: 'Precision',
    help: 'Hits in the top k, divided by k.',
    cutoff: true,
    ...accuracy,
  },
  {
    id: 'map',
    label: 'MAP',
    help: 'Sum over the hits in the top k of the precision down to the rank of the hit, divided by min(k, number of held-out items of the user).',
    cutoff: true,
    ...accuracy,
  },
  {
    id: 'mrr',
    label: 'MRR',
    help: '1 / rank of the first hit in the top k; 0 where there is none.',
    cutoff: true,
    ...accuracy,
  },
  {
    id: 'hit',
    label: 'Hit rate',
    help: '1 where at least one held-out item is in the top k, else 0.',
    cutoff: true,
    ...accuracy,
  },
  {
    id: 'auc',
    label: 'AUC',
    help: 'Share of the pairs of a held-out item and another candidate in which the held-out item has the higher score; equal scores count half.',
    cutoff: false,
    ...accuracy,
    source: 'Rendle et al. 2009, BPR',
  },
  {
    id: 'ratedAuc',
    label: 'AUC (rated)',
    help: `Area under the ROC curve over all rated pairs of the test part together: the share of pairs of a rating that reaches the threshold and one that does not, of whatever users, in which the former has the higher score; equal scores count half. It is no mean over users. ${amongRated}`,
    cutoff: false,
    ...rated,
    over: 'pairs',
  },
  {
    id: 'ratedRecall',
    label: 'Recall (rated)',
    help: `Hits in the top k, divided by min(k, number of rated test items of the user that reach the threshold). ${amongRated} ${leftOutOfRated}`,
    cutoff: true,
    ownCutoffs: ratedCutoffs,
    ...rated,
  },
  {
    id: 'ratedRecallFull',
    label: 'Full recall (rated)',
    help: `Hits in the top k, divided by the number of rated test items of the user that reach the threshold: what published figures on Coat are of. ${amongRated} ${leftOutOfRated}`,
    cutoff: true,
    ownCutoffs: ratedCutoffs,
    ...rated,
  },
  {
    id: 'ratedNdcg',
    label: 'NDCG (rated)',
    help: `Sum of 1 / log2(rank + 1) over the hits in the top k, divided by the same sum of the best possible list. ${amongRated} ${leftOutOfRated}`,
    cutoff: true,
    ownCutoffs: ratedCutoffs,
    ...rated,
  },
  {
    id: 'coverage',
    label: 'Coverage',
    help: 'Share of all items that are in the top k of at least one user.',
    direction: 'higher',
    range: [0, 1],
    ...beyond,
    over: 'lists',
    source: 'Ge et al. 2010, Beyond accuracy, catalogue coverage',
  },
  {
    id: 'gini',
    label: 'Gini',
    help: 'Inequality of how often the items are in the top k of the users, over all items: Σ_i (2i - n - 1) x_i / (n Σ x), x ascending. 0: every item as often as every other.',
    direction: 'lower',
    range: [0, 1],
    ...beyond,
    over: 'lists',
    source: 'Shani and Gunawardana 2011, Evaluating recommendation systems',
  },
  {
    id: 'novelty',
    label: 'Novelty',
    help: 'Mean over the top k of -log2((n_i + 1) / (users + 1)), n_i the train interactions of item i; the 1 keeps it finite for items without any.',
    direction: 'higher',
    range: [0, Infinity],
    ...beyond,
    over: 'users',
    unit: 'bit',
    source: 'Zhou et al. 2010, Solving the apparent diversity-accuracy dilemma, self-information',
  },
  {
    id: 'diversity',
    label: 'Diversity',
    help: '1 less the mean over all pairs of items of the top k of the cosine of their sets of train users: |U_i ∩ U_j| / √(|U_i| |U_j|). Users with fewer than two listed items are left out.',
    direction: 'higher',
    range: [0, 1],
    ...beyond,
    over: 'users',
    source: 'Ziegler et al. 2005, Improving recommendation lists, intra-list similarity',
  },
  {
    id: 'popularityLift',
    label: 'Popularity lift',
    help: 'Mean number of train interactions of the items of the top k, divided by that of the items of the user in train, less 1. Above 0 the lists are more popular than what the user chose, below 0 less. Users without train items are left out.',
    direction: 'none',
    range: [-1, Infinity],
    ...beyond,
    over: 'users',
    source: 'Abdollahpouri et al. 2020, The connection between popularity bias, calibration and fairness; by user',
  },
  {
    id: 'calibration',
    label: 'Miscalibration',
    help: 'How far the categories of the top k are from those of the items of the user in train: KL divergence Σ_g p(g) ln(p(g) / (0.99 q(g) + 0.01 p(g))), p of train, q of the list; an item counts for each of its categories in equal parts. Of popularity: head (the most popular items with 20 % of the train interactions), tail (the least popular with 20 %) and mid. Users without such an item in train or in the list are left out.',
    direction: 'lower',
    range: [0, Math.log(1 / calibrationSmoothing)],
    ...beyond,
    ofAttribute: true,
    over: 'users',
    source: 'Steck 2018, Calibrated recommendations; unweighted, alpha 0.01',
  },
  {
    id: 'avp',
    label: 'Average',
    help: 'Mean of the attribute over the items of the top k that have it. Of popularity: train interactions of the item. Users without such an item are left out.',
    direction: 'none',
    range: [-Infinity, Infinity],
    family: 'attributes',
    cutoff: true,
    ofAttribute: true,
    over: 'users',
  },
  {
    id: 'recallIps',
    label: 'Recall (IPS)',
    help: `Sum over the hits in the top k of 1 / θ_i, divided by the number of held-out items of the user. ${theta}, so that hits on rarely seen items count more. It can exceed 1.`,
    ...unbiased,
    range: [0, 1 / leastPropensity],
    source:
      'Yang et al. 2018, Unbiased offline recommender evaluation for missing-not-at-random implicit feedback; propensities of Saito et al. 2020',
  },
  {
    id: 'recallSnips',
    label: 'Recall (SNIPS)',
    help: `Sum over the hits in the top k of 1 / θ_i, divided by the same sum over all held-out items of the user. ${theta}.`,
    ...unbiased,
    range: [0, 1],
    source:
      'Swaminathan and Joachims 2015, The self-normalized estimator; Saito et al. 2020, Unbiased recommender learning from missing-not-at-random implicit feedback',
  },
  {
    id: 'dcgIps',
    label: 'DCG (IPS)',
    help: `Sum over the hits in the top k of 1 / (θ_i log2(rank + 1)). ${theta}. Known up to a factor only: it orders models, its size says nothing.`,
    ...unbiased,
    range: [0, Infinity],
    source: 'Saito et al. 2020, Unbiased recommender learning from missing-not-at-random implicit feedback',
  },
  {
    id: 'dcgSnips',
    label: 'DCG (SNIPS)',
    help: `Sum over the hits in the top k of 1 / (θ_i log2(rank + 1)), divided by the sum over all held-out items of the user of 1 / θ_i. ${theta}.`,
    ...unbiased,
    range: [0, 1],
    source:
      'Saito et al. 2020, Unbiased recommender learning from missing-not-at-random implicit feedback, self-normalized DCG',
  },
  {
    id: 'dcgDr',
    label: 'DCG (DR)',
    help: `Sum over the top k of (r_i + O_ui / θ_i (R_ui - r_i)) / log2(rank + 1). O_ui is 1 where the user's rating of the item is held out, R_ui whether it reaches the threshold; r_i = (train positives of i + 1) / (train ratings of i + 2) fills in what was not rated. ${theta}. Right where either θ or r is. Only where the data have ratings below the threshold: without them every observed pair is a hit, nothing can be learned of r, and with r = 0 it is DCG (IPS).`,
    ...unbiased,
    range: [-Infinity, Infinity],
    source:
      'Dudík et al. 2011, Doubly robust policy evaluation; Wang et al. 2019, Doubly robust joint learning for recommendation on data missing not at random',
  },
]

const definitionById = new Map(metricDefinitions.map((definition) => [definition.id, definition]))

/** The metrics that are watched during a training, and that effects of interventions are measured by. */
export const rankingMetrics: readonly MetricDefinition[] = ['recall', 'recallFull', 'ndcg'].map((id) =>
  definitionById.get(id)!,
)

/** The cut-offs every evaluation reports. */
export const cutoffs = [10, 30] as const

/** The cut-offs there are, in a sentence. */
export const cutoffWords = `Lists are measured at ${cutoffs.join(' and ')}, rated items at ${ratedCutoffs.join(' and ')}`

/** Metric values by name: `recall@10`, `recallFull@30`, `ndcg@10`. */
export type Metrics = Record<string, number>

/** The metrics that are watched on the validation part during a training, in reporting order. */
export const metricNames: readonly string[] = metricNamesAt(cutoffs)

/** The ranking metrics at some cut-offs, in reporting order. */
export function metricNamesAt(lengths: readonly number[]): string[] {
  return lengths.flatMap((k) => rankingMetrics.map((metric) => `${metric.id}@${k}`))
}

/** What a metric name says. */
export interface MetricName {
  id: string
  attribute: string | null
  k: number | null
}

/** The name as it is written everywhere. */
export const nameOf = ({ id, attribute, k }: MetricName): string =>
  `${id}${attribute === null ? '' : `:${attribute}`}${k === null ? '' : `@${k}`}`

function parse(name: string): MetricName | null {
  // An attribute may itself have a colon or an at sign: the first colon and the last "@k" are the name's own.
  const parts = /^([A-Za-z]+)(?::(.+?))?(?:@([1-9]\d*))?$/s.exec(name)
  const definition = parts && definitionById.get(parts[1]!)
  if (!definition) return null
  const [, id, attribute = null, k] = parts
  if (definition.cutoff !== (k !== undefined) || definition.ofAttribute !== (attribute !== null)) return null
  return { id: id!, attribute, k: k === undefined ? null : Number(k) }
}

/** Whether `name` is one of a metric: series of a training that are none, such as a loss, are not. */
export const isMetricName = (name: string): boolean => parse(name) !== null

/** @throws CausewayError `badRequest` for what is no metric's name */
export function parseMetricName(name: string): MetricName {
  const parsed = parse(name)
  if (parsed) return parsed
  throw new CausewayError('badRequest', `There is no metric ${JSON.stringify(name)}.`, {
    name,
    metrics: metricDefinitions.map(({ id }) => id),
  })
}

/** @throws CausewayError `badRequest` for what is no metric's name */
export const definitionOf = (name: string): MetricDefinition => definitionById.get(parseMetricName(name).id)!

/** A name for people: `NDCG@10`, `Average price@10`, `Miscalibration of genre@30`. */
export function metricLabel(name: string): string {
  const { id, attribute, k } = parseMetricName(name)
  const { label } = definitionById.get(id)!
  const of = attribute === null ? '' : id === 'avp' ? ` ${attribute}` : ` of ${attribute}`
  return `${label}${of}${k === null ? '' : `@${k}`}`
}

/** What a run can be measured by beside the metrics every run has. `popularity` is always there and not named here. */
export interface MetricSubjects {
  numericAttributes: readonly string[]
  categories: readonly string[]
  /** Whether pairs of the test part were rated below the threshold, and the split knows them. */
  hasObservedNegatives: boolean
}

/** The attribute that is counted from the interactions. */
export const popularityAttribute = 'popularity'

/** The name of a column of the data among the attributes: one that is called like the counted attribute is told apart. */
export const attributeName = (column: string): string =>
  column === popularityAttribute ? `${column} (column)` : column

/** The names of all metrics of a full evaluation, in reporting order. */
export function allMetricNames({ numericAttributes, categories, hasObservedNegatives }: MetricSubjects): string[] {
  return metricDefinitions.flatMap(({ id, family, cutoff, ownCutoffs = cutoffs, ofAttribute }) => {
    if ((id === 'dcgDr' || family === 'rated') && !hasObservedNegatives) return []
    const columns = id === 'avp' ? numericAttributes : categories
    const attributes = ofAttribute ? [popularityAttribute, ...columns.map(attributeName)] : [null]
    return attributes.flatMap((attribute) => (cutoff ? ownCutoffs : [null]).map((k) => nameOf({ id, attribute, k })))
  })
}

/** Sum of 1 / log2(rank + 1) over the first k ranks. */
function discounts(k: number): number {
  let sum = 0
  for (let rank = 1; rank <= k; rank++) sum += 1 / Math.log2(rank + 1)
  return sum
}

/** Where every value of the metric lies, its k counted in. */
export function rangeOf(name: string): readonly [number, number] {
  const { id, k } = parseMetricName(name)
  const most = 1 / leastPropensity
  if (id === 'dcgIps') return [0, most * discounts(k!)]
  // A pair adds between r - r / θ and r + (1 - r) / θ.
  if (id === 'dcgDr') return [(1 - most) * discounts(k!), most * discounts(k!)]
  return definitionById.get(id)!.range
}

/** What sums of a few dozen numbers may be off by. */
const rounding = 1e-9

/** @throws CausewayError `internal` for a value that the metric cannot have */
export function checkMetricRange(name: string, value: number): void {
  const [low, high] = rangeOf(name)
  if (value >= low - rounding && value <= high + rounding) return
  throw new CausewayError('internal', `${metricLabel(name)} came out as ${value}, which it cannot be.`, {
    name,
    value,
    low,
    high,
  })
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

const rankedCandidates =
  'All items of the split but those the user has in its train and validation part; nothing is sampled. Of the users with at least one item in the test part.'

/** Whether what is measured among rated items is free of selection depends on how the test part came about. */
function ratedCandidates(manifests: readonly Pick<RunManifest, 'evaluation'>[]): string {
  const randomised = manifests.filter(({ evaluation }) => evaluation?.isTestRandomised === true).length
  const items = 'The items of the test part that the user rated, those it has in its train part among them.'
  if (randomised === 0) return `${items} The users chose what they rated: the number is of chosen items.`
  if (randomised < manifests.length) return `${items} Only in some of the runs were they chosen at random.`
  return `${items} They were chosen at random: the number is free of selection.`
}

/** What stands behind a test metric of some runs. */
export function metricProvenance(
  manifests: readonly Pick<RunManifest, 'dataset' | 'recipe' | 'producedBy' | 'evaluation'>[],
  name: string,
): MetricProvenance {
  const data = new Map<string, MetricProvenance['data'][number]>()
  for (const { dataset, recipe, producedBy } of manifests) {
    const entry = { dataset, datasetHash: producedBy.datasetHash, splitHash: producedBy.splitHash, recipe }
    data.set(JSON.stringify([dataset, entry.datasetHash, entry.splitHash]), entry)
  }
  // Runs from before it was recorded were evaluated the same way.
  const protocols = new Set(manifests.map(({ evaluation }) => evaluation?.protocol ?? evaluationProtocol))
  const users = new Set(manifests.map(({ evaluation }) => evaluation?.users ?? null))
  const definition = definitionOf(name)
  return {
    name,
    definition,
    candidates: definition.family === 'rated' ? ratedCandidates(manifests) : rankedCandidates,
    data: [...data.values()],
    protocol: [...protocols].join(', '),
    users: users.size === 1 ? [...users][0]! : null,
  }
}

/** The metrics of some users of a run. */
export interface RunEvaluation {
  run: string
  users: number
  /** In reporting order. `interval`: bootstrap over users; null for metrics that have no values by user. */
  metrics: { name: string; value: number; interval: { low: number; high: number } | null }[]
  level: number
}
