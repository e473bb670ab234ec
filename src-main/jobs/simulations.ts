import { availableParallelism } from 'node:os'
import { CausewayError, type ErrorCode } from '../../src-shared/contract/errors'
import type { JobSnapshot } from '../../src-shared/domain/job'
import type { MethodInfo } from '../../src-shared/domain/method'
import type { FitBase } from '../../src-shared/domain/simulation'
import {
  bestParams,
  fitsLeft,
  fitsOf,
  fitsOfPlan,
  nextTrial,
  searchConditions,
  type Condition,
  type KeyedMethod,
} from '../pipeline/experiment/simulate/plan-fits'
import type { Workspace } from '../storage/workspace'
import type { DataHost } from './data-host'
import type { Trainer } from './inference'
import type { JobContext, JobManager, WorkEnd } from './job-manager'
import { startProcess, type Entries } from './process-host'
import { openSimulation, type AskedFit, type Measured, type OpenedSimulation } from './simulation-kinds'
import type { TrainerCalls, TrainerEventMap } from './trainer-contract'

interface Dependencies {
  causeway: string
  workspace: Workspace
  entries: Entries
  data: DataHost
  jobs: JobManager
  methods: readonly MethodInfo[]
}

/** A simulation at work, of whichever kind: what was made of it so far. */
interface Work extends OpenedSimulation<FitBase> {
  fits: FitBase[]
  context: JobContext
  /** Of this session, for the time that is left. */
  pace: { started: number; done: number }
}

/** What a worker does with a trainer of its own. */
type Task = (trainer: Trainer) => Promise<unknown>

/** A fit that fails with one of these fails alone. */
const ownFailures: readonly ErrorCode[] = ['diverged', 'paramInvalid']

/**
 * Runs simulations: a job that trains on drawn data in as many processes as there are cores, each on one thread. What is done next follows from
 * the file and the fits on disk, so that it can stop anywhere; a fit takes seconds, and what a stop breaks off is made again.
 */
export class Simulations {
  constructor(private readonly on: Dependencies) {}

  /** The parts of a simulation that are needed to run it, or to tell what it came to. */
  open(text: string) {
    return openSimulation(text, this.on.workspace, this.on.methods)
  }

  /** Queues a simulation, or the rest of one that was stopped. @throws CausewayError `notFound`, `noRatings`, and what parsing throws */
  async start(text: string): Promise<JobSnapshot> {
    const simulation: OpenedSimulation<FitBase> = await this.open(text)
    const { file, dataset, store } = simulation
    this.on.workspace.assertWritable()
    return this.on.jobs.submit({
      id: `simulation-${store.directory.slice(-16)}`,
      kind: 'experiment',
      title: `Simulation ${file.name}`,
      run: null,
      dataset: dataset?.name ?? null,
      backend: 'wasm',
      pausable: true,
      work: (context) =>
        this.work({ ...simulation, fits: store.open(), context, pace: { started: performance.now(), done: 0 } }),
    })
  }

  private async work(work: Work): Promise<WorkEnd> {
    const { file, plan, methods, context } = work
    await work.prepare({
      data: this.on.data,
      watch: {
        progress: (progress) => context.progress(progress),
        onStop: (stop) => context.onStop(stop),
        onKill: (kill) => context.onKill(kill),
      },
      withTrainer: (task) => this.perform(work, [task]),
    })
    const searches = searchConditions(plan).flatMap((condition) =>
      methods.map(
        (method): Task =>
          (trainer) =>
            this.search(work, trainer, method, condition),
      ),
    )
    // The methods in turn on the data that were drawn for them all.
    const finals = plan.conditions.flatMap((condition) =>
      plan.file.seeds.map(
        (seed): Task =>
          (trainer) =>
            this.compare(work, trainer, condition, seed),
      ),
    )
    this.report(work)
    for (const tasks of [searches, finals]) await this.perform(work, tasks)
    if (context.stopRequested) return context.stopRequested === 'pause' ? 'paused' : 'cancelled'
    if (fitsOfPlan(plan, methods, work.fits).some(({ reason }) => reason === null)) return 'completed'
    throw new CausewayError('experimentFailed', `No training of the simulation "${file.name}" completed.`)
  }

