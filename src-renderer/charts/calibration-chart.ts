import type { PropensityDiagnostics } from '../../src-shared/domain/propensity'
import { baseOption, crosshair, lineHeight, valueAxis, type Chart } from './chart'
import { formatValue } from './format'
import type { ChartTheme } from './theme'

/** Predicted against observed shares, one point a group of like predictions, beside the line on which both are the same. */
export function calibrationChart(
  { calibration }: Pick<PropensityDiagnostics, 'calibration'>,
  theme: ChartTheme,
): Chart {
  const { bins, error } = calibration
  const end = bins.reduce((most, { predicted, observed }) => Math.max(most, predicted, observed), 0) * 1.05 || 1
  const axis = { min: 0, max: end, axisLabel: { color: theme.quietText, hideOverlap: true, showMaxLabel: false } }
  const option = {
    ...baseOption(theme),
    grid: { left: 8, right: 16, top: 28, bottom: 20, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
    tooltip: {
      ...crosshair(theme, () => ''),
      trigger: 'item',
      formatter: (params: unknown) => {
        const bin = bins[(params as { dataIndex: number }).dataIndex]
        return bin
          ? `Predicted  ${formatValue(bin.predicted)}\nRated  ${formatValue(bin.observed)}\n${bin.pairs.toLocaleString('en')} pairs`
          : ''
      },
    },
    xAxis: { ...valueAxis(theme, { label: 'Predicted propensity' }, 'x'), ...axis },
    yAxis: { ...valueAxis(theme, { label: 'Share that is rated' }, 'y'), ...axis },
    series: [
      {
        type: 'line',
        name: 'Predicted = rated',
        silent: true,
        showAllSymbol: true,
        symbol: 'circle',
        data: [
          { value: [0, 0], symbol: 'none' },
          {
            value: [end, end],
            symbolSize: 0,
            label: { show: true, formatter: 'as predicted', position: 'left', color: theme.quietText, fontSize: 11, lineHeight }, // prettier-ignore
          },
        ],
        lineStyle: { color: theme.line, width: 1, type: 'dashed' },
        emphasis: { disabled: true },
      },
      {
        type: 'line',
        name: 'Groups of like predictions',
        data: bins.map(({ predicted, observed }) => [predicted, observed]),
        symbol: 'circle',
        symbolSize: 7,
        showAllSymbol: true,
        itemStyle: { color: theme.accent },
        lineStyle: { color: theme.accent, width: 2 },
        emphasis: { disabled: true },
      },
    ],
  }
  const [first, last] = [bins[0], bins.at(-1)]
  return {
    option,
    summary:
      first && last
        ? `Calibration: over ${bins.length} groups of like predictions, predicted from ${formatValue(first.predicted)} to ${formatValue(last.predicted)}, rated from ${formatValue(first.observed)} to ${formatValue(last.observed)}; mean distance ${formatValue(error)}.`
        : 'Calibration: no values.',
    table: {
      columns: [{ label: 'Pairs' }, { label: 'Predicted' }, { label: 'Rated' }],
      rows: bins.map(({ pairs, predicted, observed }) => [pairs, predicted, observed]),
    },
    note: null,
  }
}
