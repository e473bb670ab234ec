import { CausewayError } from '../../src-shared/contract/errors'
import { isActive, type JobProgress, type JobSnapshot, type JobState } from '../../src-shared/domain/job'
import { throttle } from './event-hub'

export type StopRequest = 'pause' | 'cancel'
/** How work ended that was not stopped by an error. */
export type WorkEnd = 'completed' | 'paused' | 'cancelled'

/** What the work of a job gets. */
export interface JobContext {
  progress(progress: JobProgress): void
  memory(bytes: number): void
  /** The stop asked for so far. */
  readonly stopRequested: StopRequest | null
  /** Registers what passes a stop on to the work; called at once when a stop was asked for already. */
  onStop(pass: (how: StopRequest) => void): void
  /** Registers what ends the work by force; used when it does not stop by itself. */
  onKill(kill: () => void): void
}

/** A piece of work for the queue. */
export interface JobRequest {
  id: string
  kind: JobSnapshot['kind']
  title: string
  run: string | null
  /** The experiment it runs, or whose trial it is. */
  experiment?: string
  /** The run that a training is to check. */
  reproduces?: string
  dataset: string | null
  backend: string | null
  /** Work that can stop at a checkpoint and go on later. */
  pausable: boolean
  work(context: JobContext): Promise<WorkEnd>
  /** Told of every state, before anyone else is; what it throws fails the job. 'gone': the job leaves no run behind. */
  onState?(state: JobState, error: CausewayError | null): 'gone' | void
}

export interface JobManagerOptions {
  onChange(job: JobSnapshot): void
  /** How long work may take to stop before it is ended by force. */
  killAfterSeconds?: { pause: number; cancel: number }
}

interface Job {
  request: JobRequest
  snapshot: JobSnapshot
  stop: StopRequest | null
  /** The app is closing: a pause then ends as interrupted. */
  closing: boolean
  pass: ((how: StopRequest) => void) | null
  kill: (() => void) | null
  backstop: NodeJS.Timeout | null
  changed: ReturnType<typeof throttle>
  settled: Promise<void>
  settle: () => void
}

const keptJobs = 100
const progressEveryMilliseconds = 100
/** Jobs of one lane run one at a time: two trainings, or two imports, would only slow each other down. */
const laneOf = (kind: JobSnapshot['kind']): string => {
  if (kind === 'prepare' || kind === 'bootstrap') return 'train'
  // Experiments and reproductions wait for trainings that they started: in one lane with them they would wait for ever.
  return kind
}

/**
 * Owns the states of all jobs: queue, one at a time per lane, pause, cancel, final state. Cancel is an act: the state is
 * `cancelling` until the work has stopped, and force backs it up. A job whose process died is never left running.
 */
export class JobManager {
  private readonly jobs = new Map<string, Job>()
  private closed = false

  constructor(private readonly options: JobManagerOptions) {}

  /** Puts a job in the queue and starts it when its lane is free. */
  submit(request: JobRequest): JobSnapshot {
    if (this.closed) throw new CausewayError('interrupted', 'Causeway is closing: no job can start now.')
    const existing = this.jobs.get(request.id)
    if (existing && isActive(existing.snapshot.state)) {
      throw new CausewayError('badRequest', `"${existing.snapshot.title}" is ${existing.snapshot.state} already.`, {
        job: request.id,
      })
    }
    const snapshot: JobSnapshot = {
      id: request.id,
      kind: request.kind,
      title: request.title,
      state: 'queued',
      progress: { stage: 'Waiting', fraction: null, etaSeconds: null },
      run: request.run,
      ...(request.experiment === undefined ? {} : { experiment: request.experiment }),
      ...(request.reproduces === undefined ? {} : { reproduces: request.reproduces }),
      dataset: request.dataset,
      backend: request.backend,
      memoryBytes: null,
      queuedAt: new Date().toISOString(),
      startedAt: null,
      endedAt: null,
      error: null,
    }
    let settle = (): void => undefined
    const settled = new Promise<void>((resolve) => (settle = resolve))
    const job: Job = {
      request,
      snapshot,
      stop: null,
      closing: false,
      pass: null,
      kill: null,
      backstop: null,
      changed: throttle(() => this.options.onChange({ ...job.snapshot }), progressEveryMilliseconds),
      settled,
      settle,
    }
    // Last in, last listed, also when the id was there before.
    this.jobs.delete(request.id)
    this.jobs.set(request.id, job)
    this.forgetOldest()
    this.enter(job, 'queued', null)
    this.startNext()
    return { ...job.snapshot }
  }

  /** All jobs of this session, oldest first. */
  list(): JobSnapshot[] {
    return [...this.jobs.values()].map((job) => ({ ...job.snapshot }))
  }

  get(id: string): JobSnapshot {
    return { ...this.find(id).snapshot }
  }

  isActive(id: string): boolean {
    const job = this.jobs.get(id)
    return job !== undefined && isActive(job.snapshot.state)
  }

  /** Asks a job to stop at a checkpoint. */
  pause(id: string): JobSnapshot {
    const job = this.find(id)
    if (!job.request.pausable) {
      throw new CausewayError('badRequest', `"${job.snapshot.title}" cannot be paused; it can be cancelled.`, {
        job: id,
      })
    }
    this.stop(job, 'pause')
    return { ...job.snapshot }
  }

  /** Asks a job to stop and give up. */
  cancel(id: string): JobSnapshot {
    const job = this.find(id)
    this.stop(job, 'cancel')
    return { ...job.snapshot }
  }

  /** Stops one job at its next checkpoint as interrupted; for the moment the terminal or the system says stop. */
  interrupt(id: string): void {
    const job = this.find(id)
    job.closing = true
    this.stop(job, job.request.pausable ? 'pause' : 'cancel')
  }

