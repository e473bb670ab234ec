import { formatP } from '../../../../src-shared/comparison/words'
import type {
  Comparison,
  ComparisonCell,
  ComparisonMetric,
  ComparisonTest,
} from '../../../../src-shared/domain/comparison'
import { definitionOf, metricLabel } from '../../../../src-shared/domain/metric'
import { describeUsers } from '../../../../src-shared/graph/edit/intervention'
import type { ReportInput } from '../report-input'
import type { Block, Cell } from '../report-document'
import { decimals, fewestUsers, levelWords, plural, signed } from '../words'

const testLabels = {
  'paired-t-seeds': 'paired t, seeds',
  'wilcoxon-seeds': 'Wilcoxon, seeds',
  'paired-t-users': 'paired t, users',
  'wilcoxon-users': 'Wilcoxon, users',
} as const

/** Which is better, and how far the data let one say so. */
export function comparisonSection({ comparison, options }: ReportInput): Block[] {
  if (comparison === null) return []
  const measured = Object.values(comparison.provenance).flatMap((of) => of.users ?? [])
  if (options.aggregatesOnly && measured.some((count) => count < fewestUsers))
    return [
      {
        kind: 'text',
        text: `The comparison is of fewer than ${fewestUsers} users and is left out: this report tells aggregates only.`,
      },
    ]
  const { groups, metrics, warnings, rankable, level, holm, users } = comparison
  const labels = new Map(groups.map(({ key, label }) => [key, label]))
  const tests = metrics.reduce((sum, metric) => sum + metric.tests.length, 0)
  return [
    {
      kind: 'text',
      text: `${plural(groups.length, 'group')} of runs that differ in their seed only, compared for ${describeUsers(users)}. Means are over seeds, with the sample standard deviation; the ${levelWords(level)} interval is the percentile bootstrap over users of the mean over the group's runs.`,
    },
    ...warnings.map(({ text }): Block => ({ kind: 'warning', text })),
    ...(rankable
      ? []
      : [{ kind: 'warning' as const, text: 'These runs do not belong in one ranking: none is marked as best.' }]),
    {
      kind: 'table',
      caption: 'The groups',
      head: ['Group', 'Seeds', 'Runs'],
      rows: groups.map(({ label, runs }) => [
        label,
        runs.map(({ seed }) => seed).join(', '),
        runs.map(({ run }) => run).join(', '),
      ]),
      folded: groups.length > 30,
    },
    ...metrics.flatMap((metric) => metricBlocks(metric, comparison, labels)),
    ...(tests > 0 ? testWords(comparison) : []),
    ...(holm.notice === null ? [] : [{ kind: 'warning' as const, text: holm.notice }]),
  ]
}

function metricBlocks(metric: ComparisonMetric, { level, rankable }: Comparison, labels: Map<string, string>): Block[] {
  const label = metricLabel(metric.name)
  const { direction, unit } = definitionOf(metric.name)
  const cells = metric.cells.filter((cell) => cell.mean !== null)
  const better = direction === 'none' ? 'Neither end is better.' : `Better is ${direction}.`
  const marks =
    rankable && direction !== 'none' && cells.some(({ mark, markNote }) => mark !== null || markNote !== null)
  return [
    { kind: 'heading', text: label },
    ...(cells.length > 0
      ? [
          {
            kind: 'intervals' as const,
            caption: `${label} by group${cells.some(({ interval }) => interval) ? `, with its ${levelWords(level)} interval over users` : ''}; the small dots are single seeds. ${better}`,
            xLabel: unit ? `${label}, ${unit}` : label,
            rows: cells.map(({ group, mean, interval, values }) => ({
              label: labels.get(group) ?? group,
              value: mean!,
              low: interval?.low ?? null,
              high: interval?.high ?? null,
              points: values.filter((value) => value !== null),
            })),
          },
        ]
      : []),
    {
      kind: 'table',
      caption: `${label} by group in numbers`,
      head: [
        'Group',
        'Mean ± sd over seeds',
        'Seeds',
        `${levelWords(level)} interval over users`,
        ...(marks ? ['Mark'] : []),
      ],
      rows: metric.cells.map((cell) => [
        labels.get(cell.group) ?? cell.group,
        meanWords(cell),
        cell.values.filter((value) => value !== null).length,
        cell.interval ? `${decimals(cell.interval.low)} to ${decimals(cell.interval.high)}` : 'no values by user',
        ...(marks ? [markWords(cell)] : []),
      ]),
      folded: metric.cells.length > 30,
    },
    ...(metric.tests.length > 0 ? testBlocks(label, metric.tests, labels, level) : []),
  ]
}

const meanWords = ({ mean, sd }: ComparisonCell): string =>
  mean === null ? 'not measured' : sd === null ? decimals(mean) : `${decimals(mean)} ± ${decimals(sd)}`

const markWords = ({ mark, markNote }: ComparisonCell): string =>
  mark === 'best' ? 'best' : mark === 'second' ? 'second best' : (markNote ?? '')

function testBlocks(label: string, tests: ComparisonTest[], labels: Map<string, string>, level: number): Block[] {
  const notes = [...new Set(tests.flatMap(({ kind, note }) => (note === null ? [] : `${testLabels[kind]}: ${note}`)))]
  return [
    {
      kind: 'table',
      caption: `${label}: tests, first less second`,
      head: [
        'First',
        'Second',
        'Test',
        'Pairs',
        'Difference',
        `${levelWords(level)} interval`,
        'p',
        'p, Holm',
        'Significant',
      ],
      rows: tests.map((test): Cell[] => [
        labels.get(test.a) ?? test.a,
        labels.get(test.b) ?? test.b,
        testLabels[test.kind],
        test.pairs,
        signed(test.meanDifference),
        test.interval ? `${signed(test.interval.low)} to ${signed(test.interval.high)}` : '',
        test.p === null ? '' : formatP(test.p),
        test.pHolm === null ? '' : formatP(test.pHolm),
        test.p === null ? 'not tested' : test.significant ? 'yes' : 'no',
      ]),
      folded: tests.length > 40,
    },
    ...(notes.length > 0 ? [{ kind: 'list' as const, items: notes }] : []),
  ]
}

const testWords = ({ holm, level }: Comparison): Block[] => [
  {
    kind: 'text',
    text: `The tests are the paired t test and the Wilcoxon signed-rank test. Those over seeds say whether a difference would come back with other seeds on this data; those over users whether it would come back with other users for these models. p, Holm is corrected for the ${plural(holm.comparisons, 'comparison')} of its kind made here, and a difference is significant where it is below ${Number((1 - level).toFixed(4))}.`,
  },
]
