import { existsSync } from 'node:fs'
import { CausewayError } from '../../src-shared/contract/errors'
import type { RunManifest } from '../../src-shared/domain/run'
import type { Split } from '../../src-shared/domain/split'
import { edgeKnowledge } from '../../src-shared/graph/knowledge'
import { readSplit, readSplitIds } from '../pipeline/split/split-store'
import { splitDirectory } from '../storage/layout'
import { assertSafeName } from '../storage/safe-paths'
import type { DataHost, TaskWatch } from './data-host'
import type { JobContext, WorkEnd } from './job-manager'
import type { RunOnDisk } from './trainer-contract'

/** A split on disk. */
export interface PreparedSplit {
  hash: string
  directory: string
}

/** A split in memory with the user's own ids of its rows and columns. */
export interface SplitView {
  split: Split
  users: string[]
  items: string[]
  rowOfUser: Map<string, number>
}

const keptViews = 2

/** The splits of runs: on disk for the trainer, in memory for lists of users and items. */
export class Splits {
  private readonly views = new Map<string, Promise<SplitView>>()
  /** The splits that were made or checked in this session, by data and recipe: an experiment asks for one again and again. */
  private readonly prepared = new Map<string, PreparedSplit>()

  constructor(
    private readonly workspace: string,
    private readonly data: DataHost,
  ) {}

  /**
   * The split of a run, made again when it is no longer there.
   * @throws CausewayError `runInvalid` when the data set is not the one the run was trained on
   */
  async prepare(manifest: RunManifest, watch: TaskWatch | null = null): Promise<PreparedSplit> {
    const { splitHash } = manifest.producedBy
    if (splitHash !== null) {
      const directory = splitDirectory(this.workspace, assertSafeName(splitHash, 'split'))
      if (existsSync(directory)) return { hash: splitHash, directory }
    }
    const key = JSON.stringify([manifest.producedBy.datasetHash, manifest.recipe])
    const known = this.prepared.get(key)
    if (known && existsSync(known.directory) && (splitHash ?? known.hash) === known.hash) return known
    const split = await this.data.task(watch, (worker, task) =>
      worker.call('prepare', { workspace: this.workspace, task, dataset: manifest.dataset, recipe: manifest.recipe }),
    )
    if (split.datasetHash !== manifest.producedBy.datasetHash || (splitHash !== null && split.hash !== splitHash)) {
      throw new CausewayError(
        'runInvalid',
        `The data set "${manifest.dataset}" is not the one that the run ${manifest.id} was trained on.`,
        { run: manifest.id, dataset: manifest.dataset },
      )
    }
    const made = { hash: split.hash, directory: splitDirectory(this.workspace, split.hash) }
    this.prepared.set(key, made)
    return made
  }

  /** The split of a run in memory; the last few are kept. */
  async view(manifest: RunManifest): Promise<SplitView> {
    const { hash, directory } = await this.prepare(manifest)
    const view = this.views.get(hash) ?? readView(directory)
    this.views.delete(hash)
    this.views.set(hash, view)
    for (const other of this.views.keys()) {
      if (this.views.size <= keptViews) break
      this.views.delete(other)
    }
    try {
      return await view
    } catch (error) {
      this.views.delete(hash)
      throw error
    }
  }

  /** The row of a user. @throws CausewayError `notFound` */
  async rowOf(manifest: RunManifest, user: string): Promise<number> {
    const row = (await this.view(manifest)).rowOfUser.get(user)
    if (row !== undefined) return row
    throw new CausewayError(
      'notFound',
      `There is no user ${JSON.stringify(user)} in the split of the run ${manifest.id}.`,
      {
        user,
        run: manifest.id,
      },
    )
  }
}

/** The split of a job's run, made again where it is gone; how the job ended where it was stopped meanwhile. */
export async function splitForJob(
  splits: Splits,
  manifest: RunManifest,
  context: JobContext,
): Promise<PreparedSplit | WorkEnd> {
  const stopped = (): WorkEnd | null =>
    context.stopRequested === 'pause' ? 'paused' : context.stopRequested && 'cancelled'
  try {
    const split = await splits.prepare(manifest, {
      progress: (progress) => context.progress(progress),
      onStop: (stop) => context.onStop(stop),
      onKill: (kill) => context.onKill(kill),
    })
    return stopped() ?? split
  } catch (error) {
    const end = stopped()
    if (end) return end
    throw error
  }
}

/** A run as a trainer process is told of it. */
export const runOnDisk = (manifest: RunManifest, runDirectory: string, split: PreparedSplit): RunOnDisk => ({
  runDirectory,
  splitDirectory: split.directory,
  method: manifest.method,
  params: manifest.params,
  seed: manifest.seed,
  backend: manifest.backend,
  threads: manifest.threads,
  knowledge: manifest.knowledge && edgeKnowledge(manifest.knowledge),
})

async function readView(directory: string): Promise<SplitView> {
  const [split, ids] = await Promise.all([readSplit(directory), readSplitIds(directory)])
  return { split, ...ids, rowOfUser: new Map(ids.users.map((id, row) => [id, row])) }
}
