import type { Trial } from '../../../../src-shared/domain/experiment'
import {
  axisName,
  baseOption,
  crosshair,
  lineHeight,
  valueAxis,
  type Chart,
  type ChartBuilder,
} from '../../../charts/chart'
import { formatValue } from '../../../charts/format'
import { dashes } from '../../../charts/theme'
import { plural } from '../../../format'

/** The best objective of the search trials up to each of them; the first of equals counts. */
export function bestSoFar(trials: readonly Pick<Trial, 'number' | 'objective'>[]): [number, number][] {
  const line: [number, number][] = []
  for (const { number, objective } of trials) {
    if (objective === null) continue
    const last = line.at(-1)
    line.push([number, last ? Math.max(last[1], objective) : objective])
  }
  return line
}

/**
 * The objective of every trial, and the best so far of each method's search as a line named at its end. Hollow: ended early; a diamond:
 * a final run. Failed trials have no value and stand in the table only.
 */
export function trialChart(
  trials: readonly Trial[],
  labels: readonly string[],
  objective: { label: string; planned: number },
): ChartBuilder {
  return (theme): Chart => {
    const known = trials.filter((trial) => trial.objective !== null)
    const nameWidth = Math.min(200, 28 + 6.5 * Math.max(0, ...labels.map((label) => label.length)))
    const firstFinal = trials.find((trial) => trial.phase === 'final')?.number ?? null
    const searches = trials.some((trial) => trial.phase === 'search')

    const series = labels.flatMap((label, l) => {
      const color = theme.categorical[l % theme.categorical.length]!
      const own = known.filter((trial) => trial.label === label)
      const search = own.filter((trial) => trial.phase === 'search')
      const line = bestSoFar(search)
      const endLabel = {
        show: true,
        formatter: '{mark|●} {a}',
        rich: { mark: { color, fontSize: 11, lineHeight } },
        color: theme.text,
        fontSize: 11,
        lineHeight,
        distance: 6,
        width: nameWidth - 12,
        overflow: 'truncate',
      }
      return [
        {
          type: 'line',
          name: label,
          data: line,
          step: 'end',
          showSymbol: false,
          color,
          lineStyle: { width: 2, type: dashes[l % dashes.length], color },
          emphasis: { disabled: true },
          endLabel,
          labelLayout: { moveOverlap: 'shiftY' },
          tooltip: { show: false },
          markLine: {
            symbol: 'none',
            silent: true,
            animation: false,
            lineStyle: { color: theme.text, type: 'dashed', width: 1 },
            data:
              l === 0 && firstFinal !== null && searches
                ? [
                    {
                      xAxis: firstFinal - 0.5,
                      label: {
                        formatter: 'final runs',
                        color: theme.text,
                        position: 'end',
                        distance: 4,
                        align: 'center',
                      },
                    },
                  ]
                : [],
          },
        },
        {
          // Points are a line without its line, so that one kind of series is enough.
          type: 'line',
          name: label,
          color,
          data: own.map((trial) => ({
            value: [trial.number, trial.objective],
            symbol: trial.phase === 'final' ? 'diamond' : trial.state === 'pruned' ? 'emptyCircle' : 'circle',
            symbolSize: trial.phase === 'final' ? 9 : 6,
            itemStyle: { color },
          })),
          showSymbol: true,
          showAllSymbol: true,
          lineStyle: { width: 0, opacity: 0 },
          emphasis: { disabled: true },
          // Where nothing is searched there is no line to be named at.
          endLabel: line.length === 0 ? endLabel : { show: false },
          labelLayout: { moveOverlap: 'shiftY' },
          markLine: { data: [] },
        },
      ]
    })

    const wordsOf = ({ phase, state, seed }: Trial): string =>
      phase === 'final' ? `final, seed ${seed}` : state === 'pruned' ? 'ended early' : state
    const best = labels.flatMap((label) => {
      const line = bestSoFar(known.filter((trial) => trial.label === label && trial.phase === 'search'))
      const last = line.at(-1)
      if (last) return [`${label} best ${formatValue(last[1])} after ${plural(line.length, 'search trial')}`]
      const final = known.filter((trial) => trial.label === label)
      return final.length > 0 ? [`${label} ${final.map((trial) => formatValue(trial.objective)).join(', ')}`] : []
    })

    return {
      option: {
        ...baseOption(theme),
        grid: {
          left: 8,
          right: nameWidth,
          top: 28,
          bottom: 20,
          outerBoundsMode: 'same',
          outerBoundsContain: 'axisLabel',
        },
        tooltip: crosshair(theme, (params) => {
          const number = (params as { value: [number, number] }[])[0]?.value[0]
          const trial = trials.find((one) => one.number === number)
          return trial
            ? `Trial ${trial.number}, ${trial.label}, ${wordsOf(trial)}\n${objective.label} ${formatValue(trial.objective)}`
            : ''
        }),
        xAxis: {
          ...valueAxis(theme, { label: 'Trial' }, 'x'),
          min: 0.5,
          max: Math.max(2, trials.length, Math.min(objective.planned, trials.length + 10)) + 0.5,
          minInterval: 1,
          axisLabel: {
            color: theme.quietText,
            hideOverlap: true,
            formatter: (value: number) => (Number.isInteger(value) ? String(value) : ''),
          },
        },
        yAxis: {
          ...valueAxis(theme, { label: axisName(objective.label, 'validation') }, 'y'),
          scale: true,
          axisLabel: { color: theme.quietText, hideOverlap: true, formatter: (value: number) => formatValue(value) },
        },
        series,
      },
      summary: `${objective.label} on the validation part by trial: ${best.length > 0 ? best.join('; ') : 'no values yet'}.`,
      table: {
        columns: ['Trial', 'Method', 'Phase', 'Seed', 'State', objective.label].map((label) => ({ label })),
        rows: trials.map((trial) => [
          trial.number,
          trial.label,
          trial.phase,
          trial.seed,
          trial.state === 'pruned' ? 'ended early' : trial.state,
          trial.objective,
        ]),
      },
      note: null,
    }
  }
}
