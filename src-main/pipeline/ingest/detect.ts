import { CausewayError } from '../../../src-shared/contract/errors'
import {
  columnRoles,
  type Attribute,
  type ColumnInfo,
  type ColumnMapping,
  type ColumnRole,
  type FileHandle,
  type LayoutKind,
  type TextLayout,
} from '../../../src-shared/domain/dataset'
import { sqlParquet, withDuckDb } from '../dataset/duckdb'
import { cutFields, recordsOf, type RecordFormat, type TextRecord } from './records'
import { identify, readHead } from './sniff'
import { integerPattern, looksLikeTimes, numberPattern } from './values'

/** A file to import and where it lies. */
export interface SourceFile {
  handle: FileHandle
  path: string
}

export type Role = 'interactions' | 'items' | 'users'

/** What is known of one file before any of it is imported. */
export interface DetectedTable {
  source: SourceFile
  kind: LayoutKind
  role: Role
  label: string
  /** Null for Parquet and for matrices. `skipLines` are the lines up to and with the header. */
  text: (TextLayout & RecordFormat & { encoding: 'utf-8' | 'latin-1'; skipLines: number }) | null
  columns: (ColumnInfo & { declared?: 'text' | 'number' | undefined })[]
  rows: string[][]
  /** More of the first rows, those of the right width, to tell by their ids what a table is of. */
  sample: string[][]
  /** The records that rows and sample come from, faulty ones too; none for Parquet. */
  records: TextRecord[]
  /** Interactions: the guessed columns. */
  mapping: Partial<ColumnMapping>
  /** Items and users: the column that holds their id. */
  idColumn: string
  /** Why the file brings nothing and is left out; null when it is used. */
  ignored: string | null
  /** Of matrices: the rows they unfold to, by column, block by block. Without it the rows are read from the source. */
  unfold?: (signal?: AbortSignal) => AsyncGenerator<string[][]>
}

export const previewRows = 20
export const sampledRecords = 2000

/** `007` is a name, not the number seven. */
const leadingZero = /^[+-]?0\d/

/** The type that holds every value; blanks count for any. */
export function typeOf(values: string[]): ColumnInfo['type'] {
  const filled = values.map((value) => value.trim()).filter((value) => value !== '')
  if (filled.length === 0 || filled.some((value) => leadingZero.test(value))) return 'text'
  if (filled.every((value) => integerPattern.test(value))) return 'integer'
  return filled.every((value) => numberPattern.test(value)) ? 'number' : 'text'
}

/** A name in lower case with its words joined by "_". */
export const words = (name: string): string =>
  name
    .replace(/([a-z\d])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^\p{L}\d]+/gu, '_')
    .replace(/^_|_$/g, '')

/** Names that columns of each meaning go by, best first. */
const columnNames: Record<ColumnRole, RegExp[]> = {
  user: [
    /^(user|uid|userid|user_id|user_?name|reviewer_id|reviewerid)$/,
    /^(customer|client|member|visitor|account|buyer|person|reader|listener|viewer|session)(_?id)?$/,
    /^(user|customer|reviewer)_/,
  ],
  item: [
    /^(item|iid|itemid|item_id|asin|parent_asin)$/,
    /^(movie|product|article|book|song|track|artist|business|sku|isbn|content|video|film|game|recipe|poi|venue)(_?id)?$/,
    /^(movieid|productid|businessid|stock_?code)$/,
    /^(item|product|movie)_(id|code|key|no|number|sku)$/,
  ],
  rating: [/^(rating|ratings|score|stars|star_rating|overall|vote|grade)$/, /^(user_)?(rating|score)(_value)?$/],
  time: [
    /^(timestamp|time|datetime|ts|unix_?time|unix_review_time)$/,
    /^(date|day|created_at|created|event_time|rated_at|review_date|transaction_dt|invoice_date|purchase_date)$/,
  ],
  randomised: [/^(is_)?randomi[sz]ed$/, /^is_rand(om)?$/],
  propensity: [/^propensity(_score)?$/],
}

function findColumn(meaning: ColumnRole, names: string[], taken: string[]): string | undefined {
  for (const pattern of columnNames[meaning]) {
    const found = names.find((name) => !taken.includes(name) && pattern.test(words(name)))
    if (found !== undefined) return found
  }
  return undefined
}

