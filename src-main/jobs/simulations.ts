import { availableParallelism } from 'node:os'
import { CausewayError, type ErrorCode } from '../../src-shared/contract/errors'
import type { JobSnapshot } from '../../src-shared/domain/job'
import type { MethodInfo } from '../../src-shared/domain/method'
import type { SimulatedFit, SimulationFile } from '../../src-shared/domain/simulation'
import { parseSimulation } from '../../src-shared/experiment/parse-simulation'
import { plannedMethods } from '../../src-shared/experiment/plan-experiment'
import type { ParamValues } from '../../src-shared/params/params'
import { readDataset } from '../pipeline/dataset/dataset'
import {
  bestParams,
  fitsLeft,
  fitsOf,
  keyedMethods,
  nextTrial,
  type KeyedMethod,
} from '../pipeline/experiment/simulate/plan-fits'
import { SimulationStore } from '../storage/simulation-store'
import type { Workspace } from '../storage/workspace'
import type { DataHost } from './data-host'
import type { Trainer } from './inference'
import type { JobContext, JobManager, WorkEnd } from './job-manager'
import { startProcess, type Entries } from './process-host'
import type { TrainerCalls, TrainerEventMap } from './trainer-contract'

interface Dependencies {
  causeway: string
  workspace: Workspace
  entries: Entries
  data: DataHost
  jobs: JobManager
  methods: readonly MethodInfo[]
}

/** A simulation at work: what was made of it so far. */
interface Work {
  file: SimulationFile
  methods: KeyedMethod[]
  store: SimulationStore
  fits: SimulatedFit[]
  context: JobContext
  /** Of this session, for the time that is left. */
  pace: { started: number; done: number }
}

/** What a worker does with a trainer of its own. */
type Task = (trainer: Trainer) => Promise<void>

/** A fit that fails with one of these fails alone. */
const ownFailures: readonly ErrorCode[] = ['diverged', 'paramInvalid']

/**
 * Runs simulations: a job that trains on drawn data in as many processes as there are cores, each on one thread. What is done next follows from
 * the file and the fits on disk, so that it can stop anywhere; a fit takes seconds, and what a stop breaks off is made again.
 */
export class Simulations {
  constructor(private readonly on: Dependencies) {}

  /** The parts of a simulation that are needed to run it, or to tell what it came to. */
  async open(text: string) {
    const { workspace, methods } = this.on
    const file = parseSimulation(text, methods)
    const dataset = await readDataset(workspace.path, file.data.dataset)
    return {
      file,
      dataset,
      methods: keyedMethods(file, plannedMethods(file, methods)),
      store: new SimulationStore(workspace, dataset.hash, file),
    }
  }

  /** Queues a simulation, or the rest of one that was stopped. @throws CausewayError `notFound`, `noRatings`, and what parsing throws */
  async start(text: string): Promise<JobSnapshot> {
    const { file, dataset, methods, store } = await this.open(text)
    this.on.workspace.assertWritable()
    return this.on.jobs.submit({
      id: `simulation-${store.directory.slice(-16)}`,
      kind: 'experiment',
      title: `Simulation ${file.name}`,
      run: null,
      dataset: dataset.name,
      backend: 'wasm',
      pausable: true,
      work: (context) =>
        this.work({ file, methods, store, fits: store.open(), context, pace: { started: performance.now(), done: 0 } }),
    })
  }

