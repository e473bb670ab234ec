import type { RunColumn, RunSort } from '../domain/run-table'

/**
 * Whether a table of runs puts metrics of different splits or data in one ranking: sorted by a metric, or averaged over groups.
 * @param columns the columns there are, with `differs` among the runs that pass the filter
 * @param by the columns it is grouped by; grouping by the split keeps each split to itself
 */
export function mixesSplits(columns: readonly RunColumn[], sort: readonly RunSort[], by: readonly string[]): boolean {
  const differs = (name: string): boolean => columns.some(({ column, differs }) => column === name && differs)
  const ranks = by.length > 0 || sort.some(({ column }) => column.startsWith('metric:'))
  return ranks && !by.includes('splitHash') && (differs('splitHash') || differs('datasetHash'))
}

export const mixedSplitsText =
  'These runs are on different splits: their metrics do not belong in one ranking or one mean.'
