import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { methods as descriptors } from '../../src-main/methods/registry'
import { experimentText } from './experiment-text'
import { checkExperiment, parseExperiment } from './parse-experiment'
import { typeOfSimulation } from './parse-simulation'
import { planSimulationText } from './plan-text'
import { planExperiment } from './plan-experiment'
import { settingAt, settingsOf, spaceOf } from './search-space'

const methods = descriptors.map(({ info }) => info)
const available = methods.map(({ id }) => id).join(', ')

const text = `type: causeway-experiment
version: 1
name: CSC and Multi-VAE
data:
  dataset: ml-100k
  recipe: { kCore: 5 }
methods:
  - method: csc
    params: { variant: g }
    search:
      confounders: [2, 4, 8]
      learningRate: { min: 0.0001, max: 0.01, log: true }
  - method: multi-vae
    search:
      latent: { min: 50, max: 200, step: 50 }
      dropout: [0.3, 0.5]
search: { strategy: tpe, seed: 100 }
seeds: [0, 1, 2, 3, 4, 5]
budget: { trialsPerMethod: 12, epochsPerTrial: 60 }
`
const changed = (from: string, to: string): string => {
  expect(text).toContain(from)
  return text.replace(from, to)
}
/** Line, key and message of each problem of a text. */
const problemsOf = (content: string) => {
  const { file, problems } = checkExperiment(content, methods)
  expect(file).toBeNull()
  return problems.map(({ line, key, message }) => `${line} ${key}: ${message}`)
}

