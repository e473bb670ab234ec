import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { CausewayError } from '../../src-shared/contract/errors'
import { correlationResampleSchema, type CorrelationResample } from '../../src-shared/domain/correlation'
import { resampleSchema, type Resample } from '../../src-shared/domain/graph'
import type { EpochPoint, RunDetail, RunManifest } from '../../src-shared/domain/run'
import { publishDirectory, writeFileAtomic, writeJsonAtomic, writing } from './atomic'
import { runDirectory, runFiles, runsDirectory, temporaryDirectory } from './layout'
import { restoreLog, restoreManifest, restorePoints, restoreResamples, type Restored } from './restore'
import { assertInside, assertSafeName } from './safe-paths'
import type { Workspace } from './workspace'

/** A run folder that the restore gate refused: shown with its reason, never silently left out. */
export interface RefusedRun {
  id: string
  error: CausewayError
}

/** A manifest for a folder that cannot be read, so that lists show it with its reason. */
export const shownRefused = ({ id, error }: RefusedRun): RunManifest => ({
  type: 'causeway-run',
  version: 1,
  id,
  method: 'unreadable',
  dataset: 'unreadable',
  recipe: {},
  params: {},
  knowledge: null,
  seed: 0,
  backend: 'cpu',
  threads: 1,
  state: 'failed',
  createdAt: new Date(0).toISOString(),
  startedAt: null,
  endedAt: null,
  durationSeconds: 0,
  epochs: 0,
  bestEpoch: null,
  metrics: null,
  error: error.toPayload(),
  evaluation: null,
  weightsHash: null,
  experiment: null,
  reproduces: null,
  producedBy: { causeway: '', datasetHash: '', splitHash: null, platform: '', node: '' },
})

/** A readable id: `csc-20261120-213305-4f2a`, method, local time, four random digits. */
export function newRunId(method: string, at: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0')
  const day = `${at.getFullYear()}${two(at.getMonth() + 1)}${two(at.getDate())}`
  const time = `${two(at.getHours())}${two(at.getMinutes())}${two(at.getSeconds())}`
  return `${method}-${day}-${time}-${randomBytes(2).toString('hex')}`
}

/** The run folders of a workspace. The only writer of `manifest.json`. */
export class RunStore {
  /** Runs this process is working on or has queued. */
  private readonly live = new Set<string>()
  private readonly listeners: ((id: string, manifest: RunManifest | null) => void)[] = []

  constructor(private readonly workspace: Workspace) {}

  /** Tells of every manifest that is written, and with null of every run that is removed. */
  onWritten(listener: (id: string, manifest: RunManifest | null) => void): void {
    this.listeners.push(listener)
  }

  private written(id: string, manifest: RunManifest | null): void {
    for (const listener of this.listeners) listener(id, manifest)
  }

  /** The folder of an existing run. @throws CausewayError `notFound`, `pathRefused` */
  directory(id: string): string {
    assertSafeName(id, 'run')
    const directory = runDirectory(this.workspace.path, id)
    if (!existsSync(directory)) {
      throw new CausewayError('notFound', `There is no run ${JSON.stringify(id)}.`, { run: id })
    }
    return assertInside(this.workspace.path, directory)
  }

  /** Writes a new run folder, whole or not at all. */
  create(manifest: RunManifest): RunManifest {
    this.workspace.assertWritable()
    assertSafeName(manifest.id, 'run')
    const temporary = join(temporaryDirectory(this.workspace.path), manifest.id)
    writing(temporary, () => {
      mkdirSync(temporary, { recursive: true })
      writeJsonAtomic(join(temporary, runFiles.manifest), manifest)
      publishDirectory(temporary, runDirectory(this.workspace.path, manifest.id))
    })
    this.written(manifest.id, manifest)
    return manifest
  }

  /** Marks a run as worked on by this process, so that reading it does not take it for interrupted. */
  setLive(id: string, live: boolean): void {
    if (live) this.live.add(id)
    else this.live.delete(id)
  }

