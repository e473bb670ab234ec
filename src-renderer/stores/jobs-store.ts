import { defineStore } from 'pinia'
import { computed } from 'vue'
import { isActive, type JobSnapshot, type JobState } from '../../src-shared/domain/job'
import { request, useConnection } from '../client'
import { useNoticesStore } from './notices-store'
import { createSnapshot } from './snapshot'

const stateWords: Record<JobState, string> = {
  queued: 'waits for its turn',
  running: 'is running',
  pausing: 'is pausing',
  paused: 'is paused',
  cancelling: 'is stopping',
  cancelled: 'was cancelled',
  interrupted: 'was interrupted',
  failed: 'failed',
  completed: 'is complete',
}

/** The jobs: imports, trainings and bootstraps, newest first. */
export const useJobsStore = defineStore('jobs', () => {
  const notices = useNoticesStore()
  const { value: list, error, loading, refresh } = createSnapshot(() => request('jobs:list', {}))
  /** Told of every change of a job, in order. */
  const followers = new Set<(job: JobSnapshot) => void>()
  /** Jobs whose end somebody followed. */
  const told = new Set<string>()

  const connection = useConnection()
  connection.onConnected(() => void refresh())
  connection.on('job:changed', (job) => {
    const before = list.value?.find((known) => known.id === job.id)
    put(job)
    const isPart = job.kind === 'train' && (job.experiment ?? job.reproduces) !== undefined
    if (before?.state !== job.state && !isPart) notices.announce(`${job.title} ${stateWords[job.state]}.`)
    for (const follower of [...followers]) follower(job)
  })

  const newestFirst = computed(() =>
    [...(list.value ?? [])].sort((a, b) => (a.queuedAt < b.queuedAt ? 1 : a.queuedAt > b.queuedAt ? -1 : 0)),
  )
  const active = computed(() => newestFirst.value.filter((job) => isActive(job.state)))
  /** The job that is being worked on; an experiment rather than the training it waits for. */
  const current = computed(() => {
    const atWork = active.value.filter((job) => job.state !== 'queued')
    return (
      atWork.find((job) => job.kind === 'experiment' || job.kind === 'reproduce') ??
      atWork[0] ??
      active.value.at(-1) ??
      null
    )
  })

  function put(job: JobSnapshot): void {
    const rest = (list.value ?? []).filter((known) => known.id !== job.id)
    list.value = [job, ...rest]
  }

  /** The newest training of `run`, if one is known. */
  const ofRun = (run: string): JobSnapshot | null =>
    newestFirst.value.find((job) => job.kind === 'train' && job.run === run) ?? null

  /**
   * Takes a started job in and answers with its last state once work on it has ended or stopped. Whoever follows a job tells of
   * its end; where `signal` ends the following earlier, the answer is the state by then.
   */
  function follow(started: JobSnapshot, signal?: AbortSignal): Promise<JobSnapshot> {
    const known = list.value?.find((job) => job.id === started.id)
    if (!known) put(started)
    const now = known ?? started
    if (!isActive(now.state)) return Promise.resolve(now)
    return new Promise((resolve) => {
      const follower = (job: JobSnapshot): void => {
        if (job.id !== started.id || isActive(job.state)) return
        followers.delete(follower)
        told.add(job.id)
        resolve(job)
      }
      followers.add(follower)
      signal?.addEventListener('abort', () => {
        if (followers.delete(follower)) resolve(list.value?.find((job) => job.id === started.id) ?? started)
      })
    })
  }

  async function pause(job: string): Promise<void> {
    put(await request('jobs:pause', { job }))
  }
  async function cancel(job: string): Promise<void> {
    put(await request('jobs:cancel', { job }))
  }
  /** Goes on with the training of `run` from its last checkpoint. */
  async function resume(run: string): Promise<JobSnapshot> {
    const job = await request('train:resume', { run })
    put(job)
    return job
  }
  /**
   * Goes on with a job that was stopped: with a training from its checkpoint, with a bootstrap after the resamples done, with an
   * experiment at the trial it had come to.
   */
  async function goOn(job: JobSnapshot): Promise<void> {
    if (job.kind === 'experiment') put(await request('experiments:start', { experiment: job.experiment! }))
    else if (job.kind === 'bootstrap') put(await request('runs:bootstrap', { run: job.run! }))
    else await resume(job.run!)
  }

  return {
    list,
    error,
    loading,
    refresh,
    newestFirst,
    active,
    current,
    ofRun,
    put,
    follow,
    /** Whether the end of the job was told by who followed it. */
    wasFollowed: (job: string): boolean => told.has(job),
    pause,
    cancel,
    resume,
    goOn,
  }
})
