import { z } from 'zod'
import { jobStates, type JobState } from './job'

/**
 * The table of all runs. A column is named by what it shows: `metric:ndcg@10`, `param:learningRate`, `recipe:threshold`, or one of
 * `runFields`. Rows are sorted, filtered and grouped by the services; a window asks for the rows and columns in view and no others.
 */
export const runFields = [
  'id',
  'method',
  'dataset',
  'experiment',
  'phase',
  'state',
  'seed',
  'backend',
  'threads',
  'createdAt',
  'durationSeconds',
  'epochs',
  'bestEpoch',
  'splitHash',
  'datasetHash',
  'error',
  'reproduces',
  'knowledge',
  'causeway',
  'platform',
  'node',
] as const
export type RunField = (typeof runFields)[number]

export type RunCell = string | number | boolean | null

/**
 * `=` null: the run has no value there; `!=` null: it has one. `!=` a value holds for runs without any; the others never do. Texts
 * compare by their letters, `contains` minds no case.
 */
export const runConditionSchema = z
  .object({
    column: z.string().max(200),
    is: z.enum(['=', '!=', '<', '<=', '>', '>=', 'contains']),
    value: z.union([z.string().max(500), z.number(), z.boolean(), z.null()]),
  })
  .strict()
export type RunCondition = z.infer<typeof runConditionSchema>

/**
 * All conditions hold; `text` is looked for in id, method, data set and experiment. Runs that were trained to check others are left out
 * unless they are among `runs` or a condition is about `reproduces`.
 */
export const runFilterSchema = z
  .object({
    /** Ids; left out: all runs. */
    runs: z.array(z.string().min(1).max(64)).max(1000).optional(),
    text: z.string().max(200).default(''),
    states: z.array(z.enum(jobStates)).default([]),
    conditions: z.array(runConditionSchema).max(20).default([]),
  })
  .strict()
export type RunFilter = z.infer<typeof runFilterSchema>

export const runSortSchema = z.object({ column: z.string().max(200), descending: z.boolean() }).strict()
export type RunSort = z.infer<typeof runSortSchema>

export interface RunRow {
  id: string
  method: string
  state: JobState
  /** In the order of the columns asked for; null where the run has no such value. */
  cells: RunCell[]
}

export interface RunRows {
  /** Runs in the workspace, before the filter. */
  all: number
  /** Runs that pass the filter. */
  total: number
  offset: number
  rows: RunRow[]
}

/** A column there is, with how many runs have a value in it. */
export interface RunColumn {
  column: string
  kind: 'number' | 'text' | 'flag' | 'time'
  runs: number
  /** More than one value among the runs that pass the filter. */
  differs: boolean
}

/** Runs that agree in the columns they are grouped by. */
export interface RunGroup {
  /** In the order of `by`. */
  key: RunCell[]
  runs: number
  /** Ids, newest first, at most 1,000. */
  ids: string[]
  /** In the order of the columns asked for; null where no run of the group has a number there. */
  cells: ({ mean: number; sd: number | null; count: number; min: number; max: number } | null)[]
}

export const curveAxes = ['epoch', 'step', 'time'] as const
export type CurveAxis = (typeof curveAxes)[number]

/** One series of one run, thinned so that the smallest and largest value of every stretch stay. */
export interface RunCurve {
  run: string
  series: string
  /** Points on disk and points here. */
  points: number
  shown: number
  epochs: number[]
  /** Optimiser steps at the end of each epoch; null where they are not known. */
  steps: number[] | null
  /** Seconds of training at the end of each epoch. */
  seconds: number[]
  values: number[]
  /** Why the run's curves cannot be read. */
  error?: string
}
