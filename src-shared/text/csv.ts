export type CsvCell = string | number | boolean | null

/**
 * Text that a spreadsheet would take for a formula: OWASP, "CSV Injection", the signs themselves, their full-width forms, and the
 * blanks that some programs skip before them. A plain number is none, though it may begin with a sign.
 */
const startsFormula = /^[=+\-@\t\r\n＝＋－＠]/
const plainNumber = /^[+-]?\d+(\.\d+)?$/

/** Ids and titles come from imported data. An apostrophe in front makes a spreadsheet show what it would otherwise run. */
const defused = (text: string): string => (startsFormula.test(text) && !plainNumber.test(text) ? `'${text}` : text)

const cellText = (cell: CsvCell): string => {
  const text = cell === null ? '' : typeof cell === 'string' ? defused(cell) : String(cell)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/**
 * Rows as CSV (RFC 4180): lines end in CR LF, quotes only where needed, numbers to the last digit, null as an empty cell. The one
 * writer of every export: what a spreadsheet would run as a formula is defused.
 */
export const csvText = (rows: readonly (readonly CsvCell[])[]): string =>
  rows.map((row) => row.map(cellText).join(',') + '\r\n').join('')
