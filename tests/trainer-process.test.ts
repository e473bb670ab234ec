import { fork, type ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { connectChild, type ChildClient } from '../src-main/jobs/child-channel'
import type { RunOnDisk, TrainerCalls, TrainerEventMap } from '../src-main/jobs/trainer-contract'
import { writeSplit } from '../src-main/pipeline/split/split-store'
import { splitDirectory } from '../src-main/storage/layout'
import { decodeSafetensors } from '../src-main/tensor/safetensors'
import { nnzOf } from '../src-shared/domain/split'
import { buildEntry, type BuiltEntry } from './support/build-entry'
import { tinySplit } from './support/tiny-split'

let built: BuiltEntry
let workspace: string
const split = tinySplit()
const children: ChildProcess[] = []

beforeAll(async () => {
  built = await buildEntry('src-main/trainer.ts')
  workspace = mkdtempSync(join(tmpdir(), 'causeway-trainer-'))
  const ids = (count: number, prefix: string): string[] => Array.from({ length: count }, (_, i) => `${prefix}${i}`)
  await writeSplit(
    workspace,
    split,
    { users: ids(split.train.rows, 'u'), items: ids(split.train.cols, 'i') },
    {
      type: 'causeway-split',
      version: 1,
      hash: split.hash,
      dataset: 'tiny',
      datasetHash: 'none',
      recipe: {},
      users: split.train.rows,
      items: split.train.cols,
      nnz: { train: nnzOf(split.train), validation: nnzOf(split.validation), test: nnzOf(split.test) },
      coldUsers: 0,
    },
  )
}, 60_000)
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})
afterAll(() => {
  built.remove()
  rmSync(workspace, { recursive: true, force: true })
})

type Client = ChildClient<TrainerCalls, TrainerEventMap>

const start = (): { child: ChildProcess; client: Client } => {
  const child = fork(built.file, [], { serialization: 'advanced' })
  children.push(child)
  return { child, client: connectChild<TrainerCalls, TrainerEventMap>(child) }
}

const newRun = (name: string, params: RunOnDisk['params'] = {}, method = 'multi-vae'): RunOnDisk => {
  const runDirectory = join(workspace, 'runs', name)
  mkdirSync(runDirectory, { recursive: true })
  return {
    runDirectory,
    splitDirectory: splitDirectory(workspace, split.hash),
    method,
    params: { epochs: 6, batchSize: 16, hidden: 12, latent: 6, patience: 100, learningRate: 0.02, ...params },
    seed: 11,
    backend: 'wasm',
    knowledge: null,
  }
}

