import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { makeDataFolder, type DataFolder } from '../../../tests/support/data-files'
import type { SplitManifest } from '../../../src-shared/domain/split'
import { splitDirectory } from '../../storage/layout'
import { importTables } from '../ingest/import-tables'
import { prepareSplit } from './prepare-split'
import { readSplit, readSplitIds } from './split-store'

let folder: DataFolder
let manifest: SplitManifest
let directory: string

beforeEach(async () => {
  folder = await makeDataFolder()
  const rows = Array.from({ length: 30 }, (_, at) => `"ü ${at % 3}",0${Math.floor(at / 3)}\n`).join('')
  const files = [await folder.file('a.csv', `user,item\n${rows}`)]
  await importTables({ workspace: folder.workspace, name: 'it', files })
  manifest = await prepareSplit(folder.workspace, 'it', {})
  directory = splitDirectory(folder.workspace, manifest.hash)
})
afterEach(() => folder.remove())

it('a split comes back as it was stored, with the ids of its rows and columns', async () => {
  const split = await readSplit(directory)
  expect(split.hash).toBe(manifest.hash)
  expect([split.train.rows, split.train.cols]).toEqual([3, 10])
  expect([...split.train.indptr]).toEqual([0, 7, 14, 21])
  expect([split.validation.indices.length, split.test.indices.length]).toEqual([3, 6])
  const ids = await readSplitIds(directory)
  expect(ids.users).toEqual(['ü 0', 'ü 1', 'ü 2'])
  expect(ids.items).toEqual(Array.from({ length: 10 }, (_, at) => `0${at}`))
})

it('preparing again finds it, and writes nothing', async () => {
  const before = await folder.contents()
  expect(await prepareSplit(folder.workspace, 'it', { threshold: 4 })).toEqual(manifest)
  expect(await folder.contents()).toEqual(before)
})

it('another recipe makes another split', async () => {
  const other = await prepareSplit(folder.workspace, 'it', { splitSeed: 1 })
  expect(other.hash).not.toBe(manifest.hash)
  expect((await readdir(join(folder.workspace, 'splits'))).sort()).toEqual([manifest.hash, other.hash].sort())
})

it.each<[what: string, damage: () => Promise<void>, reason: RegExp]>([
  [
    'a changed number',
    async () => {
      const bytes = await readFile(join(directory, 'parts.bin'))
      await writeFile(join(directory, 'parts.bin'), bytes.fill(bytes[20]! ^ 1, 20, 21))
    },
    /parts.bin does not match its checksum/,
  ],
  ['a file cut short', () => writeFile(join(directory, 'parts.bin'), 'short'), /parts.bin does not match/],
  ['a missing file', () => rm(join(directory, 'parts.bin')), /parts.bin cannot be read/],
  ['a broken manifest', () => writeFile(join(directory, 'manifest.json'), '{'), /manifest cannot be read/],
])('%s is noticed, and the split made anew when it is next prepared', async (_, damage, reason) => {
  await damage()
  await expect(readSplit(directory)).rejects.toMatchObject({
    code: 'splitInvalid',
    message: expect.stringMatching(reason),
  })
  expect(await prepareSplit(folder.workspace, 'it', {})).toEqual(manifest)
  expect((await readSplit(directory)).train.rows).toBe(3)
})

it('changed ids are noticed', async () => {
  await writeFile(join(directory, 'users.json'), '["a","b","c"]')
  await expect(readSplitIds(directory)).rejects.toMatchObject({ code: 'splitInvalid' })
})

it('two preparations of one split at once both succeed', async () => {
  await rm(directory, { recursive: true })
  const both = await Promise.all([prepareSplit(folder.workspace, 'it', {}), prepareSplit(folder.workspace, 'it', {})])
  expect(both).toEqual([manifest, manifest])
  expect(await readdir(join(folder.workspace, '.tmp'))).toEqual([])
})

it('a preparation can be cancelled, and leaves nothing behind', async () => {
  const before = await folder.contents()
  const controller = new AbortController()
  const cancelled = prepareSplit(
    folder.workspace,
    'it',
    { splitSeed: 9 },
    { signal: controller.signal, onProgress: ({ stage }) => stage === 'Merging duplicates' && controller.abort() },
  )
  await expect(cancelled).rejects.toMatchObject({ code: 'cancelled' })
  expect(await folder.contents()).toEqual(before)
})
