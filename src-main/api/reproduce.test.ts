import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RequestInput, RequestName, RequestOutput } from '../../src-shared/contract/contract'
import { unwrap } from '../../src-shared/contract/errors'
import { answer } from '../../src-shared/contract/rpc'
import type { RecordedRun, Reproduction, ReproductionBundle } from '../../src-shared/domain/reproduction'
import { parseReportBundle } from '../../src-shared/report-bundle'
import { builtEntries } from '../../tests/support/built'
import { writeTinyInteractions } from '../../tests/support/tiny-interactions'
import { openWorkspace } from '../storage/workspace'
import { createServices, type Services } from './create-services'
import { FileRegistry } from './file-registry'

let directory: string
let files: FileRegistry
let services: Services

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'causeway-reproduce-'))
  files = new FileRegistry()
  services = createServices({
    workspace: openWorkspace(join(directory, 'workspace'), 'write'),
    shell: 'web',
    files,
    entries: builtEntries(),
  })
})
afterEach(async () => {
  await services.close()
  rmSync(directory, { recursive: true, force: true })
})

const request = async <N extends RequestName>(name: N, input: RequestInput<N>): Promise<RequestOutput<N>> =>
  unwrap(await answer(services.handlers, name, input)) as RequestOutput<N>

async function importData(name: string, folder = directory, items?: number): Promise<void> {
  const written = writeTinyInteractions(folder, 60, items)
  const job = await request('data:import', {
    files: [written.interactions, written.items].map((path) => files.add(path).id),
    name,
  })
  expect((await services.jobs.ended(job.id)).state).toBe('completed')
}

async function train(seed: number): Promise<string> {
  const job = await request('train:start', {
    method: 'multi-vae',
    dataset: 'tiny',
    params: { epochs: 3, batchSize: 16, hidden: 16, latent: 4 },
    seed,
    backend: 'wasm',
  })
  expect((await services.jobs.ended(job.id)).state).toBe('completed')
  return job.id
}

const bundleOfRun = (run: string) => request('reproduce:bundle', { subject: { kind: 'run', run } })

async function reproduce(bundle: ReproductionBundle, keep = false): Promise<Reproduction> {
  const job = await request('reproduce:start', { bundle, keep })
  expect(job).toMatchObject({ kind: 'reproduce' })
  await services.jobs.ended(job.id)
  return request('reproduce:result', { job: job.id })
}

const changed = (bundle: ReproductionBundle, change: (run: RecordedRun) => void): ReproductionBundle => {
  const copy = structuredClone(bundle)
  for (const run of copy.runs) change(run)
  return copy
}

const runsNow = async (): Promise<string[]> => (await request('runs:list', {})).map(({ id }) => id)

