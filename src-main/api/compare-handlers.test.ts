import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { comparisonRequestSchema, type Comparison, type ComparisonRequest } from '../../src-shared/domain/comparison'
import { evaluationProtocol } from '../../src-shared/domain/metric'
import type { RunManifest } from '../../src-shared/domain/run'
import { builtEntries } from '../../tests/support/built'
import { DataHost } from '../jobs/data-host'
import { Splits, type SplitView } from '../jobs/splits'
import { readDataset } from '../pipeline/dataset/dataset'
import { writeEvaluation } from '../pipeline/evaluate/evaluation-file'
import { importDemo } from '../pipeline/ingest/demo'
import { runFiles } from '../storage/layout'
import { RunStore } from '../storage/run-store'
import { openWorkspace, type Workspace } from '../storage/workspace'
import { Rng } from '../tensor/rng'
import { Catalogs } from './catalogs'
import { compare } from './compare-handlers'
import { segmentChoices } from './user-selection'

/** Runs whose values by user are drawn, on the split of the built-in data set. */

const depth = 30
let directory: string
let workspace: Workspace
let data: DataHost
let store: RunStore
let splits: Splits
let catalogs: Catalogs
let base: RunManifest
let view: SplitView
let rows: Int32Array

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'causeway-compare-'))
  const path = join(directory, 'workspace')
  workspace = openWorkspace(path, 'write')
  await importDemo(path)
  store = new RunStore(workspace)
  data = new DataHost(builtEntries())
  splits = new Splits(path, data)
  catalogs = new Catalogs(workspace, data, splits)
  base = {
    type: 'causeway-run',
    version: 1,
    id: 'base',
    method: 'csc',
    dataset: 'demo',
    recipe: {},
    params: {},
    knowledge: null,
    seed: 0,
    backend: 'wasm',
    threads: 1,
    state: 'completed',
    createdAt: '2026-11-20T20:00:00.000Z',
    startedAt: null,
    endedAt: null,
    durationSeconds: 0,
    epochs: 1,
    bestEpoch: 1,
    metrics: {},
    error: null,
    evaluation: null,
    weightsHash: null,
    experiment: null,
    reproduces: null,
    producedBy: {
      causeway: '0',
      datasetHash: (await readDataset(path, 'demo')).hash,
      splitHash: null,
      platform: '',
      node: '',
    },
  }
  base.producedBy.splitHash = (await splits.prepare(base)).hash
  view = await splits.view(base)
  const { test } = view.split
  rows = Int32Array.from(view.users.keys()).filter((row) => test.indptr[row + 1]! > test.indptr[row]!)
}, 120_000)
afterAll(async () => {
  await data.close()
  workspace.close()
  rmSync(directory, { recursive: true, force: true })
})

const meanOf = (values: Float32Array): number => values.reduce((sum, value) => sum + value, 0) / values.length

/** A run whose users have NDCG about `mean`, and whose lists are the items from `seed` on, the same for everyone. */
function makeRun(id: string, mean: number, change: Partial<RunManifest> = {}): string {
  const manifest = store.create({ ...base, ...change, id })
  const noise = Rng.seeded(1000 * manifest.seed + Math.round(mean * 1e6)).fillNormal(new Float32Array(rows.length))
  const ndcg = noise.map((value) => mean + 0.01 * value)
  const lists = Int32Array.from({ length: rows.length * depth }, (_, at) => manifest.seed + (at % depth))
  const items = view.items.length
  const hash = writeEvaluation(store.directory(id), {
    protocol: evaluationProtocol,
    rows,
    depth,
    lists,
    items,
    values: { 'ndcg@10': ndcg },
  })
  store.update(id, {
    metrics: { 'ndcg@10': meanOf(ndcg), 'coverage@10': 10 / items },
    evaluation: { protocol: evaluationProtocol, users: rows.length, hash },
  })
  return id
}
const compareRuns = (runs: string[], change: Partial<ComparisonRequest> = {}): Promise<Comparison> =>
  compare({ store, splits, catalogs }, comparisonRequestSchema.parse({ runs, metrics: ['ndcg@10'], ...change }))
const seeds = [0, 1, 2]
const warned = ({ warnings }: Comparison) => warnings.map(({ code, runs }) => [code, runs])

