import { describe, expect, it } from 'vitest'
import type { Point } from '../../src-shared/chart/thin'
import { axisName, thinnedNote, toCsv, type Chart } from './chart'
import { chartSvg } from './export'
import { columnFormatter, formatValue } from './format'
import { barChart, binLabel, histogramBars } from './histogram-chart'
import { lineChart, maxPointsPerSeries, tooltipText, type LineChartData } from './line-chart'
import { longTailChart } from './long-tail-chart'
import { chartThemes } from './theme'

const { light, dark } = chartThemes

interface InspectedSeries {
  name: string
  data: Point[]
  lineStyle: { type: unknown }
  endLabel?: { show: boolean }
  markLine?: { data: { xAxis: number; label: { formatter: string } }[] }
}
const seriesOf = (chart: Chart): InspectedSeries[] => chart.option.series as InspectedSeries[]
const axis = (chart: Chart, name: 'xAxis' | 'yAxis'): Record<string, unknown> =>
  chart.option[name] as Record<string, unknown>

const losses: LineChartData = {
  title: 'Objective',
  x: { label: 'Epoch' },
  y: { label: 'Loss', unit: 'nats' },
  wholeX: true,
  series: [
    {
      label: 'Loss',
      points: [
        [1, 900.5],
        [2, 700],
        [3, 650],
      ],
    },
    {
      label: 'KL',
      points: [
        [2, 12],
        [3, 15.25],
      ],
    },
  ],
  marks: [{ x: 2, label: 'best epoch' }],
}

