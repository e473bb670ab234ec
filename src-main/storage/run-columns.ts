import type { RunCell, RunField } from '../../src-shared/domain/run-table'
import type { RunManifest } from '../../src-shared/domain/run'

/** A column of numbers; NaN where a run has none. */
export interface NumberColumn {
  readonly type: 'numbers'
  values: Float64Array
}

/** A column of few different values, each kept once; code -1 where a run has none. */
export interface CodedColumn {
  readonly type: 'codes'
  codes: Int32Array
  readonly entries: Exclude<RunCell, null>[]
  readonly codeOf: Map<RunCell, number>
}

export type Column = NumberColumn | CodedColumn

/** @param codes places in `entries` by slot; -1: no value */
export const codedColumn = (codes: Int32Array, entries: Exclude<RunCell, null>[]): CodedColumn => ({
  type: 'codes',
  codes,
  entries,
  codeOf: new Map(entries.map((entry, code) => [entry, code])),
})

/** What tells one state of a manifest's file from another. */
export interface Stamp {
  sizeBytes: number
  modifiedMs: number
}

/** The fields of a run. Numbers that every run has one of its own of are kept as numbers, everything else by code. */
function fieldsOf(manifest: RunManifest): [column: RunField, value: RunCell, type: Column['type']][] {
  const { producedBy, experiment } = manifest
  return [
    ['id', manifest.id, 'codes'],
    ['method', manifest.method, 'codes'],
    ['dataset', manifest.dataset, 'codes'],
    ['experiment', experiment?.name ?? null, 'codes'],
    ['phase', experiment?.phase ?? null, 'codes'],
    ['state', manifest.state, 'codes'],
    ['seed', manifest.seed, 'numbers'],
    ['backend', manifest.backend, 'codes'],
    ['threads', manifest.threads, 'numbers'],
    ['createdAt', manifest.createdAt, 'codes'],
    ['durationSeconds', manifest.durationSeconds, 'numbers'],
    ['epochs', manifest.epochs, 'numbers'],
    ['bestEpoch', manifest.bestEpoch, 'numbers'],
    ['splitHash', producedBy.splitHash, 'codes'],
    ['datasetHash', producedBy.datasetHash, 'codes'],
    ['error', manifest.error?.message ?? null, 'codes'],
    ['reproduces', manifest.reproduces, 'codes'],
    ['knowledge', manifest.knowledge?.name ?? null, 'codes'],
    ['causeway', producedBy.causeway || null, 'codes'],
    ['platform', producedBy.platform || null, 'codes'],
    ['node', producedBy.node || null, 'codes'],
  ]
}

/** All runs of a workspace as columns in memory. A run has a slot; slots have no order, and the last one fills a gap. */
export class RunColumns {
  readonly columns: Map<string, Column>
  /** Of the manifests, by slot; NaN for a run that has no stamp to trust. */
  sizes: Float64Array
  times: Float64Array
  private readonly slots = new Map<string, number>()
  /** The columns once more by kind and name: 1.5 million names are not put together anew for 5,000 manifests. */
  private readonly byKey = {
    '': new Map<string, Column>(),
    'metric:': new Map<string, Column>(),
    'param:': new Map<string, Column>(),
    'recipe:': new Map<string, Column>(),
  }
  /** Changes with every change: what was worked out for one version holds for it only. */
  version = 0

  constructor(
    loaded: { runs: number; columns: Map<string, Column>; sizes: Float64Array; times: Float64Array } = {
      runs: 0,
      columns: new Map(),
      sizes: new Float64Array(0),
      times: new Float64Array(0),
    },
  ) {
    this.columns = loaded.columns
    this.sizes = loaded.sizes
    this.times = loaded.times
    for (let slot = 0; slot < loaded.runs; slot++) this.slots.set(this.idOf(slot), slot)
  }

  get count(): number {
    return this.slots.size
  }

  ids(): IterableIterator<string> {
    return this.slots.keys()
  }

  slotOf(id: string): number | undefined {
    return this.slots.get(id)
  }

