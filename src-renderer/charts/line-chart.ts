import { thin, type Point } from '../../src-shared/chart/thin'
import { baseOption, crosshair, lineHeight, thinnedNote, valueAxis, type Chart, type ChartTable } from './chart'
import { formatValue } from './format'
import { dashes, type ChartTheme } from './theme'

export interface LineSeries {
  label: string
  points: readonly Point[]
}

export interface LineChartData {
  title: string
  x: { label: string; unit?: string }
  y: { label: string; unit?: string }
  series: LineSeries[]
  /** Vertical lines with a word: the best epoch, where training stopped. */
  marks?: { x: number; label: string }[]
  /** x counts something: ticks on whole numbers only. */
  wholeX?: boolean
}

/** More points than this on a screen's width are not seen one by one. */
export const maxPointsPerSeries = 600

const byX = (series: LineSeries[]): ChartTable['rows'] => {
  const rows = new Map<number, (number | null)[]>()
  series.forEach(({ points }, s) => {
    for (const [x, y] of points) {
      const row = rows.get(x) ?? Array<number | null>(series.length).fill(null)
      row[s] = y
      rows.set(x, row)
    }
  })
  return [...rows].sort((a, b) => a[0] - b[0]).map(([x, values]) => [x, ...values])
}

const describe = (data: LineChartData): string => {
  const parts = data.series.flatMap(({ label, points }) => {
    const known = points.filter((point): point is readonly [number, number] => point[1] !== null)
    const first = known[0]
    const last = known.at(-1)
    if (!first || !last) return []
    if (first === last) return [`${label} ${formatValue(first[1])} at ${data.x.label.toLowerCase()} ${first[0]}`]
    return [
      `${label} from ${formatValue(first[1])} to ${formatValue(last[1])} over ${data.x.label.toLowerCase()} ${first[0]} to ${last[0]}`,
    ]
  })
  const marks = (data.marks ?? []).map((mark) => `${mark.label} at ${mark.x}`)
  return `${data.title}: ${parts.length > 0 ? [...parts, ...marks].join('; ') : 'no values yet'}.`
}

/** Curves over one x axis, named at their ends, with a crosshair that tells every value. */
export function lineChart(data: LineChartData, theme: ChartTheme): Chart {
  const kept = new Set((data.marks ?? []).map((mark) => mark.x))
  const drawn = data.series.map(({ points }) => thin(points, maxPointsPerSeries, kept))
  const shown = drawn.reduce((sum, points) => sum + points.length, 0)
  const total = data.series.reduce((sum, { points }) => sum + points.length, 0)
  // A mark beside the curves belongs to the picture.
  const xs = [...data.series.flatMap(({ points }) => points.map((point) => point[0])), ...kept]
  const firstX = xs.reduce((least, x) => Math.min(least, x), Infinity)
  const lastX = xs.reduce((most, x) => Math.max(most, x), -Infinity)
  // Room on the right for the names at the ends of the curves: about 6.5 px a letter, cut at 200 px.
  const nameWidth = Math.min(200, 28 + 6.5 * Math.max(0, ...data.series.map(({ label }) => label.length)))

  // The words of marks have a row of their own, under the name of the axis: a mark at its beginning would be written over it.
  const markRow = data.marks ? 12 : 0

  const option = {
    ...baseOption(theme),
    color: [...theme.categorical],
    grid: {
      left: 8,
      right: nameWidth,
      top: 28 + markRow,
      bottom: 20,
      outerBoundsMode: 'same',
      outerBoundsContain: 'axisLabel',
    },
    tooltip: crosshair(theme, (params) => tooltipText(params, data)),
    xAxis: {
      ...valueAxis(theme, data.x, 'x'),
      min: Number.isFinite(firstX) ? firstX : 0,
      // An axis without width has no place for its first point.
      max: Number.isFinite(lastX) && lastX > firstX ? lastX : (Number.isFinite(firstX) ? firstX : 0) + 1,
      minInterval: data.wholeX ? 1 : undefined,
    },
    yAxis: {
      ...valueAxis(theme, data.y, 'y'),
      nameGap: 10 + markRow,
      scale: true,
      axisLabel: { color: theme.quietText, hideOverlap: true, formatter: (value: number) => formatValue(value) },
    },
    series: data.series.map(({ label }, s) => ({
      type: 'line',
      name: label,
      data: drawn[s],
      // A lone point has no line: show it.
      showSymbol: drawn[s]!.length < 2,
      symbol: 'circle',
      symbolSize: 5,
      connectNulls: false,
      lineStyle: { width: 2, type: dashes[s % dashes.length] },
      emphasis: { disabled: true },
      endLabel: {
        show: true,
        formatter: '{mark|●} {a}',
        // Ties the name to its curve where it had to move away from it.
        rich: { mark: { color: theme.categorical[s % theme.categorical.length], fontSize: 11, lineHeight } },
        color: theme.text,
        fontSize: 11,
        lineHeight,
        distance: 6,
        width: nameWidth - 12,
        overflow: 'truncate',
      },
      labelLayout: { moveOverlap: 'shiftY' },
      // Always there, so that a mark that is gone goes from the drawing as well.
      markLine: {
        symbol: 'none',
        silent: true,
        animation: false,
        lineStyle: { color: theme.text, type: 'dashed', width: 1 },
        data: (s === 0 ? (data.marks ?? []) : []).map((mark) => ({
          xAxis: mark.x,
          label: {
            formatter: mark.label,
            color: theme.text,
            position: 'end',
            distance: 4,
            // Towards the middle, so that it is never cut at an end of the axis.
            align: mark.x - firstX > lastX - mark.x ? 'right' : 'left',
          },
        })),
      },
    })),
  }

  return {
    option,
    summary: describe(data),
    table: {
      columns: [data.x, ...data.series.map(({ label }) => ({ label, ...(data.y.unit ? { unit: data.y.unit } : {}) }))],
      rows: byX(data.series),
    },
    note: thinnedNote(shown, total),
  }
}

/** The x under the crosshair and the value of each series there, one a line. */
export function tooltipText(params: unknown, data: Pick<LineChartData, 'x' | 'marks'>): string {
  const entries = params as { seriesName: string; value: Point }[]
  const x = entries[0]?.value[0]
  if (x === undefined) return ''
  const marks = (data.marks ?? []).filter((mark) => mark.x === x).map((mark) => ` (${mark.label})`)
  const lines = entries.map(({ seriesName, value }) => `${seriesName}  ${formatValue(value[1])}`)
  return [`${data.x.label} ${formatValue(x)}${marks.join('')}`, ...lines].join('\n')
}
