import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { EventMap, RequestInput, RequestName, RequestOutput } from '../../src-shared/contract/contract'
import { unwrap } from '../../src-shared/contract/errors'
import { answer } from '../../src-shared/contract/rpc'
import { builtEntries } from '../../tests/support/built'
import { importDemo } from '../pipeline/ingest/demo'
import { openWorkspace } from '../storage/workspace'
import { createServices, type Services } from './create-services'
import { FileRegistry } from './file-registry'

/** The services over real trainer processes, on a small Deep-Deconf trained on the built-in data set. */

let directory: string
let services: Services
let run: string
let user: string
let items: string[]
const stages: string[] = []
const annotated: string[] = []

const request = async <N extends RequestName>(name: N, input: RequestInput<N>): Promise<RequestOutput<N>> =>
  unwrap(await answer(services.handlers, name, input)) as RequestOutput<N>
const train = async (method: string, params: Record<string, number | string>): Promise<string> => {
  const job = await request('train:start', { method, dataset: 'demo', backend: 'wasm', seed: 2, params })
  expect((await services.jobs.ended(job.id)).error).toBeNull()
  return job.run!
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'causeway-exposure-'))
  const workspace = openWorkspace(join(directory, 'workspace'), 'write')
  await importDemo(workspace.path)
  services = createServices({ workspace, shell: 'cli', files: new FileRegistry(), entries: builtEntries() })
  services.events.subscribe((name, payload) => {
    if (name === 'intervene:progress') stages.push((payload as EventMap['intervene:progress']).stage)
    if (name === 'run:annotated') annotated.push((payload as EventMap['run:annotated']).run)
  })
  run = await train('deep-deconf', { epochs: 2, latent: 8, batchSize: 512 })
  user = (await request('recommend:users', { run, query: '', limit: 1 }))[0]!.id
  items = (await request('exposure:items', { run, query: '', limit: 200 })).map(({ id }) => id)
}, 120_000)
afterAll(async () => {
  await services.close()
  rmSync(directory, { recursive: true, force: true })
})

describe('the check of the exposure model', () => {
  it('lies with the run, was told while it trained, and is in the report', async () => {
    const check = (await request('exposure:check', { run }))!
    expect(check.users).toBeGreaterThan(0)
    expect(check.pValue).toBeGreaterThanOrEqual(0)
    expect(check.pValue).toBeLessThanOrEqual(1)
    // The default split is within users.
    expect(check.usersAreNew).toBe(false)
    expect(annotated).toContain(run)
    const { log } = await request('runs:get', { run })
    expect(log.some(({ text }) => /^The exposure model (passes|fails) its check/.test(text))).toBe(true)
    const { markdown } = await request('report:markdown', { subject: { kind: 'run', run } })
    expect(markdown).toMatch(/The exposure model (passes|fails) its check/)
  })
})

