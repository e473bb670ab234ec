import { existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { itemCards, makeDataFolder, type DataFolder } from '../../../tests/support/data-files'
import type { CausewayError, ErrorCode } from '../../../src-shared/contract/errors'
import { everyPair } from '../../../tests/support/pair-learning'
import { nnzOf, rowOf } from '../../../src-shared/domain/split'
import { attributeTable } from '../../api/catalogs'
import { logisticOnFeatures } from '../../methods/blocks/pairs/feature-propensity'
import { ObservedPairs } from '../../methods/blocks/pairs/observed-pairs'
import { logistic, logisticPropensities } from '../../methods/blocks/pairs/propensity'
import type { NamedArrays } from '../../methods/method'
import { splitDirectory } from '../../storage/layout'
import { readRows, readUserAttributes } from '../dataset/catalog'
import { readDataset } from '../dataset/dataset'
import { prepareSplit } from '../split/prepare-split'
import { readSplit, readSplitIds } from '../split/split-store'
import type { SourceFile } from './detect'
import { importTables } from './import-tables'
import { previewImport } from './preview'

let folder: DataFolder
beforeEach(async () => {
  folder = await makeDataFolder()
})
afterEach(() => folder.remove())

/** Three users and four items, as Coat is written. */
const sound = {
  'train.ascii': '5 0 0 1\n0 3 0 0\n0 0 0 4\n',
  'test.ascii': '0 2 0 5 \n0 4 0 0\n1 0 0 0',
  'user_features.ascii': '1 0 1 0 0\n0 1 0 1 1\n0 0 0 0 0\n',
  'user_features_map.txt': 'gender:men\ngender:women\nage:under 20\nage:over 60\nvip',
  'item_features.ascii': '1 0 1\n0 1 1\n1 0 0\n1 0 0\n',
  'item_features_map.txt': 'color:black\r\ncolor:blue\r\ncolor:multi\r\n',
}
type Content = Partial<Record<keyof typeof sound | 'readme.txt', string>>

const filesOf = (content: Content): Promise<SourceFile[]> =>
  Promise.all(Object.entries(content).map(([name, text]) => folder.file(name, text)))

describe('matrices as Coat is published', () => {
  it('become interactions of users and items numbered from 1; those of the test matrix are randomised', async () => {
    const files = await filesOf(sound)
    const preview = await previewImport(files)
    expect(preview.mapping).toEqual({ user: 'user', item: 'item', rating: 'rating', randomised: 'randomised' })
    expect(preview.tables.map(({ role, kind, text }) => [role, kind, text])).toEqual([
      ['interactions', 'coat', null],
      ['items', 'coat', null],
      ['users', 'coat', null],
    ])
    expect(preview.tables[0]!.rows[0]).toEqual(['1', '1', '5', 'no'])
    const manifest = await importTables({ workspace: folder.workspace, name: 'coat', files })
    expect(manifest).toMatchObject({
      users: 3,
      items: 3,
      interactions: 8,
      randomised: 4,
      hasRatings: true,
      hasTimes: false,
    })
    const { rows } = await readRows(folder.workspace, 'coat', 'interactions', 0, 100)
    expect(rows).toEqual([
      ['1', '1', 5, 'no'],
      ['1', '4', 1, 'no'],
      ['2', '2', 3, 'no'],
      ['3', '4', 4, 'no'],
      ['1', '2', 2, 'yes'],
      ['1', '4', 5, 'yes'],
      ['2', '2', 4, 'yes'],
      ['3', '1', 1, 'yes'],
    ])
    const contents = (await folder.contents()).map((name) => name.split(' ')[0])
    expect(contents.filter((name) => /^datasets\/coat\/./.test(name!))).toEqual(
      ['interactions.parquet', 'items.parquet', 'manifest.json', 'users.parquet'].map(
        (name) => `datasets/coat/${name}`,
      ),
    )
  })

  it('bring their features along, a group of columns as one attribute', async () => {
    const manifest = await importTables({ workspace: folder.workspace, name: 'coat', files: await filesOf(sound) })
    expect(manifest.userAttributes).toEqual([
      { name: 'gender', type: 'text' },
      { name: 'age', type: 'text' },
      { name: 'vip', type: 'integer' },
    ])
    expect(await readUserAttributes(folder.workspace, await readDataset(folder.workspace, 'coat'))).toEqual([
      { id: '1', attributes: { gender: 'men', age: 'under 20', vip: 0 } },
      { id: '2', attributes: { gender: 'women', age: 'over 60', vip: 1 } },
      { id: '3', attributes: { vip: 0 } },
    ])
    const items = await itemCards(folder.workspace, 'coat')
    expect([...items].map(([id, { attributes }]) => [id, attributes.color])).toEqual([
      ['1', 'black|multi'],
      ['2', 'blue|multi'],
      ['3', 'black'],
      ['4', 'black'],
    ])
  })

  it('come without features too; features without their map are left out', async () => {
    const { 'train.ascii': train, 'test.ascii': test, 'item_features.ascii': features } = sound
    const files = await filesOf({ 'train.ascii': train, 'test.ascii': test, 'item_features.ascii': features })
    expect((await previewImport(files)).warnings).toContain(
      '"item_features.ascii" is left out: its columns are named by "item_features_map.txt", which is not among the files.',
    )
    const manifest = await importTables({ workspace: folder.workspace, name: 'coat', files })
    expect(manifest).toMatchObject({ itemAttributes: [], userAttributes: [], interactions: 8 })
  })

  it('split by them test on the test matrix, a pair in both matrices included', async () => {
    await importTables({ workspace: folder.workspace, name: 'coat', files: await filesOf(sound) })
    const manifest = await prepareSplit(folder.workspace, 'coat', { splitBy: 'randomised' })
    // Item 3 was rated by nobody: it is in no table of interactions.
    expect([manifest.users, manifest.items]).toEqual([3, 3])
    const split = await readSplit(splitDirectory(folder.workspace, manifest.hash))
    expect([...split.ratings!.positives.test].sort()).toEqual([4, 5])
    expect([...split.ratings!.negatives.test].sort()).toEqual([1, 2])
    expect([...split.ratings!.positives.train].sort()).toEqual([4, 5])
    expect([...split.ratings!.negatives.train].sort()).toEqual([1, 3])
  })

  it.each<[what: string, change: Content, code: ErrorCode, message: string]>([
    [
      'a row of another length',
      { 'train.ascii': '5 0 0 1\n0 3 0\n0 0 0 4\n' },
      'rowInvalid',
      '"train.ascii", line 2: it has 3 columns where the lines before have 4. The line reads "0 3 0".',
    ],
    [
      'a cell that is no number',
      { 'test.ascii': '0 2 0 5\n0 four 0 0\n1 0 0 0\n' },
      'valueInvalid',
      '"test.ascii", line 2: "four" is not a number. The line reads "0 four 0 0".',
    ],
    [
      'an infinite rating',
      { 'test.ascii': '0 2 0 1e999\n0 4 0 0\n1 0 0 0\n' },
      'valueInvalid',
      '"test.ascii", line 1: "1e999" is not a number.',
    ],
    [
      'fewer users in test',
      { 'test.ascii': '0 2 0 5\n0 4 0 0\n' },
      'rowInvalid',
      '"test.ascii" has 2 rows where "train.ascii" has 3.',
    ],
    [
      'more items in test',
      { 'test.ascii': '0 2 0 5 1\n0 4 0 0 1\n0 0 0 0 1\n' },
      'rowInvalid',
      '"test.ascii" has 5 columns where "train.ascii" has 4.',
    ],
    [
      'features of fewer users',
      { 'user_features.ascii': '1 0 1 0 0\n' },
      'rowInvalid',
      '"user_features.ascii" has 1 rows where "train.ascii" is of 3 users.',
    ],
    [
      'a feature that is neither 0 nor 1',
      { 'item_features.ascii': '1 0 1\n0 2 1\n1 0 0\n1 0 0\n' },
      'valueInvalid',
      '"item_features.ascii", line 2: "2" is not 0 or 1.',
    ],
    [
      'a map of fewer columns',
      { 'item_features_map.txt': 'color:black\ncolor:blue\n' },
      'rowInvalid',
      '"item_features.ascii" has 3 columns where "item_features_map.txt" names 2.',
    ],
    [
      'a map without a value',
      { 'item_features_map.txt': 'color:black\ncolor:\ncolor:x\n' },
      'rowInvalid',
      '"item_features_map.txt", line 2: it names no feature (expected group:value).',
    ],
    ['an empty matrix', { 'test.ascii': '' }, 'fileEmpty', '"test.ascii" is empty (0 bytes).'],
  ])('with %s are refused', async (_, change, code, message) => {
    const files = await filesOf({ ...sound, ...change })
    const before = await folder.contents()
    const error = await importTables({ workspace: folder.workspace, name: 'coat', files }).then(
      () => expect.fail('the import went through'),
      (thrown: CausewayError) => thrown,
    )
    expect(error.message).toContain(message)
    expect(error.code).toBe(code)
    expect(await folder.contents()).toEqual(before)
    await expect(previewImport(files)).rejects.toMatchObject({ code })
  })

  it('need both matrices of ratings', async () => {
    await expect(previewImport(await filesOf({ 'train.ascii': sound['train.ascii'] }))).rejects.toMatchObject({
      code: 'badRequest',
      message: '"train.ascii" comes without "test.ascii": choose both together.',
    })
  })
})

const shared = resolve(import.meta.dirname, '../../../../shared/data/coat')
const present = existsSync(shared)
if (!present) console.warn(`Skipped: the Coat files are not at ../shared/data/coat.`)

describe.skipIf(!present)('Coat', () => {
  it('has 290 users, 300 items, 6960 chosen and 4640 randomised ratings, 366 pairs in both', async () => {
    const names = Object.keys(sound).map((name) => join(shared, name))
    const files = await Promise.all(
      names.map(async (path): Promise<SourceFile> => {
        const { size } = await stat(path)
        return { path, handle: { id: path, name: basename(path), sizeBytes: size } }
      }),
    )
    const dataset = await importTables({ workspace: folder.workspace, name: 'coat', files })
    expect(dataset).toMatchObject({ users: 290, items: 300, interactions: 11_600, randomised: 4640 })
    expect(dataset.userAttributes.map(({ name }) => name)).toEqual(['gender', 'age', 'location', 'fashioninterest'])
    expect(dataset.itemAttributes.map(({ name }) => name)).toEqual(['gender', 'jackettype', 'color', 'onfrontpage'])
    const manifest = await prepareSplit(folder.workspace, 'coat', { splitBy: 'randomised' })
    expect([manifest.users, manifest.items]).toEqual([290, 300])
    const split = await readSplit(splitDirectory(folder.workspace, manifest.hash))
    expect(split.isTestRandomised).toBe(true)
    const negatives = split.negatives!
    expect(nnzOf(split.test) + nnzOf(negatives.test)).toBe(4640)
    const chosen = [split.train, split.validation, negatives.train, negatives.validation]
    expect(chosen.reduce((sum, part) => sum + nnzOf(part), 0)).toBe(6960)
    let both = 0
    for (let user = 0; user < 290; user++) {
      const met = new Set(chosen.flatMap((part) => [...rowOf(part, user)]))
      for (const part of [split.test, negatives.test])
        for (const item of rowOf(part, user)) both += met.has(item) ? 1 : 0
    }
    expect(both).toBe(366)

    // What kind of user rates what kind of item tells more than how often each rates and is rated.
    const users = new Map((await readUserAttributes(folder.workspace, dataset)).map((user) => [user.id, user]))
    const ids = await readSplitIds(splitDirectory(folder.workspace, manifest.hash))
    const observed = new ObservedPairs(split, 'binary', {
      users: attributeTable(dataset.userAttributes, ids.users, users),
      items: attributeTable(dataset.itemAttributes, ids.items, await itemCards(folder.workspace, 'coat')),
    })
    const pairs = everyPair(observed)
    const isObserved = Array.from(pairs.users, (user, at) => observed.isObserved(user, pairs.items[at]!))
    const judge = (estimated: NamedArrays): { likelihood: number; expected: number } => {
      const propensities = logisticPropensities(estimated)!(pairs)
      return {
        likelihood: propensities.reduce((sum, p, at) => sum + Math.log(isObserved[at] ? p : 1 - p), 0),
        expected: propensities.reduce((sum, p) => sum + p, 0),
      }
    }
    const estimated = logisticOnFeatures(observed)
    expect(estimated['propensity.userFeatures']!.shape).toEqual([290, 14])
    const [byFeatures, byCounts] = [judge(estimated), judge(logistic(observed))]
    expect(byFeatures.expected).toBeCloseTo(observed.size, 0)
    // Chance alone would give about half a nat for each of the 14 × 33 products.
    expect(byFeatures.likelihood).toBeGreaterThan(byCounts.likelihood + 2 * 14 * 33)
  })
})
