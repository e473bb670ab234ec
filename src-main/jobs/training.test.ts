import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { unwrap } from '../../src-shared/contract/errors'
import type { RequestInput, RequestName, RequestOutput } from '../../src-shared/contract/contract'
import { answer } from '../../src-shared/contract/rpc'
import type { JobSnapshot } from '../../src-shared/domain/job'
import { builtEntries } from '../../tests/support/built'
import { writeTinyInteractions } from '../../tests/support/tiny-interactions'
import { createServices, type Services } from '../api/create-services'
import { FileRegistry } from '../api/file-registry'
import { runDirectory, runFiles } from '../storage/layout'
import { openWorkspace } from '../storage/workspace'
import { threadsOf } from './threads'

const small = { epochs: 6, patience: 100, batchSize: 4, hidden: 32, latent: 8 }
// Long enough to be stopped in the middle, whatever the machine.
const long = { ...small, epochs: 5000, patience: 5000 }

let directory: string
let services: Services
let files: FileRegistry

function open(): void {
  files = new FileRegistry()
  services = createServices({
    workspace: openWorkspace(join(directory, 'workspace'), 'write'),
    shell: 'cli',
    files,
    entries: builtEntries(),
  })
}

const request = async <N extends RequestName>(name: N, input: RequestInput<N>): Promise<RequestOutput<N>> =>
  unwrap(await answer(services.handlers, name, input)) as RequestOutput<N>

const train = (params: Record<string, number>): Promise<JobSnapshot> =>
  request('train:start', { method: 'multi-vae', dataset: 'tiny', params, seed: 3, backend: 'wasm' })

/** Resolves when the run has reported that many epochs. */
const epochsOf = (run: string, epochs: number): Promise<void> =>
  new Promise((resolve) => {
    const unsubscribe = services.events.subscribe((name, payload) => {
      if (name !== 'run:points' || !('points' in payload) || payload.run !== run) return
      if (payload.points.some((point) => point.epoch >= epochs)) {
        unsubscribe()
        resolve()
      }
    })
  })

/** Process ids of the trainers this process has started. */
function trainers(): number[] {
  return execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
    .filter((match) => match !== null && Number(match[2]) === process.pid && match[3]!.includes('trainer.js'))
    .map((match) => Number(match![1]))
}

const weightsOf = (run: string): Buffer =>
  readFileSync(join(runDirectory(join(directory, 'workspace'), run), runFiles.weights))

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'causeway-training-'))
  open()
  const written = writeTinyInteractions(directory)
  const handles = [written.interactions, written.items].map((path) => files.add(path).id)
  const job = await request('data:import', { files: handles, name: 'tiny' })
  expect((await services.jobs.ended(job.id)).state).toBe('completed')
}, 60_000)

afterEach(async () => {
  await services.close()
  rmSync(directory, { recursive: true, force: true })
})

