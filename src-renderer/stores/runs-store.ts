import { defineStore } from 'pinia'
import { shallowReactive, shallowRef } from 'vue'
import { CausewayError } from '../../src-shared/contract/errors'
import type { JobState } from '../../src-shared/domain/job'
import type { EpochPoint, RunDetail, RunManifest } from '../../src-shared/domain/run'
import type { RunRow } from '../../src-shared/domain/run-table'
import { request, useConnection } from '../client'
import { createSnapshot } from './snapshot'

/** Points of `older` and `newer` by epoch; where both speak of an epoch, the newer holds (a resumed run repeats one). */
export function mergePoints(older: readonly EpochPoint[], newer: readonly EpochPoint[]): EpochPoint[] {
  const last = older.at(-1)
  if (!last || !newer[0] || newer[0].epoch > last.epoch) return [...older, ...newer]
  const byEpoch = new Map([...older, ...newer].map((point) => [point.epoch, point]))
  return [...byEpoch.values()].sort((a, b) => a.epoch - b.epoch)
}

/** What lists and switchers show of a run. */
export interface RunSummary {
  id: string
  method: string
  state: JobState
  dataset: string
  seed: number
  createdAt: string
}

const summaryColumns = ['dataset', 'seed', 'createdAt']
const summaryOf = ({ id, method, state, cells: [dataset, seed, createdAt] }: RunRow): RunSummary => ({
  id,
  method,
  state,
  dataset: String(dataset ?? ''),
  seed: Number(seed ?? 0),
  createdAt: String(createdAt ?? ''),
})

/** Runs, newest first: of a data set, or with a text in what is known of them. `total` counts those there are, beyond `limit` too. */
export async function findRuns({
  dataset = null,
  text = '',
  runs,
  limit = 50,
}: {
  dataset?: string | null
  text?: string
  runs?: string[]
  limit?: number
}): Promise<{ total: number; runs: RunSummary[] }> {
  const { total, rows } = await request('runs:rows', {
    filter: {
      text,
      ...(runs ? { runs } : {}),
      conditions: dataset === null ? [] : [{ column: 'dataset', is: '=', value: dataset }],
    },
    columns: summaryColumns,
    offset: 0,
    limit,
  })
  return { total, runs: rows.map(summaryOf) }
}

const keptLogLines = 2000
/** Runs of an experiment change state in quick succession: lists are fetched once for all of it. */
const changePauseMs = 100

/**
 * The runs of the workspace, of which there may be thousands: the newest in short, and those that were opened with their manifest,
 * points and log, following the training.
 */
export const useRunsStore = defineStore('runs', () => {
  const { value: newest, error, loading, refresh } = createSnapshot(() => findRuns({}))
  const details = shallowReactive(new Map<string, RunDetail>())
  const detailErrors = shallowReactive(new Map<string, CausewayError>())
  /** Counts the fetches of each run, so that an overtaken answer is dropped. */
  const fetches = new Map<string, number>()
  /** Points and lines that came while a run's snapshot was on its way. */
  const early = new Map<string, Pick<RunDetail, 'points' | 'log'>>()
  const removed = shallowRef(new Set<string>())
  /** Counts the times at which lists of runs may have become out of date: whoever shows one watches it. */
  const changes = shallowRef(0)
  let pause: ReturnType<typeof setTimeout> | null = null

  const connection = useConnection()
  connection.onConnected(() => {
    void refresh()
    changes.value++
    for (const run of new Set([...details.keys(), ...detailErrors.keys()])) void fetchDetail(run)
  })
  connection.on('runs:changed', ({ run }) => {
    pause ??= setTimeout(() => {
      pause = null
      void refresh()
      changes.value++
    }, changePauseMs)
    if (details.has(run) || detailErrors.has(run)) void fetchDetail(run)
  })
  connection.on('run:points', ({ run, points }) => add(run, { points, log: [] }))
  connection.on('run:log', ({ run, lines }) => add(run, { points: [], log: lines }))

  function add(run: string, news: Pick<RunDetail, 'points' | 'log'>): void {
    const waiting = early.get(run)
    if (waiting) early.set(run, { points: [...waiting.points, ...news.points], log: [...waiting.log, ...news.log] })
    const detail = details.get(run)
    if (detail)
      details.set(run, {
        ...detail,
        points: news.points.length ? mergePoints(detail.points, news.points) : detail.points,
        log: news.log.length ? [...detail.log, ...news.log].slice(-keptLogLines) : detail.log,
      })
  }

  async function fetchDetail(run: string): Promise<void> {
    const mine = (fetches.get(run) ?? 0) + 1
    fetches.set(run, mine)
    early.set(run, { points: [], log: [] })
    try {
      const detail = await request('runs:get', { run })
      if (fetches.get(run) !== mine || removed.value.has(run)) return
      const since = early.get(run)!
      const known = new Set(detail.log.map((line) => `${line.at} ${line.text}`))
      details.set(run, {
        ...detail,
        points: mergePoints(detail.points, since.points),
        log: [...detail.log, ...since.log.filter((line) => !known.has(`${line.at} ${line.text}`))],
      })
      detailErrors.delete(run)
    } catch (thrown) {
      if (fetches.get(run) !== mine) return
      const failure = CausewayError.from(thrown)
      detailErrors.set(run, failure)
      if (failure.code === 'notFound') details.delete(run)
    } finally {
      if (fetches.get(run) === mine) early.delete(run)
    }
  }

  /** Fetches `run` with its points and log, unless it is here already, and follows it from then on. */
  async function open(run: string): Promise<void> {
    if (!details.has(run)) await fetchDetail(run)
  }

  /** Removes runs for good, one after the other; those before a failure are gone. @throws CausewayError */
  async function remove(...runs: string[]): Promise<void> {
    try {
      for (const run of runs) {
        await request('runs:remove', { run })
        removed.value = new Set([...removed.value, run])
        details.delete(run)
        detailErrors.delete(run)
      }
    } finally {
      await refresh()
      changes.value++
    }
  }

  return {
    /** The newest ones, with how many there are at all. */
    newest,
    error,
    loading,
    refresh,
    changes,
    open,
    remove,
    /** The manifest of an opened run; undefined until it has come. */
    manifestOf: (run: string): RunManifest | undefined => details.get(run)?.manifest,
    /** The opened run with its points and log; undefined until it has come. */
    detailOf: (run: string): RunDetail | undefined => details.get(run),
    detailErrorOf: (run: string): CausewayError | undefined => detailErrors.get(run),
    /** True of a run that was removed here, or that was looked for and is not there. */
    isGone: (run: string): boolean => removed.value.has(run) || detailErrors.get(run)?.code === 'notFound',
  }
})
