import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RequestInput, RequestName, RequestOutput } from '../../src-shared/contract/contract'
import { unwrap } from '../../src-shared/contract/errors'
import { answer } from '../../src-shared/contract/rpc'
import type { ExportedFile } from '../../src-shared/domain/exported'
import { takeRows } from '../../src-shared/domain/split'
import { builtEntries } from '../../tests/support/built'
import { onnxRunner, tfjsRunner } from '../../tests/support/exported-models'
import { importDemo } from '../pipeline/ingest/demo'
import type { ModelCard } from '../pipeline/export/model-card'
import { readSplit, readSplitIds } from '../pipeline/split/split-store'
import { runDirectory, runFiles, splitDirectory } from '../storage/layout'
import { openWorkspace } from '../storage/workspace'
import { useBackend } from '../tensor/backends'
import { decodeSafetensors } from '../tensor/safetensors'
import { createServices, type Services } from './create-services'
import { FileRegistry } from './file-registry'

/** Exports through the services, with real trainers, of a small CSC and a small Multi-VAE trained on the built-in data set. */

let directory: string
let path: string
let services: Services
let causal: string
let baseline: string

const request = async <N extends RequestName>(name: N, input: RequestInput<N>): Promise<RequestOutput<N>> =>
  unwrap(await answer(services.handlers, name, input)) as RequestOutput<N>

async function train(method: string, params: Record<string, number>): Promise<string> {
  const job = await request('train:start', {
    method,
    dataset: 'demo',
    backend: 'wasm',
    params: { epochs: 2, ...params },
  })
  expect((await services.jobs.ended(job.id)).error).toBeNull()
  return job.run!
}

beforeAll(async () => {
  // For TensorFlow.js, which runs an exported model here.
  await useBackend('cpu')
  directory = mkdtempSync(join(tmpdir(), 'causeway-export-'))
  path = join(directory, 'workspace')
  const workspace = openWorkspace(path, 'write')
  await importDemo(path)
  workspace.close()
  services = createServices({
    workspace: openWorkspace(path, 'write'),
    shell: 'cli',
    files: new FileRegistry(),
    entries: builtEntries(),
  })
  causal = await train('csc', { confounders: 3, hidden: 32, latent: 12 })
  baseline = await train('multi-vae', { hidden: 32, latent: 12 })
}, 240_000)
afterAll(async () => {
  await services.close()
  rmSync(directory, { recursive: true, force: true })
})

const mask = [
  [1, 0, 0],
  [0.5, 1, 1],
  [1, 1, 1],
]
const fileOf = (files: ExportedFile[], name: string): Uint8Array => files.find((file) => file.name === name)!.bytes
const jsonOf = <T>(files: ExportedFile[], name: string): T =>
  JSON.parse(new TextDecoder().decode(fileOf(files, name))) as T
const split = async () => {
  const at = splitDirectory(path, readdirSync(join(path, 'splits'))[0]!)
  return { split: await readSplit(at), ids: await readSplitIds(at) }
}

