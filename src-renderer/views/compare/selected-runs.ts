import type { RunCell } from '../../../src-shared/domain/run-table'
import { request } from '../../client'
import type { ColumnView } from './columns'

/** A selected run with its settings: what it was given, where it ran. */
export interface SelectedRun {
  id: string
  method: string
  seed: number
  bestEpoch: number | null
  /** Settings by column, in the order of the columns. */
  settings: ReadonlyMap<string, RunCell>
}

const isSetting = (column: string): boolean =>
  /^(param|recipe):/.test(column) ||
  [
    'method',
    'dataset',
    'datasetHash',
    'splitHash',
    'knowledge',
    'backend',
    'threads',
    'causeway',
    'platform',
    'node',
  ].includes(column)
/** Settings that say where a run was computed, not what: they make no other model. */
const circumstances = ['threads', 'platform', 'node', 'causeway']

const pageSize = 500

/** The selected runs with all their settings, in the order asked for; those that are gone are left out. */
export async function fetchSelected(runs: readonly string[], columns: readonly string[]): Promise<SelectedRun[]> {
  const settings = columns.filter(isSetting)
  const found = new Map<string, SelectedRun>()
  for (let offset = 0; offset < runs.length; offset += pageSize) {
    const { rows } = await request('runs:rows', {
      filter: { runs: [...runs] },
      columns: ['seed', 'bestEpoch', ...settings],
      offset,
      limit: pageSize,
    })
    for (const { id, method, cells } of rows)
      found.set(id, {
        id,
        method,
        seed: Number(cells[0] ?? 0),
        bestEpoch: typeof cells[1] === 'number' ? cells[1] : null,
        settings: new Map(settings.map((column, c) => [column, cells[c + 2] ?? null])),
      })
  }
  return runs.flatMap((id) => found.get(id) ?? [])
}

/** Runs that differ in their seed only. */
export interface SeedGroup {
  label: string
  runs: SelectedRun[]
}

/** Columns in which the runs are not all the same. */
export function differing(runs: readonly SelectedRun[]): string[] {
  const columns = new Set(runs.flatMap((run) => [...run.settings.keys()]))
  return [...columns].filter((column) => new Set(runs.map((run) => run.settings.get(column) ?? null)).size > 1)
}

/**
 * The runs by everything but their seed. A group is named by its method and the settings in which groups of that method differ, so that
 * a name says no more than it has to.
 */
export function seedGroups(
  runs: readonly SelectedRun[],
  views: ReadonlyMap<string, ColumnView>,
  methodLabel: (id: string) => string,
): SeedGroup[] {
  const groups = new Map<string, SelectedRun[]>()
  for (const run of runs) {
    const key = JSON.stringify([...run.settings].filter(([column]) => !circumstances.includes(column)))
    groups.set(key, [...(groups.get(key) ?? []), run])
  }
  const list = [...groups.values()]
  const severalData = new Set(runs.map((run) => run.settings.get('dataset'))).size > 1
  return list.map((members) => {
    const [first] = members as [SelectedRun]
    const rivals = list.flatMap((others) => (others[0]!.method === first.method ? [others[0]!] : []))
    // A hash says nothing to a reader where the data set or the recipe says why it is another one.
    const hashes = ['datasetHash', 'splitHash']
    const own = differing(rivals).filter(
      (column) =>
        column !== 'dataset' && !circumstances.includes(column) && (first.settings.get(column) ?? null) !== null,
    )
    const isExplained = severalData || own.some((column) => column.startsWith('recipe:'))
    const told = isExplained ? own.filter((column) => !hashes.includes(column)) : own
    const words = told.map((column) => {
      const view = views.get(column)
      const value = first.settings.get(column) ?? null
      return `${view?.label ?? column} ${view?.format(value) ?? String(value)}`
    })
    const data = severalData ? [`on ${String(first.settings.get('dataset'))}`] : []
    return { label: [[methodLabel(first.method), ...data].join(' '), ...words].join(', '), runs: members }
  })
}
