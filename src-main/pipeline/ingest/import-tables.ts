import { createHash, randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { CausewayError } from '../../../src-shared/contract/errors'
import {
  columnRoles,
  type Attribute,
  type ColumnMapping,
  type DatasetManifest,
  type TextLayout,
} from '../../../src-shared/domain/dataset'
import type { JobProgress } from '../../../src-shared/domain/job'
import { datasetDirectory, datasetsDirectory, temporaryDirectory } from '../../storage/layout'
import { toIoError } from '../../storage/io-errors'
import { tableFiles } from '../dataset/dataset'
import { sqlName, sqlParquet, sqlText, withDuckDb, type DuckDb } from '../dataset/duckdb'
import { attributeName, sqlTyped, strayNote, typeColumns } from './attribute-types'
import { unfolded } from './coat'
import { isNotUtf8, parquetOptions, sqlInteractionColumns, sqlSource, timeFormatIn } from './columns'
import { movieLens100kGenres, titleOf, type DetectedTable, type SourceFile } from './detect'
import { detectSources } from './detect-sources'
import { findFault } from './diagnose'
import { addLogAttributes, furtherColumns } from './log-attributes'
import type { TimeFormat } from './values'

export interface ImportRequest {
  workspace: string
  name: string
  files: SourceFile[]
  /** What the analyst confirmed; without it the guess of the preview. */
  mapping?: ColumnMapping | undefined
  text?: TextLayout | undefined
  /** Set for the built-in data. */
  sourceKind?: 'demo'
  /** Further text files to keep in the data set's folder, by name. */
  attachments?: Record<string, string>
  signal?: AbortSignal | undefined
  onProgress?: ((progress: JobProgress) => void) | undefined
}

const namePattern = /^[\p{L}\p{M}\p{N}_-]([\p{L}\p{M}\p{N} ._-]*[\p{L}\p{M}\p{N}_-])?$/u

/**
 * Checks a data-set name, which is also its folder's name.
 * @throws CausewayError `badRequest` saying what is allowed, `nameTaken` (case is ignored, as some file systems do).
 */
export async function checkDatasetName(workspace: string, name: string): Promise<void> {
  if (name.length > 64 || !namePattern.test(name))
    throw new CausewayError(
      'badRequest',
      `${JSON.stringify(name)} cannot be the name of a data set. Allowed: 1 to 64 letters, digits, spaces, ".", "_" and "-", not beginning or ending with a space or ".".`,
      { name },
    )
  const taken = await readdir(datasetsDirectory(workspace)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw toIoError(error, { action: 'read', path: datasetsDirectory(workspace) })
  })
  const folded = (text: string): string => text.normalize('NFC').toLowerCase()
  const same = taken.find((entry) => folded(entry) === folded(name))
  if (same !== undefined) throw nameTaken(same)
}

const nameTaken = (name: string): CausewayError =>
  new CausewayError('nameTaken', `There is a data set named "${name}" already.`, { name })

/** The mapping to import with. @throws CausewayError `columnMissing` naming the columns there are. */
export function resolveMapping(table: DetectedTable, given: ColumnMapping | undefined): ColumnMapping {
  const names = table.columns.map((column) => column.name)
  const file = table.source.handle.name
  const has = `It has the columns ${names.map((name) => `"${name}"`).join(', ')}`
  const mapping = given ?? table.mapping
  for (const meaning of columnRoles) {
    const column = mapping[meaning]
    if (column !== undefined && !names.includes(column))
      throw new CausewayError('columnMissing', `"${file}" has no column "${column}" for the ${meaning}. ${has}.`, {
        file,
        missing: [meaning],
        columns: names,
        line: 1,
        sample: table.rows[0]?.join(table.text?.delimiter ?? ', ').slice(0, 200),
      })
  }
  const { user, item } = mapping
  const missing = [user === undefined && 'user', item === undefined && 'item'].filter((word) => word !== false)
  if (user === undefined || item === undefined)
    throw new CausewayError(
      'columnMissing',
      `"${file}" has no column that looks like the ${missing.join(' or the ')} id. ${has}.`,
      {
        file,
        missing,
        columns: names,
        line: 1,
        sample: (table.text?.header ? names : table.rows[0])?.join(table.text?.delimiter ?? ', ').slice(0, 200),
      },
    )
  if (user === item)
    throw new CausewayError('badRequest', `User and item cannot be the same column "${user}".`, { user, item })
  return { ...mapping, user, item }
}

