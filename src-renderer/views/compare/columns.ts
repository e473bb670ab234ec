import { recipeSchema } from '../../../src-shared/domain/dataset'
import type { MethodInfo } from '../../../src-shared/domain/method'
import { definitionOf, isMetricName, metricLabel, rangeOf } from '../../../src-shared/domain/metric'
import type { RunCell, RunColumn, RunField } from '../../../src-shared/domain/run-table'
import type { ParamSpec } from '../../../src-shared/params/params'
import { formatValue } from '../../charts/format'
import { formatDuration, formatTime } from '../../format'

/** How a column of the table of runs is shown. */
export interface ColumnView {
  column: string
  label: string
  help: string
  /** Where the chooser lists it. */
  group: string
  numeric: boolean
  /** Which end is better; `none` for what is no measure of quality. */
  better: 'higher' | 'lower' | 'none'
  width: number
  /** A value for reading; a dash for none. */
  format: (value: RunCell) => string
}

const fields: Record<RunField, { label: string; help: string; width?: number }> = {
  id: { label: 'Run id', help: 'The name of the run folder.', width: 240 },
  method: { label: 'Method', help: 'What was trained.' },
  dataset: { label: 'Data', help: 'The data set it was trained on.' },
  experiment: { label: 'Experiment', help: 'The experiment it is a trial of.' },
  phase: {
    label: 'Phase',
    help: 'Search: to find parameters, judged on validation. Final: the best parameters with every seed.',
  },
  state: { label: 'State', help: 'How far the training came.', width: 116 },
  seed: { label: 'Seed', help: 'Where the random numbers of the training start.' },
  backend: { label: 'Backend', help: 'What computed it. Numbers repeat to the bit only on the same one.' },
  threads: { label: 'Threads', help: 'Threads the training worked with.' },
  createdAt: { label: 'Started', help: 'When it was asked for.', width: 136 },
  durationSeconds: { label: 'Duration', help: 'Time spent working, pauses left out.', width: 104 },
  epochs: { label: 'Epochs', help: 'Epochs trained.' },
  bestEpoch: { label: 'Best epoch', help: 'The epoch whose weights were kept: the best on validation.' },
  splitHash: {
    label: 'Split',
    help: 'Hash of the train, validation and test parts. Metrics are comparable only between runs of the same one.',
    width: 112,
  },
  datasetHash: { label: 'Data hash', help: 'Hash of the imported tables.', width: 112 },
  error: { label: 'Error', help: 'Why it failed.', width: 200 },
  knowledge: { label: 'Knowledge', help: 'What was known of the graph before the training.' },
  causeway: { label: 'Causeway', help: 'The version that trained it.' },
  platform: { label: 'Platform', help: 'Operating system and processor it was trained on.' },
  node: { label: 'Node', help: 'The version of Node it was trained with.' },
  reproduces: { label: 'Checks', help: 'The run that it was trained to check.', width: 200 },
}

/** The headings of the chooser, in order. */
export const columnGroups = [
  'Run',
  'Parameters',
  'Recipe',
  'Metrics: accuracy',
  'Metrics: rated items',
  'Metrics: beyond accuracy',
  'Metrics: attributes',
  'Metrics: unbiased',
  'Other metrics',
] as const

const families: Record<string, (typeof columnGroups)[number]> = {
  accuracy: 'Metrics: accuracy',
  rated: 'Metrics: rated items',
  'beyond-accuracy': 'Metrics: beyond accuracy',
  attributes: 'Metrics: attributes',
  unbiased: 'Metrics: unbiased',
}

const absent = '–'
const plainText = (value: RunCell): string => {
  if (value === null || value === '') return absent
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  return typeof value === 'number' ? formatValue(value) : value
}
const hash = (value: RunCell): string => (typeof value === 'string' ? value.slice(0, 10) : absent)
/** Four decimals below 1, and where no value can be above it, so that digits stand under digits; else four significant digits. */
const measure = (value: RunCell, withinOne: boolean): string =>
  typeof value === 'number' && Number.isFinite(value)
    ? withinOne || Math.abs(value) < 1
      ? value.toFixed(4)
      : formatValue(value)
    : absent

/** Room for the label with its sign of sorting. */
const widthOf = (label: string): number => Math.min(240, Math.max(88, Math.round(label.length * 7.5 + 60)))

