import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import { CausewayError } from '../../src-shared/contract/errors'
import { isActive, type JobSnapshot } from '../../src-shared/domain/job'
import type { ReportSubject } from '../../src-shared/domain/report'
import type { Reproduction, ReproductionBundle } from '../../src-shared/domain/reproduction'
import { parseReportBundle } from '../../src-shared/report-bundle'
import { request, useConnection } from '../client'
import { chooseTextFile } from '../files'
import { useJobsStore } from './jobs-store'

/** One reproduction at a time in the window: what is to be trained again, the job that does it, and what came of it so far. */
export const useReproduceStore = defineStore('reproduce', () => {
  const jobs = useJobsStore()
  const open = ref(false)
  const bundle = shallowRef<ReproductionBundle | null>(null)
  const jobId = shallowRef<string | null>(null)
  const result = shallowRef<Reproduction | null>(null)
  const failure = shallowRef<CausewayError | null>(null)
  const busy = ref(false)
  const keep = ref(false)

  const job = computed<JobSnapshot | null>(() => jobs.list?.find(({ id }) => id === jobId.value) ?? null)
  const working = computed(() => job.value !== null && isActive(job.value.state))

  async function attempt(work: () => Promise<void>): Promise<void> {
    busy.value = true
    failure.value = null
    try {
      await work()
    } catch (thrown) {
      failure.value = CausewayError.from(thrown)
    } finally {
      busy.value = false
    }
  }

  function choose(chosen: ReproductionBundle): void {
    bundle.value = chosen
    jobId.value = null
    result.value = null
  }

  /** Opens the dialog with the runs of a subject; while one is being done, with that one. */
  async function begin(subject: ReportSubject): Promise<void> {
    open.value = true
    if (working.value) return
    bundle.value = null
    jobId.value = null
    result.value = null
    await attempt(async () => choose(await request('reproduce:bundle', { subject })))
  }

  /** Takes the runs from a report or a bundle that the analyst chooses. */
  async function beginWithFile(): Promise<void> {
    open.value = true
    if (working.value) return
    await attempt(async () => {
      const file = await chooseTextFile('.html,.htm,.md,.json')
      if (file) choose(parseReportBundle(file.text, file.name))
    })
  }

  const start = (): Promise<void> =>
    attempt(async () => {
      const started = await request('reproduce:start', { bundle: bundle.value!, keep: keep.value })
      jobs.put(started)
      await follow(started.id)
    })

  /** Shows a reproduction of this session again. */
  async function show(id: string): Promise<void> {
    open.value = true
    if (id === jobId.value) return
    bundle.value = null
    await attempt(() => follow(id))
  }

  async function follow(id: string): Promise<void> {
    jobId.value = id
    result.value = null
    await refresh()
  }

  async function refresh(): Promise<void> {
    const asked = jobId.value
    if (asked === null) return
    const answer = await request('reproduce:result', { job: asked })
    if (asked === jobId.value) result.value = answer
  }

  async function cancel(): Promise<void> {
    await attempt(() => jobs.cancel(jobId.value!))
  }

  const connection = useConnection()
  const refreshShown = (): void => {
    if (jobId.value === null) return
    refresh().catch((thrown: unknown) => (failure.value = CausewayError.from(thrown)))
  }
  connection.onConnected(refreshShown)
  // After each run the job tells of the next one.
  let stage = ''
  connection.on('job:changed', (changed) => {
    if (changed.id !== jobId.value) return
    const run = /^Run \d+/.exec(changed.progress.stage)?.[0] ?? ''
    const now = `${changed.state} ${run}`
    if (now !== stage) refreshShown()
    stage = now
  })

  return { open, bundle, job, working, result, failure, busy, keep, begin, beginWithFile, start, show, cancel }
})
