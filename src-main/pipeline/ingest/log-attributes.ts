import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Attribute, ColumnMapping } from '../../../src-shared/domain/dataset'
import { sqlName, sqlParquet, sqlText, type DuckDb } from '../dataset/duckdb'
import { toIoError } from '../../storage/io-errors'
import { attributeName, sqlTyped, strayNote, typeColumns, type TypedColumn } from './attribute-types'
import { isNotUtf8, parquetOptions, sqlId, sqlSource } from './columns'
import { words, type DetectedTable } from './detect'
import { looksLikeTimes } from './values'

type Role = 'items' | 'users'
const idColumns = { items: 'item', users: 'user' } as const

/** A column is an attribute of items (or users) when its value is the same in all rows of this share of those met repeatedly. */
const constantShare = 0.99
/** Fewer rows than this may count upwards by chance. */
const fewestNumberedRows = 10
/** Numbers that name something: their median means nothing. */
const idName = /(^|_)(id|key|no|nr|number|index|code|uuid)$/

/** The columns of the interactions that are neither user, item, rating nor time. */
export const furtherColumns = (table: DetectedTable, mapping: ColumnMapping): DetectedTable['columns'] =>
  table.columns.filter(({ name }) => !Object.values(mapping).includes(name))

/** What becomes of a column: whose attribute it is and by which of an id's values, or why it is none. */
type Fate =
  { role: Role; by: 'most frequent' | 'median'; differing: number } | { left: 'blank' | 'rows' | 'names' | 'varies' }

const whyLeft = {
  blank: 'blank in every row',
  rows: 'it only numbers the rows',
  names: 'ids and times that differ between rows of the same item and of the same user',
  varies: 'differs between rows of the same item and of the same user',
} as const

interface LogAttributes {
  attributes: Record<Role, Attribute[]>
  notes: string[]
}

/**
 * Makes attributes of the further columns of the interactions, and adds them to the stored tables of items and users. A column
 * whose value is (nearly) always the same for an item is an attribute of items, else the same for users; of a quantity that differs, such
 * as a price over time, an item has the median. The notes say what was left out. Reads the source once more, and only where there
 * are such columns; what does not fit into memory, DuckDB spills.
 * @param paths the stored tables; those of items and users are there where `stored` lists attributes of them
 * @param stored the attributes that came from files of their own; they win over a column of the same name
 * @param options.lenient as the interactions were read
 * @returns all attributes, those of the files first
 */
export async function addLogAttributes(
  db: DuckDb,
  table: DetectedTable,
  mapping: ColumnMapping,
  paths: Record<'interactions' | Role, string>,
  stored: Record<Role, Attribute[]>,
  options: { work: string; lenient: boolean; signal: AbortSignal | undefined },
): Promise<LogAttributes> {
  const { signal } = options
  const file = table.source.handle.name
  const log = join(options.work, 'log.parquet')
  const further = furtherColumns(table, mapping)
  try {
    await stage(db, table, mapping, further, log, options)
    const columns = await readColumns(db, log, further, signal)
    const fates = await decide(db, log, columns, signal)
    const attributes = { items: [...stored.items], users: [...stored.users] }
    const notes: string[] = []
    for (const role of ['items', 'users'] as const) {
      const added: Added[] = []
      for (const [at, column] of columns.entries()) {
        const fate = fates[at]!
        if ('left' in fate || fate.role !== role) continue
        if (stored[role].some(({ name }) => name.toLowerCase() === column.name.toLowerCase())) {
          notes.push(`Left out of "${file}": "${column.name}" (the table of ${role} has a column of that name).`)
          continue
        }
        const others = [...attributes[role], ...further].map(({ name }) => name).filter((name) => name !== column.name)
        const name = attributeName(column.name, others)
        attributes[role].push({ name, type: fate.by === 'median' ? 'number' : column.type })
        added.push({ name, sql: sqlValues(log, column, fate) })
        if (column.strays > 0) notes.push(strayNote(file, column))
        if (fate.by === 'median')
          notes.push(`"${file}": "${name}" differs between rows of the same item; each item has its median.`)
        else if (fate.differing > 0)
          notes.push(
            `"${file}": "${name}" differs between rows of ${fate.differing.toLocaleString('en')} of the ${role}; the value met most often counts.`,
          )
      }
      if (added.length > 0) await addColumns(db, role, paths, stored[role], added, signal)
    }
    for (const [reason, text] of Object.entries(whyLeft)) {
      const left = columns.filter((_, at) => {
        const fate = fates[at]!
        return 'left' in fate && fate.left === reason
      })
      if (left.length > 0)
        notes.push(`Left out of "${file}": ${left.map(({ name }) => `"${name}"`).join(', ')} (${text}).`)
    }
    return { attributes, notes }
  } finally {
    await rm(log, { force: true })
  }
}

