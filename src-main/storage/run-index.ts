import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { CausewayError } from '../../src-shared/contract/errors'
import { isActive, type JobState } from '../../src-shared/domain/job'
import type { RunColumn, RunFilter, RunGroup, RunRows, RunSort } from '../../src-shared/domain/run-table'
import type { RunManifest } from '../../src-shared/domain/run'
import { writeFileAtomicLater } from './atomic'
import { runDirectory, runFiles, runIndexFile } from './layout'
import { RunColumns, type Stamp } from './run-columns'
import { decodeRunIndex, encodeRunIndex } from './run-index-file'
import { runColumns, runGroups, runRows } from './run-query'
import { shownRefused, type RunStore } from './run-store'
import type { Workspace } from './workspace'

/** Work on manifests between two turns of the event loop. */
const sliceMilliseconds = 12
/** A manifest may change twice within one tick of a file system's clock, and look unchanged. */
const clockTickMilliseconds = 50
const saveAfterMilliseconds = 2000
/** How long a process that only reads takes for granted what it saw last. */
const freshMilliseconds = 1000

/**
 * The table of all runs in memory, with a copy on disk that saves reading every manifest at every start. The manifests stay the truth:
 * what the copy says of one counts while its size and time are the same, and without the copy all are read. It is made at the first
 * question and kept in step with what the run store writes.
 */
export class RunIndex {
  private table: RunColumns | null = null
  private refreshing: Promise<RunColumns> | null = null
  /** What the store wrote while the manifests were being read; null: removed. */
  private meanwhile: Map<string, RunManifest | null> | null = null
  private checkedAt = -Infinity
  private closed = false
  private due: NodeJS.Timeout | null = null
  private saving: Promise<void> = Promise.resolve()

  constructor(
    private readonly workspace: Workspace,
    private readonly store: RunStore,
  ) {
    store.onWritten((id, manifest) => this.written(id, manifest))
  }

  async rows(asked: {
    filter: RunFilter
    sort: readonly RunSort[]
    columns: readonly string[]
    offset: number
    limit: number
  }): Promise<RunRows> {
    return runRows(await this.current(), asked)
  }

  async columns(filter: RunFilter): Promise<RunColumn[]> {
    return runColumns(await this.current(), filter)
  }

  async groups(asked: { filter: RunFilter; by: readonly string[]; columns: readonly string[] }): Promise<RunGroup[]> {
    return runGroups(await this.current(), asked)
  }

  /** Makes the table before it is asked for: a window that is being opened soon will. What goes wrong shows at the question. */
  warm(): void {
    this.current().catch(() => undefined)
  }

  /** Writes what was not written yet. */
  async close(): Promise<void> {
    this.closed = true
    if (this.due) this.save()
    await this.saving
  }

  /** The table as it is now. Who holds the lock hears of every change; who does not looks at the files again. */
  private current(): Promise<RunColumns> {
    if (this.refreshing) return this.refreshing
    const fresh = this.workspace.locked || performance.now() - this.checkedAt < freshMilliseconds
    if (this.table && fresh) return Promise.resolve(this.table)
    this.refreshing = this.refresh().finally(() => (this.refreshing = null))
    return this.refreshing
  }

  private async refresh(): Promise<RunColumns> {
    const meanwhile = (this.meanwhile = new Map())
    try {
      const table = this.table ?? this.load()
      const before = table.version
      await this.readChanged(table)
      for (const [id, manifest] of meanwhile) this.take(table, id, manifest)
      this.table = table
      this.checkedAt = performance.now()
      if (table.version !== before) this.saveLater()
      return table
    } finally {
      this.meanwhile = null
    }
  }

  /** The copy on disk; empty where there is none that can be used. */
  private load(): RunColumns {
    const path = runIndexFile(this.workspace.path)
    try {
      return (existsSync(path) ? decodeRunIndex(readFileSync(path)) : null) ?? new RunColumns()
    } catch {
      // Derived from the manifests: whatever is wrong with it, they are read instead.
      return new RunColumns()
    }
  }

  /** Brings the table in step with the folders. Lets other work in between; a cold start reads thousands of files. */
  private async readChanged(table: RunColumns): Promise<void> {
    const ids = new Set(this.store.folders())
    for (const id of [...table.ids()]) if (!ids.has(id)) table.remove(id)
    let turn = performance.now()
    for (const id of ids) {
      const stamp = this.stampOf(id)
      const known = table.stampOf(id)
      const same = stamp && known?.sizeBytes === stamp.sizeBytes && known.modifiedMs === stamp.modifiedMs
      // A run at work may have lost its process since.
      if (!same || isActive(stateOf(table, table.slotOf(id)!))) this.read(table, id, stamp)
      if (performance.now() - turn > sliceMilliseconds) {
        await nextTurn()
        // Nobody waits for it any more.
        if (this.closed) return
        turn = performance.now()
      }
    }
  }

  private read(table: RunColumns, id: string, stamp: Stamp | null): void {
    try {
      table.put(this.store.readFolder(id), stamp)
    } catch (error) {
      table.put(shownRefused({ id, error: CausewayError.from(error) }), null)
    }
  }

  private stampOf(id: string): Stamp | null {
    const path = join(runDirectory(this.workspace.path, id), runFiles.manifest)
    const stats = statSync(path, { throwIfNoEntry: false })
    return stats ? { sizeBytes: stats.size, modifiedMs: stats.mtimeMs } : null
  }

  private written(id: string, manifest: RunManifest | null): void {
    this.meanwhile?.set(id, manifest)
    if (!this.table || this.meanwhile) return
    this.take(this.table, id, manifest)
    this.saveLater()
  }

  private take(table: RunColumns, id: string, manifest: RunManifest | null): void {
    if (manifest) table.put(manifest, this.stampOf(id))
    else table.remove(id)
  }

  private saveLater(): void {
    if (!this.workspace.locked || this.closed) return
    this.due ??= setTimeout(() => this.save(), saveAfterMilliseconds).unref()
  }

  private save(): void {
    if (this.due) clearTimeout(this.due)
    this.due = null
    const { table, workspace } = this
    if (!table || !workspace.locked) return
    const settled = Date.now() - clockTickMilliseconds
    const bytes = encodeRunIndex(table, (slot) => table.times[slot]! < settled && !isActive(stateOf(table, slot)))
    this.saving = this.saving
      .then(() => writeFileAtomicLater(runIndexFile(workspace.path), bytes))
      // Without the copy the next start is slower, and nothing else: nobody's work fails over it.
      .catch(() => undefined)
  }
}

const stateOf = (table: RunColumns, slot: number): JobState => table.cell('state', slot) as JobState
