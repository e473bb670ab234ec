import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { CausewayError } from '../../src-shared/contract/errors'
import type { BackendId, BackendProbe } from '../../src-shared/domain/backend'
import { isActive, isResumable, type JobSnapshot, type JobState } from '../../src-shared/domain/job'
import type { Knowledge } from '../../src-shared/domain/knowledge'
import type { EpochPoint, LogLine, RunManifest } from '../../src-shared/domain/run'
import type { ParamValues } from '../../src-shared/params/params'
import { runFiles } from '../storage/layout'
import { newRunId, type RunStore } from '../storage/run-store'
import { throttle, type EventHub } from './event-hub'
import type { JobContext, JobManager, WorkEnd } from './job-manager'
import { startProcess, type Entries } from './process-host'
import type { Trainer } from './inference'
import { runOnDisk, splitForJob, type PreparedSplit, type Splits } from './splits'
import type { AttributeTables, FitResult, TrainerCalls, TrainerEventMap } from './trainer-contract'
import { WarmProcess } from './warm-process'

/** A training with every parameter resolved and validated. */
export interface TrainingPlan {
  method: { id: string; label: string }
  dataset: { name: string; hash: string }
  recipe: ParamValues
  params: ParamValues
  knowledge: Knowledge | null
  seed: number
  backend: BackendId
  threads: number
  /** Set by an experiment. */
  experiment: RunManifest['experiment']
  /** The run this one is to check. */
  reproduces: string | null
}

interface Dependencies {
  causeway: string
  entries: Entries
  store: RunStore
  jobs: JobManager
  events: EventHub
  splits: Splits
  probe: () => Promise<BackendProbe>
  labelOf: (method: string) => string
  /** What the items and users of a run's split are described by. */
  tables: (manifest: RunManifest) => Promise<AttributeTables>
}

const eventsEveryMilliseconds = 100
const idleSeconds = 10

/** Starts and resumes trainings: a job each, with the run's id as the job's. */
export class Trainings {
  /** The trainer of the trials of experiments, kept for the next one: to start it takes longer than a small training. */
  private readonly trials: WarmProcess<TrainerCalls, TrainerEventMap>

  constructor(private readonly on: Dependencies) {
    this.trials = new WarmProcess(on.entries.trainer, idleSeconds)
  }

  /** Ends the trainer that is kept. */
  close(): Promise<void> {
    return this.trials.close()
  }

  /** Creates the run and queues its training. */
  start(plan: TrainingPlan): JobSnapshot {
    const now = new Date()
    const manifest: RunManifest = {
      type: 'causeway-run',
      version: 1,
      id: newRunId(plan.method.id, now),
      method: plan.method.id,
      dataset: plan.dataset.name,
      recipe: plan.recipe,
      params: plan.params,
      knowledge: plan.knowledge,
      seed: plan.seed,
      backend: plan.backend,
      threads: plan.threads,
      state: 'queued',
      createdAt: now.toISOString(),
      startedAt: null,
      endedAt: null,
      durationSeconds: 0,
      epochs: 0,
      bestEpoch: null,
      metrics: null,
      error: null,
      evaluation: null,
      weightsHash: null,
      experiment: plan.experiment,
      reproduces: plan.reproduces,
      producedBy: {
        causeway: this.on.causeway,
        datasetHash: plan.dataset.hash,
        splitHash: null,
        platform: `${process.platform}-${process.arch}`,
        node: process.version,
      },
    }
    this.on.store.create(manifest)
    return this.queue(manifest)
  }

  /**
   * Queues the rest of a training that was paused, cancelled, interrupted or failed, with the parameters, the seed and the
   * backend it was started with.
   * @throws CausewayError `notResumable` for a run that is active or complete, `backendUnavailable` when its backend is gone
   */
  async resume(id: string): Promise<JobSnapshot> {
    const manifest = this.on.store.read(id)
    if (!isResumable(manifest.state)) {
      throw new CausewayError('notResumable', `The run ${id} is ${manifest.state}: there is nothing to resume.`, {
        run: id,
        state: manifest.state,
      })
    }
    requireBackend(await this.on.probe(), manifest.backend)
    return this.queue(manifest)
  }