const weightsOf = (run: RunOnDisk): string =>
  JSON.stringify(
    Object.entries(decodeSafetensors(readFileSync(join(run.runDirectory, 'weights.safetensors'))).arrays).map(
      ([name, { data }]) => [name, Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64')],
    ),
  )

const pointsOf = (run: RunOnDisk): { epoch: number; values: Record<string, number> }[] =>
  readFileSync(join(run.runDirectory, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { epoch: number; values: Record<string, number> })

test('a training writes its run folder, sends its events and answers with the test metrics', async () => {
  const { client } = start()
  const run = newRun('whole')
  const points: number[] = []
  const stages: string[] = []
  client.on('points', (some) => points.push(...some.map((point) => point.epoch)))
  client.on('progress', ({ stage }) => stages.push(stage))
  const result = await client.call('fit', { ...run, resume: false })
  expect(result).toMatchObject({ end: 'completed', epochs: 6 })
  expect(result.metrics!['recall@10']).toBeGreaterThan(0.5)
  expect(points).toEqual([1, 2, 3, 4, 5, 6])
  expect(stages.length).toBeGreaterThan(0)
  expect(pointsOf(run).map(({ epoch }) => epoch)).toEqual(points)
  expect(readFileSync(join(run.runDirectory, 'log.jsonl'), 'utf8')).toContain('Finished')

  const opened = start().client
  expect(await opened.call('open', run)).toEqual({ users: 60, items: 31 })
  expect(await opened.call('evaluate', { part: 'test' })).toEqual(result.metrics)
  const top = await opened.call('topK', { rows: [0, 59], k: 40 })
  expect(top.items).toHaveLength(80)
  const known = new Set([...split.train.indices.subarray(0, split.train.indptr[1])])
  expect([...top.items.subarray(0, 40)].some((item) => known.has(item))).toBe(false)
  // 31 items less 5 in train and 2 in validation are candidates; the rest of the list is padding.
  expect([...top.items.subarray(0, 40)].filter((item) => item >= 0)).toHaveLength(24)
  await expect(opened.call('graph', {})).rejects.toMatchObject({ code: 'noGraph' })
  await expect(opened.call('topK', { rows: [60], k: 1 })).rejects.toMatchObject({ code: 'badRequest' })
})

test('pausing in the middle of an epoch and resuming in another process ends with the same weights to the bit', async () => {
  // Progress comes every 100 ms: long enough that a pause asked for then still meets the training.
  const long = { epochs: 80 }
  const whole = newRun('pause-whole', long)
  await start().client.call('fit', { ...whole, resume: false })

  const parts = newRun('pause-parts', long)
  const first = start().client
  let seen = 0
  first.on('progress', ({ stage }) => {
    if (/Epoch ([3-9]|[1-9]\d) .* batch/.test(stage) && seen++ === 0) void first.call('stop', { how: 'pause' })
  })
  const paused = await first.call('fit', { ...parts, resume: false })
  expect(paused.end).toBe('paused')
  const resumed = await start().client.call('fit', { ...parts, resume: true })
  expect(resumed.end).toBe('completed')
  expect(weightsOf(parts)).toBe(weightsOf(whole))
  expect(pointsOf(parts).map(({ values }) => values)).toEqual(pointsOf(whole).map(({ values }) => values))
})

test('a killed training loses at most its epoch and resumes to the same weights', async () => {
  const long = { epochs: 40 }
  const whole = newRun('kill-whole', long)
  await start().client.call('fit', { ...whole, resume: false })

  const killed = newRun('kill-parts', long)
  const { child, client } = start()
  client.on('points', (points) => {
    if (points.some(({ epoch }) => epoch >= 3)) child.kill('SIGKILL')
  })
  await expect(client.call('fit', { ...killed, resume: false })).rejects.toMatchObject({ code: 'processDied' })
  expect(existsSync(join(killed.runDirectory, 'weights.safetensors'))).toBe(false)
  const resumed = await start().client.call('fit', { ...killed, resume: true })
  expect(resumed.epochs).toBe(40)
  expect(weightsOf(killed)).toBe(weightsOf(whole))
})

test('cancelling stops between two batches and leaves a checkpoint', async () => {
  const { client } = start()
  const run = newRun('cancel', { epochs: 10000 })
  client.on('points', () => void client.call('stop', { how: 'cancel' }))
  const result = await client.call('fit', { ...run, resume: false })
  expect(result).toMatchObject({ end: 'cancelled', metrics: null })
  expect(existsSync(join(run.runDirectory, 'checkpoint', 'last.safetensors'))).toBe(true)
})

test('a CSC run leaves its graph and answers with the strengths of a user', async () => {
  const run = newRun('csc', { confounders: 3, epochs: 2 }, 'csc')
  const result = await start().client.call('fit', { ...run, resume: false })
  expect(result.end).toBe('completed')
  const { client } = start()
  await client.call('open', run)
  const graph = await client.call('graph', {})
  expect(graph).toEqual(JSON.parse(readFileSync(join(run.runDirectory, 'graph.json'), 'utf8')))
  expect(graph.nodes).toEqual(['c1', 'c2', 'c3'])
  const strengths = await client.call('localGraph', { row: 0 })
  expect(strengths.map((row) => row.length)).toEqual([3, 3, 3])
  expect(strengths.map((row, i) => row[i])).toEqual([0, 0, 0])
  expect(readFileSync(join(run.runDirectory, 'log.jsonl'), 'utf8')).toMatch(/probability of at least 0.5/)
  expect(await client.call('evaluate', { part: 'test' })).toEqual(result.metrics)
})

test('bad runs are refused by name', async () => {
  const { client } = start()
  await expect(client.call('fit', { ...newRun('bad', {}, 'no-such'), resume: false })).rejects.toMatchObject({
    code: 'methodUnknown',
  })
  await expect(client.call('fit', { ...newRun('bad', { epochs: 0 }), resume: false })).rejects.toMatchObject({
    code: 'paramInvalid',
  })
  await expect(client.call('open', newRun('empty'))).rejects.toMatchObject({ code: 'runNotReady' })
})

test('the process ends by itself when its parent is gone, in the middle of a training', async () => {
  const { child, client } = start()
  const started = new Promise((resolve) => client.on('points', resolve))
  const fit = client.call('fit', { ...newRun('orphan', { epochs: 10000 }), resume: false })
  fit.catch(() => undefined)
  await started
  child.disconnect()
  expect((await client.ended).code).toBe(0)
})
