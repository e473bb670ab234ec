import { keptPositions } from '../../src-shared/chart/thin'
import type { CurveAxis, RunCurve } from '../../src-shared/domain/run-table'
import { baseOption, crosshair, lineHeight, thinnedNote, valueAxis, type Chart, type ChartTable } from './chart'
import { formatValue } from './format'
import { dashes, type ChartTheme } from './theme'

/** What the band around the mean of several seeds spans. */
export type BandKind = 'min-max' | 'sd'

export interface OverlayGroup {
  label: string
  runs: { id: string; seed: number; bestEpoch: number | null }[]
}

export interface OverlayData {
  title: string
  series: { label: string; unit?: string }
  axis: CurveAxis
  groups: OverlayGroup[]
  curves: readonly RunCurve[]
  /** `none`: one line a run. */
  band: BandKind | 'none'
  logY: boolean
}

/** A line of the drawing: a run, or the mean over the seeds of a group with the band around it. */
interface Line {
  label: string
  /** Place of its group: lines of one group share colour and dash. */
  group: number
  epochs: number[]
  x: number[]
  y: number[]
  low: number[] | null
  high: number[] | null
  /** Runs that the value is of. */
  counts: number[]
  bests: { x: number; y: number; label: string }[]
  /** The rest of a run that went on after another seed of its group had stopped: no part of a mean. */
  tail: boolean
}

const axes: Record<CurveAxis, { label: string; unit?: string }> = {
  epoch: { label: 'Epoch' },
  step: { label: 'Optimiser step' },
  time: { label: 'Training time', unit: 's' },
}

/** More points of a line than this are not seen one by one. */
const maxPointsPerLine = 600
/** More names than this at the ends of the lines cover each other. */
const mostNames = 14
/** What the crosshair can tell in a chart of half a window's height and not cover it. */
const mostToldValues = 9
const mostToldLetters = 56

/** x of each point of a curve; null where its steps are not known. */
const xOf = (curve: RunCurve, axis: CurveAxis): number[] | null =>
  axis === 'epoch' ? curve.epochs : axis === 'step' ? curve.steps : curve.seconds

/** Sample standard deviation; 0 for one value. */
function sdOf(values: readonly number[], mean: number): number {
  if (values.length < 2) return 0
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1))
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

/**
 * The lines of a drawing. Runs of a group are aligned by epoch, whatever the axis: on the axes of steps and time, a mean stands at the
 * mean x of its runs at that epoch. It ends where the first of them does, because a mean of those left would jump; they go on as lines
 * of their own.
 */
