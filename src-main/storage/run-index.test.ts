import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { generateRuns } from '../../scripts/generate-runs.mjs'
import { runFilterSchema, type RunCondition, type RunFilter, type RunSort } from '../../src-shared/domain/run-table'
import type { RunManifest } from '../../src-shared/domain/run'
import { runDirectory, runIndexFile } from './layout'
import { RunIndex } from './run-index'
import { RunStore } from './run-store'
import { openWorkspace, type Workspace } from './workspace'

let path: string
let opened: { workspace: Workspace; index: RunIndex; store: RunStore }[] = []

function open(access: 'read' | 'write' = 'write'): { workspace: Workspace; store: RunStore; index: RunIndex } {
  const workspace = openWorkspace(path, access)
  const store = new RunStore(workspace)
  const session = { workspace, store, index: new RunIndex(workspace, store) }
  opened.push(session)
  return session
}

/** Ends a session as the services do. */
async function close(session: (typeof opened)[number]): Promise<void> {
  await session.index.close()
  session.workspace.close()
}

beforeEach(() => {
  path = join(mkdtempSync(join(tmpdir(), 'causeway-run-index-')), 'workspace')
})
afterEach(async () => {
  for (const session of opened) await close(session)
  opened = []
  rmSync(join(path, '..'), { recursive: true, force: true })
})

const all: RunFilter = runFilterSchema.parse({})
const where = (...conditions: RunCondition[]): RunFilter => ({ ...all, conditions })
const newest: RunSort[] = [{ column: 'createdAt', descending: true }]
const manifestFile = (id: string): string => join(runDirectory(path, id), 'manifest.json')
const manifestOf = (id: string): RunManifest => JSON.parse(readFileSync(manifestFile(id), 'utf8')) as RunManifest

const page = (index: RunIndex, filter = all, sort = newest, columns: string[] = []) =>
  index.rows({ filter, sort, columns, offset: 0, limit: 500 })
const idsOf = async (index: RunIndex, filter = all, sort = newest): Promise<string[]> =>
  (await page(index, filter, sort)).rows.map((row) => row.id)

/** Makes one run, as the store writes it. */
function made(id: string, change: Partial<RunManifest> = {}): RunManifest {
  return {
    type: 'causeway-run',
    version: 1,
    id,
    method: 'csc',
    dataset: 'log',
    recipe: {},
    params: {},
    knowledge: null,
    seed: 0,
    backend: 'wasm',
    threads: 1,
    state: 'completed',
    createdAt: '2026-01-01T00:00:00.000Z',
    startedAt: null,
    endedAt: null,
    durationSeconds: 1,
    epochs: 1,
    bestEpoch: 1,
    metrics: null,
    error: null,
    evaluation: null,
    weightsHash: null,
    experiment: null,
    reproduces: null,
    producedBy: { causeway: '0', datasetHash: 'd', splitHash: 's', platform: '', node: '' },
    ...change,
  }
}

