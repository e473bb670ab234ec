import type { ErrorPayload } from '../contract/errors'

export const jobStates = [
  'queued',
  'running',
  'pausing',
  'paused',
  'cancelling',
  'cancelled',
  'interrupted',
  'failed',
  'completed',
] as const
export type JobState = (typeof jobStates)[number]

/** States in which work is going on or waiting to. */
export const isActive = (state: JobState): boolean =>
  state === 'queued' || state === 'running' || state === 'pausing' || state === 'cancelling'

/** States from which a training can go on from its last checkpoint. */
export const isResumable = (state: JobState): boolean =>
  state === 'paused' || state === 'cancelled' || state === 'interrupted' || state === 'failed'

export interface JobProgress {
  /** What is being done now, in words: "Epoch 12 of 200", "Reading rows". */
  stage: string
  /** 0..1, or null where the end is unknown. */
  fraction: number | null
  /** Seconds to go, evaluation included; null where unknown. */
  etaSeconds: number | null
}

export interface JobSnapshot {
  id: string
  kind: 'import' | 'prepare' | 'train' | 'bootstrap' | 'experiment' | 'reproduce'
  /** What the job is about, in words. */
  title: string
  state: JobState
  progress: JobProgress
  /** The run a training writes. */
  run: string | null
  /** The experiment it runs, or whose trial it is. */
  experiment?: string
  /** The run that a training is to check; what it writes itself is removed afterwards, unless it was to be kept. */
  reproduces?: string
  /** The data set it imports or uses. */
  dataset: string | null
  backend: string | null
  /** Resident memory of the working process. */
  memoryBytes: number | null
  queuedAt: string
  startedAt: string | null
  endedAt: string | null
  error: ErrorPayload | null
}
