import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { makeDataFolder, type DataFolder } from '../../../tests/support/data-files'
import { rowOf, splitParts, type Csr, type SplitManifest, type SplitPart } from '../../../src-shared/domain/split'
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

/** Three users who rate ten items from 1 to 5; the recipe takes 4 and 5 as positive. */
async function prepareRated(): Promise<{ manifest: SplitManifest; directory: string }> {
  const rows = Array.from({ length: 30 }, (_, at) => `u${at % 3},i${Math.floor(at / 3)},${1 + (at % 5)}\n`).join('')
  const files = [await folder.file('rated.csv', `user,item,rating\n${rows}`)]
  await importTables({ workspace: folder.workspace, name: 'rated', files })
  const rated = await prepareSplit(folder.workspace, 'rated', { threshold: 4 })
  return { manifest: rated, directory: splitDirectory(folder.workspace, rated.hash) }
}

it('what was rated below the threshold is kept beside it, of its users and items only', async () => {
  const rated = await prepareRated()
  const split = await readSplit(rated.directory)
  const { users, items } = await readSplitIds(rated.directory)
  const rating = new Map<string, number>(
    Array.from({ length: 30 }, (_, at) => [`u${at % 3} i${Math.floor(at / 3)}`, 1 + (at % 5)] as const),
  )
  const pairs = (parts: Record<SplitPart, Csr>): string[] =>
    splitParts.flatMap((part) =>
      users.flatMap((user, row) => [...rowOf(parts[part], row)].map((column) => `${user} ${items[column]}`)),
    )
  expect(pairs(split).every((pair) => rating.get(pair)! >= 4)).toBe(true)
  const expected = [...rating].filter(([pair, value]) => value < 4 && items.includes(pair.split(' ')[1]!))
  expect(pairs(split.negatives!).sort()).toEqual(expected.map(([pair]) => pair).sort())
  expect(rated.manifest.negatives).toEqual({
    train: split.negatives!.train.indices.length,
    validation: split.negatives!.validation.indices.length,
    test: split.negatives!.test.indices.length,
  })
  await writeFile(join(rated.directory, 'negatives.bin'), 'short')
  await expect(readSplit(rated.directory)).rejects.toMatchObject({
    code: 'splitInvalid',
    message: expect.stringMatching(/negatives.bin does not match/),
  })
})

it('a split from before they were kept is read, and a data set without ratings has none', async () => {
  expect((await readSplit(directory)).negatives).toBeUndefined()
  expect(await readdir(directory)).not.toContain('negatives.bin')
  const rated = await prepareRated()
  const now = await readSplit(rated.directory)
  const { negatives: known, ...before } = rated.manifest
  expect(known).toBeDefined()
  await writeFile(join(rated.directory, 'manifest.json'), JSON.stringify(before))
  await rm(join(rated.directory, 'negatives.bin'))
  expect(await readSplit(rated.directory)).toEqual({ ...now, negatives: undefined })
  // The next preparation adds them, and leaves the rest as it is.
  expect(await prepareSplit(folder.workspace, 'rated', { threshold: 4 })).toEqual(rated.manifest)
  expect(await readSplit(rated.directory)).toEqual(now)
})
