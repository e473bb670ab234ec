import { createHash } from 'node:crypto'
import { CausewayError, type ErrorCode } from '../../src-shared/contract/errors'
import type { BackendId, BackendProbe } from '../../src-shared/domain/backend'
import type { ExperimentFile, Trial } from '../../src-shared/domain/experiment'
import { isActive, type JobProgress, type JobSnapshot, type JobState } from '../../src-shared/domain/job'
import type { MethodInfo } from '../../src-shared/domain/method'
import { definitionOf, metricLabel } from '../../src-shared/domain/metric'
import type { EpochPoint, RunDetail } from '../../src-shared/domain/run'
import { parseExperiment } from '../../src-shared/experiment/parse-experiment'
import { plannedMethods, type PlannedMethod } from '../../src-shared/experiment/plan-experiment'
import type { ParamValues } from '../../src-shared/params/params'
import { readDataset } from '../pipeline/dataset/dataset'
import { hopelessAt, objectiveCurve, type EarlyEnd } from '../pipeline/experiment/early-termination'
import {
  nextStep,
  searchSecondsLeft,
  searchTimeSpent,
  trialsLeft,
  type TrialDraft,
} from '../pipeline/experiment/next-step'
import { resolveRecipe } from '../pipeline/split/prepare-split'
import type { ExperimentStore, StoredTrial } from '../storage/experiment-store'
import type { RunStore } from '../storage/run-store'
import type { Workspace } from '../storage/workspace'
import { throttle, type EventHub } from './event-hub'
import type { JobContext, JobManager, WorkEnd } from './job-manager'
import { threadsOf } from './threads'
import { requireBackend, type Trainings } from './training'

interface Dependencies {
  workspace: Workspace
  store: RunStore
  experiments: ExperimentStore
  jobs: JobManager
  events: EventHub
  trainings: Trainings
  methods: readonly MethodInfo[]
  probe: () => Promise<BackendProbe>
}

/** What all trials of an experiment share. */
interface Setup {
  name: string
  createdAt: string
  file: ExperimentFile
  planned: PlannedMethod[]
  dataset: { name: string; hash: string }
  recipe: ParamValues
  backend: BackendId
}

/** An experiment at work: its trials as they are now. */
interface Work {
  setup: Setup
  context: JobContext
  trials: StoredTrial[]
}

const changesEveryMilliseconds = 500

/** What makes every further trial fail too: the experiment stops, and goes on once it is put right. */
const fatalCodes: readonly ErrorCode[] = ['diskFull', 'workspaceReadOnly', 'backendUnavailable']

/** A job's id: one for each experiment, whatever letters its name has. */
const jobOf = (name: string): string =>
  `experiment-${createHash('sha256').update(name.normalize('NFC').toLowerCase()).digest('hex').slice(0, 16)}`

/**
 * Runs experiments: a job each, which starts one training at a time and waits for its end. Everything it decides follows from the
 * file and the trials on disk, so that it can stop anywhere and go on later.
 */
export class Experiments {
  /** Running trials as they are now, by experiment: their points are not on record until they end. */
  private readonly running = new Map<string, StoredTrial>()
  private readonly changes = new Map<string, ReturnType<typeof throttle>>()

  constructor(private readonly on: Dependencies) {}

  /** The trials of an experiment; a running one with what it has come to so far. */
  trials(name: string): StoredTrial[] {
    const running = this.running.get(name)
    return this.on.experiments.read(name).trials.map((trial) => (trial.number === running?.number ? running : trial))
  }

  /** @throws CausewayError `badRequest` while the experiment is at work or waits */
  assertIdle(name: string): void {
    if (!this.on.jobs.isActive(jobOf(name))) return
    throw new CausewayError('badRequest', `The experiment "${name}" is at work: cancel it first.`, { experiment: name })
  }