/** Guesses which columns say what, by their names. */
function mappingByName(names: string[]): Partial<ColumnMapping> {
  const mapping: Partial<ColumnMapping> = {}
  for (const meaning of columnRoles) {
    const found = findColumn(meaning, names, Object.values(mapping))
    if (found !== undefined) mapping[meaning] = found
  }
  return mapping
}

/** Guesses the columns of a table without header: user, item, then rating and time as their values look. */
function mappingByPosition(columns: ColumnInfo[]): Partial<ColumnMapping> {
  const [user, item, third, fourth] = columns
  if (!user || !item || columns.length > 4) return {}
  const mapping: Partial<ColumnMapping> = { user: user.name, item: item.name }
  for (const column of [third, fourth]) {
    if (!column) continue
    if (looksLikeTimes(column.samples)) mapping.time ??= column.name
    else if (column.type !== 'text') mapping.rating ??= column.name
  }
  return mapping
}

const delimiters = ['\t', '::', '|', ';', ','] as const
const delimiterWords: Record<string, string> = {
  '\t': 'tab-separated',
  '::': '"::"-separated',
  '|': '"|"-separated',
  ';': 'semicolon-separated',
  ',': 'comma-separated',
  ' ': 'space-separated',
}
export const delimiterName = (delimiter: string): string => delimiterWords[delimiter] ?? `"${delimiter}"-separated`

/** The number of fields most records have, and the share of records that have it. */
function fieldCounts(lines: string[], format: RecordFormat): { fields: number; share: number } {
  const counts = new Map<number, number>()
  for (const line of lines) {
    const { length } = cutFields(line, format).fields
    counts.set(length, (counts.get(length) ?? 0) + 1)
  }
  const [fields, count] = [...counts].sort((a, b) => b[1] - a[1])[0]!
  return { fields, share: count / lines.length }
}

/** The delimiter that cuts the lines into the most even columns; a space only where nothing else cuts. */
function guessDelimiter(lines: string[]): string | null {
  const sample = lines.slice(0, 200)
  const header = sample[0]!
  const scored = delimiters
    .map((delimiter) => ({ delimiter, ...fieldCounts(sample, { delimiter, quote: true }) }))
    .filter(({ fields, share }) => fields >= 2 && share > 0.5)
  // A text column may hold commas: what also cuts the first line into as many fields is the delimiter.
  const agrees = ({ delimiter, fields }: (typeof scored)[number]): number =>
    cutFields(header, { delimiter, quote: true }).fields.length === fields ? 1 : 0
  const best = scored.sort((a, b) => agrees(b) - agrees(a) || b.share - a.share || b.fields - a.fields)[0]
  if (best) return best.delimiter
  const spaced = fieldCounts(sample, { delimiter: ' ', quote: false })
  if (spaced.fields >= 2 && spaced.fields <= 4 && spaced.share === 1) return ' '
  // Half of the lines or more are not even: fall back to what cuts the first line.
  return delimiters.find((delimiter) => cutFields(header, { delimiter, quote: true }).fields.length >= 2) ?? null
}

const recboleHeader = /^(.+):(token|token_seq|float|float_seq)$/

/** A header's cells are names: none is a number, a time or blank. */
function looksLikeHeader(first: string[], rest: string[][]): boolean {
  if (first.every((cell) => recboleHeader.test(cell))) return true
  const cells = first.map((cell) => cell.trim())
  // A table written with its row numbers has no name over them.
  if (cells.slice(1).includes('') || cells.some((cell) => numberPattern.test(cell) || looksLikeTimes([cell])))
    return false
  const named = mappingByName(cells)
  if (named.user !== undefined && named.item !== undefined) return true
  // Data may say a thing twice, a header does so only by mistake.
  if (new Set(cells).size !== cells.length) return false
  if (named.user !== undefined || named.item !== undefined || cells.some((cell) => /^(id|title|name)$/i.test(cell)))
    return true
  // Unknown names: a header if some column is numeric below it.
  return first.some((_, at) => typeOf(rest.map((row) => row[at] ?? '')) !== 'text')
}

const headerless = (count: number): string[] => Array.from({ length: count }, (_, at) => `column${at + 1}`)

