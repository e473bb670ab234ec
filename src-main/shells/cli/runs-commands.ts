import { mixedSplitsText, mixesSplits } from '../../../src-shared/comparison/split-warning'
import { CausewayError } from '../../../src-shared/contract/errors'
import {
  runFields,
  type RunCell,
  type RunCondition,
  type RunRow,
  type RunSort,
} from '../../../src-shared/domain/run-table'
import { collect, type CommandContext } from './context'
import * as describe from './describe'
import { count, duration, table } from './format'
import { integerIn } from './integer-option'
import type { Session } from './session'

interface ListOptions {
  text: string
  filter: string[]
  sort: string[]
  columns?: string
  limit?: number
}

const defaultColumns = [
  'method',
  'dataset',
  'state',
  'epochs',
  'backend',
  'metric:recall@10',
  'metric:ndcg@10',
  'durationSeconds',
]
const headings: Partial<Record<string, string>> = { dataset: 'data', durationSeconds: 'duration' }
const pageSize = 500
/** The most columns of one question. */
const maxColumns = 400

/** The runs of the workspace. */
export function addRunsCommands({ program, output, session }: CommandContext): void {
  const runs = program.command('runs').description('the runs of the workspace')
  runs
    .command('list')
    .description('the runs, newest first; a column is a field or a metric, parameter or recipe setting by its name')
    .option('--text <words>', 'only runs with this in id, method, data set or experiment', '')
    .option(
      '--filter <condition>',
      'only runs for which it holds: method=csc, ndcg@10>0.3, learningRate<=0.001, experiment~sweep (contains), bestEpoch= (none); may be repeated',
      collect,
      [],
    )
    .option('--sort <column>', 'sort by it, upwards; with :desc at the end downwards; may be repeated', collect, [])
    .option('--columns <names>', 'what to show, separated by commas; all: everything there is')
    .option('--limit <n>', 'show no more than these', integerIn(1, 1_000_000))
    .action((given: ListOptions) =>
      session('read', async (opened) => {
        const { columns, rows, total, mixed } = await listRuns(opened, given)
        if (mixed) output.note(mixedSplitsText)
        if (rows.length < total) output.note(`Showing ${count(rows.length)} of ${count(total)} runs.`)
        output.result(
          rows.map(({ id, method, state, cells }) => ({
            id,
            method,
            state,
            ...Object.fromEntries(columns.map((column, at) => [column, cells[at]!])),
          })),
          () => describeRows(columns, rows, given.text !== '' || given.filter.length > 0),
        )
      }),
    )
  runs
    .command('show')
    .description('one run with its curves and its log')
    .argument('<run>')
    .action((run: string) =>
      session('read', async (opened) => {
        const detail = await opened.request('runs:get', { run })
        const correlation = await opened.request('correlation:get', { run })
        output.result({ ...detail, ...(correlation ? { correlation } : {}) }, () =>
          describe.describeRun(detail.manifest, correlation),
        )
      }),
    )
  runs
    .command('remove')
    .description('delete a run')
    .argument('<run>')
    .action((run: string) =>
      session('write', async (opened) => {
        await opened.request('runs:remove', { run })
        output.result({ removed: run }, () => `Removed ${run}.`)
      }),
    )
}

async function listRuns(
  opened: Session,
  given: ListOptions,
): Promise<{ columns: string[]; rows: RunRow[]; total: number; mixed: boolean }> {
  const existing = (await opened.request('runs:columns', {})).map(({ column }) => column)
  const named = (name: string): string => findColumn(name, existing)
  const columns =
    given.columns === 'all'
      ? existing.filter((column) => column !== 'id')
      : (given.columns?.split(',').map((name) => named(name.trim())) ?? defaultColumns)
  if (columns.length > maxColumns) {
    throw new CausewayError(
      'badRequest',
      `There are ${columns.length} columns, and at most ${maxColumns} are shown: name those you need.`,
    )
  }
  const filter = {
    text: given.text,
    conditions: given.filter.map((text) => {
      const condition = parseCondition(text)
      return { ...condition, column: named(condition.column) }
    }),
  }
  const sort = given.sort.map((text) => {
    const { column, descending } = parseSort(text)
    return { column: named(column), descending }
  })
  const mixed = sort.length > 0 && mixesSplits(await opened.request('runs:columns', { filter }), sort, [])
  const rows: RunRow[] = []
  const limit = given.limit ?? Infinity
  for (;;) {
    const page = await opened.request('runs:rows', {
      filter,
      ...(sort.length > 0 ? { sort } : {}),
      columns,
      offset: rows.length,
      limit: Math.min(pageSize, limit - rows.length),
    })
    rows.push(...page.rows)
    if (rows.length >= Math.min(limit, page.total) || page.rows.length === 0)
      return { columns, rows, total: page.total, mixed }
  }
}

/** `ndcg@10>0.3`: a column, what is asked of it, and a value; no value stands for none. */
export function parseCondition(text: string): RunCondition {
  const parts = /^\s*([^=<>!~]+?)\s*(!=|<=|>=|=|<|>|~)\s*(.*?)\s*$/s.exec(text)
  if (!parts) {
    throw new CausewayError(
      'badRequest',
      `${JSON.stringify(text)} is no condition: write COLUMN, then one of = != < <= > >= ~, then a value.`,
      { filter: text },
    )
  }
  const [, column, sign, value] = parts as unknown as [string, string, string, string]
  return {
    column,
    is: sign === '~' ? 'contains' : (sign as RunCondition['is']),
    value: value === '' ? null : value,
  }
}

/** `ndcg@10:desc`. */
export function parseSort(text: string): RunSort {
  const [, column, order] = /^(.*?)(?::(asc|desc))?$/s.exec(text) as unknown as [string, string, string | undefined]
  return { column, descending: order === 'desc' }
}

/** The column that is meant: `ndcg@10` for `metric:ndcg@10`, unless that names a field. @throws CausewayError `badRequest` */
function findColumn(name: string, existing: readonly string[]): string {
  if (existing.includes(name) || (runFields as readonly string[]).includes(name)) return name
  const found = ['metric', 'param', 'recipe'].map((kind) => `${kind}:${name}`).filter((full) => existing.includes(full))
  if (found.length === 1) return found[0]!
  throw new CausewayError(
    'badRequest',
    found.length > 1
      ? `${JSON.stringify(name)} could be ${found.join(' or ')}: write it in full.`
      : `No run has a column ${JSON.stringify(name)}. There are: ${existing.slice(0, 40).join(', ')}${existing.length > 40 ? ' and more (--columns all)' : ''}.`,
    { column: name },
  )
}

const shownCell = (column: string, cell: RunCell): string | number | null => {
  if (typeof cell === 'boolean') return cell ? 'yes' : 'no'
  if (typeof cell !== 'number') return cell
  if (column === 'durationSeconds') return duration(cell)
  return Number.isInteger(cell) ? cell : String(Number(cell.toPrecision(4)))
}

function describeRows(columns: string[], rows: RunRow[], filtered: boolean): string {
  if (rows.length === 0)
    return filtered ? 'No run passes the filter.' : 'No runs yet. Train one: causeway train METHOD --data NAME'
  return table(
    ['run', ...columns.map((column) => headings[column] ?? column.replace(/^(metric|param|recipe):/, ''))],
    rows.map(({ id, cells }) => [id, ...cells.map((cell, at) => shownCell(columns[at]!, cell))]),
  )
}
