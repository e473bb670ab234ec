import { describe, expect, it } from 'vitest'
import { diagnosticsOf, sensitivityOf } from '../testing/selection'
import { calibrationChart } from './calibration-chart'
import type { Chart } from './chart'
import { chartSvg } from './export'
import { overlapChart } from './overlap-chart'
import { sensitivityChart } from './sensitivity-chart'
import { chartThemes } from './theme'

const { light, dark } = chartThemes
interface Inspected {
  name: string
  data: (number[] | { value: number[]; label?: { formatter: string; align: string } })[]
  markLine?: { data: { xAxis?: number; yAxis?: number; label: { formatter: string } }[] }
}
const seriesOf = (chart: Chart): Inspected[] => chart.option.series as Inspected[]

describe('the calibration chart', () => {
  it('has a point a group beside the line of what was predicted, and every number in its table', () => {
    const chart = calibrationChart(diagnosticsOf(), light)
    expect(seriesOf(chart)[1]!.data).toEqual([
      [0.03, 0.034],
      [0.11, 0.106],
    ])
    expect(chart.table.rows).toEqual([
      [40_000, 0.03, 0.034],
      [40_000, 0.11, 0.106],
    ])
    expect(chart.summary).toBe(
      'Calibration: over 2 groups of like predictions, predicted from 0.03 to 0.11, rated from 0.034 to 0.106; mean distance 0.004.',
    )
    expect(calibrationChart({ calibration: { bins: [], error: 0 } }, light).summary).toBe('Calibration: no values.')
  })
})

describe('the overlap chart', () => {
  it('draws both as shares of their own, with the counts in its table', () => {
    const chart = overlapChart(diagnosticsOf(), light)
    const [unrated, rated] = seriesOf(chart)
    const heights = ({ data }: Inspected): number[] => [
      ...new Set((data as { value: number[] }[]).map(({ value }) => Number(value[1]!.toFixed(4)))),
    ]
    expect(heights(rated!)).toEqual([0.0167, 0.6667, 0.3167])
    expect(heights(unrated!)).toEqual([0.4054, 0.5405, 0.0541])
    const named = ({ data }: Inspected) => (data as { label?: { formatter: string; align: string } }[]).flatMap(({ label }) => label ?? []) // prettier-ignore
    // Both are highest in one bin: the names stand on either side.
    expect(named(rated!)).toMatchObject([{ formatter: 'rated', align: 'left' }])
    expect(named(unrated!)).toMatchObject([{ formatter: 'unrated', align: 'right' }])
    expect(chart.table.rows.map((row) => row.slice(2))).toEqual([
      [100, 30_000],
      [4000, 40_000],
      [1900, 4000],
    ])
    expect(chart.summary).toContain('0.3 % of the unrated lie below every rated one.')
  })

  it('takes equal propensities, of which there is one bin without width', () => {
    const overlap = { edges: [-1, -1], observed: [5], unobserved: [0], unsupportedShare: null }
    const chart = overlapChart({ overlap }, light)
    expect(chart.option.xAxis).toMatchObject({ min: 0.05, max: 0.2 })
    expect(chart.summary).toContain('from 0.1 to 0.1')
  })
})

describe('the sensitivity chart', () => {
  it('marks 0 and the flip point, and has both bands in its table', () => {
    const chart = sensitivityChart(sensitivityOf(), light)
    const marks = seriesOf(chart).flatMap(({ markLine }) => markLine?.data ?? [])
    expect(marks).toMatchObject([{ yAxis: 0 }, { xAxis: 1.3712, label: { formatter: 'turns around at 1.37' } }])
    expect(chart.table.rows[1]).toEqual([2, -0.07, 0.018, -0.08, 0.02])
    expect(chart.summary).toContain('It contains 0 from 1.37 on.')
    expect(chart.note).toBeNull()
  })

  it('says where the flip point is that lies outside, and that there may be none', () => {
    const outside = sensitivityChart(sensitivityOf({ flip: 45.2 }), light)
    expect(outside.note).toBe('turns around at 45.2, outside the chart')
    expect(seriesOf(outside).flatMap(({ markLine }) => markLine?.data ?? [])).toHaveLength(1)
    const never = sensitivityChart(sensitivityOf({ flip: null }), light)
    expect([never.note, never.summary.endsWith('It never contains 0.')]).toEqual([null, true])
  })
})

it('all of them are drawn, in both themes', () => {
  for (const theme of [light, dark])
    for (const chart of [
      calibrationChart(diagnosticsOf(), theme),
      overlapChart(diagnosticsOf(), theme),
      sensitivityChart(sensitivityOf(), theme),
    ]) {
      const svg = chartSvg(() => chart, { width: 480, height: 240 })
      expect(svg).toContain('<path')
      expect(svg).not.toContain('NaN')
    }
})
