import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { sqlParquet, sqlText, withDuckDb } from '../dataset/duckdb'
import { listsCsv, listsParquet, type NamedLists } from './lists-file'

const never = new AbortController().signal

// The second user has one candidate only.
const lists: NamedLists = {
  users: ['=cmd', '007'],
  items: [
    { id: '1', title: 'Toy, "Story"' },
    { id: '-x', title: '@home' },
  ],
  lists: { k: 2, items: Int32Array.of(1, 0, 0, -1), scores: Float32Array.of(-0.5, -1.25, -2, 0) },
}

test('as CSV they hold a row for each user and rank, and no formula', async () =>
  expect(new TextDecoder().decode(await listsCsv(lists, never)).split('\r\n')).toEqual([
    'user,rank,item,title,score',
    "'=cmd,1,'-x,'@home,-0.5",
    `'=cmd,2,1,"Toy, ""Story""",-1.25`,
    '007,1,1,"Toy, ""Story""",-2',
    '',
  ]))

test('as Parquet they keep ids as they are, with types and what they are of', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'causeway-test-'))
  try {
    const path = join(directory, 'lists.parquet')
    await writeFile(path, await listsParquet(lists, { run: "r'1", 'split hash': 'ab"c' }, never))
    await withDuckDb({}, async (db) => {
      expect(await db.rows(`SELECT * FROM ${sqlParquet(path)}`)).toEqual([
        { user: '=cmd', rank: 1, item: '-x', title: '@home', score: -0.5 },
        { user: '=cmd', rank: 2, item: '1', title: 'Toy, "Story"', score: -1.25 },
        { user: '007', rank: 1, item: '1', title: 'Toy, "Story"', score: -2 },
      ])
      const types = await db.rows(`DESCRIBE SELECT * FROM ${sqlParquet(path)}`)
      expect(types.map(({ column_type: type }) => type)).toEqual(['VARCHAR', 'INTEGER', 'VARCHAR', 'VARCHAR', 'FLOAT'])
      const metadata = await db.rows(
        `SELECT decode(key) AS key, decode(value) AS value FROM parquet_kv_metadata(${sqlText(path)})`,
      )
      expect(metadata).toEqual(
        expect.arrayContaining([
          { key: 'run', value: "r'1" },
          { key: 'split hash', value: 'ab"c' },
        ]),
      )
    })
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
})

test('they come in blocks: a hundred thousand rows are all there, in order', async () => {
  const users = Array.from({ length: 10_000 }, (_, user) => `u${user}`)
  const k = 10
  const items = Array.from({ length: 50 }, (_, item) => ({ id: `i${item}`, title: `Item ${item}` }))
  const many: NamedLists = {
    users,
    items,
    lists: {
      k,
      items: Int32Array.from({ length: users.length * k }, (_, at) => at % 50),
      scores: Float32Array.from({ length: users.length * k }, (_, at) => -at),
    },
  }
  const directory = await mkdtemp(join(tmpdir(), 'causeway-test-'))
  try {
    const path = join(directory, 'lists.parquet')
    await writeFile(path, await listsParquet(many, {}, never))
    await withDuckDb({}, async (db) => {
      const right = `"user" = 'u' || (n // 10) AND "rank" = n % 10 + 1 AND "item" = 'i' || (n % 50) AND "score" = -n`
      const counted = await db.row(
        `SELECT CAST(count(*) AS INTEGER) AS rows, CAST(count(*) FILTER (WHERE ${right}) AS INTEGER) AS correct
         FROM (SELECT *, file_row_number AS n FROM ${sqlParquet(path, true)})`,
      )
      expect(counted).toEqual({ rows: 100_000, correct: 100_000 })
    })
    const text = new TextDecoder().decode(await listsCsv(many, never))
    expect(text.split('\r\n')).toHaveLength(100_002)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
})

test.each([listsCsv, (given: NamedLists, signal: AbortSignal) => listsParquet(given, {}, signal)])(
  'a cancel ends the writing',
  async (write) => {
    const controller = new AbortController()
    const writing = write(lists, controller.signal)
    controller.abort()
    await expect(writing).rejects.toMatchObject({ code: 'cancelled' })
  },
)
