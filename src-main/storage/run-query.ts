import {
  runFields,
  type RunCell,
  type RunColumn,
  type RunCondition,
  type RunField,
  type RunFilter,
  type RunGroup,
  type RunRows,
  type RunSort,
} from '../../src-shared/domain/run-table'
import type { JobState } from '../../src-shared/domain/job'
import { cellOf, type CodedColumn, type Column, type RunColumns } from './run-columns'

/** Questions about the runs, answered from their columns: no file is read. */

const searchedColumns = ['id', 'method', 'dataset', 'experiment']
/** More ids than anybody acts on at once. */
const maxIdsOfGroup = 1000

/** Slots of the runs that pass the filter, in no order. */
function filterRuns(table: RunColumns, filter: RunFilter): number[] {
  const tests: ((slot: number) => boolean)[] = []
  if (filter.runs) {
    const wanted = new Set(filter.runs.map((id) => table.slotOf(id)))
    tests.push((slot) => wanted.has(slot))
  } else if (!filter.conditions.some(({ column }) => column === 'reproduces')) {
    const reproduces = table.columns.get('reproduces')
    if (reproduces) tests.push((slot) => cellOf(reproduces, slot) === null)
  }
  if (filter.states.length > 0) {
    const states: ReadonlySet<RunCell> = new Set(filter.states)
    tests.push(cellTest(table.columns.get('state'), (cell) => states.has(cell)))
  }
  const text = filter.text.trim().toLowerCase()
  if (text !== '') {
    const anywhere = searchedColumns.map((name) => cellTest(table.columns.get(name), (cell) => contains(cell, text)))
    tests.push((slot) => anywhere.some((found) => found(slot)))
  }
  for (const condition of filter.conditions)
    tests.push(cellTest(table.columns.get(condition.column), conditionTest(condition)))
  const passed: number[] = []
  for (let slot = 0; slot < table.count; slot++) if (tests.every((test) => test(slot))) passed.push(slot)
  return passed
}

/** A test of the cells of a column by slot; of a coded column each value is tested once. */
function cellTest(column: Column | undefined, test: (cell: RunCell) => boolean): (slot: number) => boolean {
  const ofNone = test(null)
  if (!column) return () => ofNone
  if (column.type === 'numbers') return (slot) => test(cellOf(column, slot))
  const verdicts = column.entries.map((entry) => test(entry))
  return (slot) => verdicts[column.codes[slot]!] ?? ofNone
}

const contains = (cell: RunCell, lowerCase: string): boolean =>
  cell !== null && String(cell).toLowerCase().includes(lowerCase)

/** The test a condition is, as described at `runConditionSchema`. */
function conditionTest({ is, value }: RunCondition): (cell: RunCell) => boolean {
  if (value === null) {
    if (is === '=') return (cell) => cell === null
    if (is === '!=') return (cell) => cell !== null
    return () => false
  }
  if (is === 'contains') return (cell) => contains(cell, String(value).toLowerCase())
  const holds: Record<Exclude<RunCondition['is'], 'contains'>, (order: number) => boolean> = {
    '=': (order) => order === 0,
    '!=': (order) => order !== 0,
    '<': (order) => order < 0,
    '<=': (order) => order <= 0,
    '>': (order) => order > 0,
    '>=': (order) => order >= 0,
  }
  const decide = holds[is]
  const asNumber = typeof value === 'string' && value.trim() === '' ? NaN : Number(value)
  const asText = String(value)
  return (cell) => {
    if (cell === null) return is === '!='
    if (typeof cell !== 'number') return decide(String(cell) < asText ? -1 : String(cell) > asText ? 1 : 0)
    // Text is neither smaller nor larger than a number, nor the same.
    if (Number.isNaN(asNumber)) return is === '!='
    return decide(cell - asNumber)
  }
}

/** Numbers before texts before flags, each by its own order. */
function compareCells(a: Exclude<RunCell, null>, b: Exclude<RunCell, null>): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0
  if (typeof a === typeof b) return Number(a) - Number(b)
  const rank = { number: 0, string: 1, boolean: 2 } as Record<string, number>
  return rank[typeof a]! - rank[typeof b]!
}

/** Where each value of a coded column stands among its values. */
function ranksOf(column: CodedColumn): Float64Array {
  const order = column.entries.map((_, code) => code)
  order.sort((a, b) => compareCells(column.entries[a]!, column.entries[b]!))
  const ranks = new Float64Array(order.length)
  order.forEach((code, rank) => (ranks[code] = rank))
  return ranks
}

/** Keys to sort slots by, NaN where a run has no value. */
function sortKeys(column: Column, count: number): Float64Array {
  if (column.type === 'numbers') return column.values
  const ranks = ranksOf(column)
  return Float64Array.from({ length: count }, (_, slot) => ranks[column.codes[slot]!] ?? NaN)
}

