import type { ReportSectionId } from '../../../src-shared/domain/report'
import type { ReproductionBundle } from '../../../src-shared/domain/reproduction'

/** A report as plain data: sections of blocks, drawn as HTML or Markdown by `render-html.ts` and `render-markdown.ts`. */

export type Cell = string | number

export interface TableBlock {
  kind: 'table'
  caption: string
  head: string[]
  rows: Cell[][]
  /** Long: shown when it is asked for. */
  folded?: boolean
  /** How many rows there were, where only the first are left to keep the file small. */
  rowsInAll?: number
}

export interface ChartSeries {
  label: string
  /** In ascending x. */
  points: [x: number, y: number][]
  /** One [low, high] a point: the spread over seeds. */
  band?: [low: number, high: number][]
  /** How many points there were, where it was thinned. */
  pointsInAll?: number
}

/** A line chart. */
export interface ChartBlock {
  kind: 'chart'
  caption: string
  xLabel: string
  yLabel: string
  series: ChartSeries[]
  /** Values of x that are pointed out. */
  marks?: { x: number; label: string }[]
}

/** A bar chart; a bar without a value stands for a number too small to be told. */
export interface BarsBlock {
  kind: 'bars'
  caption: string
  xLabel: string
  yLabel: string
  bars: { label: string; value: number | null }[]
}

/** Values with their intervals, one row each, with the single values that a mean is of. */
export interface IntervalsBlock {
  kind: 'intervals'
  caption: string
  xLabel: string
  rows: { label: string; value: number; low: number | null; high: number | null; points: number[] }[]
}

/** A directed graph; a masked edge has the factor that its influence is scaled by, 0 for a removed one. */
export interface GraphBlock {
  kind: 'graph'
  caption: string
  nodes: string[]
  edges: { from: number; to: number; probability: number; factor?: number }[]
}

export type Figure = ChartBlock | BarsBlock | IntervalsBlock | GraphBlock

export type Block =
  | { kind: 'text'; text: string }
  /** Begins a part of a section. */
  | { kind: 'heading'; text: string }
  /** Something to know before the figures beside it are believed. */
  | { kind: 'warning'; text: string }
  | { kind: 'list'; items: string[] }
  | { kind: 'code'; text: string; language: 'sh' | 'yaml' }
  | TableBlock
  | Figure

export interface ReportSection {
  id: ReportSectionId
  title: string
  blocks: Block[]
}

export interface ReportDocument {
  title: string
  /** One line under the title: what, on what, when. */
  subtitle: string
  /** The analyst's own words; an empty line begins a paragraph. */
  summary: string
  sections: ReportSection[]
  /** What `causeway reproduce` takes; null where the section on reproduction was left out. */
  bundle: ReproductionBundle | null
}

/** The data of a figure as a table: what stands behind the drawing, and in Markdown in its place. */
export function figureTable(figure: Figure): TableBlock {
  const table = (head: string[], rows: Cell[][]): TableBlock => ({ kind: 'table', caption: figure.caption, head, rows })
  switch (figure.kind) {
    case 'chart': {
      const xs = [...new Set(figure.series.flatMap(({ points }) => points.map(([x]) => x)))].sort((a, b) => a - b)
      const columns = figure.series.flatMap(({ label, points, band }) => {
        const at = new Map(points.map(([x], index) => [x, index]))
        const column = (head: string, value: (index: number) => number) => ({
          head,
          cell: (x: number): Cell => (at.has(x) ? significant(value(at.get(x)!)) : ''),
        })
        return [
          column(label, (index) => points[index]![1]),
          ...(band
            ? [
                column(`${label}, low`, (index) => band[index]![0]),
                column(`${label}, high`, (index) => band[index]![1]),
              ]
            : []),
        ]
      })
      return table(
        [figure.xLabel, ...columns.map(({ head }) => head)],
        xs.map((x) => [x, ...columns.map(({ cell }) => cell(x))]),
      )
    }
    case 'bars':
      return table(
        [figure.xLabel, figure.yLabel],
        figure.bars.map(({ label, value }) => [label, value ?? tooFew]),
      )
    case 'intervals': {
      const most = Math.max(0, ...figure.rows.map(({ points }) => points.length))
      return table(
        ['What', figure.xLabel, 'Low', 'High', ...(most > 1 ? ['Single values'] : [])],
        figure.rows.map(({ label, value, low, high, points }) => [
          label,
          significant(value),
          low === null ? '' : significant(low),
          high === null ? '' : significant(high),
          ...(most > 1 ? [points.map(significant).join(', ')] : []),
        ]),
      )
    }
    case 'graph': {
      const masked = figure.edges.some(({ factor }) => factor !== undefined)
      return table(
        ['From', 'To', 'Probability', ...(masked ? ['Mask'] : [])],
        figure.edges.map(({ from, to, probability, factor }) => [
          figure.nodes[from]!,
          figure.nodes[to]!,
          probability.toFixed(3),
          ...(masked ? [factorWords(factor)] : []),
        ]),
      )
    }
  }
}

/** What stands in the place of a count of 1 to 4 people where only aggregates are told. */
export const tooFew = 'fewer than 5'

/** Six significant digits, as a number that reads well. */
export const significant = (value: number): number => Number(value.toPrecision(6))

const factorWords = (factor: number | undefined): string =>
  factor === undefined || factor === 1 ? 'as learned' : factor === 0 ? 'removed' : `× ${significant(factor)}`