  private async work(work: Work): Promise<WorkEnd> {
    const { file, methods, store, context } = work
    if (!store.hasPreferences)
      await this.on.data.task(
        {
          progress: (progress) => context.progress(progress),
          onStop: (stop) => context.onStop(stop),
          onKill: (kill) => context.onKill(kill),
        },
        (worker, task) =>
          worker.call('preferences', {
            workspace: this.on.workspace.path,
            dataset: file.data.dataset,
            task,
            file: store.preferences,
            preferences: file.preferences,
          }),
      )
    const searches = file.correlations.flatMap((correlation) =>
      methods.map(
        (method): Task =>
          (trainer) =>
            this.search(work, trainer, method, correlation),
      ),
    )
    // The methods in turn on the data that were drawn for them all.
    const finals = file.correlations.flatMap((correlation) =>
      file.seeds.map(
        (seed): Task =>
          (trainer) =>
            this.compare(work, trainer, correlation, seed),
      ),
    )
    this.report(work)
    for (const tasks of [searches, finals]) await this.perform(work, tasks)
    if (context.stopRequested) return context.stopRequested === 'pause' ? 'paused' : 'cancelled'
    if (fitsOfFile(work).some(({ error }) => error !== null)) return 'completed'
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

  /** The search trials of a method at a correlation, one after another. */
  private async search(work: Work, trainer: Trainer, method: KeyedMethod, correlation: number): Promise<void> {
    const { file, context } = work
    while (!context.stopRequested) {
      const params = nextTrial(file, method, correlation, work.fits)
      if (!params) return
      await this.fit(work, trainer, method, { phase: 'search', correlation, seed: file.search.seed, params })
    }
  }

  /** The methods with their best parameters, on the data of one seed. */
  private async compare(work: Work, trainer: Trainer, correlation: number, seed: number): Promise<void> {
    for (const method of work.methods) {
      if (work.context.stopRequested) return
      if (fitsOf(work.fits, method, 'final', correlation).some((fit) => fit.seed === seed)) continue
      const best = bestParams(method, correlation, work.fits)
      if (best) await this.fit(work, trainer, method, { phase: 'final', correlation, seed, params: best.params })
      else
        this.record(
          work,
          method,
          { phase: 'final', correlation, seed, params: method.params },
          {
            code: 'searchFailed',
            message: `No search trial of ${method.label} completed.`,
          },
        )
    }
  }

  private async fit(
    work: Work,
    trainer: Trainer,
    method: KeyedMethod,
    of: Pick<SimulatedFit, 'phase' | 'correlation' | 'seed'> & { params: ParamValues },
  ): Promise<void> {
    const { file, store } = work
    try {
      const outcome = await trainer.call('simulate', {
        file: store.preferences,
        of: file.preferences.of,
        world: file.world,
        correlation: of.correlation,
        seed: of.seed,
        validationShare: file.validationShare,
        method: method.info.id,
        params: of.params,
      })
      this.record(work, method, of, outcome)
    } catch (thrown) {
      const { code, message } = CausewayError.from(thrown)
      if (!ownFailures.includes(code)) throw thrown
      this.record(work, method, of, { code, message })
    }
  }

  private record(
    work: Work,
    { key }: KeyedMethod,
    of: Pick<SimulatedFit, 'phase' | 'correlation' | 'seed' | 'params'>,
    outcome:
      | Pick<SimulatedFit, 'observed' | 'validation' | 'error' | 'epochs' | 'seconds' | 'estimate'>
      | NonNullable<SimulatedFit['reason']>,
  ): void {
    const nothing = { observed: 0, validation: null, error: null, epochs: 0, seconds: 0, estimate: null }
    const measured = 'code' in outcome ? { ...nothing, reason: outcome } : { ...outcome, reason: null }
    const fit: SimulatedFit = { key, ...of, ...measured, causeway: this.on.causeway }
    work.store.record(fit)
    work.fits.push(fit)
    work.pace.done++
    this.report(work)
  }

  private report(work: Work): void {
    const { file, methods, fits, pace, context } = work
    const left = fitsLeft(file, methods, fits)
    const done = fitsOfFile(work).length
    const seconds = (performance.now() - pace.started) / 1000
    context.progress({
      stage: `Training ${done} of ${done + left}`,
      fraction: done / Math.max(1, done + left),
      etaSeconds: pace.done === 0 ? null : (seconds / pace.done) * left,
    })
  }
}

/** The fits that the file asks for; the folder may have others. */
const fitsOfFile = ({ file, methods, fits }: Pick<Work, 'file' | 'methods' | 'fits'>): SimulatedFit[] =>
  fits.filter(
    (fit) =>
      methods.some(({ key }) => key === fit.key) &&
      file.correlations.includes(fit.correlation) &&
      (fit.phase === 'search' || file.seeds.includes(fit.seed)),
  )
