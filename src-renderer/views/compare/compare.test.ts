import { describe, expect, it } from 'vitest'
import type { MethodInfo } from '../../../src-shared/domain/method'
import type { RunCell, RunColumn } from '../../../src-shared/domain/run-table'
import { columnsInView, columnViews } from './columns'
import { conditionText } from './conditions'
import { cellAfterKey, placeColumns } from './grid'
import { seedGroups, type SelectedRun } from './selected-runs'
import { differingRows } from './what-differs'

const method = {
  id: 'csc',
  label: 'CSC',
  params: [
    { key: 'epochs', type: 'integer', label: 'Epochs at most', help: 'When to end.', default: 1, min: 1, max: 9 },
  ],
} as unknown as MethodInfo
const columnOf = (column: string, change: Partial<RunColumn> = {}): RunColumn => ({
  column,
  kind: column.startsWith('metric:') ? 'number' : 'text',
  runs: 5,
  differs: true,
  ...change,
})
const columns = [
  columnOf('method'),
  columnOf('dataset'),
  columnOf('createdAt', { kind: 'time' }),
  columnOf('durationSeconds', { kind: 'number' }),
  columnOf('metric:ndcg@10'),
  columnOf('metric:gini@10', { differs: false }),
  columnOf('metric:ratedAuc'),
  columnOf('metric:ratedNdcg@5'),
  columnOf('metric:avp:price@10'),
  columnOf('metric:madeUp@3'),
  columnOf('param:epochs', { kind: 'number' }),
  columnOf('param:gone', { kind: 'number', runs: 0, differs: false }),
  columnOf('recipe:splitBy'),
]
const views = columnViews(columns, [method])

describe('the columns of the table of runs', () => {
  it('are named, explained and grouped by what they are', () => {
    expect(views.get('metric:ndcg@10')).toMatchObject({ label: 'NDCG@10', better: 'higher', numeric: true })
    expect(views.get('metric:ndcg@10')!.help).toContain('A higher value is better.')
    expect(views.get('metric:ndcg@10')!.group).toBe('Metrics: accuracy')
    expect(views.get('metric:avp:price@10')).toMatchObject({ group: 'Metrics: attributes', better: 'none' })
    for (const name of ['ratedAuc', 'ratedNdcg@5'])
      expect(views.get(`metric:${name}`)).toMatchObject({ group: 'Metrics: rated items', better: 'higher' })
    expect(views.get('metric:ratedNdcg@5')!.label).toBe('NDCG (rated)@5')
    expect(views.get('metric:ratedNdcg@5')!.help).toMatch(/On a randomised test part.* A higher value is better\.$/)
    expect(views.get('metric:madeUp@3')).toMatchObject({ label: 'madeUp@3', group: 'Other metrics' })
    expect(views.get('param:epochs')).toMatchObject({ label: 'Epochs at most', group: 'Parameters', numeric: true })
    expect(views.get('recipe:splitBy')).toMatchObject({ label: 'Split by', group: 'Recipe' })
  })

  it('show values as they are read', () => {
    expect(views.get('metric:ndcg@10')!.format(0.25)).toBe('0.2500')
    expect(views.get('metric:avp:price@10')!.format(1234.56)).toBe('1,234.6')
    expect(views.get('durationSeconds')!.format(75)).toBe('1 min 15 s')
    expect(views.get('method')!.format('csc')).toBe('CSC')
    expect(views.get('recipe:splitBy')!.format('time')).toBe('Time: the latest are test')
    expect(views.get('metric:ndcg@10')!.format(null)).toBe('–')
  })

  it('in view are those chosen that have values; only what differs adds the settings that do', () => {
    const chosen = ['dataset', 'metric:gini@10', 'metric:ndcg@10', 'param:gone', 'metric:never@10']
    expect(columnsInView(columns, chosen, false)).toEqual(['dataset', 'metric:gini@10', 'metric:ndcg@10'])
    expect(columnsInView(columns, chosen, true)).toEqual([
      'dataset',
      'metric:ndcg@10',
      'param:epochs',
      'recipe:splitBy',
    ])
  })

  it('stand one after the other', () => {
    const placed = placeColumns([views.get('dataset')!, views.get('method')!], 2, 300)
    expect(placed.map(({ index, left }) => [index, left])).toEqual([
      [2, 300],
      [3, 300 + views.get('dataset')!.width],
    ])
  })
})