export function overlayLines({ groups, curves, axis, band }: OverlayData): Line[] {
  const byRun = new Map(curves.map((curve) => [curve.run, curve]))
  return groups.flatMap((group, g): Line[] => {
    const known = group.runs.flatMap((run) => {
      const curve = byRun.get(run.id)
      const x = curve ? xOf(curve, axis) : null
      return curve && x && curve.values.length > 0 ? [{ run, curve, x }] : []
    })
    const bestOf = ({ run, curve, x }: (typeof known)[number]): Line['bests'] => {
      const at = run.bestEpoch === null ? -1 : curve.epochs.indexOf(run.bestEpoch)
      return at < 0 || !Number.isFinite(curve.values[at])
        ? []
        : [{ x: x[at]!, y: curve.values[at]!, label: `seed ${run.seed}, epoch ${run.bestEpoch}` }]
    }
    if (band === 'none' || known.length < 2)
      return known.map((one) => ({
        label: group.runs.length > 1 ? `${group.label}, seed ${one.run.seed}` : group.label,
        group: g,
        epochs: one.curve.epochs,
        x: one.x,
        y: one.curve.values,
        low: null,
        high: null,
        counts: one.curve.epochs.map(() => 1),
        bests: bestOf(one),
        tail: false,
      }))
    const lastOfAll = Math.min(...known.map(({ curve }) => curve.epochs.at(-1)!))
    const tails = known.flatMap((one): Line[] => {
      const { curve, x, run } = one
      // From the last point of the mean on, so that the two meet.
      const from = curve.epochs.findLastIndex((epoch) => epoch <= lastOfAll)
      if (from === curve.epochs.length - 1) return []
      const epochs = curve.epochs.slice(from)
      return [
        {
          label: `${group.label}, seed ${run.seed}`,
          group: g,
          epochs,
          x: x.slice(from),
          y: curve.values.slice(from),
          low: null,
          high: null,
          counts: epochs.map(() => 1),
          bests: [],
          tail: true,
        },
      ]
    })
    const atEpoch = new Map<number, { x: number[]; y: number[] }>()
    for (const { curve, x } of known)
      curve.epochs.forEach((epoch, i) => {
        if (epoch > lastOfAll || !Number.isFinite(curve.values[i])) return
        const there = atEpoch.get(epoch) ?? { x: [], y: [] }
        there.x.push(x[i]!)
        there.y.push(curve.values[i]!)
        atEpoch.set(epoch, there)
      })
    const epochs = [...atEpoch.keys()].sort((a, b) => a - b)
    const points = epochs.map((epoch) => atEpoch.get(epoch)!)
    const means = points.map(({ y }) => meanOf(y))
    const sds = points.map(({ y }, i) => sdOf(y, means[i]!))
    return [
      {
        label: `${group.label} (${known.length} seeds)`,
        group: g,
        epochs,
        x: points.map(({ x }) => meanOf(x)),
        y: means,
        low: points.map(({ y }, i) => (band === 'sd' ? means[i]! - sds[i]! : Math.min(...y))),
        high: points.map(({ y }, i) => (band === 'sd' ? means[i]! + sds[i]! : Math.max(...y))),
        counts: points.map(({ y }) => y.length),
        bests: known.flatMap(bestOf),
        tail: false,
      },
      ...tails,
    ]
  })
}

/** The points of a line to draw: those that are extremes of the line or of its band. */
function kept(line: Line): number[] {
  const positions = new Set<number>()
  for (const values of [line.y, line.low, line.high])
    if (values) for (const at of keptPositions(values, maxPointsPerLine)) positions.add(at)
  return [...positions].sort((a, b) => a - b)
}

const bandWords: Record<BandKind, string> = { 'min-max': 'smallest to largest', sd: 'mean ± standard deviation' }

/** What the bands are, in words; empty where there is none. */
export const bandText = (band: BandKind | 'none'): string =>
  band === 'none' ? '' : `Bands: ${bandWords[band]} over seeds.`

/** Whether every value can stand on a logarithmic axis. */
export const isPositive = (curves: readonly RunCurve[]): boolean =>
  curves.some(({ values }) => values.length > 0) &&
  curves.every(({ values }) => values.every((value) => !Number.isFinite(value) || value > 0))

