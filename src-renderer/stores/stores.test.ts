// @vitest-environment happy-dom
import { nextTick } from 'vue'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { CausewayError } from '../../src-shared/contract/errors'
import type { RunDetail } from '../../src-shared/domain/run'
import type { DatasetManifest } from '../../src-shared/domain/dataset'
import { connectServices, eventually, jobOf, runOf } from '../testing/pipe'
import { useContextStore } from './context-store'
import { useJobsStore } from './jobs-store'
import { useNoticesStore } from './notices-store'
import { persistedRef } from './persisted'
import { mergePoints, useRunsStore } from './runs-store'
import { createSnapshot } from './snapshot'

const point = (epoch: number, loss = epoch) => ({ epoch, seconds: 1, values: { loss } })

const datasetOf = (name: string): DatasetManifest => ({
  type: 'causeway-dataset',
  version: 1,
  name,
  createdAt: '2026-01-01T10:00:00.000Z',
  source: { files: [`${name}.csv`], kind: 'csv' },
  hash: name,
  users: 2,
  items: 3,
  interactions: 4,
  hasRatings: true,
  hasTimes: false,
  itemAttributes: [],
  userAttributes: [],
  titleAttribute: null,
})

describe('a snapshot', () => {
  it('drops an answer that was overtaken, and whoever waited for it gets the newest', async () => {
    const answers: ((value: string) => void)[] = []
    const snapshot = createSnapshot(() => new Promise<string>((resolve) => answers.push(resolve)))
    const first = snapshot.refresh()
    const second = snapshot.refresh()
    answers[0]!('old')
    await Promise.resolve()
    expect(snapshot.value.value).toBeNull()
    answers[1]!('new')
    await Promise.all([first, second])
    expect(snapshot.value.value).toBe('new')
    expect(snapshot.loading.value).toBe(false)
  })

  it('keeps the last value when a later fetch fails', async () => {
    let fail = false
    const snapshot = createSnapshot(async () => {
      if (fail) throw new Error('gone')
      return 1
    })
    await snapshot.refresh()
    fail = true
    await snapshot.refresh()
    expect(snapshot.value.value).toBe(1)
    expect(snapshot.error.value).toMatchObject({ code: 'internal', message: 'gone' })
  })

  it('forgets an answer on its way when it is cleared', async () => {
    let answer!: (value: number) => void
    const snapshot = createSnapshot(() => new Promise<number>((resolve) => (answer = resolve)))
    const asked = snapshot.refresh()
    snapshot.clear()
    answer(1)
    await asked
    expect(snapshot.value.value).toBeNull()
  })
})

describe('what is kept in the window', () => {
  beforeEach(() => localStorage.clear())

  it('comes back, and what does not fit gives way to the fallback', () => {
    const schema = z.enum(['a', 'b'])
    persistedRef('key', schema, 'a').value = 'b'
    expect(persistedRef('key', schema, 'a').value).toBe('b')
    localStorage.setItem('key', '"z"')
    expect(persistedRef('key', schema, 'a').value).toBe('a')
    localStorage.setItem('key', '{broken')
    expect(persistedRef('key', schema, 'a').value).toBe('a')
  })
})