describe('rows', () => {
  it('are the cells of the manifests, a page at a time, newest first', async () => {
    const ids = generateRuns(path, { runs: 40, metrics: 20, epochs: 2 })
    const { index } = open()
    const columns = ['metric:ndcg@10', 'param:learningRate', 'recipe:kCore', 'experiment', 'no such column']
    const { all: count, total, rows } = await index.rows({ filter: all, sort: newest, columns, offset: 10, limit: 5 })
    expect([count, total]).toEqual([40, 40])
    const expected = ids
      .map(manifestOf)
      .sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1))
      .slice(10, 15)
    expect(rows).toEqual(
      expected.map((run) => ({
        id: run.id,
        method: run.method,
        state: run.state,
        cells: [
          run.metrics?.['ndcg@10'] ?? null,
          run.params.learningRate,
          run.recipe.kCore,
          run.experiment?.name ?? null,
          null,
        ],
      })),
    )
  })

  it('are sorted either way with runs without a value last, and otherwise newest first', async () => {
    const { store, index } = open()
    const day = (n: number): string => `2026-01-0${n}T00:00:00.000Z`
    store.create(made('a', { createdAt: day(1), metrics: { auc: 0.5 } }))
    store.create(made('b', { createdAt: day(2) }))
    store.create(made('c', { createdAt: day(3), metrics: { auc: 0.9 } }))
    store.create(made('d', { createdAt: day(4), metrics: { auc: 0.5 } }))
    store.create(made('e', { createdAt: day(5) }))
    expect(await idsOf(index, all, [{ column: 'metric:auc', descending: true }])).toEqual(['c', 'd', 'a', 'e', 'b'])
    expect(await idsOf(index, all, [{ column: 'metric:auc', descending: false }])).toEqual(['d', 'a', 'c', 'e', 'b'])
    expect(await idsOf(index, all, [{ column: 'id', descending: false }])).toEqual(['a', 'b', 'c', 'd', 'e'])
  })

  it('sort parameters that are numbers as numbers, before texts', async () => {
    const { store, index } = open()
    for (const [id, width] of [
      ['a', 10],
      ['b', 9],
      ['c', 'wide'],
      ['d', 100],
    ] as const)
      store.create(made(id, { params: { width } }))
    expect(await idsOf(index, all, [{ column: 'param:width', descending: false }])).toEqual(['b', 'a', 'd', 'c'])
  })
})

describe('filters', () => {
  beforeEach(() => {
    const { store } = open()
    store.create(
      made('a', {
        params: { rate: 0.1, variant: 'g+l', flag: true },
        metrics: { auc: 0.5 },
        experiment: { name: 'Sweep one', trial: 1, phase: 'final', label: 'csc' },
      }),
    )
    store.create(made('b', { method: 'ease', params: { rate: 0.2, variant: 'g', flag: false }, metrics: { auc: 0.7 } }))
    store.create(made('c', { state: 'failed', dataset: 'Other' }))
  })

  it.each<[RunCondition, string[]]>([
    [{ column: 'metric:auc', is: '>', value: 0.5 }, ['b']],
    [{ column: 'metric:auc', is: '>=', value: 0.5 }, ['a', 'b']],
    [{ column: 'metric:auc', is: '<', value: '0.7' }, ['a']],
    [{ column: 'metric:auc', is: '=', value: null }, ['c']],
    [{ column: 'metric:auc', is: '!=', value: null }, ['a', 'b']],
    [{ column: 'metric:auc', is: '<', value: null }, []],
    [{ column: 'param:rate', is: '=', value: 0.2 }, ['b']],
    [{ column: 'param:rate', is: '!=', value: 0.2 }, ['a', 'c']],
    [{ column: 'param:variant', is: '=', value: 'g' }, ['b']],
    [{ column: 'param:variant', is: 'contains', value: 'G' }, ['a', 'b']],
    [{ column: 'param:flag', is: '=', value: true }, ['a']],
    [{ column: 'param:rate', is: '>', value: 'much' }, []],
    [{ column: 'createdAt', is: '>=', value: '2026-01-01' }, ['a', 'b', 'c']],
    [{ column: 'createdAt', is: '<', value: '2026-01-01' }, []],
    [{ column: 'param:none', is: '=', value: 1 }, []],
    [{ column: 'param:none', is: '=', value: null }, ['a', 'b', 'c']],
  ])('by the condition %j', async (condition, expected) => {
    expect((await idsOf(opened[0]!.index, where(condition))).sort()).toEqual(expected)
  })

  it('by text in id, method, data set and experiment, by state and by id', async () => {
    const { index } = opened[0]!
    const found = async (filter: Partial<RunFilter>): Promise<string[]> =>
      (await idsOf(index, { ...all, ...filter })).sort()
    expect(await found({ text: 'SWEEP' })).toEqual(['a'])
    expect(await found({ text: ' other ' })).toEqual(['c'])
    expect(await found({ text: 'ease' })).toEqual(['b'])
    expect(await found({ states: ['failed', 'paused'] })).toEqual(['c'])
    expect(await found({ runs: ['a', 'c', 'gone'] })).toEqual(['a', 'c'])
    expect(await found({ runs: [] })).toEqual([])
    expect(await found({ text: 'csc', states: ['completed'] })).toEqual(['a'])
  })

  it('leave out runs that check others, unless these are asked for', async () => {
    const { index, store } = opened[0]!
    store.create(made('check', { reproduces: 'a' }))
    expect(await idsOf(index)).not.toContain('check')
    expect(await idsOf(index, where({ column: 'reproduces', is: '=', value: 'a' }))).toEqual(['check'])
    expect(await idsOf(index, { ...all, runs: ['check'] })).toEqual(['check'])
  })
})

