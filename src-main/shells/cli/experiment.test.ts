import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Comparison } from '../../../src-shared/domain/comparison'
import type { ExperimentDetail, ExperimentPlan, ExperimentSummary, Trial } from '../../../src-shared/domain/experiment'
import type { ExperimentResults } from '../../../src-shared/domain/experiment-results'
import type { EffectsResults } from '../../../src-shared/domain/effects-simulation'
import type { RankingFit, RankingResults } from '../../../src-shared/domain/ranking-simulation'
import type { SimulatedFit, SimulationResults } from '../../../src-shared/domain/simulation'
import { builtEntries, root } from '../../../tests/support/built'
import { writeTinyInteractions } from '../../../tests/support/tiny-interactions'

/** `causeway experiment` as a script uses it: the built program, spawned. */

const program = join(root, 'bin', 'causeway.mjs')
const environment = { ...process.env, CAUSEWAY_SKIP_BUILD: '1' }

let directory: string
let workspace: string

const argumentsOf = (args: string[]): string[] => [program, '--workspace', workspace, ...args]

function causeway(...args: string[]): { code: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, argumentsOf(args), {
    encoding: 'utf8',
    env: environment,
  })
  return { code: status, stdout, stderr }
}

function json<T>(code: number, ...args: string[]): T {
  const ended = causeway(...args, '--json')
  expect(ended, ended.stderr).toMatchObject({ code })
  return JSON.parse(ended.stdout) as T
}

interface Shown {
  experiment: string
  state: string
  trialList: Trial[]
  comparison: Comparison | null
}

const text = (name: string): string => `type: causeway-experiment
version: 1
name: ${name}
data: { dataset: tiny }
methods:
  - method: multi-vae
    params: { patience: 10000, hidden: 12, latent: 6 }
    search: { learningRate: [0.002, 0.02] }
seeds: [1, 2]
search: { seed: 100 }
budget: { trialsPerMethod: 2, epochsPerTrial: 400 }
backend: wasm
`
const write = (name: string): string => {
  const file = join(directory, `${name}.yaml`)
  writeFileSync(file, text(name))
  return file
}

/** The whole lines of a file; none where it is not there. */
const linesOf = (path: string): string[] =>
  existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : []

/** Starts an experiment and stops its process once the third training of it has come to an epoch. */
async function stopInThird(
  file: string,
  signal: 'SIGKILL' | 'SIGINT',
): Promise<{ code: number | null; stderr: string }> {
  const child = spawn(process.execPath, argumentsOf(['experiment', file]), { env: environment })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => void (stderr += chunk))
  const trials = join(workspace, 'experiments', basename(file, '.yaml'), 'trials.jsonl')
  const watching = setInterval(() => {
    const [run] = linesOf(trials).flatMap((line) => /"number":3,.*"run":"([^"]+)"/.exec(line)?.[1] ?? [])
    if (!run || linesOf(join(workspace, 'runs', run, 'metrics.jsonl')).length < 2) return
    child.kill(signal)
    clearInterval(watching)
  }, 10)
  const [code] = (await once(child, 'exit')) as [number | null]
  clearInterval(watching)
  return { code, stderr }
}

const outcome = ({ number, params, seed, state, objective, epochs }: Trial) => ({
  number,
  params,
  seed,
  state,
  objective,
  epochs,
})

let whole: Shown

beforeAll(() => {
  builtEntries()
  directory = mkdtempSync(join(tmpdir(), 'causeway-experiment-'))
  workspace = join(directory, 'workspace')
  const { interactions } = writeTinyInteractions(directory)
  expect(causeway('data', 'import', interactions, '--name', 'tiny').code).toBe(0)
  whole = json<Shown>(0, 'experiment', write('whole'))
}, 120_000)
afterAll(() => rmSync(directory, { recursive: true, force: true }))

it('runs a file, answers with the comparison of its final runs, and has nothing left to do after that', () => {
  expect(whole).toMatchObject({ experiment: 'whole', state: 'completed' })
  expect(whole.trialList.map(({ phase, state }) => `${phase} ${state}`)).toEqual([
    'search completed',
    'search completed',
    'final completed',
    'final completed',
  ])
  expect(whole.comparison!.groups.map(({ runs }) => runs.map(({ seed }) => seed))).toEqual([[1, 2]])
  expect(json<Shown>(0, 'experiment', 'whole').trialList).toEqual(whole.trialList)
  expect(causeway('experiment', 'whole').stdout).toContain('mean ± sd')
}, 60_000)