  idOf(slot: number): string {
    return String(this.cell('id', slot))
  }

  cell(column: string, slot: number): RunCell {
    return cellOf(this.columns.get(column), slot)
  }

  stampOf(id: string): Stamp | null {
    const slot = this.slots.get(id)
    return slot === undefined ? null : { sizeBytes: this.sizes[slot]!, modifiedMs: this.times[slot]! }
  }

  /** Takes a run in, or what it is now in place of what it was. */
  put(manifest: RunManifest, stamp: Stamp | null): void {
    this.version++
    let slot = this.slots.get(manifest.id)
    if (slot === undefined) {
      slot = this.slots.size
      this.slots.set(manifest.id, slot)
      if (slot >= this.sizes.length) this.grow(Math.max(64, Math.ceil(slot * 1.5)))
    } else this.clear(slot)
    this.sizes[slot] = stamp?.sizeBytes ?? NaN
    this.times[slot] = stamp?.modifiedMs ?? NaN
    for (const [name, value, type] of fieldsOf(manifest))
      if (value !== null) this.set(this.column('', name, type), slot, value)
    const { metrics, params, recipe } = manifest
    for (const key in metrics) this.set(this.column('metric:', key, 'numbers'), slot, metrics[key]!)
    for (const key in params) this.set(this.column('param:', key, 'codes'), slot, params[key]!)
    for (const key in recipe) this.set(this.column('recipe:', key, 'codes'), slot, recipe[key]!)
  }

  remove(id: string): void {
    const slot = this.slots.get(id)
    if (slot === undefined) return
    this.version++
    const last = this.slots.size - 1
    const moved = this.idOf(last)
    this.slots.delete(id)
    for (const column of this.columns.values()) {
      const cells = column.type === 'numbers' ? column.values : column.codes
      cells[slot] = cells[last]!
    }
    this.sizes[slot] = this.sizes[last]!
    this.times[slot] = this.times[last]!
    this.clear(last)
    if (slot !== last) this.slots.set(moved, slot)
  }

  /** The column of a name with its kind before it, made where it is not there. */
  private column(kind: '' | 'metric:' | 'param:' | 'recipe:', key: string, type: Column['type']): Column {
    const known = this.byKey[kind].get(key)
    if (known) return known
    const name = kind + key
    const capacity = this.sizes.length
    let column = this.columns.get(name)
    if (!column) {
      column =
        type === 'numbers'
          ? { type, values: new Float64Array(capacity).fill(NaN) }
          : codedColumn(new Int32Array(capacity).fill(-1), [])
      this.columns.set(name, column)
    }
    this.byKey[kind].set(key, column)
    return column
  }

  private set(column: Column, slot: number, value: Exclude<RunCell, null>): void {
    if (column.type === 'numbers') {
      column.values[slot] = value as number
      return
    }
    let code = column.codeOf.get(value)
    if (code === undefined) {
      code = column.entries.push(value) - 1
      column.codeOf.set(value, code)
    }
    column.codes[slot] = code
  }

  private clear(slot: number): void {
    for (const column of this.columns.values()) {
      if (column.type === 'numbers') column.values[slot] = NaN
      else column.codes[slot] = -1
    }
  }

  private grow(capacity: number): void {
    const numbers = (values: Float64Array): Float64Array => {
      const grown = new Float64Array(capacity).fill(NaN)
      grown.set(values)
      return grown
    }
    for (const column of this.columns.values()) {
      if (column.type === 'numbers') column.values = numbers(column.values)
      else {
        const grown = new Int32Array(capacity).fill(-1)
        grown.set(column.codes)
        column.codes = grown
      }
    }
    this.sizes = numbers(this.sizes)
    this.times = numbers(this.times)
  }
}

/** The value of a run, by its slot; null where it has none. */
export function cellOf(column: Column | undefined, slot: number): RunCell {
  if (!column) return null
  if (column.type === 'numbers') {
    const value = column.values[slot]!
    return Number.isNaN(value) ? null : value
  }
  const code = column.codes[slot]!
  return code < 0 ? null : column.entries[code]!
}
