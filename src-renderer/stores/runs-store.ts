import { defineStore } from 'pinia'
import { computed, shallowReactive, shallowRef } from 'vue'
import { CausewayError } from '../../src-shared/contract/errors'
import type { EpochPoint, RunDetail, RunManifest } from '../../src-shared/domain/run'
import { request, useConnection } from '../client'
import { createSnapshot } from './snapshot'

/** Points of `older` and `newer` by epoch; where both speak of an epoch, the newer holds (a resumed run repeats one). */
export function mergePoints(older: readonly EpochPoint[], newer: readonly EpochPoint[]): EpochPoint[] {
  const last = older.at(-1)
  if (!last || !newer[0] || newer[0].epoch > last.epoch) return [...older, ...newer]
  const byEpoch = new Map([...older, ...newer].map((point) => [point.epoch, point]))
  return [...byEpoch.values()].sort((a, b) => a.epoch - b.epoch)
}

const keptLogLines = 2000

/** The runs of the workspace; those that were opened carry their points and log and follow the training. */
export const useRunsStore = defineStore('runs', () => {
  const { value: list, error, loading, refresh } = createSnapshot(() => request('runs:list', {}))
  const details = shallowReactive(new Map<string, RunDetail>())
  const detailErrors = shallowReactive(new Map<string, CausewayError>())
  /** Counts the fetches of each run, so that an overtaken answer is dropped. */
  const fetches = new Map<string, number>()
  /** Points and lines that came while a run's snapshot was on its way. */
  const early = new Map<string, Pick<RunDetail, 'points' | 'log'>>()
  const removed = shallowRef(new Set<string>())

  const connection = useConnection()
  connection.onConnected(() => {
    void refresh()
    for (const run of details.keys()) void fetchDetail(run)
  })
  connection.on('runs:changed', ({ run }) => {
    void refresh()
    if (details.has(run)) void fetchDetail(run)
  })
  connection.on('run:points', ({ run, points }) => add(run, { points, log: [] }))
  connection.on('run:log', ({ run, lines }) => add(run, { points: [], log: lines }))

  const newestFirst = computed(() =>
    [...(list.value ?? [])].sort((a, b) => (a.createdAt < b.createdAt ? 1 : a.createdAt > b.createdAt ? -1 : 0)),
  )
  const byId = computed(() => new Map<string, RunManifest>((list.value ?? []).map((run) => [run.id, run])))

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
      if (fetches.get(run) === mine) detailErrors.set(run, CausewayError.from(thrown))
    } finally {
      if (fetches.get(run) === mine) early.delete(run)
    }
  }

  /** Fetches `run` with its points and log, unless it is here already, and follows it from then on. */
  async function open(run: string): Promise<void> {
    if (!details.has(run)) await fetchDetail(run)
  }

  async function remove(run: string): Promise<void> {
    await request('runs:remove', { run })
    removed.value = new Set([...removed.value, run])
    details.delete(run)
    detailErrors.delete(run)
    await refresh()
  }

  return {
    list,
    error,
    loading,
    refresh,
    newestFirst,
    byId,
    open,
    remove,
    /** The opened run with its points and log; undefined until it has come. */
    detailOf: (run: string): RunDetail | undefined => details.get(run),
    detailErrorOf: (run: string): CausewayError | undefined => detailErrors.get(run),
  }
})