describe('a run trained again', () => {
  it('comes out the same to the bit, from its record and from the report that carries it, and leaves nothing behind', async () => {
    await importData('tiny')
    const run = await train(3)
    const before = await request('runs:get', { run })
    expect(before.manifest.weightsHash).toMatch(/^[0-9a-f]{64}$/)
    const bundle = await bundleOfRun(run)
    const { html } = await request('report:html', { subject: { kind: 'run', run } })
    const { markdown } = await request('report:markdown', { subject: { kind: 'run', run } })
    expect(parseReportBundle(html, 'report.html').runs).toEqual(bundle.runs)
    expect(parseReportBundle(markdown, 'report.md').runs).toEqual(bundle.runs)

    const result = await reproduce(parseReportBundle(html, 'report.html'))
    expect(result).toMatchObject({ state: 'completed', planned: 1, confirmed: true })
    expect(result.runs).toMatchObject([
      { run: null, verdict: 'identical', differences: [], environment: [], reason: null },
    ])
    expect(result.runs[0]!.checked).toEqual([
      'split',
      'epochs',
      'best epoch',
      `${Object.keys(before.manifest.metrics!).length} metrics`,
      'weights',
      'evaluation',
    ])
    expect(await runsNow()).toEqual([run])
    expect(await request('runs:get', { run })).toEqual(before)
  })

  it('says what differs where a parameter was changed, with the metrics, and stays when asked to', async () => {
    await importData('tiny')
    const run = await train(3)
    const altered = changed(await bundleOfRun(run), (recorded) => {
      recorded.params.learningRate = 0.05
      recorded.environment.node = 'v1.2.3'
    })
    const result = await reproduce(altered, true)
    expect(result).toMatchObject({ state: 'completed', confirmed: false })
    const [check] = result.runs
    expect(check).toMatchObject({
      verdict: 'differs',
      environment: [{ what: 'Node', recorded: 'v1.2.3', now: process.version }],
    })
    const what = check!.differences.map((difference) => difference.what)
    expect(what).toEqual(expect.arrayContaining(['weights', 'evaluation']))
    expect(what.some((name) => /^ndcg@/.test(name))).toBe(true)
    // Kept, but out of the table of runs.
    expect((await runsNow()).sort()).toEqual([run, check!.run!].sort())
    expect((await request('runs:get', { run: check!.run! })).manifest).toMatchObject({ reproduces: run })
    const table = await request('runs:rows', { columns: [], offset: 0, limit: 10 })
    expect(table.rows.map(({ id }) => id)).toEqual([run])
  })

  it('cannot be where its data are not: missing, or others of that name; found under another name they serve', async () => {
    await importData('tiny')
    const run = await train(3)
    const bundle = await bundleOfRun(run)
    await request('data:remove', { dataset: 'tiny' })
    const missing = await reproduce(bundle)
    expect(missing).toMatchObject({ confirmed: false, runs: [{ verdict: 'notReproducible', run: null }] })
    expect(missing.runs[0]!.reason).toMatch(/"tiny".*not in this workspace.*no data set of that name/)

    await importData('tiny', mkdtempSync(join(directory, 'other-')), 30)
    expect((await reproduce(bundle)).runs[0]!.reason).toMatch(/of that name here is another one/)

    await importData('copy')
    const copied = await reproduce(bundle)
    expect(copied.runs).toMatchObject([
      { verdict: 'identical', environment: [{ what: 'name of the data set', recorded: 'tiny', now: 'copy' }] },
    ])
    expect(await runsNow()).toEqual([run])
  })

  it('cannot be where the method, a parameter or the backend is not known here', async () => {
    await importData('tiny')
    const bundle = await bundleOfRun(await train(3))
    const reason = async (change: (run: RecordedRun) => void): Promise<string | null> =>
      (await reproduce(changed(bundle, change))).runs[0]!.reason
    expect(await reason((run) => (run.method = 'no-such-method'))).toMatch(/no-such-method/)
    expect(await reason((run) => (run.params.noSuchParam = 1))).toMatch(/noSuchParam/)
    expect(await reason((run) => (run.data.recipe.threshold = 99))).toMatch(/./)
  })

  it('checks run after run, goes on after one that cannot be, and ends when it is cancelled', async () => {
    await importData('tiny')
    const runs = [await train(1), await train(2)]
    const bundles = await Promise.all(runs.map(bundleOfRun))
    const both = { ...bundles[0]!, runs: bundles.flatMap((bundle) => bundle.runs) }
    both.runs.splice(1, 0, { ...structuredClone(both.runs[0]!), run: 'gone', method: 'no-such-method' })
    const result = await reproduce(both)
    expect(result.runs.map(({ verdict }) => verdict)).toEqual(['identical', 'notReproducible', 'identical'])
    expect(result.confirmed).toBe(false)

    const long = changed(bundles[0]!, (recorded) => {
      recorded.params.epochs = 5000
      recorded.params.patience = 5000
    })
    const job = await request('reproduce:start', { bundle: long, keep: false })
    await expect
      .poll(async () =>
        (await request('jobs:list', {})).find(({ kind, state }) => kind === 'train' && state === 'running'),
      )
      .toBeDefined()
    await request('jobs:cancel', { job: job.id })
    expect((await services.jobs.ended(job.id)).state).toBe('cancelled')
    expect(await request('reproduce:result', { job: job.id })).toMatchObject({
      state: 'stopped',
      confirmed: false,
      runs: [],
    })
    expect((await runsNow()).sort()).toEqual([...runs].sort())
  })

  it('has a bundle only where there is something to hold it against', async () => {
    await importData('tiny')
    const run = await train(1)
    await expect(bundleOfRun('none')).rejects.toMatchObject({ code: 'notFound' })
    await expect(request('reproduce:result', { job: 'none' })).rejects.toMatchObject({ code: 'notFound' })
    const manifest = join(directory, 'workspace', 'runs', run, 'manifest.json')
    writeFileSync(manifest, readFileSync(manifest, 'utf8').replace('"state": "completed"', '"state": "paused"'))
    await expect(bundleOfRun(run)).rejects.toMatchObject({ code: 'runNotReady' })
  })
})
