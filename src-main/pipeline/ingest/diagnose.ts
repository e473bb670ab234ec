import { CausewayError, type ErrorCode } from '../../../src-shared/contract/errors'
import type { ColumnMapping } from '../../../src-shared/domain/dataset'
import { sqlName, sqlParquet, type DuckDb } from '../dataset/duckdb'
import { sampleOf, type DetectedTable } from './detect'
import { streamRecords, type TextRecord } from './records'
import { propensityFault, randomisedFault, ratingFault, timeFault, type TimeFormat } from './values'

interface Fault {
  code: ErrorCode
  text: string
}

/** What is wrong with the values of one row of interactions; the first fault found. */
function faultOf(value: (column: string) => string, mapping: ColumnMapping, timeFormat: TimeFormat): Fault | null {
  for (const meaning of ['user', 'item'] as const)
    if (value(mapping[meaning]) === '')
      return { code: 'rowInvalid', text: `the ${meaning} id (column "${mapping[meaning]}") is blank` }
  const checks = {
    rating: ratingFault,
    time: (text: string) => timeFault(text, timeFormat),
    randomised: randomisedFault,
    propensity: propensityFault,
  }
  for (const meaning of ['rating', 'time', 'randomised', 'propensity'] as const) {
    const column = mapping[meaning]
    const fault = column === undefined ? null : checks[meaning](value(column))
    if (fault !== null) return { code: 'valueInvalid', text: `${meaning} (column "${column}"): ${fault}` }
  }
  return null
}

const located = (
  table: DetectedTable,
  place: 'line' | 'row',
  at: number,
  fault: Fault,
  sample: string,
): CausewayError => {
  const file = table.source.handle.name
  return new CausewayError(
    fault.code,
    `"${file}", ${place} ${at}: ${fault.text}. The ${place} reads ${sampleOf(sample)}.`,
    {
      file,
      [place]: at,
      sample: sample.slice(0, 200),
    },
  )
}

/** What is wrong with a record of this table, as an error with its line and a sample; null where it is sound. */
function checkOf(
  table: DetectedTable,
  mapping: ColumnMapping | null,
  timeFormat: TimeFormat,
): (record: TextRecord) => CausewayError | null {
  const width = table.columns.length
  const positions = new Map(table.columns.map((column, at) => [column.name, at]))
  const check = ({ fault, fields }: TextRecord): Fault | null => {
    if (fault !== null) return { code: 'rowInvalid', text: fault }
    if (fields.length !== width)
      return { code: 'rowInvalid', text: `it has ${fields.length} columns where ${width} are expected` }
    return mapping && faultOf((column) => fields[positions.get(column)!]!, mapping, timeFormat)
  }
  return (record) => {
    const fault = check(record)
    return fault && located(table, 'line', record.line, fault, record.raw)
  }
}

/** The first fault among the first rows of a table; null where there is none. For a preview. */
export function findEarlyFault(
  table: DetectedTable,
  mapping: ColumnMapping | null,
  timeFormat: TimeFormat,
): string | null {
  const check = checkOf(table, mapping, timeFormat)
  for (const record of table.records) {
    const error = check(record)
    if (error) return error.message
  }
  return null
}

/**
 * Why the import of a table was refused: its first faulty line as an error with line number and sample, or null when
 * every line is sound. Reads the file as a stream, up to the first fault.
 * @param mapping the mapped columns of interactions; null for a table of items or users, whose values are free
 */
export async function findFault(
  db: DuckDb,
  table: DetectedTable,
  mapping: ColumnMapping | null,
  timeFormat: TimeFormat,
  signal?: AbortSignal,
): Promise<CausewayError | null> {
  if (!table.text) return mapping ? findParquetFault(db, table, mapping, timeFormat) : null
  const { text } = table
  const check = checkOf(table, mapping, timeFormat)
  let isHeader = text.header
  for await (const records of streamRecords(table.source.path, text.encoding, text, signal)) {
    for (const record of records) {
      const error = isHeader ? null : check(record)
      if (error) return error
      isHeader = false
    }
  }
  return null
}

/** Parquet has rows, not lines: the same checks over its columns as text, a page of rows at a time. */
async function findParquetFault(
  db: DuckDb,
  table: DetectedTable,
  mapping: ColumnMapping,
  timeFormat: TimeFormat,
): Promise<CausewayError | null> {
  const columns = [...new Set(Object.values(mapping))]
  const casts = columns.map((column) => `coalesce(CAST(${sqlName(column)} AS VARCHAR), '')`).join(', ')
  const source = sqlParquet(table.source.path, true)
  const pageRows = 100_000
  for (let from = 0; ; from += pageRows) {
    const page = await db.rows<{ row: string[] }>(
      `SELECT [${casts}] AS row FROM ${source} WHERE file_row_number >= ${from} AND file_row_number < ${from + pageRows} ORDER BY file_row_number`,
    )
    if (page.length === 0) return null
    for (const [at, { row }] of page.entries()) {
      const fault = faultOf((column) => row[columns.indexOf(column)]!, mapping, timeFormat)
      if (fault) return located(table, 'row', from + at + 1, fault, row.join(', '))
    }
  }
}
