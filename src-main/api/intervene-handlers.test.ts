import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { EventMap, EventName, RequestInput, RequestName, RequestOutput } from '../../src-shared/contract/contract'
import { unwrap } from '../../src-shared/contract/errors'
import { answer } from '../../src-shared/contract/rpc'
import { noIntervention } from '../../src-shared/domain/intervention'
import type { JobSnapshot } from '../../src-shared/domain/job'
import { builtEntries } from '../../tests/support/built'
import { importDemo } from '../pipeline/ingest/demo'
import { runDirectory, runFiles } from '../storage/layout'
import { openWorkspace } from '../storage/workspace'
import { createServices, type Services } from './create-services'
import { FileRegistry } from './file-registry'

/** The services over real trainer processes, on a small CSC trained on the built-in data set. */

let directory: string
let path: string
let services: Services
let run: string
const events: { name: EventName; payload: EventMap[EventName] }[] = []

const open = (access: 'read' | 'write'): Services =>
  createServices({
    workspace: openWorkspace(path, access),
    shell: 'cli',
    files: new FileRegistry(),
    entries: builtEntries(),
  })
const request = async <N extends RequestName>(name: N, input: RequestInput<N>): Promise<RequestOutput<N>> =>
  unwrap(await answer(services.handlers, name, input)) as RequestOutput<N>
const annotated = (): number =>
  events.filter(({ name, payload }) => name === 'run:annotated' && (payload as { run: string }).run === run).length

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'causeway-intervene-'))
  path = join(directory, 'workspace')
  const workspace = openWorkspace(path, 'write')
  await importDemo(path)
  workspace.close()
  services = open('write')
  services.events.subscribe((name, payload) => events.push({ name, payload }))
  const job = await request('train:start', {
    method: 'csc',
    dataset: 'demo',
    backend: 'wasm',
    params: { epochs: 2, confounders: 3, hidden: 32, latent: 12 },
  })
  expect((await services.jobs.ended(job.id)).error).toBeNull()
  run = job.run!
}, 120_000)
afterAll(async () => {
  await services.close()
  rmSync(directory, { recursive: true, force: true })
})

const zeroed = {
  factors: [
    [1, 0, 0],
    [1, 1, 1],
    [1, 1, 1],
  ],
  holds: [],
}

