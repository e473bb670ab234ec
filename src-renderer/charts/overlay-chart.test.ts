import { describe, expect, it } from 'vitest'
import type { RunCurve } from '../../src-shared/domain/run-table'
import { bandText, isPositive, overlayChart, overlayLines, overlayTooltip, type OverlayData } from './overlay-chart'
import { chartThemes } from './theme'

const curveOf = (run: string, values: number[], change: Partial<RunCurve> = {}): RunCurve => ({
  run,
  series: 'ndcg@10',
  points: values.length,
  shown: values.length,
  epochs: values.map((_, i) => i + 1),
  steps: values.map((_, i) => (i + 1) * 10),
  seconds: values.map((_, i) => (i + 1) * 2),
  values,
  ...change,
})
const dataOf = (change: Partial<OverlayData> = {}): OverlayData => ({
  title: 'NDCG@10',
  series: { label: 'NDCG@10' },
  axis: 'epoch',
  groups: [
    {
      label: 'CSC',
      runs: [
        { id: 'a', seed: 0, bestEpoch: 2 },
        { id: 'b', seed: 1, bestEpoch: 1 },
      ],
    },
    { label: 'MultVAE', runs: [{ id: 'c', seed: 0, bestEpoch: null }] },
  ],
  curves: [
    curveOf('a', [1, 3, 2], { seconds: [1, 2, 3] }),
    curveOf('b', [3, 5], { seconds: [3, 6] }),
    curveOf('c', [4, 4, 4]),
  ],
  band: 'min-max',
  logY: false,
  ...change,
})

describe('curves of several runs', () => {
  it('of one group become a mean with the span of its seeds, until one stops: the others go on by themselves', () => {
    const [band, tail, single] = overlayLines(dataOf())
    expect(band).toMatchObject({
      label: 'CSC (2 seeds)',
      x: [1, 2],
      y: [2, 4],
      low: [1, 3],
      high: [3, 5],
      counts: [2, 2],
    })
    expect(tail).toMatchObject({ label: 'CSC, seed 0', x: [2, 3], y: [3, 2], low: null, tail: true })
    expect(single).toMatchObject({ label: 'MultVAE', y: [4, 4, 4], low: null })
  })

  it('are named where the longest of their seeds ends', () => {
    const { series } = overlayChart(dataOf(), chartThemes.light).option as {
      series: { id: string; endLabel?: { show: boolean; formatter: string } }[]
    }
    const names = series.flatMap(({ endLabel }) => (endLabel ? [endLabel.show ? endLabel.formatter : ''] : []))
    expect(names).toEqual(['', '{mark|●} CSC (2 seeds)', '{mark|●} MultVAE'])
  })

  it('have mean ± sample standard deviation where that is asked for', () => {
    const [band] = overlayLines(dataOf({ band: 'sd' }))
    expect(band!.low![0]).toBeCloseTo(2 - Math.SQRT2, 12)
    expect(band!.high![0]).toBeCloseTo(2 + Math.SQRT2, 12)
    expect(bandText('sd')).toBe('Bands: mean ± standard deviation over seeds.')
  })

  it('stand at the mean time of their seeds at an epoch, and one by one where no band is asked for', () => {
    expect(overlayLines(dataOf({ axis: 'time' }))[0]!.x).toEqual([2, 4])
    const lines = overlayLines(dataOf({ band: 'none', axis: 'time' }))
    expect(lines.map(({ label }) => label)).toEqual(['CSC, seed 0', 'CSC, seed 1', 'MultVAE'])
    expect(lines[1]!.x).toEqual([3, 6])
  })

  it('leave out runs whose steps are not known', () => {
    const curves = [curveOf('a', [1, 2]), curveOf('b', [3, 4], { steps: null })]
    const [line] = overlayLines(dataOf({ curves, axis: 'step' }))
    expect(line).toMatchObject({ label: 'CSC, seed 0', x: [10, 20], y: [1, 2] })
  })

  it('mark the epoch whose weights were kept', () => {
    const [band] = overlayLines(dataOf())
    expect(band!.bests).toEqual([
      { x: 2, y: 3, label: 'seed 0, epoch 2' },
      { x: 1, y: 3, label: 'seed 1, epoch 1' },
    ])
  })

  it('keep the extremes when they are thinned, and say so', () => {
    const values = Array.from({ length: 4000 }, (_, i) => Math.sin(i / 50))
    values[1234] = 9
    values[2345] = -9
    const chart = overlayChart(
      dataOf({
        groups: [{ label: 'A', runs: [{ id: 'a', seed: 0, bestEpoch: null }] }],
        curves: [curveOf('a', values)],
      }),
      chartThemes.light,
    )
    const series = (chart.option as { series: { id: string; data: number[][] }[] }).series
    const drawn = series.find(({ id }) => id === 'line 0')!.data.map(([, y]) => y)
    expect(drawn.length).toBeLessThanOrEqual(602)
    expect([Math.max(...(drawn as number[])), Math.min(...(drawn as number[]))]).toEqual([9, -9])
    expect(chart.note).toBe(`showing ${drawn.length} of 4,000 points, extremes kept`)
    expect(chart.table.rows).toHaveLength(4000)
  })

  it('say how many points the services left out as well', () => {
    const curves = [curveOf('a', [1, 2, 3], { points: 900, shown: 3 })]
    const chart = overlayChart(
      dataOf({ groups: [{ label: 'A', runs: [{ id: 'a', seed: 0, bestEpoch: null }] }], curves }),
      chartThemes.dark,
    )
    expect(chart.note).toBe('showing 3 of 900 points, extremes kept')
    expect(overlayChart(dataOf(), chartThemes.light).note).toBeNull()
  })

  it('can be told by the crosshair, with their bands, the highest first', () => {
    const lines = overlayLines(dataOf())
    const text = overlayTooltip(
      [
        { seriesId: 'band 0', value: [2, 3] },
        { seriesId: 'line 0', value: [2, 4] },
        { seriesId: 'line 2', value: [2, 4.5] },
        { seriesId: 'best', value: [2, 3] },
      ],
      'Epoch',
      lines,
    )
    expect(text.split('\n')).toEqual(['Epoch 2', 'MultVAE  4.5', 'CSC (2 seeds)  4  (3 to 5)'])
  })

  it('go to a logarithmic axis only where every value is above zero', () => {
    expect(isPositive([curveOf('a', [0.1, NaN, 2])])).toBe(true)
    expect(isPositive([curveOf('a', [0.1, 0])])).toBe(false)
    expect(isPositive([curveOf('a', [])])).toBe(false)
  })
})