describe('columns', () => {
  it('say their kind, how many runs have a value, and whether the runs that pass differ', async () => {
    const { store, index } = open()
    store.create(made('a', { seed: 1, params: { rate: 0.1, deep: true, name: 'x' }, metrics: { auc: 0.5 } }))
    store.create(made('b', { seed: 2, params: { rate: 0.1, deep: false, width: 8 }, metrics: { auc: 0.5 } }))
    store.create(made('c', { seed: 2, params: { rate: 0.3 } }))
    const described = async (filter: RunFilter) =>
      Object.fromEntries((await index.columns(filter)).map(({ column, ...rest }) => [column, rest]))
    const columns = await described(all)
    expect(columns).toMatchObject({
      seed: { kind: 'number', runs: 3, differs: true },
      createdAt: { kind: 'time', runs: 3, differs: false },
      method: { kind: 'text', differs: false },
      'metric:auc': { kind: 'number', runs: 2, differs: false },
      'param:rate': { kind: 'number', runs: 3, differs: true },
      'param:deep': { kind: 'flag', runs: 2, differs: true },
      'param:name': { kind: 'text', runs: 1, differs: false },
      'param:width': { kind: 'number', runs: 1, differs: false },
    })
    // Nothing failed, nothing checks another: there are no such columns.
    expect(Object.keys(columns)).not.toContain('error')
    expect(Object.keys(columns)).not.toContain('reproduces')
    expect(await described({ ...all, runs: ['a', 'b'] })).toMatchObject({
      'param:rate': { runs: 2, differs: false },
      seed: { differs: true },
    })
    expect(Object.keys(columns)[0]).toBe('id')
    expect(Object.keys(columns).at(-1)).toMatch(/^param:/)
  })
})

describe('groups', () => {
  it('hold mean, sample deviation and ends, in the order of their newest run', async () => {
    const { store, index } = open()
    const day = (n: number): string => `2026-01-0${n}T00:00:00.000Z`
    store.create(made('a', { createdAt: day(1), metrics: { auc: 0.2 } }))
    store.create(made('b', { createdAt: day(2), method: 'ease', metrics: { auc: 0.9 } }))
    store.create(made('c', { createdAt: day(3), metrics: { auc: 0.4 } }))
    store.create(made('d', { createdAt: day(4), metrics: { auc: 0.9 } }))
    store.create(made('e', { createdAt: day(5), state: 'failed' }))
    const groups = await index.groups({
      filter: { ...all, states: ['completed'] },
      by: ['method', 'dataset'],
      columns: ['metric:auc', 'dataset', 'metric:none'],
    })
    expect(groups.map(({ key, runs, ids }) => ({ key, runs, ids }))).toEqual([
      { key: ['csc', 'log'], runs: 3, ids: ['d', 'c', 'a'] },
      { key: ['ease', 'log'], runs: 1, ids: ['b'] },
    ])
    // 0.2, 0.4, 0.9: mean 0.5, deviations -0.3, -0.1, 0.4, variance 0.26 / 2.
    expect(groups[0]!.cells[0]).toEqual({
      mean: expect.closeTo(0.5, 12),
      sd: expect.closeTo(Math.sqrt(0.13), 12),
      count: 3,
      min: 0.2,
      max: 0.9,
    })
    expect(groups[1]!.cells).toEqual([{ mean: 0.9, sd: null, count: 1, min: 0.9, max: 0.9 }, null, null])
  })
})