/** Stores user, item and the further columns c0, c1, … as trimmed text, in the order of the rows. */
async function stage(
  db: DuckDb,
  table: DetectedTable,
  mapping: ColumnMapping,
  further: DetectedTable['columns'],
  log: string,
  { lenient, signal }: { lenient: boolean; signal: AbortSignal | undefined },
): Promise<void> {
  const select = [
    `${sqlId(mapping.user)} AS "user"`,
    `${sqlId(mapping.item)} AS "item"`,
    ...further.map(({ name }, at) => `nullif(trim(CAST(${sqlName(name)} AS VARCHAR)), '') AS c${at}`),
  ].join(', ')
  const copy = (options: { lenient: boolean; encoding?: 'latin-1' }): Promise<void> =>
    db.run(
      // Small row groups: a column may hold whole reviews, and a row group lies in memory.
      `COPY (SELECT ${select} FROM ${sqlSource(table, options)}) TO ${sqlText(log)} (FORMAT parquet, ROW_GROUP_SIZE 20480)`,
      { signal },
    )
  // Columns that nobody mapped may be in another encoding than the ids, or have quotes that DuckDB's strict reading minds.
  try {
    await copy({ lenient })
  } catch (thrown) {
    if (!table.text || toIoError(thrown, { action: 'write', path: log }).code !== 'internal') throw thrown
    await copy(isNotUtf8(thrown) ? { lenient: true, encoding: 'latin-1' } : { lenient: true })
  }
}

interface LogColumn extends TypedColumn {
  /** Its typed value as an expression over the log. */
  value: string
  /** Its value rises by one from row to row. */
  countsRows: boolean
  /** Its numbers name something or are times. */
  isNoQuantity: boolean
}

async function readColumns(
  db: DuckDb,
  log: string,
  further: DetectedTable['columns'],
  signal: AbortSignal | undefined,
): Promise<LogColumn[]> {
  const typed = await typeColumns(
    db,
    sqlParquet(log),
    further.map(({ name, declared }, at) => ({ name, declared, column: `c${at}` })),
    signal,
  )
  const offsets = typed.map(({ type }, at) => {
    const offset = `${sqlTyped(`c${at}`, type)} - file_row_number`
    return type === 'integer' ? `min(${offset}) = max(${offset}) AS n${at}` : `false AS n${at}`
  })
  const counting = await db.row<Record<string, boolean>>(`SELECT ${offsets.join(', ')} FROM ${sqlParquet(log, true)}`, {
    signal,
  })
  return typed.map((column, at) => ({
    ...column,
    value: sqlTyped(`c${at}`, column.type),
    countsRows: column.filled >= fewestNumberedRows && counting[`n${at}`]!,
    isNoQuantity: idName.test(words(column.name)) || looksLikeTimes(further[at]!.samples),
  }))
}

