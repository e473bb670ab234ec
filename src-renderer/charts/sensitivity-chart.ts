import type { Sensitivity } from '../../src-shared/domain/selection'
import { errorLabels, factorWords } from '../../src-shared/selection/words'
import { baseOption, crosshair, lineHeight, valueAxis, type Chart } from './chart'
import { formatValue } from './format'
import type { ChartTheme } from './theme'

/** The band of a SNIPS difference over Γ, with 0 and the flip point marked. */
export function sensitivityChart({ points, flip, error }: Sensitivity, theme: ChartTheme): Chart {
  const last = points.at(-1)!.gamma
  const isInView = flip !== null && flip <= last
  const what = errorLabels[error]
  const corners = points.map(({ gamma, snips }): [number, number, number] => [gamma, snips.low, snips.high])
  const line = (name: string, side: 1 | 2) => ({
    type: 'line',
    name,
    showSymbol: false,
    data: corners.map((corner) => [corner[0], corner[side]]),
    itemStyle: { color: theme.accent },
    lineStyle: { color: theme.accent, width: 2 },
    emphasis: { disabled: true },
  })
  const option = {
    ...baseOption(theme),
    grid: { left: 8, right: 16, top: 48, bottom: 20, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
    tooltip: crosshair(theme, (params) => {
      const at = (params as { dataIndex: number }[])[0]?.dataIndex
      const point = at === undefined ? undefined : points[at]
      return point
        ? `Γ  ${factorWords(point.gamma)}\nDifference  ${formatValue(point.snips.low)} to ${formatValue(point.snips.high)}`
        : ''
    }),
    xAxis: {
      ...valueAxis(theme, { label: 'Γ, factor on the odds of being rated', unit: 'log scale' }, 'x'),
      type: 'log',
      logBase: 2,
      min: 1,
      max: last,
      axisLabel: { color: theme.quietText, hideOverlap: true, formatter: (value: number) => formatValue(value) },
    },
    yAxis: {
      ...valueAxis(theme, { label: `Difference of the ${what}, A less B` }, 'y'),
      // Room for the name of the flip point below it.
      nameGap: 28,
      scale: true,
      axisLabel: { color: theme.quietText, hideOverlap: true, formatter: (value: number) => formatValue(value) },
    },
    series: [
      {
        type: 'custom',
        name: 'Band',
        silent: true,
        clip: true,
        tooltip: { show: false },
        encode: { x: 0, y: [1, 2] },
        data: corners,
        renderItem: (params: { dataIndex: number }, api: { coord: (at: number[]) => number[] }) =>
          params.dataIndex > 0
            ? undefined
            : {
                type: 'polygon',
                shape: {
                  points: [
                    ...corners.map(([gamma, , high]) => api.coord([gamma, high])),
                    ...corners.map(([gamma, low]) => api.coord([gamma, low])).reverse(),
                  ],
                },
                style: { fill: theme.accent, opacity: 0.18 },
              },
      },
      line('Largest', 2),
      {
        ...line('Smallest', 1),
        markLine: {
          symbol: 'none',
          silent: true,
          animation: false,
          lineStyle: { color: theme.text, type: 'dashed', width: 1 },
          data: [
            {
              yAxis: 0,
              lineStyle: { color: theme.line, type: 'solid' },
              label: { formatter: 'below: A has the smaller error', position: 'insideEndBottom', color: theme.quietText, fontSize: 11, lineHeight }, // prettier-ignore
            },
            ...(isInView
              ? [
                  {
                    xAxis: flip,
                    label: {
                      formatter: `turns around at ${factorWords(flip)}`,
                      color: theme.text,
                      position: 'end',
                      distance: 4,
                      align: Math.log(flip) > Math.log(last) / 2 ? 'right' : 'left',
                    },
                  },
                ]
              : []),
          ],
        },
      },
    ],
  }
  const { snips } = points.at(-1)!
  const turns = flip === null ? 'It never contains 0.' : `It contains 0 from ${factorWords(flip)} on.`
  return {
    option,
    summary: `Sensitivity: the difference of the ${what} is ${formatValue(points[0]!.snips.low)} at Γ = 1 and lies between ${formatValue(snips.low)} and ${formatValue(snips.high)} at Γ = ${factorWords(last)}. ${turns}`,
    table: {
      columns: ['Γ', 'SNIPS low', 'SNIPS high', 'IPS low', 'IPS high'].map((label) => ({ label })),
      rows: points.map(({ gamma, snips, ips }) => [gamma, snips.low, snips.high, ips.low, ips.high]),
    },
    note: isInView || flip === null ? null : `turns around at ${factorWords(flip)}, outside the chart`,
  }
}