  /**
   * Queues an experiment, or the rest of one that was stopped. Final trials whose run is gone are trained again.
   * @throws CausewayError `notFound` without the experiment or its data set, `notResumable` where the data set is another one now,
   *   `backendUnavailable`, `badRequest` while it is at work
   */
  async start(name: string): Promise<JobSnapshot> {
    const { experiments, workspace, jobs, methods } = this.on
    workspace.assertWritable()
    const { manifest, text } = experiments.read(name)
    this.assertIdle(manifest.name)
    const file = parseExperiment(text, methods)
    const recipe = { ...resolveRecipe(file.data.recipe) }
    const dataset = await readDataset(workspace.path, file.data.dataset)
    if (manifest.datasetHash !== null && manifest.datasetHash !== dataset.hash) {
      throw new CausewayError(
        'notResumable',
        `The data set "${dataset.name}" is not the one that the experiment "${name}" was started on: its trials could not be compared. Save the experiment under another name, or import the former data again.`,
        { experiment: name, dataset: dataset.name },
      )
    }
    const probe = await this.on.probe()
    const backend = manifest.backend ?? file.backend ?? probe.chosen
    requireBackend(probe, backend)
    this.assertIdle(manifest.name)
    experiments.update(manifest.name, { datasetHash: dataset.hash, backend })
    const setup: Setup = {
      name: manifest.name,
      createdAt: manifest.createdAt,
      file,
      planned: plannedMethods(file, methods),
      dataset: { name: dataset.name, hash: dataset.hash },
      recipe,
      backend,
    }
    return jobs.submit({
      id: jobOf(manifest.name),
      kind: 'experiment',
      title: `Experiment ${manifest.name}`,
      run: null,
      experiment: manifest.name,
      dataset: dataset.name,
      backend,
      pausable: true,
      onState: (state, error) => this.enter(manifest.name, state, error),
      work: (context) => this.work(setup, context),
    })
  }

  private enter(name: string, state: JobState, error: CausewayError | null): void {
    const { experiments } = this.on
    experiments.setLive(name, isActive(state))
    experiments.update(name, { state, error: error?.toPayload() ?? null })
    this.changed(name).flush()
    if (!isActive(state)) this.changes.delete(name)
  }

  private changed(name: string): ReturnType<typeof throttle> {
    const known = this.changes.get(name)
    if (known) return known
    const sending = throttle(
      () => this.on.events.emit('experiment:changed', { experiment: name }),
      changesEveryMilliseconds,
    )
    this.changes.set(name, sending)
    return sending
  }

  private async work(setup: Setup, context: JobContext): Promise<WorkEnd> {
    const { name, file, planned } = setup
    const work: Work = { setup, context, trials: this.on.experiments.mend(name) }
    this.reopenLostFinals(work)
    try {
      for (;;) {
        if (context.stopRequested) return context.stopRequested === 'pause' ? 'paused' : 'cancelled'
        const step = nextStep(file, planned, work.trials)
        if (!step) break
        if (step.kind === 'fail') {
          this.record(work, { ...newTrial(work, step.draft), state: 'failed', reason: step.reason })
          continue
        }
        const trial =
          step.kind === 'start' ? newTrial(work, step.draft) : work.trials.find(({ number }) => number === step.number)!
        const end = await this.train(work, { ...trial, state: 'running', reason: null }, step.method)
        if (end !== null) return end
      }
    } finally {
      this.running.delete(name)
    }
    const finals = work.trials.filter(({ phase }) => phase === 'final')
    if (finals.some(({ state }) => state === 'completed')) return 'completed'
    const reason = finals.find((trial) => trial.reason !== null)?.reason
    throw new CausewayError(
      'experimentFailed',
      `No final trial of the experiment "${name}" completed. ${reason?.message ?? ''}`.trim(),
      { experiment: name, reason },
    )
  }

  private record({ setup, trials }: Pick<Work, 'setup' | 'trials'>, trial: StoredTrial): void {
    this.on.experiments.record(setup.name, trial)
    const at = trials.findIndex(({ number }) => number === trial.number)
    if (at < 0) trials.push(trial)
    else trials[at] = trial
    if (trial.state === 'running') this.running.set(setup.name, trial)
    else this.running.delete(setup.name)
    this.changed(setup.name).request()
  }