it.each([
  ['killed', 'SIGKILL'],
  ['interrupted', 'SIGINT'],
] as const)(
  '%s in the middle of a trial, it goes on with the same command and ends with the same results',
  async (name, signal) => {
    const file = write(name)
    const stopped = await stopInThird(file, signal)
    if (signal === 'SIGINT') {
      expect(stopped.code).toBe(130)
      expect(stopped.stderr).toContain('Go on with: causeway experiment interrupted')
    }
    const between = json<ExperimentDetail>(0, 'experiments', 'show', name)
    expect(between.state).toBe('interrupted')
    expect(between.trialList.at(-1)).toMatchObject({ number: 3, state: 'interrupted' })
    const again = json<Shown>(0, 'experiment', file)
    expect(again.state).toBe('completed')
    expect(again.trialList.map(outcome)).toEqual(whole.trialList.map(outcome))
    expect(again.trialList[2]!.run).toBe(between.trialList[2]!.run)
    expect(again.comparison!.metrics.map(({ cells }) => cells[0]!.values)).toEqual(
      whole.comparison!.metrics.map(({ cells }) => cells[0]!.values),
    )
  },
  120_000,
)

it('plans, lists and removes', () => {
  const file = write('planned')
  expect(json<ExperimentPlan>(0, 'experiment', file, '--plan')).toMatchObject({ trials: 4 })
  expect(causeway('experiment', file, '--plan').stdout).toContain(
    'up to 2 trials of grid search of at most 400 epochs each',
  )
  const names = (): string[] => json<ExperimentSummary[]>(0, 'experiments', 'list').map(({ name }) => name)
  expect(names()).toContain('whole')
  expect(names()).not.toContain('planned')
  expect(json(0, 'experiments', 'remove', 'whole')).toEqual({ removed: 'whole' })
  expect(names()).not.toContain('whole')
  expect(json<{ id: string }[]>(0, 'runs', 'list').map(({ id }) => id)).toContain(whole.trialList[0]!.run)
}, 60_000)

it('says what is wrong with a file by line, key and what is allowed', () => {
  const file = join(directory, 'wrong.yaml')
  writeFileSync(file, text('wrong').replace('hidden: 12', 'hiden: 12'))
  const ended = causeway('experiment', file)
  expect(ended.code).toBe(2)
  expect(ended.stderr).toMatch(
    /Line 7, methods\.0\.params\.hiden: There is no parameter of Multi-VAE "hiden"\. Allowed: /,
  )
  expect(causeway('experiment', join(directory, 'none.yaml')).stderr).toContain('cannot be read')
  expect(causeway('experiment', 'nobody').stderr).toContain('There is no experiment named "nobody"')
}, 60_000)

it('writes what an experiment came to as Markdown and JSON, beside what was published', () => {
  const file = join(directory, 'told.yaml')
  const results = join(directory, 'results')
  const second = `  - method: multi-vae
    label: narrow
    params: { patience: 10000, hidden: 4, latent: 2 }
seeds: [1, 2]`
  const sayings = `reference: narrow
published: { source: 'A paper, table 2', figures: { narrow: { 'ndcg@10': { mean: 2, sd: 0.1 } } } }
remarks: { narrow: It has too few units. }
`
  writeFileSync(
    file,
    text('told').replace('epochsPerTrial: 400', 'epochsPerTrial: 30').replace('seeds: [1, 2]', second) + sayings,
  )
  const shown = json<Shown>(0, 'experiment', file, '--results', results)
  const found = JSON.parse(readFileSync(join(results, 'told.json'), 'utf8')) as ExperimentResults
  expect(found).toMatchObject({
    type: 'causeway-experiment-results',
    name: 'told',
    configuration: { seeds: [1, 2], reference: 'narrow' },
    environment: { node: process.version, cores: expect.any(Number) as number, threads: expect.any(Number) as number },
    data: { dataset: 'tiny', datasetHash: expect.stringMatching(/^[0-9a-f]{64}$/) as string },
    methods: [
      {
        label: 'multi-vae',
        searchTrials: 2,
        finalTrials: 2,
        epochs: 120,
        best: { trial: expect.any(Number) as number },
      },
      { label: 'narrow', searchTrials: 0, finalTrials: 2, epochs: 60, remark: 'It has too few units.' },
    ],
  })
  expect(found.environment.backend).toMatch(/^wasm: tfjs-backend-wasm/)
  expect(found.comparison).toEqual({
    ...shown.comparison,
    groups: shown.comparison!.groups,
  })
  const { groups, metrics } = found.comparison
  expect(groups.map(({ label }) => label).sort()).toEqual(['multi-vae', 'narrow'])
  const [ndcg] = metrics
  const narrow = ndcg!.cells.find(({ group }) => groups.find(({ key }) => key === group)!.label === 'narrow')!
  // Against the reference only.
  expect(new Set(ndcg!.tests.map(({ b }) => b))).toEqual(new Set([narrow.group]))
  const [figure] = found.published!.figures
  expect(figure).toMatchObject({ mean: narrow.mean, isFarOff: true })
  expect(figure!.difference).toBeCloseTo(narrow.mean! - 2, 12)
  const markdown = readFileSync(join(results, 'told.md'), 'utf8')
  expect(markdown).toContain('# told')
  expect(markdown).toContain(found.data.datasetHash)
  expect(markdown).toContain('NDCG@10 against narrow')
  expect(markdown).toContain('Published: A paper, table 2')
  expect(markdown).toMatch(/- narrow \(NDCG@10 −[\d.]+\): It has too few units\./)
  // The remarks may be written once the results are known.
  writeFileSync(file, readFileSync(file, 'utf8').replace('too few', 'very few'))
  expect(json<Shown>(0, 'experiment', file, '--results', results).trialList).toEqual(shown.trialList)
  expect(readFileSync(join(results, 'told.md'), 'utf8')).toContain('It has very few units.')
}, 60_000)