describe('an experiment file', () => {
  it('is read with every default filled in', () => {
    const file = parseExperiment(text, methods)
    expect(file).toMatchObject({
      notes: '',
      methods: [{ params: { variant: 'g' } }, { params: {}, search: { dropout: [0.3, 0.5] } }],
      search: { strategy: 'tpe', earlyTermination: true },
      metrics: { objective: 'ndcg@10', report: ['ndcg@10', 'recall@10'] },
    })
  })

  it('takes metrics among rated items to report, and to search by for methods that report them', () => {
    const metrics = 'metrics: { objective: ratedNdcg@5, report: [ratedAuc, ratedNdcg@5] }\nseeds: [0'
    const ofPairs = methods.map((info) => ({
      ...info,
      series: [...info.series, { id: 'ratedNdcg@5', label: '', help: '', group: 'validation' as const }],
    }))
    expect(parseExperiment(changed('seeds: [0', metrics), ofPairs).metrics.objective).toBe('ratedNdcg@5')
    // Nothing is searched: nothing has to be reported.
    const trained = changed('seeds: [0', metrics).replaceAll(/ {4}search:\n( {6}.*\n)+/g, '')
    expect(parseExperiment(trained, methods).metrics.report).toEqual(['ratedAuc', 'ratedNdcg@5'])
  })

  it('written again is the same experiment', () => {
    const file = parseExperiment(text, methods)
    expect(parseExperiment(experimentText(file), methods)).toEqual(file)
    expect(experimentText(file)).not.toContain('notes')
  })

  it('says the line, the key and what is allowed, for every problem at once', () => {
    expect(problemsOf(changed('seeds: [0, 1, 2, 3, 4, 5]', 'seeds: [0, 1, 0]\nsead: 3'))).toEqual([
      '19 sead: There is no key "sead" here. Allowed: type, version, name, notes, data, methods, search, seeds, budget, metrics, reference, published, remarks, backend.',
    ])
    expect(problemsOf(changed('kCore: 5', 'kcore: 5, testShare: 2'))).toEqual([
      expect.stringMatching(/^6 data\.recipe\.kcore: There is no recipe setting "kcore"\. Allowed: threshold, /),
      '6 data.recipe.testShare: "testShare" cannot be 2. Allowed: number 0.01..0.45.',
    ])
    expect(
      problemsOf(changed('confounders: [2, 4, 8]', 'confounders: [2, 64, 2]').replace('multi-vae', 'vae')),
    ).toEqual([
      '11 methods.0.search.confounders.1: "confounders" cannot be 64. Allowed: integer 1..32.',
      '11 methods.0.search.confounders.2: The value of "confounders" 2 is there twice.',
      `13 methods.1.method: There is no method "vae". Available: ${available}.`,
    ])
    expect(problemsOf(text.replace('seeds: [0, 1, 2, 3, 4, 5]\n', ''))).toEqual([
      '1 seeds: "seeds" is missing. Allowed: array.',
    ])
  })

  it.each([
    [
      'epochsPerTrial: 60',
      'epochsPerTrial: sixty',
      '19 budget.epochsPerTrial: "epochsPerTrial" cannot be "sixty". Give a number.',
    ],
    [
      'epochsPerTrial: 60',
      'epochsPerTrial: 0',
      '19 budget.epochsPerTrial: "epochsPerTrial" cannot be 0. Give at least 1.',
    ],
    ['seeds: [0, 1, 2, 3, 4, 5]', 'seeds: []', '18 seeds: "seeds" needs at least 1 entry.'],
    ['seeds: [0, 1, 2, 3, 4, 5]', 'seeds: [0, 1.5]', '18 seeds.1: "seeds" cannot be 1.5. Give a whole number.'],
    [
      'strategy: tpe',
      'strategy: bayes',
      '17 search.strategy: "strategy" cannot be "bayes". Allowed: grid, random, tpe.',
    ],
    [
      'strategy: tpe',
      'strategy: grid',
      /^12 methods\.0\.search\.learningRate: A grid needs a list or a range with a step/,
    ],
    [
      'log: true',
      'logs: true',
      '12 methods.0.search.learningRate.logs: There is no key "logs" here. Allowed: min, max, log, step.',
    ],
    [
      'min: 0.0001',
      'min: 0',
      /^12 methods\.0\.search\.learningRate\.min: "min" of "learningRate" cannot be 0\. Allowed: number 1e-7\.\.1\./,
    ],
    ['max: 0.01', 'max: 0.0001', /The range of "learningRate" is empty/],
    ['step: 50', 'step: 0.5', /takes integers: its step cannot be 0\.5/],
    ['step: 50', 'step: 500', /The step 500 of "latent" is larger than its range, 50 to 200/],
    ['{ variant: g }', '{ confounders: 3 }', /^11 .*fixed under params already/],
    ['{ variant: g }', '{ variant: x }', /"variant" cannot be "x"\. Allowed: /],
    ['[2, 4, 8]', '7', /^11 methods\.0\.search\.confounders: Give a list of values/],
    ['- method: multi-vae', '- method: csc', /^13 methods\.1\.method: The label "csc" is there twice\./],
    ['dropout: [0.3, 0.5]', 'epochs: [50, 100]', /searched up to 100, but budget\.epochsPerTrial allows 60/],
    ['seeds: [0, 1, 2, 3, 4, 5]', 'seeds: [0, 0]', '18 seeds.1: The seed 0 is there twice.'],
    ['seeds: [0, 1, 2, 3, 4, 5]', 'seeds: []', /^18 seeds: /],
    ['kCore: 5', 'kCore: [5]', '6 data.recipe.kCore: Give a number, a text, true or false.'],
    [
      'seeds: [0',
      'metrics: { objective: ratedAuc }\nseeds: [0',
      /^10 methods\.0\.search: CSC reports no ratedAuc in training: nothing of it can be searched by that\./,
    ],
    ['seeds: [0', 'metrics: { report: [ndcg@] }\nseeds: [0', /^18 metrics\.report\.0: There is no metric "ndcg@"\./],
  ])('refuses %s as %s', (from, to, problem) => {
    expect(problemsOf(changed(from, to))[0]).toEqual(
      problem instanceof RegExp ? expect.stringMatching(problem) : problem,
    )
  })

  it('says what is said of no method or metric of it', () => {
    const sayings = `reference: CSC
published:
  source: a table
  figures:
    csc: { 'ndcg@10': { mean: 0.4, sd: 0.1 }, auc: { mean: 0.9 } }
remarks: { csc: A word., vae: Another. }
`
    expect(problemsOf(text + sayings)).toEqual([
      '20 reference: No method has the label "CSC". There are: csc, multi-vae.',
      '24 published.figures.csc.auc: "auc" is not among the metrics of the report: ndcg@10, recall@10.',
      '25 remarks.vae: No method has the label "vae". There are: csc, multi-vae.',
    ])
  })

  it('that is not YAML says where', () => {
    const problem = checkExperiment(changed('recipe: { kCore: 5 }', 'recipe: { kCore: 5'), methods).problems[0]!
    expect(problem).toMatchObject({ line: 7, code: 'paramInvalid' })
    expect(() => parseExperiment('seeds: 1\nseeds: 2', methods)).toThrow(/^Line 2: Map keys must be unique/)
    expect(() => parseExperiment('', methods)).toThrow(/^Line 1/)
  })

  it('throws the first problem with its code, line and all others', () => {
    expect(() => parseExperiment(changed('method: csc', 'method: cs'), methods)).toThrow(
      expect.objectContaining({
        code: 'methodUnknown',
        message: `Line 8, methods.0.method: There is no method "cs". Available: ${available}.`,
        details: expect.objectContaining({ line: 8, key: 'methods.0.method' }),
      }),
    )
  })
})