describe('lineChart', () => {
  it('draws one named, dashed-apart line a series, with axes that carry their units', () => {
    const chart = lineChart(losses, light)
    expect(seriesOf(chart).map(({ name, data }) => [name, data.length])).toEqual([
      ['Loss', 3],
      ['KL', 2],
    ])
    expect(new Set(seriesOf(chart).map(({ lineStyle }) => JSON.stringify(lineStyle.type))).size).toBe(2)
    expect(seriesOf(chart).every(({ endLabel }) => endLabel?.show)).toBe(true)
    expect(axis(chart, 'xAxis')).toMatchObject({ name: 'Epoch', min: 1, max: 3, minInterval: 1 })
    expect(axis(chart, 'yAxis')).toMatchObject({ name: 'Loss (nats)', scale: true })
    expect(chart.option.animation).toBe(false)
  })

  it('marks the best epoch, and takes the mark away again', () => {
    expect(seriesOf(lineChart(losses, light))[0]!.markLine!.data).toMatchObject([
      { xAxis: 2, label: { formatter: 'best epoch' } },
    ])
    expect(seriesOf(lineChart({ ...losses, marks: [] }, light))[0]!.markLine!.data).toEqual([])
  })

  it('puts every point in the table, with a hole where a series has none', () => {
    expect(lineChart(losses, light).table).toEqual({
      columns: [{ label: 'Epoch' }, { label: 'Loss', unit: 'nats' }, { label: 'KL', unit: 'nats' }],
      rows: [
        [1, 900.5, null],
        [2, 700, 12],
        [3, 650, 15.25],
      ],
    })
  })

  it('says what can be seen', () => {
    expect(lineChart(losses, light).summary).toBe(
      'Objective: Loss from 900.5 to 650 over epoch 1 to 3; KL from 12 to 15.25 over epoch 2 to 3; best epoch at 2.',
    )
    expect(lineChart({ ...losses, series: [], marks: [] }, light).summary).toBe('Objective: no values yet.')
  })

  it('says so when it draws fewer points than there are, and tabulates all', () => {
    const many: Point[] = Array.from({ length: 2000 }, (_, i) => [i + 1, Math.sqrt(i)])
    const chart = lineChart({ ...losses, series: [{ label: 'Loss', points: many }] }, light)
    const shown = seriesOf(chart)[0]!.data.length
    expect(shown).toBeLessThanOrEqual(maxPointsPerSeries + 1)
    expect(chart.note).toBe(`showing ${shown} of 2,000 points`)
    expect(chart.table.rows).toHaveLength(2000)
  })

  it('gives a single point an axis with a width', () => {
    const one = lineChart({ ...losses, series: [{ label: 'Loss', points: [[1, 5]] }], marks: [] }, light)
    expect(axis(one, 'xAxis')).toMatchObject({ min: 1, max: 2 })
  })

  it('takes its colours from the theme and nothing else', () => {
    const normalised = (theme: typeof light): string => {
      const text = JSON.stringify(lineChart(losses, theme).option)
      const colours = [
        theme.text,
        theme.quietText,
        theme.line,
        theme.grid,
        theme.tooltipBackground,
        ...theme.categorical,
      ]
      return colours.reduce((rest, colour) => rest.replaceAll(colour, '#'), text)
    }
    expect(normalised(dark)).toBe(normalised(light))
    expect(normalised(light)).not.toMatch(/#[0-9a-f]{6}/i)
  })

  it('tells the values under the crosshair', () => {
    const params = [
      { seriesName: 'Loss', value: [2, 700] },
      { seriesName: 'KL', value: [2, 12] },
    ]
    expect(tooltipText(params, losses)).toBe('Epoch 2 (best epoch)\nLoss  700\nKL  12')
  })
})

describe('histogram', () => {
  it('names bins of whole numbers by their first and last value', () => {
    expect(histogramBars({ edges: [1, 3, 4, 8], counts: [5, 2, 9] })).toEqual([
      { label: '1–2', value: 5 },
      { label: '3', value: 2 },
      { label: '4–8', value: 9 },
    ])
    expect(binLabel(0, 0.5, false, false)).toBe('0 to 0.5')
  })

  it('starts its bars at zero and says which is the highest', () => {
    const chart = barChart(
      {
        title: 'Ratings',
        x: { label: 'Rating' },
        y: { label: 'Interactions' },
        bars: [
          { label: '4', value: 30 },
          { label: '5', value: 70 },
        ],
      },
      dark,
    )
    expect(axis(chart, 'yAxis').min).toBe(0)
    expect(chart.summary).toBe('Ratings: 100 in 2 bars; the highest is 5 with 70.')
    expect(chart.table.rows).toEqual([
      ['4', 30],
      ['5', 70],
    ])
  })
})

describe('longTailChart', () => {
  it('says how many of the items are drawn and where the top fifth ends', () => {
    const chart = longTailChart(
      {
        longTail: [
          [1, 400],
          [50, 40],
          [100, 2],
          [120, 0],
        ],
        items: 120,
        shareOfTop20Percent: 0.654,
      },
      light,
    )
    expect(chart.note).toBe('showing 3 of 120 points')
    expect(seriesOf(chart)[0]!.markLine!.data).toMatchObject([
      { xAxis: 24, label: { formatter: 'top 20 % of items: 65 % of positives' } },
    ])
    expect(seriesOf(chart)[0]!.data).not.toContainEqual([120, 0])
    expect(chart.table.rows).toHaveLength(4)
  })
})

describe('leaving the chart', () => {
  it('quotes only what CSV needs quoted', () => {
    const csv = toCsv({
      columns: [{ label: 'Epoch' }, { label: 'Loss', unit: 'nats' }],
      rows: [
        [1, 0.1 + 0.2],
        ['a,"b"', null],
      ],
    })
    expect(csv).toBe('Epoch,Loss (nats)\r\n1,0.30000000000000004\r\n"a,""b""",\r\n')
  })

  it('renders as SVG with its names, on white', () => {
    const svg = chartSvg((theme) => lineChart(losses, theme), { width: 600, height: 300 })
    expect(svg).toContain('best epoch')
    expect(svg).toContain('Loss (nats)')
    expect(svg).toContain('fill="#ffffff"')
  })

  it('gives a column one number of decimals', () => {
    expect([0.22381, 0.096, null].map(columnFormatter([0.22381, 0.096, null]))).toEqual(['0.2238', '0.0960', '–'])
    expect([900.54, 12.3].map(columnFormatter([900.54, 12.3]))).toEqual(['900.5', '12.3'])
    expect([1, 2000].map(columnFormatter([1, 2000]))).toEqual(['1', '2,000'])
  })

  it('has a note only when something is left out', () => {
    expect(thinnedNote(5, 5)).toBeNull()
    expect(axisName('Loss')).toBe('Loss')
    expect([formatValue(null), formatValue(0.123456), formatValue(12345.6), formatValue(0.00001234)]).toEqual([
      '–',
      '0.1235',
      '12,345.6',
      '1.23e-5',
    ])
  })
})
