import { fork, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { connectChild, type ChildClient } from '../src-main/jobs/child-channel'
import type { RunOnDisk, TrainerCalls, TrainerEventMap } from '../src-main/jobs/trainer-contract'
import { readEvaluation } from '../src-main/pipeline/evaluate/evaluation-file'
import { writeSplit } from '../src-main/pipeline/split/split-store'
import { splitDirectory } from '../src-main/storage/layout'
import { decodeSafetensors } from '../src-main/tensor/safetensors'
import type { Resample } from '../src-shared/domain/graph'
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
    threads: 2,
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
  const result = await client.call('fit', { ...run, resume: false, attributes: null })
  expect(result).toMatchObject({ end: 'completed', epochs: 6 })
  expect(result.metrics!['recall@10']).toBeGreaterThan(0.5)
  expect(points).toEqual([1, 2, 3, 4, 5, 6])
  expect(stages.length).toBeGreaterThan(0)
  expect(pointsOf(run).map(({ epoch }) => epoch)).toEqual(points)
  expect(readFileSync(join(run.runDirectory, 'log.jsonl'), 'utf8')).toContain('Finished')

  const opened = start().client
  expect(await opened.call('open', run)).toEqual({ users: 60, items: 31 })
  expect(result.metrics).toMatchObject(await opened.call('evaluate', { part: 'test' }))
  const again = await opened.call('evaluateFully', { task: 'again', attributes: null })
  expect(again.metrics).toEqual(result.metrics)
  expect(again.evaluation).toEqual(readEvaluation(run.runDirectory))
  const sha256 = (file: string): string =>
    createHash('sha256')
      .update(readFileSync(join(run.runDirectory, file)))
      .digest('hex')
  expect(result.weightsHash).toBe(sha256('weights.safetensors'))
  expect(result.evaluation).toEqual({
    protocol: 'full-ranking/1',
    users: 59,
    hash: sha256('evaluation.safetensors'),
  })
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
  const trained = await start().client.call('fit', { ...whole, resume: false, attributes: null })

  const parts = newRun('pause-parts', long)
  const first = start().client
  let seen = 0
  first.on('progress', ({ stage }) => {
    if (/Epoch ([3-9]|[1-9]\d) .* batch/.test(stage) && seen++ === 0) void first.call('stop', { how: 'pause' })
  })
  const paused = await first.call('fit', { ...parts, resume: false, attributes: null })
  expect(paused).toMatchObject({ end: 'paused', evaluation: null, weightsHash: null })
  const resumed = await start().client.call('fit', { ...parts, resume: true, attributes: null })
  expect(resumed.end).toBe('completed')
  expect([resumed.weightsHash, resumed.evaluation]).toEqual([trained.weightsHash, trained.evaluation])
  expect(weightsOf(parts)).toBe(weightsOf(whole))
  expect(pointsOf(parts).map(({ values }) => values)).toEqual(pointsOf(whole).map(({ values }) => values))
})

test('a killed training loses at most its epoch and resumes to the same weights', async () => {
  const long = { epochs: 40 }
  const whole = newRun('kill-whole', long)
  await start().client.call('fit', { ...whole, resume: false, attributes: null })

  const killed = newRun('kill-parts', long)
  const { child, client } = start()
  client.on('points', (points) => {
    if (points.some(({ epoch }) => epoch >= 3)) child.kill('SIGKILL')
  })
  await expect(client.call('fit', { ...killed, resume: false, attributes: null })).rejects.toMatchObject({
    code: 'processDied',
  })
  expect(existsSync(join(killed.runDirectory, 'weights.safetensors'))).toBe(false)
  const resumed = await start().client.call('fit', { ...killed, resume: true, attributes: null })
  expect(resumed.epochs).toBe(40)
  expect(weightsOf(killed)).toBe(weightsOf(whole))
})

test('cancelling stops between two batches and leaves a checkpoint', async () => {
  const { client } = start()
  const run = newRun('cancel', { epochs: 10000 })
  client.on('points', () => void client.call('stop', { how: 'cancel' }))
  const result = await client.call('fit', { ...run, resume: false, attributes: null })
  expect(result).toMatchObject({ end: 'cancelled', metrics: null })
  expect(existsSync(join(run.runDirectory, 'checkpoint', 'last.safetensors'))).toBe(true)
})

