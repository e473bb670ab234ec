import { describe, expect, it, vi } from 'vitest'
import { CausewayError } from '../../src-shared/contract/errors'
import type { JobSnapshot, JobState } from '../../src-shared/domain/job'
import { JobManager, type JobContext, type JobRequest, type WorkEnd } from './job-manager'

/** Work that ends when the test says so. */
function controlledWork() {
  let resolve: (end: WorkEnd) => void = () => undefined
  let reject: (error: unknown) => void = () => undefined
  const contexts: JobContext[] = []
  const done = new Promise<WorkEnd>((yes, no) => {
    resolve = yes
    reject = no
  })
  return {
    contexts,
    end: (end: WorkEnd) => resolve(end),
    fail: (error: unknown) => reject(error),
    work: (context: JobContext): Promise<WorkEnd> => {
      contexts.push(context)
      return done
    },
  }
}

const request = (id: string, change: Partial<JobRequest> & Pick<JobRequest, 'work'>): JobRequest => ({
  id,
  kind: 'train',
  title: id,
  run: id,
  dataset: 'ml',
  backend: 'wasm',
  pausable: true,
  ...change,
})

const manager = (killAfterSeconds = { pause: 60, cancel: 10 }) => {
  const seen: JobSnapshot[] = []
  return { seen, jobs: new JobManager({ onChange: (job) => seen.push(job), killAfterSeconds }) }
}

describe('a job', () => {
  it('is cancelling until its work has stopped', async () => {
    const { jobs } = manager()
    const work = controlledWork()
    jobs.submit(request('a', { work: work.work }))
    const stops: string[] = []
    work.contexts[0]!.onStop((how) => stops.push(how))
    expect(jobs.cancel('a').state).toBe('cancelling')
    expect(stops).toEqual(['cancel'])
    work.end('cancelled')
    expect(await jobs.ended('a')).toMatchObject({ state: 'cancelled', error: null })
  })

  it('is ended by force when it does not stop by itself, and is cancelled then', async () => {
    const { jobs } = manager({ pause: 60, cancel: 0.05 })
    const work = controlledWork()
    jobs.submit(request('a', { work: work.work }))
    work.contexts[0]!.onKill(() => work.fail(new CausewayError('processDied', 'killed')))
    jobs.cancel('a')
    expect(await jobs.ended('a')).toMatchObject({ state: 'cancelled', error: null })
  })

  it.each<[string, boolean, JobState]>([
    ['interrupted, when it can go on later', true, 'interrupted'],
    ['failed, when it cannot', false, 'failed'],
  ])('whose process died is %s', async (_, pausable, state) => {
    const { jobs } = manager()
    const work = controlledWork()
    jobs.submit(request('a', { pausable, work: work.work }))
    work.fail(new CausewayError('processDied', 'It ended.'))
    expect(await jobs.ended('a')).toMatchObject({ state, error: { code: 'processDied' } })
  })

  it('fails with the error of its work', async () => {
    const { jobs } = manager()
    jobs.submit(request('a', { work: () => Promise.reject(new CausewayError('diverged', 'The loss is NaN.')) }))
    expect(await jobs.ended('a')).toMatchObject({ state: 'failed', error: { code: 'diverged' } })
  })

  it('fails when its state cannot be written down', async () => {
    const { jobs } = manager()
    const work = controlledWork()
    const onState = (state: JobState): void => {
      if (state === 'completed') throw new CausewayError('diskFull', 'The disk is full.')
    }
    jobs.submit(request('a', { work: work.work, onState }))
    work.end('completed')
    expect(await jobs.ended('a')).toMatchObject({ state: 'failed', error: { code: 'diskFull' } })
  })

  it('that waits is stopped without ever having started', async () => {
    const { jobs } = manager()
    const first = controlledWork()
    const second = controlledWork()
    jobs.submit(request('a', { work: first.work }))
    jobs.submit(request('b', { work: second.work }))
    expect(jobs.pause('b').state).toBe('paused')
    first.end('completed')
    await jobs.ended('a')
    expect(second.contexts).toEqual([])
  })

  it('can be cancelled while it is pausing, but not stopped twice or after its end', async () => {
    const { jobs } = manager()
    const work = controlledWork()
    jobs.submit(request('a', { work: work.work }))
    expect(jobs.pause('a').state).toBe('pausing')
    expect(jobs.cancel('a').state).toBe('cancelling')
    expect(jobs.pause('a').state).toBe('cancelling')
    work.end('cancelled')
    await jobs.ended('a')
    expect(() => jobs.cancel('a')).toThrow(expect.objectContaining({ code: 'badRequest' }))
    expect(() => jobs.cancel('none')).toThrow(expect.objectContaining({ code: 'notFound' }))
  })
})

describe('the queue', () => {
  it('runs one training or bootstrap at a time, in order, and imports beside it', async () => {
    const { jobs } = manager()
    const works = [controlledWork(), controlledWork(), controlledWork()]
    jobs.submit(request('a', { work: works[0]!.work }))
    jobs.submit(request('b', { kind: 'bootstrap', work: works[1]!.work }))
    jobs.submit(request('import', { kind: 'import', work: works[2]!.work }))
    const states = (): string[] => jobs.list().map((job) => job.state)
    expect(states()).toEqual(['running', 'queued', 'running'])
    works[0]!.end('completed')
    await jobs.ended('a')
    await vi.waitFor(() => expect(states()).toEqual(['completed', 'running', 'running']))
  })

  it('interrupts everything when it closes, and takes nothing more', async () => {
    const { jobs } = manager()
    const work = controlledWork()
    jobs.submit(request('a', { work: work.work }))
    jobs.submit(request('b', { work: controlledWork().work }))
    work.contexts[0]!.onStop((how) => work.end(how === 'pause' ? 'paused' : 'cancelled'))
    await jobs.close()
    expect(jobs.list()).toMatchObject([{ state: 'interrupted' }, { state: 'interrupted' }])
    expect(() => jobs.submit(request('c', { work: controlledWork().work }))).toThrow(
      expect.objectContaining({ code: 'interrupted' }),
    )
  })

  it('sends progress at most every 100 ms, the last of a burst included', async () => {
    const { jobs, seen } = manager()
    const work = controlledWork()
    jobs.submit(request('a', { work: work.work }))
    const before = seen.length
    for (let batch = 1; batch <= 50; batch++) {
      work.contexts[0]!.progress({ stage: `batch ${batch}`, fraction: batch / 50, etaSeconds: null })
    }
    await vi.waitFor(() => expect(seen.at(-1)!.progress.stage).toBe('batch 50'))
    expect(seen.length - before).toBeLessThanOrEqual(3)
    work.end('completed')
    await jobs.ended('a')
  })
})
