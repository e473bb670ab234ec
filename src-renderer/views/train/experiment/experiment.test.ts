import { describe, expect, it } from 'vitest'
import type { Trial } from '../../../../src-shared/domain/experiment'
import { checkExperiment, parseExperiment } from '../../../../src-shared/experiment/parse-experiment'
import { planExperiment } from '../../../../src-shared/experiment/plan-experiment'
import type { ParamSpec } from '../../../../src-shared/params/params'
import { chartThemes } from '../../../charts/theme'
import { experimentMethods, experimentText, trialOf } from '../../../testing/experiments'
import { estimateTime } from './estimate'
import { exampleText, freeName } from './example'
import { domainText, firstDomain, firstRange, firstValues, parseValues, rangeProblem } from './search-domain'
import { bestSoFar, trialChart } from './trial-chart'
import { countsText, failuresOf, paramsText, stateOf } from './words'

const rate: ParamSpec = experimentMethods[0]!.params[1]!
const epochs: ParamSpec = experimentMethods[0]!.params[0]!
const variant: ParamSpec = experimentMethods[0]!.params[2]!
const flag: ParamSpec = { key: 'f', type: 'boolean', label: 'F', help: '', default: true, basic: true }

describe('where a parameter is searched', () => {
  it('begins around its default, within its range', () => {
    expect(firstValues(rate)).toEqual([0.0005, 0.001, 0.002])
    expect(firstValues(epochs)).toEqual([10, 20, 40])
    expect(firstValues(variant)).toEqual(['g', 'l'])
    expect(firstValues(flag)).toEqual([false, true])
    expect(firstRange(rate)).toEqual({ min: 0.0001, max: 0.01, log: true })
    expect(firstRange(epochs)).toEqual({ min: 2, max: 200, log: true })
    expect(firstRange({ ...rate, default: 0, min: 0 } as ParamSpec)).toEqual({ min: 0, max: 1, log: false })
  })

  it('is a list for a grid, and always for a choice', () => {
    expect(firstDomain(rate, 'grid')).toEqual([0.0005, 0.001, 0.002])
    expect(firstDomain(rate, 'tpe')).toEqual({ min: 0.0001, max: 0.01, log: true })
    expect(firstDomain(variant, 'tpe')).toEqual(['g', 'l'])
  })

  it.each([rate, epochs, variant])('begins with what the check of the text allows: $key', (spec) => {
    for (const strategy of ['grid', 'random', 'tpe'] as const) {
      const domain = firstDomain(spec, strategy)
      const text = experimentText
        .replace('learningRate: [0.001, 0.01] # two are enough', `${spec.key}: ${JSON.stringify(domain)}`)
        .replace('epochsPerTrial: 20', 'epochsPerTrial: 500')
      expect(checkExperiment(`${text}search: {strategy: ${strategy}}\n`, experimentMethods).problems).toEqual([])
    }
  })

  it('reads typed values, each once, and none beyond the range', () => {
    expect(parseValues(epochs, '4, 8 16,8')).toEqual([4, 8, 16])
    expect(parseValues(epochs, '4, 8.5')).toBeNull()
    expect(parseValues(epochs, '4, 501')).toBeNull()
    expect(parseValues(epochs, '')).toBeNull()
  })

  it.each([
    [{ min: 1, max: 10, log: false }, null],
    [{ min: 1, max: 10, log: true, step: 3 }, null],
    [{ min: 10, max: 10, log: false }, /below the upper/],
    [{ min: 0, max: 10, log: false }, /lower end has to lie within 1 to 500/],
    [{ min: 1, max: 501, log: false }, /upper end has to lie within/],
    [{ min: 1.5, max: 10, log: false }, /whole number/],
    [{ min: 1, max: 10, log: false, step: 0.5 }, /step has to be a whole/],
    [{ min: 1, max: 10, log: false, step: 10 }, /larger than the range/],
    [{ min: NaN, max: 10, log: false }, /both ends/],
  ])('says of the range %o what is wrong', (range, problem) => {
    const said = rangeProblem(epochs, range)
    if (problem) expect(said).toMatch(problem)
    else expect(said).toBeNull()
  })

  it('is told in a few words', () => {
    expect(domainText(rate, { min: 0.0001, max: 0.1, log: true })).toBe('0.0001 to 0.1, logarithmic')
    expect(domainText(variant, ['g', 'l'])).toBe('Global, Local')
  })
})

describe('the time it may take', () => {
  const plan = planExperiment(parseExperiment(experimentText, experimentMethods), experimentMethods)
  const csc = { method: 'csc', epochs: 10, seconds: 20 }
  const vae = { method: 'multi-vae', epochs: 100, seconds: 50 }

  it('goes by earlier runs of every method, as far as the budget lets them go', () => {
    // CSC: 2 s an epoch, 10 epochs; Multi-VAE: 0.5 s an epoch, capped at 20 of its 100. Five trainings of each.
    expect(estimateTime(plan, [csc, vae])).toEqual({ seconds: 5 * 20 + 5 * 10, runs: 2 })
    expect(estimateTime(plan, [csc, { ...csc, seconds: 40 }, { ...csc, seconds: 60 }, vae])!.seconds).toBe(5 * 40 + 50)
  })

  it('counts no more search than the budget gives in minutes', () => {
    const limited = { ...plan, file: { ...plan.file, budget: { ...plan.file.budget, searchMinutesPerMethod: 0.1 } } }
    expect(estimateTime(limited, [csc, vae])!.seconds).toBe(6 + 3 * 20 + 6 + 3 * 10)
  })

  it('is not guessed where a method was never run', () => {
    expect(estimateTime(plan, [csc])).toBeNull()
  })
})

