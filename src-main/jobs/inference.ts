import type { BackendProbe } from '../../src-shared/domain/backend'
import type { MethodInfo } from '../../src-shared/domain/method'
import type { RunManifest } from '../../src-shared/domain/run'
import type { RunStore } from '../storage/run-store'
import { startProcess, type Entries, type HostedProcess } from './process-host'
import { runOnDisk, type Splits } from './splits'
import type { AttributeTables, TrainerCalls, TrainerEventMap } from './trainer-contract'
import { WarmProcess } from './warm-process'

export type Trainer = HostedProcess<TrainerCalls, TrainerEventMap>

const keptRuns = 2
const idleSeconds = 300

/**
 * Trained models in memory: a trainer process for each of the last few runs that were looked at, so that the next list or
 * graph comes at once.
 */
export class Inference {
  private readonly warm = new Map<string, WarmProcess<TrainerCalls, TrainerEventMap>>()
  /** Processes that have been told what effects are described by, and by what. */
  private readonly described = new WeakMap<Trainer, { tables: AttributeTables; done: Promise<null> }>()

  constructor(
    private readonly entries: Entries,
    private readonly store: RunStore,
    private readonly splits: Splits,
    private readonly tables: (manifest: RunManifest) => Promise<AttributeTables>,
    private readonly methods: readonly MethodInfo[],
  ) {}

  /** Runs `work` with a trainer that has loaded the run. */
  async use<T>(manifest: RunManifest, work: (trainer: Trainer) => Promise<T>): Promise<T> {
    const kept = this.warm.get(manifest.id)
    const process =
      kept ?? new WarmProcess(this.entries.trainer, idleSeconds, (trainer) => this.open(manifest, trainer))
    // Last used is last in the map.
    this.warm.delete(manifest.id)
    this.warm.set(manifest.id, process)
    for (const [id, other] of this.warm) {
      if (this.warm.size <= keptRuns) break
      this.warm.delete(id)
      await other.retire()
    }
    return process.use(work)
  }

  /** Runs `work` with a trainer that has loaded the run and knows what effects are described by. */
  useDescribed<T>(manifest: RunManifest, work: (trainer: Trainer) => Promise<T>): Promise<T> {
    return this.use(manifest, async (trainer) => {
      const tables = await this.tables(manifest)
      const known = this.described.get(trainer)
      // Others where the data set was imported again after it was gone.
      const described = known?.tables === tables ? known : { tables, done: trainer.call('describe', tables) }
      this.described.set(trainer, described)
      try {
        await described.done
      } catch (error) {
        if (this.described.get(trainer) === described) this.described.delete(trainer)
        throw error
      }
      return work(trainer)
    })
  }

  /** Forgets a run that was trained further or removed. */
  async forget(run: string): Promise<void> {
    const process = this.warm.get(run)
    this.warm.delete(run)
    await process?.close()
  }

  async close(): Promise<void> {
    await Promise.all([...this.warm.keys()].map((run) => this.forget(run)))
  }

  private async open(manifest: RunManifest, trainer: Trainer): Promise<void> {
    const split = await this.splits.prepare(manifest)
    const run = runOnDisk(manifest, this.store.directory(manifest.id), split)
    const readsFeatures = this.methods.find(({ id }) => id === manifest.method)?.capabilities.includes('user-features')
    await trainer.call('open', { ...run, ...(readsFeatures && { attributes: await this.tables(manifest) }) })
  }
}

/** Asks a fresh trainer process which backends work here. */
export async function probeBackends(entries: Entries): Promise<BackendProbe> {
  const trainer = startProcess<TrainerCalls, TrainerEventMap>(entries.trainer)
  try {
    return await trainer.call('probe', {})
  } finally {
    await trainer.kill()
  }
}
