// @vitest-environment happy-dom
import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { getActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RequestInput } from '../../../src-shared/contract/contract'
import type { MethodInfo } from '../../../src-shared/domain/method'
import type { RunCell, RunColumn } from '../../../src-shared/domain/run-table'
import { router } from '../../router'
import { useContextStore } from '../../stores/context-store'
import { mostSelected, useRunTableStore } from '../../stores/run-table-store'
import { experimentOf, trialOf } from '../../testing/experiments'
import { connectServices, eventually, runOf, type ServicesEnd } from '../../testing/pipe'
import CompareView from './CompareView.vue'

const method = {
  id: 'csc',
  label: 'CSC',
  capabilities: ['score', 'graph'],
  params: [],
  series: [{ id: 'ndcg@10', label: 'NDCG@10', help: '', group: 'validation' }],
} as unknown as MethodInfo

interface FakeRun {
  id: string
  seed: number
  ndcg: number
}
let services: ServicesEnd
let wrapper: VueWrapper
let runs: FakeRun[]
let asked: RequestInput<'runs:rows'>[]
let removed: string[]

const cellOf = (run: FakeRun, column: string): RunCell =>
  ({ seed: run.seed, 'metric:ndcg@10': run.ndcg, dataset: 'demo', state: 'completed', method: 'csc' })[column] ?? null
const columnOf = (column: string, kind: RunColumn['kind']): RunColumn => ({ column, kind, runs: 9, differs: true })

/** The services' answer, as far as these tests ask: ids, a text in the id, one sort key. */
function rowsOf(input: RequestInput<'runs:rows'>) {
  const { filter, sort = [], columns, offset, limit } = input
  const found = runs.filter((run) => (filter?.runs?.includes(run.id) ?? true) && run.id.includes(filter?.text ?? ''))
  const [key] = sort
  if (key?.column === 'metric:ndcg@10') found.sort((a, b) => (a.ndcg - b.ndcg) * (key.descending ? -1 : 1))
  return {
    all: runs.length,
    total: found.length,
    offset,
    rows: found.slice(offset, offset + limit).map((run) => ({
      id: run.id,
      method: 'csc',
      state: 'completed' as const,
      cells: columns.map((column) => cellOf(run, column)),
    })),
  }
}

/** There is no layout here: a window of 1200 × 600 px is put in its place. */
const measures = { offsetWidth: 1200, clientWidth: 1200, offsetHeight: 600, clientHeight: 600 }
for (const [name, value] of Object.entries(measures))
  Object.defineProperty(HTMLElement.prototype, name, { configurable: true, get: () => value })

beforeEach(async () => {
  runs = Array.from({ length: 1200 }, (_, i) => ({ id: `csc-${i}`, seed: i % 5, ndcg: (i % 97) / 100 }))
  asked = []
  removed = []
  services = connectServices({
    'workspace:info': () => ({ path: '/w', causeway: '0', readOnly: false, empty: false, shell: 'web' }),
    'backends:probe': () => ({ reports: [], chosen: 'wasm' }),
    'data:list': () => [],
    'jobs:list': () => [],
    'train:methods': () => [method],
    'runs:columns': () => [
      columnOf('state', 'text'),
      columnOf('dataset', 'text'),
      columnOf('seed', 'number'),
      columnOf('metric:ndcg@10', 'number'),
      columnOf('metric:gini@10', 'number'),
      columnOf('param:epochs', 'number'),
    ],
    'runs:rows': (input) => {
      asked.push(input)
      return rowsOf(input)
    },
    'runs:groups': ({ by, columns }) =>
      [0, 1, 2, 3, 4].map((seed) => ({
        key: by.map(() => seed),
        runs: 240,
        ids: runs.filter((run) => run.seed === seed).map(({ id }) => id),
        cells: columns.map((column) =>
          column === 'metric:ndcg@10' ? { mean: seed / 10, sd: 0.0123, count: 240, min: 0, max: 1 } : null,
        ),
      })),
    'runs:get': ({ run }) => ({ manifest: runOf({ id: run }), points: [], log: [], hasGraph: false }),
    'runs:remove': ({ run }) => {
      removed.push(run)
      runs = runs.filter(({ id }) => id !== run)
      return null
    },
  })
  wrapper = mount(CompareView, { attachTo: document.body, global: { plugins: [getActivePinia()!, router] } })
  await eventually(() => expect(rows().length).toBeGreaterThan(10))
  await eventually(() => expect(wrapper.find('.row .skeleton').exists()).toBe(false))
})
afterEach(() => {
  wrapper.unmount()
  document.body.innerHTML = ''
})

const rows = () => wrapper.findAll('.body [role=row]')
const nameOf = (at: number): string => rows()[at]!.get('[role=rowheader]').text()
const grid = () => wrapper.get('.run-table')
const focused = (): string => (document.activeElement as HTMLElement).dataset.cell ?? ''
async function press(key: string, change: KeyboardEventInit = {}): Promise<void> {
  document.activeElement!.dispatchEvent(
    new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...change }),
  )
  await flushPromises()
}
const focusCell = (cell: string): void => wrapper.get<HTMLElement>(`[data-cell="${cell}"]`).element.focus()