describe('a condition', () => {
  it('is said in words', () => {
    const text = (is: '>=' | '!=', value: RunCell) =>
      conditionText({ column: 'metric:ndcg@10', is, value }, views.get('metric:ndcg@10'))
    expect(text('>=', 0.4)).toBe('NDCG@10 ≥ 0.4')
    expect(text('!=', null)).toBe('NDCG@10 is not empty')
    expect(conditionText({ column: 'param:x', is: '=', value: true }, undefined)).toBe('param:x is yes')
  })
})

describe('the keys of the grid', () => {
  const size = { lines: 100, columns: 8, page: 20 }
  const after = (key: string, line: number, column: number, ctrlKey = false) =>
    cellAfterKey({ key, ctrlKey, metaKey: false }, { line, column }, size)

  it('lead from cell to cell, to the header and no further than the ends', () => {
    expect(after('ArrowDown', 99, 1)).toEqual({ line: 99, column: 1 })
    expect(after('ArrowUp', 0, 1)).toEqual({ line: -1, column: 1 })
    expect(after('ArrowUp', -1, 1)).toEqual({ line: -1, column: 1 })
    expect(after('ArrowRight', 3, 7)).toEqual({ line: 3, column: 7 })
    expect(after('Home', 3, 5)).toEqual({ line: 3, column: 0 })
    expect(after('End', 3, 5)).toEqual({ line: 3, column: 7 })
    expect(after('End', 3, 5, true)).toEqual({ line: 99, column: 7 })
    expect(after('PageDown', 90, 5)).toEqual({ line: 99, column: 5 })
    expect(after('PageUp', 5, 5)).toEqual({ line: 0, column: 5 })
    expect(after('x', 5, 5)).toBeNull()
  })
})

const runOf = (id: string, seed: number, settings: Record<string, RunCell>): SelectedRun => ({
  id,
  method: String(settings.method ?? 'csc'),
  seed,
  bestEpoch: null,
  settings: new Map(Object.entries({ method: 'csc', dataset: 'demo', threads: 1, ...settings })),
})
const label = (id: string): string => id.toUpperCase()

describe('selected runs', () => {
  it('are grouped by everything but the seed, whatever machine they ran on', () => {
    const groups = seedGroups(
      [
        runOf('a', 0, { 'param:epochs': 5 }),
        runOf('b', 1, { 'param:epochs': 5, threads: 8 }),
        runOf('c', 0, { 'param:epochs': 9 }),
        runOf('d', 0, { method: 'ease', 'param:lambda': 50 }),
      ],
      views,
      label,
    )
    expect(groups.map(({ label: name, runs }) => [name, runs.map(({ id }) => id)])).toEqual([
      ['CSC, Epochs at most 5', ['a', 'b']],
      ['CSC, Epochs at most 9', ['c']],
      ['EASE', ['d']],
    ])
  })

  it('name their data where it differs, and no hash beside it', () => {
    const groups = seedGroups(
      [runOf('a', 0, { splitHash: 'x' }), runOf('b', 0, { dataset: 'other', splitHash: 'y' })],
      views,
      label,
    )
    expect(groups.map((group) => group.label)).toEqual(['CSC on demo', 'CSC on other'])
  })

  it('show what differs, the same values of neighbours folded, and what is no setting of a method', () => {
    const groups = seedGroups(
      [
        runOf('a', 0, { 'param:epochs': 5 }),
        runOf('b', 0, { 'param:epochs': 5, 'recipe:splitBy': 'time' }),
        runOf('d', 0, { method: 'ease' }),
      ],
      views,
      label,
    )
    const rows = differingRows(groups, views)
    expect(rows.map(({ column }) => column)).toEqual(['method', 'param:epochs', 'recipe:splitBy'])
    expect(rows[1]).toMatchObject({ cells: ['5', '5', null], asBefore: [false, true, false] })
    expect(differingRows(seedGroups([runOf('a', 0, {}), runOf('b', 1, {})], views, label), views)).toEqual([])
  })
})
