import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { z } from 'zod'
import { CausewayError } from '../../src-shared/contract/errors'
import {
  experimentManifestSchema,
  trialSchema,
  type ExperimentManifest,
  type Trial,
} from '../../src-shared/domain/experiment'
import { isActive } from '../../src-shared/domain/job'
import { appendLine, publishDirectory, writeFileAtomic, writeJsonAtomic, writing } from './atomic'
import { toIoError } from './io-errors'
import { experimentFiles, experimentsDirectory, temporaryDirectory } from './layout'
import { restoreLines, type Restored } from './restore'
import { assertInside, isDeviceName } from './safe-paths'
import { readSavedFile, type DamagedFile } from './saved-files'
import type { Workspace } from './workspace'

/** A line of `trials.jsonl`: a trial as it was when the line was written. The last line of a number counts. */
const storedTrialSchema = trialSchema.extend({
  /** The objective after each epoch, as it stood when the trial ended; null before the first. Empty until then. */
  curve: z.array(z.number().nullable()),
})
export type StoredTrial = z.infer<typeof storedTrialSchema>

/** An experiment as it lies in the workspace. */
export interface StoredExperiment {
  manifest: ExperimentManifest
  /** The file as its author wrote it. */
  text: string
  /** By number. */
  trials: StoredTrial[]
}

/** A trial without what only the search needs. */
export const shownTrial = (trial: StoredTrial): Trial => trialSchema.parse(trial)

const interruption = {
  code: 'interrupted',
  message: 'The process that worked on this experiment ended before it did.',
}

/** Two names that a file system may take for one. */
const folded = (name: string): string => name.normalize('NFC').toLowerCase()

const refuse = (directory: string, reason: string, details: Record<string, unknown> = {}): CausewayError =>
  new CausewayError('savedInvalid', `The experiment in ${directory} cannot be used: ${reason}.`, {
    directory,
    ...details,
  })

/** The experiment folders of a workspace, and their only writer. Reading repairs what an unclean end left behind. */
export class ExperimentStore {
  /** Experiments this process is working on or has queued. */
  private readonly live = new Set<string>()

  constructor(private readonly workspace: Workspace) {}

  /** The name as the folder spells it; undefined where there is none. */
  find(name: string): string | undefined {
    return this.names().find((stored) => folded(stored) === folded(name))
  }

  /** Writes a new experiment folder, whole or not at all. @throws CausewayError `nameTaken`, `pathRefused` */
  create(name: string, text: string): void {
    this.workspace.assertWritable()
    if (isDeviceName(name) || /[. ]$/.test(name) || Buffer.byteLength(name) > 200) {
      throw new CausewayError(
        'pathRefused',
        `${JSON.stringify(name)} cannot be the name of an experiment: it ends with a dot or a space, is too long, or Windows uses it for a device.`,
        { name },
      )
    }
    const stored = this.find(name)
    if (stored !== undefined)
      throw new CausewayError('nameTaken', `There is an experiment named "${stored}" already.`, { name: stored })
    const directory = this.pathOf(name)
    const temporary = join(temporaryDirectory(this.workspace.path), `experiment-${name}`)
    const manifest: ExperimentManifest = {
      type: 'causeway-experiment-state',
      version: 1,
      name,
      createdAt: new Date().toISOString(),
      state: 'queued',
      datasetHash: null,
      backend: null,
      error: null,
    }
    writing(directory, () => {
      rmSync(temporary, { recursive: true, force: true })
      mkdirSync(temporary, { recursive: true })
      mkdirSync(experimentsDirectory(this.workspace.path), { recursive: true })
      writeJsonAtomic(join(temporary, experimentFiles.manifest), manifest)
      writeFileAtomic(join(temporary, experimentFiles.text), text)
      publishDirectory(temporary, directory)
    })
  }

  /** Replaces the text of an experiment. */
  replaceText(name: string, text: string): void {
    this.workspace.assertWritable()
    writeFileAtomic(join(this.directory(name), experimentFiles.text), text)
  }

  /** @throws CausewayError `notFound`, `savedInvalid` for a damaged folder */
  read(name: string): StoredExperiment {
    const directory = this.directory(name)
    const { manifest, trials } = this.restored(directory)
    const path = join(directory, experimentFiles.text)
    try {
      return { manifest, text: readFileSync(path, 'utf8'), trials: trials.value }
    } catch (error) {
      throw toIoError(error, { action: 'read', path })
    }
  }

