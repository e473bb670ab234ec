import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { CausewayError, type ErrorCode } from '../../../src-shared/contract/errors'
import { previewRows, sampledRecords, sampleOf, typeOf, type DetectedTable, type Role, type SourceFile } from './detect'
import { streamRecords, type TextRecord } from './records'
import { identify, readHead } from './sniff'
import { numberPattern } from './values'

/**
 * The layout in which the Coat data are published (Schnabel et al., "Recommendations as Treatments", ICML 2016): dense matrices of
 * users × items, cut by spaces, 0 where nothing was rated. In `train.ascii` users chose what they rated, in `test.ascii` it was drawn at
 * random. `*_features.ascii` say of each user or item with 0 and 1 what `*_features_map.txt` names, a line `group:value` for each column.
 * Users and items have no ids: they are numbered from 1, as the lines and columns of the matrices.
 */
const fileNames = {
  train: 'train.ascii',
  test: 'test.ascii',
  users: 'user_features.ascii',
  userMap: 'user_features_map.txt',
  items: 'item_features.ascii',
  itemMap: 'item_features_map.txt',
} as const
type CoatFile = keyof typeof fileNames

/** All files of the layout that go with `train.ascii`. */
export const coatSiblings = Object.values(fileNames).filter((name) => name !== fileNames.train)

const find = (sources: SourceFile[], file: CoatFile): SourceFile | undefined =>
  sources.find(({ handle }) => handle.name === fileNames[file])

/** Whether the files are matrices of this layout; their names tell, as only these tell the parts apart. */
export const isCoat = (sources: SourceFile[]): boolean =>
  (['train', 'test'] as const).some((file) => find(sources, file) !== undefined)

const refuse = (source: SourceFile, record: TextRecord, fault: string, code: ErrorCode = 'rowInvalid'): CausewayError =>
  new CausewayError(
    code,
    `"${source.handle.name}", line ${record.line}: ${fault}. The line reads ${sampleOf(record.raw)}.`,
    { file: source.handle.name, line: record.line, sample: record.raw.slice(0, 200) },
  )

/** The lines of a text file that are not blank, block by block. @throws CausewayError naming a file that is no text. */
async function* linesOf(source: SourceFile, signal: AbortSignal | undefined): AsyncGenerator<TextRecord[]> {
  const { encoding } = await openText(source)
  for await (const records of streamRecords(source.path, encoding, { delimiter: '\n', quote: false }, signal)) {
    for (const record of records) if (record.fault !== null) throw refuse(source, record, record.fault)
    yield records.filter(({ raw }) => raw.trim() !== '')
  }
}

async function openText({ path, handle }: SourceFile): Promise<{ encoding: 'utf-8' | 'latin-1' }> {
  const container = await identify(path, handle.name, await readHead(path, handle.name))
  if (container.type === 'text') return container
  throw new CausewayError('fileFormatUnknown', `"${handle.name}" is a Parquet file, not a matrix as text.`, {
    file: handle.name,
  })
}

const cellsOf = ({ raw }: TextRecord): string[] => raw.trim().split(/\s+/)

interface Matrix {
  source: SourceFile
  rows: number
  cols: number
}

/** Reads a matrix once to measure it. @throws CausewayError with the line of a cell that is none, or of a row of another length. */
async function measure(
  source: SourceFile,
  cell: { pattern: RegExp; expected: string },
  signal: AbortSignal | undefined,
): Promise<Matrix> {
  const matrix: Matrix = { source, rows: 0, cols: 0 }
  for await (const records of linesOf(source, signal))
    for (const record of records) {
      const cells = cellsOf(record)
      const wrong = cells.find((text) => !cell.pattern.test(text) || !Number.isFinite(Number(text)))
      if (wrong !== undefined)
        throw refuse(source, record, `"${wrong.slice(0, 60)}" is not ${cell.expected}`, 'valueInvalid')
      if (matrix.rows++ === 0) matrix.cols = cells.length
      if (cells.length !== matrix.cols)
        throw refuse(source, record, `it has ${cells.length} columns where the lines before have ${matrix.cols}`)
    }
  return matrix
}

