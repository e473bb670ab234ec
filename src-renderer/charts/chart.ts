import { csvText } from '../../src-shared/text/csv'
import type { EChartsCoreOption } from './echarts'
import type { ChartTheme } from './theme'

/** The numbers behind a chart, all of them, whatever is drawn. */
export interface ChartTable {
  columns: { label: string; unit?: string }[]
  rows: (number | string | null)[][]
}

/** A chart as data: what is drawn, what a screen reader says, and the numbers behind both. */
export interface Chart {
  option: EChartsCoreOption
  /** One or two sentences that say what can be seen. */
  summary: string
  table: ChartTable
  /** "showing n of N points", where the drawing was thinned. */
  note: string | null
}

/** A chart waiting for its theme: screens draw it in the window's, exports in the light one. */
export type ChartBuilder = (theme: ChartTheme) => Chart

export const axisName = (label: string, unit?: string): string => (unit ? `${label} (${unit})` : label)

/** What stands beside a curve that is drawn with fewer points than it has; null where all are. */
export const thinnedNote = (shown: number, total: number): string | null =>
  shown < total ? `showing ${shown.toLocaleString('en')} of ${total.toLocaleString('en')} points` : null

/** A table as CSV, with the units in its header. */
export const toCsv = (table: ChartTable): string =>
  csvText([table.columns.map((column) => axisName(column.label, column.unit)), ...table.rows])

export const fontFamily = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif'

/** Given, because otherwise the width of a Chinese character stands in for it, which a font without one has not. */
export const lineHeight = 14

/** Parts every cartesian chart shares: nothing moves when data change, and text is the window's. */
export const baseOption = (theme: ChartTheme): EChartsCoreOption => ({
  animation: false,
  backgroundColor: 'transparent',
  textStyle: { fontFamily, fontSize: 12, color: theme.text },
})

interface AxisSpec {
  label: string
  unit?: string
}

export const valueAxis = (theme: ChartTheme, axis: AxisSpec, place: 'x' | 'y'): Record<string, unknown> => ({
  type: 'value',
  name: axisName(axis.label, axis.unit),
  nameLocation: place === 'x' ? 'middle' : 'end',
  nameGap: place === 'x' ? 22 : 10,
  nameTextStyle: { color: theme.quietText, align: place === 'y' ? 'left' : 'center', padding: 0 },
  // At the edge, also where the other axis holds 0.
  axisLine: { show: place === 'x', onZero: false, lineStyle: { color: theme.line } },
  axisTick: { show: place === 'x', lineStyle: { color: theme.line } },
  axisLabel: { color: theme.quietText, hideOverlap: true },
  splitNumber: place === 'x' ? 6 : 3,
  splitLine: { show: place === 'y', lineStyle: { color: theme.grid } },
})

/**
 * A crosshair with the values at it. The text is drawn on the canvas: the default, an HTML fragment with inline styles, is refused by
 * the content security policy.
 */
export const crosshair = (
  theme: ChartTheme,
  formatter: (params: unknown) => string,
  pointer: 'line' | 'shadow' = 'line',
): Record<string, unknown> => ({
  trigger: 'axis',
  renderMode: 'richText',
  confine: true,
  transitionDuration: 0,
  backgroundColor: theme.tooltipBackground,
  borderColor: theme.line,
  borderWidth: 1,
  padding: [6, 8],
  textStyle: { color: theme.text, fontFamily, fontSize: 12, lineHeight: lineHeight + 4 },
  axisPointer: {
    type: pointer,
    animation: false,
    lineStyle: { color: theme.line, type: 'solid' },
    shadowStyle: { color: theme.grid, opacity: 0.6 },
  },
  formatter,
})
