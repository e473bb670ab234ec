import type { ChartBuilder } from '../../charts/chart'
import { lineChart } from '../../charts/line-chart'
import type { MethodInfo, SeriesInfo } from '../../../src-shared/domain/method'
import type { EpochPoint } from '../../../src-shared/domain/run'
import type { ParamValues } from '../../../src-shared/params/params'

export interface Curve {
  group: SeriesInfo['group']
  title: string
  /** One sentence a series. */
  help: string
  build: ChartBuilder
}

/** The series whose best epoch is kept, unless the method stops by another: early stopping watches validation NDCG@10. */
export const stoppingSeries = 'ndcg@10'

/** The series whose best epoch a training keeps; null before its first validation where that tells which. */
export function stoppingSeriesOf(
  stopsBy: MethodInfo['stopsBy'],
  params: ParamValues,
  points: readonly EpochPoint[],
): string | null {
  if (typeof stopsBy !== 'object') return stopsBy ?? stoppingSeries
  const series = stopsBy.byValue[String(params[stopsBy.param])] ?? []
  return series.find((id) => points.some(({ values }) => values[id] !== undefined)) ?? null
}

/** What is asked first stands first: does it generalise, does it fit, is the structure settling. */
const groups: { id: SeriesInfo['group']; title: string }[] = [
  { id: 'validation', title: 'Validation' },
  { id: 'exposure', title: 'Exposure model' },
  { id: 'objective', title: 'Objective' },
  { id: 'structure', title: 'Structure' },
]

/** The y axis: the one series by name, several by the unit they share. */
function yAxisOf(members: readonly SeriesInfo[]): { label: string; unit?: string } {
  const units = new Set(members.map((member) => member.unit))
  const unit = units.size === 1 ? members[0]!.unit : undefined
  return { label: members.length === 1 ? members[0]!.label : 'Value', ...(unit ? { unit } : {}) }
}

/** The epoch with the highest value of `series` so far; null before the first. The first of equals counts, as in early stopping. */
export function bestSoFar(points: readonly EpochPoint[], series: string): number | null {
  let best: { epoch: number; value: number } | null = null
  for (const { epoch, values } of points) {
    const value = values[series]
    if (value !== undefined && Number.isFinite(value) && (best === null || value > best.value)) best = { epoch, value }
  }
  return best?.epoch ?? null
}

/**
 * One chart for each group of the method's series, with the best epoch marked (`final`: no later one can be better). Series without a value so far are drawn as soon as one comes:
 * the charts are there from the start, so that nothing moves.
 */
export function trainingCurves(
  series: MethodInfo['series'],
  points: readonly EpochPoint[],
  best: { epoch: number; final: boolean } | null,
): Curve[] {
  return groups.flatMap(({ id, title }) => {
    const members = series.filter((member) => member.group === id)
    if (members.length === 0) return []
    const drawn = members.map((member) => ({
      label: member.label,
      points: points.flatMap(({ epoch, values }): [number, number | null][] => {
        const value = values[member.id]
        return value === undefined ? [] : [[epoch, Number.isFinite(value) ? value : null]]
      }),
    }))
    // Of a training in stages, the epochs of another stage are not this chart's.
    const hasBest = drawn.some((line) => line.points.some(([epoch]) => epoch === best?.epoch))
    const marks =
      best && hasBest ? [{ x: best.epoch, label: `${best.final ? 'best' : 'best so far'}: epoch ${best.epoch}` }] : []
    return [
      {
        group: id,
        title,
        help: members.map((member) => `${member.label}: ${member.help}`).join(' '),
        build: (theme) =>
          lineChart(
            {
              title,
              x: { label: 'Epoch' },
              y: yAxisOf(members),
              series: drawn,
              marks,
              wholeX: true,
            },
            theme,
          ),
      },
    ]
  })
}