  /** Final trials are what is compared: those whose run was removed meanwhile are trained again. */
  private reopenLostFinals(work: Work): void {
    for (const trial of [...work.trials])
      if (trial.phase === 'final' && trial.state === 'completed' && this.detail(trial.run) === null)
        this.record(work, { ...trial, state: 'interrupted', run: null, objective: null, epochs: 0, curve: [] })
  }

  /** A run with its points; null where there is none, or none that can be read. */
  private detail(run: string | null): RunDetail | null {
    if (run === null) return null
    try {
      return this.on.store.detail(run)
    } catch (thrown) {
      const { code } = CausewayError.from(thrown)
      if (code === 'notFound' || code === 'runInvalid') return null
      throw thrown
    }
  }

  /** The run of a trial whose process ended between the making of the run and the record of it. */
  private orphanOf({ setup }: Work, trial: StoredTrial): string | null {
    const orphan = this.on.store
      .list()
      .runs.find(
        ({ experiment, seed, createdAt }) =>
          experiment?.name === setup.name &&
          experiment.trial === trial.number &&
          experiment.label === trial.label &&
          seed === trial.seed &&
          createdAt >= setup.createdAt,
      )
    return orphan?.id ?? null
  }

  /** The run of a trial, started or taken up again; not active where it has completed already. */
  private async training(work: Work, trial: StoredTrial): Promise<{ run: string; active: boolean }> {
    const { jobs, trainings } = this.on
    const { setup, trials } = work
    const isNew = trials.every(({ number }) => number !== trial.number)
    // On record before its run exists: a run without a trial would be lost, a trial without a run is trained.
    if (isNew) this.record(work, trial)
    const known = isNew ? null : this.detail(trial.run ?? this.orphanOf(work, trial))
    if (known) {
      const { id, state } = known.manifest
      if (state === 'completed') return { run: id, active: false }
      if (!jobs.isActive(id)) await trainings.resume(id)
      return { run: id, active: true }
    }
    const { info } = setup.planned.find(({ label }) => label === trial.label)!
    const job = trainings.start({
      method: { id: info.id, label: info.label },
      dataset: setup.dataset,
      recipe: setup.recipe,
      params: trial.params,
      knowledge: null,
      seed: trial.seed,
      backend: setup.backend,
      threads: threadsOf(setup.backend),
      experiment: { name: setup.name, trial: trial.number, phase: trial.phase, label: trial.label },
      reproduces: null,
    })
    return { run: job.id, active: true }
  }

  /**
   * Trains one trial to its end and records what became of it.
   * @returns how the experiment ends with it; null where it goes on
   */
  private async train(work: Work, started: StoredTrial, method: PlannedMethod): Promise<WorkEnd | null> {
    const { jobs } = this.on
    const { setup, context } = work
    const { file } = setup
    const searching = started.phase === 'search'
    const finished =
      searching && file.search.earlyTermination
        ? work.trials
            .filter(({ label, phase, state }) => label === started.label && phase === 'search' && state === 'completed')
            .map(({ curve }) => curve.map((value) => value ?? Number.NaN))
        : []
    const { run, active } = await this.training(work, started)
    const trial = { ...started, run }
    this.record(work, trial)
    // What a killed process left unrecorded of its time stands with the run.
    const others = work.trials.filter(({ number }) => number !== trial.number)
    const left = searching ? searchSecondsLeft(file, method, others) : null
    const secondsLeft = left === null ? null : left - (this.detail(run)?.manifest.durationSeconds ?? 0)
    const { timeSpent } = active ? await this.follow(work, trial, finished, secondsLeft) : { timeSpent: false }

    const job = active ? jobs.get(run) : null
    if (job && job.state === 'failed' && (job.run === null || isFatal(job.error?.code))) {
      // The data cannot be prepared, or nothing can be written: it would be so for every trial.
      this.record(work, { ...trial, state: 'interrupted', run: job.run })
      throw job.error ? CausewayError.fromPayload(job.error) : new CausewayError('internal', 'A training failed.')
    }
    const detail = this.detail(run)
    const ended = endOf(trial, detail, file, finished, {
      job,
      stopping: context.stopRequested !== null,
      timeSpent,
    })
    this.record(work, ended)
    if (ended.state !== 'interrupted' || context.stopRequested) return null
    // The run was paused by hand: the experiment waits with it.
    return 'paused'
  }