describe('the jobs', () => {
  it('fetches the list, follows the events and says changes of state aloud', async () => {
    const services = connectServices({ 'jobs:list': () => [jobOf()] })
    const jobs = useJobsStore()
    await eventually(() => expect(jobs.list).toHaveLength(1))
    expect(jobs.current?.id).toBe('job-1')
    services.send('job:changed', jobOf({ state: 'completed' }))
    await eventually(() => expect(jobs.current).toBeNull())
    expect(useNoticesStore().announcement).toBe('Train CSC on demo is complete.')
  })

  it('shows the running job before those that wait', async () => {
    connectServices({
      'jobs:list': () => [
        jobOf({ id: 'later', state: 'queued', queuedAt: '2026-01-01T11:00:00.000Z' }),
        jobOf({ id: 'now', state: 'running' }),
      ],
    })
    const jobs = useJobsStore()
    await eventually(() => expect(jobs.active).toHaveLength(2))
    expect(jobs.current?.id).toBe('now')
    expect(jobs.newestFirst.map((job) => job.id)).toEqual(['later', 'now'])
  })

  it('takes only trainings for the training of a run, and goes on with each kind its own way', async () => {
    const asked: string[] = []
    const bootstrap = jobOf({ id: 'bootstrap-run-1', kind: 'bootstrap', queuedAt: '2026-01-01T11:00:00.000Z' })
    connectServices({
      'jobs:list': () => [jobOf({ state: 'completed' }), bootstrap],
      'runs:bootstrap': ({ run }) => {
        asked.push(`bootstrap ${run}`)
        return bootstrap
      },
      'train:resume': ({ run }) => {
        asked.push(`train ${run}`)
        return jobOf()
      },
    })
    const jobs = useJobsStore()
    await eventually(() => expect(jobs.list).toHaveLength(2))
    expect(jobs.ofRun('run-1')?.kind).toBe('train')
    await jobs.goOn(bootstrap)
    await jobs.goOn(jobOf())
    expect(asked).toEqual(['bootstrap run-1', 'train run-1'])
  })

  it('waits for the end of a job, also where its last event came before the answer', async () => {
    const services = connectServices({ 'jobs:list': () => [] })
    const jobs = useJobsStore()
    await eventually(() => expect(jobs.list).toEqual([]))
    services.send('job:changed', jobOf({ state: 'failed' }))
    await eventually(() => expect(jobs.list).toHaveLength(1))
    await expect(jobs.follow(jobOf({ state: 'queued' }))).resolves.toMatchObject({ state: 'failed' })
    const other = jobs.follow(jobOf({ id: 'job-2', state: 'queued' }))
    services.send('job:changed', jobOf({ id: 'job-2', state: 'running' }))
    services.send('job:changed', jobOf({ id: 'job-2', state: 'completed' }))
    await expect(other).resolves.toMatchObject({ id: 'job-2', state: 'completed' })
  })

  it('knows whose end was followed to the end', async () => {
    const services = connectServices({ 'jobs:list': () => [] })
    const jobs = useJobsStore()
    await eventually(() => expect(jobs.list).toEqual([]))
    const leaving = new AbortController()
    const left = jobs.follow(jobOf({ id: 'left' }), leaving.signal)
    const followed = jobs.follow(jobOf({ id: 'followed' }))
    leaving.abort()
    await expect(left).resolves.toMatchObject({ id: 'left', state: 'running' })
    services.send('job:changed', jobOf({ id: 'left', state: 'completed' }))
    services.send('job:changed', jobOf({ id: 'followed', state: 'completed' }))
    await followed
    expect([jobs.wasFollowed('left'), jobs.wasFollowed('followed')]).toEqual([false, true])
  })

  it('fetches the list again after the connection was lost', async () => {
    const services = connectServices({ 'jobs:list': () => [jobOf()] })
    const jobs = useJobsStore()
    await eventually(() => expect(jobs.current?.state).toBe('running'))
    services.answers['jobs:list'] = () => [jobOf({ state: 'interrupted' })]
    services.hangUp()
    await eventually(() => expect(jobs.list?.[0]?.state).toBe('interrupted'))
  })
})

describe('points of a run', () => {
  it('are joined by epoch; a repeated epoch takes the newer values', () => {
    expect(mergePoints([point(1), point(2)], [point(3)]).map((one) => one.epoch)).toEqual([1, 2, 3])
    const merged = mergePoints([point(1), point(2), point(3)], [point(3, 30), point(4, 40)])
    expect(merged.map((one) => one.values.loss)).toEqual([1, 2, 30, 40])
  })

  it('that come while the snapshot is on its way are neither lost nor doubled', async () => {
    let answer!: (detail: RunDetail) => void
    const services = connectServices({
      'runs:list': () => [runOf({ state: 'running' })],
      'runs:get': () => new Promise<RunDetail>((resolve) => (answer = resolve)),
    })
    const runs = useRunsStore()
    await eventually(() => expect(services.connection.state.value).toBe('open'))
    const opened = runs.open('run-1')
    await eventually(() => expect(services.asked).toContain('runs:get'))
    const line = { at: '2026-01-01T10:00:01.000Z', level: 'info' as const, text: 'Epoch 2.' }
    services.send('run:points', { run: 'run-1', points: [point(2), point(3)] })
    services.send('run:log', { run: 'run-1', lines: [line] })
    await new Promise((resolve) => setTimeout(resolve, 5))
    answer({ manifest: runOf({ state: 'running' }), points: [point(1), point(2)], log: [line], hasGraph: false })
    await opened
    expect(runs.detailOf('run-1')?.points.map((one) => one.epoch)).toEqual([1, 2, 3])
    expect(runs.detailOf('run-1')?.log).toHaveLength(1)
    services.send('run:points', { run: 'run-1', points: [point(4)] })
    await eventually(() => expect(runs.detailOf('run-1')?.points).toHaveLength(4))
  })

  it('of a run that is not open are left alone', async () => {
    const services = connectServices({ 'runs:list': () => [runOf()] })
    const runs = useRunsStore()
    await eventually(() => expect(runs.newest?.runs).toHaveLength(1))
    services.send('run:points', { run: 'run-1', points: [point(1)] })
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(runs.detailOf('run-1')).toBeUndefined()
  })
})