  private queue(manifest: RunManifest): JobSnapshot {
    const { store, events, jobs } = this.on
    const id = manifest.id
    const before = { durationSeconds: manifest.durationSeconds, startedAt: manifest.startedAt }
    const outcome: { fit: FitResult | null } = { fit: null }
    const onState = (state: JobState, error: CausewayError | null): 'gone' | void => {
      store.setLive(id, isActive(state))
      // Refused before its data were ever prepared (a recipe that leaves no positive, a full disk): nothing of it stays.
      if (state === 'failed' && store.read(id).producedBy.splitHash === null) {
        store.remove(id)
        events.emit('runs:changed', { run: id })
        return 'gone'
      }
      const change: Partial<RunManifest> = { state, error: error?.toPayload() ?? null }
      if (state === 'queued') change.endedAt = null
      if (state === 'running') change.startedAt = before.startedAt ?? new Date().toISOString()
      if (!isActive(state)) {
        change.endedAt = new Date().toISOString()
        const { fit } = outcome
        if (fit) {
          change.durationSeconds = before.durationSeconds + fit.seconds
          change.epochs = fit.epochs
          change.bestEpoch = fit.bestEpoch
          change.metrics = fit.metrics
          change.evaluation = fit.evaluation
          change.weightsHash = fit.weightsHash
        } else {
          const points = store.detail(id).points
          change.epochs = points.at(-1)?.epoch ?? 0
          change.durationSeconds = Math.max(
            before.durationSeconds,
            points.reduce((sum, point) => sum + point.seconds, 0),
          )
        }
      }
      store.update(id, change)
      // Four times the weights, and of no more use. After the manifest: until that says completed, the run may have to resume.
      if (state === 'completed')
        rmSync(join(store.directory(id), runFiles.checkpoint), { recursive: true, force: true })
      events.emit('runs:changed', { run: id })
    }
    store.setLive(id, true)
    return jobs.submit({
      id,
      kind: 'train',
      title: `Train ${this.on.labelOf(manifest.method)} on ${manifest.dataset}${manifest.reproduces ? ' again' : ''}`,
      run: id,
      ...(manifest.experiment ? { experiment: manifest.experiment.name } : {}),
      ...(manifest.reproduces ? { reproduces: manifest.reproduces } : {}),
      dataset: manifest.dataset,
      backend: manifest.backend,
      pausable: true,
      onState,
      work: async (context) => {
        const result = await this.work(manifest, context)
        if (typeof result === 'string') return result
        outcome.fit = result
        return result.end
      },
    })
  }

  private async work(manifest: RunManifest, context: JobContext): Promise<FitResult | WorkEnd> {
    const { store, splits } = this.on
    const split = await splitForJob(splits, manifest, context)
    if (typeof split === 'string') return split
    store.mendLines(manifest.id)
    const producedBy = { ...manifest.producedBy, splitHash: split.hash }
    store.update(manifest.id, { producedBy })
    const attributes = await this.on.tables({ ...manifest, producedBy })

    if (manifest.experiment !== null)
      return this.trials.use(async (trainer) => {
        try {
          return await this.fit(trainer, manifest, split, attributes, context)
        } catch (thrown) {
          // What failed may have left its process in any state.
          await this.trials.close()
          throw thrown
        }
      })
    const trainer = startProcess<TrainerCalls, TrainerEventMap>(this.on.entries.trainer)
    try {
      return await this.fit(trainer, manifest, split, attributes, context)
    } finally {
      await trainer.kill()
    }
  }

  /** Trains a run in a trainer, with its events passed on. */
  private async fit(
    trainer: Trainer,
    manifest: RunManifest,
    split: PreparedSplit,
    attributes: AttributeTables,
    context: JobContext,
  ): Promise<FitResult> {
    const { store, events } = this.on
    const pending: { points: EpochPoint[]; lines: LogLine[] } = { points: [], lines: [] }
    const sending = throttle(() => {
      const run = manifest.id
      if (pending.points.length > 0) events.emit('run:points', { run, points: pending.points.splice(0) })
      if (pending.lines.length > 0) events.emit('run:log', { run, lines: pending.lines.splice(0) })
    }, eventsEveryMilliseconds)
    const listening = [
      trainer.on('progress', (progress) => context.progress(progress)),
      trainer.on('memory', ({ bytes }) => context.memory(bytes)),
      trainer.on('points', (points) => {
        pending.points.push(...points)
        sending.request()
      }),
      trainer.on('log', (lines) => {
        pending.lines.push(...lines)
        sending.request()
      }),
      trainer.on('exposureCheck', () => events.emit('run:annotated', { run: manifest.id })),
    ]
    context.onKill(() => void trainer.kill())
    try {
      const directory = store.directory(manifest.id)
      const fit = trainer.call('fit', {
        ...runOnDisk(manifest, directory, split),
        // A run that was stopped before its first checkpoint starts from the beginning, which is the same training.
        resume: existsSync(join(directory, runFiles.checkpoint)),
        attributes,
      })
      context.onStop((how) => {
        // A trainer that dies before it answers rejects the fit itself.
        trainer.call('stop', { how }).catch(() => undefined)
      })
      return await fit
    } finally {
      sending.flush()
      for (const stop of listening) stop()
    }
  }
}

/** @throws CausewayError `backendUnavailable` with what was tried */
export function requireBackend(probe: BackendProbe, backend: BackendId): void {
  const report = probe.reports.find((candidate) => candidate.id === backend)
  if (report?.usable) return
  throw new CausewayError(
    'backendUnavailable',
    `The backend "${backend}" is not usable here: ${report?.detail ?? 'it was not found'}`,
    { backend, advice: report?.advice ?? null, usable: probe.reports.filter((r) => r.usable).map((r) => r.id) },
  )
}