test('a CSC run leaves its graph and answers with the strengths of a user', async () => {
  const run = newRun('csc', { confounders: 3, epochs: 2 }, 'csc')
  const result = await start().client.call('fit', { ...run, resume: false, attributes: null })
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
  expect(result.metrics).toMatchObject(await client.call('evaluate', { part: 'test' }))
})

/** A completed CSC run. */
const cscRun = async (name: string, epochs: number): Promise<RunOnDisk> => {
  const run = newRun(name, { confounders: 3, epochs }, 'csc')
  expect((await start().client.call('fit', { ...run, resume: false, attributes: null })).end).toBe('completed')
  return run
}

const nothing = { factors: null, holds: [] }
const ones = { factors: [0, 1, 2].map(() => [1, 1, 1]), holds: [] }
const cut = {
  factors: [
    [1, 0, 0],
    [1, 1, 1],
    [1, 1, 1],
  ],
  holds: [],
}

test('a CSC run answers what interventions do, and stops an answer that nobody wants any more', async () => {
  const run = await cscRun('intervened', 12)
  const { client } = start()
  await client.call('open', run)
  const price = Float64Array.from({ length: split.train.cols }, (_, item) => (item === 30 ? NaN : item))
  const taste = Int32Array.from({ length: split.train.cols }, (_, item) => Math.min(2, Math.floor(item / 10)))
  await client.call('describe', {
    items: {
      numbers: [{ name: 'price', values: price }],
      texts: [{ name: 'taste', labels: ['a', 'b', 'c'], codes: taste }],
    },
    users: { numbers: [], texts: [] },
  })

  const user = await client.call('userEffect', { row: 2, k: 10, intervention: cut })
  expect(user.before).toHaveLength(10)
  const top = await client.call('topK', { rows: [2], k: 10 })
  expect(user.before.map(({ item }) => item)).toEqual([...top.items])

  const stages = new Set<string>()
  client.on('task', ({ stage }) => stages.add(stage))
  const untouched = await client.call('effect', { task: 't0', rows: null, k: 10, intervention: ones })
  expect(untouched).toMatchObject({ users: 60, changedLists: 0, largestScoreChange: 0, noDifference: true })
  const whole = await client.call('evaluate', { part: 'test' })
  for (const { id, before } of untouched.metrics) expect(before.mean).toBe(whole[id])
  expect(untouched.attributes.map(({ id }) => id)).toEqual(['avp@10:popularity', 'avp@10:price'])
  expect(untouched.categories[0]!.shares.map(({ label }) => label)).toEqual(['a', 'b', 'c'])

  const rows = await client.call('perConfounder', { task: 't1', rows: Int32Array.of(0, 1, 2), k: 5 })
  const single = await client.call('effect', { task: 't2', rows: Int32Array.of(0, 1, 2), k: 5, intervention: cut })
  expect(rows).toHaveLength(3)
  expect(rows[0]!.effect).toEqual({ ...single, seconds: rows[0]!.effect.seconds })
  expect(stages.size).toBeGreaterThan(0)

  const [first, second] = user.after
  const paths = await client.call('paths', { row: 2, item: first!.item, intervention: cut })
  const next = await client.call('paths', { row: 2, item: second!.item, intervention: cut })
  expect([paths.rank, next.rank]).toEqual([1, 2])
  // Both are counted from the mean of the user's items.
  expect(paths.score - next.score).toBeCloseTo(first!.score - second!.score, 5)
  const profiles = await client.call('profiles', { task: 't3' })
  expect(profiles.map(({ node }) => node)).toEqual([0, 1, 2])

  // One user's answer comes in the middle of a long one; and the long one ends when it is told to.
  const order: string[] = []
  const long = client.call('perConfounder', { task: 't4', rows: null, k: 10 }).then(
    () => order.push('finished'),
    (error: { code: string }) => order.push(error.code),
  )
  await client.call('userEffect', { row: 2, k: 10, intervention: nothing })
  order.push('user')
  await client.call('stopTask', { task: 't4' })
  await long
  expect(order).toEqual(['user', 'cancelled'])
  expect(await client.call('effect', { task: 't4', rows: null, k: 10, intervention: ones })).toEqual({
    ...untouched,
    seconds: expect.any(Number) as number,
  })
}, 30_000)