describe('a comparison', () => {
  let csc: string[]
  let vae: string[]
  beforeAll(() => {
    csc = seeds.map((seed) => makeRun(`csc-${seed}`, 0.31, { seed }))
    vae = seeds.map((seed) => makeRun(`vae-${seed}`, 0.3, { seed, method: 'multi-vae' }))
  })

  it('has groups, means, intervals over users, tests of all kinds and marks', async () => {
    const result = await compareRuns([...csc, ...vae])
    expect(result.groups.map(({ label, runs }) => [label, runs.map(({ seed }) => seed)])).toEqual([
      ['CSC', seeds],
      ['Multi-VAE', seeds],
    ])
    expect(result.warnings).toEqual([])
    const [metric] = result.metrics
    const [first] = metric!.cells
    expect(first!.values).toEqual(csc.map((id) => store.read(id).metrics!['ndcg@10']))
    expect(first!.interval).toMatchObject({ users: rows.length, resamples: 1000 })
    expect(first!.interval!.low).toBeLessThan(first!.mean!)
    expect(first!.interval!.high).toBeGreaterThan(first!.mean!)
    expect(metric!.tests.map(({ kind, pairs }) => [kind, pairs])).toEqual([
      ['paired-t-seeds', 3],
      ['wilcoxon-seeds', 3],
      ['paired-t-users', rows.length],
      ['wilcoxon-users', rows.length],
    ])
    expect(first!.mark).toBe('best')
    expect(await compareRuns([...csc, ...vae])).toEqual(result)
  })

  it('says which metric none of its runs has', async () => {
    const { warnings, metrics } = await compareRuns([...csc, ...vae], {
      metrics: ['ndcg@10', 'ndcg@77', 'avp:nope@10'],
    })
    expect(warnings.map(({ code }) => code)).toEqual(['notMeasured'])
    expect(warnings[0]!.text).toContain('None of the runs has ndcg@77, avp:nope@10. Lists are measured at 10 and 30')
    expect(metrics[1]!.cells.map(({ mean }) => mean)).toEqual([null, null])
  })

  it('carries what each number is', async () => {
    const { provenance, groups } = await compareRuns([...csc, ...vae])
    const known = provenance['ndcg@10']!
    expect(known).toMatchObject({
      definition: { id: 'ndcg', direction: 'higher' },
      protocol: evaluationProtocol,
      users: rows.length,
    })
    expect(known.data).toEqual([
      { dataset: 'demo', datasetHash: base.producedBy.datasetHash, splitHash: base.producedBy.splitHash, recipe: {} },
    ])
    expect(groups[0]).toMatchObject({ splitHash: base.producedBy.splitHash, protocol: evaluationProtocol })
  })

  it('of a segment has its means, from values by user and from lists', async () => {
    const { users } = await catalogs.tables(base)
    const { attribute, values } = segmentChoices(view, users).texts[0]!
    const value = values[0]!.value
    const table = users.texts.find(({ name }) => name === attribute)!
    const inSegment = rows.filter((row) => table.labels[table.codes[row]!] === value)
    const result = await compareRuns([...csc, ...vae], {
      metrics: ['ndcg@10', 'coverage@10'],
      users: { kind: 'attribute', attribute, value },
    })
    expect(result.provenance['ndcg@10']!.users).toBe(inSegment.length)
    const [ndcg, coverage] = result.metrics
    expect(ndcg!.cells[0]!.interval!.users).toBe(inSegment.length)
    expect(ndcg!.cells[0]!.mean).toBeCloseTo(0.31, 2)
    expect(ndcg!.cells[0]!.mean).not.toBe((await compareRuns(csc)).metrics[0]!.cells[0]!.mean)
    // Every list is of the same ten items.
    expect(coverage!.cells[0]!.values).toEqual(seeds.map(() => 10 / view.items.length))
    expect(coverage!.cells[0]!.interval).toBeNull()
    await expect(
      compareRuns(csc, { users: { kind: 'attribute', attribute, value: 'Atlantis' } }),
    ).rejects.toMatchObject({
      code: 'badRequest',
    })
  })

  it('without values by user has means over seeds only, and says so', async () => {
    const old = seeds.map(
      (seed) =>
        store.create({
          ...base,
          id: `old-${seed}`,
          seed,
          params: { alpha: 1 },
          metrics: { 'ndcg@10': 0.2 + seed / 100 },
        }).id,
    )
    const result = await compareRuns([...csc, ...old])
    expect(warned(result)).toEqual([['noUserValues', old]])
    expect(result.metrics[0]!.cells.map(({ interval }) => interval === null)).toEqual([false, true])
    expect(result.metrics[0]!.tests.map(({ kind }) => kind)).toEqual(['paired-t-seeds', 'wilcoxon-seeds'])
    writeFileSync(join(store.directory('old-0'), runFiles.evaluation), 'no such thing')
    const { warnings } = await compareRuns(old)
    expect(warnings[0]!.text).toContain('evaluation.safetensors of the run is damaged')
  })

  it('leaves out what is no part of it, with the reason', async () => {
    const failed = store.create({ ...base, id: 'failed', state: 'failed', metrics: null }).id
    const check = makeRun('check', 0.31, { reproduces: 'csc-0' })
    const again = makeRun('again', 0.32, { createdAt: '2026-11-21T20:00:00.000Z' })
    const result = await compareRuns([...csc, failed, check, again, 'gone'])
    expect(result.groups[0]!.runs.map(({ run }) => run)).toEqual(['again', 'csc-1', 'csc-2'])
    expect(warned(result)).toEqual([['leftOut', [failed, check, 'gone', 'csc-0']]])
    expect(result.warnings[0]!.text).toBe(
      '4 runs are left out. failed: no test metrics (failed); check: it was trained to check csc-0, and would count it twice; gone: there is no such run; csc-0: a newer run is the same in everything, seed included.',
    )
    await expect(compareRuns([failed])).rejects.toMatchObject({ code: 'badRequest' })
  })

  it('of other data has no ranking', async () => {
    const other = makeRun('other', 0.5, {
      producedBy: { ...base.producedBy, datasetHash: 'other', splitHash: 'other' },
    })
    const result = await compareRuns([...csc, other])
    expect(result.rankable).toBe(false)
    expect(warned(result)).toEqual([['otherData', [other]]])
    expect(result.metrics[0]!.tests).toEqual([])
    expect(result.metrics[0]!.cells.every(({ mark }) => mark === null)).toBe(true)
    expect(result.provenance['ndcg@10']!.data).toHaveLength(2)
  })

  it('is tested against a group that is there, in metrics that are known', async () => {
    const { groups } = await compareRuns([...csc, ...vae])
    const { metrics } = await compareRuns([...csc, ...vae], { baseline: groups[1]!.key })
    expect(metrics[0]!.tests.every(({ b }) => b === groups[1]!.key)).toBe(true)
    await expect(compareRuns(csc, { baseline: 'none' })).rejects.toMatchObject({ code: 'badRequest' })
    await expect(compareRuns(csc, { metrics: ['nothing@10'] })).rejects.toMatchObject({ code: 'badRequest' })
  })
})