describe('the table of runs', () => {
  it('draws and fetches what is in view, and says how much there is', () => {
    expect(grid().attributes()).toMatchObject({ role: 'grid', 'aria-rowcount': '1201' })
    expect(rows().length).toBeLessThan(60)
    expect(rows()[0]!.attributes('aria-rowindex')).toBe('2')
    expect(nameOf(0)).toContain('CSC')
    expect(wrapper.text()).toContain('1,200 runs')
    const ofTable = asked.filter(({ columns }) => columns.includes('metric:ndcg@10'))
    expect(ofTable.every(({ limit, offset }) => limit === 100 && offset === 0)).toBe(true)
    expect(ofTable.some(({ columns }) => columns.includes('metric:gini@10'))).toBe(false)
    expect(services.asked).not.toContain('runs:list')
  })

  it('is walked by keys, one cell at a time in the tab order', async () => {
    expect(wrapper.findAll('.run-table [tabindex="0"]')).toHaveLength(1)
    focusCell('0:1')
    await press('ArrowDown')
    await press('ArrowRight')
    expect(focused()).toBe('1:2')
    await press('End', { ctrlKey: true })
    await eventually(() => expect(focused()).toMatch(/^1199:/))
    await press('Home', { ctrlKey: true })
    await eventually(() => expect(focused()).toBe('0:0'))
    await press('ArrowUp')
    expect(focused()).toBe('-1:0')
    expect(wrapper.findAll('.run-table [tabindex="0"]')).toHaveLength(1)
  })

  it('is sorted by its headers, the better end first', async () => {
    const header = () => wrapper.findAll('[role=columnheader]').find((one) => one.text().includes('NDCG@10'))!
    await header().trigger('click')
    await eventually(() => expect(header().attributes('aria-sort')).toBe('descending'))
    await eventually(() => expect(rows()[0]!.text()).toContain('0.9600'))
    await header().trigger('click')
    await eventually(() => expect(rows()[0]!.text()).toContain('0.0000'))
    expect(header().attributes('aria-sort')).toBe('ascending')
    expect(JSON.parse(localStorage.getItem('causeway:run-table')!)['/w'].sort).toEqual([
      { column: 'metric:ndcg@10', descending: false },
    ])
  })

  it('says of a number that is clicked what it is', async () => {
    services.answers['runs:get'] = ({ run }) => ({
      manifest: { ...runOf({ id: run }), metrics: { 'ndcg@10': 0.25 } },
      points: [],
      log: [],
      hasGraph: false,
    })
    await eventually(() => expect(rows()[0]!.find('button.value').text()).toMatch(/^0\.\d{4}$/))
    await rows()[0]!.find('button.value').trigger('click')
    await eventually(() => expect(document.querySelector('.provenance-popover')?.textContent).toContain('0.250000'))
    const words = document.querySelector('.provenance-popover')!.textContent!
    expect(words).toContain('NDCG@10 of csc-0')
    expect(words).toContain('best possible list')
    expect(words).toContain('Split')
  })

  it('says so where it ranks runs of different splits, and offers to keep them apart', async () => {
    const table = useRunTableStore()
    services.answers['runs:columns'] = () => [columnOf('splitHash', 'text'), columnOf('metric:ndcg@10', 'number')]
    services.answers['runs:groups'] = () => []
    await table.reload()
    expect(wrapper.text()).not.toContain('different splits')
    table.sortBy('metric:ndcg@10', false)
    await eventually(() => expect(wrapper.find('.warns').text()).toContain('different splits'))
    await wrapper.find('.warns button').trigger('click')
    await eventually(() => expect(wrapper.find('.warns').exists()).toBe(false))
    expect(table.layout.groupBy).toEqual(['splitHash'])
  })

  it('keeps the selection while the filter changes, and opens a run by Enter', async () => {
    focusCell('3:1')
    await press(' ')
    expect(wrapper.get('.selection-bar').text()).toContain('1 run selected')
    const table = useRunTableStore()
    table.text = 'csc-77'
    await eventually(() => expect(wrapper.text()).toContain('11 of 1,200 runs'))
    await eventually(() => expect(nameOf(0)).toContain('77'))
    expect([...table.selected]).toEqual(['csc-3'])
    focusCell('0:1')
    await press('Enter')
    await eventually(() => expect(router.currentRoute.value.name).toBe('train'))
    expect(useContextStore().run).toBe('csc-77')
  })

  it('selects a stretch with Shift and no more than a comparison takes', async () => {
    const table = useRunTableStore()
    await rows()[2]!.get('input').trigger('click')
    await rows()[6]!.get('input').trigger('click', { shiftKey: true })
    await eventually(() => expect(table.selected.size).toBe(5))
    focusCell('0:1')
    await press('a', { ctrlKey: true })
    await eventually(() => expect(table.selected.size).toBe(mostSelected))
  })

  it('shows groups with mean ± sd, opens them, and selects them whole', async () => {
    const table = useRunTableStore()
    table.change({ groupBy: ['seed'] })
    await eventually(() => expect(rows()).toHaveLength(5))
    expect(grid().attributes('role')).toBe('treegrid')
    await eventually(() => expect(rows()[1]!.text()).toContain('0.100 ± 0.012'))
    expect(rows()[1]!.text()).toContain('240')
    await rows()[1]!.get('[role=rowheader]').trigger('click')
    await eventually(() => expect(rows().length).toBeGreaterThan(10))
    expect(rows()[1]!.attributes('aria-expanded')).toBe('true')
    const own = asked.findLast(({ filter }) => (filter?.conditions ?? []).length > 0)!
    expect(own.filter!.conditions).toEqual([{ column: 'seed', is: '=', value: 1 }])
    await rows()[0]!.get('input').trigger('click')
    expect(table.selected.size).toBe(240)
  })

  it('follows changes of the runs without losing the selection or the focus', async () => {
    const table = useRunTableStore()
    table.select(['csc-2', 'csc-5'])
    await flushPromises()
    focusCell('5:1')
    expect(nameOf(5)).toContain('5')
    await grid().trigger('focusout')
    runs = [{ id: 'csc-new', seed: 0, ndcg: 0.5 }, ...runs.filter(({ id }) => id !== 'csc-2')]
    services.send('runs:changed', { run: 'csc-new' })
    await eventually(() => expect(nameOf(0)).toContain('new'))
    await eventually(() => expect([...table.selected]).toEqual(['csc-5']))
    // One came above it, one above it went.
    await eventually(() => expect(focused()).toBe('5:1'))
    expect(nameOf(5)).toContain('5')
  })

  it('pins, hides and moves columns, and remembers it for this workspace', async () => {
    const table = useRunTableStore()
    table.togglePinned('metric:ndcg@10')
    await flushPromises()
    expect(wrapper.findAll('.head .pinned [role=columnheader]').map((one) => one.text())).toContain('⇤NDCG@10↑')
    table.moveColumn('seed', 'state')
    table.setShown(['dataset'], false)
    await flushPromises()
    expect(table.unpinned.map(({ column }) => column)).toEqual(['seed', 'state'])
    const stored = JSON.parse(localStorage.getItem('causeway:run-table')!)['/w']
    expect(stored.pinned).toEqual(['metric:ndcg@10'])
  })

  it('shows only what differs, the settings among it', async () => {
    services.answers['runs:columns'] = () => [
      { ...columnOf('state', 'text'), differs: false },
      columnOf('seed', 'number'),
      columnOf('param:epochs', 'number'),
    ]
    const table = useRunTableStore()
    await table.reload()
    table.change({ onlyDiffering: true })
    await flushPromises()
    expect(table.shown.map(({ column }) => column)).toEqual(['seed', 'param:epochs'])
  })

  it('removes what is selected once that is agreed to, and says that it is for good', async () => {
    const table = useRunTableStore()
    table.select(['csc-1', 'csc-4'])
    await flushPromises()
    await wrapper
      .findAll('.selection-bar button')
      .find((one) => one.text() === 'Remove…')!
      .trigger('click')
    await eventually(() => expect(document.querySelector('.el-message-box')?.textContent).toContain('Remove 2 runs?'))
    expect(document.querySelector('.el-message-box')!.textContent).toContain('cannot be undone')
    document.querySelector<HTMLElement>('.el-message-box .el-button--danger')!.click()
    await eventually(() => expect(removed).toEqual(['csc-1', 'csc-4']))
    await eventually(() => expect(table.selected.size).toBe(0))
    await eventually(() => expect(wrapper.text()).toContain('1,198 runs'))
  })
})

