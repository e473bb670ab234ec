import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Comparison } from '../../../src-shared/domain/comparison'
import type { ExperimentDetail, ExperimentPlan, ExperimentSummary, Trial } from '../../../src-shared/domain/experiment'
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
budget: { trialsPerMethod: 2, epochsPerTrial: 150 }
backend: wasm
`
const write = (name: string): string => {
  const file = join(directory, `${name}.yaml`)
  writeFileSync(file, text(name))
  return file
}

/** Starts an experiment and stops its process once the third training of it has come to an epoch. */
async function stopInThird(
  file: string,
  signal: 'SIGKILL' | 'SIGINT',
): Promise<{ code: number | null; stderr: string }> {
  const child = spawn(process.execPath, argumentsOf(['experiment', file]), { env: environment })
  let stderr = ''
  let sent = false
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk
    if (sent || !stderr.includes('Trial 2, multi-vae, search: completed')) return
    sent = true
    setTimeout(() => child.kill(signal), 700)
  })
  const [code] = (await once(child, 'exit')) as [number | null]
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
    'up to 2 trials of grid search of at most 150 epochs each',
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
  expect(causeway('experiment', 'nobody').stderr).toContain('There is no experiment named "nobody".')
}, 60_000)