/** Curves of several runs over one axis, with the bands of their seeds, named at their ends. */
export function overlayChart(data: OverlayData, theme: ChartTheme): Chart {
  const lines = overlayLines(data)
  const drawn = lines.map(kept)
  const shown = drawn.reduce((sum, positions) => sum + positions.length, 0)
  const ofLines = lines.reduce((sum, { x }) => sum + x.length, 0)
  const total = data.curves.reduce((sum, curve) => sum + curve.points, 0)
  const arrived = data.curves.reduce((sum, curve) => sum + curve.shown, 0)
  const x = axes[data.axis]
  const xs = lines.flatMap((line) => line.x)
  const firstX = xs.reduce((least, value) => Math.min(least, value), Infinity)
  const lastX = xs.reduce((most, value) => Math.max(most, value), -Infinity)
  const whole = lines.filter(({ tail }) => !tail)
  /** The name of a line, at the end of whichever of its tails reaches furthest. */
  const nameAt = new Map(
    whole.map((line) => {
      const parts = line.low ? lines.filter(({ group }) => group === line.group) : [line]
      const furthest = parts.reduce((a, b) => ((b.x.at(-1) ?? -Infinity) > (a.x.at(-1) ?? -Infinity) ? b : a))
      return [furthest, line.label]
    }),
  )
  const named = whole.length <= mostNames
  const nameWidth = named ? Math.min(280, 28 + 6.5 * Math.max(0, ...whole.map(({ label }) => label.length))) : 16
  const colourOf = ({ group }: Line): string => theme.categorical[group % theme.categorical.length]!
  const hasBands = lines.some(({ low }) => low !== null)
  // A band below zero has no place on a logarithmic axis: it is cut off at the smallest value there is.
  const floor = lines.reduce(
    (least, { y }) => y.reduce((low, value) => (value > 0 ? Math.min(low, value) : low), least),
    Infinity,
  )
  const onAxis = (value: number): number => (data.logY ? Math.max(value, floor) : value)

  const option = {
    ...baseOption(theme),
    grid: { left: 8, right: nameWidth, top: 28, bottom: 20, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
    tooltip: crosshair(theme, (params) => overlayTooltip(params, x.label, lines)),
    xAxis: {
      ...valueAxis(theme, x, 'x'),
      min: data.axis === 'epoch' && Number.isFinite(firstX) ? firstX : 0,
      max: Number.isFinite(lastX) && lastX > firstX ? lastX : (Number.isFinite(firstX) ? firstX : 0) + 1,
      minInterval: data.axis === 'time' ? undefined : 1,
      axisLabel: { color: theme.quietText, hideOverlap: true, formatter: (value: number) => formatValue(value) },
    },
    yAxis: {
      ...valueAxis(theme, data.series, 'y'),
      type: data.logY ? 'log' : 'value',
      scale: true,
      ...(data.logY ? { min: 'dataMin', max: 'dataMax' } : {}),
      axisLabel: { color: theme.quietText, hideOverlap: true, formatter: (value: number) => formatValue(value) },
    },
    series: [
      ...lines.flatMap((line, l) => {
        const { low, high } = line
        if (!low || !high) return []
        const corners = drawn[l]!.map((i): [number, number, number] => [line.x[i]!, onAxis(low[i]!), onAxis(high[i]!)])
        return [
          {
            type: 'custom',
            id: `band ${l}`,
            name: line.label,
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
                        ...corners.map(([at, , upper]) => api.coord([at, upper])),
                        ...corners.map(([at, lower]) => api.coord([at, lower])).reverse(),
                      ],
                    },
                    style: { fill: colourOf(line), opacity: 0.18 },
                  },
          },
        ]
      }),
      ...lines.map((line, l) => ({
        type: 'line',
        id: `line ${l}`,
        name: line.label,
        data: drawn[l]!.map((i) => [line.x[i]!, Number.isFinite(line.y[i]) ? line.y[i]! : null]),
        showSymbol: drawn[l]!.length < 2,
        symbol: 'circle',
        symbolSize: 5,
        itemStyle: { color: colourOf(line) },
        lineStyle: {
          width: line.tail || lines.length > 20 ? 1 : 2,
          color: colourOf(line),
          type: dashes[line.group % dashes.length],
          opacity: lines.length > 20 ? 0.7 : 1,
        },
        emphasis: { disabled: true },
        endLabel: {
          show: named && nameAt.has(line),
          formatter: `{mark|●} ${nameAt.get(line) ?? ''}`,
          rich: { mark: { color: colourOf(line), fontSize: 11, lineHeight } },
          color: theme.text,
          fontSize: 11,
          lineHeight,
          distance: 6,
          width: nameWidth - 12,
          overflow: 'truncate',
        },
        labelLayout: { moveOverlap: 'shiftY' },
      })),
      {
        type: 'line',
        id: 'best',
        name: 'Best epochs',
        silent: true,
        tooltip: { show: false },
        lineStyle: { opacity: 0 },
        emphasis: { disabled: true },
        data: lines
          .flatMap((line) => line.bests.map((best) => ({ ...best, colour: colourOf(line) })))
          .map(({ x: at, y, colour }) => ({
            value: [at, onAxis(y)],
            symbol: 'diamond',
            symbolSize: 9,
            itemStyle: { color: colour, borderColor: theme.background, borderWidth: 1 },
          })),
      },
    ],
  }

  const thinned = thinnedNote(shown, hasBands ? ofLines : Math.max(total, ofLines))
  const lost =
    hasBands && arrived < total
      ? `means of ${arrived.toLocaleString('en')} of ${total.toLocaleString('en')} points`
      : null
  return {
    option,
    summary: describe(data, lines),
    table: tableOf(data, lines),
    note: [thinned && `${thinned}, extremes kept`, lost && `${lost}, extremes kept`].filter(Boolean).join('; ') || null,
  }
}

