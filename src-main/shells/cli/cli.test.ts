import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { DatasetCard, DatasetManifest } from '../../../src-shared/domain/dataset'
import { allMetricNames, definitionOf, metricNames } from '../../../src-shared/domain/metric'
import type { RunManifest } from '../../../src-shared/domain/run'
import { builtEntries, root } from '../../../tests/support/built'
import { writeTinyInteractions } from '../../../tests/support/tiny-interactions'
import { processExists } from '../../storage/process-identity'
import { runDirectory, runFiles } from '../../storage/layout'

/** The command line as a script uses it: the built program, spawned. */

const program = join(root, 'bin', 'causeway.mjs')
const environment = { ...process.env, CAUSEWAY_SKIP_BUILD: '1' }
const small = [
  '--set',
  'epochs=4',
  '--set',
  'patience=100',
  '--set',
  'batchSize=4',
  '--set',
  'hidden=32',
  '--set',
  'latent=8',
]
const long = [...small, '--set', 'epochs=5000', '--set', 'patience=5000']

let directory: string
let workspace: string

function causeway(...args: string[]): { code: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, '--workspace', workspace, ...args], {
    encoding: 'utf8',
    env: environment,
  })
  return { code: status, stdout, stderr }
}

/** The one JSON document on stdout of a command that is expected to end with `code`. */
function json<T>(code: number, ...args: string[]): T {
  const ended = causeway(...args, '--json')
  expect(ended, ended.stderr).toMatchObject({ code })
  expect(ended.stdout.trimEnd()).not.toContain('\n')
  return JSON.parse(ended.stdout) as T
}

interface Trained {
  run: string
  state: string
  backend: string
  epochs: number
  metrics: Record<string, number> | null
}
interface Evaluated {
  run: string
  users: number
  metrics: Record<string, number>
  intervals: Record<string, { low: number; high: number } | null>
  candidates: string
  producedBy: Record<string, string>
  definitions: Record<string, { help: string }>
}
interface Failure {
  error: { code: string; message: string; details: Record<string, unknown>; help: string }
}

let trained: Trained

beforeAll(() => {
  builtEntries()
  directory = mkdtempSync(join(tmpdir(), 'causeway-cli-'))
  workspace = join(directory, 'workspace')
  const { interactions } = writeTinyInteractions(directory)
  expect(json(0, 'data', 'import', interactions, '--name', 'tiny')).toEqual({
    dataset: 'tiny',
    users: 60,
    items: 40,
    interactions: 720,
  })
  trained = json<Trained>(0, 'train', 'multi-vae', '--data', 'tiny', '--backend', 'wasm', '--seed', '5', ...small)
}, 60_000)

afterAll(() => rmSync(directory, { recursive: true, force: true }))

