import { toCsv, type ChartTable } from './chart'

/** A file to be saved, as the browser's download does it. */
export function saveBlob(blob: Blob, fileName: string): void {
  const url = URL.createObjectURL(blob)
  const link = document.createElement('a')
  link.href = url
  link.download = fileName
  link.click()
  // Not at once: some browsers fetch the address only after the click has been handled.
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

export const tableCsv = (table: ChartTable): Blob => new Blob([toCsv(table)], { type: 'text/csv;charset=utf-8' })
