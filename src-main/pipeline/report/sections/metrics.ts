import {
  definitionOf,
  isMetricName,
  metricFamilies,
  metricLabel,
  metricProvenance,
  type MetricProvenance,
} from '../../../../src-shared/domain/metric'
import { groupsOf, type ReportedRun, type ReportInput, type RunGroup } from '../report-input'
import { significant, type Block, type Cell } from '../report-document'
import { decimals, facts, levelWords } from '../words'

/** So many groups stand beside each other in one table. */
const groupsOfATable = 5

/** Every metric on the test part, with what has to be known to read it. */
export function metricSection({ runs }: ReportInput): Block[] {
  const names = [...new Set(runs.flatMap(({ manifest }) => Object.keys(manifest.metrics ?? {})))].filter(isMetricName)
  const families = metricFamilies.map(({ id, title }) => ({
    label: title,
    names: names.filter((name) => definitionOf(name).family === id),
  }))
  const [first] = names
  const groups = groupsOf(runs)
  const tables = families
    .filter((family) => family.names.length > 0)
    .flatMap(({ label, names: own }) =>
      runs.length === 1 ? [tableOfRun(label, own, runs[0]!)] : tablesOfGroups(label, own, groups),
    )
  if (first === undefined) return [{ kind: 'text', text: 'The runs have not been evaluated.' }]
  const provenance = metricProvenance(
    runs.map(({ manifest }) => manifest),
    first,
  )
  return [...provenanceBlocks(provenance), ...tables, definitionTable(names)]
}

/** What the numbers are of: candidates, data, split, protocol, users. */
export function provenanceBlocks({ candidates, data, protocol, users }: MetricProvenance): Block[] {
  return [
    { kind: 'text', text: `Metrics are of the test part, with the best weights. Candidates: ${candidates}` },
    facts('What the numbers are of', [
      ...data.flatMap(({ dataset, datasetHash, splitHash }, index): Cell[][] => {
        const which = data.length > 1 ? ` ${index + 1}` : ''
        return [
          [`Data set${which}`, dataset],
          [`SHA-256 of the data set${which}`, datasetHash],
          [`Hash of the split${which}`, splitHash ?? 'not recorded'],
        ]
      }),
      ['Evaluation protocol', protocol],
      ['Users the means are of', users ?? 'not recorded, or not the same in all runs'],
    ]),
  ]
}

const better = { higher: 'higher', lower: 'lower', none: 'neither' } as const

function tableOfRun(caption: string, names: string[], { manifest, evaluation }: ReportedRun): Block {
  const intervals = new Map(evaluation?.metrics.map(({ name, interval }) => [name, interval]))
  const withIntervals = evaluation !== null
  return {
    kind: 'table',
    caption,
    head: [
      'Metric',
      'Value',
      ...(withIntervals ? [`${levelWords(evaluation.level)} interval over users`] : []),
      'Better',
    ],
    rows: names.map((name) => {
      const interval = intervals.get(name)
      const value = manifest.metrics![name]!
      const { unit, direction } = definitionOf(name)
      return [
        metricLabel(name),
        `${decimals(value, value)}${unit ? ` ${unit}` : ''}`,
        ...(withIntervals
          ? [interval ? `${decimals(interval.low, value)} to ${decimals(interval.high, value)}` : '']
          : []),
        better[direction],
      ]
    }),
  }
}

function tablesOfGroups(caption: string, names: string[], groups: RunGroup[]): Block[] {
  const parts = Math.ceil(groups.length / groupsOfATable)
  return Array.from({ length: parts }, (_, part): Block => {
    const shown = groups.slice(part * groupsOfATable, (part + 1) * groupsOfATable)
    return {
      kind: 'table',
      caption:
        `${caption}: mean${groups.some(({ runs }) => runs.length > 1) ? ' ± standard deviation over seeds' : ''}` +
        (parts > 1 ? ` (${part + 1} of ${parts})` : ''),
      head: ['Metric', ...shown.map(({ label, runs }) => `${label} (${runs.length})`), 'Better'],
      rows: names.map((name) => [
        metricLabel(name),
        ...shown.map((group) => meanAndSd(group, name)),
        better[definitionOf(name).direction],
      ]),
      folded: parts > 2,
    }
  })
}

function meanAndSd({ runs }: RunGroup, name: string): string {
  const values = runs.map(({ manifest }) => manifest.metrics?.[name]).filter((value) => value !== undefined)
  if (values.length === 0) return ''
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  if (values.length === 1) return decimals(mean, mean)
  const sd = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1))
  return `${decimals(mean, mean)} ± ${decimals(sd, mean)}`
}

/** Each metric's definition once, whatever its cut-offs and attributes. */
export function definitionTable(names: readonly string[]): Block {
  const definitions = new Map(names.map((name) => [definitionOf(name).id, definitionOf(name)]))
  return {
    kind: 'table',
    caption: 'Definitions',
    head: ['Metric', 'Id', 'Range', 'Definition', 'Source'],
    rows: [...definitions.values()].map(({ label, id, range, help, source }) => [
      label,
      id,
      rangeWords(range),
      help,
      source ?? '',
    ]),
  }
}

function rangeWords([low, high]: readonly [number, number]): string {
  if (high !== Infinity) return `${significant(low)} to ${significant(high)}`
  return low === -Infinity ? 'any number' : `${significant(low)} or more`
}
