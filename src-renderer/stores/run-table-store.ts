import { defineStore } from 'pinia'
import { computed, markRaw, ref, shallowReactive, shallowRef, watch } from 'vue'
import { z } from 'zod'
import type { CausewayError } from '../../src-shared/contract/errors'
import type { JobState } from '../../src-shared/domain/job'
import {
  runSortSchema,
  type RunCell,
  type RunCondition,
  type RunGroup,
  type RunSort,
} from '../../src-shared/domain/run-table'
import { mixesSplits } from '../../src-shared/comparison/split-warning'
import { request } from '../client'
import { columnsInView, columnViews, defaultColumns, type ColumnView } from '../views/compare/columns'
import { useMethodsStore } from './methods-store'
import { persistedRef } from './persisted'
import { createRowSource, type RowSource } from './row-source'
import { useRunsStore } from './runs-store'
import { createSnapshot } from './snapshot'
import { useWorkspaceStore } from './workspace-store'

const layoutSchema = z.object({
  /** Chosen columns, in order. */
  columns: z.array(z.string()),
  /** Those of them that stay at the left. */
  pinned: z.array(z.string()),
  /** In pixels, of columns that were resized. */
  widths: z.record(z.string(), z.number()),
  sort: z.array(runSortSchema),
  groupBy: z.array(z.string()),
  onlyDiffering: z.boolean(),
})
type Layout = z.infer<typeof layoutSchema>

const newestFirst: RunSort = { column: 'createdAt', descending: true }
const initialLayout: Layout = {
  columns: defaultColumns,
  pinned: [],
  widths: {},
  sort: [newestFirst],
  groupBy: [],
  onlyDiffering: false,
}

/** As many as a comparison takes. */
export const mostSelected = 1000
const mostSortKeys = 3
const typingPauseMs = 150

/** A line of the table: a group of runs, or a run by its place in a source of rows. */
export type TableLine =
  | { kind: 'group'; group: RunGroup; at: number; key: string; open: boolean }
  | { kind: 'run'; source: RowSource; index: number; level: number }

const keyOf = (group: RunGroup): string => JSON.stringify(group.key)

/**
 * The table of all runs: which of them, in which order and columns, and which are selected. The filter and the selection live as long
 * as the window, the layout is kept in the browser for each workspace.
 */