/** Names of a table's columns, unique and never blank. */
function uniqueNames(cells: string[]): string[] {
  const seen = new Set<string>()
  return cells.map((cell, at) => {
    let name = cell.trim() || `column${at + 1}`
    while (seen.has(name.toLowerCase())) name = `${name}_${at + 1}`
    seen.add(name.toLowerCase())
    return name
  })
}

const movieLens100kItem = [
  'movie_id',
  'title',
  'release_date',
  'video_release_date',
  'imdb_url',
  ...[
    'unknown',
    'Action',
    'Adventure',
    'Animation',
    "Children's",
    'Comedy',
    'Crime',
    'Documentary',
    'Drama',
    'Fantasy',
  ],
  ...['Film-Noir', 'Horror', 'Musical', 'Mystery', 'Romance', 'Sci-Fi', 'Thriller', 'War', 'Western'],
]
export const movieLens100kGenres = movieLens100kItem.slice(5)

interface KnownTable {
  kind: LayoutKind
  role: Role
  names: string[]
  label: string
}

/** The tables of the MovieLens distributions that come without header, known by their shape and values. */
function knownHeaderless(delimiter: string, rows: string[][]): KnownTable | null {
  const width = rows[0]!.length
  const every = (at: number, pattern: RegExp): boolean => rows.every((row) => pattern.test(row[at] ?? ''))
  if (
    delimiter === '|' &&
    width === 24 &&
    every(0, integerPattern) &&
    rows.every((row) => row.slice(5).every((v) => /^[01]$/.test(v)))
  )
    return { kind: 'movielens-100k', role: 'items', names: movieLens100kItem, label: 'MovieLens 100K items (u.item)' }
  if (delimiter === '|' && width === 5 && every(0, integerPattern) && every(1, integerPattern) && every(2, /^[MF]$/))
    return {
      kind: 'movielens-100k',
      role: 'users',
      names: ['user_id', 'age', 'gender', 'occupation', 'zip_code'],
      label: 'MovieLens 100K users (u.user)',
    }
  if (delimiter === '::' && width === 5 && every(0, integerPattern) && every(1, /^[MF]$/))
    return {
      kind: 'movielens-1m',
      role: 'users',
      names: ['user_id', 'gender', 'age', 'occupation', 'zip_code'],
      label: 'MovieLens 1M users (users.dat)',
    }
  if (
    delimiter === '::' &&
    width === 3 &&
    every(0, integerPattern) &&
    rows.some((row) => /\(\d{4}\)\s*$/.test(row[1]!))
  )
    return {
      kind: 'movielens-1m',
      role: 'items',
      names: ['movie_id', 'title', 'genres'],
      label: 'MovieLens items (movies.dat)',
    }
  if (width !== 4 || ![0, 1, 3].every((at) => every(at, integerPattern))) return null
  const names = headerless(4)
  if (delimiter === '::' && every(2, numberPattern))
    return { kind: 'movielens-1m', role: 'interactions', names, label: 'MovieLens 1M ratings (ratings.dat)' }
  // The 100K ratings were collected between September 1997 and April 1998.
  const collected = rows.every((row) => Number(row[3]) >= 874_700_000 && Number(row[3]) < 893_300_000)
  if (delimiter === '\t' && every(2, /^[1-5]$/) && collected)
    return { kind: 'movielens-100k', role: 'interactions', names, label: 'MovieLens 100K ratings (u.data)' }
  return null
}

/** Titles, genres, prices: what an item has and a user has not; and the reverse. */
const itemAttributeNames =
  /(^|_)(title|name|genres?|categor(y|ies)|class|price|brand|author|year|release|director|description)(_|$)/
const userAttributeNames = /(^|_)(age|gender|sex|occupation|zip(_code)?|country|city|income|education)(_|$)/

/** What a table with header holds, by the names of its columns. */
function roleByNames(names: string[], mapping: Partial<ColumnMapping>): Role | null {
  if (mapping.user !== undefined && mapping.item !== undefined) return 'interactions'
  if (mapping.item !== undefined) return 'items'
  if (mapping.user !== undefined) return 'users'
  const known = names.map(words)
  const itemWords = known.filter((name) => itemAttributeNames.test(name)).length
  const userWords = known.filter((name) => userAttributeNames.test(name)).length
  if (itemWords === userWords) return null
  return itemWords > userWords ? 'items' : 'users'
}

