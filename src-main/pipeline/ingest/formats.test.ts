import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { itemCards, makeDataFolder, type DataFolder } from '../../../tests/support/data-files'
import { readRows } from '../dataset/catalog'
import { listDatasets } from '../dataset/dataset'
import { withDuckDb } from '../dataset/duckdb'
import { prepareSplit } from '../split/prepare-split'
import { importTables } from './import-tables'
import { previewImport } from './preview'

let folder: DataFolder
beforeEach(async () => {
  folder = await makeDataFolder()
})
afterEach(() => folder.remove())

type Content = Record<string, string | Uint8Array>

const filesOf = (content: Content): Promise<Awaited<ReturnType<DataFolder['file']>>[]> =>
  Promise.all(Object.entries(content).map(([name, text]) => folder.file(name, text)))

/** Imports the files and gives the stored interactions as text. */
async function imported(content: Content): Promise<string[]> {
  await importTables({ workspace: folder.workspace, name: 'it', files: await filesOf(content) })
  const { rows } = await readRows(folder.workspace, 'it', 'interactions', 0, 100)
  return rows.map((row) => row.join(' · '))
}

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1')

describe('one table', () => {
  const rows = [
    ['u1', 'i1', '5', '1000000000'],
    ['u1', 'i2', '3.5', '1000000060'],
    ['u2', 'i1', '1', '1000000120'],
  ]
  const header = ['user_id', 'item_id', 'rating', 'timestamp']
  const stored = [
    'u1 · i1 · 5 · 2001-09-09 01:46:40',
    'u1 · i2 · 3.5 · 2001-09-09 01:47:40',
    'u2 · i1 · 1 · 2001-09-09 01:48:40',
  ]

  it.each([
    ['comma', ',', 'csv'],
    ['tab', '\t', 'tsv'],
    ['semicolon', ';', 'csv'],
    ['bar', '|', 'csv'],
    ['double colon', '::', 'double-colon'],
  ])('cut by %s, with header', async (_, delimiter, kind) => {
    const text = [header, ...rows].map((row) => `${row.join(delimiter)}\n`).join('')
    const preview = await previewImport(await filesOf({ table: text }))
    expect(preview.tables[0]).toMatchObject({ kind, role: 'interactions', text: { delimiter, header: true } })
    expect(await imported({ table: text })).toEqual(stored)
  })

  it.each([
    ['comma', ','],
    ['tab', '\t'],
    ['space', ' '],
    ['double colon', '::'],
  ])('cut by %s, without header', async (_, delimiter) => {
    const text = rows.map((row) => `${row.join(delimiter)}\n`).join('')
    const preview = await previewImport(await filesOf({ table: text }))
    expect(preview.mapping).toEqual({ user: 'column1', item: 'column2', rating: 'column3', time: 'column4' })
    expect(await imported({ table: text })).toEqual(stored)
  })

  it('of users and items alone, and with times alone', async () => {
    expect((await previewImport(await filesOf({ a: 'u1 i1\nu1 i2\n' }))).mapping).toEqual({
      user: 'column1',
      item: 'column2',
    })
    const timed = await previewImport(await filesOf({ a: 'u1,i1,1000000000\nu1,i2,1000000001\n' }))
    expect(timed.mapping).toEqual({ user: 'column1', item: 'column2', time: 'column3' })
  })

  it('with names another tool gave its columns, in another order', async () => {
    const text = 'reviewText,stars,asin,date,customerId\nfine,4,B01,2020-02-03,A9\nbad,1,B02,2020-02-04T05:06:07Z,A9\n'
    const preview = await previewImport(await filesOf({ a: text }))
    expect(preview.mapping).toEqual({ user: 'customerId', item: 'asin', rating: 'stars', time: 'date' })
    expect(await imported({ a: text })).toEqual([
      'A9 · B01 · 4 · 2020-02-03 00:00:00',
      'A9 · B02 · 1 · 2020-02-04 05:06:07',
    ])
  })

  it.each(['randomised', 'randomized', 'is_random', 'isRandom', 'is_rand'])(
    'with what was shown at random, as %s, and its propensity',
    async (name) => {
      const written = ['yes,0.25', 'No,1', 'TRUE,1e-3', 'false,', '1,0.5', '0,0.5', ',0.5', '1.0,0.5']
      const rows = written.map((row, at) => `u,i${at},${row}\n`).join('')
      const text = `user,item,${name},propensity\n${rows}`
      expect((await previewImport(await filesOf({ a: text }))).mapping).toEqual({
        user: 'user',
        item: 'item',
        randomised: name,
        propensity: 'propensity',
      })
      expect(await imported({ a: text })).toEqual([
        'u · i0 · yes · 0.25',
        'u · i1 · no · 1',
        'u · i2 · yes · 0.001',
        'u · i3 · no · ',
        'u · i4 · yes · 0.5',
        'u · i5 · no · 0.5',
        'u · i6 · no · 0.5',
        'u · i7 · yes · 0.5',
      ])
      const [manifest] = await listDatasets(folder.workspace)
      expect(manifest).toMatchObject({ randomised: 4, hasPropensities: true, itemAttributes: [] })
    },
  )

  it('with columns named otherwise for them, where the analyst says so; without, the tables stay as they were', async () => {
    const files = await filesOf({ a: 'user,item,lottery,weight\nu1,i1,1,0.5\nu1,i2,0,0.25\n' })
    const mapping = { user: 'user', item: 'item', randomised: 'lottery', propensity: 'weight' }
    await importTables({ workspace: folder.workspace, name: 'said', files, mapping })
    expect((await readRows(folder.workspace, 'said', 'interactions', 0, 9)).rows).toEqual([
      ['u1', 'i1', 'yes', 0.5],
      ['u1', 'i2', 'no', 0.25],
    ])
    const plain = await importTables({ workspace: folder.workspace, name: 'plain', files })
    expect(plain).not.toHaveProperty('randomised')
    expect(plain).not.toHaveProperty('hasPropensities')
    const path = join(folder.workspace, 'datasets', 'plain', 'interactions.parquet')
    const stored = await withDuckDb({}, (db) => db.rows<{ column_name: string }>(`DESCRIBE SELECT * FROM '${path}'`))
    expect(stored.map(({ column_name }) => column_name)).toEqual(['user', 'item', 'rating', 'time'])
  })

  it('with a name that stands twice in its header; values that stand twice in a first row are no header', async () => {
    const twice = 'user,item,item,rating\nu1,i1,a,5\nu1,i2,b,4\n'
    expect((await previewImport(await filesOf({ a: twice }))).mapping).toEqual({
      user: 'user',
      item: 'item',
      rating: 'rating',
    })
    expect(await imported({ a: twice })).toEqual(['u1 · i1 · 5', 'u1 · i2 · 4'])
    const follows = await previewImport(await filesOf({ a: 'ann,ann,1\nann,bob,2\n' }))
    expect(follows.mapping).toEqual({ user: 'column1', item: 'column2', rating: 'column3' })
  })

  it.each([
    ['seconds', '1577934245', '2020-01-02 03:04:05'],
    ['seconds with a fraction', '1577934245.9', '2020-01-02 03:04:05'],
    ['milliseconds', '1577934245000', '2020-01-02 03:04:05'],
    ['microseconds', '1577934245000000', '2020-01-02 03:04:05'],
    ['an ISO date', '2020-01-02', '2020-01-02 00:00:00'],
    ['an ISO time with zone', '2020-01-02T04:04:05+01:00', '2020-01-02 03:04:05'],
    ['a compact date', '20200102', '2020-01-02 00:00:00'],
    ['an American date', '1/31/2020 3:04', '2020-01-31 03:04:00'],
    ['a European date', '31/01/2020', '2020-01-31 00:00:00'],
    ['a date with dots', '02.01.2020 03:04:05', '2020-01-02 03:04:05'],
  ])('with times as %s', async (_, written, read) => {
    expect(await imported({ a: `user,item,time\nu,i,${written}\nu,j,${written}\n` })).toEqual([
      `u · i · ${read}`,
      `u · j · ${read}`,
    ])
  })

  it('keeps ids as they are: leading zeros, quotes, commas, line ends, unicode, spaces, numbers beyond 2^53', async () => {
    const ids = ['007', '"he said ""so"""', '"a,b"', '"two\nlines"', 'Ünï—🚲', ' padded ', '9007199254740993', "O'Neil"]
    const text = `user,item\n${ids.map((id) => `${id},i${id === '007' ? 1 : 2}\n`).join('')}`
    const rows = await imported({ a: text })
    expect(rows.map((row) => row.split(' · ')[0])).toEqual([
      '007',
      'he said "so"',
      'a,b',
      'two\nlines',
      'Ünï—🚲',
      ' padded ',
      '9007199254740993',
      "O'Neil",
    ])
  })

  it('with a byte order mark, CRLF, mixed line ends, blank lines and no last line end', async () => {
    expect(await imported({ a: '\uFEFFuser,item\r\nu1,i1\r\n\nu2,"i,2"\nu3,i3' })).toEqual([
      'u1 · i1',
      'u2 · i,2',
      'u3 · i3',
    ])
  })

  it.each(['MZ,user,item', 'ORC id,user,item'])(
    'is text though it begins like a program or an ORC file: %s',
    async (names) => {
      expect(await imported({ a: `${names}\n1,u1,i1\n2,u2,i2\n` })).toEqual(['u1 · i1', 'u2 · i2'])
    },
  )

  it('written with its row numbers, which have no name', async () => {
    expect(await imported({ a: ',user_id,item_id\n0,u1,i1\n1,u2,i2\n' })).toEqual(['u1 · i1', 'u2 · i2'])
  })

  it('that begins with a blank line', async () => {
    expect(await imported({ a: '\nuser,item\nu1,i1\nu2,i2\n' })).toEqual(['u1 · i1', 'u2 · i2'])
  })

  it('with blank ratings: they are missing, not zero', async () => {
    expect(await imported({ a: 'user,item,rating\nu1,i1,\nu2,i2,4\n' })).toEqual(['u1 · i1 · ', 'u2 · i2 · 4'])
  })

  it('in Parquet, whose whole numbers and dates are read too', async () => {
    const { path } = await folder.file('t.parquet', '')
    await withDuckDb({}, (db) =>
      db.run(
        `COPY (SELECT 7 AS user_id, 'x' || i AS item_id, 4::TINYINT AS rating, TIMESTAMP '2020-01-02 03:04:05' AS date FROM range(2) t(i)) TO '${path}' (FORMAT parquet)`,
      ),
    )
    const files = [{ path, handle: { id: 't', name: 't.bin', sizeBytes: 1 } }]
    expect((await previewImport(files)).tables[0]).toMatchObject({ kind: 'parquet', text: null })
    await importTables({ workspace: folder.workspace, name: 'it', files })
    const { rows } = await readRows(folder.workspace, 'it', 'interactions', 1, 1)
    expect(rows).toEqual([['7', 'x1', 4, '2020-01-02 03:04:05']])
  })

  it('cut and mapped the way the analyst says, against the guess', async () => {
    const files = await filesOf({ a: 'a|1|x;y\nb|2|z;w\n' })
    await importTables({
      workspace: folder.workspace,
      name: 'it',
      files,
      text: { delimiter: ';', header: false },
      mapping: { user: 'column2', item: 'column1' },
    })
    const { rows } = await readRows(folder.workspace, 'it', 'interactions', 0, 5)
    expect(rows).toEqual([
      ['y', 'a|1|x'],
      ['w', 'b|2|z'],
    ])
  })
})