it('finds the experiments that come with Causeway by their name, and lists them', () => {
  const list = json<{ name: string; title: string }[]>(0, 'experiment', '--list')
  const shipped = readdirSync(join(root, 'resources', 'experiments')).map((file) => file.replace('.yaml', ''))
  expect(list.map(({ name }) => name).sort()).toEqual(shipped.sort())
  expect(causeway('experiment', 'quick-demo', '--plan').stderr).toContain('There is no data set named "demo"')
  const unknown = causeway('experiment', 'quick')
  expect(unknown.code).toBe(1)
  expect(unknown.stderr).toContain('There is no experiment named "quick": neither saved')
  expect(unknown.stderr).toContain('quick-demo')
  expect(causeway('experiment').code).toBe(2)
})

const simulation = `type: causeway-simulation
version: 1
name: drawn
data: { dataset: tiny }
preferences: { of: liking, threshold: 4, factors: 2 }
world: { beta: 1 }
correlations: [-0.5, 0.5]
methods:
  - method: ncf
    params: &params { preference: continuous, batchSize: 16, patience: 1000, embeddingSize: 4 }
    search: { learningRate: [0.001, 0.01] }
  - method: mf
    label: MF
    params: *params
search: { strategy: grid, seed: 100 }
seeds: [1, 2]
budget: { trialsPerMethod: 2, epochsPerTrial: 60 }
reference: MF
claims: { ratio: [{ most: 100 }] }
`

it('runs a simulation, stops it between two trainings and goes on to the same results', async () => {
  const file = join(directory, 'drawn.yaml')
  writeFileSync(file, simulation)
  const results = join(directory, 'simulated')
  const folder = join(workspace, 'simulations')
  expect(json<{ fits: number }>(0, 'experiment', file, '--plan').fits).toBe(4 + 8)
  const whole = json<SimulationResults>(0, 'experiment', file, '--results', results)
  expect(whole.cells.map(({ label, correlation }) => `${label} ${correlation}`)).toEqual([
    'ncf -0.5',
    'ncf 0.5',
    'MF -0.5',
    'MF 0.5',
  ])
  for (const { errors } of whole.cells) expect(errors.every((error) => error !== null && error > 0)).toBe(true)
  expect(whole.verdicts).toMatchObject([{ holds: true }])
  expect(JSON.parse(readFileSync(join(results, 'drawn.json'), 'utf8'))).toEqual(whole)
  expect(readFileSync(join(results, 'drawn.md'), 'utf8')).toContain('MF beside the best other method')
  expect(existsSync(join(results, 'drawn.svg'))).toBe(false)

  rmSync(folder, { recursive: true })
  const lines = (): string[] =>
    existsSync(folder) ? readdirSync(folder).flatMap((name) => linesOf(join(folder, name, 'fits.jsonl'))) : []
  const child = spawn(process.execPath, argumentsOf(['experiment', file]), { env: environment })
  const watching = setInterval(() => {
    if (lines().length < 2) return
    child.kill('SIGINT')
    clearInterval(watching)
  }, 20)
  const [code] = (await once(child, 'exit')) as [number | null]
  clearInterval(watching)
  expect(code).toBe(130)
  const before = lines()
  expect(before.length).toBeGreaterThanOrEqual(2)
  expect(before.length).toBeLessThan(12)

  const again = json<SimulationResults>(0, 'experiment', file)
  // What took how long is another matter.
  const timeless = ({ methods, ...others }: SimulationResults) => ({
    ...others,
    madeAt: '',
    methods: methods.map((method) => ({ ...method, seconds: 0 })),
  })
  expect(timeless(again)).toEqual(timeless(whole))
  expect(lines().slice(0, before.length)).toEqual(before)
  expect(lines()).toHaveLength(12)

  // Another seed and another name: only what is not there is trained.
  writeFileSync(file, simulation.replace('[1, 2]', '[1, 2, 3]').replace('name: drawn', 'name: drawn again'))
  expect(json<SimulationResults>(0, 'experiment', file).cells[0]!.errors).toHaveLength(3)
  const seeds = lines().map((line) => (JSON.parse(line) as SimulatedFit).seed)
  expect(seeds).toHaveLength(16)
  expect(seeds.slice(12)).toEqual([3, 3, 3, 3])
}, 120_000)

