import { randomUUID } from 'node:crypto'
import { CausewayError } from '../../src-shared/contract/errors'
import type { BackendProbe } from '../../src-shared/domain/backend'
import type { DatasetManifest } from '../../src-shared/domain/dataset'
import type { JobProgress, JobSnapshot } from '../../src-shared/domain/job'
import type {
  Difference,
  RecordedRun,
  Reproduction,
  ReproductionBundle,
  RunReproduction,
} from '../../src-shared/domain/reproduction'
import type { RunManifest } from '../../src-shared/domain/run'
import type { EventHub } from './event-hub'
import type { JobContext, JobManager, WorkEnd } from './job-manager'
import type { TrainingPlan, Trainings } from './training'

/** What a recorded run is trained with now, and how that is not what it was. */
export interface PlannedCheck {
  plan: TrainingPlan
  /** The split that the recipe makes of the data now. */
  splitHash: string
  environment: Difference[]
}

interface Dependencies {
  jobs: JobManager
  events: EventHub
  trainings: Trainings
  probe: () => Promise<BackendProbe>
  datasets: () => Promise<DatasetManifest[]>
  /** @throws CausewayError saying why the run cannot be trained here */
  plan(recorded: RecordedRun, dataset: DatasetManifest, probe: BackendProbe): PlannedCheck
  read(run: string): RunManifest
  remove(run: string): Promise<void>
  /** Trainings meant to check this run that never came to their end. */
  unfinishedChecks(run: string): Promise<string[]>
}

/** Trains recorded runs again, one after the other, and holds what comes out against what was recorded. */
export class Reproductions {
  private readonly results = new Map<string, Reproduction>()

  constructor(private readonly on: Dependencies) {}

  /**
   * Queues the checks of a bundle.
   * @param keep the trained runs stay in the workspace
   */
  start(bundle: ReproductionBundle, keep: boolean): JobSnapshot {
    const id = `reproduce-${randomUUID().slice(0, 8)}`
    const result: Reproduction = {
      title: bundle.title,
      state: 'running',
      runs: [],
      planned: bundle.runs.length,
      confirmed: false,
    }
    this.results.set(id, result)
    return this.on.jobs.submit({
      id,
      kind: 'reproduce',
      title: `Reproduce ${bundle.title}`,
      run: null,
      dataset: null,
      backend: null,
      pausable: false,
      work: async (context) => {
        let end: WorkEnd = 'cancelled'
        try {
          end = await this.work(bundle, keep, result, context)
          return end
        } finally {
          result.state = end === 'completed' ? 'completed' : 'stopped'
          result.confirmed = end === 'completed' && result.runs.every(({ verdict }) => verdict === 'identical')
        }
      },
    })
  }

  /** What came of a job so far. @throws CausewayError `notFound` */
  result(job: string): Reproduction {
    const result = this.results.get(job)
    if (!result)
      throw new CausewayError('notFound', `There is no reproduction ${JSON.stringify(job)} in this session.`, { job })
    // Cancelled before its turn came, it never worked.
    if (result.state === 'running' && !this.on.jobs.isActive(job)) result.state = 'stopped'
    return structuredClone(result)
  }

  private async work(
    bundle: ReproductionBundle,
    keep: boolean,
    result: Reproduction,
    context: JobContext,
  ): Promise<WorkEnd> {
    for (const [at, recorded] of bundle.runs.entries()) {
      const report = (progress: Pick<JobProgress, 'stage' | 'fraction'>): void => {
        const which = bundle.runs.length > 1 ? `Run ${at + 1} of ${bundle.runs.length}: ` : ''
        context.progress({
          stage: which + progress.stage,
          fraction: (at + (progress.fraction ?? 0)) / bundle.runs.length,
          etaSeconds: null,
        })
      }
      const checked = await this.check(recorded, keep, report, context)
      if (checked === null) return 'cancelled'
      result.runs.push(checked)
    }
    return 'completed'
  }

  /** Null when it was stopped. */
  private async check(
    recorded: RecordedRun,
    keep: boolean,
    report: (progress: Pick<JobProgress, 'stage' | 'fraction'>) => void,
    context: JobContext,
  ): Promise<RunReproduction | null> {
    const refused = (error: CausewayError): RunReproduction => ({
      recorded,
      run: null,
      verdict: 'notReproducible',
      differences: [],
      environment: [],
      reason: error.message,
      checked: [],
    })
    if (context.stopRequested) return null
    for (const unfinished of await this.on.unfinishedChecks(recorded.run)) await this.on.remove(unfinished)
    let planned: PlannedCheck
    try {
      assertHasResults(recorded)
      planned = this.on.plan(recorded, findDataset(recorded, await this.on.datasets()), await this.on.probe())
    } catch (thrown) {
      return refused(CausewayError.from(thrown))
    }
    if (context.stopRequested) return null
    const job = this.on.trainings.start(planned.plan)
    const ended = await this.follow(job, report, context)
    if (context.stopRequested || ended.state !== 'completed') {
      // A training that was refused before its data were prepared has left no run.
      if (ended.run !== null) await this.on.remove(ended.run)
      if (context.stopRequested) return null
      return refused(
        ended.error
          ? new CausewayError(ended.error.code, ended.error.message)
          : new CausewayError('cancelled', `The training was ${ended.state}.`),
      )
    }
    const trained = this.on.read(job.id)
    const { differences, checked } = compareResults(recorded, trained, planned.splitHash)
    if (!keep) await this.on.remove(trained.id)
    return {
      recorded,
      run: keep ? trained.id : null,
      verdict: differences.length === 0 ? 'identical' : 'differs',
      differences,
      environment: planned.environment,
      reason: null,
      checked,
    }
  }

