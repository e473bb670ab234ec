import { sqlParquet, type DuckDb, type Watch } from './duckdb'
import { tablePath } from './dataset'

/** What is told of interactions beside their user and item, a number for each; null where the data set does not tell it. */
export interface Told {
  /** NaN where a rating is missing. */
  ratings: Float64Array | null
  /** Seconds since 1970, NaN where missing. */
  times: Float64Array | null
  /** 1 where the item was shown at random, else 0. */
  randomised: Int32Array | null
  /** The probability with which the pair came to be observed, NaN where missing. */
  propensities: Float64Array | null
}

/** Fills `into` with the values of the given entries, in their order. */
export function pick<T extends Float32Array | Float64Array | Int32Array>(
  values: Float64Array | Int32Array,
  entries: Int32Array,
  into: T,
): T {
  for (let at = 0; at < entries.length; at++) into[at] = values[entries[at]!]!
  return into
}

/** What is told of the given entries, in their order. */
export function takeTold({ ratings, times, randomised, propensities }: Told, entries: Int32Array): Told {
  const size = entries.length
  return {
    ratings: ratings && pick(ratings, entries, new Float64Array(size)),
    times: times && pick(times, entries, new Float64Array(size)),
    randomised: randomised && pick(randomised, entries, new Int32Array(size)),
    propensities: propensities && pick(propensities, entries, new Float64Array(size)),
  }
}

/**
 * The interactions of a data set as columns, in the order of their rows. Ids are codes into `userIds` and `itemIds`, numbered by first
 * appearance, so that they are the same on every machine.
 */
export interface Columns extends Told {
  userIds: string[]
  itemIds: string[]
  users: Int32Array
  items: Int32Array
}

/** Reads the interactions of the data set in `directory`. */
export async function loadColumns(
  db: DuckDb,
  directory: string,
  has: { rows: number } & Record<keyof Told, boolean>,
  watch: Watch = {},
): Promise<Columns> {
  const path = tablePath(directory, 'interactions')
  const ids = async (column: 'user' | 'item'): Promise<string[]> => {
    // An enumeration is DuckDB's own dictionary: codes come out as numbers, without a text per row.
    await db.run(
      `CREATE OR REPLACE TYPE ${column}_code AS ENUM (SELECT id FROM (
         SELECT "${column}" AS id, min(file_row_number) AS first FROM ${sqlParquet(path, true)} GROUP BY id) ORDER BY first)`,
      watch,
    )
    return db.texts(`SELECT unnest(enum_range(NULL::${column}_code))::VARCHAR`, watch)
  }
  const userIds = await ids('user')
  const itemIds = await ids('item')
  const columns: Columns = {
    userIds,
    itemIds,
    users: new Int32Array(has.rows),
    items: new Int32Array(has.rows),
    ratings: has.ratings ? new Float64Array(has.rows) : null,
    times: has.times ? new Float64Array(has.rows) : null,
    randomised: has.randomised ? new Int32Array(has.rows) : null,
    propensities: has.propensities ? new Float64Array(has.rows) : null,
  }
  const selected: [sql: string, into: Int32Array | Float64Array | null][] = [
    ['enum_code("user"::user_code)::INTEGER', columns.users],
    ['enum_code("item"::item_code)::INTEGER', columns.items],
    [`coalesce("rating", 'nan'::DOUBLE)`, columns.ratings],
    [`coalesce("time"::DOUBLE, 'nan'::DOUBLE)`, columns.times],
    ['"randomised"::INTEGER', columns.randomised],
    [`coalesce("propensity", 'nan'::DOUBLE)`, columns.propensities],
  ]
  const wanted = selected.filter((column): column is [string, Int32Array | Float64Array] => column[1] !== null)
  await db.numbers(
    `SELECT ${wanted.map(([sql]) => sql).join(', ')} FROM ${sqlParquet(path)}`,
    wanted.map(([, into]) => into),
    watch,
  )
  return columns
}
