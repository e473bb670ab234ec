import type { ColumnMapping } from '../../../src-shared/domain/dataset'
import { sqlName, sqlParquet, sqlText } from '../dataset/duckdb'
import type { DetectedTable } from './detect'
import { latestSeconds, noWords, timeFormatOf, yesWords, type TimeFormat } from './values'

export const parquetOptions = '(FORMAT parquet, COMPRESSION zstd)'

/** Whether DuckDB refused a text file for its encoding. */
export const isNotUtf8 = (thrown: unknown): boolean =>
  thrown instanceof Error && /invalid unicode|not utf-8/i.test(thrown.message)

/** The notations of a date with and without time of day, as DuckDB spells them. */
const strptimeFormats = {
  yyyymmdd: ['%Y%m%d'],
  'day-month-year': ['%d/%m/%Y %H:%M:%S', '%d/%m/%Y %H:%M', '%d/%m/%Y'],
  'month-day-year': ['%m/%d/%Y %H:%M:%S', '%m/%d/%Y %H:%M', '%m/%d/%Y'],
} as const

/** The notation of the mapped time column, by the first rows. */
export function timeFormatIn(table: DetectedTable, mapping: ColumnMapping): TimeFormat {
  const at = table.columns.findIndex((column) => column.name === mapping.time)
  return timeFormatOf(at < 0 ? [] : table.sample.map((row) => row[at]!))
}

/** The rows of a source file as a relation; every column of a text file is text. */
export function sqlSource(table: DetectedTable, options: { lenient?: boolean; encoding?: 'latin-1' } = {}): string {
  if (!table.text) return sqlParquet(table.source.path)
  const { delimiter, quote, skipLines } = table.text
  const encoding = options.encoding ?? table.text.encoding
  const columns = table.columns.map((column) => `${sqlText(column.name)}: 'VARCHAR'`).join(', ')
  return `read_csv(${sqlText(table.source.path)}, auto_detect = false, columns = {${columns}}, delim = ${sqlText(delimiter)},
    header = false, skip = ${skipLines}, quote = ${quote ? `'"'` : "''"}, escape = ${quote ? `'"'` : "''"}, nullstr = '', compression = 'none',
    encoding = ${sqlText(encoding)}, hive_partitioning = false, strict_mode = ${options.lenient ? 'false' : 'true'})`
}

/** An id as text; NULL for a blank. */
export const sqlId = (column: string): string => `nullif(CAST(${sqlName(column)} AS VARCHAR), '')`

/** A rating as a finite DOUBLE; a blank is NULL; anything else stops the statement. */
const sqlRating = (column: string): string => {
  const value = `CAST(nullif(trim(CAST(${sqlName(column)} AS VARCHAR)), '') AS DOUBLE)`
  return `CASE WHEN isfinite(${value}) IS FALSE THEN error('rating') ELSE ${value} END`
}

/**
 * A time as BIGINT seconds since 1970. Epoch values count as seconds below 10^11 (the year 5138), as milliseconds below 10^14,
 * as microseconds above.
 */
function sqlTime(column: string, format: TimeFormat): string {
  const text = `nullif(trim(CAST(${sqlName(column)} AS VARCHAR)), '')`
  if (format === 'iso') return `CAST(floor(epoch(CAST(${text} AS TIMESTAMPTZ))) AS BIGINT)`
  if (format !== 'epoch') {
    const formats = strptimeFormats[format].map(sqlText).join(', ')
    return `CAST(epoch(strptime(replace(${text}, '.', '/'), [${formats}])) AS BIGINT)`
  }
  const value = `CAST(${text} AS DOUBLE)`
  const seconds = `floor(CASE WHEN abs(${value}) >= 1e14 THEN ${value} / 1e6 WHEN abs(${value}) >= 1e11 THEN ${value} / 1e3 ELSE ${value} END)`
  return `CAST(CASE WHEN abs(${seconds}) <= ${latestSeconds} IS FALSE THEN error('time') ELSE ${seconds} END AS BIGINT)`
}

/** A BOOLEAN; a blank is no; anything that says neither stops the statement. */
function sqlRandomised(column: string): string {
  const text = `lower(trim(coalesce(CAST(${sqlName(column)} AS VARCHAR), '')))`
  const among = (words: string[]): string => `${text} IN (${words.map(sqlText).join(', ')})`
  return `CASE WHEN ${among(yesWords)} THEN true WHEN ${among(['', ...noWords])} THEN false ELSE error('randomised')::BOOLEAN END`
}

/** A DOUBLE in (0, 1]; a blank is NULL; anything else stops the statement. */
function sqlPropensity(column: string): string {
  const value = `CAST(nullif(trim(CAST(${sqlName(column)} AS VARCHAR)), '') AS DOUBLE)`
  // DuckDB takes NaN for larger than every number.
  return `CASE WHEN (${value} > 0 AND ${value} <= 1) IS FALSE THEN error('propensity') ELSE ${value} END`
}

/** The stored columns of the interactions as expressions over their source. Those of randomised data are there only where they are mapped. */
export function sqlInteractionColumns(mapping: ColumnMapping, timeFormat: TimeFormat): string {
  return [
    `coalesce(${sqlId(mapping.user)}, error('user')) AS "user"`,
    `coalesce(${sqlId(mapping.item)}, error('item')) AS "item"`,
    `${mapping.rating === undefined ? 'CAST(NULL AS DOUBLE)' : sqlRating(mapping.rating)} AS "rating"`,
    `${mapping.time === undefined ? 'CAST(NULL AS BIGINT)' : sqlTime(mapping.time, timeFormat)} AS "time"`,
    ...(mapping.randomised === undefined ? [] : [`${sqlRandomised(mapping.randomised)} AS "randomised"`]),
    ...(mapping.propensity === undefined ? [] : [`${sqlPropensity(mapping.propensity)} AS "propensity"`]),
  ].join(', ')
}