async function decide(db: DuckDb, log: string, columns: LogColumn[], signal: AbortSignal | undefined): Promise<Fate[]> {
  // Hashes, so that the state of a group is small whatever the text.
  const perId = columns.flatMap(({ value }, at) => [
    `count(${value}) AS n${at}`,
    `min(hash(${value})) FILTER (${value} IS NOT NULL) AS low${at}`,
    `max(hash(${value})) FILTER (${value} IS NOT NULL) AS high${at}`,
  ])
  const counts = columns.flatMap((_, at) => [
    `count(*) FILTER (n${at} > 1)::DOUBLE AS repeated${at}`,
    `count(*) FILTER (n${at} > 1 AND low${at} <> high${at})::DOUBLE AS differing${at}`,
  ])
  const within = (role: Role): Promise<Record<string, number>> =>
    db.row(
      `SELECT ${counts.join(', ')} FROM (SELECT ${perId.join(', ')} FROM ${sqlParquet(log)} GROUP BY "${idColumns[role]}")`,
      { signal },
    )
  const found = { items: await within('items'), users: await within('users') }
  return columns.map((column, at): Fate => {
    if (column.filled === 0) return { left: 'blank' }
    for (const role of ['items', 'users'] as const) {
      const repeated = found[role][`repeated${at}`]!
      const differing = found[role][`differing${at}`]!
      if (repeated > 0 && differing <= repeated * (1 - constantShare)) return { role, by: 'most frequent', differing }
    }
    if (column.countsRows) return { left: 'rows' }
    // No item is met twice, so each has its one value.
    if (found.items[`repeated${at}`] === 0) return { role: 'items', by: 'most frequent', differing: 0 }
    if (column.type === 'text') return { left: 'varies' }
    return column.isNoQuantity ? { left: 'names' } : { role: 'items', by: 'median', differing: 0 }
  })
}

/** The value of each id: the most frequent one, of several the first met, or the median. Windows, unlike `median`, can be spilled. */
function sqlValues(log: string, { value }: LogColumn, { role, by }: Exclude<Fate, { left: string }>): string {
  const rows = `SELECT "${idColumns[role]}" AS id, ${value} AS "value", file_row_number AS place FROM ${sqlParquet(log, true)} WHERE ${value} IS NOT NULL`
  if (by === 'most frequent')
    return `SELECT id, "value" FROM (SELECT id, "value", count(*) AS times, min(place) AS first FROM (${rows}) GROUP BY id, "value")
      QUALIFY row_number() OVER (PARTITION BY id ORDER BY times DESC, first) = 1`
  return `SELECT id, avg("value"::DOUBLE) AS "value" FROM (
      SELECT id, "value", row_number() OVER (PARTITION BY id ORDER BY "value") AS rank, count(*) OVER (PARTITION BY id) AS total FROM (${rows})
    ) WHERE rank IN ((total + 1) // 2, (total + 2) // 2) GROUP BY id`
}

/** A new attribute and the statement that gives its value by id. */
interface Added {
  name: string
  sql: string
}

/** Adds attributes to a stored table of items or users; ids that it does not tell of follow in the order they are met. */
async function addColumns(
  db: DuckDb,
  role: Role,
  paths: Record<'interactions' | Role, string>,
  stored: Attribute[],
  added: Added[],
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const [at, { sql }] of added.entries())
    await db.run(`CREATE OR REPLACE TEMP TABLE added${at} AS ${sql}`, { signal })
  const source =
    stored.length > 0
      ? sqlParquet(paths[role], true)
      : '(SELECT NULL::VARCHAR AS "id", NULL::BIGINT AS file_row_number WHERE false)'
  const select = [
    'coalesce(f."id", k."id") AS "id"',
    ...stored.map(({ name }) => `f.${sqlName(name)}`),
    ...added.map(({ name }, at) => `added${at}."value" AS ${sqlName(name)}`),
  ].join(', ')
  const joins = added.map((_, at) => `LEFT JOIN added${at} ON added${at}.id = k."id"`).join(' ')
  const told = ['f."id"', ...added.map((_, at) => `added${at}."value"`)].map((value) => `${value} IS NOT NULL`)
  const joined = `${paths[role]}.joined`
  await db.run(
    `COPY (SELECT ${select}
       FROM (SELECT "${idColumns[role]}" AS "id", min(file_row_number) AS first FROM ${sqlParquet(paths.interactions, true)} GROUP BY 1) k
       FULL JOIN ${source} f ON f."id" = k."id" ${joins}
       WHERE ${told.join(' OR ')} ORDER BY f.file_row_number NULLS LAST, k.first) TO ${sqlText(joined)} ${parquetOptions}`,
    { signal },
  )
  for (const at of added.keys()) await db.run(`DROP TABLE added${at}`)
  await rename(joined, paths[role])
}
