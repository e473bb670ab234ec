import type { Attribute } from '../../../src-shared/domain/dataset'
import { sqlName, type DuckDb } from '../dataset/duckdb'

/** A column of text, trimmed and with NULL for a blank, that becomes an attribute. */
export interface TextColumn {
  /** Its name in the relation. */
  column: string
  /** Its name as an attribute. */
  name: string
  declared?: 'text' | 'number' | undefined
}

export interface TypedColumn extends Attribute {
  /** How many values are not blank. */
  filled: number
  /** How many of them are no number and will be blank, where the type is numeric. */
  strays: number
}

/** An attribute is numeric when at most this share of its values are not. */
const mostStrays = 0.01

/** The type of each column of `relation`, by all of its values. */
export async function typeColumns(
  db: DuckDb,
  relation: string,
  columns: TextColumn[],
  signal: AbortSignal | undefined,
): Promise<TypedColumn[]> {
  // A leading zero makes a name of a number. A stray word among many numbers does not make words of them.
  const checks = columns.flatMap(({ column }, at) => {
    const value = sqlName(column)
    return [
      `count(${value})::DOUBLE AS filled${at}`,
      `count(*) FILTER (isfinite(TRY_CAST(${value} AS DOUBLE)))::DOUBLE AS numbers${at}`,
      `count(*) FILTER (regexp_full_match(${value}, '[+-]?\\d{1,15}'))::DOUBLE AS integers${at}`,
      `count(*) FILTER (regexp_matches(${value}, '^[+-]?0\\d'))::DOUBLE AS zeros${at}`,
    ]
  })
  const found = await db.row<Record<string, number>>(`SELECT ${checks.join(', ')} FROM ${relation}`, { signal })
  return columns.map(({ name, declared }, at): TypedColumn => {
    const [filled, numbers, integers, zeros] = ['filled', 'numbers', 'integers', 'zeros'].map((key) => found[key + at]!)
    const strays = filled! - numbers!
    if (declared === 'text' || zeros! > 0 || numbers === 0 || strays > filled! * mostStrays)
      return { name, type: 'text', filled: filled!, strays: 0 }
    return { name, type: integers === numbers ? 'integer' : 'number', filled: filled!, strays }
  })
}

const sqlTypes = { text: 'VARCHAR', integer: 'BIGINT', number: 'DOUBLE' } as const

/** The value of a text column in its type; NULL for a stray. */
export function sqlTyped(column: string, type: Attribute['type']): string {
  const value = `TRY_CAST(${sqlName(column)} AS ${sqlTypes[type]})`
  return type === 'number' ? `CASE WHEN isfinite(${value}) THEN ${value} END` : value
}

export const strayNote = (file: string, { name, filled, strays }: TypedColumn): string =>
  `"${file}": ${strays} of ${filled} values of "${name}" are no numbers and were left blank.`

/** An attribute's name in a table whose ids are in the column "id" and that has the columns `taken` already. */
export function attributeName(name: string, taken: string[] = []): string {
  const used = new Set(['id', ...taken.map((other) => other.toLowerCase())])
  let free = name
  while (used.has(free.toLowerCase())) free += '_'
  return free
}
