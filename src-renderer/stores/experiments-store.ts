import { defineStore } from 'pinia'
import { computed, shallowReactive } from 'vue'
import { z } from 'zod'
import { CausewayError } from '../../src-shared/contract/errors'
import type { ExperimentDetail, ExperimentSummary } from '../../src-shared/domain/experiment'
import type { JobSnapshot } from '../../src-shared/domain/job'
import { request, useConnection } from '../client'
import { useJobsStore } from './jobs-store'
import { persistedRef } from './persisted'
import { createSnapshot } from './snapshot'

/** Changes that come closer together than this are fetched together. */
const fetchDelayMs = 250

/** The experiments of the workspace; those that were opened follow their trials. */
export const useExperimentsStore = defineStore('experiments', () => {
  const jobs = useJobsStore()
  const { value: list, error, loading, refresh } = createSnapshot(() => request('experiments:list', {}))
  const details = shallowReactive(new Map<string, ExperimentDetail>())
  const detailErrors = shallowReactive(new Map<string, CausewayError>())
  /** Counts the fetches of each experiment, so that an overtaken answer is dropped. */
  const fetches = new Map<string, number>()
  const waiting = new Set<string>()
  let listWaits = false

  /** The experiment that is being written: its text, and the name it is kept under where it was saved. Outlives a reload. */
  const draft = persistedRef(
    'causeway:experiment-draft',
    z.object({ text: z.string(), saved: z.string().nullable() }).nullable(),
    null,
  )

  const connection = useConnection()
  connection.onConnected(() => {
    void refresh()
    for (const name of details.keys()) void fetchDetail(name)
  })
  connection.on('experiment:changed', ({ experiment }) => {
    if (!listWaits) {
      listWaits = true
      setTimeout(() => {
        listWaits = false
        void refresh()
      }, fetchDelayMs)
    }
    if (!(details.has(experiment) || detailErrors.has(experiment)) || waiting.has(experiment)) return
    waiting.add(experiment)
    setTimeout(() => {
      waiting.delete(experiment)
      void fetchDetail(experiment)
    }, fetchDelayMs)
  })

  const newestFirst = computed(() =>
    [...(list.value ?? [])].sort((a, b) => (a.createdAt < b.createdAt ? 1 : a.createdAt > b.createdAt ? -1 : 0)),
  )
  const byName = computed(
    () => new Map<string, ExperimentSummary>((list.value ?? []).map((experiment) => [experiment.name, experiment])),
  )

  async function fetchDetail(experiment: string): Promise<void> {
    const mine = (fetches.get(experiment) ?? 0) + 1
    fetches.set(experiment, mine)
    try {
      const detail = await request('experiments:get', { experiment })
      if (fetches.get(experiment) !== mine) return
      details.set(experiment, detail)
      detailErrors.delete(experiment)
    } catch (thrown) {
      if (fetches.get(experiment) === mine) detailErrors.set(experiment, CausewayError.from(thrown))
    }
  }

  /** The newest job that runs `experiment`, if one is known. */
  const jobOf = (experiment: string): JobSnapshot | null =>
    jobs.newestFirst.find((job) => job.kind === 'experiment' && job.experiment === experiment) ?? null

  /** Keeps the text under the name in it. @throws CausewayError `nameTaken`, or what is wrong with the text */
  async function save(text: string, replace: boolean): Promise<ExperimentDetail> {
    const detail = await request('experiments:save', { text, replace })
    details.set(detail.name, detail)
    await refresh()
    return detail
  }

  /** Runs the experiment, or goes on where it was stopped. */
  async function start(experiment: string): Promise<JobSnapshot> {
    const job = await request('experiments:start', { experiment })
    jobs.put(job)
    await Promise.all([refresh(), fetchDetail(experiment)])
    return job
  }

  async function remove(experiment: string): Promise<void> {
    await request('experiments:remove', { experiment })
    fetches.set(experiment, (fetches.get(experiment) ?? 0) + 1)
    details.delete(experiment)
    detailErrors.delete(experiment)
    await refresh()
  }

  return {
    list,
    error,
    loading,
    refresh,
    newestFirst,
    byName,
    draft,
    /** Fetches `experiment` with its trials and follows it from then on. */
    open: fetchDetail,
    detailOf: (experiment: string): ExperimentDetail | undefined => details.get(experiment),
    detailErrorOf: (experiment: string): CausewayError | undefined => detailErrors.get(experiment),
    jobOf,
    save,
    start,
    remove,
  }
})