describe('the examples', () => {
  const directory = resolve(import.meta.dirname, '../../resources/experiments')

  it.each(readdirSync(directory))('%s is an experiment without a warning that could be helped', (name) => {
    const content = readFileSync(join(directory, name), 'utf8')
    if (typeOfSimulation(content) !== null) {
      const { methods: each } = planSimulationText(content, methods)
      return expect(new Set(each.map(({ searchTrials }) => searchTrials)).size).toBe(1)
    }
    const file = parseExperiment(content, methods)
    const { methods: planned, warnings } = planExperiment(file, methods)
    expect(new Set(planned.map(({ searchTrials }) => searchTrials)).size).toBe(1)
    expect(warnings.filter((warning) => !/^\d seeds: the smallest p/.test(warning))).toEqual([])
  })
})

describe('a plan', () => {
  const planOf = (content: string) => planExperiment(parseExperiment(content, methods), methods)

  it('counts settings and trials and states the budget', () => {
    const plan = planOf(text)
    expect(plan.methods).toEqual([
      { label: 'csc', method: 'csc', settings: null, searchTrials: 12, finalTrials: 6 },
      { label: 'multi-vae', method: 'multi-vae', settings: 8, searchTrials: 8, finalTrials: 6 },
    ])
    expect(plan.trials).toBe(12 + 8 + 12)
    expect(plan.budgetStatement).toBe(
      'Every method gets the same budget: up to 12 trials of Bayesian search (TPE) of at most 60 epochs each, judged by NDCG@10 on the validation part; its best parameters are then trained on 6 seeds.',
    )
    expect(plan.warnings).toEqual([
      'The spaces differ in size, so that not every method can use its whole budget: csc 12, multi-vae 8 of 12 trials.',
    ])
  })

  it('warns of few seeds, of what is not searched, of a truncated grid and of unequal epochs', () => {
    const grid = text
      .replace('strategy: tpe, seed: 100', 'strategy: grid, seed: 1')
      .replace('{ min: 0.0001, max: 0.01, log: true }', '[0.001, 0.01]')
      .replace(/    search:\n      latent.*\n.*\n/, '    params: { epochs: 30 }\n')
      .replace('trialsPerMethod: 12', 'trialsPerMethod: 4')
      .replace('[0, 1, 2, 3, 4, 5]', '[0, 1, 2]')
    expect(planOf(grid).warnings).toEqual([
      "3 seeds: the smallest p that Wilcoxon's test across seeds can give is 0.25; below 0.05 it takes 6 seeds.",
      "multi-vae has nothing to search: it gets its defaults and given values, which are somebody's tuning too. Say so where you report the comparison.",
      "The search's seed 1 is also one of the seeds that are compared: parameters are chosen by how they do on it. Take another for search.seed.",
      "The grid of csc has 6 settings, the budget allows 4: 4 of them, drawn by the search's seed, are tried.",
      'The trainings may take different numbers of epochs (csc 60, multi-vae 30). Give every method the same.',
    ])
    expect(planOf(grid).trials).toBe(4 + 0 + 6)
  })
})

describe('a grid', () => {
  it('has every combination once, in the order of the file', () => {
    const csc = methods.find(({ id }) => id === 'csc')!
    const space = spaceOf(
      { confounders: { min: 2, max: 4, log: false }, dropout: { min: 0.1, max: 0.3, log: false, step: 0.1 } },
      csc.params,
    )
    expect(settingsOf(space)).toBe(9)
    const settings = Array.from({ length: 9 }, (_, at) => settingAt(space, at))
    expect(settings.map(({ confounders, dropout }) => [confounders, dropout])).toEqual([
      [2, 0.1],
      [2, 0.2],
      [2, 0.3],
      [3, 0.1],
      [3, 0.2],
      [3, 0.3],
      [4, 0.1],
      [4, 0.2],
      [4, 0.3],
    ])
  })
})
