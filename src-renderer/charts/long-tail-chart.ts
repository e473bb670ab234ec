import type { DatasetCard } from '../../src-shared/domain/dataset'
import { baseOption, crosshair, thinnedNote, valueAxis, type Chart } from './chart'
import { formatValue } from './format'
import type { ChartTheme } from './theme'

export interface LongTailData {
  /** [rank from 1, positives], most popular first; may be thinned by the service. */
  longTail: DatasetCard['longTail']
  /** All items there are. */
  items: number
  shareOfTop20Percent: number
}

/** Items from most to least popular against their positives, the number of positives on a logarithmic axis. */
export function longTailChart(data: LongTailData, theme: ChartTheme): Chart {
  const share = `${Math.round(data.shareOfTop20Percent * 100)} %`
  const boundary = Math.max(1, Math.round(data.items * 0.2))
  // An item without positives has no place on a logarithmic axis.
  const drawn = data.longTail.filter(([, positives]) => positives > 0)
  const option = {
    ...baseOption(theme),
    color: [theme.accent],
    grid: { left: 8, right: 16, top: 28, bottom: 20, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
    tooltip: crosshair(theme, (params) => {
      const value = (params as { value: [number, number] }[])[0]?.value
      return value ? `Item rank ${formatValue(value[0])}\n${formatValue(value[1])} positives` : ''
    }),
    xAxis: {
      ...valueAxis(theme, { label: 'Item, by popularity', unit: 'rank' }, 'x'),
      min: 1,
      max: Math.max(2, data.items),
      minInterval: 1,
    },
    yAxis: {
      ...valueAxis(theme, { label: 'Positives', unit: 'log scale' }, 'y'),
      type: 'log',
      min: 1,
      axisLabel: { color: theme.quietText, formatter: (value: number) => formatValue(value) },
    },
    series: [
      {
        type: 'line',
        name: 'Positives',
        data: drawn,
        showSymbol: drawn.length < 2,
        lineStyle: { width: 2 },
        areaStyle: { color: theme.accent, opacity: 0.12, origin: 'start' },
        emphasis: { disabled: true },
        markLine: {
          symbol: 'none',
          silent: true,
          animation: false,
          lineStyle: { color: theme.text, type: 'dashed', width: 1 },
          data: [
            {
              xAxis: boundary,
              label: {
                formatter: `top 20 % of items: ${share} of positives`,
                color: theme.text,
                position: 'insideEndTop',
                rotate: 0,
                align: 'left',
                padding: [0, 0, 0, 6],
                distance: 0,
              },
            },
          ],
        },
      },
    ],
  }
  const [first] = data.longTail
  return {
    option,
    summary: first
      ? `Long tail: the most popular item has ${formatValue(first[1])} positives; the most popular 20 % of ${formatValue(data.items)} items hold ${share} of the positives.`
      : 'Long tail: no items.',
    table: {
      columns: [{ label: 'Item rank' }, { label: 'Positives' }],
      rows: data.longTail.map(([rank, positives]) => [rank, positives]),
    },
    note: thinnedNote(drawn.length, data.items),
  }
}