const columnsOf = (names: string[], rows: string[][]): ColumnInfo[] =>
  names.map((name, at) => {
    const values = rows.map((row) => row[at] ?? '')
    return { name, type: typeOf(values), samples: values.filter((value) => value !== '').slice(0, 5) }
  })

const roleWords: Record<Role, string> = { interactions: 'interactions', items: 'items', users: 'users' }

/** Quotes mean something where a sampled field is wholly quoted, and cutting by them leaves no record odd. */
function usesQuotes(records: TextRecord[], delimiter: string): boolean {
  if (delimiter === ',' || delimiter === ';') return true
  const quoted = records.filter(({ raw }) => raw.startsWith('"') || raw.includes(`${delimiter}"`))
  return (
    quoted.length > 0 &&
    quoted.every(({ raw }) => {
      const cut = cutFields(raw, { delimiter, quote: true })
      return !cut.open && !cut.stray
    })
  )
}

type TextHead = { bytes: Buffer; whole: boolean }

function detectText(
  source: SourceFile,
  head: TextHead,
  encoding: 'utf-8' | 'latin-1',
  override: TextLayout | undefined,
): DetectedTable {
  const file = source.handle.name
  const plain = recordsOf(head.bytes, head.whole, encoding, { delimiter: '\n', quote: false }).slice(0, sampledRecords)
  const lines = plain.map((record) => record.raw)
  if (lines.length === 0) {
    throw new CausewayError(
      'rowInvalid',
      `"${file}" begins with a line longer than ${head.bytes.length} bytes: it has no rows.`,
      {
        file,
        line: 1,
        sample: head.bytes.toString('latin1', 0, 120),
      },
    )
  }
  const delimiter = override?.delimiter ?? guessDelimiter(lines)
  if (delimiter === null)
    throw new CausewayError(
      'delimiterWrong',
      `"${file}" is not cut into columns by a tab, comma, semicolon, "|", "::" or space. Line 1: ${sampleOf(lines[0]!)}`,
      { file, line: 1, sample: lines[0]!.slice(0, 200), tried: [...delimiters, ' '] },
    )
  const recbole = delimiter === '\t' && lines[0]!.split('\t').every((cell) => recboleHeader.test(cell))
  const quote = !recbole && delimiter !== '::' && delimiter !== ' ' && usesQuotes(plain, delimiter)
  const records = recordsOf(head.bytes, head.whole, encoding, { delimiter, quote }).slice(0, sampledRecords)
  const all = records.map((record) => record.fields)
  const [first, ...rest] = all as [string[], ...string[][]]
  if (first.length < 2)
    throw new CausewayError(
      'delimiterWrong',
      `"${file}" has one column when cut by ${JSON.stringify(delimiter)}. Line 1: ${sampleOf(lines[0]!)}`,
      { file, line: records[0]!.line, sample: lines[0]!.slice(0, 200), delimiter },
    )
  const header = override?.header ?? looksLikeHeader(first, rest)
  const body = header ? rest : all
  const even = body.filter((row) => row.length === first.length)
  if (body.length === 0)
    throw new CausewayError('fileEmpty', `"${file}" has a header and no rows.`, { file, line: 1, sample: lines[0] })
  const odd = body.findIndex((row) => row.length !== first.length)
  if (even.length < body.length / 2) {
    const { line, raw, fields } = records[odd + (header ? 1 : 0)]!
    throw new CausewayError(
      'delimiterWrong',
      `"${file}" is no table that is ${delimiterName(delimiter)}: line 1 has ${first.length} columns, line ${line} has ${fields.length}. Line ${line} reads ${sampleOf(raw)}.`,
      { file, line, sample: raw.slice(0, 200), delimiter },
    )
  }
  const text = { delimiter, header, quote, encoding, skipLines: header ? records[0]!.line : 0 }
  const known = !header && !override && even.length > 0 ? knownHeaderless(delimiter, even) : null
  const typed = header ? first.map((cell) => recboleHeader.exec(cell)) : []
  const names = uniqueNames(
    known?.names ?? (header ? first.map((cell, at) => (recbole ? typed[at]![1]! : cell)) : headerless(first.length)),
  )
  const columns: DetectedTable['columns'] = columnsOf(names, even)
  if (recbole)
    columns.forEach((column, at) => {
      const type = typed[at]![2]!
      column.declared = type === 'float' ? 'number' : type === 'token' ? undefined : 'text'
      if (column.declared === 'text') column.type = 'text'
    })
  const mapping = header
    ? mappingByName(names)
    : known && known.role !== 'interactions'
      ? {}
      : mappingByPosition(columns)
  const role = known?.role ?? (header ? roleByNames(names, mapping) : first.length <= 4 ? 'interactions' : null)
  const movieLensCsv = delimiter === ',' && header && names.includes('movieId')
  const kind: LayoutKind =
    known?.kind ??
    (recbole
      ? 'recbole'
      : movieLensCsv
        ? 'movielens-csv'
        : delimiter === '::'
          ? 'double-colon'
          : !header
            ? 'headerless'
            : delimiter === '\t'
              ? 'tsv'
              : 'csv')
  const ignored =
    movieLensCsv && names.includes('tag')
      ? 'it holds tags, which Causeway does not use'
      : movieLensCsv && names.includes('imdbId')
        ? 'it holds links to other sites, which Causeway does not use'
        : null
  const what = `${recbole ? 'RecBole' : movieLensCsv ? 'MovieLens' : 'Table of'} ${roleWords[role ?? 'interactions']}`
  const label =
    known?.label ??
    `${what}, ${delimiterName(delimiter)}, ${header ? 'with header' : 'without header'}${encoding === 'latin-1' ? ', Latin-1' : ''}`
  return {
    source,
    kind,
    role: role ?? 'interactions',
    label,
    text,
    columns,
    rows: body.slice(0, previewRows),
    sample: even,
    records: header ? records.slice(1) : records,
    mapping,
    idColumn: idColumnOf(role ?? 'items', names, header ? mapping : {}),
    ignored,
  }
}

