import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { RequestInput, RequestName, RequestOutput } from '../../src-shared/contract/contract'
import { unwrap } from '../../src-shared/contract/errors'
import { answer } from '../../src-shared/contract/rpc'
import { metricNames } from '../../src-shared/domain/metric'
import type { RunManifest } from '../../src-shared/domain/run'
import { builtEntries } from '../../tests/support/built'
import { readEvaluation } from '../pipeline/evaluate/evaluation-file'
import { runDirectory, runFiles } from '../storage/layout'
import { openWorkspace } from '../storage/workspace'
import { createServices, type Services } from './create-services'
import { FileRegistry } from './file-registry'

let directory: string
let services: Services
let run: string

const request = async <N extends RequestName>(name: N, input: RequestInput<N>): Promise<RequestOutput<N>> =>
  unwrap(await answer(services.handlers, name, input)) as RequestOutput<N>

const fileOf = (name: string): string => join(runDirectory(join(directory, 'workspace'), run), name)

/** Items with a price and a genre, users of two kinds. */
function writeShop(): string[] {
  const users = Array.from({ length: 40 }, (_, user) => `u${user}`)
  const rows = users.flatMap((user, u) =>
    Array.from({ length: 12 }, (_, at) => `${user}\ti${(u + at * (1 + (u % 3))) % 30}\t${at % 4 === 3 ? 2 : 5}`),
  )
  const tables = {
    'shop.inter': ['user_id:token\titem_id:token\trating:float', ...rows],
    'shop.item': [
      'item_id:token\tprice:float\tgenre:token_seq',
      ...Array.from({ length: 30 }, (_, item) => `i${item}\t${item * 2}\t${item % 2 ? 'a b' : 'b'}`),
    ],
    'shop.user': ['user_id:token\tplan:token', ...users.map((user, u) => `${user}\t${u % 4 === 0 ? 'paid' : 'free'}`)],
  }
  return Object.entries(tables).map(([name, lines]) => {
    writeFileSync(join(directory, name), lines.join('\n') + '\n')
    return join(directory, name)
  })
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'causeway-evaluation-'))
  const files = new FileRegistry()
  services = createServices({
    workspace: openWorkspace(join(directory, 'workspace'), 'write'),
    shell: 'web',
    files,
    entries: builtEntries(),
  })
  const imported = await request('data:import', { files: writeShop().map((path) => files.add(path).id), name: 'shop' })
  expect((await services.jobs.ended(imported.id)).state).toBe('completed')
  const job = await request('train:start', {
    method: 'multi-vae',
    dataset: 'shop',
    backend: 'wasm',
    params: { epochs: 2, batchSize: 8, hidden: 8, latent: 4 },
  })
  expect((await services.jobs.ended(job.id)).state).toBe('completed')
  run = job.run!
}, 60_000)

afterAll(async () => {
  await services.close()
  rmSync(directory, { recursive: true, force: true })
})

it('a training records its metrics with what they are of: attributes, ratings below the threshold, hashes', async () => {
  const { manifest } = await request('runs:get', { run })
  expect(Object.keys(manifest.metrics!)).toEqual(
    expect.arrayContaining([
      ...metricNames,
      'auc',
      'avp:price@10',
      'calibration:genre@30',
      'dcgDr@10',
      'ratedAuc',
      'ratedNdcg@5',
    ]),
  )
  const sha256 = (file: string): string => createHash('sha256').update(readFileSync(fileOf(file))).digest('hex') // prettier-ignore
  expect(manifest.weightsHash).toBe(sha256(runFiles.weights))
  expect(manifest.evaluation).toEqual({ protocol: 'full-ranking/1', users: 40, hash: sha256(runFiles.evaluation) })
})

it('the metrics of everyone are those that were recorded', async () => {
  const { manifest } = await request('runs:get', { run })
  const evaluation = await request('runs:evaluation', { run })
  expect(Object.fromEntries(evaluation.metrics.map(({ name, value }) => [name, value]))).toEqual(manifest.metrics)
  expect(evaluation).toMatchObject({ run, users: 40, level: 0.95 })
})

it('the metrics of a segment are the means of its users', async () => {
  const paid = await request('runs:evaluation', {
    run,
    users: { kind: 'attribute', attribute: 'plan', value: 'paid' },
  })
  expect(paid.users).toBe(10)
  const { values } = readEvaluation(runDirectory(join(directory, 'workspace'), run))
  // Every fourth user pays; rows are in the order in which users first appear.
  const own = values['ndcg@10']!.filter((_, user) => user % 4 === 0)
  // Scores of pairs are not stored: what is of pairs is of everyone only.
  expect(paid.metrics.map(({ name }) => name)).not.toContain('ratedAuc')
  const ndcg = paid.metrics.find(({ name }) => name === 'ndcg@10')!
  expect(ndcg.value).toBeCloseTo(own.reduce((sum, value) => sum + value, 0) / 10, 9)
  expect(ndcg.interval!.low).toBeLessThanOrEqual(ndcg.value)
  await expect(
    request('runs:evaluation', { run, users: { kind: 'attribute', attribute: 'plan', value: 'none' } }),
  ).rejects.toMatchObject({ code: 'badRequest' })
})

it('a run from before evaluations were stored is evaluated once more, and keeps what was recorded', async () => {
  const manifest = JSON.parse(readFileSync(fileOf(runFiles.manifest), 'utf8')) as RunManifest
  const bytes = readFileSync(fileOf(runFiles.evaluation))
  const recorded = Object.fromEntries(metricNames.map((name) => [name, manifest.metrics![name]!]))
  const before = { ...manifest, metrics: recorded, evaluation: undefined, weightsHash: undefined }
  writeFileSync(fileOf(runFiles.manifest), JSON.stringify(before))
  rmSync(fileOf(runFiles.evaluation))

  const [evaluation, again] = await Promise.all([
    request('runs:evaluation', { run }),
    request('runs:evaluation', { run }),
  ])
  expect(again).toEqual(evaluation)
  expect(Object.fromEntries(evaluation.metrics.map(({ name, value }) => [name, value]))).toEqual(manifest.metrics)
  expect(existsSync(fileOf(runFiles.evaluation))).toBe(true)
  expect(readFileSync(fileOf(runFiles.evaluation)).equals(bytes)).toBe(true)
  const now = await request('runs:get', { run })
  expect(now.manifest.evaluation).toEqual(manifest.evaluation)
  expect(now.manifest.metrics).toEqual(manifest.metrics)
})