  /** Ends a job by force, at once. */
  kill(id: string): void {
    this.find(id).kill?.()
  }

  /** Resolves with the final snapshot once a job has ended. */
  async ended(id: string): Promise<JobSnapshot> {
    const job = this.find(id)
    await job.settled
    return { ...job.snapshot }
  }

  /** Interrupts everything, each at its checkpoint where it can, and resolves when nothing is active. */
  async close(): Promise<void> {
    this.closed = true
    const active = [...this.jobs.values()].filter((job) => isActive(job.snapshot.state))
    for (const job of active) this.interrupt(job.request.id)
    await Promise.all(active.map((job) => job.settled))
  }

  private find(id: string): Job {
    const job = this.jobs.get(id)
    if (!job) throw new CausewayError('notFound', `There is no job ${JSON.stringify(id)} in this session.`, { job: id })
    return job
  }

  private forgetOldest(): void {
    for (const [id, job] of this.jobs) {
      if (this.jobs.size <= keptJobs) return
      if (!isActive(job.snapshot.state)) this.jobs.delete(id)
    }
  }

  private startNext(): void {
    const busy = new Set<string>()
    for (const job of this.jobs.values()) {
      const { state, kind } = job.snapshot
      if (isActive(state) && state !== 'queued') busy.add(laneOf(kind))
    }
    for (const job of this.jobs.values()) {
      if (job.snapshot.state !== 'queued' || busy.has(laneOf(job.snapshot.kind))) continue
      busy.add(laneOf(job.snapshot.kind))
      void this.perform(job)
    }
  }

  private async perform(job: Job): Promise<void> {
    job.snapshot.startedAt = new Date().toISOString()
    job.snapshot.progress = { stage: 'Starting', fraction: null, etaSeconds: null }
    if (!this.enter(job, 'running', null)) return this.startNext()
    const context: JobContext = {
      progress: (progress) => {
        job.snapshot.progress = progress
        job.changed.request()
      },
      memory: (bytes) => {
        job.snapshot.memoryBytes = bytes
        job.changed.request()
      },
      get stopRequested() {
        return job.stop
      },
      onStop: (pass) => {
        job.pass = pass
        if (job.stop) pass(job.stop)
      },
      onKill: (kill) => {
        job.kill = kill
      },
    }
    let end: WorkEnd | null = null
    let error: CausewayError | null = null
    try {
      end = await job.request.work(context)
    } catch (thrown) {
      error = CausewayError.from(thrown)
    }
    const final = this.finalState(job, end, error)
    this.enter(job, final.state, final.error)
    this.startNext()
  }

  /** The state a job ends in. Force used after a cancel is not an error: it is what was asked for. */
  private finalState(
    job: Job,
    end: WorkEnd | null,
    error: CausewayError | null,
  ): { state: JobState; error: CausewayError | null } {
    const closed = new CausewayError('interrupted', 'Causeway was closed or stopped while this was running.')
    if (end === 'completed') return { state: 'completed', error: null }
    if (end === 'paused')
      return job.closing ? { state: 'interrupted', error: closed } : { state: 'paused', error: null }
    if (end === 'cancelled' || job.stop === 'cancel' || error?.code === 'cancelled') {
      return job.closing ? { state: 'interrupted', error: closed } : { state: 'cancelled', error: null }
    }
    const died = error?.code === 'processDied' || error?.code === 'interrupted'
    return { state: died && job.request.pausable ? 'interrupted' : 'failed', error }
  }

  private stop(job: Job, how: StopRequest): void {
    const { state } = job.snapshot
    if (!isActive(state)) {
      throw new CausewayError('badRequest', `"${job.snapshot.title}" is ${state}: there is nothing to stop.`, {
        job: job.request.id,
      })
    }
    if (job.stop === 'cancel' || job.stop === how) return
    job.stop = how
    if (state === 'queued') {
      const final = this.finalState(job, how === 'pause' ? 'paused' : 'cancelled', null)
      this.enter(job, final.state, final.error)
      return
    }
    this.enter(job, how === 'pause' ? 'pausing' : 'cancelling', null)
    const seconds = this.options.killAfterSeconds ?? { pause: 60, cancel: 10 }
    if (job.backstop) clearTimeout(job.backstop)
    // Whoever closes the app does not wait as long as who pauses a training.
    job.backstop = setTimeout(() => job.kill?.(), (job.closing ? seconds.cancel : seconds[how]) * 1000)
    job.pass?.(how)
  }

  /** Enters a state: the work's record first, then everyone else. False when the record could not be written. */
  private enter(job: Job, state: JobState, error: CausewayError | null): boolean {
    let entered = state
    let reason = error
    try {
      if (job.request.onState?.(state, error) === 'gone') job.snapshot.run = null
    } catch (thrown) {
      reason = CausewayError.from(thrown)
      // Work that is stopping has not stopped yet: it keeps its state and shows the error.
      if (state !== 'pausing' && state !== 'cancelling') entered = 'failed'
    }
    job.snapshot.state = entered
    job.snapshot.error = reason?.toPayload() ?? null
    if (!isActive(entered)) {
      if (job.backstop) clearTimeout(job.backstop)
      job.backstop = null
      job.snapshot.endedAt = new Date().toISOString()
      if (entered === 'completed') job.snapshot.progress = { stage: 'Completed', fraction: 1, etaSeconds: 0 }
      else job.snapshot.progress = { ...job.snapshot.progress, etaSeconds: null }
    }
    job.changed.flush()
    if (!isActive(entered)) job.settle()
    return entered === state
  }
}
