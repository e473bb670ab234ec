import { describe, expect, it } from 'vitest'
import { chartThemes } from '../../charts/theme'
import { recipeSchema } from '../../../src-shared/domain/dataset'
import type { MethodInfo } from '../../../src-shared/domain/method'
import type { EpochPoint, RunManifest } from '../../../src-shared/domain/run'
import { defaultParams } from '../../../src-shared/params/params'
import { bestSoFar, stoppingSeries, stoppingSeriesOf, trainingCurves } from './curves'
import { differences, type TrainForm } from './differences'
import { recipeText } from './recipe-text'
import { errorOfRun } from './run-error'

const series: MethodInfo['series'] = [
  { id: 'loss', label: 'Loss', help: 'What is minimised.', unit: 'nats per user', group: 'objective' },
  { id: 'kl', label: 'KL', help: 'Distance to the prior.', unit: 'nats per user', group: 'objective' },
  { id: 'ndcg@10', label: 'NDCG@10', help: 'Validation NDCG.', group: 'validation' },
]
const points: EpochPoint[] = [
  { epoch: 1, seconds: 1, values: { loss: 900, kl: 1, 'ndcg@10': 0.1 } },
  { epoch: 2, seconds: 1, values: { loss: 800, kl: 2, 'ndcg@10': 0.3 } },
  { epoch: 3, seconds: 1, values: { loss: 700, 'ndcg@10': 0.3 } },
]

describe('trainingCurves', () => {
  const curves = trainingCurves(series, points, { epoch: 2, final: true })

  it('makes a chart of each group the method reports, validation first', () => {
    expect(curves.map(({ group }) => group)).toEqual(['validation', 'objective'])
  })

  it('draws the values of each series by epoch and marks the best', () => {
    const chart = curves[1]!.build(chartThemes.light)
    expect(chart.table.rows).toEqual([
      [1, 900, 1],
      [2, 800, 2],
      [3, 700, null],
    ])
    expect(chart.summary).toContain('best: epoch 2 at 2')
    expect((chart.option.yAxis as { name: string }).name).toBe('Value (nats per user)')
  })

  it('marks the best epoch of a training in stages in the charts of its stage alone', () => {
    const staged = trainingCurves(
      [{ ...series[0]!, id: 'exposureLoss', group: 'exposure' }, ...series],
      [{ epoch: 1, seconds: 1, values: { exposureLoss: 5 } }, ...points.slice(1)],
      { epoch: 2, final: true },
    )
    const isMarked = staged.map(({ group, build }) => [group, build(chartThemes.light).summary.includes('epoch 2')])
    expect(isMarked).toEqual([
      ['validation', true],
      ['exposure', false],
      ['objective', true],
    ])
  })

  it('has its charts before the first epoch', () => {
    const empty = trainingCurves(series, [], null)
    expect(empty.map(({ group }) => group)).toEqual(['validation', 'objective'])
    expect(empty[0]!.build(chartThemes.dark).summary).toBe('Validation: no values yet.')
  })

  it('takes the first of equal epochs as the best, as early stopping does', () => {
    expect(bestSoFar(points, stoppingSeries)).toBe(2)
    expect(bestSoFar([], stoppingSeries)).toBeNull()
    expect(bestSoFar(points, 'absent')).toBeNull()
  })
})

describe('the series that early stopping goes by', () => {
  it('is validation NDCG@10, or the one that the method names', () => {
    expect(stoppingSeriesOf(undefined, {}, [])).toBe(stoppingSeries)
    expect(stoppingSeriesOf('ndcg@20', {}, [])).toBe('ndcg@20')
  })

  it('is named by a parameter where that decides, and is the first of them that there is', () => {
    const stopsBy = {
      param: 'likelihood',
      byValue: { multinomial: ['ndcg@20'], exposed: ['ratedNdcg@20', 'ndcg@20'] },
    }
    const lists: EpochPoint[] = [
      { epoch: 1, seconds: 1, values: { exposureLoss: 3 } },
      { epoch: 2, seconds: 1, values: { 'ndcg@20': 0.2 } },
      { epoch: 3, seconds: 1, values: { 'ndcg@20': 0.1 } },
    ]
    const rated = lists.map((point, at) =>
      at === 0 ? point : { ...point, values: { ...point.values, 'ratedNdcg@20': at } },
    )
    const of = (likelihood: string, among: EpochPoint[]) => stoppingSeriesOf(stopsBy, { likelihood }, among)
    expect(of('multinomial', rated)).toBe('ndcg@20')
    expect(of('exposed', rated)).toBe('ratedNdcg@20')
    expect(bestSoFar(rated, of('exposed', rated)!)).toBe(3)
    expect(of('exposed', lists)).toBe('ndcg@20')
    // The first stage tells nothing yet.
    expect(of('exposed', lists.slice(0, 1))).toBeNull()
  })
})