  /** Waits for a training, tells of its progress and passes stops on to it. */
  private async follow(
    job: JobSnapshot,
    report: (progress: Pick<JobProgress, 'stage' | 'fraction'>) => void,
    context: JobContext,
  ): Promise<JobSnapshot> {
    const { jobs, events } = this.on
    const unsubscribe = events.subscribe((name, payload) => {
      if (name === 'job:changed' && (payload as JobSnapshot).id === job.id) report((payload as JobSnapshot).progress)
    })
    context.onStop(() => {
      if (jobs.isActive(job.id)) jobs.cancel(job.id)
    })
    context.onKill(() => jobs.kill(job.id))
    try {
      return await jobs.ended(job.id)
    } finally {
      unsubscribe()
    }
  }
}

/**
 * The data set with the recorded hash: the one of the recorded name, else any.
 * @throws CausewayError `notFound` with what there is instead
 */
export function findDataset({ data }: RecordedRun, datasets: readonly DatasetManifest[]): DatasetManifest {
  const named = datasets.find(({ name }) => name === data.dataset)
  const found = named?.hash === data.hash ? named : datasets.find(({ hash }) => hash === data.hash)
  if (found) return found
  const instead = named
    ? `The data set of that name here is another one (hash ${named.hash.slice(0, 12)}…).`
    : 'There is no data set of that name either.'
  throw new CausewayError(
    'notFound',
    `The data set "${data.dataset}" with the hash ${data.hash.slice(0, 12)}… is not in this workspace. ${instead} Import the files that the run was trained on.`,
    { dataset: data.dataset, hash: data.hash },
  )
}

/** Equal epochs alone would confirm nothing. @throws CausewayError `runNotReady` for a record with neither a metric nor a hash */
export function assertHasResults({ run, results }: RecordedRun): void {
  const { metrics, weightsHash, evaluationHash } = results
  if (Object.keys(metrics).length === 0 && weightsHash === null && evaluationHash === null)
    throw new CausewayError(
      'runNotReady',
      'The record has no metric and no hash of the results to hold another training against.',
      { run },
    )
}

/** Numbers with as many digits as it takes to see that they are not the same. */
function twoNumbers(recorded: number, now: number): [string, string] {
  for (const digits of [5, 8, 12]) {
    const shown: [string, string] = [
      String(Number(recorded.toPrecision(digits))),
      String(Number(now.toPrecision(digits))),
    ]
    if (shown[0] !== shown[1]) return shown
  }
  return [String(recorded), String(now)]
}

/** How far two numbers are apart, as a share of the larger. */
const relative = (a: number, b: number): number => (a === b ? 0 : Math.abs(a - b) / Math.max(Math.abs(a), Math.abs(b)))

/** What was recorded of a run against what came out now: what was looked at, and what is not the same, the largest first. */
export function compareResults(
  recorded: RecordedRun,
  trained: Pick<RunManifest, 'epochs' | 'bestEpoch' | 'metrics' | 'weightsHash' | 'evaluation'>,
  splitHash: string,
): { differences: Difference[]; checked: string[] } {
  const { results } = recorded
  const checked: string[] = []
  const differences: Difference[] = []
  const look = (what: string, then: string | number | null, now: string | number | null): void => {
    // Runs from before something was recorded cannot be held to it.
    if (then === null) return
    checked.push(what)
    if (then !== now) differences.push({ what, recorded: String(then), now: now === null ? 'none' : String(now) })
  }
  look('split', recorded.data.splitHash, splitHash)
  look('epochs', results.epochs, trained.epochs)
  look('best epoch', results.bestEpoch, trained.bestEpoch)
  const names = Object.keys(results.metrics)
  if (names.length > 0) checked.push(`${names.length} metrics`)
  const apart = names.flatMap((name) => {
    const then = results.metrics[name]!
    const now = trained.metrics && Object.hasOwn(trained.metrics, name) ? trained.metrics[name] : undefined
    if (now === undefined) return [{ what: name, recorded: String(then), now: 'not computed', share: Infinity }]
    if (now === then) return []
    const [shownThen, shownNow] = twoNumbers(then, now)
    return [{ what: name, recorded: shownThen, now: shownNow, share: relative(then, now) }]
  })
  apart.sort((a, b) => b.share - a.share)
  for (const { what, recorded: then, now } of apart) differences.push({ what, recorded: then, now })
  look('weights', results.weightsHash, trained.weightsHash)
  look('evaluation', results.evaluationHash, trained.evaluation?.hash ?? null)
  return { differences, checked }
}