function describe(data: OverlayData, lines: readonly Line[]): string {
  const x = axes[data.axis].label.toLowerCase()
  const parts = lines
    .filter(({ tail }) => !tail)
    .slice(0, 8)
    .flatMap((line) => {
      const first = line.y[0]
      const last = line.y.at(-1)
      if (first === undefined || last === undefined) return []
      const bests = line.bests.map(({ label, y }) => `${formatValue(y)} (${label})`)
      const best = bests.length > 0 ? `, best ${bests.slice(0, 3).join(', ')}` : ''
      return [
        `${line.label} from ${formatValue(first)} to ${formatValue(last)} over ${x} ${formatValue(line.x[0]!)} to ${formatValue(line.x.at(-1)!)}${best}`,
      ]
    })
  const count = lines.filter(({ tail }) => !tail).length
  const more = count > parts.length ? [`and ${count - parts.length} more lines`] : []
  const what = [data.title, bandText(data.band)].filter(Boolean).join('. ')
  return `${what}: ${parts.length > 0 ? [...parts, ...more].join('; ') : 'no values yet'}.`
}

function tableOf(data: OverlayData, lines: readonly Line[]): ChartTable {
  const { label, unit } = data.series
  const value = unit ? { unit } : {}
  const banded = lines.some(({ low }) => low !== null)
  const x = axes[data.axis]
  return {
    columns: [
      { label: 'Line' },
      { label: 'Epoch' },
      ...(data.axis === 'epoch' ? [] : [x]),
      { label: banded ? `${label}, mean` : label, ...value },
      ...(banded ? [{ label: 'Band from', ...value }, { label: 'Band to', ...value }, { label: 'Runs' }] : []),
    ],
    rows: lines.flatMap((line) =>
      line.epochs.map((epoch, i): (number | string | null)[] => [
        line.label,
        epoch,
        ...(data.axis === 'epoch' ? [] : [line.x[i]!]),
        Number.isFinite(line.y[i]) ? line.y[i]! : null,
        ...(banded ? [line.low?.[i] ?? null, line.high?.[i] ?? null, line.counts[i]!] : []),
      ]),
    ),
  }
}

const shortened = (label: string): string =>
  label.length > mostToldLetters ? `${label.slice(0, mostToldLetters - 1)}…` : label

/** x under the crosshair and what each line says there, the highest first. */
export function overlayTooltip(
  params: unknown,
  xLabel: string,
  lines: readonly Pick<Line, 'label' | 'x' | 'low' | 'high'>[],
): string {
  const entries = (params as { seriesId: string; value: [number, number | null] }[]).filter(({ seriesId }) =>
    seriesId.startsWith('line '),
  )
  const x = entries[0]?.value[0]
  if (x === undefined) return ''
  const told = entries
    .flatMap(({ seriesId, value: [at, y] }) => {
      const line = lines[Number(seriesId.slice(5))]
      if (!line || y === null) return []
      const i = line.low && line.high ? line.x.indexOf(at) : -1
      const band = i < 0 ? '' : `  (${formatValue(line.low![i]!)} to ${formatValue(line.high![i]!)})`
      return [{ y, text: `${shortened(line.label)}  ${formatValue(y)}${band}` }]
    })
    .sort((a, b) => b.y - a.y)
  const more = told.length > mostToldValues ? [`and ${told.length - mostToldValues} more`] : []
  return [`${xLabel} ${formatValue(x)}`, ...told.slice(0, mostToldValues).map(({ text }) => text), ...more].join('\n')
}