describe('several tables', () => {
  it('RecBole atomic files: types from the header, sequences as text', async () => {
    const content = {
      'a.item': 'item_id:token\ttitle:token_seq\tprice:float\tyear:token\n07\t"Quoted\t1.5\t1999\n8\t42\t2\t2001\n',
      'a.inter': 'user_id:token\titem_id:token\trating:float\nu\t07\t3\nu\t8\t4\n',
      'a.user': 'user_id:token\tage:token\nu\t30\n',
    }
    expect(await imported(content)).toEqual(['u · 07 · 3', 'u · 8 · 4'])
    const [manifest] = await listDatasets(folder.workspace)
    expect(manifest).toMatchObject({
      source: { kind: 'recbole' },
      titleAttribute: 'title',
      userAttributes: [{ name: 'age', type: 'integer' }],
      itemAttributes: [
        { name: 'title', type: 'text' },
        { name: 'price', type: 'number' },
        { name: 'year', type: 'integer' },
      ],
    })
    const catalog = await itemCards(folder.workspace, 'it')
    expect(catalog.get('07')!).toEqual({ id: '07', title: '"Quoted', attributes: { price: 1.5, year: 1999 } })
  })

  it('MovieLens 100K as distributed: u.data, u.item in Latin-1, u.user', async () => {
    const genres = (at: number[]): string => Array.from({ length: 19 }, (_, i) => (at.includes(i) ? 1 : 0)).join('|')
    const content = {
      'u.user': '1|24|M|technician|85711\n2|53|F|other|01234\n',
      'u.item': latin1(
        `1|Toy Story (1995)|01-Jan-1995||http://x/?a,b|${genres([3, 5])}\n2|Misérables, Les (1998)|01-May-1998||http://y|${genres([8])}\n`,
      ),
      'u.data': '1\t2\t5\t881250949\n2\t1\t3\t891717742\n',
    }
    const preview = await previewImport(await filesOf(content))
    expect(preview.tables.map((table) => table.kind)).toEqual(['movielens-100k', 'movielens-100k', 'movielens-100k'])
    expect(await imported(content)).toEqual(['1 · 2 · 5 · 1997-12-04 15:55:49', '2 · 1 · 3 · 1998-04-04 19:22:22'])
    const catalog = await itemCards(folder.workspace, 'it')
    expect(catalog.get('2')!).toEqual({
      id: '2',
      title: 'Misérables, Les (1998)',
      attributes: { release_date: '01-May-1998', genres: 'Drama', year: 1998 },
    })
    expect(catalog.get('1')!.attributes.genres).toBe('Animation|Comedy')
    const users = await readRows(folder.workspace, 'it', 'users', 1, 1)
    expect(users.rows).toEqual([['2', 53, 'F', 'other', '01234']])
  })

  it('MovieLens 1M as distributed: ratings.dat, movies.dat in Latin-1, users.dat', async () => {
    const content = {
      'movies.dat': latin1("1::Toy Story (1995)::Animation|Children's\n2::Café: Part II (1996)::Drama\n"),
      'ratings.dat': '1::1::5::978300760\n1::2::3::978302109\n',
      'users.dat': '1::F::1::10::48067\n2::M::56::16::70072\n',
    }
    const preview = await previewImport(await filesOf(content))
    expect(preview.tables.map((table) => [table.role, table.kind])).toEqual([
      ['interactions', 'movielens-1m'],
      ['items', 'movielens-1m'],
      ['users', 'movielens-1m'],
    ])
    await imported(content)
    expect((await itemCards(folder.workspace, 'it')).get('2')).toEqual({
      id: '2',
      title: 'Café: Part II (1996)',
      attributes: { genres: 'Drama', year: 1996 },
    })
  })

  it('MovieLens 20M and later: ratings.csv with movies.csv; tags and links are left out and said so', async () => {
    const content = {
      'tags.csv': 'userId,movieId,tag,timestamp\n1,1,"fun, very",1000000000\n',
      'links.csv': 'movieId,imdbId,tmdbId\n1,0114709,862\n',
      'movies.csv': 'movieId,title,genres\n1,"Usual Suspects, The (1995)",Crime|Drama\n2,Heat (1995),Action\n',
      'ratings.csv': 'userId,movieId,rating,timestamp\n1,1,4.5,1000000000\n1,2,0.5,1000000001\n',
    }
    const preview = await previewImport(await filesOf(content))
    expect(preview.tables[0]).toMatchObject({ file: { name: 'ratings.csv' }, kind: 'movielens-csv' })
    expect(preview.warnings).toEqual([
      expect.stringMatching(/^"tags.csv" is left out: it holds tags/),
      expect.stringMatching(/^"links.csv" is left out/),
    ])
    await imported(content)
    expect((await itemCards(folder.workspace, 'it')).get('1')!.title).toBe('Usual Suspects, The (1995)')
    const [manifest] = await listDatasets(folder.workspace)
    expect(manifest!.source.files).toEqual(['ratings.csv', 'movies.csv'])
    expect(manifest!.notes).toHaveLength(2)
  })

  it('tells a table of items by its ids where its columns have no telling names', async () => {
    const content = {
      things: 'k,label,size\ni1,First,3\ni2,Second,4\n',
      log: 'user,item\nu1,i1\nu2,i2\n',
      people: 'k,shoe\nu1,44\nu2,39\n',
    }
    const preview = await previewImport(await filesOf(content))
    expect(preview.tables.map((table) => [table.file.name, table.role])).toEqual([
      ['log', 'interactions'],
      ['things', 'items'],
      ['people', 'users'],
    ])
  })

  it('leaves blank, and notes, the rare value of a number column that is none', async () => {
    const items = Array.from({ length: 150 }, (_, at) => `i${at},${at === 60 ? 'unknown' : 1900 + at}\n`).join('')
    await imported({ log: 'user,item\nu1,i1\nu2,i60\n', items: `item_id,year\n${items}` })
    const [manifest] = await listDatasets(folder.workspace)
    expect(manifest!.itemAttributes).toEqual([{ name: 'year', type: 'integer' }])
    expect(manifest!.notes).toEqual(['"items": 1 of 150 values of "year" are no numbers and were left blank.'])
    const catalog = await itemCards(folder.workspace, 'it')
    expect([catalog.get('i1')!.attributes, catalog.get('i60')!.attributes]).toEqual([{ year: 1901 }, {}])
  })
})

