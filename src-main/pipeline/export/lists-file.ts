import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FLOAT, INTEGER, VARCHAR } from '@duckdb/node-api'
import { CausewayError } from '../../../src-shared/contract/errors'
import { csvText } from '../../../src-shared/text/csv'
import type { TopK } from '../../jobs/trainer-contract'
import { toIoError } from '../../storage/io-errors'
import { rowsPerChunk, sqlName, sqlText, withDuckDb } from '../dataset/duckdb'

/** The lists of users, row r of `lists` being of `users[r]`, and what the columns of the split are. */
export interface NamedLists {
  users: string[]
  items: { id: string; title: string }[]
  lists: TopK
}

type ListRow = [user: string, rank: number, item: string, title: string, score: number]

const columns = ['user', 'rank', 'item', 'title', 'score'] as const

/** The rows of the table, at most so many at a time; a list that is shorter than k has fewer. */
function* rowBlocks({ users, items, lists }: NamedLists, blockRows: number): Generator<ListRow[]> {
  const { k } = lists
  let block: ListRow[] = []
  for (const [row, user] of users.entries())
    for (let rank = 0; rank < k; rank++) {
      const column = lists.items[row * k + rank]!
      if (column < 0) break
      const { id, title } = items[column]!
      block.push([user, rank + 1, id, title, lists.scores[row * k + rank]!])
      if (block.length < blockRows) continue
      yield block
      block = []
    }
  if (block.length > 0) yield block
}

/** The lists as CSV with a header. @throws CausewayError `cancelled` */
export async function listsCsv(lists: NamedLists, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Buffer[] = [Buffer.from(csvText([columns]))]
  for (const block of rowBlocks(lists, 50_000)) {
    // Nine digits are all that a 32-bit float has.
    parts.push(
      Buffer.from(
        csvText(
          block.map(([user, rank, item, title, score]) => [user, rank, item, title, Number(score.toPrecision(9))]),
        ),
      ),
    )
    await new Promise(setImmediate)
    if (signal.aborted) throw new CausewayError('cancelled', 'Cancelled.')
  }
  return Uint8Array.from(Buffer.concat(parts))
}

/**
 * The lists as Parquet: ids and titles as text as they are, rank as INTEGER, score as FLOAT.
 * @param properties kept as the file's key-value metadata
 * @throws CausewayError `cancelled`, `diskFull`
 */
export async function listsParquet(
  lists: NamedLists,
  properties: Record<string, string>,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  // Not in the workspace, which may be open for reading only.
  const directory = await mkdtemp(join(tmpdir(), 'causeway-lists-'))
  try {
    const path = join(directory, 'lists.parquet')
    await withDuckDb({ spillDirectory: directory }, async (db) => {
      await db.run(
        'CREATE TABLE lists ("user" VARCHAR, "rank" INTEGER, "item" VARCHAR, "title" VARCHAR, "score" FLOAT)',
      )
      await db.append('lists', [VARCHAR, INTEGER, VARCHAR, VARCHAR, FLOAT], columnBlocks(lists), signal)
      const metadata = Object.entries(properties).map(([key, value]) => `${sqlName(key)}: ${sqlText(value)}`)
      const kept = metadata.length > 0 ? `, KV_METADATA {${metadata.join(', ')}}` : ''
      await db.run(`COPY lists TO ${sqlText(path)} (FORMAT parquet, COMPRESSION zstd${kept})`, { signal })
    })
    return Uint8Array.from(await readFile(path))
  } catch (thrown) {
    throw toIoError(thrown, { action: 'write', path: directory })
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

function* columnBlocks(lists: NamedLists): Generator<(string | number)[][]> {
  for (const block of rowBlocks(lists, rowsPerChunk)) yield columns.map((_, at) => block.map((row) => row[at]!))
}
