/** Plain text for terminals. */

type Cell = string | number | null | undefined

const shown = (cell: Cell): string => (cell === null || cell === undefined ? '-' : String(cell))

/** An aligned table: a column of numbers to the right, text to the left. */
export function table(head: string[], rows: Cell[][]): string {
  const numeric = head.map((_, column) => rows.length > 0 && rows.every((row) => typeof row[column] !== 'string'))
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => [...shown(row[column])].length)),
  )
  const line = (cells: string[]): string =>
    cells
      .map((cell, column) => {
        const padding = ' '.repeat(Math.max(0, widths[column]! - [...cell].length))
        return numeric[column] ? padding + cell : cell + padding
      })
      .join('  ')
      .trimEnd()
  return [line(head), line(widths.map((width) => '─'.repeat(width))), ...rows.map((row) => line(row.map(shown)))].join(
    '\n',
  )
}

/** Two columns of names and values. */
export function facts(rows: [string, Cell][]): string {
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${shown(value)}`).join('\n')
}

export const count = (value: number): string => value.toLocaleString('en-US')

export const percent = (share: number): string => `${(share * 100).toFixed(2)} %`

export const decimals = (value: number, digits = 4): string => value.toFixed(digits)

/** A duration in words short enough for a status line: `42 s`, `3 min 05 s`, `2 h 10 min`. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`
  return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, '0')} min`
}

export function bytes(size: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  const power = Math.min(units.length - 1, size > 0 ? Math.floor(Math.log2(size) / 10) : 0)
  return `${(size / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`
}
