import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { itemCards, makeDataFolder, type DataFolder } from '../../../tests/support/data-files'
import type { DatasetManifest } from '../../../src-shared/domain/dataset'
import { readRows } from '../dataset/catalog'
import { DuckDb, withDuckDb } from '../dataset/duckdb'
import { importTables } from './import-tables'

let folder: DataFolder
beforeEach(async () => {
  folder = await makeDataFolder()
})
afterEach(async () => {
  vi.restoreAllMocks()
  await folder.remove()
})

async function imported(content: Record<string, string | Uint8Array>): Promise<DatasetManifest> {
  const files = await Promise.all(Object.entries(content).map(([name, text]) => folder.file(name, text)))
  return importTables({ workspace: folder.workspace, name: 'it', files })
}

const rowsOf = async (table: 'items' | 'users' | 'interactions'): Promise<(string | number | null)[][]> =>
  (await readRows(folder.workspace, 'it', table, 0, 1000)).rows

it('of items, of users, a price that varies, and what is none: each column of a log by its values', async () => {
  const manifest = await imported({
    'shop.csv': `customer,product,title,price,age,comment,date
k1,p2,Tée 🍵,4,30,good,2020-01-01
k2,p1,"Mug, blue",8,41,bad,2020-01-02
k1,p1,"Mug, blue",9.5,30,fine,2020-01-03
k2,p2,Tée 🍵,5,41,,2020-01-04
k3,p1,"Mug, blue",10,,good,2020-01-05
`,
  })
  expect(manifest).toMatchObject({
    itemAttributes: [
      { name: 'title', type: 'text' },
      { name: 'price', type: 'number' },
    ],
    userAttributes: [{ name: 'age', type: 'integer' }],
    titleAttribute: 'title',
    hasTimes: true,
    notes: [
      '"shop.csv": "price" differs between rows of the same item; each item has its median.',
      'Left out of "shop.csv": "comment" (differs between rows of the same item and of the same user).',
    ],
  })
  expect(await rowsOf('items')).toEqual([
    ['p2', 'Tée 🍵', 4.5],
    ['p1', 'Mug, blue', 9.5],
  ])
  // Nothing is known of k3.
  expect(await rowsOf('users')).toEqual([
    ['k1', 30],
    ['k2', 41],
  ])
  expect(await folder.contents()).not.toContainEqual(expect.stringMatching(/log\.parquet|joined/))
})

/** Each item met three times, by other users; of the first `differing` items the first row has another value. */
const repeated = (items: number, differing: number, other = (item: number) => `other ${item}`): string =>
  [0, 1, 2]
    .flatMap((at) =>
      Array.from(
        { length: items },
        (_, item) =>
          `u${(item + 7 * at) % 50},i${item},${at === 0 && item < differing ? other(item) : `name ${item}`}\n`,
      ),
    )
    .join('')

it('may differ for one item in a hundred, which has its most frequent value', async () => {
  const manifest = await imported({ log: `user,item,name\n${repeated(200, 2)}` })
  expect(manifest.itemAttributes).toEqual([{ name: 'name', type: 'text' }])
  expect(manifest.notes).toEqual([
    '"log": "name" differs between rows of 2 of the items; the value met most often counts.',
  ])
  const cards = await itemCards(folder.workspace, 'it')
  expect([0, 1, 199].map((item) => cards.get(`i${item}`)!.title)).toEqual(['name 0', 'name 1', 'name 199'])
})

it('may not differ for more', async () => {
  const manifest = await imported({ log: `user,item,name\n${repeated(200, 3)}` })
  expect(manifest.itemAttributes).toEqual([])
  expect(manifest.notes).toEqual([
    'Left out of "log": "name" (differs between rows of the same item and of the same user).',
  ])
})

it('has the first of two values that are equally frequent', async () => {
  const even = repeated(200, 0).replace(/u\d+,i5,name 5\n/g, '')
  await imported({ log: `user,item,name\nu1,i5,zebra\nu2,i5,ant\n${even}` })
  expect((await itemCards(folder.workspace, 'it')).get('i5')!.title).toBe('zebra')
})

it('blanks are no values: they neither differ nor count', async () => {
  const manifest = await imported({
    log: 'user,item,brand,empty\nu1,i1,,\nu2,i1,"  ",\nu3,i1,Acme ,\nu1,i2,,\nu2,i2,Bolt,\nu3,i2,Bolt,\n',
  })
  expect(manifest.itemAttributes).toEqual([{ name: 'brand', type: 'text' }])
  expect(manifest.notes).toEqual(['Left out of "log": "empty" (blank in every row).'])
  expect(await rowsOf('items')).toEqual([
    ['i1', 'Acme'],
    ['i2', 'Bolt'],
  ])
})