const ofField = (field: RunField, kind: RunColumn['kind']): ColumnView => {
  const { label, help, width = widthOf(label) } = fields[field]
  const formats: Partial<Record<RunField, ColumnView['format']>> = {
    createdAt: (value) => formatTime(typeof value === 'string' ? value : null),
    durationSeconds: (value) => formatDuration(typeof value === 'number' ? value : null),
    splitHash: hash,
    datasetHash: hash,
    seed: (value) => (value === null ? absent : String(value)),
  }
  return {
    column: field,
    label,
    help,
    group: 'Run',
    numeric: kind === 'number',
    better: 'none',
    width,
    format: formats[field] ?? plainText,
  }
}

function ofMetric(column: string, name: string): ColumnView {
  if (!isMetricName(name)) {
    const help = 'A metric this version does not define.'
    const format: ColumnView['format'] = (value) => measure(value, false)
    return {
      column,
      label: name,
      help,
      group: 'Other metrics',
      numeric: true,
      better: 'none',
      width: widthOf(name),
      format,
    }
  }
  const definition = definitionOf(name)
  const label = metricLabel(name)
  const [low, high] = rangeOf(name)
  const end = definition.direction === 'none' ? 'Neither end is better.' : `A ${definition.direction} value is better.`
  return {
    column,
    label,
    help: `${label}: ${definition.help} ${end}`,
    group: families[definition.family] ?? 'Other metrics',
    numeric: true,
    better: definition.direction,
    width: widthOf(label),
    format: (value) => measure(value, low >= -1 && high <= 1),
  }
}

function ofParam(
  column: string,
  spec: ParamSpec | undefined,
  key: string,
  group: string,
  kind: RunColumn['kind'],
): ColumnView {
  const label = spec?.label ?? key
  const choices = spec?.type === 'choice' ? new Map(spec.choices.map((choice) => [choice.value, choice.label])) : null
  return {
    column,
    label,
    help: spec?.help ?? `The ${group === 'Recipe' ? 'recipe' : 'parameter'} value ${key}.`,
    group,
    numeric: kind === 'number',
    better: 'none',
    width: widthOf(label),
    format: (value) => (typeof value === 'string' ? (choices?.get(value) ?? plainText(value)) : plainText(value)),
  }
}

/** How each of the columns there are is shown. */
export function columnViews(columns: readonly RunColumn[], methods: readonly MethodInfo[]): Map<string, ColumnView> {
  const labelOf = new Map(methods.map((method) => [method.id, method.label]))
  return new Map(
    columns.map(({ column, kind }): [string, ColumnView] => {
      const colon = column.indexOf(':')
      const key = column.slice(colon + 1)
      switch (colon < 0 ? '' : column.slice(0, colon)) {
        case 'metric':
          return [column, ofMetric(column, key)]
        case 'param': {
          const spec = methods.flatMap((method) => method.params).find((one) => one.key === key)
          return [column, ofParam(column, spec, key, 'Parameters', kind)]
        }
        case 'recipe': {
          const spec = (recipeSchema as readonly ParamSpec[]).find((one) => one.key === key)
          return [column, ofParam(column, spec, key, 'Recipe', kind)]
        }
      }
      const view = ofField(column as RunField, kind)
      const format: ColumnView['format'] = (value) =>
        typeof value === 'string' ? (labelOf.get(value) ?? value) : absent
      return [column, column === 'method' ? { ...view, format } : view]
    }),
  )
}

/** What the table shows until the analyst chooses. */
export const defaultColumns = [
  'state',
  'dataset',
  'experiment',
  'seed',
  'metric:ndcg@10',
  'metric:recall@10',
  'metric:recallFull@10',
  'metric:auc',
  'metric:coverage@10',
  'epochs',
  'durationSeconds',
  'createdAt',
]

/**
 * The columns in view, in order: the chosen ones that have a value anywhere. With `onlyDiffering`, those with more than one value among
 * the runs, and every parameter and recipe value that differs beside them.
 */
export function columnsInView(
  there: readonly RunColumn[],
  chosen: readonly string[],
  onlyDiffering: boolean,
): string[] {
  const byName = new Map(there.map((one) => [one.column, one]))
  const known = chosen.filter((column) => (byName.get(column)?.runs ?? 0) > 0)
  if (!onlyDiffering) return known
  const settings = there.filter(({ column, differs }) => differs && /^(param|recipe):/.test(column))
  const differing = known.filter((column) => byName.get(column)!.differs)
  return [...new Set([...differing, ...settings.map(({ column }) => column)])]
}