describe('differences', () => {
  const method: TrainForm['method'] = {
    id: 'csc',
    label: 'CSC',
    params: [
      { key: 'epochs', type: 'integer', label: 'Epochs', help: '', default: 20, min: 1, max: 500, basic: true },
      { key: 'rate', type: 'number', label: 'Learning rate', help: '', default: 0.001, min: 0, max: 1, basic: true },
    ],
  }
  const run: RunManifest = {
    type: 'causeway-run',
    version: 1,
    id: 'r1',
    method: 'csc',
    dataset: 'ml',
    recipe: defaultParams(recipeSchema),
    params: { epochs: 20, rate: 0.001 },
    knowledge: null,
    seed: 0,
    backend: 'wasm',
    threads: 1,
    state: 'completed',
    createdAt: '2026-01-01T00:00:00Z',
    startedAt: null,
    endedAt: null,
    durationSeconds: 1,
    epochs: 20,
    bestEpoch: 2,
    metrics: null,
    error: null,
    evaluation: null,
    weightsHash: null,
    experiment: null,
    reproduces: null,
    producedBy: { causeway: '0.1.0', datasetHash: 'h', splitHash: null, platform: 'linux-x64', node: 'v20.20.2' },
  }
  const form: TrainForm = {
    method,
    params: {},
    recipe: defaultParams(recipeSchema),
    seed: 0,
    knowledge: null,
    backend: 'auto',
  }
  const label = (id: string): string => id.toUpperCase()

  it('finds none where the form says what the run was started with, defaults included', () => {
    expect(differences(run, form, label)).toEqual([])
  })

  it('names each value that differs, as it is shown in the form', () => {
    const changed = {
      ...form,
      params: { rate: 0.01 },
      seed: 3,
      backend: 'cpu',
      recipe: { ...form.recipe, splitBy: 'time' },
    }
    expect(differences(run, changed, label)).toEqual([
      { label: 'Learning rate', run: '0.001', form: '0.01' },
      { label: 'Split by', run: 'Seeded random', form: 'Time: the latest are test' },
      { label: 'Seed', run: '0', form: '3' },
      { label: 'Backend', run: 'wasm', form: 'cpu' },
    ])
  })

  it('compares no parameters across methods', () => {
    const other = { ...run, method: 'multi-vae', params: { epochs: 99 } }
    expect(differences(other, form, label)).toEqual([{ label: 'Method', run: 'MULTI-VAE', form: 'CSC' }])
  })

  it('gives a failure of an unknown code the general advice', () => {
    expect(errorOfRun(run)).toBeNull()
    expect(errorOfRun({ error: { code: 'diverged', message: 'NaN in epoch 3' } })).toMatchObject({ code: 'diverged' })
    expect(errorOfRun({ error: { code: 'fromTheFuture', message: 'm' } })).toEqual({ code: 'internal', message: 'm' })
  })
})

describe('recipeText', () => {
  const recipe = defaultParams(recipeSchema)

  it('says what is positive and how it is split', () => {
    expect(recipeText(recipe, { hasRatings: true, hasTimes: true })).toBe(
      "Ratings from 4 count as positive. Each user's are split 70 / 10 / 20 % into train, validation and test, at random, split seed 0.",
    )
    expect(recipeText({ ...recipe, kCore: 5, splitBy: 'time' }, { hasRatings: false, hasTimes: true })).toBe(
      "Every interaction counts as positive, 5-core. Each user's are split 70 / 10 / 20 % into train, validation and test, by time, the latest as test.",
    )
    expect(recipeText({ ...recipe, splitBy: 'randomised' }, { hasRatings: true, hasTimes: false })).toBe(
      'Ratings from 4 count as positive. What was shown at random is test; of what each user chose, 10 % are validation, the rest train, split seed 0.',
    )
  })
})
