/** A report as plain data: sections of blocks, drawn as HTML or Markdown by `render-html.ts` and `render-markdown.ts`. */

export interface TableBlock {
  kind: 'table'
  caption: string
  head: string[]
  rows: (string | number)[][]
}

/** A line chart: one line a series over the same x values. */
export interface ChartBlock {
  kind: 'chart'
  caption: string
  xLabel: string
  yLabel: string
  series: { label: string; points: [x: number, y: number][] }[]
}

/** A directed graph; edges carry their probability and, where known, their mean strength. */
export interface GraphBlock {
  kind: 'graph'
  caption: string
  nodes: string[]
  edges: { from: number; to: number; probability: number }[]
}

export type Block =
  | { kind: 'text'; text: string }
  /** Begins a part of a section. */
  | { kind: 'heading'; text: string }
  | { kind: 'list'; items: string[] }
  | { kind: 'code'; text: string }
  | TableBlock
  | ChartBlock
  | GraphBlock

export interface ReportSection {
  title: string
  blocks: Block[]
}

export interface ReportDocument {
  title: string
  /** One line under the title: what, on what, when. */
  subtitle: string
  sections: ReportSection[]
}