describe('the commands', () => {
  it('train answers with the run, its state and the metrics of the test part', () => {
    expect(Object.keys(trained)).toEqual(['run', 'state', 'backend', 'epochs', 'metrics'])
    expect(trained).toMatchObject({ state: 'completed', backend: 'wasm', epochs: 4 })
    // The tiny data have ratings below the threshold, and no attributes.
    const names = allMetricNames({ numericAttributes: [], categories: [], hasObservedNegatives: true })
    expect(Object.keys(trained.metrics!)).toEqual(names)
    for (const name of metricNames) expect(trained.metrics![name]).toBeGreaterThan(0)
  })

  it('data import takes a folder of matrices, and columns named for what was shown at random', () => {
    const folder = join(directory, 'matrices')
    mkdirSync(folder)
    writeFileSync(join(folder, 'train.ascii'), '5 4 5 0\n4 0 5 5\n0 5 4 4\n')
    writeFileSync(join(folder, 'test.ascii'), '0 0 4 1\n0 5 0 0\n2 0 0 0\n')
    expect(json(0, 'data', 'import', folder, '--name', 'matrices')).toEqual({
      dataset: 'matrices',
      users: 3,
      items: 4,
      interactions: 13,
    })
    const card = json<DatasetCard>(0, 'data', 'card', 'matrices', '--set', 'splitBy=randomised')
    expect(card.manifest.randomised).toBe(4)
    expect(card.prepared).toMatchObject({ train: 6, validation: 3, test: 2 })
    const table = join(directory, 'lottery.csv')
    writeFileSync(table, 'user,item,lottery,weight\nu1,i1,yes,0.5\nu1,i2,no,1\n')
    const named = ['--randomised-column', 'lottery', '--propensity-column', 'weight']
    json(0, 'data', 'import', table, '--name', 'lottery', ...named)
    const stored = json<DatasetManifest[]>(0, 'data', 'list').find(({ name }) => name === 'lottery')
    expect(stored).toMatchObject({ randomised: 1, hasPropensities: true, itemAttributes: [] })
    for (const name of ['matrices', 'lottery']) json(0, 'data', 'remove', name)
  })

  it('the same seed gives the same metrics, another seed others', () => {
    const again = json<Trained>(0, 'train', 'multi-vae', '--data', 'tiny', '--seed', '5', '--backend', 'wasm', ...small)
    expect(again.metrics).toEqual(trained.metrics)
    const other = json<Trained>(0, 'train', 'multi-vae', '--data', 'tiny', '--seed', '6', '--backend', 'wasm', ...small)
    expect(other.metrics).not.toEqual(trained.metrics)
  })

  it('eval repeats the metrics, with intervals and all that is to be known to read them', () => {
    const evaluated = json<Evaluated>(0, 'eval', trained.run)
    expect(evaluated).toMatchObject({
      run: trained.run,
      metrics: trained.metrics,
      level: 0.95,
      protocol: 'full-ranking/1',
    })
    expect(evaluated.candidates).toMatch(/All items of the split but/)
    expect(evaluated.producedBy).toMatchObject({ datasetHash: expect.any(String), splitHash: expect.any(String) })
    expect(evaluated.definitions['ndcg']).toMatchObject({ direction: 'higher', range: [0, 1] })
    for (const [name, interval] of Object.entries(evaluated.intervals)) {
      if (definitionOf(name).over !== 'users') expect(interval).toBeNull()
      else expect(interval!.low).toBeLessThanOrEqual(interval!.high)
    }
    const { stdout } = causeway('eval', trained.run)
    expect(stdout).toMatch(/^NDCG@10 +0\.\d{4} +0\.\d{4} to 0\.\d{4} +higher$/m)
    expect(stdout).toMatch(/Of \d+ users \(all users\), data tiny [0-9a-f]{12}, split [0-9a-f]{12}\./)
  })

  it('eval of a segment is of its users', () => {
    const whole = json<Evaluated>(0, 'eval', trained.run)
    const some = json<Evaluated>(0, 'eval', trained.run, '--segment', 'u1,u2,u3')
    expect(some).toMatchObject({ users: 3, selection: { kind: 'users', users: ['u1', 'u2', 'u3'] } })
    expect(some.metrics).not.toEqual(whole.metrics)
    // Three lists of ten cannot cover more than 30 of the 40 items.
    expect(some.metrics['coverage@10']).toBeLessThanOrEqual(0.75)
    expect(json<Failure>(2, 'eval', trained.run, '--segment', 'age>=').error.code).toBe('badRequest')
    expect(json<Failure>(1, 'eval', trained.run, '--segment', 'nobody').error.code).toBe('notFound')
  })

  it('eval of a run from before evaluations were stored computes them, and stores nothing as a reader', () => {
    const directory = runDirectory(workspace, trained.run)
    const manifestFile = join(directory, runFiles.manifest)
    const evaluationFile = join(directory, runFiles.evaluation)
    const [manifest, evaluation] = [readFileSync(manifestFile), readFileSync(evaluationFile)]
    const recorded = Object.fromEntries(metricNames.map((name) => [name, trained.metrics![name]!]))
    const old = { ...(JSON.parse(String(manifest)) as RunManifest), metrics: recorded }
    const before = JSON.stringify({ ...old, evaluation: undefined, weightsHash: undefined })
    try {
      writeFileSync(manifestFile, before)
      rmSync(evaluationFile)
      expect(json<Evaluated>(0, 'eval', trained.run).metrics).toEqual(trained.metrics)
      expect(existsSync(evaluationFile)).toBe(false)
      expect(readFileSync(manifestFile, 'utf8')).toBe(before)
    } finally {
      writeFileSync(manifestFile, manifest)
      writeFileSync(evaluationFile, evaluation)
    }
  })

  it('recommend lists items with ids, titles and falling scores', () => {
    const list = json<{ items: { id: string; title: string; score: number }[] }>(
      0,
      'recommend',
      trained.run,
      '--user',
      'u7',
      '--top',
      '5',
    )
    expect(list.items).toHaveLength(5)
    for (const item of list.items) expect(item.title).toBe(`Title <${item.id.slice(1)}>`)
    const scores = list.items.map((item) => item.score)
    expect(scores).toEqual([...scores].sort((a, b) => b - a))
  })

  it('data list, card and preview show what was imported', () => {
    expect(json<{ name: string }[]>(0, 'data', 'list').map((set) => set.name)).toEqual(['tiny'])
    expect(json(0, 'data', 'card', 'tiny')).toMatchObject({
      raw: { users: 60, interactions: 720 },
      prepared: { positives: 540 },
    })
    expect(json(0, 'data', 'card', 'tiny', '--set', 'data.threshold=1')).toMatchObject({ prepared: { positives: 720 } })
    expect(json(0, 'data', 'preview', join(directory, 'tiny.inter'))).toMatchObject({
      mapping: { user: 'user_id', item: 'item_id', rating: 'rating', time: 'timestamp' },
      missing: [],
    })
  })

  it('report writes HTML or Markdown by the ending', () => {
    for (const [name, start] of [
      ['r.html', '<!doctype html>'],
      ['r.md', '# Multi-VAE on tiny'],
    ] as const) {
      const file = join(directory, name)
      expect(json(0, 'report', trained.run, '--out', file)).toMatchObject({ run: trained.run, file })
      expect(readFileSync(file, 'utf8').startsWith(start)).toBe(true)
    }
  })

  it('methods and doctor say what there is', () => {
    expect(json<{ id: string }[]>(0, 'methods').map((method) => method.id)).toContain('multi-vae')
    expect(json(0, 'doctor')).toMatchObject({
      workspace,
      backends: { reports: expect.any(Array), chosen: expect.any(String) },
    })
  })

  it('print tables for people without --json', () => {
    const { code, stdout } = causeway('runs', 'list')
    expect(code).toBe(0)
    expect(stdout.split('\n')[0]).toMatch(/^run\s+method\s+data\s+state/)
    expect(stdout).toContain(trained.run)
  })

  it('take a run file, over which the command line wins', () => {
    const file = join(directory, 'run.yaml')
    writeFileSync(
      file,
      'method: multi-vae\ndata: tiny\nseed: 5\nbackend: wasm\nparams: { epochs: 9, patience: 100, batchSize: 4, hidden: 32, latent: 8 }\n',
    )
    const again = json<Trained>(0, 'train', '--config', file, '--set', 'epochs=4')
    expect(again.metrics).toEqual(trained.metrics)
  })
})

