import { formatP } from '../../../src-shared/comparison/words'
import {
  rankingMetricLabels,
  rankingMetrics,
  type GapTest,
  type RankingCell,
  type RankingGap,
  type RankingMetric,
  type RankingResults,
} from '../../../src-shared/domain/ranking-simulation'
import {
  conditionWords,
  hasNoises,
  noiseWords,
  searchPlace,
} from '../../../src-shared/experiment/parse-ranking-simulation'
import type { Block, Cell, ChartBlock, ReportDocument } from './report-document'
import { environmentRows, meanWords, paramWords } from './results-document'
import { remarkBlocks, usedTable, verdictSections } from './simulation-document'
import { count, decimals, facts, moment, percent, signed } from './words'

/** The results of a ranking simulation as a report: how the world was drawn, how the methods ranked, and what holds. */
export function rankingDocument(results: RankingResults): ReportDocument {
  const { name, madeAt, configuration, verdicts } = results
  return {
    title: name,
    subtitle: `Results of a ranking simulation, written ${moment(madeAt)}.`,
    summary: configuration.notes,
    sections: [
      { id: 'experiment', title: 'What was run', blocks: runBlocks(results) },
      { id: 'metrics', title: 'Rankings', blocks: rankingBlocks(results) },
      ...verdictSections(verdicts, gapBlocks(results)),
      { id: 'parameters', title: 'Budget and parameters', blocks: budgetBlocks(results) },
    ],
    bundle: null,
  }
}

function worldWords({ configuration: { world } }: RankingResults): string {
  const latent = `Each user has ${world.factors} confounders c and preferences theta = gamma c + (1 - gamma) n, c and n standard normal.`
  const rated = `theta + ${world.gammaB} c`
  if (world.kind === 'from-data')
    return `${latent} Two VAEs were fitted to ${world.dataset}, one to what was rated and one to the ratings. Exposed are the pairs to which the decoder of the one gives the largest values from c, as many as ${world.dataset} has ratings; ratings are what the decoder of the other gives from ${rated}, in steps, so that every rating is as frequent among all pairs as it is in ${world.dataset}.`
  const weights =
    world.shared === 1
      ? 'The weights A and B are the same: users are exposed to what they like'
      : `The weights A and B have a correlation of ${world.shared}`
  return `${latent} Exposed are the ${percent(world.exposureRate)} of all pairs with the largest relu(A c); ratings are min(1 + Poisson(${world.scale === 1 ? '' : `${world.scale} `}relu(B (${rated}))), 5). ${weights}.`
}

function runBlocks(results: RankingResults): Block[] {
  const { configuration, environment, data, budget, bases } = results
  const { world, threshold, seeds, search, conditions } = configuration
  const noises = hasNoises(configuration)
  const place = searchPlace(configuration)
  const users = `Users are split: methods learn from what 80 % of them were exposed to, are chosen by a fifth of what another 10 % were exposed to, and rank for the last 10 % all items that these were not exposed to. A rating of at least ${threshold} is liked. R@20 divides by min(20, liked), N@20 has gains of 0 and 1; both are means over the test users who like such an item.`
  const features =
    noises || conditions[0]!.noise !== null
      ? ` User features are the first ten principal components of theta + noise${noises ? '' : ` of variance ${conditions[0]!.noise}`}.`
      : ' No user features are given.'
  return [
    { kind: 'text', text: worldWords(results) + features },
    { kind: 'text', text: users },
    { kind: 'text', text: budget },
    {
      kind: 'table',
      caption: 'The data, and what a random order of the candidates is expected to come to',
      head: ['Condition', 'Exposed', 'Liked of all', 'Liked of exposed', 'To be found', 'Candidates', 'R@20', 'N@20'],
      rows: bases.map((base) => [
        conditionWords(base, noises),
        count(base.exposed),
        percent(base.liked),
        percent(base.likedExposed),
        base.relevant.toFixed(1),
        count(base.candidates),
        decimals(base.random['recall@20']),
        decimals(base.random['ndcg@20']),
      ]),
    },
    facts('Configuration and machine', [
      ...(data
        ? ([
            ['Data set', data.dataset],
            ['Hash of the data set', data.datasetHash],
          ] as Cell[][])
        : world.kind === 'simulated'
          ? ([['Users and items', `${count(world.users)} and ${count(world.items)}`]] as Cell[][])
          : []),
      ['Seed of the world', world.seed],
      ['Seeds of the splits', seeds.join(', ')],
      ...(configuration.methods.every((entry) => Object.keys(entry.search).length === 0)
        ? []
        : [
            [
              'Search',
              `${search.strategy}, seed ${search.seed}, ${place === null ? 'at every condition' : `at ${conditionWords(place)}`}, by N@20 among the held-out items that validation users rated`,
            ],
          ]),
      ...environmentRows(environment),
    ]),
  ]
}

const labelsOf = (cells: readonly RankingCell[]): string[] => [...new Set(cells.map(({ label }) => label))]

/** A row for each method, a column for each condition. */
const byCondition = (
  { cells, configuration }: RankingResults,
  caption: string,
  cellWords: (cell: RankingCell) => Cell,
  labels = labelsOf(cells),
): Block => ({
  kind: 'table',
  caption,
  head: ['Method', ...configuration.conditions.map((condition) => conditionWords(condition, hasNoises(configuration)))],
  rows: labels.map((label) => [label, ...cells.filter((cell) => cell.label === label).map(cellWords)]),
})

