import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { JobState } from '../../src-shared/domain/job'
import type { RunManifest } from '../../src-shared/domain/run'
import { runDirectory, runFiles, runsDirectory } from './layout'
import { RunStore, newRunId } from './run-store'
import { openWorkspace, type Workspace } from './workspace'

let directory: string
let workspace: Workspace
let store: RunStore

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'causeway-runs-'))
  workspace = openWorkspace(directory, 'write')
  store = new RunStore(workspace)
})
afterEach(() => {
  workspace.close()
  rmSync(directory, { recursive: true, force: true })
})

const manifest = (id: string, change: Partial<RunManifest> = {}): RunManifest => ({
  type: 'causeway-run',
  version: 1,
  id,
  method: 'multi-vae',
  dataset: 'ml',
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
  epochs: 0,
  bestEpoch: null,
  metrics: null,
  error: null,
  evaluation: null,
  weightsHash: null,
  experiment: null,
  reproduces: null,
  producedBy: { causeway: '0', datasetHash: 'h', splitHash: null, platform: 'linux-x64', node: 'v20.20.2' },
  ...change,
})

const at = (id: string, file: string): string => join(runDirectory(directory, id), file)
const point = (epoch: number, loss = epoch): string => JSON.stringify({ epoch, seconds: 2, values: { loss } }) + '\n'
const refusal = (message: RegExp) =>
  expect.objectContaining({ code: 'runInvalid', message: expect.stringMatching(message) })

describe('the restore gate', () => {
  it.each<JobState>(['running', 'pausing', 'cancelling', 'queued'])(
    'takes a run that says it is %s for interrupted when nobody works on it, and writes that down',
    (state) => {
      store.create(manifest('a', { state }))
      writeFileSync(at('a', runFiles.metrics), point(1) + point(2))
      expect(store.read('a')).toMatchObject({
        state: 'interrupted',
        epochs: 2,
        durationSeconds: 4,
        error: { code: 'interrupted' },
      })
      expect(JSON.parse(readFileSync(at('a', runFiles.manifest), 'utf8'))).toMatchObject({ state: 'interrupted' })
    },
  )

  it('leaves a run alone that this process works on', () => {
    store.create(manifest('a', { state: 'running' }))
    store.setLive('a', true)
    expect(store.read('a').state).toBe('running')
  })

  it('lets a reader see the runs of the process that holds the lock as they are, and writes nothing', () => {
    store.create(manifest('a', { state: 'running' }))
    const before = readFileSync(at('a', runFiles.manifest), 'utf8')
    const reader = new RunStore(openWorkspace(directory, 'read'))
    expect(reader.read('a').state).toBe('running')
    workspace.close()
    expect(reader.read('a').state).toBe('interrupted')
    expect(readFileSync(at('a', runFiles.manifest), 'utf8')).toBe(before)
  })

  it('drops a torn last line, and lets a resumed training append after a whole one', () => {
    store.create(manifest('a'))
    writeFileSync(at('a', runFiles.metrics), point(1) + point(2).slice(0, 9))
    expect(store.detail('a').points.map(({ epoch }) => epoch)).toEqual([1])
    store.mendLines('a')
    appendFileSync(at('a', runFiles.metrics), point(2))
    expect(store.detail('a').points.map(({ epoch }) => epoch)).toEqual([1, 2])
  })

  it('counts the later report of an epoch that was trained again', () => {
    store.create(manifest('a'))
    writeFileSync(at('a', runFiles.metrics), point(1) + point(2, 7) + point(2, 5) + point(3))
    expect(store.detail('a').points.map(({ values }) => values.loss)).toEqual([1, 5, 3])
  })

  it('refuses a line that is damaged in the middle and says which', () => {
    store.create(manifest('a'))
    writeFileSync(at('a', runFiles.metrics), point(1) + '{"epoch": "two"}\n' + point(3))
    expect(() => store.detail('a')).toThrow(refusal(/line 2 of metrics\.jsonl/))
  })

  it.each([
    ['not JSON', '{ "type"', /not JSON/],
    ['of something else', '{ "type": "recipe", "version": 1 }', /does not describe/],
    ['of a newer version', '{ "type": "causeway-run", "version": 2 }', /newer Causeway/],
    ['without its fields', '{ "type": "causeway-run", "version": 1, "id": "a" }', /damaged \(method/],
    ['of another run', JSON.stringify(manifest('b')), /the run "b"/],
  ])('refuses a manifest that is %s', (_, text, reason) => {
    store.create(manifest('a'))
    writeFileSync(at('a', runFiles.manifest), text)
    expect(() => store.read('a')).toThrow(refusal(reason))
  })

  it('refuses a folder without a manifest', () => {
    mkdirSync(runDirectory(directory, 'a'))
    expect(() => store.read('a')).toThrow(refusal(/no manifest/))
  })
})

describe('the run store', () => {
  it('lists the newest first, and apart what cannot be read', () => {
    store.create(manifest('old', { createdAt: '2026-01-01T00:00:00.000Z' }))
    store.create(manifest('new'))
    mkdirSync(runDirectory(directory, 'broken'))
    const { runs, refused } = store.list()
    expect(runs.map(({ id }) => id)).toEqual(['new', 'old'])
    expect(refused).toMatchObject([{ id: 'broken', error: { code: 'runInvalid' } }])
  })

  it('changes fields and removes runs', () => {
    store.create(manifest('a'))
    expect(store.update('a', { epochs: 3 })).toMatchObject({ epochs: 3, method: 'multi-vae' })
    store.remove('a')
    expect(() => store.read('a')).toThrow(expect.objectContaining({ code: 'notFound' }))
  })

  it('never leaves the workspace', () => {
    for (const id of ['..', '../datasets', '/etc', 'a/b']) {
      expect(() => store.read(id)).toThrow(expect.objectContaining({ code: 'pathRefused' }))
      expect(() => store.remove(id)).toThrow(expect.objectContaining({ code: 'pathRefused' }))
    }
    symlinkSync(tmpdir(), join(runsDirectory(directory), 'link'))
    expect(() => store.read('link')).toThrow(expect.objectContaining({ code: 'pathRefused' }))
  })

  it('gives readable ids', () => {
    const time = new Date(2026, 10, 20, 21, 33, 5)
    expect(newRunId('csc', time)).toMatch(/^csc-20261120-213305-[0-9a-f]{4}$/)
  })
})
