import type { RunCondition } from '../../../src-shared/domain/run-table'
import type { ColumnView } from './columns'

const signs: Record<RunCondition['is'], string> = {
  '=': 'is',
  '!=': 'is not',
  '<': '<',
  '<=': '≤',
  '>': '>',
  '>=': '≥',
  contains: 'contains',
}

/** A condition in words: `NDCG@10 ≥ 0.4`, `Experiment is not empty`. */
export function conditionText({ column, is, value }: RunCondition, view: ColumnView | undefined): string {
  const shown = value === null ? 'empty' : typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value)
  return `${view?.label ?? column} ${signs[is]} ${shown}`
}