function rankingBlocks(results: RankingResults): Block[] {
  const { cells, configuration, methods, besidePublished } = results
  const { published, seeds } = configuration
  const chart = rankingChart(results)
  const withPublished = labelsOf(cells.filter(({ metrics }) => metrics['ndcg@20'].published !== null))
  const figures = (metric: RankingMetric): Block[] => {
    const name = rankingMetricLabels[metric]
    return [
      byCondition(results, `${name}, mean ± sd over ${seeds.length} splits`, ({ metrics }) =>
        meanWords(metrics[metric].mean, metrics[metric].sd),
      ),
      ...(published && withPublished.length > 0
        ? [
            byCondition(
              results,
              `${name}, published, and ours less the published`,
              ({ metrics }) => {
                const { mean, published: theirs } = metrics[metric]
                if (theirs === null) return ''
                return mean === null ? decimals(theirs) : `${decimals(theirs)} (${signed(mean - theirs)})`
              },
              withPublished,
            ),
          ]
        : []),
    ]
  }
  return [
    ...(chart ? [chart] : []),
    ...(published ? [{ kind: 'text' as const, text: `Published: ${published.source}` }] : []),
    ...rankingMetrics.flatMap(figures),
    ...(besidePublished.length > 0 ? [{ kind: 'list' as const, items: besidePublished }] : []),
    ...remarkBlocks(methods),
  ]
}

/** N@20 against γ by method, and by the features that it is given; null where there is one γ only. */
export function rankingChart({ cells, configuration }: RankingResults): ChartBlock | null {
  const noises = [...new Set(configuration.conditions.map(({ noise }) => noise))]
  const series = labelsOf(cells).flatMap((label) =>
    noises.flatMap((noise) => {
      const own = cells
        .filter((cell) => cell.label === label && cell.noise === noise)
        .sort((a, b) => a.gamma - b.gamma)
        .flatMap(({ gamma, metrics }) => {
          const { mean, values } = metrics['ndcg@20']
          const known = values.filter((value) => value !== null)
          return mean === null ? [] : [{ gamma, mean, low: Math.min(...known), high: Math.max(...known) }]
        })
      if (own.length < 2) return []
      return [
        {
          label: noises.length > 1 ? `${label}, ${noiseWords(noise)}` : label,
          points: own.map(({ gamma, mean }): [number, number] => [gamma, mean]),
          band: own.map(({ low, high }): [number, number] => [low, high]),
        },
      ]
    }),
  )
  if (series.length === 0) return null
  return {
    kind: 'chart',
    caption: 'N@20 by the share of confounders in preferences: mean and range over splits',
    xLabel: 'gamma',
    yLabel: 'N@20',
    series,
  }
}

/** A table of the tested gaps for each metric. */
function gapBlocks({ gaps, configuration }: RankingResults): Block[] {
  if (gaps.length === 0) return []
  const noises = hasNoises(configuration)
  const p = ({ p: own, pHolm }: GapTest): Cell[] =>
    own === null || pHolm === null ? ['not tested', ''] : [formatP(own), formatP(pHolm)]
  const names = ({ of, better, worse, noise, worseNoise }: RankingGap): [string, string] =>
    of === 'order' ? [better, worse] : [`${better}, ${noiseWords(noise)}`, `${worse}, ${noiseWords(worseNoise)}`]
  return [
    {
      kind: 'text',
      text: `Differences of neighbours in the claimed orders, first less second, with Student's paired t over the splits and over the test users, a user's difference being its mean over the splits. Holm's correction counts the tests of a table of one kind. Splits share most of the users that are trained on, so that p over splits is smaller than it would be with splits that share none.`,
    },
    ...rankingMetrics.map((metric): Block => {
      const own = gaps.filter((gap) => gap.metric === metric)
      const withPublished = own.some(({ publishedDifference }) => publishedDifference !== null)
      return {
        kind: 'table',
        caption: `${rankingMetricLabels[metric]}: gaps and their tests`,
        head: [
          'First',
          'Second',
          'Condition',
          'Difference',
          ...(withPublished ? ['Published'] : []),
          'p, splits',
          'Holm',
          'p, users',
          'Holm',
        ],
        rows: own.map((gap) => [
          ...names(gap),
          conditionWords(gap, noises && gap.of === 'order'),
          gap.difference === null ? 'not measured' : signed(gap.difference),
          ...(withPublished ? [gap.publishedDifference === null ? '' : signed(gap.publishedDifference)] : []),
          ...p(gap.overSplits),
          ...p(gap.overUsers),
        ]),
      }
    }),
  ]
}

function budgetBlocks({ methods, cells, configuration }: RankingResults): Block[] {
  const searchedOf = (label: string): string[] =>
    Object.keys(configuration.methods.find((entry) => (entry.label ?? entry.method) === label)?.search ?? {})
  const each = configuration.search.each
  // One search: every condition has the same.
  const shown = each ? cells : cells.filter(({ label }, at) => cells.findIndex((cell) => cell.label === label) === at)
  return [
    usedTable(methods),
    {
      kind: 'table',
      caption: 'The parameters that were trained for every split',
      head: ['Method', ...(each ? ['Condition'] : []), 'Searched parameters', 'N@20 on validation', 'Other parameters'],
      rows: shown.map(({ label, best, ...condition }) => {
        const searched = searchedOf(label)
        const others = Object.keys(best?.params ?? {}).filter((key) => !searched.includes(key))
        return [
          label,
          ...(each ? [conditionWords(condition)] : []),
          best === null ? 'none were found' : paramWords(best.params, searched) || 'as given',
          best === null || best.validation === null ? '' : decimals(best.validation),
          best === null ? '' : paramWords(best.params, others),
        ]
      }),
    },
  ]
}