/** Sorts slots; runs without a value come last either way, and what is equal stays newest first. */
function sortRuns(table: RunColumns, slots: number[], sort: readonly RunSort[]): number[] {
  const keys = [...sort, { column: 'createdAt', descending: true }, { column: 'id', descending: true }].flatMap(
    ({ column: name, descending }) => {
      const column = table.columns.get(name)
      return column ? [{ values: sortKeys(column, table.count), sign: descending ? -1 : 1 }] : []
    },
  )
  return slots.sort((a, b) => {
    for (const { values, sign } of keys) {
      const left = values[a]!
      const right = values[b]!
      if (left === right) continue
      const noLeft = Number.isNaN(left)
      const noRight = Number.isNaN(right)
      if (noLeft && noRight) continue
      if (noLeft || noRight) return noLeft ? 1 : -1
      return sign * (left - right)
    }
    return 0
  })
}

/** The rows of a page, with the columns asked for and no others. */
export function runRows(
  table: RunColumns,
  asked: { filter: RunFilter; sort: readonly RunSort[]; columns: readonly string[]; offset: number; limit: number },
): RunRows {
  const slots = sortRuns(table, filterRuns(table, asked.filter), asked.sort)
  const columns = asked.columns.map((name) => table.columns.get(name))
  return {
    all: table.count,
    total: slots.length,
    offset: asked.offset,
    rows: slots.slice(asked.offset, asked.offset + asked.limit).map((slot) => ({
      id: table.idOf(slot),
      method: String(table.cell('method', slot)),
      state: table.cell('state', slot) as JobState,
      cells: columns.map((column) => cellOf(column, slot)),
    })),
  }
}

const timeColumns: readonly string[] = ['createdAt']
const orderOfKinds = ['metric', 'param', 'recipe']

/** The columns there are, fields first, then metrics, parameters and recipes, with what is in those of the runs that pass. */
export function runColumns(table: RunColumns, filter: RunFilter): RunColumn[] {
  const slots = filterRuns(table, filter)
  const described: RunColumn[] = []
  for (const [name, column] of table.columns) {
    const found = column.type === 'numbers' ? describeNumbers(column.values, slots) : describeCodes(column, slots)
    if (found.runs > 0 || isUsed(column, table.count))
      described.push({ column: name, ...found, kind: timeColumns.includes(name) ? 'time' : found.kind })
  }
  const place = (name: string): number => {
    const field = runFields.indexOf(name as RunField)
    return field >= 0 ? field : runFields.length + orderOfKinds.indexOf(name.slice(0, name.indexOf(':')))
  }
  // Columns of one kind stay in the order in which runs brought them, which is that of their reports.
  return described.sort((a, b) => place(a.column) - place(b.column))
}

/** Whether any run at all has a value in it. */
function isUsed(column: Column, count: number): boolean {
  for (let slot = 0; slot < count; slot++) if (cellOf(column, slot) !== null) return true
  return false
}

function describeNumbers(values: Float64Array, slots: readonly number[]): Omit<RunColumn, 'column'> {
  let runs = 0
  let differs = false
  let first = NaN
  for (const slot of slots) {
    const value = values[slot]!
    if (Number.isNaN(value)) continue
    if (runs++ === 0) first = value
    else if (value !== first) differs = true
  }
  return { kind: 'number', runs, differs }
}

function describeCodes({ codes, entries }: CodedColumn, slots: readonly number[]): Omit<RunColumn, 'column'> {
  let runs = 0
  const used = new Set<number>()
  for (const slot of slots) {
    const code = codes[slot]!
    if (code < 0) continue
    runs++
    used.add(code)
  }
  const types = new Set(
    (used.size > 0 ? [...used].map((code) => entries[code]!) : entries).map((entry) => typeof entry),
  )
  const kind = types.size !== 1 || types.has('string') ? 'text' : types.has('number') ? 'number' : 'flag'
  return { kind, runs, differs: used.size > 1 }
}

/** Groups of the runs that agree in the columns `by`, in the order of their newest run. */
export function runGroups(
  table: RunColumns,
  asked: { filter: RunFilter; by: readonly string[]; columns: readonly string[] },
): RunGroup[] {
  const slots = sortRuns(table, filterRuns(table, asked.filter), [])
  const by = asked.by.map((name) => table.columns.get(name))
  const groups = new Map<string, number[]>()
  for (const slot of slots) {
    const key = JSON.stringify(by.map((column) => cellOf(column, slot)))
    const members = groups.get(key)
    if (members) members.push(slot)
    else groups.set(key, [slot])
  }
  const columns = asked.columns.map((name) => table.columns.get(name))
  return [...groups].map(([key, members]) => ({
    key: JSON.parse(key) as RunCell[],
    runs: members.length,
    ids: members.slice(0, maxIdsOfGroup).map((slot) => table.idOf(slot)),
    cells: columns.map((column) => summary(column, members)),
  }))
}

/** Mean, sample standard deviation and ends of the numbers of a column. */
function summary(column: Column | undefined, slots: readonly number[]): RunGroup['cells'][number] {
  let count = 0
  let mean = 0
  let squares = 0
  let min = Infinity
  let max = -Infinity
  for (const slot of slots) {
    const value = cellOf(column, slot)
    if (typeof value !== 'number') continue
    // Welford's way: no two large sums are subtracted.
    count++
    const before = value - mean
    mean += before / count
    squares += before * (value - mean)
    min = Math.min(min, value)
    max = Math.max(max, value)
  }
  return count === 0 ? null : { mean, sd: count > 1 ? Math.sqrt(squares / (count - 1)) : null, count, min, max }
}