it('notes ids that a table of items repeats or does not know', async () => {
  await imported({ log: 'user,item\nu1,i1\nu2,i2\nu2,i3\n', items: 'item_id,title\ni1,First\ni1,Again\ni2,Second\n' })
  const [manifest] = await listDatasets(folder.workspace)
  expect(manifest!.notes).toEqual([
    '"items": 1 row repeats an id; the first row of each counts.',
    '"items" tells nothing of 1 of 3 items by their ids (its column "item_id").',
  ])
  expect((await itemCards(folder.workspace, 'it')).get('i1')!.title).toBe('First')
})

describe('a data set', () => {
  it('has the same hash whenever the same file is imported', async () => {
    const files = await filesOf({ a: 'user,item\nu1,i1\nu2,i2\n' })
    const first = await importTables({ workspace: folder.workspace, name: 'one', files })
    const second = await importTables({ workspace: folder.workspace, name: 'two', files })
    expect(second.hash).toBe(first.hash)
  })

  it.each(['Bücher 2024', 'a', 'x.y_z-1', '数据'])('may be named "%s"', async (name) => {
    const files = await filesOf({ a: 'user,item\nu1,i1\nu2,i2\n' })
    expect((await importTables({ workspace: folder.workspace, name, files })).name).toBe(name)
    expect((await listDatasets(folder.workspace)).map((manifest) => manifest.name)).toEqual([name])
  })

  it.each(['', '.', '..', '../up', 'a/b', 'a\\b', ' a', 'a ', 'a.', '.a', 'a\nb', 'x'.repeat(65), 'a:b', 'nul\0'])(
    'may not be named %j',
    async (name) => {
      const files = await filesOf({ a: 'user,item\nu1,i1\nu2,i2\n' })
      await expect(importTables({ workspace: folder.workspace, name, files })).rejects.toMatchObject({
        code: 'badRequest',
        message: expect.stringContaining('Allowed: 1 to 64 letters'),
      })
    },
  )

  it('may not take the name of another, in whatever case', async () => {
    const files = await filesOf({ a: 'user,item\nu1,i1\nu2,i2\n' })
    await importTables({ workspace: folder.workspace, name: 'Shop', files })
    const before = await folder.contents()
    await expect(importTables({ workspace: folder.workspace, name: 'shop', files })).rejects.toMatchObject({
      code: 'nameTaken',
    })
    expect(await folder.contents()).toEqual(before)
  })

  it('may be imported by one of two at once, and the other is told', async () => {
    const files = await filesOf({ a: 'user,item\nu1,i1\nu2,i2\n' })
    const both = await Promise.allSettled(
      [1, 2].map(() => importTables({ workspace: folder.workspace, name: 'it', files })),
    )
    expect(both.map((result) => result.status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(both.find((result) => result.status === 'rejected')!.reason).toMatchObject({ code: 'nameTaken' })
    expect((await folder.contents()).filter((entry) => entry.includes('import-'))).toEqual([])
  })

  it('lies in a workspace, and comes from a file, of any name', async () => {
    const workspace = join(folder.workspace, "it's [1] a=b *", 'ü')
    await mkdir(workspace, { recursive: true })
    const files = [await folder.file("my 'log' [2]*.csv", 'user,item\nu1,i1\nu1,i2\nu2,i1\n')]
    await importTables({ workspace, name: 'it', files })
    expect((await readRows(workspace, 'it', 'interactions', 2, 1)).rows).toEqual([['u2', 'i1']])
    expect((await prepareSplit(workspace, 'it', {})).users).toBe(2)
  })
})