  /** All experiments by name, and apart from them the folders that cannot be read. */
  list(): { experiments: StoredExperiment[]; damaged: DamagedFile[] } {
    const experiments: StoredExperiment[] = []
    const damaged: DamagedFile[] = []
    for (const name of this.names()) {
      try {
        experiments.push(this.read(name))
      } catch (thrown) {
        damaged.push({ what: 'experiment', name, reason: CausewayError.from(thrown).message })
      }
    }
    return { experiments, damaged }
  }

  /** Changes some fields of the manifest and answers with the whole. */
  update(name: string, change: Partial<ExperimentManifest>): ExperimentManifest {
    this.workspace.assertWritable()
    const directory = this.directory(name)
    const manifest = { ...this.restored(directory).manifest, ...change }
    writeJsonAtomic(join(directory, experimentFiles.manifest), manifest)
    return manifest
  }

  /** Puts the trials in order, one line each, so that what is appended follows a whole line. */
  mend(name: string): StoredTrial[] {
    this.workspace.assertWritable()
    const directory = this.directory(name)
    const { value, repairs } = this.restored(directory).trials
    if (repairs.length > 0)
      writeFileAtomic(
        join(directory, experimentFiles.trials),
        value.map((trial) => JSON.stringify(trial) + '\n').join(''),
      )
    return value
  }

  /** Records what became of a trial; on disk when this returns. */
  record(name: string, trial: StoredTrial): void {
    this.workspace.assertWritable()
    appendLine(join(this.directory(name), experimentFiles.trials), trial)
  }

  /** Removes an experiment, a damaged one too. Its runs stay. */
  remove(name: string): void {
    this.workspace.assertWritable()
    const directory = this.directory(name)
    const temporary = join(temporaryDirectory(this.workspace.path), `removed-experiment-${name}`)
    writing(directory, () => {
      renameSync(directory, temporary)
      rmSync(temporary, { recursive: true, force: true })
    })
  }

  /** Marks an experiment as worked on by this process, so that reading it does not take it for interrupted. */
  setLive(name: string, live: boolean): void {
    if (live) this.live.add(name)
    else this.live.delete(name)
  }

  private isLive(name: string): boolean {
    return this.workspace.locked ? this.live.has(name) : this.workspace.hasLiveOwner()
  }

  private restored(directory: string): { manifest: ExperimentManifest; trials: Restored<StoredTrial[]> } {
    const manifest = readSavedFile(
      join(directory, experimentFiles.manifest),
      `experiment in ${directory}`,
      experimentManifestSchema,
    )
    if (folded(manifest.name) !== folded(basename(directory)))
      throw refuse(directory, `it says that it is the experiment ${JSON.stringify(manifest.name)}`)
    const lines = restoreLines(directory, experimentFiles.trials, storedTrialSchema, refuse)
    const byNumber = new Map(lines.value.map((trial) => [trial.number, trial]))
    const repairs = [...lines.repairs]
    const live = this.isLive(manifest.name)
    const value = [...byNumber.values()]
      .sort((a, b) => a.number - b.number)
      .map((trial) => {
        if (trial.state !== 'running' || live) return trial
        repairs.push(`trial ${trial.number} was running when the process ended`)
        return { ...trial, state: 'interrupted' as const }
      })
    // Every change of a trial is a line: one line each is left when the experiment is taken up again.
    if (value.length < lines.value.length) repairs.push('earlier states of trials')
    if (isActive(manifest.state) && manifest.state !== 'queued' && !live) {
      manifest.state = 'interrupted'
      manifest.error ??= interruption
    }
    return { manifest, trials: { value, repairs } }
  }

  private names(): string[] {
    const parent = experimentsDirectory(this.workspace.path)
    if (!existsSync(parent)) return []
    return readdirSync(parent, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort((a, b) => a.localeCompare(b))
  }

  private directory(name: string): string {
    const stored = this.find(name)
    if (stored === undefined)
      throw new CausewayError('notFound', `There is no experiment named ${JSON.stringify(name)}.`, { experiment: name })
    return this.pathOf(stored)
  }

  private pathOf(name: string): string {
    return assertInside(this.workspace.path, join(experimentsDirectory(this.workspace.path), name))
  }
}