  /** Waits for a training to end; ends it early where it is hopeless, or where the time of the search is spent. */
  private async follow(
    work: Work,
    trial: StoredTrial & { run: string },
    finished: number[][],
    secondsLeft: number | null,
  ): Promise<{ timeSpent: boolean }> {
    const { events, jobs } = this.on
    const { setup, context } = work
    const { run } = trial
    const points = new Map((this.detail(run)?.points ?? []).map((point) => [point.epoch, point]))
    const endEarly = (): void => {
      if (jobs.isActive(run) && jobs.get(run).state !== 'cancelling') jobs.cancel(run)
    }
    const judge = (): void => {
      const curve = curveOf([...points.values()], setup.file)
      this.running.set(setup.name, { ...trial, objective: lastValue(curve), epochs: curve.length })
      this.changed(setup.name).request()
      if (hopelessAt(curve, finished)) endEarly()
    }
    let limit: NodeJS.Timeout | null = null
    let timeSpent = false
    const endSearch = (): void => {
      timeSpent = true
      endEarly()
    }
    const watch = (job: JobSnapshot): void => {
      if (job.memoryBytes !== null) context.memory(job.memoryBytes)
      if (isActive(job.state)) context.progress(progressOf(work, trial, job.progress))
      if (job.state === 'running' && secondsLeft !== null)
        limit ??= setTimeout(endSearch, Math.max(0, secondsLeft) * 1000)
    }
    const unsubscribe = events.subscribe((name, payload) => {
      if (name === 'job:changed' && 'kind' in payload && payload.id === run) watch(payload)
      if (name !== 'run:points' || !('points' in payload) || payload.run !== run) return
      for (const point of payload.points) points.set(point.epoch, point)
      judge()
    })
    try {
      context.onKill(() => jobs.isActive(run) && jobs.kill(run))
      context.onStop((how) => {
        if (!jobs.isActive(run)) return
        if (how === 'pause') jobs.pause(run)
        else jobs.cancel(run)
      })
      watch(jobs.get(run))
      if (points.size > 0) judge()
      await jobs.ended(run)
      return { timeSpent }
    } finally {
      unsubscribe()
      if (limit) clearTimeout(limit)
    }
  }
}

const isFatal = (code: ErrorCode | undefined): boolean => code !== undefined && fatalCodes.includes(code)

const newTrial = ({ trials }: Work, draft: TrialDraft): StoredTrial => ({
  number: trials.length + 1,
  ...draft,
  state: 'running',
  run: null,
  objective: null,
  epochs: 0,
  seconds: 0,
  reason: null,
  curve: [],
})

const curveOf = (points: EpochPoint[], file: ExperimentFile): number[] =>
  objectiveCurve(
    [...points].sort((a, b) => a.epoch - b.epoch),
    file.metrics.objective,
  )

/** The last value of a curve; null where it has none. */
const lastValue = (curve: readonly number[]): number | null => {
  const last = curve.at(-1)
  return last === undefined || Number.isNaN(last) ? null : last
}

const four = (value: number | null): string => (value === null ? 'none' : value.toFixed(4))