describe('a training', () => {
  it('that its recipe leaves nothing for is refused and leaves the workspace as it was', async () => {
    const contents = () => readdirSync(join(directory, 'workspace'), { recursive: true }).sort()
    const before = contents()
    const job = await request('train:start', { method: 'multi-vae', dataset: 'tiny', recipe: { threshold: 99 } })
    const ended = await services.jobs.ended(job.id)
    expect(ended).toMatchObject({ state: 'failed', run: null, error: { code: 'noPositives' } })
    expect(await request('runs:list', {})).toEqual([])
    expect(contents()).toEqual(before)
  })

  it('answers at once, reports every epoch and ends with metrics', async () => {
    const states: string[] = []
    services.events.subscribe((name, payload) => {
      if (name === 'job:changed' && 'kind' in payload && payload.kind === 'train' && states.at(-1) !== payload.state)
        states.push(payload.state)
    })
    const job = await train(small)
    expect(job.state).toMatch(/queued|running/)
    expect(job.id).toBe(job.run)
    const ended = await services.jobs.ended(job.id)
    expect(ended).toMatchObject({ state: 'completed', error: null, backend: 'wasm' })
    expect(states).toEqual(['queued', 'running', 'completed'])
    const { manifest, points } = await request('runs:get', { run: job.id })
    expect(manifest).toMatchObject({
      state: 'completed',
      epochs: 6,
      seed: 3,
      backend: 'wasm',
      threads: threadsOf('wasm'),
      params: small,
    })
    expect(manifest.metrics!['recall@10']).toBeGreaterThan(0)
    expect(manifest.producedBy.splitHash).toMatch(/^[0-9a-f]{32}$/)
    expect(points.map((point) => point.epoch)).toEqual([1, 2, 3, 4, 5, 6])
  })

  it('runs one at a time; the next waits in the queue', async () => {
    const first = await train(long)
    const second = await train(small)
    await epochsOf(first.id, 1)
    const states = async (): Promise<Record<string, string>> =>
      Object.fromEntries((await request('jobs:list', {})).map((job) => [job.id, job.state]))
    expect(await states()).toMatchObject({ [first.id]: 'running', [second.id]: 'queued' })
    expect((await request('jobs:cancel', { job: first.id })).state).toBe('cancelling')
    expect((await services.jobs.ended(first.id)).state).toBe('cancelled')
    expect((await services.jobs.ended(second.id)).state).toBe('completed')
  })

  it('leaves no trainer behind when it is cancelled', async () => {
    const job = await train(long)
    await epochsOf(job.id, 1)
    expect(trainers()).toHaveLength(1)
    await request('jobs:cancel', { job: job.id })
    await services.jobs.ended(job.id)
    expect(trainers()).toHaveLength(0)
    expect((await request('runs:get', { run: job.id })).manifest.state).toBe('cancelled')
  })

  it(
    'goes on after a pause, a killed trainer and a closed app to the weights of an undisturbed run, to the bit',
    { timeout: 120_000 },
    async () => {
      const params = { ...small, epochs: 30 }
      const whole = await train(params)
      expect((await services.jobs.ended(whole.id)).state).toBe('completed')

      const job = await train(params)
      await epochsOf(job.id, 2)
      await request('jobs:pause', { job: job.id })
      expect((await services.jobs.ended(job.id)).state).toBe('paused')

      await request('train:resume', { run: job.id })
      await epochsOf(job.id, 8)
      for (const pid of trainers()) process.kill(pid, 'SIGKILL')
      const killed = await services.jobs.ended(job.id)
      expect(killed).toMatchObject({ state: 'interrupted', error: { code: 'processDied' } })
      expect((await request('runs:get', { run: job.id })).manifest).toMatchObject({
        state: 'interrupted',
        metrics: null,
      })

      await request('train:resume', { run: job.id })
      await epochsOf(job.id, 14)
      await services.close()
      open()
      expect((await request('runs:get', { run: job.id })).manifest).toMatchObject({ state: 'interrupted' })

      await request('train:resume', { run: job.id })
      expect((await services.jobs.ended(job.id)).state).toBe('completed')
      const { manifest, points } = await request('runs:get', { run: job.id })
      expect(points.map((point) => point.epoch)).toEqual(Array.from({ length: 30 }, (_, at) => at + 1))
      expect(manifest.metrics).toEqual((await request('runs:get', { run: whole.id })).manifest.metrics)
      expect(weightsOf(job.id).equals(weightsOf(whole.id))).toBe(true)
    },
  )

  it('can be resumed only when it was stopped', async () => {
    const job = await train(small)
    await services.jobs.ended(job.id)
    await expect(request('train:resume', { run: job.id })).rejects.toMatchObject({ code: 'notResumable' })
    await expect(request('train:resume', { run: 'csc-none' })).rejects.toMatchObject({ code: 'notFound' })
    await expect(request('train:resume', { run: '../datasets' })).rejects.toMatchObject({ code: 'pathRefused' })
  })

  it('is refused before its run exists when something about it is wrong', async () => {
    const start = (change: object): Promise<JobSnapshot> =>
      request('train:start', { method: 'multi-vae', dataset: 'tiny', ...change })
    await expect(start({ method: 'none' })).rejects.toMatchObject({ code: 'methodUnknown' })
    await expect(start({ params: { epochs: 0 } })).rejects.toMatchObject({ code: 'paramInvalid' })
    await expect(start({ params: { nothing: 1 } })).rejects.toMatchObject({ code: 'paramUnknown' })
    await expect(start({ recipe: { nothing: 1 } })).rejects.toMatchObject({ code: 'paramUnknown' })
    await expect(start({ dataset: 'none' })).rejects.toMatchObject({ code: 'notFound' })
    await expect(start({ backend: 'tensorflow', dataset: '../x' })).rejects.toMatchObject({ code: 'notFound' })
    expect(await request('runs:list', {})).toEqual([])
  })
})

describe('a trained run', () => {
  it('recommends items with titles, evaluates to the metrics of its training and writes a report', async () => {
    const job = await train(small)
    await services.jobs.ended(job.id)
    const { manifest } = await request('runs:get', { run: job.id })
    expect(manifest.metrics).toMatchObject((await request('runs:evaluate', { run: job.id })).metrics)

    const users = await request('recommend:users', { run: job.id, query: 'U1', limit: 3 })
    expect(users.map((user) => user.id)).toEqual(['u1', 'u10', 'u11'])
    const list = await request('recommend:topK', { run: job.id, user: 'u1', k: 5 })
    expect(list.items.map((item) => item.rank)).toEqual([1, 2, 3, 4, 5])
    expect(list.items[0]!.title).toBe(`Title <${list.items[0]!.id.slice(1)}>`)
    const known = new Set(list.history.map((item) => item.id))
    expect(known.size).toBeGreaterThan(0)
    expect(list.items.some((item) => known.has(item.id))).toBe(false)
    await expect(request('recommend:topK', { run: job.id, user: 'nobody' })).rejects.toMatchObject({ code: 'notFound' })
    await expect(request('graph:global', { run: job.id })).rejects.toMatchObject({ code: 'noGraph' })

    const { html } = await request('report:html', { subject: { kind: 'run', run: job.id } })
    expect(html).toContain(manifest.metrics!['recall@10']!.toFixed(4))
    expect(html).toContain(manifest.producedBy.splitHash!)
  })

  it('says so when it has not been trained to the end', async () => {
    const job = await train(long)
    await expect(request('recommend:topK', { run: job.id, user: 'u1' })).rejects.toMatchObject({ code: 'runNotReady' })
    await expect(request('runs:remove', { run: job.id })).rejects.toMatchObject({ code: 'badRequest' })
    await request('jobs:cancel', { job: job.id })
    await services.jobs.ended(job.id)
    await request('runs:remove', { run: job.id })
    expect(await request('runs:list', {})).toEqual([])
  })
})