test('a run without confounders cannot be intervened on', async () => {
  const run = newRun('plain', { epochs: 1 })
  await start().client.call('fit', { ...run, resume: false, attributes: null })
  const { client } = start()
  await client.call('open', run)
  await expect(client.call('userEffect', { row: 0, k: 5, intervention: nothing })).rejects.toMatchObject({
    code: 'noGraph',
  })
})

const resamplesOf = (run: RunOnDisk): Resample[] =>
  readFileSync(join(run.runDirectory, 'bootstrap.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Resample)

test('a bootstrap that was paused and one that was torn end with the resamples of an uninterrupted one', async () => {
  const run = await cscRun('bootstrapped', 4)
  const whole = await cscRun('bootstrapped-whole', 4)
  const sent: number[] = []
  const fractions: number[] = []
  const { client } = start()
  client.on('resample', ({ resample }) => sent.push(resample))
  client.on('progress', ({ fraction }) => fractions.push(fraction!))
  expect(await client.call('bootstrap', { ...whole, of: 'graph', resamples: 4 })).toEqual({ end: 'completed' })
  const expected = resamplesOf(whole)
  expect(expected.map(({ resample }) => resample)).toEqual([0, 1, 2, 3])
  expect(sent).toEqual([0, 1, 2, 3])
  expect(new Set(expected.map(({ seed }) => seed)).size).toBe(4)
  expect(fractions.length).toBeGreaterThan(0)
  expect(fractions.every((fraction) => fraction >= 0 && fraction <= 1)).toBe(true)
  for (const { probabilities, similarity, metrics } of expected) {
    expect(probabilities.map((row, i) => row[i])).toEqual([0, 0, 0])
    expect(probabilities.flat().every((probability) => probability >= 0 && probability <= 1)).toBe(true)
    expect(similarity.every((value) => Math.abs(value) <= 1)).toBe(true)
    expect(metrics['ndcg@10']).toBeGreaterThan(0)
  }
  expect(expected[0]!.probabilities).not.toEqual(expected[1]!.probabilities)

  const first = start().client
  first.on('resample', ({ resample }) => void (resample === 0 && first.call('stop', { how: 'pause' })))
  expect(await first.call('bootstrap', { ...run, of: 'graph', resamples: 4 })).toEqual({ end: 'paused' })
  const there = resamplesOf(run).length
  expect(there).toBeGreaterThanOrEqual(1)
  expect(there).toBeLessThan(4)
  // As a process leaves it that was killed in the middle of a line.
  appendFileSync(join(run.runDirectory, 'bootstrap.jsonl'), '{"resample":3,"see')
  expect(await start().client.call('bootstrap', { ...run, of: 'graph', resamples: 4 })).toEqual({ end: 'completed' })
  const withoutSeconds = (lines: Resample[]) => lines.map((line) => ({ ...line, seconds: 0 }))
  expect(withoutSeconds(resamplesOf(run))).toEqual(withoutSeconds(expected))
  // More are asked for later: those that are there stay.
  expect(await start().client.call('bootstrap', { ...run, of: 'graph', resamples: 5 })).toEqual({ end: 'completed' })
  expect(withoutSeconds(resamplesOf(run)).slice(0, 4)).toEqual(withoutSeconds(expected))
  expect(resamplesOf(run)).toHaveLength(5)
}, 60_000)

test('bad runs are refused by name', async () => {
  const { client } = start()
  await expect(
    client.call('fit', { ...newRun('bad', {}, 'no-such'), resume: false, attributes: null }),
  ).rejects.toMatchObject({
    code: 'methodUnknown',
  })
  await expect(
    client.call('fit', { ...newRun('bad', { epochs: 0 }), resume: false, attributes: null }),
  ).rejects.toMatchObject({
    code: 'paramInvalid',
  })
  await expect(client.call('open', newRun('empty'))).rejects.toMatchObject({ code: 'runNotReady' })
})

test('the process ends by itself when its parent is gone, in the middle of a training', async () => {
  const { child, client } = start()
  const started = new Promise((resolve) => client.on('points', resolve))
  const fit = client.call('fit', { ...newRun('orphan', { epochs: 10000 }), resume: false, attributes: null })
  fit.catch(() => undefined)
  await started
  child.disconnect()
  expect((await client.ended).code).toBe(0)
})
