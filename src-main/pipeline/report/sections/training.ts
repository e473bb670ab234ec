import { estimateText, meaningText, originText } from '../../../../src-shared/correlation/words'
import { checkText, exposureVerdict } from '../../../../src-shared/exposure/words'
import type { SeriesInfo } from '../../../../src-shared/domain/method'
import type { EpochPoint } from '../../../../src-shared/domain/run'
import { groupsOf, type ReportedRun, type ReportInput, type RunGroup } from '../report-input'
import type { Block, ChartBlock, ChartSeries } from '../report-document'
import { duration, plural } from '../words'

const groupLabels = {
  exposure: 'Exposure model',
  objective: 'Objective',
  validation: 'Validation',
  structure: 'Structure',
} as const
const groups = ['exposure', 'objective', 'validation', 'structure'] as const

/** So many lines can be told apart in one chart. */
const linesOfAChart = 6
/** Curves of more groups than these would be leafed through, not read. */
const mostGroups = 24

/** How the trainings went: the curves of one run, or of each group the mean over its seeds with a band. */
export function trainingSection({ runs, experiment }: ReportInput): Block[] {
  if (runs.length === 1) return [...ofOneRun(runs[0]!), ...correlationOfOne(runs[0]!), ...exposureCheckOfOne(runs[0]!)]
  const groups = groupsOf(runs)
  return [
    ...ofGroups(groups, experiment?.file.metrics.objective ?? 'ndcg@10'),
    ...correlationsOf(groups),
    ...exposureChecksOf(groups),
  ]
}

/** The check of the exposure model, in words. */
function exposureCheckOfOne({ exposureCheck }: ReportedRun): Block[] {
  if (!exposureCheck) return []
  const { headline, meaning } = exposureVerdict(exposureCheck)
  return [{ kind: 'text', text: `${headline}. ${meaning} ${checkText(exposureCheck)}` }]
}

/** The same of several runs. */
function exposureChecksOf(all: RunGroup[]): Block[] {
  const rows = all.flatMap((group) =>
    group.runs.flatMap(({ manifest, exposureCheck }) =>
      exposureCheck
        ? [[group.label, manifest.seed, exposureVerdict(exposureCheck).headline, checkText(exposureCheck)]]
        : [],
    ),
  )
  if (rows.length === 0) return []
  return [
    {
      kind: 'table',
      caption: 'Checks of the exposure models',
      head: ['Runs', 'Seed', 'Verdict', 'Made with'],
      rows,
      folded: rows.length > 30,
    },
  ]
}

/** The learned correlation of exogenous variables, in words. */
function correlationOfOne({ correlation }: ReportedRun): Block[] {
  if (!correlation) return []
  return [
    {
      kind: 'text',
      text: `Learned correlation ρ of the exogenous variables of observation and preference: ${estimateText(correlation)}. ${meaningText(correlation)} ${originText(correlation)}`,
    },
  ]
}

/** The same of several runs. */
function correlationsOf(all: RunGroup[]): Block[] {
  const rows = all.flatMap((group) =>
    group.runs.flatMap(({ manifest, correlation }) =>
      correlation ? [[group.label, manifest.seed, estimateText(correlation), originText(correlation)]] : [],
    ),
  )
  if (rows.length === 0) return []
  return [
    {
      kind: 'table',
      caption: 'Learned correlation ρ of the exogenous variables of observation and preference',
      head: ['Runs', 'Seed', 'ρ', 'Interval'],
      rows,
      folded: rows.length > 30,
    },
  ]
}

function ofOneRun({ manifest, method, points }: ReportedRun): Block[] {
  const { epochs, bestEpoch, durationSeconds, backend, threads } = manifest
  const best = bestEpoch === null ? '' : `; the best on the validation part, whose weights were kept, was ${bestEpoch}`
  return [
    {
      kind: 'text',
      text: `${plural(epochs, 'epoch')} in ${duration(durationSeconds)} on the backend ${backend} with ${plural(threads, 'thread')}${best}.`,
    },
    ...groups.flatMap((group): Block[] => {
      const infos = method.series.filter((info) => info.group === group)
      const series = infos
        .map((info) => ({ label: info.label, points: pointsOf(points, info.id) }))
        .filter((line) => line.points.length > 0)
      if (series.length === 0) return []
      // Of a training in stages, the epochs of another stage are not this chart's.
      const hasBest = series.some((line) => line.points.some(([epoch]) => epoch === bestEpoch))
      const marks = bestEpoch === null || !hasBest ? [] : [{ x: bestEpoch, label: `best epoch ${bestEpoch}` }]
      return inCharts({
        kind: 'chart',
        caption: groupLabels[group],
        xLabel: 'Epoch',
        yLabel: yLabelOf(infos, groupLabels[group]),
        series,
        marks,
      })
    }),
  ]
}

