import { CausewayError } from '../../src-shared/contract/errors'
import type { JobSnapshot } from '../../src-shared/domain/job'
import type { LogLine, RunManifest } from '../../src-shared/domain/run'
import type { RunStore } from '../storage/run-store'
import type { Saved } from '../storage/saved'
import { throttle, type EventHub } from './event-hub'
import type { JobContext, JobManager, WorkEnd } from './job-manager'
import { startProcess, type Entries } from './process-host'
import { runOnDisk, splitForJob, type Splits } from './splits'
import type { BootstrapSubject, TrainerCalls, TrainerEventMap } from './trainer-contract'

interface Dependencies {
  entries: Entries
  store: RunStore
  saved: Saved
  jobs: JobManager
  events: EventHub
  splits: Splits
  /** What resamples of a method tell of. @throws CausewayError `badRequest` where there is nothing */
  subjectOf(method: string): BootstrapSubject
}

const defaultResamples: Readonly<Record<BootstrapSubject, number>> = { graph: 20, correlation: 50 }
const eventsEveryMilliseconds = 100

const jobOf = (run: string): string => `bootstrap-${run}`

/** Bootstraps of what runs learned: a job each, one at a time for a run. Every resample that is done is kept. */
export class Bootstraps {
  constructor(private readonly on: Dependencies) {}

  /**
   * Queues the training on resampled users; one that was stopped goes on after the last resample that is there.
   * @param resamples how many there shall be in all; left out: as many as were asked for before
   * @throws CausewayError `badRequest` when the run has a bootstrap at work already
   */
  start(manifest: RunManifest, resamples: number | undefined): JobSnapshot {
    const run = manifest.id
    const of = this.on.subjectOf(manifest.method)
    this.assertIdle(run)
    const { jobs, saved } = this.on
    const wanted = resamples ?? saved.bootstrapPlan(run) ?? defaultResamples[of]
    saved.planBootstrap(run, wanted)
    return jobs.submit({
      id: jobOf(run),
      kind: 'bootstrap',
      title: `Bootstrap the ${of} of ${run}`,
      run,
      dataset: manifest.dataset,
      backend: manifest.backend,
      pausable: true,
      work: (context) => this.work(manifest, of, wanted, context),
    })
  }

  /** @throws CausewayError `badRequest` while a bootstrap of the run is at work or waits */
  assertIdle(run: string): void {
    if (!this.on.jobs.isActive(jobOf(run))) return
    throw new CausewayError('badRequest', `What ${run} learned is being bootstrapped: cancel that first.`, { run })
  }

  private async work(
    manifest: RunManifest,
    of: BootstrapSubject,
    resamples: number,
    context: JobContext,
  ): Promise<WorkEnd> {
    const { entries, events, splits, store } = this.on
    const run = manifest.id
    const split = await splitForJob(splits, manifest, context)
    if (typeof split === 'string') return split

    const trainer = startProcess<TrainerCalls, TrainerEventMap>(entries.trainer)
    const lines: LogLine[] = []
    const logging = throttle(() => {
      if (lines.length > 0) events.emit('run:log', { run, lines: lines.splice(0) })
    }, eventsEveryMilliseconds)
    trainer.on('progress', (progress) => context.progress(progress))
    trainer.on('memory', ({ bytes }) => context.memory(bytes))
    trainer.on('log', (added) => {
      lines.push(...added)
      logging.request()
    })
    trainer.on('resample', () => events.emit('run:annotated', { run }))
    context.onKill(() => void trainer.kill())
    try {
      const bootstrap = trainer.call('bootstrap', {
        ...runOnDisk(manifest, store.directory(run), split),
        of,
        resamples,
      })
      context.onStop((how) => {
        // A trainer that dies before it answers rejects the bootstrap itself.
        trainer.call('stop', { how }).catch(() => undefined)
      })
      return (await bootstrap).end
    } finally {
      logging.flush()
      await trainer.kill()
      events.emit('run:annotated', { run })
    }
  }
}