describe('questions about interventions', () => {
  it('show a user both lists with ranks, and the same list as recommended where nothing is changed', async () => {
    const list = await request('recommend:topK', { run, user: 'u001', k: 8 })
    const same = await request('intervene:user', { run, user: 'u001', k: 8, intervention: noIntervention })
    expect(same.noDifference).toBe(true)
    expect(same.before.map(({ id, title, score }) => ({ id, title, score }))).toEqual(
      list.items.map(({ id, title, score }) => ({ id, title, score })),
    )
    const changed = await request('intervene:user', { run, user: 'u001', k: 8, intervention: zeroed })
    expect(changed.before).toEqual(changed.before.map((item, at) => ({ ...item, rank: at + 1 })))
    for (const item of changed.after) {
      const before = changed.before.find(({ id }) => id === item.id)
      expect(item.rankBefore).toBe(before?.rank ?? item.rankBefore)
      if (!before) expect(item.rankBefore).toBeGreaterThan(8)
    }
    await expect(request('intervene:user', { run, user: 'nobody', k: 8, intervention: zeroed })).rejects.toMatchObject({
      code: 'notFound',
    })
  })

  it('tell how far they are, and end when they are stopped', async () => {
    const progress = () =>
      events.filter(({ name, payload }) => name === 'intervene:progress' && (payload as { task: string }).task === 't1')
    const asked = request('intervene:perConfounder', { run, users: { kind: 'all' }, k: 10, task: 't1' })
    await request('intervene:stop', { task: 't1' })
    await expect(asked).rejects.toMatchObject({ code: 'cancelled' })
    // Stopped before its trainer was asked, or in its midst: nothing more is told of it.
    const told = progress().length
    const whole = await request('intervene:perConfounder', { run, users: { kind: 'all' }, k: 10, task: 't2' })
    expect(whole.rows.map(({ node }) => node)).toEqual([0, 1, 2])
    expect(progress()).toHaveLength(told)
    const heard = events.filter(
      ({ name, payload }) => name === 'intervene:progress' && (payload as { task: string }).task === 't2',
    )
    expect(heard.length).toBeGreaterThan(0)
    for (const { payload } of heard) expect((payload as { fraction: number }).fraction).toBeLessThanOrEqual(1)
    expect(await request('intervene:stop', { task: 't2' })).toBeNull()
  })

  it('choose users by attribute, range and activity, as many as the choices say', async () => {
    const choices = await request('intervene:segments', { run })
    expect(choices.users).toBe(300)
    const { attribute, values } = choices.texts[0]!
    const value = values.at(-1)!
    const chosen = await request('intervene:segment', {
      run,
      users: { kind: 'attribute', attribute, value: value.value },
      intervention: zeroed,
      task: 'a',
    })
    expect(chosen.users).toBe(value.users)
    const since = choices.numbers[0]!
    const all = await request('intervene:segment', {
      run,
      users: { kind: 'range', attribute: since.attribute, min: since.min, max: since.max },
      intervention: zeroed,
      task: 'b',
    })
    expect(all.users).toBe(300)
    expect(choices.activity.min).toBeLessThanOrEqual(choices.activity.lowerThird)
    const nobody = request('intervene:segment', {
      run,
      users: { kind: 'attribute', attribute, value: 'Atlantis' },
      intervention: zeroed,
      task: 'c',
    })
    await expect(nobody).rejects.toMatchObject({ code: 'badRequest', message: expect.stringContaining('Atlantis') })
  })

  it('of a run that has no confounders are refused by name', async () => {
    const job = await request('train:start', {
      method: 'multi-vae',
      dataset: 'demo',
      backend: 'wasm',
      params: { epochs: 1, hidden: 16, latent: 4 },
    })
    await services.jobs.ended(job.id)
    await expect(request('intervene:profiles', { run: job.id, task: 'p' })).rejects.toMatchObject({ code: 'noGraph' })
    // Its metrics can be those of a segment all the same.
    expect((await request('intervene:segments', { run: job.id })).users).toBe(300)
    await expect(request('runs:bootstrap', { run: job.id })).rejects.toMatchObject({ code: 'badRequest' })
  })
})

