import { decimalsFor, fixed } from '../../../src-shared/comparison/words'
import {
  isMetricName,
  metricDefinitions,
  metricFamilies,
  metricLabel,
  parseMetricName,
  type MetricDefinition,
} from '../../../src-shared/domain/metric'

/** A metric, of an attribute where it is of one, at all its cut-offs. */
export interface MetricRow {
  /** `Miscalibration of genre` */
  label: string
  definition: MetricDefinition
  /** By ascending k; of a metric of the whole ranking one, without a k. */
  cells: { name: string; k: number | null }[]
}

export interface MetricFamily {
  id: MetricDefinition['family']
  title: string
  rows: MetricRow[]
  /** The cut-offs of its rows, ascending. */
  cutoffs: number[]
}

/** Metrics in rows by family, in reporting order; attributes in the order in which they come. What is no metric's name is left out. */
export function metricsByFamily(names: Iterable<string>): MetricFamily[] {
  const parsed = [...new Set(names)].filter(isMetricName).map((name) => ({ name, ...parseMetricName(name) }))
  return metricFamilies.flatMap(({ id, title }) => {
    const rows = metricDefinitions
      .filter(({ family }) => family === id)
      .flatMap((definition) => {
        const own = parsed.filter((one) => one.id === definition.id)
        return [...new Set(own.map(({ attribute }) => attribute))].map((attribute): MetricRow => {
          const cells = own
            .filter((one) => one.attribute === attribute)
            .map(({ name, k }) => ({ name, k }))
            .sort((a, b) => (a.k ?? 0) - (b.k ?? 0))
          return { label: labelOf(cells[0]!), definition, cells }
        })
      })
    const ks = rows.flatMap(({ cells }) => cells.flatMap(({ k }) => (k === null ? [] : [k])))
    return rows.length === 0 ? [] : [{ id, title, rows, cutoffs: [...new Set(ks)].sort((a, b) => a - b) }]
  })
}

/** The label without the cut-off. */
function labelOf({ name, k }: MetricRow['cells'][number]): string {
  const label = metricLabel(name)
  return k === null ? label : label.slice(0, -`@${k}`.length)
}

/** Four decimals; from ten on those that the interval supports, or without one five digits: 0.2840, 153.2, 1989.1. */
export function metricText(value: number, interval?: { low: number; high: number } | null): string {
  const size = Math.abs(value)
  if (size < 10) return fixed(value, 4)
  return fixed(value, interval ? decimalsFor((interval.high - interval.low) / 2) : Math.max(0, 4 - digitsBefore(size)))
}
/** Digits before the decimal point, less one. */
const digitsBefore = (size: number): number => Math.floor(Math.log10(size))

/** Which end is better: a mark, and its words. */
export const directions: Readonly<Record<MetricDefinition['direction'], { mark: string; words: string }>> = {
  higher: { mark: '↑', words: 'higher is better' },
  lower: { mark: '↓', words: 'lower is better' },
  none: { mark: '–', words: 'neither end is better' },
}