describe('the context', () => {
  const demo = datasetOf('demo')
  const other = datasetOf('other')

  it('starts with the first data set and its newest run', async () => {
    connectServices({
      'data:list': () => [demo, other],
      'runs:list': () => [runOf({ id: 'old' }), runOf({ id: 'new', createdAt: '2026-01-02T10:00:00.000Z' })],
    })
    const context = useContextStore()
    await eventually(() => expect(context.run).toBe('new'))
    expect(context.dataset).toBe('demo')
  })

  it('takes the data set of a run along, and leaves the user of the old one', async () => {
    connectServices({
      'data:list': () => [demo, other],
      'runs:list': () => [runOf(), runOf({ id: 'run-2', dataset: 'other' })],
    })
    const context = useContextStore()
    await eventually(() => expect(context.run).toBe('run-1'))
    context.user = 'u1'
    context.run = 'run-2'
    expect(context.dataset).toBe('other')
    expect(context.user).toBeNull()
    context.dataset = 'demo'
    await eventually(() => expect(context.run).toBe('run-1'))
  })

  it('takes the data set of a run that no list shows from its manifest', async () => {
    const services = connectServices({
      'data:list': () => [demo, other],
      'runs:list': () => [runOf()],
      'runs:get': ({ run }) => ({
        manifest: runOf({ id: run, dataset: 'other' }),
        points: [],
        log: [],
        hasGraph: false,
      }),
    })
    const context = useContextStore()
    await eventually(() => expect(context.run).toBe('run-1'))
    context.run = 'old-run'
    expect(context.waiting).toBe(true)
    await eventually(() => expect(context.runManifest?.id).toBe('old-run'))
    expect([context.dataset, context.run, context.waiting]).toEqual(['other', 'old-run', false])
    expect(services.asked).not.toContain('runs:list')
  })

  it('brings a run that was started a moment ago into view; lets go of one that was removed', async () => {
    let listed: ReturnType<typeof runOf>[] = []
    connectServices({ 'data:list': () => [demo], 'runs:list': () => listed, 'runs:remove': () => null })
    const context = useContextStore()
    const runs = useRunsStore()
    await eventually(() => expect(context.dataset).toBe('demo'))
    await eventually(() => expect(context.waiting).toBe(false))
    expect(context.run).toBeNull()
    listed = [runOf({ id: 'run-9' })]
    context.run = 'run-9'
    await eventually(() => expect(context.runManifest?.id).toBe('run-9'))
    listed = []
    await runs.remove('run-9')
    await nextTick()
    expect(context.run).toBeNull()
  })

  it('says why a run cannot be read, and falls back to the newest where it is not there', async () => {
    const services = connectServices({ 'data:list': () => [demo], 'runs:list': () => [runOf()] })
    const context = useContextStore()
    await eventually(() => expect(context.run).toBe('run-1'))
    services.answers['runs:get'] = () => {
      throw new CausewayError('badRequest', 'The manifest is torn.')
    }
    context.run = 'torn'
    await eventually(() => expect(context.runError?.message).toBe('The manifest is torn.'))
    expect([context.run, context.waiting]).toEqual(['torn', false])
    delete services.answers['runs:get']
    context.run = 'never-was'
    await eventually(() => expect(context.run).toBe('run-1'))
  })

  it('fetches its lists once for many changes in quick succession', async () => {
    const services = connectServices({ 'data:list': () => [demo], 'runs:list': () => [runOf()] })
    const context = useContextStore()
    await eventually(() => expect(context.runsOfDataset).toHaveLength(1))
    const before = services.asked.filter((name) => name === 'runs:rows').length
    services.answers['runs:list'] = () => [runOf(), runOf({ id: 'run-2' })]
    for (let i = 0; i < 20; i++) services.send('runs:changed', { run: 'run-2' })
    await eventually(() => expect(context.runsOfDataset).toHaveLength(2))
    expect(services.asked.filter((name) => name === 'runs:rows')).toHaveLength(before + 2)
  })

  it('keeps a recipe for every data set and fills it up with defaults', async () => {
    connectServices({ 'data:list': () => [demo, other], 'runs:list': () => [] })
    const context = useContextStore()
    await eventually(() => expect(context.dataset).toBe('demo'))
    context.recipe = { ...context.recipe, threshold: 3 }
    expect(context.recipe).toMatchObject({ threshold: 3, splitBy: 'random' })
    context.dataset = 'other'
    expect(context.recipe.threshold).toBe(4)
    context.dataset = 'demo'
    expect(context.recipe.threshold).toBe(3)
  })
})

describe('notices', () => {
  beforeEach(() => vi.useFakeTimers())
  afterEach(() => vi.useRealTimers())

  it('go by themselves, errors stay until they are closed, and the list keeps both', () => {
    connectServices()
    const notices = useNoticesStore()
    notices.add({ level: 'success', text: 'Done.' })
    notices.fail(new Error('Broken.'))
    expect(notices.toasts.map((notice) => notice.text)).toEqual(['Broken.', 'Done.'])
    vi.advanceTimersByTime(10_000)
    expect(notices.toasts.map((notice) => notice.text)).toEqual(['Broken.'])
    notices.dismiss(notices.toasts[0]!.id)
    expect(notices.toasts).toEqual([])
    expect(notices.notices).toHaveLength(2)
    expect(notices.unread).toBe(2)
  })
})
