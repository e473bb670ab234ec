import { formatP } from '../../../src-shared/comparison/words'
import type { ComparisonMetric, ComparisonTest, TestKind } from '../../../src-shared/domain/comparison'
import {
  farOff,
  type Environment,
  type ExperimentResults,
  type PublishedFigure,
} from '../../../src-shared/domain/experiment-results'
import { definitionOf, metricLabel } from '../../../src-shared/domain/metric'
import type { ParamValues } from '../../../src-shared/params/params'
import type { Block, Cell, ReportDocument } from './report-document'
import { count, decimals, duration, facts, moment, plural, signed } from './words'

/** The results of an experiment as a report: what was run, what every method got, what came out, and how that stands to what was published. */
export function experimentDocument(results: ExperimentResults): ReportDocument {
  const { name, madeAt, trained, configuration } = results
  const { published } = results
  return {
    title: name,
    subtitle: `Results of an experiment, trained ${moment(trained.from)} to ${moment(trained.to)}, written ${moment(madeAt)}.`,
    summary: configuration.notes,
    sections: [
      { id: 'experiment', title: 'What was run', blocks: runBlocks(results) },
      { id: 'parameters', title: 'Budget and parameters', blocks: budgetBlocks(results) },
      { id: 'metrics', title: 'Results', blocks: resultBlocks(results) },
      ...(published
        ? [
            {
              id: 'comparison' as const,
              title: 'Beside published figures',
              blocks: publishedBlocks(results, published),
            },
          ]
        : []),
    ],
    bundle: null,
  }
}

/** The rows that tell what something was computed with. */
export const environmentRows = ({
  causeway,
  node,
  platform,
  processor,
  cores,
  backend,
  threads,
}: Environment): Cell[][] => [
  ['Causeway', causeway],
  ['Node', node],
  ['Platform', platform],
  ['Processor', `${processor}, ${plural(cores, 'core')}`],
  ['Backend', backend],
  ['Threads of a training', threads],
]

export const paramWords = (params: ParamValues, keys = Object.keys(params)): string =>
  keys.map((key) => `${key}=${params[key]}`).join(', ')

/** `0.7611 ± 0.0070`. */
export const meanWords = (mean: number | null, sd: number | null): string =>
  mean === null ? 'not measured' : sd === null ? decimals(mean) : `${decimals(mean)} ± ${decimals(sd, mean)}`

function runBlocks({ configuration, environment, data, budget, warnings, comparison }: ExperimentResults): Block[] {
  const { search, seeds, metrics } = configuration
  return [
    { kind: 'text', text: budget },
    facts('Configuration, data and machine', [
      ['Data set', data.dataset],
      ['Hash of the data set', data.datasetHash],
      ['Hash of the split', data.splitHash ?? 'not recorded'],
      ['Recipe', paramWords(data.recipe)],
      ['Seeds', seeds.join(', ')],
      [
        'Search',
        `${search.strategy}, seed ${search.seed}${search.earlyTermination ? ', hopeless trials ended early' : ''}`,
      ],
      ['The search goes by', `${metricLabel(metrics.objective)} on the validation part`],
      ...environmentRows(environment),
    ]),
    ...[...warnings, ...comparison.warnings.map(({ text }) => text)].map((text): Block => ({ kind: 'warning', text })),
  ]
}

function budgetBlocks({ methods, configuration }: ExperimentResults): Block[] {
  const objective = metricLabel(configuration.metrics.objective)
  const searchedOf = (label: string): string[] =>
    Object.keys(configuration.methods.find((entry) => (entry.label ?? entry.method) === label)?.search ?? {})
  return [
    {
      kind: 'table',
      caption: 'What every method used',
      head: ['Method', 'Search trials', 'Final trials', 'Failed', 'Epochs in all', 'Training time'],
      rows: methods.map(({ label, searchTrials, finalTrials, failedTrials, epochs, seconds }) => [
        label,
        searchTrials,
        finalTrials,
        failedTrials,
        count(epochs),
        duration(seconds),
      ]),
    },
    {
      kind: 'table',
      caption: 'The parameters that were trained for every seed',
      head: ['Method', 'Searched parameters', `${objective} on validation`, 'Other parameters'],
      rows: methods.map(({ label, best }) => {
        if (best === null) return [label, 'none were found', '', '']
        const searched = searchedOf(label)
        const others = Object.keys(best.params).filter((key) => !searched.includes(key))
        return [
          label,
          paramWords(best.params, searched),
          best.objective === null ? '' : decimals(best.objective),
          paramWords(best.params, others),
        ]
      }),
    },
  ]
}

