import { rhoText } from '../../src-shared/correlation/words'
import {
  correlationLists,
  type CorrelationCurve,
  type CorrelationEffect,
  type CorrelationMeasures,
} from '../../src-shared/domain/correlation'
import type { ChartBuilder, ChartTable } from '../charts/chart'
import { lineChart, type LineChartData } from '../charts/line-chart'
import { fixed } from './numbers'

/** What a set correlation does, in words, tables and charts. Pure functions. */

/** What happened to one user's list, in one sentence. */
export function correlationSentence({ rho, learned, k, items, likeness }: CorrelationEffect): string {
  const set = items.filter(({ places }) => places.set.rank <= k)
  const entering = set.filter(({ places }) => places.learned.rank > k).length
  const moved = set.filter(({ places }) => places.set.rank !== places.learned.rank).length
  const alike = `Jaccard ${fixed(likeness.learned.jaccard, 2)}, rank correlation ${fixed(likeness.learned.tau, 2)}`
  const start = `With ρ at ${rhoText(rho)} instead of the learned ${rhoText(learned)}`
  if (rho === learned) return `ρ is as learned, ${rhoText(learned)}: move it to see what becomes of the list.`
  if (moved === 0) return `${start}, the list of ${set.length} stays as it is; what is expected of its items changes.`
  const others =
    entering === 0
      ? `the same ${set.length} items stand in another order`
      : `${entering} of ${set.length} items ${entering === 1 ? 'is' : 'are'} new`
  return `${start}, ${others} (${alike}).`
}

/** `82.1 %`, `> 99.9 %` for what would read as certain, or a rating with two decimals. */
export function expectedText(expected: number, expects: CorrelationEffect['expects']): string {
  if (expects === 'rating') return fixed(expected, 2)
  if (expected >= 0.9995) return '> 99.9 %'
  if (expected < 0.0005) return '< 0.1 %'
  return `${fixed(100 * expected, 1)} %`
}

/** The lists as a table to be saved: every digit. */
export function correlationTable({ items, expects }: CorrelationEffect): ChartTable {
  return {
    columns: [
      'id',
      'title',
      'in_test',
      ...correlationLists.flatMap((list) => [`rank_${list}`, `${expects}_${list}`]),
    ].map((label) => ({ label })),
    rows: items.map(({ id, title, inTest, places }) => [
      id,
      title,
      inTest ? 1 : 0,
      ...correlationLists.flatMap((list) => [places[list].rank, places[list].expected]),
    ]),
  }
}

/** What is measured, in the order it is shown. */
export const correlationMeasures = [
  {
    id: 'logLikelihood',
    label: 'Log-likelihood, validation',
    help: 'Mean log-probability of the validation ratings, given that users chose the items. Higher explains them better.',
    of: (point: CorrelationMeasures) => point.logLikelihood,
  },
  {
    id: 'validationAuc',
    label: 'AUC, validation',
    help: 'Share of a liked and an unliked rated item of the validation part in which the liked one is expected to be better.',
    of: (point: CorrelationMeasures) => point.validationAuc,
  },
  {
    id: 'ratedAuc',
    label: 'AUC, test',
    help: 'The same of the rated items of the test part.',
    of: (point: CorrelationMeasures) => point.test['ratedAuc'] ?? null,
  },
  {
    id: 'ratedRecall@5',
    label: 'Recall@5, test',
    help: 'Share of a user’s liked rated test items that are among the five expected to be best.',
    of: (point: CorrelationMeasures) => point.test['ratedRecall@5'] ?? null,
  },
  {
    id: 'ratedNdcg@5',
    label: 'NDCG@5, test',
    help: 'The same, with more weight on the first places.',
    of: (point: CorrelationMeasures) => point.test['ratedNdcg@5'] ?? null,
  },
] as const

/** Marks nearer than this have one label, or their words would cover each other. */
const nearMarks = 0.3

/** Vertical lines at 0, at the learned and at the set value; those that are near share a label, in their order. */
export function correlationMarks(learned: number, set: number): NonNullable<LineChartData['marks']> {
  const marks = [
    { x: 0, label: '0' },
    { x: learned, label: 'learned' },
    ...(set === learned ? [] : [{ x: set, label: 'set' }]),
  ].sort((a, b) => a.x - b.x)
  return marks.map((mark, at) => {
    let first = at
    while (first > 0 && marks[first]!.x - marks[first - 1]!.x < nearMarks) first--
    if (first < at) return { ...mark, label: '' }
    let last = at
    while (last + 1 < marks.length && marks[last + 1]!.x - marks[last]!.x < nearMarks) last++
    return {
      ...mark,
      label: marks
        .slice(at, last + 1)
        .map(({ label }) => label)
        .join(' · '),
    }
  })
}

/** The two charts over ρ: how well ratings are explained, and how well rated items are told apart. */
export function correlationCharts(
  { points, learned }: CorrelationCurve,
  set: number,
): { id: string; title: string; help: string; build: ChartBuilder }[] {
  const all = [...points, learned].sort((a, b) => a.rho - b.rho)
  const charts = [
    {
      id: 'likelihood',
      title: 'How well ρ explains the validation ratings',
      help: 'These items were chosen by users: the better ρ is, the higher their log-likelihood.',
      y: { label: 'Log-likelihood', unit: 'nats per rating' },
      measures: correlationMeasures.slice(0, 1),
    },
    {
      id: 'rated',
      title: 'How well rated items are told apart',
      help: 'The liked from the unliked, by what is expected of each at ρ as if it had been chosen.',
      y: { label: 'Metric' },
      measures: correlationMeasures.slice(1),
    },
  ]
  return charts.map(({ measures, y, ...chart }) => ({
    ...chart,
    build: (theme) =>
      lineChart(
        {
          title: chart.title,
          x: { label: 'ρ' },
          y,
          series: measures.map(({ label, of }) => ({
            label: measures.length === 1 ? 'Validation' : label,
            points: all.map((point) => [point.rho, of(point)] as const),
          })),
          marks: correlationMarks(learned.rho, set),
        },
        theme,
      ),
  }))
}