describe('the table', () => {
  it('follows what the store writes', async () => {
    const { store, index } = open()
    const ids = generateRuns(join(path, '..', 'other'), { runs: 6, metrics: 3, epochs: 1 })
    expect((await page(index)).all).toBe(0)
    for (const id of ids)
      store.create(
        JSON.parse(readFileSync(join(path, '..', 'other', 'runs', id, 'manifest.json'), 'utf8')) as RunManifest,
      )
    expect((await idsOf(index)).sort()).toEqual([...ids].sort())
    store.update(ids[2]!, { metrics: { auc: 0.25 }, state: 'completed' })
    store.remove(ids[0]!)
    store.remove(ids[5]!)
    const { rows } = await page(index, all, newest, ['metric:auc', 'seed', 'metric:recall@10'])
    expect(rows.map((row) => [row.id, ...row.cells]).sort()).toEqual(
      ids
        .slice(1, 5)
        .map((id) => [
          id,
          manifestOf(id).metrics?.auc ?? null,
          manifestOf(id).seed,
          manifestOf(id).metrics?.['recall@10'] ?? null,
        ])
        .sort(),
    )
    expect(rows.find((row) => row.id === ids[2])!.cells).toEqual([0.25, 2, null])
  })

  it('shows a run that cannot be read with the reason, and shows it whole once it can', async () => {
    const [good, bad] = generateRuns(path, { runs: 2, metrics: 3, epochs: 1 })
    const text = readFileSync(manifestFile(bad!), 'utf8')
    writeFileSync(manifestFile(bad!), text.slice(0, 50))
    mkdirSync(join(path, 'runs', 'empty'))
    const first = open()
    const { rows } = await page(first.index, all, newest, ['error'])
    const reason = (id: string): unknown => rows.find((row) => row.id === id)!.cells[0]
    expect(reason(bad!)).toMatch(/is not JSON/)
    expect(reason('empty')).toMatch(/no manifest\.json/)
    expect(reason(good!)).toBeNull()
    await close(first)
    writeFileSync(manifestFile(bad!), text)
    expect((await page(open().index, all, newest, ['error'])).rows.find((row) => row.id === bad)).toMatchObject({
      method: manifestOf(bad!).method,
      cells: [null],
    })
  })

  it('marks runs whose process is gone as interrupted', async () => {
    const first = open()
    first.store.create(made('a', { state: 'running' }))
    first.store.setLive('a', true)
    expect((await page(first.index)).rows[0]!.state).toBe('running')
    await close(first)
    expect((await page(open().index)).rows[0]!.state).toBe('interrupted')
    expect(manifestOf('a').state).toBe('interrupted')
  })
})