describe('what is kept with a run', () => {
  const mask = {
    type: 'causeway-mask' as const,
    version: 1 as const,
    name: 'Row one',
    nodes: ['c1', 'c2', 'c3'],
    factors: zeroed.factors,
  }

  it('masks are told of when they change, and must be on its nodes', async () => {
    const before = annotated()
    await request('masks:save', { run, mask })
    expect(annotated()).toBe(before + 1)
    expect((await request('masks:list', { run })).map((saved) => saved.mask.factors)).toEqual([mask.factors])
    await expect(request('masks:save', { run, mask })).rejects.toMatchObject({ code: 'nameTaken' })
    const small = { ...mask, name: 'small', nodes: ['c1'], factors: [[1]] }
    await expect(request('masks:save', { run, mask: small })).rejects.toMatchObject({ code: 'badRequest' })
    const diagonal = { ...mask, name: 'self', factors: mask.factors.map((row) => row.map(() => 0)) }
    await expect(request('masks:save', { run, mask: diagonal })).rejects.toMatchObject({ code: 'badRequest' })
    await request('masks:remove', { run, mask: 'Row one' })
    expect(await request('masks:list', { run })).toEqual([])
  })

  it('names and notes are of its nodes, and no two nodes share a name', async () => {
    const annotations = {
      type: 'causeway-annotations' as const,
      version: 1 as const,
      names: { c1: 'Price' },
      notes: {},
    }
    expect(await request('graph:annotate', { run, annotations })).toEqual(annotations)
    expect(await request('graph:annotations', { run })).toEqual(annotations)
    for (const names of [{ c9: 'x' }, { c1: 'Same', c2: 'Same' }, { c1: 'c2' }])
      await expect(
        request('graph:annotate', { run, annotations: { ...annotations, names } as typeof annotations }),
      ).rejects.toMatchObject({ code: 'badRequest' })
  })

  it('a saved result says what it was made from; a name that is taken is refused before the work', async () => {
    const question = { run, name: 'First', users: { kind: 'all' as const }, intervention: zeroed, task: 's' }
    const saved = await request('intervene:save', question)
    expect(saved).toMatchObject({ nodes: ['Price', 'c2', 'c3'], producedBy: { seed: 0, backend: 'wasm' } })
    expect(saved.producedBy.splitHash).not.toBeNull()
    expect(await request('intervene:saved', { run })).toEqual([saved])
    await expect(request('intervene:save', question)).rejects.toMatchObject({ code: 'nameTaken' })
    const { html } = await request('report:html', { subject: { kind: 'run', run } })
    expect(html).toContain('<h3>First</h3>')
    await request('intervene:removeSaved', { run, name: 'First' })
    expect(await request('intervene:saved', { run })).toEqual([])
  })

  it('a damaged file is told of, and the report goes on without it', async () => {
    const file = join(runDirectory(path, run), runFiles.annotations)
    const whole = readFileSync(file, 'utf8')
    writeFileSync(file, whole.slice(0, 10))
    expect(await request('saved:damaged', { run })).toMatchObject([{ what: 'names and notes' }])
    const { tools } = await request('system:doctor', {})
    expect(tools.find(({ name }) => name === 'Saved files')).toMatchObject({
      found: false,
      detail: expect.stringContaining(run),
    })
    expect((await request('report:html', { subject: { kind: 'run', run } })).html).toContain('is left out')
    writeFileSync(file, whole)
    expect(await request('saved:damaged', { run })).toEqual([])
  })

  it('nothing is written beside another Causeway, and questions are answered there', async () => {
    const reader = open('read')
    const ask = async <N extends RequestName>(name: N, input: RequestInput<N>) =>
      unwrap(await answer(reader.handlers, name, input))
    await expect(ask('masks:save', { run, mask })).rejects.toMatchObject({ code: 'workspaceLocked' })
    await expect(ask('runs:bootstrap', { run })).rejects.toMatchObject({ code: 'workspaceLocked' })
    const question = { run, users: { kind: 'all' as const }, intervention: zeroed, task: 'r' }
    await expect(ask('intervene:save', { ...question, name: 'x' })).rejects.toMatchObject({ code: 'workspaceLocked' })
    expect(await ask('intervene:segment', question)).toMatchObject({ users: 300 })
    await reader.close()
  })
})

describe('a bootstrap', { timeout: 120_000 }, () => {
  it('is a job: one at a time, paused and gone on with, and its frequencies are read from what is there', async () => {
    expect(await request('graph:confidence', { run })).toBeNull()
    const job = await request('runs:bootstrap', { run, resamples: 3 })
    expect(job).toMatchObject({ kind: 'bootstrap', run, state: expect.stringMatching(/queued|running/) })
    await expect(request('runs:bootstrap', { run })).rejects.toMatchObject({ code: 'badRequest' })
    await expect(request('runs:remove', { run })).rejects.toMatchObject({ code: 'badRequest' })
    await expect
      .poll(async () => (await request('graph:confidence', { run }))!.done.length, { timeout: 60_000 })
      .toBe(1)
    await request('jobs:pause', { job: job.id })
    const paused = await services.jobs.ended(job.id)
    expect(paused.state).toBe('paused')
    const before = (await request('graph:confidence', { run }))!
    expect(before.resamples).toBe(3)
    expect(before.done.length).toBeLessThan(3)

    // Without a number: as many as were asked for before.
    const again = await request('runs:bootstrap', { run })
    expect((await services.jobs.ended(again.id)) satisfies JobSnapshot).toMatchObject({
      state: 'completed',
      error: null,
    })
    const after = (await request('graph:confidence', { run }))!
    expect(after.done.map(({ resample }) => resample)).toEqual(after.done.map((_, at) => before.done[0]!.resample + at))
    expect(after.done).toHaveLength(3)
    expect(after.done.slice(0, before.done.length)).toEqual(before.done)
    for (const [i, row] of after.frequencies.entries())
      for (const [j, share] of row.entries())
        expect(share).toBeCloseTo(after.done.filter(({ probabilities }) => probabilities[i]![j]! >= 0.5).length / 3, 10)
    expect((await request('report:html', { subject: { kind: 'run', run } })).html).toContain('Found in')
  })
})
