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

/** Makes a stored split what an older version made, without these files. */
async function forget(
  { manifest, directory }: { manifest: SplitManifest; directory: string },
  names: string[],
): Promise<void> {
  const { negatives, ...others } = manifest
  const checksums = Object.fromEntries(Object.entries(manifest.checksums).filter(([name]) => !names.includes(name)))
  const older = { ...others, ...(names.includes('negatives.bin') ? {} : { negatives }), checksums }
  await writeFile(join(directory, 'manifest.json'), JSON.stringify(older))
  for (const name of names) await rm(join(directory, name))
}

it('a split from before they were kept is read, and a data set without ratings has none', async () => {
  expect((await readSplit(directory)).negatives).toBeUndefined()
  expect(await readdir(directory)).not.toContain('negatives.bin')
  const rated = await prepareRated()
  const now = await readSplit(rated.directory)
  await forget(rated, ['negatives.bin', 'ratings.bin'])
  expect(await readSplit(rated.directory)).toEqual({ ...now, negatives: undefined, ratings: undefined })
  // The next preparation adds them, and leaves the rest as it is.
  expect(await prepareSplit(folder.workspace, 'rated', { threshold: 4 })).toEqual(rated.manifest)
  expect(await readSplit(rated.directory)).toEqual(now)
})

/** Every pair of the split with one of its numbers, by part and user and item id. */
async function valuesOf(directory: string, key: 'ratings' | 'propensities'): Promise<Map<string, number>> {
  const split = await readSplit(directory)
  const { users, items } = await readSplitIds(directory)
  const found = new Map<string, number>()
  for (const part of splitParts)
    for (const [parts, kind] of [
      [split, 'positives'],
      [split.negatives, 'negatives'],
    ] as const) {
      if (!parts) continue
      const values = split[key]![kind][part]
      expect(values).toHaveLength(parts[part].indices.length)
      users.forEach((user, row) =>
        rowOf(parts[part], row).forEach((column, at) =>
          found.set(`${part} ${user} ${items[column]}`, values[parts[part].indptr[row]! + at]!),
        ),
      )
    }
  return found
}

it('ratings are kept, positive or not, and added to a split from before', async () => {
  const rated = await prepareRated()
  const ratings = await valuesOf(rated.directory, 'ratings')
  expect(ratings.size).toBe(nnz(rated.manifest.nnz) + nnz(rated.manifest.negatives!))
  for (const [pair, rating] of ratings) {
    const [, user, item] = pair.split(' ')
    // As prepareRated wrote them: row number = 3 × item + user.
    const at = 3 * Number(item!.slice(1)) + Number(user!.slice(1))
    expect(rating).toBe(1 + (at % 5))
  }
  expect(await readdir(rated.directory)).not.toContain('propensities.bin')
  const bytes = await readFile(join(rated.directory, 'ratings.bin'))
  await forget(rated, ['ratings.bin'])
  expect((await readSplit(rated.directory)).ratings).toBeUndefined()
  expect(await prepareSplit(folder.workspace, 'rated', { threshold: 4 })).toEqual(rated.manifest)
  expect(await readFile(join(rated.directory, 'ratings.bin'))).toEqual(bytes)
  await writeFile(join(rated.directory, 'ratings.bin'), 'short')
  await expect(readSplit(rated.directory)).rejects.toMatchObject({ code: 'splitInvalid' })
})

const nnz = (sizes: SplitManifest['nnz']): number => sizes.train + sizes.validation + sizes.test

it('a randomised split keeps its ratings and propensities, and that it is one; what is missing is NaN', async () => {
  // Each user chose six items and was shown three at random, i5 both ways.
  const rows = ['u0', 'u1', 'u2'].flatMap((user, u) => [
    ...[0, 1, 2, 3, 4, 5].map((i) => `${user},i${i},${1 + ((u + i) % 5)},no,${i === 0 ? '' : i / 8}`),
    ...[5, 6, 7].map((i) => `${user},i${i},${1 + ((u + 2 * i) % 5)},yes,1`),
  ])
  const files = [await folder.file('exp.csv', `user,item,rating,randomised,propensity\n${rows.join('\n')}\n`)]
  await importTables({ workspace: folder.workspace, name: 'exp', files })
  const recipe = { splitBy: 'randomised', threshold: 3 }
  const prepared = await prepareSplit(folder.workspace, 'exp', recipe)
  const directory = splitDirectory(folder.workspace, prepared.hash)
  const split = await readSplit(directory)
  expect(split.isTestRandomised).toBe(true)
  expect([prepared.users, prepared.items]).toEqual([3, 8])
  const ratings = await valuesOf(directory, 'ratings')
  const propensities = await valuesOf(directory, 'propensities')
  expect(ratings.size).toBe(27)
  for (const [pair, rating] of ratings) {
    const [part, user, item] = pair.split(' ')
    const [u, i] = [Number(user!.slice(1)), Number(item!.slice(1))]
    expect(rating).toBe(1 + ((u + (part === 'test' ? 2 : 1) * i) % 5))
    expect(propensities.get(pair)).toBe(part === 'test' ? 1 : i === 0 ? NaN : i / 8)
  }
  // The same data under another recipe: no pair is in two parts.
  const random = await prepareSplit(folder.workspace, 'exp', { threshold: 3 })
  const other = await readSplit(splitDirectory(folder.workspace, random.hash))
  expect(other).not.toHaveProperty('isTestRandomised')
  expect(nnz(random.nnz) + nnz(random.negatives!)).toBe(24)
  await forget({ manifest: prepared, directory }, ['propensities.bin'])
  expect(await prepareSplit(folder.workspace, 'exp', recipe)).toEqual(prepared)
  expect(await readSplit(directory)).toEqual(split)
})

it('data without randomised interactions cannot be split by them', async () => {
  await expect(prepareSplit(folder.workspace, 'it', { splitBy: 'randomised' })).rejects.toMatchObject({
    code: 'paramInvalid',
  })
})

it.each([
  [
    { threshold: 3 },
    '969a8df4df7f2bc5b2a3346844faef54d2e4c13f96d3248b183f21ad2e9ced26',
    'e68aa23e979e2c657dc904fe424b29cfcc1ca262debe5256329e60f5940f4f8d',
  ],
  [
    { threshold: 3, splitBy: 'time', duplicates: 'mean' },
    '0dd6bc20f621567b79e59eadd5d9babf64a5e481648696ddc6d7764e90106dd3',
    '0ebc9383d70b5c679ed6730f7e31e11e0228529d6eb9e106def03cb0f069581a',
  ],
  [
    { threshold: 2, kCore: 2, duplicates: 'max', splitSeed: 5 },
    '9ad41c8b19fc122f839b2fecd4ce8ba8d8d5e89d512f29589006271bd94635c3',
    'cfeefa9bf494de2601e547000740f590617221661035f7472b7fdf240f96ba7f',
  ],
])(
  'the bytes of a split are what they were before there were randomised ones: %j',
  async (recipe, parts, negatives) => {
    const rows = Array.from(
      { length: 60 },
      (_, at) => `u${at % 5},i${(at * 7) % 13},${1 + (at % 4)},${1e9 + ((at * 37) % 61)}\n`,
    ).join('')
    const files = [await folder.file('pinned.csv', `user,item,rating,time\n${rows}`)]
    await importTables({ workspace: folder.workspace, name: 'pinned', files })
    const { checksums } = await prepareSplit(folder.workspace, 'pinned', recipe)
    expect(checksums).toMatchObject({ 'parts.bin': parts, 'negatives.bin': negatives })
  },
)
