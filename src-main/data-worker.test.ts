import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { buildEntry, type BuiltEntry } from '../tests/support/build-entry'
import { connectChild, type ChildClient } from './jobs/child-channel'
import type { DataWorkerCalls, DataWorkerEventMap } from './jobs/data-worker-contract'

let built: BuiltEntry
let workspace: string
let child: ChildProcess
let worker: ChildClient<DataWorkerCalls, DataWorkerEventMap>

beforeAll(async () => {
  built = await buildEntry('src-main/data-worker.ts')
})
afterAll(() => built.remove())
beforeEach(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'causeway-worker-'))
  child = fork(built.file, [], { serialization: 'advanced' })
  worker = connectChild<DataWorkerCalls, DataWorkerEventMap>(child)
})
afterEach(async () => {
  child.kill('SIGKILL')
  await rm(workspace, { recursive: true, force: true })
})

const file = async (
  name: string,
  text: string,
): Promise<{ path: string; handle: { id: string; name: string; sizeBytes: number } }> => {
  const path = join(workspace, name)
  await writeFile(path, text)
  return { path, handle: { id: name, name, sizeBytes: (await stat(path)).size } }
}

test('a file goes from preview over import to a split and a card, in the worker process', async () => {
  const rows = Array.from({ length: 40 }, (_, at) => `u${at % 4},i${Math.floor(at / 4)},${1 + (at % 5)}`)
  const files = [await file('ratings.csv', `user,item,rating\n${rows.join('\n')}\n`)]
  const preview = await worker.call('preview', { files })
  expect(preview.mapping).toEqual({ user: 'user', item: 'item', rating: 'rating' })

  const stages: string[] = []
  worker.on('progress', ({ task, progress }) => void stages.push(`${task}: ${progress.stage}`))
  const manifest = await worker.call('import', { task: 't1', workspace, name: 'shop', files })
  expect(manifest).toMatchObject({ users: 4, items: 10, interactions: 40 })
  expect(stages).toContain('t1: Counting')

  const split = await worker.call('prepare', { task: 't2', workspace, dataset: 'shop', recipe: { threshold: 3 } })
  const card = await worker.call('card', { task: 't3', workspace, dataset: 'shop', recipe: { threshold: 3 } })
  expect(card.prepared).toMatchObject({ positives: 24, splitHash: split.hash, train: split.nnz.train })
  const page = await worker.call('rows', { workspace, dataset: 'shop', table: 'interactions', offset: 39, limit: 5 })
  expect(page).toEqual({ columns: ['user', 'item', 'rating'], rows: [['u3', 'i9', 5]], totalRows: 40 })
})

test('the built-in data come with titled items', async () => {
  await worker.call('demo', { task: 't', workspace })
  const catalog = await worker.call('catalog', { workspace, dataset: 'demo' })
  expect(catalog).toHaveLength(500)
  expect(catalog[0]!.attributes).toHaveProperty('price')
})

test('an error crosses with its code, and the worker goes on', async () => {
  await expect(worker.call('prepare', { task: 't', workspace, dataset: 'no', recipe: {} })).rejects.toMatchObject({
    code: 'notFound',
  })
  await expect(worker.call('prepare', { task: 't', workspace, dataset: 'no', recipe: { cores: 2 } })).rejects.toThrow(
    /Allowed: threshold, duplicates/,
  )
})

test('a cancelled import ends at once and leaves nothing behind', async () => {
  const line = Array.from({ length: 50 }, (_, at) => `user${at},item${at * 7},4,${1_500_000_000 + at}\n`).join('')
  const files = [await file('big.csv', `user,item,rating,time\n${line.repeat(30_000)}`)]
  const before = await readdir(workspace)
  const done = worker.call('import', { task: 'slow', workspace, name: 'big', files })
  const reading = new Promise<void>((resolve) => {
    worker.on('progress', ({ progress }) => {
      if (progress.stage === 'Reading rows') resolve()
    })
  })
  await Promise.race([reading, done])
  await worker.call('stop', { task: 'slow' })
  await expect(done).rejects.toMatchObject({ code: 'cancelled' })
  expect(await readdir(workspace)).toEqual(before)
})

test('the worker ends when its parent lets go', async () => {
  const ended = once(child, 'exit')
  child.disconnect()
  expect((await ended)[0]).toBe(0)
})