describe('what goes wrong', () => {
  it.each<[string, number, string, string[]]>([
    ['an unknown option', 2, 'badRequest', ['train', 'multi-vae', '--data', 'tiny', '--bogus']],
    ['an unknown command', 2, 'badRequest', ['trian']],
    ['no command', 2, 'badRequest', []],
    ['a missing argument', 2, 'badRequest', ['eval']],
    ['a missing data set name', 2, 'badRequest', ['train', 'multi-vae']],
    ['an unknown method', 2, 'methodUnknown', ['train', 'none', '--data', 'tiny']],
    ['an unknown parameter', 2, 'paramUnknown', ['train', 'multi-vae', '--data', 'tiny', '--set', 'bogus=1']],
    ['an unknown recipe key', 2, 'paramUnknown', ['train', 'multi-vae', '--data', 'tiny', '--set', 'data.bogus=1']],
    ['a value out of range', 2, 'paramInvalid', ['train', 'multi-vae', '--data', 'tiny', '--set', 'epochs=0']],
    ['a seed that is none', 2, 'badRequest', ['train', 'multi-vae', '--data', 'tiny', '--seed', '-1']],
    ['an unknown backend', 2, 'badRequest', ['train', 'multi-vae', '--data', 'tiny', '--backend', 'gpu']],
    ['a name that leads out of the workspace', 2, 'badRequest', ['data', 'import', 'x.csv', '--name', '../x']],
    ['an unknown data set', 1, 'notFound', ['train', 'multi-vae', '--data', 'none']],
    ['an unknown run', 1, 'notFound', ['eval', 'none']],
    ['a run id that leads out', 2, 'pathRefused', ['eval', '../datasets/tiny']],
    ['a file that is not there', 1, 'fileUnreadable', ['data', 'import', 'none.csv', '--name', 'other']],
  ])('%s ends with its code and one JSON document', (_, exitCode, code, args) => {
    const given = args.map((arg) => (arg === 'x.csv' ? join(directory, 'tiny.inter') : arg))
    const { error } = json<Failure>(exitCode, ...given)
    expect(error.code).toBe(code)
    expect(error.message.length).toBeGreaterThan(10)
    expect(error.help.length).toBeGreaterThan(10)
  })

  it('a method without a graph says so', () => {
    expect(json<Failure>(1, 'graph', trained.run).error.code).toBe('noGraph')
  })

  it('an unknown parameter lists those there are', () => {
    const { error } = json<Failure>(2, 'train', 'multi-vae', '--data', 'tiny', '--set', 'bogus=1')
    expect(error.details.allowed).toEqual(expect.arrayContaining(['epochs', 'hidden']))
  })

  it('a folder that is not ours is left alone', () => {
    const foreign = mkdtempSync(join(directory, 'foreign-'))
    writeFileSync(join(foreign, 'thesis.txt'), '')
    expect(json<Failure>(1, '--workspace', foreign, 'runs', 'list').error.code).toBe('workspaceInvalid')
  })
})

