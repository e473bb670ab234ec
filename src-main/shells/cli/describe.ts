import { estimateText, meaningText, originText } from '../../../src-shared/correlation/words'
import type { DoctorReport } from '../../../src-shared/domain/backend'
import type { CorrelationEstimate } from '../../../src-shared/domain/correlation'
import type { DatasetCard, DatasetManifest, ImportPreview } from '../../../src-shared/domain/dataset'
import type { BootstrapConfidence, CausalGraph, KnownGraph } from '../../../src-shared/domain/graph'
import type { MethodInfo } from '../../../src-shared/domain/method'
import { cutoffs, rankingMetrics, type Metrics } from '../../../src-shared/domain/metric'
import type { Recommendation } from '../../../src-shared/domain/recommendation'
import type { RunManifest } from '../../../src-shared/domain/run'
import { comparisonWords } from '../../../src-shared/graph/truth'
import { allowedValues } from '../../../src-shared/params/params'
import { bytes, count, decimals, duration, facts, percent, table } from './format'

/** What the commands print for people, one function a product. */

export const describeDatasets = (datasets: DatasetManifest[]): string =>
  datasets.length === 0
    ? 'No data sets yet. Import one: causeway data import PATH --name NAME'
    : table(
        ['name', 'users', 'items', 'interactions', 'source', 'imported'],
        datasets.map((set) => [
          set.name,
          set.users,
          set.items,
          set.interactions,
          set.source.kind,
          set.createdAt.slice(0, 10),
        ]),
      )

export function describeCard(card: DatasetCard): string {
  const { manifest, raw, prepared, alerts } = card
  return [
    `${manifest.name}: ${manifest.source.files.join(', ')} (${manifest.source.kind})`,
    '',
    table(
      ['', 'users', 'items', 'interactions', 'density'],
      [
        ['raw', raw.users, raw.items, raw.interactions, percent(raw.density)],
        ['after the recipe', prepared.users, prepared.items, prepared.positives, percent(prepared.density)],
      ],
    ),
    '',
    facts([
      [
        'Train / validation / test',
        `${count(prepared.train)} / ${count(prepared.validation)} / ${count(prepared.test)}`,
      ],
      ['Repeated interactions', count(raw.duplicates)],
      ...(manifest.randomised === undefined
        ? []
        : [['Shown at random', count(manifest.randomised)] as [string, string]]),
      ['Users without a test item', count(prepared.coldUsers)],
      ['Positives on the top 20 % of items', percent(card.shareOfTop20Percent)],
      ['Time range', card.timeRange ? `${card.timeRange.from} to ${card.timeRange.to}` : 'no times'],
      ['Item attributes', manifest.itemAttributes.map((attribute) => attribute.name).join(', ') || 'none'],
      ['User attributes', manifest.userAttributes.map((attribute) => attribute.name).join(', ') || 'none'],
      [
        'Recipe',
        Object.entries(card.recipe)
          .map(([key, value]) => `${key}=${value}`)
          .join(' '),
      ],
    ]),
    ...(alerts.length > 0 ? ['', ...alerts.map((alert) => `${alert.level}: ${alert.text}`)] : []),
  ].join('\n')
}

export function describePreview(preview: ImportPreview): string {
  const mapping = Object.entries(preview.mapping).map(([role, column]) => `${role} = ${column}`)
  return [
    ...preview.tables.flatMap((shown) => [
      `${shown.file.name} (${bytes(shown.file.sizeBytes)}): ${shown.label}`,
      table(
        shown.columns.map((column) => `${column.name} (${column.type})`),
        shown.rows.slice(0, 5).map((row) => row.map((cell) => (cell.length > 40 ? `${cell.slice(0, 39)}…` : cell))),
      ),
      '',
    ]),
    `Mapping: ${mapping.join(', ') || 'none'}`,
    ...(preview.missing.length > 0
      ? [`Still to be mapped: ${preview.missing.join(', ')} (--${preview.missing.join('-column, --')}-column)`]
      : []),
    ...preview.warnings.map((warning) => `warning: ${warning}`),
  ].join('\n')
}

const describeMetrics = (metrics: Metrics): string =>
  table(
    ['metric', ...cutoffs.map((k) => `@${k}`)],
    rankingMetrics.map((metric) => [
      metric.label,
      ...cutoffs.map((k) => {
        const value = metrics[`${metric.id}@${k}`]
        return value === undefined ? null : decimals(value)
      }),
    ]),
  )