describe('the example', () => {
  it.each(['demo', 'my data: 2026', '2026'])('can be started as it is, on %s', (dataset) => {
    const { file, problems } = checkExperiment(
      exampleText('a name (2)', dataset, experimentMethods, { searches: true }),
      experimentMethods,
    )
    expect(problems).toEqual([])
    expect(file!.data.dataset).toBe(dataset)
    expect(file!.methods.map(({ method }) => method)).toEqual(['csc', 'multi-vae'])
    expect(planExperiment(file!, experimentMethods).methods.map(({ finalTrials }) => finalTrials)).toEqual([3, 3])
  })

  it('can be started without a search as well', () => {
    const text = exampleText('plain', 'demo', experimentMethods, { searches: false })
    const plan = planExperiment(parseExperiment(text, experimentMethods), experimentMethods)
    expect(plan.trials).toBe(6)
  })

  it('takes a name that is free', () => {
    const taken = new Set(['a', 'a 2'])
    expect(freeName('a', (name) => taken.has(name))).toBe('a 3')
    expect(freeName('a 2', (name) => taken.has(name))).toBe('a 3')
    expect(freeName('b', (name) => taken.has(name))).toBe('b')
  })
})

describe('words', () => {
  const trials = { planned: 10, completed: 3, pruned: 1, failed: 2 }

  it('count the trials that ended, however they did', () => {
    expect(countsText(trials)).toBe('6 of 10 trials, 1 ended early, 2 failed')
    expect(countsText({ planned: 1, completed: 0, pruned: 0, failed: 0 })).toBe('0 of 1 trial')
  })

  it('tell an experiment that was never started from one that waits', () => {
    const fresh = { state: 'queued' as const, trials: { planned: 10, completed: 0, pruned: 0, failed: 0 } }
    expect(stateOf(fresh, null)).toBe('planned')
    expect(stateOf(fresh, { state: 'queued' })).toBe('queued')
    expect(stateOf({ state: 'paused', trials }, { state: 'running' })).toBe('running')
    expect(stateOf({ state: 'paused', trials }, { state: 'paused' })).toBe('paused')
  })

  it('name parameters by their labels', () => {
    expect(
      paramsText(['learningRate', 'variant'], { learningRate: 0.00123456, variant: 'l' }, experimentMethods[0]!.params),
    ).toBe('Learning rate 0.001235, Variant Local')
  })

  it('put trials with one reason together', () => {
    const reason = { code: 'diverged', message: 'The loss became NaN.' }
    const failed = (number: number): Trial => trialOf({ number, state: 'failed', reason })
    expect(failuresOf([failed(2), trialOf({ number: 3 }), failed(5)])).toEqual([{ ...reason, numbers: [2, 5] }])
  })
})

describe('the chart of trials', () => {
  const trials = [
    trialOf({ number: 1, objective: 0.2 }),
    trialOf({ number: 2, objective: 0.3 }),
    trialOf({ number: 3, objective: 0.1, state: 'pruned' }),
    trialOf({ number: 4, objective: null, state: 'failed' }),
    trialOf({ number: 5, label: 'multi-vae', method: 'multi-vae', objective: 0.25 }),
    trialOf({ number: 6, objective: 0.4, phase: 'final', seed: 1 }),
  ]

  it('knows the best so far', () => {
    expect(bestSoFar(trials.slice(0, 4))).toEqual([
      [1, 0.2],
      [2, 0.3],
      [3, 0.3],
    ])
  })

  it('draws a line of the search and a point a trial, and says so', () => {
    const chart = trialChart(trials, ['csc', 'multi-vae'], { label: 'NDCG@10', planned: 10 })(chartThemes.light)
    const series = chart.option.series as { name: string; data: unknown[]; markLine: { data: unknown[] } }[]
    expect(series.map(({ name, data }) => [name, data.length])).toEqual([
      ['csc', 3],
      ['csc', 4],
      ['multi-vae', 1],
      ['multi-vae', 1],
    ])
    expect(series[0]!.markLine.data).toHaveLength(1)
    expect(chart.summary).toBe(
      'NDCG@10 on the validation part by trial: csc best 0.3 after 3 search trials; multi-vae best 0.25 after 1 search trial.',
    )
    expect(chart.table.rows).toHaveLength(6)
    expect(chart.table.rows[2]).toEqual([3, 'csc', 'search', 0, 'ended early', 0.1])
  })

  it('has something to say before the first value', () => {
    const chart = trialChart([], ['csc'], { label: 'NDCG@10', planned: 3 })(chartThemes.dark)
    expect(chart.summary).toContain('no values yet')
  })
})
