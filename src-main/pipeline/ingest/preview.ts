import type { ImportPreview, TextLayout } from '../../../src-shared/domain/dataset'
import { timeFormatIn } from './columns'
import type { DetectedTable, SourceFile } from './detect'
import { detectSources } from './detect-sources'
import { findEarlyFault } from './diagnose'

/**
 * What an import of these files would read: how each is cut, which holds the interactions, which columns say what. Reads only the
 * beginning of each file (matrices whole, as their shape is known only then) and writes nothing.
 * @param text how to cut the interactions, where the analyst corrects the guess
 * @throws CausewayError saying what a file is where it is no table: `fileEmpty`, `fileBinary`, `fileFormatUnknown`, `fileTruncated`,
 *   `delimiterWrong`
 */
export async function previewImport(files: SourceFile[], text?: TextLayout): Promise<ImportPreview> {
  const tables = await detectSources(files, text)
  const [interactions] = tables as [DetectedTable, ...DetectedTable[]]
  const { mapping } = interactions
  return {
    tables: tables.map((table) => ({
      file: table.source.handle,
      role: table.role,
      kind: table.kind,
      label: table.label,
      text: table.text && { delimiter: table.text.delimiter, header: table.text.header },
      columns: table.columns.map(({ name, type, samples }) => ({ name, type, samples })),
      rows: table.rows,
    })),
    mapping,
    missing: (['user', 'item'] as const).filter((meaning) => mapping[meaning] === undefined),
    warnings: tables.flatMap(warningsOf),
  }
}

function warningsOf(table: DetectedTable): string[] {
  const file = `"${table.source.handle.name}"`
  if (table.ignored !== null) return [`${file} is left out: ${table.ignored}.`]
  const { user, item, rating, time } = table.mapping
  const isMapped = table.role === 'interactions' && user !== undefined && item !== undefined
  const mapping = isMapped ? { ...table.mapping, user, item } : null
  const fault = findEarlyFault(table, mapping, mapping ? timeFormatIn(table, mapping) : 'iso')
  const warnings = fault === null ? [] : [`As it is cut and mapped, the import will be refused: ${fault}`]
  if (table.role !== 'interactions') return warnings
  if (rating === undefined) warnings.push(`${file} has no rating column: every interaction counts as positive.`)
  if (time === undefined) warnings.push(`${file} has no time column: a split by time is not possible.`)
  return warnings
}