/** @throws CausewayError `rowInvalid` where a matrix does not have the size that another one gives. */
function requireSize(matrix: Matrix, kind: 'rows' | 'cols', expected: number, because: string): void {
  if (matrix[kind] === expected) return
  const { name } = matrix.source.handle
  throw new CausewayError(
    'rowInvalid',
    `"${name}" has ${matrix[kind]} ${kind === 'rows' ? 'rows' : 'columns'} where ${because}.`,
    { file: name, rows: matrix.rows, columns: matrix.cols },
  )
}

/** A user and an item a row, with the rating and whether it was shown at random: those of `train.ascii`, then of `test.ascii`. */
async function* ratings(train: Matrix, test: Matrix, signal?: AbortSignal): AsyncGenerator<string[][]> {
  for (const { source } of [train, test]) {
    const randomised = source === test.source ? 'yes' : 'no'
    let user = 0
    for await (const records of linesOf(source, signal))
      yield records.flatMap((record) => {
        user++
        return cellsOf(record).flatMap((rating, at) =>
          Number(rating) === 0 ? [] : [[String(user), String(at + 1), rating, randomised]],
        )
      })
  }
}

/** Columns of a matrix of 0 and 1 that say one thing. */
interface Feature {
  name: string
  /** Column and the value that a 1 in it means; null where the column has no group and is kept as 0 and 1. */
  values: { at: number; value: string | null }[]
}

/** The features that the lines of a map name: columns `gender:men` and `gender:women` are one, with the values men and women. */
async function readMap(
  source: SourceFile,
  signal: AbortSignal | undefined,
): Promise<{ lines: number; features: Feature[] }> {
  const features = new Map<string, Feature>()
  let lines = 0
  for await (const records of linesOf(source, signal))
    for (const record of records) {
      const text = record.raw.trim().replace(/\s+/g, ' ')
      const colon = text.indexOf(':')
      const name = (colon < 0 ? text : text.slice(0, colon)).trim()
      const value = colon < 0 ? null : text.slice(colon + 1).trim()
      if (name === '' || value === '') throw refuse(source, record, 'it names no feature (expected group:value)')
      const feature = features.get(name) ?? { name, values: [] }
      if (feature.values.some((other) => value === null || other.value === null))
        throw refuse(source, record, `the feature "${name}" stands there twice`)
      feature.values.push({ at: lines++, value })
      features.set(name, feature)
    }
  return { lines, features: [...features.values()] }
}

/** The number of each user or item with its features; several values of one feature are joined by "|". */
async function* featureRows(matrix: Matrix, features: Feature[], signal?: AbortSignal): AsyncGenerator<string[][]> {
  let id = 0
  for await (const records of linesOf(matrix.source, signal))
    yield records.map((record) => {
      const cells = cellsOf(record)
      const texts = features.map(({ values }) =>
        values.flatMap(({ at, value }) => (value === null ? [cells[at]!] : cells[at] === '1' ? [value] : [])).join('|'),
      )
      return [String(++id), ...texts]
    })
}

type Unfold = NonNullable<DetectedTable['unfold']>

/** A table as the import takes it, with its first rows. */
async function tableOf(
  role: Role,
  sources: SourceFile[],
  names: string[],
  declared: ('text' | undefined)[],
  unfold: Unfold,
): Promise<DetectedTable> {
  const sample: string[][] = []
  for await (const rows of unfold()) {
    sample.push(...rows.slice(0, sampledRecords - sample.length))
    if (sample.length >= sampledRecords) break
  }
  const fileName = sources.map(({ handle }) => handle.name).join(' + ')
  return {
    source: {
      path: sources[0]!.path,
      handle: {
        id: sources[0]!.handle.id,
        name: fileName,
        sizeBytes: sources.reduce((sum, { handle }) => sum + handle.sizeBytes, 0),
      },
    },
    kind: 'coat',
    role,
    label:
      role === 'interactions'
        ? 'Matrices of ratings, users × items, as Coat is published'
        : `Features of ${role}, a line each`,
    text: null,
    columns: names.map((name, at) => {
      const values = sample.map((row) => row[at]!)
      const filled = values.filter((value) => value !== '')
      return { name, type: declared[at] ?? typeOf(values), samples: filled.slice(0, 5), declared: declared[at] }
    }),
    rows: sample.slice(0, previewRows),
    sample,
    records: [],
    mapping: role === 'interactions' ? { user: 'user', item: 'item', rating: 'rating', randomised: 'randomised' } : {},
    idColumn: names[0]!,
    ignored: null,
    unfold,
  }
}

