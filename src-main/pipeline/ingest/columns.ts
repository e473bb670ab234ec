import type { ColumnMapping } from '../../../src-shared/domain/dataset'
import { sqlName, sqlParquet, sqlText } from '../dataset/duckdb'
import type { DetectedTable } from './detect'

/** How the values of a time column are written. */
export type TimeFormat = 'epoch' | 'iso' | 'yyyymmdd'

const compactDate = /^(19|20)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])$/
const numeric = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/
const iso = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?\s?(Z|UTC|[+-]\d{2}(:?\d{2})?)?)?$/

/** The last second a date can have in JavaScript. */
const latestSeconds = 8.64e12

/** The format of a time column, by its samples. */
export function timeFormatOf(samples: string[]): TimeFormat {
  const values = samples.map((value) => value.trim()).filter((value) => value !== '')
  if (values.length > 0 && values.every((value) => compactDate.test(value))) return 'yyyymmdd'
  return values.some((value) => numeric.test(value)) ? 'epoch' : 'iso'
}

/** Why a rating cannot be one, or null. A blank rating is a missing one. */
export function ratingFault(value: string): string | null {
  const text = value.trim()
  if (text === '' || numeric.test(text))
    return Number.isFinite(Number(text)) ? null : `${text} is too large for a rating`
  if (/^[+-]?(nan|inf|infinity)$/i.test(text)) return `"${text}" is not a finite number`
  return `"${text.slice(0, 60)}" is not a number`
}

/** Why a time cannot be one, or null. A blank time is a missing one. */
export function timeFault(value: string, format: TimeFormat): string | null {
  const text = value.trim()
  if (text === '') return null
  const valid =
    format === 'iso'
      ? iso.test(text) && !Number.isNaN(Date.parse(text.slice(0, 10)))
      : format === 'yyyymmdd'
        ? compactDate.test(text)
        : numeric.test(text) && Math.abs(Number(text)) <= latestSeconds * 1e6
  if (valid) return null
  const expected = {
    iso: 'an ISO date or time',
    yyyymmdd: 'a date like 20240131',
    epoch: 'seconds or milliseconds since 1970',
  }
  return `"${text.slice(0, 60)}" is not a time (expected ${expected[format]})`
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

const asText = (column: string): string => `nullif(CAST(${sqlName(column)} AS VARCHAR), '')`

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
  if (format === 'yyyymmdd') return `CAST(epoch(strptime(${text}, '%Y%m%d')) AS BIGINT)`
  const value = `CAST(${text} AS DOUBLE)`
  const seconds = `floor(CASE WHEN abs(${value}) >= 1e14 THEN ${value} / 1e6 WHEN abs(${value}) >= 1e11 THEN ${value} / 1e3 ELSE ${value} END)`
  return `CAST(CASE WHEN abs(${seconds}) <= ${latestSeconds} IS FALSE THEN error('time') ELSE ${seconds} END AS BIGINT)`
}

/** The stored columns of the interactions as expressions over their source. */
export function sqlInteractionColumns(mapping: ColumnMapping, timeFormat: TimeFormat): string {
  return [
    `coalesce(${asText(mapping.user)}, error('user')) AS "user"`,
    `coalesce(${asText(mapping.item)}, error('item')) AS "item"`,
    `${mapping.rating === undefined ? 'CAST(NULL AS DOUBLE)' : sqlRating(mapping.rating)} AS "rating"`,
    `${mapping.time === undefined ? 'CAST(NULL AS BIGINT)' : sqlTime(mapping.time, timeFormat)} AS "time"`,
  ].join(', ')
}
