import { columnGroups, type ColumnView } from './columns'
import { differing, type SeedGroup } from './selected-runs'

/** A setting that is not the same for all groups of runs. */
export interface DifferingRow {
  column: string
  label: string
  help: string
  /** What kind of setting: Parameters, Recipe, Run. */
  group: string
  /** By group; null where its method has no such setting. Several values within a group are told one after the other. */
  cells: (string | null)[]
  /** True where the cell says what the one before it says: it is folded. */
  asBefore: boolean[]
}

/** The settings that differ between or within groups, those about the run first. */
export function differingRows(groups: readonly SeedGroup[], views: ReadonlyMap<string, ColumnView>): DifferingRow[] {
  const order = (view: ColumnView | undefined): number => {
    const at = (columnGroups as readonly string[]).indexOf(view?.group ?? '')
    return at < 0 ? columnGroups.length : at
  }
  return differing(groups.flatMap((group) => group.runs))
    .sort((a, b) => order(views.get(a)) - order(views.get(b)))
    .map((column) => {
      const view = views.get(column)
      const cells = groups.map(({ runs }) => {
        const values = [...new Set(runs.map((run) => run.settings.get(column) ?? null))]
        if (values.every((value) => value === null)) return null
        return values.map((value) => view?.format(value) ?? String(value)).join(', ')
      })
      return {
        column,
        label: view?.label ?? column,
        help: view?.help ?? '',
        group: view?.group ?? '',
        cells,
        asBefore: cells.map((cell, i) => i > 0 && cell !== null && cell === cells[i - 1]),
      }
    })
}