it('where one item alone is met twice, and where none is', async () => {
  expect((await imported({ log: 'user,item,title\nu1,i1,One\nu2,i2,Two\nu3,i2,Two\n' })).titleAttribute).toBe('title')
  expect(await rowsOf('items')).toEqual([
    ['i1', 'One'],
    ['i2', 'Two'],
  ])
  const files = [await folder.file('once', 'user,item,city,title\nu1,i1,Rome,A\nu1,i2,Rome,B\nu2,i3,Bern,C\n')]
  const once = await importTables({ workspace: folder.workspace, name: 'once', files })
  expect([once.userAttributes, once.itemAttributes].map(([attribute]) => attribute!.name)).toEqual(['city', 'title'])
})

it('numbers that count the rows, name an order or are a second time have no median', async () => {
  const rows = Array.from(
    { length: 24 },
    (_, at) => `${at},u${at % 5},i${at % 3},${900 - (at >> 1)},${1.5e9 + at * 7},${at}\n`,
  )
  const manifest = await imported({ log: `,user,item,order_id,paid,id\n${rows.join('')}` })
  expect(manifest.itemAttributes).toEqual([])
  expect(manifest.notes).toEqual([
    'Left out of "log": "column1", "id" (it only numbers the rows).',
    'Left out of "log": "order_id", "paid" (ids and times that differ between rows of the same item and of the same user).',
  ])
})

it('joins the table of items: its column wins, its order stays, its unknown items follow', async () => {
  const manifest = await imported({
    'log.csv': 'user,item,Title,price,id\nu1,i3,x,7,A\nu2,i3,x,7,A\nu1,i1,y,2,B\nu2,i1,y,2,B\n',
    'items.csv': 'item_id,title,year\ni1,First,1999\ni9,Never sold,2001\n',
  })
  expect(manifest.itemAttributes.map(({ name }) => name)).toEqual(['title', 'year', 'price', 'id_'])
  expect(manifest.notes).toEqual([
    '"items.csv" tells nothing of 1 of 2 items by their ids (its column "item_id").',
    'Left out of "log.csv": "Title" (the table of items has a column of that name).',
  ])
  expect(await rowsOf('items')).toEqual([
    ['i1', 'First', 1999, 2, 'B'],
    ['i9', 'Never sold', 2001, null, null],
    ['i3', null, null, 7, 'A'],
  ])
})

it('in Latin-1, which a log without ids beyond ASCII may be', async () => {
  await imported({ log: Buffer.from('user,item,title\nu1,i1,Caf\xe9\nu2,i1,Caf\xe9\nu2,i2,Th\xe9\n', 'latin1') })
  expect((await rowsOf('items')).map((row) => row[1])).toEqual(['Café', 'Thé'])
  expect(await rowsOf('interactions')).toHaveLength(3)
})

it('in Parquet, whose lists are text and whose strays are noted', async () => {
  const { path } = await folder.file('t.parquet', '')
  await withDuckDb({}, (db) =>
    db.run(
      `COPY (SELECT 'u' || i % 7 AS user_id, 'x' || i % 11 AS item_id, [i % 11, 1] AS tags, CASE WHEN i = 3 THEN 'free' ELSE (i % 13)::VARCHAR END AS price
         FROM range(1001) t(i)) TO '${path}' (FORMAT parquet)`,
    ),
  )
  const handle = { id: 't', name: 't.parquet', sizeBytes: 1 }
  const manifest = await importTables({ workspace: folder.workspace, name: 'it', files: [{ path, handle }] })
  expect(manifest.itemAttributes).toEqual([
    { name: 'tags', type: 'text' },
    { name: 'price', type: 'number' },
  ])
  expect(manifest.notes).toEqual([
    '"t.parquet": 1 of 1001 values of "price" are no numbers and were left blank.',
    '"t.parquet": "price" differs between rows of the same item; each item has its median.',
  ])
  expect((await rowsOf('items'))[0]).toEqual(['x0', '[0, 1]', 6])
})

it('a plain log has none and is read once', async () => {
  const run = vi.spyOn(DuckDb.prototype, 'run')
  const rows = vi.spyOn(DuckDb.prototype, 'rows')
  const statements = (): string[] => [...run.mock.calls, ...rows.mock.calls].map(([sql]) => sql)
  const reads = (): number => statements().filter((sql) => sql.includes('read_csv(')).length
  const plain = await imported({ log: 'user,item,rating,time\nu1,i1,1,1000000000\nu2,i2,2,1000000001\n' })
  expect([plain.itemAttributes, plain.userAttributes, plain.notes]).toEqual([[], [], undefined])
  expect([reads(), statements().length]).toEqual([1, 2])
  const files = [await folder.file('more', 'user,item,brand\nu1,i1,a\nu2,i2,b\n')]
  await importTables({ workspace: folder.workspace, name: 'more', files })
  expect(reads()).toBe(3)
})
