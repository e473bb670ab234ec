// @vitest-environment happy-dom
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { effectScope } from 'vue'
import { CausewayError } from '../../src-shared/contract/errors'
import type { ExperimentDetail } from '../../src-shared/domain/experiment'
import { useJobNotices } from '../frame/use-job-notices'
import { router } from '../router'
import { experimentOf, trialOf } from '../testing/experiments'
import { connectServices, eventually, jobOf, type ServicesEnd } from '../testing/pipe'
import { useExperimentsStore } from './experiments-store'
import { useJobsStore } from './jobs-store'
import { useNoticesStore } from './notices-store'

const name = 'csc or not'
let services: ServicesEnd
let detail: ExperimentDetail
const job = (change: Parameters<typeof jobOf>[0] = {}) =>
  jobOf({ id: 'e-1', kind: 'experiment', title: `Experiment ${name}`, experiment: name, run: null, ...change })

beforeEach(() => {
  detail = experimentOf([trialOf()])
  services = connectServices({
    'experiments:list': () => [detail],
    'experiments:get': () => detail,
    'experiments:start': () => job(),
    'jobs:list': () => [],
    'train:methods': () => [],
    'data:list': () => [],
    'runs:rows': () => ({ all: 0, total: 0, offset: 0, rows: [] }),
  })
})

describe('the experiments', () => {
  it('are listed, and one that was opened follows its trials', async () => {
    const store = useExperimentsStore()
    await eventually(() => expect(store.byName.has(name)).toBe(true))
    await store.open(name)
    expect(store.detailOf(name)?.trialList).toHaveLength(1)
    detail = experimentOf([trialOf(), trialOf({ number: 2 })])
    services.send('experiment:changed', { experiment: name })
    await eventually(() => expect(store.detailOf(name)?.trialList).toHaveLength(2))
    expect(store.byName.get(name)?.trials.completed).toBe(2)
  })

  it('are fetched once for changes that come together', async () => {
    const store = useExperimentsStore()
    await store.open(name)
    const asked = () => services.asked.filter((one) => one === 'experiments:get').length
    const before = asked()
    for (let i = 0; i < 20; i++) services.send('experiment:changed', { experiment: name })
    await eventually(() => expect(asked()).toBe(before + 1))
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(asked()).toBe(before + 1)
  })

  it('are fetched again after the line was lost', async () => {
    const store = useExperimentsStore()
    await store.open(name)
    detail = experimentOf([trialOf(), trialOf({ number: 2 })])
    services.hangUp()
    await eventually(() => expect(store.detailOf(name)?.trialList).toHaveLength(2))
  })

  it('keep why one cannot be shown, until it can', async () => {
    services.answers['experiments:get'] = () => {
      throw new CausewayError('notFound', 'gone')
    }
    const store = useExperimentsStore()
    await store.open(name)
    expect(store.detailErrorOf(name)?.code).toBe('notFound')
    services.answers['experiments:get'] = () => detail
    services.send('experiment:changed', { experiment: name })
    await eventually(() => expect(store.detailErrorOf(name)).toBeUndefined())
  })

  it('start as a job, which is gone on with as an experiment', async () => {
    const store = useExperimentsStore()
    await store.start(name)
    expect(store.jobOf(name)?.id).toBe('e-1')
    const jobs = useJobsStore()
    await jobs.goOn(job({ state: 'paused' }))
    expect(services.asked.filter((one) => one === 'experiments:start')).toHaveLength(2)
    expect(services.asked).not.toContain('train:resume')
  })

  it('stand in the status bar rather than the training they wait for', async () => {
    const jobs = useJobsStore()
    await eventually(() => expect(jobs.list).toEqual([]))
    services.send('job:changed', job({ queuedAt: '2026-01-01T10:00:00.000Z' }))
    services.send('job:changed', jobOf({ id: 't-1', experiment: name, queuedAt: '2026-01-01T10:05:00.000Z' }))
    await eventually(() => expect(jobs.active).toHaveLength(2))
    expect(jobs.current?.id).toBe('e-1')
  })
})

describe('the end of an experiment', () => {
  it('is told with its comparison, and those of its trials are not', async () => {
    const scope = effectScope()
    scope.run(useJobNotices)
    const notices = useNoticesStore()
    const push = vi.spyOn(router, 'push').mockResolvedValue(undefined)
    services.send(
      'job:changed',
      jobOf({ id: 't-1', experiment: name, state: 'failed', error: { code: 'diverged', message: 'NaN' } }),
    )
    services.send('job:changed', jobOf({ id: 't-2', experiment: name, state: 'completed' }))
    services.send('job:changed', job({ state: 'completed' }))
    await eventually(() => expect(notices.notices).toHaveLength(1))
    expect(notices.notices[0]!.text).toBe(`Experiment ${name} is complete.`)
    notices.notices[0]!.offer!.perform()
    expect(push).toHaveBeenCalledWith({
      name: 'train',
      query: { tab: 'experiment', experiment: name, part: 'comparison' },
    })
    push.mockRestore()
    scope.stop()
  })

  it('that was a failure says why, and one that was interrupted can be gone on with', async () => {
    const scope = effectScope()
    scope.run(useJobNotices)
    const notices = useNoticesStore()
    services.send('job:changed', job({ state: 'failed', error: { code: 'diskFull', message: 'The disk is full.' } }))
    services.send('job:changed', job({ id: 'e-2', state: 'interrupted' }))
    await eventually(() => expect(notices.notices).toHaveLength(2))
    expect(notices.notices.map(({ level }) => level).sort()).toEqual(['error', 'warning'])
    notices.notices.find(({ level }) => level === 'warning')!.offer!.perform()
    await eventually(() => expect(services.asked).toContain('experiments:start'))
    scope.stop()
  })
})
