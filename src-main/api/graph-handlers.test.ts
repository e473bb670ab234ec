import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { unwrap } from '../../src-shared/contract/errors'
import { answer } from '../../src-shared/contract/rpc'
import type { KnownGraph } from '../../src-shared/domain/graph'
import type { RunManifest } from '../../src-shared/domain/run'
import { parseGraph } from '../../src-shared/graph/text'
import { builtEntries } from '../../tests/support/built'
import { readDataset } from '../pipeline/dataset/dataset'
import { importDemo } from '../pipeline/ingest/demo'
import { writeGraph } from '../pipeline/run-files'
import { RunStore } from '../storage/run-store'
import { openWorkspace } from '../storage/workspace'
import { createServices, type Services } from './create-services'
import { FileRegistry } from './file-registry'

describe('the known graph of a run', () => {
  let directory: string
  let path: string
  let services: Services
  let store: RunStore
  let datasetHash: string

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'causeway-graph-'))
    path = join(directory, 'workspace')
    const workspace = openWorkspace(path, 'write')
    await importDemo(path)
    datasetHash = (await readDataset(path, 'demo')).hash
    store = new RunStore(workspace)
    services = createServices({ workspace, shell: 'cli', files: new FileRegistry(), entries: builtEntries() })
  })
  afterAll(async () => {
    await services.close()
    rmSync(directory, { recursive: true, force: true })
  })

  /** Asks for the truth of a run that learned the graph. */
  async function truthFor(id: string, learned: string | null, change: Partial<RunManifest> = {}) {
    store.create({
      type: 'causeway-run',
      version: 1,
      id,
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
      producedBy: { causeway: '0', datasetHash, splitHash: null, platform: 'linux-x64', node: 'v20' },
      ...change,
    })
    if (learned !== null) {
      const probabilities = parseGraph(learned).map((row) => row.map((edge) => (edge ? 0.9 : 0.1)))
      writeGraph(store.directory(id), {
        type: 'causal-graph',
        version: 1,
        nodes: probabilities.map((_, node) => `c${node + 1}`),
        probabilities,
        meanStrengths: null,
      })
    }
    return unwrap(await answer(services.handlers, 'graph:truth', { run: id })) as KnownGraph | null
  }

  const edges = [
    ['c1', 'c2'],
    ['c2', 'c3'],
    ['c2', 'c4'],
  ]

  it('is told with the distance of the learned one under the best matching', async () => {
    const known = await truthFor('renamed', 'c3 -> c1, c1 -> c2, c1 -> c4')
    expect(known).toMatchObject({
      nodes: ['c1', 'c2', 'c3', 'c4'],
      edges,
      comparison: { threshold: 0.5, shd: 0, learnedEdges: 3 },
    })
    expect(known!.comparison!.matching.slice(0, 2)).toEqual([
      { learned: 'c3', known: 'c1' },
      { learned: 'c1', known: 'c2' },
    ])
    expect(known!.comparison!.meanRandomShd).toBeGreaterThan(0)
  })

  it('has no comparison with a graph of another size', async () =>
    expect(await truthFor('small', 'c1 -> c2 -> c3')).toEqual({
      nodes: ['c1', 'c2', 'c3', 'c4'],
      edges,
      comparison: null,
    }))

  it.each<[string, Partial<RunManifest>]>([
    ['of data that are gone', { dataset: 'gone' }],
    [
      'of other data, once under the same name',
      { producedBy: { causeway: '0', datasetHash: 'other', splitHash: null, platform: 'linux-x64', node: 'v20.20.2' } },
    ],
  ])('is not told %s', async (about, change) =>
    expect(await truthFor(about.replaceAll(/\W/g, '-'), 'c1 -> c2, c4', change)).toBeNull(),
  )

  it('needs a graph', async () => {
    await expect(truthFor('none', null)).rejects.toMatchObject({ code: 'noGraph' })
    await expect(truthFor('vae', null, { method: 'multi-vae' })).rejects.toMatchObject({ code: 'noGraph' })
  })
})