describe('a model', () => {
  it('as ONNX gives the lists that the workbench shows, by the items beside it, under the mask it was given', async () => {
    const files = await request('export:model', { run: causal, format: 'onnx', mask })
    expect(files.map(({ name }) => name)).toEqual(['model.onnx', 'model-card.json', 'items.json'])
    const items = jsonOf<{ id: string; title: string }[]>(files, 'items.json')
    const { split: prepared, ids } = await split()
    expect(items.map(({ id }) => id)).toEqual(ids.items)
    expect(items.some(({ id, title }) => id !== title)).toBe(true)

    const scores = await (await onnxRunner(fileOf(files, 'model.onnx')))(takeRows(prepared.train, [4]))
    const shown = await request('intervene:user', {
      run: causal,
      user: ids.users[4]!,
      k: 10,
      intervention: { factors: mask, holds: [] },
    })
    for (const { id, score } of shown.after)
      expect(scores[items.findIndex((item) => item.id === id)]).toBeCloseTo(score!, 5)
  })

  it('as TensorFlow.js gives the lists that the workbench shows', async () => {
    const files = await request('export:model', { run: baseline, format: 'tfjs' })
    expect(files.map(({ name }) => name)).toEqual(['model.json', 'weights.bin', 'model-card.json', 'items.json'])
    const { split: prepared, ids } = await split()
    const model = new TextDecoder().decode(fileOf(files, 'model.json'))
    const scores = await (await tfjsRunner(model, fileOf(files, 'weights.bin')))(takeRows(prepared.train, [4]))
    const { items } = await request('recommend:topK', { run: baseline, user: ids.users[4]!, k: 10 })
    for (const { id, score } of items) expect(scores[ids.items.indexOf(id)]).toBeCloseTo(score, 5)
  })

  it('as safetensors has the very weights of the run, and says what they are', async () => {
    const files = await request('export:model', { run: causal, format: 'safetensors' })
    const { arrays, metadata } = decodeSafetensors(fileOf(files, 'model.safetensors'))
    const stored = decodeSafetensors(readFileSync(join(runDirectory(path, causal), runFiles.weights)))
    expect(arrays).toEqual(stored.arrays)
    expect(metadata).toMatchObject({ run: causal, method: 'csc', mask: 'none', nodes: '["c1","c2","c3"]' })
  })

  it('comes with a card: data, split, training, metrics with their meaning, the mask', async () => {
    const { manifest } = await request('runs:get', { run: causal })
    const card = jsonOf<ModelCard>(
      await request('export:model', { run: causal, format: 'onnx', mask }),
      'model-card.json',
    )
    expect(card).toMatchObject({
      run: causal,
      method: { id: 'csc', label: 'CSC' },
      training: { seed: manifest.seed, params: manifest.params },
      data: { dataset: 'demo', hash: manifest.producedBy.datasetHash, splitHash: manifest.producedBy.splitHash },
      graph: { nodes: ['c1', 'c2', 'c3'] },
      mask: { factors: mask },
    })
    const ndcg = card.evaluation!.metrics.find(({ name }) => name === 'ndcg@10')!
    expect(ndcg).toMatchObject({ value: manifest.metrics!['ndcg@10'], direction: 'higher', range: [0, 1] })
    expect(ndcg.help).toContain('log2')
    expect(card.limitations.join(' ')).toContain('without the mask')
  })

  it('takes no mask that does not fit it, nor one where it has no edges', async () => {
    const wrong = request('export:model', { run: causal, format: 'onnx', mask: [[1]] })
    await expect(wrong).rejects.toMatchObject({ code: 'badRequest' })
    const none = request('export:model', { run: baseline, format: 'onnx', mask })
    await expect(none).rejects.toMatchObject({ code: 'noGraph' })
  })
})

describe('the lists of all users', () => {
  it('have the user’s own ids, and are those that the workbench shows', async () => {
    const { ids } = await split()
    const lists = await request('export:topK', { run: causal, format: 'csv', k: 5, task: 't' })
    expect(lists).toMatchObject({ users: ids.users.length, mediaType: 'text/csv' })
    const rows = new TextDecoder().decode(lists.bytes).trimEnd().split('\r\n')
    expect(rows[0]).toBe('user,rank,item,title,score')
    expect(rows).toHaveLength(1 + 5 * ids.users.length)
    const user = ids.users[7]!
    const shown = await request('recommend:topK', { run: causal, user, k: 5 })
    const own = rows.filter((row) => row.startsWith(`${user},`)).map((row) => row.split(',')[2])
    expect(own).toEqual(shown.items.map(({ id }) => id))
  })

  it('follow the mask', async () => {
    const { ids } = await split()
    const { bytes } = await request('export:topK', { run: causal, format: 'csv', k: 5, mask, task: 't' })
    const user = ids.users[7]!
    const rows = new TextDecoder()
      .decode(bytes)
      .split('\r\n')
      .filter((row) => row.startsWith(`${user},`))
    const shown = await request('intervene:user', {
      run: causal,
      user,
      k: 5,
      intervention: { factors: mask, holds: [] },
    })
    expect(rows.map((row) => row.split(',')[2])).toEqual(shown.after.map(({ id }) => id))
  })

  it('tell how far they are, and end when they are withdrawn', async () => {
    const heard: string[] = []
    const stop = services.events.subscribe((name, payload) => {
      if (name === 'intervene:progress') heard.push((payload as { task: string }).task)
    })
    await request('export:topK', { run: baseline, format: 'parquet', k: 3, task: 'told' })
    stop()
    expect(heard).toContain('told')
    const asked = request('export:topK', { run: baseline, format: 'csv', k: 3, task: 'withdrawn' })
    await request('intervene:stop', { task: 'withdrawn' })
    await expect(asked).rejects.toMatchObject({ code: 'cancelled' })
  })
})