const yLabelOf = (infos: SeriesInfo[], label: string): string => {
  const units = new Set(infos.map(({ unit }) => unit ?? ''))
  const [unit] = units
  return units.size === 1 && unit ? `${label}, ${unit}` : label
}

/** @param watched the validation metric whose curves are shown: it is what the trainings were chosen by */
function ofGroups(all: RunGroup[], watched: string): Block[] {
  const shown = all.slice(0, mostGroups)
  const seeds = Math.max(...all.map((group) => group.runs.length))
  const blocks: Block[] = [
    {
      kind: 'table',
      caption: 'The trainings',
      head: ['Runs', 'Seed', 'Epochs', 'Best epoch', 'Training time', 'Backend', 'Run'],
      rows: all.flatMap((group) =>
        group.runs.map(({ manifest }) => [
          group.label,
          manifest.seed,
          manifest.epochs,
          manifest.bestEpoch ?? '',
          duration(manifest.durationSeconds),
          manifest.backend,
          manifest.id,
        ]),
      ),
      folded: all.reduce((sum, group) => sum + group.runs.length, 0) > 30,
    },
    {
      kind: 'text',
      text:
        (seeds > 1
          ? 'Each line is the mean over the seeds that reached the epoch; the band is one standard deviation over them to either side. '
          : '') +
        (all.length > shown.length ? `Curves of the first ${shown.length} of ${all.length} groups of runs.` : ''),
    },
  ]
  for (const group of groups) {
    // The objective of one method says nothing beside that of another; validation metrics do.
    const families =
      group === 'validation'
        ? [shown]
        : [...new Set(shown.map((one) => one.runs[0]!.method.id))].map((id) =>
            shown.filter((one) => one.runs[0]!.method.id === id),
          )
    for (const family of families) blocks.push(...chartsOf(family, group, families.length > 1, watched))
  }
  return blocks.filter((block) => block.kind !== 'text' || block.text !== '')
}

function chartsOf(family: RunGroup[], group: SeriesInfo['group'], named: boolean, watched: string): Block[] {
  const infos = new Map(
    family.flatMap(({ runs }) => {
      const own = runs[0]!.method.series.filter((info) => info.group === group)
      // The parts of an objective are for the report of one run.
      const shown = group === 'validation' ? own.filter(({ id }) => id === watched) : own.slice(0, 1)
      return shown.map((info) => [info.id, info] as const)
    }),
  )
  return [...infos.values()].flatMap((info): Block[] => {
    const series = family
      .map((one): ChartSeries => meanOverSeeds(one, info.id))
      .filter(({ points }) => points.length > 0)
    if (series.length === 0) return []
    const method = named ? `${family[0]!.runs[0]!.method.label}: ` : ''
    return inCharts({
      kind: 'chart',
      caption: `${method}${info.label}${group === 'validation' ? ' on the validation part' : ''}`,
      xLabel: 'Epoch',
      yLabel: info.unit ? `${info.label}, ${info.unit}` : info.label,
      series,
    })
  })
}

function inCharts(chart: ChartBlock): Block[] {
  const parts = Math.ceil(chart.series.length / linesOfAChart)
  return Array.from({ length: parts }, (_, part) => ({
    ...chart,
    caption: parts > 1 ? `${chart.caption} (${part + 1} of ${parts})` : chart.caption,
    series: chart.series.slice(part * linesOfAChart, (part + 1) * linesOfAChart),
  }))
}

const pointsOf = (points: readonly EpochPoint[], id: string): [number, number][] =>
  points.flatMap(({ epoch, values }): [number, number][] => {
    const value = values[id]
    return value === undefined || !Number.isFinite(value) ? [] : [[epoch, value]]
  })

/** The mean of a series by epoch, and mean ± sample standard deviation where there are seeds to take it over. */
export function meanOverSeeds({ label, runs }: RunGroup, id: string): ChartSeries {
  const byEpoch = new Map<number, number[]>()
  for (const run of runs)
    for (const [epoch, value] of pointsOf(run.points, id)) {
      const values = byEpoch.get(epoch)
      if (values) values.push(value)
      else byEpoch.set(epoch, [value])
    }
  const rows = [...byEpoch].sort(([a], [b]) => a - b)
  const spread = rows.map(([epoch, values]) => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    const variance =
      values.length > 1 ? values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1) : 0
    return { epoch, mean, sd: Math.sqrt(variance) }
  })
  return {
    label,
    points: spread.map(({ epoch, mean }) => [epoch, mean]),
    ...(runs.length > 1 ? { band: spread.map(({ mean, sd }): [number, number] => [mean - sd, mean + sd]) } : {}),
  }
}
