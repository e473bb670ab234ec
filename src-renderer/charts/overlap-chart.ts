import type { PropensityDiagnostics } from '../../src-shared/domain/propensity'
import { baseOption, crosshair, lineHeight, valueAxis, type Chart } from './chart'
import { formatValue } from './format'
import type { ChartTheme } from './theme'

/** How propensities are spread over rated and over unrated pairs, each as shares of its own, on a logarithmic axis. */
export function overlapChart({ overlap }: Pick<PropensityDiagnostics, 'overlap'>, theme: ChartTheme): Chart {
  const { edges, unsupportedShare } = overlap
  const shares = (counts: number[]): number[] => {
    const total = counts.reduce((sum, count) => sum + count, 0)
    return counts.map((count) => (total > 0 ? count / total : 0))
  }
  const rated = shares(overlap.observed)
  const unrated = shares(overlap.unobserved)
  const low = 10 ** edges[0]!
  const high = 10 ** edges.at(-1)!
  // Equal propensities are one bin without width.
  const [from, to] = high > low ? [low, high] : [low / 2, low * 2]
  const ends = high > low ? edges.map((edge) => 10 ** edge) : [from, to]
  const middle = (bin: number): number => Math.sqrt(ends[bin]! * ends[bin + 1]!)
  const peakOf = (values: number[]): number => values.indexOf(Math.max(...values))
  /** Steps from end to end, the name beside the highest, away from the other's. */
  const steps = (values: number[], others: number[], label: string, colour: string) => {
    const peak = peakOf(values)
    const isRight = peak > peakOf(others) || (peak === peakOf(others) && values === rated)
    return values.flatMap((value, bin) => [
      { value: [ends[bin]!, value], symbol: 'none' },
      bin === peak
        ? {
            value: [middle(bin), value],
            symbol: 'circle',
            symbolSize: 5,
            label: {
              show: true,
              formatter: label,
              position: 'top',
              align: isRight ? 'left' : 'right',
              color: theme.text,
              fontSize: 11,
              lineHeight,
            },
            itemStyle: { color: colour },
          }
        : { value: [middle(bin), value], symbol: 'none' },
      { value: [ends[bin + 1]!, value], symbol: 'none' },
    ])
  }
  const [accent, other] = [theme.accent, theme.categorical[1]!]
  const series = (name: string, values: number[], others: number[], colour: string, type: 'solid' | 'dashed') => ({
    type: 'line',
    name,
    data: steps(values, others, name.toLowerCase(), colour),
    itemStyle: { color: colour },
    lineStyle: { color: colour, width: 2, type },
    areaStyle: { color: colour, opacity: type === 'solid' ? 0.16 : 0 },
    emphasis: { disabled: true },
  })
  const option = {
    ...baseOption(theme),
    grid: { left: 8, right: 16, top: 40, bottom: 20, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
    tooltip: crosshair(theme, (params) => {
      const x = (params as { value: [number, number] }[])[0]?.value[0]
      const bin = x === undefined ? -1 : ends.findIndex((end, at) => at + 1 < ends.length && x <= ends[at + 1]!)
      return bin < 0
        ? ''
        : `Propensity ${formatValue(ends[bin]!)} to ${formatValue(ends[bin + 1]!)}\nRated  ${percent(rated[bin]!)}\nUnrated  ${percent(unrated[bin]!)}`
    }),
    xAxis: {
      ...valueAxis(theme, { label: 'Predicted propensity', unit: 'log scale' }, 'x'),
      type: 'log',
      min: from,
      max: to,
      axisLabel: {
        color: theme.quietText,
        hideOverlap: true,
        // The ends are no round numbers.
        formatter: (value: number) => String(Number(value.toPrecision(2))),
      },
    },
    yAxis: {
      ...valueAxis(theme, { label: 'Share of the pairs' }, 'y'),
      // Room for the names at the peaks below it.
      nameGap: 22,
      min: 0,
      axisLabel: { color: theme.quietText, formatter: (value: number) => percent(value) },
    },
    series: [series('Unrated', unrated, rated, other, 'dashed'), series('Rated', rated, unrated, accent, 'solid')],
  }
  const near = (values: number[]): string => formatValue(middle(peakOf(values)))
  const lacking =
    unsupportedShare === null ? '' : ` ${percent(unsupportedShare)} of the unrated lie below every rated one.`
  return {
    option,
    summary: `Overlap: propensities from ${formatValue(low)} to ${formatValue(high)}; most rated pairs near ${near(rated)}, most unrated near ${near(unrated)}.${lacking}`,
    table: {
      columns: [{ label: 'From' }, { label: 'To' }, { label: 'Rated pairs' }, { label: 'Unrated pairs' }],
      rows: overlap.observed.map((count, bin) => [ends[bin]!, ends[bin + 1]!, count, overlap.unobserved[bin]!]),
    },
    note: null,
  }
}

const percent = (share: number): string => `${Number((share * 100).toPrecision(3))} %`