  /** Whether a live process is working on this run. */
  isLive(id: string): boolean {
    return this.workspace.locked ? this.live.has(id) : this.workspace.hasLiveOwner()
  }

  read(id: string): RunManifest {
    return this.restore(this.directory(id))
  }

  /** The names of all run folders, readable or not. */
  folders(): string[] {
    const parent = runsDirectory(this.workspace.path)
    const entries = existsSync(parent) ? readdirSync(parent, { withFileTypes: true }) : []
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  }

  /** Reads one of `folders()`. @throws CausewayError `runInvalid` with what is wrong with it */
  readFolder(name: string): RunManifest {
    return this.restore(join(runsDirectory(this.workspace.path), name))
  }

  detail(id: string): RunDetail {
    const directory = this.directory(id)
    return {
      manifest: this.restore(directory),
      points: restorePoints(directory).value,
      log: restoreLog(directory).value,
      hasGraph: existsSync(join(directory, runFiles.graph)),
    }
  }

  /** The reported series of a run, one point an epoch. */
  points(id: string): EpochPoint[] {
    return restorePoints(this.directory(id)).value
  }

  /** The resamples of the bootstrap of a run's graph that are done; none where there was no bootstrap. */
  resamples(id: string): Resample[] {
    return restoreResamples(this.directory(id), resampleSchema).value
  }

  /** The same of a run's correlation. */
  correlationResamples(id: string): CorrelationResample[] {
    return restoreResamples(this.directory(id), correlationResampleSchema).value
  }

  /** All runs, newest first, and apart from them the folders that cannot be read. */
  list(): { runs: RunManifest[]; refused: RefusedRun[] } {
    const runs: RunManifest[] = []
    const refused: RefusedRun[] = []
    for (const id of this.folders()) {
      try {
        runs.push(this.readFolder(id))
      } catch (error) {
        refused.push({ id, error: CausewayError.from(error) })
      }
    }
    runs.sort((a, b) => b.createdAt.localeCompare(a.createdAt) || b.id.localeCompare(a.id))
    return { runs, refused }
  }

  /** Changes some fields of a manifest and answers with the whole. */
  update(id: string, change: Partial<RunManifest>): RunManifest {
    this.workspace.assertWritable()
    const directory = this.directory(id)
    const manifest = { ...this.restore(directory), ...change }
    writeJsonAtomic(join(directory, runFiles.manifest), manifest)
    this.written(id, manifest)
    return manifest
  }

  /** Rewrites line files that the gate repaired, so that what a resumed training appends follows a whole line. */
  mendLines(id: string): void {
    this.workspace.assertWritable()
    const directory = this.directory(id)
    const write = (file: string, { value, repairs }: Restored<unknown[]>): void => {
      if (repairs.length > 0)
        writeFileAtomic(join(directory, file), value.map((line) => JSON.stringify(line) + '\n').join(''))
    }
    write(runFiles.metrics, restorePoints(directory))
    write(runFiles.log, restoreLog(directory))
  }

  /** Removes a run folder: first out of sight in one step, then its files. */
  remove(id: string): void {
    this.workspace.assertWritable()
    const directory = this.directory(id)
    const temporary = join(temporaryDirectory(this.workspace.path), `removed-${id}`)
    writing(directory, () => {
      renameSync(directory, temporary)
      rmSync(temporary, { recursive: true, force: true })
    })
    this.written(id, null)
  }

  /** Reads through the restore gate; repairs are written back by the process that holds the lock, and only by it. */
  private restore(directory: string): RunManifest {
    const { value, repairs } = restoreManifest(directory, (id) => this.isLive(id))
    if (repairs.length > 0 && this.workspace.locked) {
      try {
        writeJsonAtomic(join(directory, runFiles.manifest), value)
        this.written(value.id, value)
      } catch (error) {
        // Every reading repairs anew: a disk that is full must not hide the run.
        if (CausewayError.from(error).code !== 'diskFull') throw error
      }
    }
    return value
  }
}
