import { shallowReactive, shallowRef, type ShallowRef } from 'vue'
import { CausewayError } from '../../src-shared/contract/errors'
import type { RequestInput } from '../../src-shared/contract/contract'
import type { RunCell, RunRow } from '../../src-shared/domain/run-table'
import { request } from '../client'

export type RowQuery = Pick<RequestInput<'runs:rows'>, 'filter' | 'sort'>
/** What every row says, whatever its columns. */
export type RowHead = Pick<RunRow, 'id' | 'method' | 'state'>

interface Page {
  rows: RowHead[]
  /** By column, in the order of the rows. */
  cells: ReadonlyMap<string, RunCell[]>
}

/** The answers to one question; all its pages are of one order. */
interface Generation {
  query: RowQuery
  all: number
  total: number
  pages: Map<number, Page>
  /** "page column" of what has been asked for. */
  asked: Set<string>
}

interface Range {
  first: number
  last: number
  columns: readonly string[]
}

export const pageSize = 100

/**
 * The rows of a question, a page and the columns in view at a time. Nothing is fetched that `want` does not name. A new question, or
 * the same again, stays behind the scenes until all that is in view has come; what it overtakes is dropped.
 */
export interface RowSource {
  /** Null until the first answer. */
  counts: ShallowRef<{ all: number; total: number } | null>
  /** Counts the sets of rows that were put in view; `same`: the last one answers the question of the one before. */
  swaps: ShallowRef<{ count: number; same: boolean }>
  error: ShallowRef<CausewayError | null>
  /** A question other than the one shown is being answered. */
  loading: ShallowRef<boolean>
  /** Asks; resolves once what is in view has come, or something overtook it. */
  ask(query: RowQuery): Promise<void>
  /** Asks the same again, because runs have changed. Calls while one is on its way become one more. */
  reload(): Promise<void>
  /** Names the rows (`last` included) and columns in view, and fetches those that are missing. */
  want(range: Range): void
  /** Undefined while it has not come. */
  head(index: number): RowHead | undefined
  cell(index: number, column: string): RunCell | undefined
  /** Where a run is among the rows that have come; -1 where it is not. */
  indexOf(id: string): number
  /** Ids of the rows from `first` to `last`, also of those never shown. */
  ids(first: number, last: number): Promise<string[]>
}

/** The rows of a query, page by page as they come into view; those shown before stay until the first new ones are there. */
export function createRowSource(): RowSource {
  const shown = shallowRef<Generation | null>(null)
  const counts: RowSource['counts'] = shallowRef(null)
  const swaps = shallowRef({ count: 0, same: false })
  const error = shallowRef<CausewayError | null>(null)
  const loading = shallowRef(false)
  let next: Generation | null = null
  let again = false
  let wanted: Range = { first: 0, last: 0, columns: [] }

  const isOvertaken = (generation: Generation): boolean => generation !== shown.value && generation !== next

  /** The missing pages in view with the columns each of them lacks. */
  function missing(generation: Generation): { page: number; columns: string[] }[] {
    const last = generation === shown.value ? Math.min(wanted.last, generation.total - 1) : wanted.last
    const found: { page: number; columns: string[] }[] = []
    for (let page = Math.floor(Math.max(0, wanted.first) / pageSize); page * pageSize <= last; page++) {
      const columns = wanted.columns.filter((column) => !generation.asked.has(`${page} ${column}`))
      if (columns.length > 0 || !generation.asked.has(`${page}`)) found.push({ page, columns })
    }
    return found
  }

  async function load(generation: Generation, page: number, columns: string[]): Promise<void> {
    generation.asked.add(`${page}`)
    for (const column of columns) generation.asked.add(`${page} ${column}`)
    try {
      const answer = await request('runs:rows', {
        ...generation.query,
        columns,
        offset: page * pageSize,
        limit: pageSize,
      })
      if (isOvertaken(generation)) return
      generation.all = answer.all
      generation.total = answer.total
      const before = generation.pages.get(page)
      const same =
        before?.rows.length === answer.rows.length && before.rows.every(({ id }, i) => id === answer.rows[i]!.id)
      const cells = new Map(same ? before.cells : [])
      columns.forEach((column, c) =>
        cells.set(
          column,
          answer.rows.map((row) => row.cells[c] ?? null),
        ),
      )
      generation.pages.set(page, { rows: answer.rows.map(({ id, method, state }) => ({ id, method, state })), cells })
      if (generation === shown.value) {
        counts.value = { all: generation.all, total: generation.total }
        // Runs came or went between two answers: what was put together before is of another order.
        if (before && !same) void reload()
      }
      error.value = null
    } catch (thrown) {
      if (isOvertaken(generation)) return
      generation.asked.delete(`${page}`)
      for (const column of columns) generation.asked.delete(`${page} ${column}`)
      error.value = CausewayError.from(thrown)
      throw thrown
    }
  }

  async function ask(query: RowQuery): Promise<void> {
    const generation: Generation = { query, all: 0, total: 0, pages: shallowReactive(new Map()), asked: new Set() }
    next = generation
    again = false
    loading.value = true
    try {
      await Promise.all(missing(generation).map(({ page, columns }) => load(generation, page, columns)))
      if (next !== generation) return
      next = null
      const same = JSON.stringify(shown.value?.query) === JSON.stringify(query)
      shown.value = generation
      swaps.value = { count: swaps.value.count + 1, same }
      counts.value = { all: generation.all, total: generation.total }
      want(wanted)
    } catch {
      // The reason stands in `error`.
      if (next === generation) next = null
    } finally {
      if (next === null) loading.value = false
    }
    if (again && next === null) await reload()
  }

  async function reload(): Promise<void> {
    if (next !== null) again = true
    else if (shown.value) await ask(shown.value.query)
  }

  function want(range: Range): void {
    wanted = range
    const generation = shown.value
    if (!generation) return
    // The reason of a failure stands in `error`.
    for (const { page, columns } of missing(generation)) load(generation, page, columns).catch(() => undefined)
  }

  const place = (index: number): [page: Page | undefined, at: number] => [
    shown.value?.pages.get(Math.floor(index / pageSize)),
    index % pageSize,
  ]

  return {
    counts,
    swaps,
    error,
    loading,
    ask,
    reload,
    want,
    head(index) {
      const [page, at] = place(index)
      return page?.rows[at]
    },
    cell(index, column) {
      const [page, at] = place(index)
      return page?.cells.get(column)?.[at]
    },
    indexOf(id) {
      for (const [number, page] of shown.value?.pages ?? []) {
        const at = page.rows.findIndex((row) => row.id === id)
        if (at >= 0) return number * pageSize + at
      }
      return -1
    },
    async ids(first, last) {
      const found: string[] = []
      const query = shown.value?.query
      for (let offset = first; query && offset <= last; offset += 500) {
        const { rows } = await request('runs:rows', {
          ...query,
          columns: [],
          offset,
          limit: Math.min(500, last - offset + 1),
        })
        found.push(...rows.map(({ id }) => id))
        if (rows.length === 0) break
      }
      return found
    },
  }
}