describe('where there is no run', () => {
  it('says what would be here and how to get it', async () => {
    runs = []
    services.send('runs:changed', { run: 'gone' })
    await eventually(() => expect(wrapper.text()).toContain('No run yet'))
    expect(wrapper.find('.run-table').exists()).toBe(false)
  })
})

describe('what other views ask to be compared', () => {
  afterEach(() => router.push('/compare'))

  it('is selected in place of what was: runs by name', async () => {
    useRunTableStore().select(['csc-7'])
    await router.push({ name: 'compare', query: { runs: 'csc-1,csc-2' } })
    await eventually(() => expect([...useRunTableStore().selected]).toEqual(['csc-1', 'csc-2']))
    expect(wrapper.text()).toContain('Comparison')
  })

  it('is selected for an experiment: its final runs that completed', async () => {
    services.answers['experiments:get'] = () =>
      experimentOf([
        trialOf({ number: 1, run: 'csc-1' }),
        trialOf({ number: 2, run: 'csc-2', phase: 'final', seed: 1 }),
        trialOf({ number: 3, run: 'csc-3', phase: 'final', seed: 2, state: 'failed' }),
        trialOf({ number: 4, run: 'csc-4', phase: 'final', seed: 3 }),
      ])
    await router.push({ name: 'compare', query: { experiment: 'csc or not' } })
    await eventually(() => expect([...useRunTableStore().selected]).toEqual(['csc-2', 'csc-4']))
  })
})
