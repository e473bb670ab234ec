import type { Histogram } from '../../src-shared/domain/dataset'
import { axisName, baseOption, crosshair, valueAxis, type Chart, type ChartTable } from './chart'
import { formatValue } from './format'
import type { ChartTheme } from './theme'

export interface BarData {
  title: string
  x: { label: string; unit?: string }
  y: { label: string; unit?: string }
  bars: { label: string; value: number }[]
}

/** The words of a bin: `3 – 5` for [3, 6) of whole numbers, `0.5 to 1` otherwise; the last bin takes in its upper edge. */
export function binLabel(from: number, to: number, wholeNumbers: boolean, last: boolean): string {
  if (!wholeNumbers) return `${formatValue(from)} to ${formatValue(to)}`
  const highest = last ? to : to - 1
  return highest <= from ? formatValue(from) : `${formatValue(from)}–${formatValue(highest)}`
}

/** A histogram as bars, one a bin. */
export function histogramBars(histogram: Histogram): BarData['bars'] {
  const wholeNumbers = histogram.edges.every(Number.isInteger)
  const last = histogram.counts.length - 1
  return histogram.counts.map((value, i) => ({
    label: binLabel(histogram.edges[i]!, histogram.edges[i + 1]!, wholeNumbers, i === last),
    value,
  }))
}

/** Bars over categories or bins, from zero. */
export function barChart(data: BarData, theme: ChartTheme): Chart {
  const total = data.bars.reduce((sum, bar) => sum + bar.value, 0)
  const highest = data.bars.reduce<BarData['bars'][number] | null>(
    (most, bar) => (most === null || bar.value > most.value ? bar : most),
    null,
  )
  const option = {
    ...baseOption(theme),
    color: [theme.accent],
    grid: { left: 8, right: 16, top: 28, bottom: 20, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
    tooltip: crosshair(
      theme,
      (params) => {
        const bar = (params as { name: string; value: number }[])[0]
        if (!bar) return ''
        const share = total > 0 ? ` (${((100 * bar.value) / total).toFixed(1)} %)` : ''
        return `${data.x.label} ${bar.name}\n${formatValue(bar.value)} ${data.y.unit ?? data.y.label.toLowerCase()}${share}`
      },
      'shadow',
    ),
    xAxis: {
      ...valueAxis(theme, data.x, 'x'),
      type: 'category',
      data: data.bars.map((bar) => bar.label),
      axisTick: { show: false },
    },
    yAxis: {
      ...valueAxis(theme, data.y, 'y'),
      min: 0,
      minInterval: 1,
      axisLabel: { color: theme.quietText, formatter: (value: number) => formatValue(value) },
    },
    series: [
      {
        type: 'bar',
        name: axisName(data.y.label, data.y.unit),
        data: data.bars.map((bar) => bar.value),
        barCategoryGap: '12%',
        emphasis: { disabled: true },
      },
    ],
  }
  const table: ChartTable = { columns: [data.x, data.y], rows: data.bars.map((bar) => [bar.label, bar.value]) }
  const summary = highest
    ? `${data.title}: ${formatValue(total)} in ${data.bars.length} bars; the highest is ${highest.label} with ${formatValue(highest.value)}.`
    : `${data.title}: no values.`
  return { option, summary, table, note: null }
}