const idColumnOf = (role: Role, names: string[], mapping: Partial<ColumnMapping>): string =>
  (role === 'users' ? mapping.user : mapping.item) ?? names.find((name) => /^(id|key|code)$/i.test(name)) ?? names[0]!

/** A piece of a row short enough for a message. */
export const sampleOf = (text: string): string => JSON.stringify(text.length > 120 ? `${text.slice(0, 117)}…` : text)

const parquetNumber = /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|U?INTEGER)$/

async function detectParquet(source: SourceFile): Promise<DetectedTable> {
  const file = source.handle.name
  const [schema, rows] = await withDuckDb({}, async (db) => {
    try {
      const described = await db.rows<{ column_name: string; column_type: string }>(
        `DESCRIBE SELECT * FROM ${sqlParquet(source.path)}`,
      )
      const casts = described.map(({ column_name: name }) => `CAST("${name.replaceAll('"', '""')}" AS VARCHAR)`)
      const sample = await db.rows<{ row: string[] }>(
        `SELECT [${casts.join(', ')}] AS row FROM ${sqlParquet(source.path)} LIMIT ${sampledRecords}`,
      )
      return [described, sample.map(({ row }) => row.map((cell: string | null) => cell ?? ''))] as const
    } catch (thrown) {
      throw new CausewayError(
        'fileTruncated',
        `"${file}" begins and ends like a Parquet file, but cannot be read as one: ${(thrown as Error).message.split('\n')[0]}`,
        { file },
        { cause: thrown },
      )
    }
  })
  if (rows.length === 0) throw new CausewayError('fileEmpty', `"${file}" is a Parquet file without rows.`, { file })
  const names = schema.map((column) => column.column_name)
  const columns = columnsOf(names, rows).map((column, at): ColumnInfo => {
    const type = schema[at]!.column_type
    if (parquetNumber.test(type)) return { ...column, type: 'integer' }
    return { ...column, type: /^(DOUBLE|FLOAT|DECIMAL)/.test(type) ? 'number' : 'text' }
  })
  const mapping = mappingByName(names)
  const role = roleByNames(names, mapping) ?? 'interactions'
  return {
    source,
    kind: 'parquet',
    role,
    label: `Parquet table of ${roleWords[role]}`,
    text: null,
    columns,
    rows: rows.slice(0, previewRows),
    sample: rows,
    records: [],
    mapping,
    idColumn: idColumnOf(role, names, mapping),
    ignored: null,
  }
}