function resultBlocks(results: ExperimentResults): Block[] {
  const { comparison, configuration, methods } = results
  const { groups, metrics, holm, level } = comparison
  const cellOf = (metric: ComparisonMetric, key: string) => metric.cells.find(({ group }) => group === key)
  const seeds = plural(configuration.seeds.length, 'seed')
  return [
    { kind: 'text', text: `Mean ± sample standard deviation over ${seeds}, on the test part.` },
    {
      kind: 'table',
      caption: 'All methods',
      head: ['Method', 'Runs', ...metrics.map(({ name }) => metricLabel(name))],
      rows: methods.map(({ label }) => {
        const group = groups.find((candidate) => candidate.label === label)
        if (!group) return [label, 0, ...metrics.map(() => 'not measured')]
        return [
          label,
          group.runs.length,
          ...metrics.map((metric) => {
            const cell = cellOf(metric, group.key)
            const mark = cell?.mark === 'best' ? ', best' : cell?.mark === 'second' ? ', second best' : ''
            return meanWords(cell?.mean ?? null, cell?.sd ?? null) + mark
          }),
        ]
      }),
    },
    ...metrics.flatMap((metric) => testBlocks(metric, results)),
    ...(metrics.some(({ tests }) => tests.length > 0)
      ? [
          {
            kind: 'text' as const,
            text: `The tests are over seeds: Student's paired t and Wilcoxon's signed ranks, two-sided. Holm's correction counts the ${plural(holm.comparisons, 'test')} of its kind in this document; a difference is significant where the corrected p is below ${Number((1 - level).toFixed(4))}.`,
          },
        ]
      : []),
    ...(methods.some(({ remark }) => remark !== null)
      ? [
          { kind: 'heading' as const, text: 'Remarks' },
          {
            kind: 'list' as const,
            items: methods.flatMap(({ label, remark }) => (remark === null ? [] : [`${label}: ${remark}`])),
          },
        ]
      : []),
  ]
}

/** A row for each pair of groups with its tests over seeds. */
function testBlocks(metric: ComparisonMetric, { comparison: { groups }, configuration }: ExperimentResults): Block[] {
  const labels = new Map(groups.map(({ key, label }) => [key, label]))
  const tests = metric.tests.filter(({ kind }) => kind === 'paired-t-seeds')
  if (tests.length === 0) return []
  const against = configuration.reference === undefined ? '' : ` against ${configuration.reference}`
  const { direction } = definitionOf(metric.name)
  const other = (kind: TestKind, { a, b }: ComparisonTest): ComparisonTest | undefined =>
    metric.tests.find((test) => test.kind === kind && test.a === a && test.b === b)
  const pOf = (p: number | null | undefined): string => (p === null || p === undefined ? 'not tested' : formatP(p))
  return [
    {
      kind: 'table',
      caption: `${metricLabel(metric.name)}${against}: differences, first less second${direction === 'none' ? '' : `; ${direction} is better`}`,
      head: [
        'First',
        'Second',
        'Seeds',
        'Difference',
        '95 % interval',
        'p, t',
        'p, t, Holm',
        'p, Wilcoxon',
        'p, Wilcoxon, Holm',
      ],
      rows: tests.map((test) => {
        const wilcoxon = other('wilcoxon-seeds', test)
        return [
          labels.get(test.a) ?? test.a,
          labels.get(test.b) ?? test.b,
          test.pairs,
          signed(test.meanDifference),
          test.interval ? `${signed(test.interval.low)} to ${signed(test.interval.high)}` : '',
          pOf(test.p),
          pOf(test.pHolm),
          pOf(wilcoxon?.p),
          pOf(wilcoxon?.pHolm),
        ]
      }),
    },
  ]
}

function publishedBlocks(
  { methods }: ExperimentResults,
  { source, figures }: NonNullable<ExperimentResults['published']>,
): Block[] {
  const remarkOf = new Map(methods.map(({ label, remark }) => [label, remark]))
  const rows = figures.map((figure): Cell[] => [
    figure.label,
    metricLabel(figure.metric),
    meanWords(figure.mean, figure.sd),
    meanWords(figure.published.mean, figure.published.sd),
    figure.difference === null ? '' : signed(figure.difference),
    figure.isFarOff ? 'yes' : '',
  ])
  const far = figures.filter(({ isFarOff }) => isFarOff)
  const labels = [...new Set(far.map(({ label }) => label))]
  const said = (label: string): string => {
    const names = far.filter((figure) => figure.label === label).map(farWords)
    return `${label} (${names.join(', ')}): ${remarkOf.get(label) ?? 'no reason is known.'}`
  }
  return [
    { kind: 'text', text: `Published: ${source}` },
    {
      kind: 'table',
      caption: 'Ours beside the published',
      head: ['Method', 'Metric', 'Ours', 'Published', 'Difference', `More than ${farOff} off`],
      rows,
    },
    { kind: 'text', text: `${far.length} of ${plural(figures.length, 'figure')} are more than ${farOff} off.` },
    ...(labels.length > 0 ? [{ kind: 'list' as const, items: labels.map(said) }] : []),
  ]
}

const farWords = ({ metric, difference }: PublishedFigure): string => `${metricLabel(metric)} ${signed(difference!)}`