/**
 * The tables in files of this layout, checked whole: matrices must be read to their end to know their shape.
 * @throws CausewayError `badRequest` where one of the two matrices of ratings is missing, `rowInvalid` with the line of what is no
 *   matrix, or telling the shapes that do not go together
 */
export async function detectCoat(sources: SourceFile[], signal?: AbortSignal): Promise<DetectedTable[]> {
  const [trainFile, testFile] = [find(sources, 'train'), find(sources, 'test')]
  if (!trainFile || !testFile) {
    const [there, missing] = trainFile ? [fileNames.train, fileNames.test] : [fileNames.test, fileNames.train]
    throw new CausewayError('badRequest', `"${there}" comes without "${missing}": choose both together.`, { missing })
  }
  const rating = { pattern: numberPattern, expected: 'a number' }
  const train = await measure(trainFile, rating, signal)
  const test = await measure(testFile, rating, signal)
  for (const kind of ['rows', 'cols'] as const)
    requireSize(test, kind, train[kind], `"${fileNames.train}" has ${train[kind]}`)
  const interactions = await tableOf(
    'interactions',
    [trainFile, testFile],
    ['user', 'item', 'rating', 'randomised'],
    [],
    (watched) => ratings(train, test, watched),
  )
  const tables = [interactions]
  for (const [role, mapFile, count] of [
    ['items', 'itemMap', train.cols],
    ['users', 'userMap', train.rows],
  ] as const) {
    const source = find(sources, role)
    if (!source) continue
    const matrix = await measure(source, { pattern: /^[01]$/, expected: '0 or 1' }, signal)
    requireSize(matrix, 'rows', count, `"${fileNames.train}" is of ${count} ${role}`)
    const map = find(sources, mapFile)
    const { lines, features } = map ? await readMap(map, signal) : { lines: matrix.cols, features: [] }
    requireSize(matrix, 'cols', lines, `"${fileNames[mapFile]}" names ${lines}`)
    const table = await tableOf(
      role,
      map ? [source, map] : [source],
      [role === 'items' ? 'item' : 'user', ...features.map(({ name }) => name)],
      [undefined, ...features.map(({ values }) => (values[0]!.value === null ? undefined : ('text' as const)))],
      (watched) => featureRows(matrix, features, watched),
    )
    if (!map) table.ignored = `its columns are named by "${fileNames[mapFile]}", which is not among the files`
    tables.push(table)
  }
  return tables
}

const delimiter = '\t'

/** The table with its rows in a file of their own in `directory`, as DuckDB reads them; others as they are. */
export async function unfolded(
  table: DetectedTable,
  directory: string,
  signal: AbortSignal | undefined,
): Promise<DetectedTable> {
  const { unfold } = table
  if (!unfold || table.ignored !== null) return table
  const path = join(directory, `${table.role}.tsv`)
  async function* lines(): AsyncGenerator<string> {
    for await (const rows of unfold!(signal)) yield rows.map((row) => `${row.join(delimiter)}\n`).join('')
  }
  await pipeline(Readable.from(lines()), createWriteStream(path))
  const text = { delimiter, header: false, quote: false, encoding: 'utf-8' as const, skipLines: 0 }
  return { ...table, source: { ...table.source, path }, text }
}