describe('effects of an item', () => {
  it('are the column of the matrix, the strongest named, for everyone and for a user', async () => {
    for (const whom of [null, user]) {
      const found = await request('exposure:effects', { run, item: items[0]!, user: whom, count: 5 })
      const column = await request('exposure:column', { run, item: items[0]!, user: whom })
      const all = column.items.map(({ id }, at) => ({ id, effect: column.effects[at]! }))
      const others = all.filter(({ id }) => id !== items[0])
      expect(found.own).toBe(all.find(({ id }) => id === items[0])!.effect)
      expect(found.raises + found.lowers).toBeLessThanOrEqual(others.length)
      const raised = others.filter(({ effect }) => effect > 0).sort((a, b) => b.effect - a.effect)
      expect(found.raised.map(({ id, effect }) => ({ id, effect }))).toEqual(raised.slice(0, 5))
      expect(found.raises).toBe(raised.length)
      for (const { id, isExposed } of found.raised)
        expect(isExposed).toBe(column.exposed === null ? null : column.exposed.includes(id))
    }
    const rows = await request('exposure:rows', { run, from: 0, count: 3 })
    const column = await request('exposure:column', { run, item: items[0]! })
    const at = rows.items.indexOf(items[0]!)
    for (let row = 0; row < 3; row++)
      expect(rows.effects[row * rows.items.length + at]!).toBeCloseTo(column.effects[row]!, 5)
  })

  it('are found strongest first among all pairs, with progress', async () => {
    const { pairs, among } = await request('exposure:strongest', { run, count: 4, task: 'strongest' })
    expect(stages).toContain('Computing effects')
    const count = (await request('exposure:rows', { run, from: 0, count: 1 })).items.length
    expect(among).toBe(count * (count - 1))
    const [first] = pairs
    const column = await request('exposure:column', { run, item: first!.from.id })
    const at = column.items.findIndex(({ id }) => id === first!.to.id)
    expect(column.effects[at]!).toBeCloseTo(first!.effect, 5)
    const sizes = pairs.map(({ effect }) => Math.abs(effect))
    expect(sizes).toEqual([...sizes].sort((a, b) => b - a))
    // No effect of this item on another is stronger than the strongest there is.
    const others = [...column.effects].filter((_, other) => column.items[other]!.id !== first!.from.id)
    expect(Math.max(...others.map(Math.abs))).toBeLessThanOrEqual(sizes[0]! * (1 + 1e-5))
  })
})

describe('exposures that are set', () => {
  it('begin with the list that the run recommends, and move it', async () => {
    const { items: recommended } = await request('recommend:topK', { run, user, k: 5 })
    const asIs = await request('exposure:expose', { run, user, k: 5 })
    expect(asIs.listed.map(({ id }) => id)).toEqual(recommended.map(({ id }) => id))
    expect(asIs.moved).toEqual([])
    const shown = new Set(asIs.exposures.map(({ id }) => id))
    const fresh = items.find((id) => !shown.has(id))!
    const withdrawn = asIs.exposures[0]!.id
    const set = await request('exposure:expose', { run, user, expose: [fresh], withdraw: [withdrawn], k: 5 })
    expect(set.moved).toHaveLength(5)
    expect(set.listed.slice(0, 5).map(({ after }) => after.rank)).toEqual([1, 2, 3, 4, 5])
    expect(set.exposures).toEqual(asIs.exposures)
  })

  it('are refused with the names of user and item where they are so already, or are unknown', async () => {
    const { exposures } = await request('exposure:expose', { run, user })
    const shown = exposures[0]!
    const free = items.find((id) => exposures.every((one) => one.id !== id))!
    await expect(request('exposure:expose', { run, user, expose: [shown.id] })).rejects.toThrow(
      new RegExp(`${shown.id}.* is exposed already, for user ${user}`),
    )
    await expect(request('exposure:expose', { run, user, withdraw: [free] })).rejects.toThrow(/is not exposed/)
    await expect(request('exposure:expose', { run, user, expose: ['no such item'] })).rejects.toMatchObject({
      code: 'notFound',
    })
    await expect(request('exposure:expose', { run, user: 'nobody' })).rejects.toMatchObject({ code: 'notFound' })
  })
})

describe('segments', () => {
  it('are of an attribute of the users, with progress, or refused', async () => {
    const choices = await request('intervene:segments', { run })
    const { attribute } = [...choices.texts, ...choices.numbers][0]!
    await expect(
      request('exposure:segments', { run, item: items[0]!, attribute: 'shoe size', task: 'none' }),
    ).rejects.toThrow('The users have no attribute "shoe size"')
    const found = await request('exposure:segments', { run, item: items[0]!, attribute, count: 3, task: 'segments' })
    expect(found.segments.length).toBeGreaterThan(1)
    expect(found.items).toHaveLength(3)
    for (const { sampled, users } of found.segments) expect(sampled).toBe(Math.min(users, 200))
  })
})

it('a run of another method says which ones tell', async () => {
  const other = await train('ncf', { epochs: 1, embeddingSize: 4 })
  await expect(request('exposure:effects', { run: other, item: items[0]! })).rejects.toThrow(/Deep-Deconf/)
})