  /** Does tasks on all cores. A stop ends the trainers at once. */
  private async perform({ context }: Work, tasks: readonly Task[]): Promise<void> {
    const left = [...tasks]
    const trainers: Trainer[] = []
    const killAll = (): void => trainers.forEach((trainer) => void trainer.kill())
    context.onKill(killAll)
    context.onStop(killAll)
    const worker = async (): Promise<void> => {
      if (context.stopRequested) return
      const trainer = startProcess<TrainerCalls, TrainerEventMap>(this.on.entries.trainer)
      trainers.push(trainer)
      trainer.on('memory', ({ bytes }) => context.memory(bytes))
      trainer.on('progress', (progress) => context.progress(progress))
      try {
        for (let task = left.shift(); task && !context.stopRequested; task = left.shift()) await task(trainer)
      } catch (thrown) {
        // What a stop breaks off is no failure.
        if (!context.stopRequested) throw thrown
      } finally {
        await trainer.kill()
      }
    }
    try {
      await Promise.all(Array.from({ length: Math.min(availableParallelism(), tasks.length) }, worker))
    } finally {
      killAll()
    }
  }

  /** The search trials of a method under a condition, one after another. */
  private async search(work: Work, trainer: Trainer, method: KeyedMethod, condition: Condition): Promise<void> {
    const { plan, context } = work
    while (!context.stopRequested) {
      const params = nextTrial(plan, method, condition, work.fits)
      if (!params) return
      await this.fit(work, trainer, method, { phase: 'search', condition, seed: plan.file.search.seed, params })
    }
  }

  /** The methods with their best parameters, on the data of one seed. */
  private async compare(work: Work, trainer: Trainer, condition: Condition, seed: number): Promise<void> {
    for (const method of work.methods) {
      if (work.context.stopRequested) return
      if (fitsOf(work.fits, method, 'final', condition).some((fit) => fit.seed === seed)) continue
      const best = bestParams(work.plan, method, condition, work.fits)
      if (best) await this.fit(work, trainer, method, { phase: 'final', condition, seed, params: best.params })
      else
        this.record(work, method, { phase: 'final', condition, seed, params: method.params }, null, {
          code: 'searchFailed',
          message: `No search trial of ${method.label} completed.`,
        })
    }
  }

  private async fit(work: Work, trainer: Trainer, method: KeyedMethod, asked: AskedFit): Promise<void> {
    try {
      this.record(work, method, asked, await work.train(trainer, method, asked), null)
    } catch (thrown) {
      const { code, message } = CausewayError.from(thrown)
      if (!ownFailures.includes(code)) throw thrown
      this.record(work, method, asked, null, { code, message })
    }
  }

  /** @param measured null for a training that failed, for a reason */
  private record(
    work: Work,
    { key }: KeyedMethod,
    asked: AskedFit,
    measured: Measured<FitBase> | null,
    reason: FitBase['reason'],
  ): void {
    const { phase, seed, params } = asked
    const { causeway } = this.on
    const fit: FitBase = { key, phase, seed, params, ...(measured ?? work.nothing(asked)), reason, causeway }
    work.store.record(fit)
    work.fits.push(fit)
    work.pace.done++
    this.report(work)
  }

  private report({ plan, methods, fits, pace, context }: Work): void {
    const left = fitsLeft(plan, methods, fits)
    const done = fitsOfPlan(plan, methods, fits).length
    const seconds = (performance.now() - pace.started) / 1000
    context.progress({
      stage: `Training ${done} of ${done + left}`,
      fraction: done / Math.max(1, done + left),
      etaSeconds: pace.done === 0 ? null : (seconds / pace.done) * left,
    })
  }
}