/**
 * Imports tables as one data set: detects, checks and converts them with DuckDB into a temporary folder, which takes its place
 * in the workspace by one rename. After any failure, and after a cancel, the workspace is as it was.
 * @throws CausewayError with the line and a sample of the row where the data are at fault; `cancelled`, `diskFull`,
 *   `workspaceReadOnly`, `nameTaken`, …
 */
export async function importTables(request: ImportRequest): Promise<DatasetManifest> {
  const { workspace, name } = request
  await checkDatasetName(workspace, name)
  const tables = await detectSources(request.files, request.text, request.signal)
  const temporary = temporaryDirectory(workspace)
  const work = join(temporary, `import-${randomUUID()}`)
  // Folders that this import makes go again when it fails, unless something else has moved in.
  const made: string[] = []
  const makeDirectory = async (path: string): Promise<void> => {
    if ((await mkdir(path, { recursive: true })) !== undefined) made.push(path)
  }
  try {
    await makeDirectory(temporary)
    await mkdir(work)
    const spill = join(work, 'spill')
    const manifest = await withDuckDb({ spillDirectory: spill }, (db) => convert(db, tables, work, request))
    await rm(spill, { recursive: true, force: true })
    for (const [file, text] of Object.entries(request.attachments ?? {})) await writeFile(join(work, file), text)
    await writeFile(join(work, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`)
    await makeDirectory(datasetsDirectory(workspace))
    await checkDatasetName(workspace, name)
    if (request.signal?.aborted) throw new CausewayError('cancelled', 'Cancelled.')
    await rename(work, datasetDirectory(workspace, name)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
      throw nameTaken(name)
    })
    return manifest
  } catch (thrown) {
    await rm(work, { recursive: true, force: true })
    for (const path of made)
      await rmdir(path).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOTEMPTY' && error.code !== 'ENOENT') throw error
      })
    throw toIoError(thrown, { action: 'write', path: workspace })
  }
}

async function convert(
  db: DuckDb,
  detected: DetectedTable[],
  work: string,
  request: ImportRequest,
): Promise<DatasetManifest> {
  const { signal } = request
  const unfoldedRows = join(work, 'unfolded')
  await mkdir(unfoldedRows)
  const tables: DetectedTable[] = []
  for (const table of detected) tables.push(await unfolded(table, unfoldedRows, signal))
  const interactions = tables[0]!
  const mapping = resolveMapping(interactions, request.mapping)
  const report = progressOf(request)
  const out = (table: keyof typeof tableFiles): string => join(work, tableFiles[table])

  const lenient = await convertInteractions(db, interactions, mapping, out('interactions'), signal, (share) =>
    report('Reading rows', share * 0.8),
  )
  report('Counting', 0.8)
  const { randomised, propensity } = mapping
  const counts = await db.row<
    Record<'interactions' | 'users' | 'items' | 'ratings' | 'times' | 'randomised' | 'propensities', number>
  >(
    `SELECT count(*)::DOUBLE AS interactions, count(DISTINCT "user")::DOUBLE AS users, count(DISTINCT item)::DOUBLE AS items,
       count(rating)::DOUBLE AS ratings, count("time")::DOUBLE AS times,
       ${randomised === undefined ? '0' : 'count(*) FILTER (randomised)'}::DOUBLE AS randomised,
       ${propensity === undefined ? '0' : 'count(propensity)'}::DOUBLE AS propensities FROM ${sqlParquet(out('interactions'))}`,
    { signal },
  )
  if (counts.interactions === 0)
    throw new CausewayError('fileEmpty', `"${interactions.source.handle.name}" has no rows.`)
  if (counts.items < 2)
    throw new CausewayError(
      'tooFewItems',
      `"${interactions.source.handle.name}" has only one item (column "${mapping.item}"): there is nothing to rank.`,
      { items: counts.items, column: mapping.item },
    )
  let attributes: Record<'items' | 'users', Attribute[]> = { items: [], users: [] }
  const notes = tables.flatMap(({ source, ignored }) =>
    ignored === null ? [] : [`"${source.handle.name}" was left out: ${ignored}.`],
  )
  for (const role of ['items', 'users'] as const) {
    const table = tables.find((candidate) => candidate.role === role && candidate.ignored === null)
    if (!table) continue
    report(`Reading ${role}`, 0.85)
    const converted = await convertAttributes(db, table, out(role), signal)
    attributes[role] = converted.attributes
    notes.push(...converted.notes)
    if (converted.attributes.length > 0) notes.push(...(await noteMissing(db, table, role, out, counts[role])))
  }
  if (furtherColumns(interactions, mapping).length > 0) {
    report('Reading attributes', 0.87)
    const paths = { interactions: out('interactions'), items: out('items'), users: out('users') }
    const added = await addLogAttributes(db, interactions, mapping, paths, attributes, { work, lenient, signal })
    attributes = added.attributes
    notes.push(...added.notes)
  }
  report('Checking', 0.95)
  const stored = [
    out('interactions'),
    ...(['items', 'users'] as const).filter((role) => attributes[role].length > 0).map(out),
  ]
  const kinds = tables.map((table) => table.kind)
  const manifest: DatasetManifest = {
    type: 'causeway-dataset',
    version: 1,
    name: request.name,
    createdAt: new Date().toISOString(),
    source: {
      files: tables.filter((table) => table.ignored === null).map((table) => table.source.handle.name),
      kind: request.sourceKind ?? kinds[0]!,
    },
    hash: await hashFiles(stored),
    users: counts.users,
    items: counts.items,
    interactions: counts.interactions,
    hasRatings: counts.ratings > 0,
    hasTimes: counts.times > 0,
    ...(randomised !== undefined && { randomised: counts.randomised }),
    ...(propensity !== undefined && { hasPropensities: counts.propensities > 0 }),
    itemAttributes: attributes.items,
    userAttributes: attributes.users,
    titleAttribute: titleOf(attributes.items),
    ...(notes.length > 0 && { notes }),
  }
  await rm(unfoldedRows, { recursive: true })
  report('Done', 1)
  return manifest
}

/** How many users or items of the interactions a table of their attributes does not tell of. */
async function noteMissing(
  db: DuckDb,
  table: DetectedTable,
  role: 'items' | 'users',
  out: (table: keyof typeof tableFiles) => string,
  total: number,
): Promise<string[]> {
  const column = role === 'items' ? 'item' : 'user'
  const { missing } = await db.row<{ missing: number }>(
    `SELECT count(DISTINCT "${column}")::DOUBLE AS missing FROM ${sqlParquet(out('interactions'))}
       WHERE "${column}" NOT IN (SELECT "id" FROM ${sqlParquet(out(role))})`,
  )
  if (missing === 0) return []
  const who = `${missing.toLocaleString('en')} of ${total.toLocaleString('en')} ${role}`
  return [`"${table.source.handle.name}" tells nothing of ${who} by their ids (its column "${table.idColumn}").`]
}

/** Reports a stage with its share of the whole and a time to go drawn from the speed so far. */
function progressOf({ onProgress }: ImportRequest): (stage: string, fraction: number) => void {
  const startedAt = performance.now()
  return (stage, fraction) => {
    const seconds = (performance.now() - startedAt) / 1000
    const etaSeconds = fraction > 0.02 ? (seconds / fraction) * (1 - fraction) : null
    onProgress?.({ stage, fraction, etaSeconds })
  }
}

/** Stores the interactions; tells whether DuckDB had to read them less strictly. */
async function convertInteractions(
  db: DuckDb,
  table: DetectedTable,
  mapping: ColumnMapping,
  out: string,
  signal: AbortSignal | undefined,
  onFraction: (fraction: number) => void,
): Promise<boolean> {
  const timeFormat = timeFormatIn(table, mapping)
  const copy = (lenient: boolean): Promise<void> =>
    db.run(
      `COPY (SELECT ${sqlInteractionColumns(mapping, timeFormat)} FROM ${sqlSource(table, { lenient })}) TO ${sqlText(out)} ${parquetOptions}`,
      { signal, onFraction },
    )
  try {
    await copy(false)
    return false
  } catch (thrown) {
    await explain(db, table, mapping, timeFormat, thrown, signal)
    // Every line is sound, so DuckDB's strict reading minds how they end (mixed CRLF and LF): read it leniently.
    await copy(true).catch((again: unknown) => {
      throw unreadable(table, again)
    })
    return true
  }
}

/** The disk's fault, or a table that DuckDB cannot read for a reason our own checks do not know. */
function unreadable(table: DetectedTable, thrown: unknown): CausewayError {
  const file = table.source.handle.name
  const error = toIoError(thrown, { action: 'write', path: file })
  if (error.code !== 'internal') return error
  const reason = error.message.split('\n').slice(0, 2).join(' ')
  return new CausewayError(table.text ? 'rowInvalid' : 'fileTruncated', `"${file}" cannot be read: ${reason}`, { file })
}

/** Throws what is wrong with the table or the disk; returns when neither is at fault. */
async function explain(
  db: DuckDb,
  table: DetectedTable,
  mapping: ColumnMapping | null,
  timeFormat: TimeFormat,
  thrown: unknown,
  signal: AbortSignal | undefined,
): Promise<void> {
  const error = toIoError(thrown, { action: 'write', path: table.source.handle.name })
  if (error.code !== 'internal') throw error
  const fault = await findFault(db, table, mapping, timeFormat, signal)
  if (fault) throw fault
  if (!table.text) throw unreadable(table, thrown)
}

/** The columns of a table of items or users as expressions; MovieLens gets its genres in one column and its years. */
function attributeColumns(
  table: DetectedTable,
): { name: string; sql: string; declared?: 'text' | 'number' | undefined }[] {
  const names = table.columns.map((column) => column.name).filter((name) => name !== table.idColumn)
  const isMovieLens = table.role === 'items' && /^movielens/.test(table.kind)
  if (!isMovieLens)
    return table.columns
      .filter((column) => column.name !== table.idColumn)
      .map(({ name, declared }) => ({ name, sql: sqlName(name), declared }))
  const year = { name: 'year', sql: String.raw`nullif(regexp_extract("title", '\((\d{4})\)\s*$', 1), '')` }
  if (table.kind !== 'movielens-100k') return [...names.map((name) => ({ name, sql: sqlName(name) })), year]
  const genres = movieLens100kGenres.map((genre) => `CASE WHEN ${sqlName(genre)} = '1' THEN ${sqlText(genre)} END`)
  return [
    { name: 'title', sql: sqlName('title') },
    { name: 'release_date', sql: sqlName('release_date') },
    { name: 'genres', sql: `concat_ws('|', ${genres.join(', ')})` },
    year,
  ]
}

/** Stores a table of items or users as id + attributes, the first row of an id counting; gives the attributes. */
async function convertAttributes(
  db: DuckDb,
  table: DetectedTable,
  out: string,
  signal: AbortSignal | undefined,
): Promise<{ attributes: Attribute[]; notes: string[] }> {
  const columns = attributeColumns(table).map((column) => ({ ...column, name: attributeName(column.name) }))
  const select = [
    `CAST(${sqlName(table.idColumn)} AS VARCHAR) AS "id"`,
    ...columns.map(({ name, sql }) => `nullif(trim(CAST(${sql} AS VARCHAR)), '') AS ${sqlName(name)}`),
  ].join(', ')
  const load = (options: { lenient?: boolean; encoding?: 'latin-1' }): Promise<void> =>
    db.run(`CREATE OR REPLACE TEMP TABLE attributes AS SELECT ${select} FROM ${sqlSource(table, options)}`, { signal })
  try {
    await load({})
  } catch (thrown) {
    const notUtf8 = isNotUtf8(thrown)
    if (!notUtf8) await explain(db, table, null, 'iso', thrown, signal)
    await load(notUtf8 ? { encoding: 'latin-1' } : { lenient: true })
  }
  if (columns.length === 0) return { attributes: [], notes: [] }
  const typed = await typeColumns(
    db,
    'attributes',
    columns.map((column) => ({ ...column, column: column.name })),
    signal,
  )
  const notes: string[] = []
  const { repeated } = await db.row<{ repeated: number }>(
    `SELECT (count("id") - count(DISTINCT "id"))::DOUBLE AS repeated FROM attributes`,
  )
  if (repeated > 0)
    notes.push(
      `"${table.source.handle.name}": ${repeated} ${repeated === 1 ? 'row repeats' : 'rows repeat'} an id; the first row of each counts.`,
    )
  for (const column of typed) if (column.strays > 0) notes.push(strayNote(table.source.handle.name, column))
  const stored = typed.map(({ name, type }) => `${sqlTyped(name, type)} AS ${sqlName(name)}`)
  await db.run(
    `COPY (SELECT "id", ${stored.join(', ')} FROM attributes
       WHERE rowid IN (SELECT min(rowid) FROM attributes WHERE "id" IS NOT NULL GROUP BY "id") ORDER BY rowid) TO ${sqlText(out)} ${parquetOptions}`,
    { signal },
  )
  return { attributes: typed.map(({ name, type }) => ({ name, type })), notes }
}

/** SHA-256 over the stored tables, in a fixed order. */
async function hashFiles(paths: string[]): Promise<string> {
  const hash = createHash('sha256')
  for (const path of paths)
    await pipeline(createReadStream(path), async (chunks) => {
      for await (const chunk of chunks) hash.update(chunk as Buffer)
    })
  return hash.digest('hex')
}