/** What became of a trial whose training has ended. The median rule comes first: it holds whether or not it was acted on in time. */
function endOf(
  trial: StoredTrial,
  detail: RunDetail | null,
  file: ExperimentFile,
  finished: readonly number[][],
  ended: { job: JobSnapshot | null; stopping: boolean; timeSpent: boolean },
): StoredTrial {
  if (!detail) {
    const reason = { code: 'notFound', message: `The run ${trial.run} was removed while it was being trained.` }
    return { ...trial, state: 'failed', run: null, reason }
  }
  const { manifest } = detail
  const objective = file.metrics.objective
  const curve = curveOf(detail.points, file)
  const known: StoredTrial = {
    ...trial,
    objective: lastValue(curve),
    epochs: curve.length,
    seconds: manifest.durationSeconds,
    curve: curve.map((value) => (Number.isNaN(value) ? null : value)),
  }
  const failed = (code: string, message: string): StoredTrial => ({
    ...known,
    state: 'failed',
    reason: { code, message },
  })
  const hopeless = hopelessAt(curve, finished)
  if (hopeless) return pruned(known, hopeless, objective)
  if (manifest.state === 'completed') {
    if (trial.phase === 'search' && known.objective === null)
      return failed(
        'noValidation',
        `The training reported no ${metricLabel(objective)}: ${definitionOf(objective).family === 'rated' ? 'its validation part has no ratings on both sides of the threshold' : 'no user has a validation item'}.`,
      )
    return { ...known, state: 'completed' }
  }
  if (manifest.state === 'cancelled' && ended.timeSpent)
    return {
      ...known,
      state: 'pruned',
      reason: {
        code: searchTimeSpent,
        message: `Ended after ${curve.length} epochs: the ${file.budget.searchMinutesPerMethod} minutes of search of the method were spent.`,
      },
    }
  if (ended.stopping) return { ...known, state: 'interrupted' }
  if (manifest.state === 'paused') return { ...known, state: 'interrupted' }
  if (manifest.state === 'cancelled') return failed('cancelled', 'The run was cancelled by hand.')
  const error = manifest.error ?? ended.job?.error
  return failed(error?.code ?? 'internal', error?.message ?? `The run ended as ${manifest.state}.`)
}

/** A trial ended by the median rule, with what it had come to by then. */
function pruned(trial: StoredTrial, { epoch, median, trials }: EarlyEnd, objective: string): StoredTrial {
  const curve = trial.curve.slice(0, epoch)
  const best = curve.reduce<number | null>(
    (high, value) => (value !== null && value > (high ?? -Infinity) ? value : high),
    null,
  )
  return {
    ...trial,
    state: 'pruned',
    curve,
    epochs: epoch,
    objective: curve.at(-1) ?? null,
    reason: {
      code: 'hopeless',
      message: `Ended at epoch ${epoch}: its best ${metricLabel(objective)} so far, ${four(best)}, is below ${four(median)}, the median of the ${trials} finished trials by that epoch.`,
    },
  }
}

/** How far the experiment is: the trials before this one, and its own share. */
function progressOf({ setup, trials }: Work, trial: Trial, training: JobProgress): JobProgress {
  const left = trialsLeft(setup.file, setup.planned, trials)
  const ended = trials.filter(({ state }) => state === 'completed' || state === 'pruned' || state === 'failed')
  const total = ended.length + left
  const share = training.fraction ?? 0
  const timed = ended.filter(({ seconds }) => seconds > 0)
  const pace =
    timed.length > 0
      ? timed.reduce((sum, { seconds }) => sum + seconds, 0) / timed.length
      : training.etaSeconds !== null && share < 1
        ? training.etaSeconds / (1 - share)
        : null
  const own = training.etaSeconds ?? (pace === null ? null : pace * (1 - share))
  const info = setup.planned.find(({ label }) => label === trial.label)?.info
  // A label that is the method's id was not given by anyone.
  const name = info && trial.label === info.id ? info.label : trial.label
  const stage = training.stage.charAt(0).toLowerCase() + training.stage.slice(1)
  return {
    stage: `Trial ${ended.length + 1} of ${total}: ${name}, ${stage}`,
    fraction: total === 0 ? null : Math.min(1, (ended.length + share) / total),
    etaSeconds: pace === null || own === null ? null : own + pace * Math.max(0, left - 1),
  }
}