describe('a training on the command line', () => {
  /** Starts a training and waits until it has finished that many epochs. */
  async function startTraining(
    epochs: number,
    ...settings: string[]
  ): Promise<{ child: ChildProcess; run: string; stdout: () => string }> {
    const args = ['train', 'multi-vae', '--data', 'tiny', '--seed', '5', '--backend', 'wasm', ...settings, '--json']
    const child = spawn(process.execPath, [program, '--workspace', workspace, ...args], { env: environment })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (data) => (stdout += String(data)))
    child.stderr.on('data', (data) => (stderr += String(data)))
    const run = await vi.waitFor(() => /Run (multi-vae\S+)/.exec(stderr)![1]!, { timeout: 30_000, interval: 50 })
    const metrics = join(runDirectory(workspace, run), runFiles.metrics)
    await vi.waitFor(
      () => expect(existsSync(metrics) && readFileSync(metrics, 'utf8').split('\n').length).toBeGreaterThan(epochs),
      {
        timeout: 30_000,
        interval: 20,
      },
    )
    return { child, run, stdout: () => stdout }
  }

  const weights = (run: string): Buffer => readFileSync(join(runDirectory(workspace, run), runFiles.weights))
  const stateOf = (run: string): string =>
    json<RunManifest[]>(0, 'runs', 'list').find((manifest) => manifest.id === run)!.state

  /** The process a child started: its trainer. */
  function trainerOf(pid: number): number {
    const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' })
    const line = stdout
      .split('\n')
      .find((text) => text.includes('trainer.js') && Number(text.trim().split(/\s+/)[1]) === pid)
    return Number(line!.trim().split(/\s+/)[0])
  }

  it('stops at Ctrl-C with a checkpoint, exit code 130 and the command to go on', { timeout: 60_000 }, async () => {
    const { child, run, stdout } = await startTraining(1, ...long)
    const second = json<Failure>(1, 'train', 'multi-vae', '--data', 'tiny', ...small)
    expect(second.error).toMatchObject({ code: 'workspaceLocked', details: { pid: child.pid } })
    expect(stateOf(run)).toBe('running')
    child.kill('SIGINT')
    const [code] = await once(child, 'close')
    expect(code).toBe(130)
    expect(JSON.parse(stdout())).toMatchObject({ run, state: 'interrupted', metrics: null })
    expect(stateOf(run)).toBe('interrupted')
  })

  it(
    'killed in the middle takes its trainer along, and goes on to the same weights, to the bit',
    { timeout: 60_000 },
    async () => {
      const settings = [...small, '--set', 'epochs=30']
      const whole = json<Trained>(
        0,
        'train',
        'multi-vae',
        '--data',
        'tiny',
        '--seed',
        '5',
        '--backend',
        'wasm',
        ...settings,
      )
      const { child, run } = await startTraining(3, ...settings)
      const trainer = trainerOf(child.pid!)
      child.kill('SIGKILL')
      await once(child, 'close')
      await vi.waitFor(() => expect(processExists(trainer)).toBe(false), { timeout: 10_000 })
      expect(stateOf(run)).toBe('interrupted')
      const resumed = json<Trained>(0, 'train', '--resume', run)
      expect(resumed).toMatchObject({ run, state: 'completed', metrics: whole.metrics })
      expect(weights(run).equals(weights(whole.run))).toBe(true)
    },
  )

  it('reading works beside a Causeway that serves', { timeout: 60_000 }, async () => {
    const child = spawn(process.execPath, [program, '--workspace', workspace, 'serve', '--json'], { env: environment })
    const [first] = (await once(child.stdout, 'data')) as [Buffer]
    expect(JSON.parse(String(first))).toEqual({
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/\?token=\S+$/),
    })
    expect(json<Trained>(0, 'eval', trained.run).metrics).toEqual(trained.metrics)
    expect(json<Failure>(1, 'data', 'remove', 'tiny').error.code).toBe('workspaceLocked')
    child.kill('SIGTERM')
    expect((await once(child, 'close'))[0]).toBe(0)
  })
})