export const useRunTableStore = defineStore('run-table', () => {
  const workspace = useWorkspaceStore()
  const methods = useMethodsStore()
  const runs = useRunsStore()

  const layouts = persistedRef('causeway:run-table', z.record(z.string(), layoutSchema), {})
  const place = computed(() => workspace.info?.path ?? '')
  const layout = computed<Layout>({
    get: () => layouts.value[place.value] ?? initialLayout,
    set: (next) => (layouts.value = { ...layouts.value, [place.value]: next }),
  })
  const change = (part: Partial<Layout>): void => void (layout.value = { ...layout.value, ...part })

  const text = ref('')
  const states = ref<JobState[]>([])
  const conditions = ref<RunCondition[]>([])
  /** `text` once the typing has paused. */
  const settledText = ref('')
  let typing: ReturnType<typeof setTimeout> | undefined
  watch(text, (next) => {
    clearTimeout(typing)
    if (next.trim() === '') settledText.value = ''
    else typing = setTimeout(() => (settledText.value = next.trim()), typingPauseMs)
  })
  const filter = computed(() => ({ text: settledText.value, states: states.value, conditions: conditions.value }))
  const filtered = computed(
    () => filter.value.text !== '' || filter.value.states.length > 0 || filter.value.conditions.length > 0,
  )
  function clearFilter(): void {
    text.value = ''
    states.value = []
    conditions.value = []
  }

  /** Nothing is asked before somebody looks. */
  const opened = ref(false)
  const ready = computed(() => opened.value && (workspace.info !== null || workspace.infoError !== null))

  const columns = createSnapshot((of: typeof filter.value) => request('runs:columns', { filter: of }))
  const views = computed(() => columnViews(columns.value.value ?? [], methods.list ?? []))
  const isGrouped = computed(() => layout.value.groupBy.some((column) => views.value.has(column)))
  const shown = computed<ColumnView[]>(() => {
    const { columns: chosen, onlyDiffering, widths } = layout.value
    return columnsInView(columns.value.value ?? [], chosen, onlyDiffering).flatMap((column) => {
      const view = views.value.get(column)
      if (!view) return []
      // A mean with its deviation takes more room than a value.
      const width = isGrouped.value && column.startsWith('metric:') ? Math.max(view.width, 168) : view.width
      return [{ ...view, width: widths[column] ?? width }]
    })
  })
  const pinned = computed(() => shown.value.filter(({ column }) => layout.value.pinned.includes(column)))
  const unpinned = computed(() => shown.value.filter(({ column }) => !layout.value.pinned.includes(column)))

  const main = markRaw(createRowSource())
  const grouping = computed(() => layout.value.groupBy.filter((column) => views.value.has(column)))
  /** The columns in view that groups have means of. */
  const groupColumns = shallowRef<string[]>([])
  const groups = createSnapshot(async (by: string[], of: typeof filter.value, cells: string[]) => ({
    by,
    columns: cells,
    groups: by.length > 0 ? await request('runs:groups', { filter: of, by, columns: cells }) : [],
  }))
  const expanded = shallowReactive(new Map<string, RowSource>())

  const sort = computed<RunSort[]>(() => (layout.value.sort.length > 0 ? layout.value.sort : [newestFirst]))
  function queryOf(group: RunGroup, by: readonly string[]) {
    const own = by.map((column, i): RunCondition => ({ column, is: '=', value: group.key[i] ?? null }))
    return { filter: { ...filter.value, conditions: [...filter.value.conditions, ...own] }, sort: sort.value }
  }

  // A new question. Compared by what they say: the same words put together anew are no new question.
  watch(
    [ready, ...[filter, sort, grouping].map((part) => () => JSON.stringify(part.value))] as const,
    ([isReady, of, , by], [wasReady, ofBefore, , byBefore]) => {
      if (!isReady) return
      if (of !== ofBefore || !wasReady) void columns.refresh(filter.value)
      if (!wasReady && selected.value.size > 0) void dropGone()
      if (grouping.value.length === 0) {
        groups.clear()
        expanded.clear()
        void main.ask({ filter: filter.value, sort: sort.value })
        return
      }
      if (by !== byBefore) {
        groups.clear()
        expanded.clear()
      }
      void refreshGroups()
    },
    { immediate: true },
  )
  watch(
    groupColumns,
    () => grouping.value.length > 0 && void groups.refresh(grouping.value, filter.value, groupColumns.value),
  )
  // The same question: runs have changed.
  watch(
    () => runs.changes,
    () => {
      if (!ready.value) return
      void columns.refresh(filter.value)
      if (grouping.value.length > 0) void refreshGroups()
      else void main.reload()
      void dropGone()
    },
  )

  /** Fetches the groups anew; those that are open stay open where they are still there. */
  async function refreshGroups(): Promise<void> {
    const by = grouping.value
    await groups.refresh(by, filter.value, groupColumns.value)
    const there = new Map((groups.value.value?.groups ?? []).map((group) => [keyOf(group), group]))
    for (const [key, source] of [...expanded]) {
      const group = there.get(key)
      if (group) void source.ask(queryOf(group, by))
      else expanded.delete(key)
    }
  }

  function toggle(group: RunGroup): void {
    const key = keyOf(group)
    if (expanded.delete(key)) return
    const source = markRaw(createRowSource())
    expanded.set(key, source)
    void source.ask(queryOf(group, grouping.value))
  }

  /** The groups by the first sort key: by what they are grouped by, or by their means; else as they came. */
  const groupList = computed<RunGroup[]>(() => {
    const answer = groups.value.value
    if (!answer) return []
    const { column, descending } = sort.value[0]!
    const [key, mean] = [answer.by.indexOf(column), answer.columns.indexOf(column)]
    if (key < 0 && mean < 0) return answer.groups
    const valueOf = (group: RunGroup): RunCell =>
      key >= 0 ? (group.key[key] ?? null) : (group.cells[mean]?.mean ?? null)
    return [...answer.groups].sort((a, b) => {
      const [left, right] = [valueOf(a), valueOf(b)]
      if (left === right) return 0
      // Those without a value come last either way.
      if (left === null) return 1
      if (right === null) return -1
      return left < right === descending ? 1 : -1
    })
  })
  /** Where each group starts among the lines. */
  const starts = computed(() => {
    let line = 0
    return groupList.value.map((group) => {
      const start = line
      line += 1 + (expanded.has(keyOf(group)) ? group.runs : 0)
      return start
    })
  })
  const lineCount = computed(() => {
    if (!isGrouped.value) return main.counts.value?.total ?? 0
    const last = groupList.value.at(-1)
    return last ? starts.value.at(-1)! + 1 + (expanded.has(keyOf(last)) ? last.runs : 0) : 0
  })
  function lineAt(line: number): TableLine | null {
    if (line < 0 || line >= lineCount.value) return null
    if (!isGrouped.value) return { kind: 'run', source: main, index: line, level: 1 }
    let low = 0
    let high = starts.value.length - 1
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      if (starts.value[middle]! <= line) low = middle
      else high = middle - 1
    }
    const group = groupList.value[low]!
    const key = keyOf(group)
    const source = expanded.get(key)
    const within = line - starts.value[low]! - 1
    return within < 0 || !source
      ? { kind: 'group', group, at: low, key, open: source !== undefined }
      : { kind: 'run', source, index: within, level: 2 }
  }
  /** The answer's cell of a group; undefined where the column has not come. */
  function groupCell(group: RunGroup, column: string): RunGroup['cells'][number] | undefined {
    const at = groups.value.value?.columns.indexOf(column) ?? -1
    return at < 0 ? undefined : (group.cells[at] ?? null)
  }

  const selected = shallowRef<ReadonlySet<string>>(new Set())
  /** Adds runs to the selection, up to as many as it can hold; answers with how many found no place. */
  function select(ids: readonly string[]): number {
    const next = new Set(selected.value)
    let left = 0
    for (const id of ids) {
      if (next.has(id)) continue
      if (next.size < mostSelected) next.add(id)
      else left++
    }
    selected.value = next
    return left
  }
  function deselect(ids: readonly string[]): void {
    const gone = new Set(ids)
    selected.value = new Set([...selected.value].filter((id) => !gone.has(id)))
  }

  /** Runs that are no longer there cannot stay selected. */
  async function dropGone(): Promise<void> {
    const asked = [...selected.value]
    const there = new Set<string>()
    for (let offset = 0; offset < asked.length; offset += 500) {
      const { rows } = await request('runs:rows', { filter: { runs: asked }, columns: [], offset, limit: 500 })
      for (const { id } of rows) there.add(id)
    }
    if (there.size < asked.length) deselect(asked.filter((id) => !there.has(id)))
  }

  /** Sorts by a column, the better or higher values first; again: the other way round. `beside` keeps the keys before it. */
  function sortBy(column: string, beside: boolean): void {
    const view = views.value.get(column)
    const known = sort.value.find((key) => key.column === column)
    const first = view?.better === 'lower' ? false : (view?.numeric ?? false) || column === 'createdAt'
    const key = { column, descending: known ? !known.descending : first }
    if (!beside) return change({ sort: [key] })
    const others = layout.value.sort.filter((one) => one.column !== column)
    change({
      sort: known ? layout.value.sort.map((one) => (one === known ? key : one)) : [...others, key].slice(-mostSortKeys),
    })
  }

  function togglePinned(column: string): void {
    const { pinned: now } = layout.value
    change({ pinned: now.includes(column) ? now.filter((one) => one !== column) : [...now, column] })
  }
  function setShown(names: readonly string[], isShown: boolean): void {
    const others = layout.value.columns.filter((one) => !names.includes(one))
    change(
      isShown
        ? { columns: [...layout.value.columns, ...names.filter((one) => !layout.value.columns.includes(one))] }
        : { columns: others, pinned: layout.value.pinned.filter((one) => !names.includes(one)) },
    )
  }
  /** Moves a column to where another one stands. */
  function moveColumn(column: string, to: string): void {
    if (column === to) return
    const order = shown.value.map((view) => view.column)
    const [from, target] = [order.indexOf(column), order.indexOf(to)]
    if (from < 0 || target < 0) return
    order.splice(target, 0, ...order.splice(from, 1))
    const hidden = layout.value.columns.filter((one) => !order.includes(one))
    const isPinned = layout.value.pinned.includes(to)
    const others = layout.value.pinned.filter((one) => one !== column)
    change({ columns: [...order, ...hidden], pinned: isPinned ? [...others, column] : others })
  }
  const setWidth = (column: string, width: number): void =>
    change({ widths: { ...layout.value.widths, [column]: Math.round(Math.min(600, Math.max(56, width))) } })

  /** Removes runs for good. @throws CausewayError; those before the failure are gone */
  async function remove(ids: readonly string[]): Promise<void> {
    try {
      await runs.remove(...ids)
    } finally {
      deselect(ids.filter((id) => runs.isGone(id)))
    }
  }

  return {
    /** The view is there: fetch what it needs, and follow the changes until it goes. */
    open: () => (opened.value = true),
    close: () => (opened.value = false),
    layout,
    change,
    text,
    states,
    conditions,
    filter,
    filtered,
    clearFilter,
    columns: columns.value,
    columnsError: columns.error,
    views,
    shown,
    pinned,
    unpinned,
    main,
    grouping,
    isGrouped,
    /** Null until they have come. */
    groups: computed(() => (groups.value.value ? groupList.value : null)),
    groupsError: groups.error,
    groupColumns,
    lineCount,
    lineAt,
    groupCell,
    toggle,
    sort,
    /** Metrics of different splits stand in one order or one mean. */
    mixesSplits: computed(() => mixesSplits(columns.value.value ?? [], sort.value, grouping.value)),
    sortBy,
    togglePinned,
    setShown,
    moveColumn,
    setWidth,
    resetLayout: () => (layout.value = initialLayout),
    selected,
    select,
    deselect,
    clearSelection: () => (selected.value = new Set()),
    remove,
    error: computed<CausewayError | null>(() => columns.error.value ?? groups.error.value ?? main.error.value),
    reload: async (): Promise<void> => {
      await Promise.all([
        columns.refresh(filter.value),
        isGrouped.value ? refreshGroups() : main.ask({ filter: filter.value, sort: sort.value }),
      ])
    },
  }
})