describe('the copy on disk', () => {
  const past = new Date('2026-01-01')
  /** Runs of a time when nothing was written any more, and an index of them. */
  async function indexed(): Promise<string[]> {
    const ids = generateRuns(path, { runs: 8, metrics: 5, epochs: 1 })
    for (const id of ids) utimesSync(manifestFile(id), past, past)
    const session = open()
    await page(session.index)
    await close(session)
    return ids
  }
  const auc = async (session: { index: RunIndex }, id: string, column = 'seed') =>
    (await page(session.index, { ...all, runs: [id] }, newest, [column])).rows[0]?.cells[0]

  it('stands in for manifests of the same size and time, and for no others', async () => {
    const [same, newer, longer, removed] = await indexed()
    const edit = (id: string, find: string, put: string): void => {
      const text = readFileSync(manifestFile(id), 'utf8')
      expect(text).toContain(find)
      writeFileSync(manifestFile(id), text.replace(find, put))
    }
    edit(same!, '"seed": 0', '"seed": 9')
    utimesSync(manifestFile(same!), past, past)
    edit(newer!, '"seed": 1', '"seed": 9')
    edit(longer!, '"seed": 2', '"seed": 999')
    utimesSync(manifestFile(longer!), past, past)
    rmSync(runDirectory(path, removed!), { recursive: true })
    const session = open()
    // That the first edit is not seen shows that its manifest was not read.
    expect(await auc(session, same!)).toBe(0)
    expect(await auc(session, newer!)).toBe(9)
    expect(await auc(session, longer!)).toBe(999)
    expect(await auc(session, removed!)).toBeUndefined()
    expect((await page(session.index)).all).toBe(7)
  })

  it('gives every cell back as it was', async () => {
    const ids = await indexed()
    const session = open()
    const columns = (await session.index.columns(all)).map(({ column }) => column)
    const fromCopy = await page(session.index, all, newest, columns)
    await close(session)
    rmSync(runIndexFile(path))
    const anew = await page(open().index, all, newest, columns)
    expect(fromCopy).toEqual(anew)
    expect(fromCopy.rows).toHaveLength(ids.length)
    expect(columns.length).toBeGreaterThan(20)
  })

  it.each([
    ['cut short', (bytes: Buffer) => bytes.subarray(0, bytes.length - 9)],
    ['with a bit turned', (bytes: Buffer) => bytes.fill(bytes.at(-20)! ^ 1, bytes.length - 20, bytes.length - 19)],
    ['empty', () => Buffer.alloc(0)],
    ['of something else', () => Buffer.from('{"type":"something else"}'.padEnd(500))],
  ])('%s is made anew from the manifests', async (_, damage) => {
    const ids = await indexed()
    writeFileSync(runIndexFile(path), damage(readFileSync(runIndexFile(path))))
    const session = open()
    expect((await idsOf(session.index)).sort()).toEqual([...ids].sort())
    expect(await auc(session, ids[3]!)).toBe(3)
    await close(session)
    expect(statSync(runIndexFile(path)).size).toBeGreaterThan(500)
  })

  it('is written by the process that holds the lock, and by it alone', async () => {
    generateRuns(path, { runs: 3, metrics: 3, epochs: 1 })
    const reader = open('read')
    expect((await page(reader.index)).all).toBe(3)
    await close(reader)
    expect(existsSync(runIndexFile(path))).toBe(false)
    const writer = open()
    await page(writer.index)
    await close(writer)
    expect(existsSync(runIndexFile(path))).toBe(true)
  })

  it('does not trust a manifest that was written in the same moment', async () => {
    const first = open()
    await page(first.index)
    first.store.create(made('a', { seed: 1 }))
    const stats = statSync(manifestFile('a'))
    vi.useFakeTimers({ toFake: ['Date'], now: stats.mtimeMs + 20 })
    await close(first)
    vi.useRealTimers()
    // The same size, and the same time to the tick of a coarse clock.
    writeFileSync(manifestFile('a'), readFileSync(manifestFile('a'), 'utf8').replace('"seed": 1', '"seed": 2'))
    utimesSync(manifestFile('a'), stats.atime, stats.mtime)
    expect(await auc(open(), 'a')).toBe(2)
  })
})

describe('a process that only reads', () => {
  it('sees what the one that writes has changed', async () => {
    const writer = open()
    writer.store.create(made('a'))
    const reader = open('read')
    expect(await idsOf(reader.index)).toEqual(['a'])
    writer.store.create(made('b'))
    await expect.poll(() => idsOf(reader.index), { timeout: 5000, interval: 200 }).toContain('b')
  })
})