const ranking = `type: causeway-ranking-simulation
version: 1
name: ranked
world: { kind: from-data, dataset: tiny, factors: 4 }
conditions: [{ gamma: 0.2, noise: null }, { gamma: 0.8, noise: null }]
methods:
  - method: wmf
    label: WMF
    params: { epochs: 3 }
    search: { factors: [2, 4] }
  - method: multi-vae
    label: VAE
    params: { hidden: 6, latent: 4, patience: 5 }
search: { strategy: grid, seed: 100 }
seeds: [1, 2]
budget: { trialsPerMethod: 2, epochsPerTrial: 5 }
claims: { order: [WMF, VAE] }
`

it('runs a ranking simulation of a data set, and trains only what is not there when it is asked for again', () => {
  const file = join(directory, 'ranked.yaml')
  writeFileSync(file, ranking)
  const results = join(directory, 'rankings')
  const folder = join(workspace, 'simulations')
  rmSync(folder, { recursive: true, force: true })
  const whole = json<RankingResults>(0, 'experiment', file, '--results', results)
  expect(whole.cells.map(({ label, gamma }) => `${label} ${gamma}`)).toEqual([
    'WMF 0.2',
    'WMF 0.8',
    'VAE 0.2',
    'VAE 0.8',
  ])
  for (const { metrics } of whole.cells) for (const value of metrics['ndcg@20'].values) expect(value).toBeGreaterThan(0)
  // 720 ratings of the data set: the worlds have as many exposures.
  expect(whole.bases.map(({ exposed }) => exposed)).toEqual([720, 720])
  expect(whole.gaps).toHaveLength(4)
  expect(whole.verdicts).toHaveLength(2)
  expect(JSON.parse(readFileSync(join(results, 'ranked.json'), 'utf8'))).toEqual(whole)
  expect(readFileSync(join(results, 'ranked.md'), 'utf8')).toContain('![N@20 by the share of confounders')
  expect(existsSync(join(results, 'ranked.svg'))).toBe(true)

  const lines = (): RankingFit[] =>
    readdirSync(folder).flatMap((name) =>
      linesOf(join(folder, name, 'fits.jsonl')).map((line) => JSON.parse(line) as RankingFit),
    )
  expect(
    lines()
      .map(({ phase }) => phase)
      .sort(),
  ).toEqual([...Array(8).fill('final'), 'search', 'search'])
  for (const { phase, test } of lines()) expect(test !== null).toBe(phase === 'final')
  writeFileSync(file, ranking.replace('[1, 2]', '[1, 2, 3]').replace('name: ranked', 'name: ranked again'))
  const more = json<RankingResults>(0, 'experiment', file)
  expect(more.cells[0]!.metrics['ndcg@20'].values.slice(0, 2)).toEqual(whole.cells[0]!.metrics['ndcg@20'].values)
  expect(lines()).toHaveLength(14)
}, 120_000)

const effects = `type: causeway-effects-simulation
version: 1
name: effective
world: { items: 10, causes: 2, features: 4 }
users: [200, 400]
methods:
  - method: deep-deconf
    label: DD
    params: { likelihood: gaussian, hiddenLayers: '0', latent: 2, epochs: 3, dropout: 0.05 }
seeds: [1, 2]
claims: { correlation: { users: 400, above: 0.99 }, features: true }
`

it('runs an effects simulation, with features and without', () => {
  const file = join(directory, 'effective.yaml')
  writeFileSync(file, effects)
  const results = join(directory, 'effects')
  const whole = json<EffectsResults>(0, 'experiment', file, '--results', results)
  expect(whole.cells.map(({ users, features }) => `${users} ${features}`)).toEqual(['200 4', '200 0', '400 4', '400 0'])
  for (const { measures } of [...whole.cells, ...whole.regressions])
    for (const value of measures.rmse.values) expect(value).toBeGreaterThan(0)
  expect(whole.methods).toMatchObject([{ label: 'DD', fits: 8, failed: 0 }])
  expect(whole.verdicts.map(({ holds }) => holds).slice(0, 2)).toEqual([false, false])
  expect(JSON.parse(readFileSync(join(results, 'effective.json'), 'utf8'))).toEqual(whole)
  expect(readFileSync(join(results, 'effective.md'), 'utf8')).toContain('![RMSE of the effects by the number of users')
  expect(existsSync(join(results, 'effective.svg'))).toBe(true)
}, 60_000)