async function detectFile(source: SourceFile, override: TextLayout | undefined): Promise<DetectedTable> {
  const head = await readHead(source.path, source.handle.name)
  const container = await identify(source.path, source.handle.name, head)
  return container.type === 'parquet' ? detectParquet(source) : detectText(source, head, container.encoding, override)
}

/** How many sampled values of a table's column `at` are known as user or item ids of the interactions. */
function overlap(table: DetectedTable, at: number, interactions: DetectedTable, meaning: 'user' | 'item'): number {
  const column = interactions.columns.findIndex(({ name }) => name === interactions.mapping[meaning])
  const known = new Set(interactions.sample.map((row) => row[column]))
  return table.sample.filter((row) => known.has(row[at])).length
}

/** Whether a further table holds interactions of the same items too, by its header or, without one, by its second column. */
const isMoreOf = (table: DetectedTable, interactions: DetectedTable): boolean =>
  table.text?.header === false
    ? overlap(table, 1, interactions, 'item') > table.sample.length / 2
    : table.mapping.user !== undefined && table.mapping.item !== undefined

/** The first table is the interactions; among several candidates the one whose header names its columns, then the largest. */
function interactionsFirst(tables: DetectedTable[]): DetectedTable[] {
  const weight = ({ mapping, text }: DetectedTable): number =>
    (text?.header === false ? 0 : 8) +
    (mapping.user !== undefined && mapping.item !== undefined ? 4 : 0) +
    (mapping.rating !== undefined ? 2 : 0) +
    (mapping.time !== undefined ? 1 : 0)
  const candidates = tables
    .filter((table) => table.role === 'interactions' && table.ignored === null)
    .sort((a, b) => weight(b) - weight(a) || b.source.handle.sizeBytes - a.source.handle.sizeBytes)
  const chosen = candidates[0]
  if (!chosen) {
    const found = tables.map((table) => `"${table.source.handle.name}" (${table.label})`)
    throw new CausewayError(
      'columnMissing',
      `None of the files holds interactions, a table with a user and an item column. Found: ${found.join(', ')}.`,
      { files: tables.map((table) => table.source.handle.name) },
    )
  }
  for (const other of candidates.slice(1)) {
    if (isMoreOf(other, chosen)) {
      other.ignored = `only one table of interactions is imported at a time, and that is "${chosen.source.handle.name}"`
      continue
    }
    other.role = overlap(other, 0, chosen, 'user') > overlap(other, 0, chosen, 'item') ? 'users' : 'items'
    const names = other.columns.map(({ name }) => name)
    other.idColumn = idColumnOf(other.role, names, {})
    other.label = other.label.replace('interactions', other.role)
  }
  for (const role of ['items', 'users'] as const)
    for (const extra of tables.filter((table) => table.role === role && table.ignored === null).slice(1))
      extra.ignored = `a table of ${role} is there already`
  return [chosen, ...tables.filter((table) => table !== chosen)]
}

/**
 * Finds out what each file is, by its content, and tells the interactions from the tables of items and users.
 * The first table of the answer is the interactions.
 * @param override how to cut the interactions, where the analyst said it
 */
export async function detectTables(sources: SourceFile[], override?: TextLayout): Promise<DetectedTable[]> {
  const tables = await Promise.all(
    sources.map((source) => detectFile(source, sources.length === 1 ? override : undefined)),
  )
  const ordered = tables.length === 1 ? tables : interactionsFirst(tables)
  if (override && tables.length > 1) ordered[0] = await detectFile(ordered[0]!.source, override)
  const interactions = ordered[0]!
  interactions.role = 'interactions'
  // Titles may be in Latin-1, ids must not be guessed at: the import tells the line that is not UTF-8.
  if (interactions.text) interactions.text.encoding = 'utf-8'
  return ordered
}

/** The item attribute that reads like a title. */
export const titleOf = (attributes: Attribute[]): string | null => {
  const texts = attributes.filter((attribute) => attribute.type === 'text')
  for (const pattern of [
    /^title$/,
    /^(movie|item|product|book|song|track|artist)_(title|name)$/,
    /^name$/,
    /(^|_)(title|name)$/,
  ]) {
    const found = texts.find((attribute) => pattern.test(words(attribute.name)))
    if (found) return found.name
  }
  return null
}