export function describeRun(run: RunManifest, correlation: CorrelationEstimate | null): string {
  return [
    facts([
      ['Run', run.id],
      ['State', run.state],
      ['Method', run.method],
      ['Data', run.dataset],
      ['Backend', `${run.backend}, ${run.threads} thread${run.threads === 1 ? '' : 's'}`],
      ['Seed', run.seed],
      ...(run.knowledge ? [['Knowledge', run.knowledge.name] as [string, string]] : []),
      ['Epochs', run.bestEpoch === null ? run.epochs : `${run.epochs}, best ${run.bestEpoch}`],
      ['Duration', duration(run.durationSeconds)],
      ...(correlation ? [['Correlation ρ', estimateText(correlation)] as [string, string]] : []),
      ...(run.error ? [['Error', `${run.error.message}`] as [string, string]] : []),
    ]),
    ...(correlation ? ['', meaningText(correlation), originText(correlation)] : []),
    ...(run.metrics ? ['', describeMetrics(run.metrics)] : []),
  ].join('\n')
}

export const describeMethods = (methods: MethodInfo[]): string =>
  methods
    .map((method) =>
      [
        `${method.id}: ${method.label} (${method.family}). ${method.purpose}`,
        table(
          ['parameter', 'default', 'allowed', 'meaning'],
          method.params.map((spec) => [spec.key, String(spec.default), allowedValues(spec), spec.help]),
        ),
      ].join('\n'),
    )
    .join('\n\n')

export const describeRecommendation = (recommendation: Recommendation): string =>
  [
    `User ${recommendation.user}: ${recommendation.history.length} known interactions, for example`,
    ...recommendation.history.slice(0, 5).map((item) => `  ${item.title}`),
    '',
    table(
      ['rank', 'id', 'title', 'score', 'in test part'],
      recommendation.items.map((item) => [
        item.rank,
        item.id,
        item.title,
        decimals(item.score),
        item.inTest ? 'yes' : '',
      ]),
    ),
  ].join('\n')

/** A k × k matrix with the names of its rows (parents) and columns (children). */
const matrix = (nodes: string[], values: number[][]): string =>
  table(
    ['from \\ to', ...nodes],
    nodes.map((name, row) => [name, ...nodes.map((_, column) => decimals(values[row]?.[column] ?? 0, 3))]),
  )

function describeTruth({ edges, comparison }: KnownGraph): string {
  const words = comparison && comparisonWords(comparison)
  return [
    `The known graph of this data: ${edges.map(([parent, child]) => `${parent} → ${child}`).join(', ')}`,
    ...(words ? [words.distance, words.verdict] : []),
  ].join('\n')
}

export function describeGraph(
  graph: CausalGraph,
  known: {
    strengths: number[][] | null
    /** Whose strengths they are; undefined: the mean over users. */
    user: string | undefined
    truth: KnownGraph | null
    /** The analyst's names of the nodes. */
    names: Record<string, string>
    confidence: BootstrapConfidence | null
  },
): string {
  const { strengths, user, truth, confidence } = known
  const names = graph.nodes.map((node) => known.names[node] ?? node)
  return [
    'Probabilities of the edges',
    matrix(names, graph.probabilities),
    ...(strengths
      ? ['', user === undefined ? 'Mean strengths' : `Strengths of user ${user}`, matrix(names, strengths)]
      : []),
    ...(confidence && confidence.done.length > 0
      ? ['', `Share of ${confidence.done.length} resamples that found the edge`, matrix(names, confidence.frequencies)]
      : []),
    ...(truth ? ['', describeTruth(truth)] : []),
  ].join('\n')
}

export function describeDoctor(report: DoctorReport): string {
  const mark = (good: boolean): string => (good ? 'ok' : '--')
  return [
    facts([
      ['Causeway', report.causeway],
      ['Node', report.node],
      ['Electron', report.electron ?? 'not running in it'],
      ['System', report.platform],
      ['Cores', report.cpuCores],
      ['Memory', bytes(report.memoryBytes)],
      ['Workspace', report.workspace],
    ]),
    '',
    'Backends, best first',
    ...report.backends.reports.flatMap((backend) => [
      `  ${mark(backend.usable)} ${backend.id}${backend.id === report.backends.chosen ? ' (chosen)' : ''}: ${backend.detail}`,
      ...(backend.advice ? [`       ${backend.advice}`] : []),
    ]),
    '',
    'Tools',
    ...report.tools.flatMap((tool) => [
      `  ${mark(tool.found)} ${tool.name}: ${tool.detail}`,
      ...(tool.advice ? [`       ${tool.advice}`] : []),
    ]),
  ].join('\n')
}
