import type { ColumnView } from './columns'

/** Measures of the table, in pixels; the rows' style has the same. */
export const rowHeight = 28
export const headerHeight = 32
export const checkWidth = 36
export const nameWidth = 284

/** A column where it is drawn. */
export interface PlacedColumn {
  view: ColumnView
  /** Place among all columns: 0 the checkbox, 1 the run, then the pinned ones, then the others. */
  index: number
  /** From the left of the row, in pixels. */
  left: number
}

/** Where each of the columns stands, `left` being where the first begins. */
export function placeColumns(views: readonly ColumnView[], firstIndex: number, left: number): PlacedColumn[] {
  let at = left
  return views.map((view, i) => {
    const placed = { view, index: firstIndex + i, left: at }
    at += view.width
    return placed
  })
}

/** A cell of the grid: line -1 is the header. */
export interface CellPlace {
  line: number
  column: number
}

/** Where a key leads from a cell; null for a key that leads nowhere. */
export function cellAfterKey(
  key: { key: string; ctrlKey: boolean; metaKey: boolean },
  from: CellPlace,
  size: { lines: number; columns: number; page: number },
): CellPlace | null {
  const all = key.ctrlKey || key.metaKey
  const last = size.lines - 1
  const inLines = (line: number): number => Math.min(last, Math.max(-1, line))
  const to = (line: number, column: number): CellPlace => ({
    line: inLines(line),
    column: Math.min(size.columns - 1, Math.max(0, column)),
  })
  switch (key.key) {
    case 'ArrowDown':
      return to(all ? last : from.line + 1, from.column)
    case 'ArrowUp':
      return to(all ? 0 : from.line - 1, from.column)
    case 'ArrowRight':
      return to(from.line, all ? size.columns - 1 : from.column + 1)
    case 'ArrowLeft':
      return to(from.line, all ? 0 : from.column - 1)
    case 'Home':
      return to(all ? 0 : from.line, 0)
    case 'End':
      return to(all ? last : from.line, size.columns - 1)
    case 'PageDown':
      return to(from.line + size.page, from.column)
    case 'PageUp':
      return to(Math.max(0, from.line - size.page), from.column)
  }
  return null
}
