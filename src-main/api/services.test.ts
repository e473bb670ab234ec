import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { EventMap, RequestInput, RequestName, RequestOutput } from '../../src-shared/contract/contract'
import { unwrap } from '../../src-shared/contract/errors'
import { answer } from '../../src-shared/contract/rpc'
import { builtEntries } from '../../tests/support/built'
import { csrOf } from '../../tests/support/csr'
import { writeTinyInteractions } from '../../tests/support/tiny-interactions'
import { openWorkspace } from '../storage/workspace'
import { createServices, type Services } from './create-services'
import { FileRegistry } from './file-registry'
import { findUsers } from './recommend-handlers'

let directory: string
let files: FileRegistry
let services: Services

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'causeway-services-'))
  files = new FileRegistry()
  services = createServices({
    workspace: openWorkspace(join(directory, 'workspace'), 'write'),
    shell: 'web',
    files,
    entries: builtEntries(),
  })
})
afterEach(async () => {
  await services.close()
  rmSync(directory, { recursive: true, force: true })
})

const request = async <N extends RequestName>(name: N, input: RequestInput<N>): Promise<RequestOutput<N>> =>
  unwrap(await answer(services.handlers, name, input)) as RequestOutput<N>

async function importTiny(): Promise<void> {
  const { interactions, items } = writeTinyInteractions(directory)
  const job = await request('data:import', {
    files: [interactions, items].map((path) => files.add(path).id),
    name: 'tiny',
  })
  expect((await services.jobs.ended(job.id)).state).toBe('completed')
}

describe('files', () => {
  it('are opened only when they were handed over', async () => {
    const { interactions } = writeTinyInteractions(directory)
    for (const id of [interactions, '/etc/passwd', '../tiny.inter', 'file:///etc/passwd', '']) {
      await expect(request('data:preview', { files: [id] })).rejects.toMatchObject({ code: 'pathRefused' })
      await expect(request('data:import', { files: [id], name: 'x' })).rejects.toMatchObject({ code: 'pathRefused' })
    }
    const handle = files.add(interactions)
    expect(handle).toMatchObject({ name: 'tiny.inter', sizeBytes: expect.any(Number) })
    expect(handle.id).not.toContain('tiny')
    expect((await request('data:preview', { files: [handle.id] })).missing).toEqual([])
  })

  it('cannot be a folder, or a name with nothing behind it', () => {
    expect(() => files.add(directory)).toThrow(expect.objectContaining({ code: 'fileUnreadable' }))
    expect(() => files.add(join(directory, 'none'))).toThrow(expect.objectContaining({ code: 'fileUnreadable' }))
  })

  it('have no dialog in a shell that has none', async () => {
    await expect(request('files:pick', {})).rejects.toMatchObject({ code: 'notAvailable' })
  })
})

describe('data sets', () => {
  it('are imported once, listed, shown by rows and removed', async () => {
    const changed: EventMap['data:changed'][] = []
    services.events.subscribe((name, payload) => {
      if (name === 'data:changed') changed.push(payload as EventMap['data:changed'])
    })
    expect(await request('workspace:info', {})).toMatchObject({ empty: true, readOnly: false, shell: 'web' })
    await importTiny()
    expect(await request('workspace:info', {})).toMatchObject({ empty: false })
    expect(await request('data:list', {})).toMatchObject([{ name: 'tiny', interactions: 720, titleAttribute: 'title' }])
    const again = request('data:import', { files: [files.add(join(directory, 'tiny.inter')).id], name: 'tiny' })
    await expect(again).rejects.toMatchObject({ code: 'nameTaken' })
    const rows = await request('data:rows', { dataset: 'tiny', table: 'items', offset: 38, limit: 10 })
    expect(rows).toMatchObject({
      totalRows: 40,
      rows: [
        ['i38', 'Title <38>'],
        ['i39', 'Title <39>'],
      ],
    })
    await request('data:remove', { dataset: 'tiny' })
    expect(await request('data:list', {})).toEqual([])
    expect(changed).toEqual([{ dataset: 'tiny' }, { dataset: 'tiny' }])
    await expect(request('data:remove', { dataset: 'tiny' })).rejects.toMatchObject({ code: 'notFound' })
  })

  it('that are wrong fail their job with the line, and leave nothing behind', async () => {
    const file = join(directory, 'bad.csv')
    writeFileSync(file, 'user,item,rating\na,b,5\nc,d,good\n')
    const job = await request('data:import', {
      files: [files.add(file).id],
      name: 'bad',
      mapping: { user: 'user', item: 'item', rating: 'rating' },
    })
    expect(await services.jobs.ended(job.id)).toMatchObject({
      state: 'failed',
      error: { code: 'valueInvalid', details: { line: 3 } },
    })
    expect(await request('data:list', {})).toEqual([])
    await expect(request('data:card', { dataset: 'bad' })).rejects.toMatchObject({ code: 'notFound' })
  })

  it('in use by a training are not removed', async () => {
    await importTiny()
    const params = { epochs: 5000, patience: 5000, batchSize: 4, hidden: 32, latent: 8 }
    const job = await request('train:start', { method: 'multi-vae', dataset: 'tiny', params, backend: 'wasm' })
    await expect(request('data:remove', { dataset: 'tiny' })).rejects.toMatchObject({ code: 'badRequest' })
    await request('jobs:cancel', { job: job.id })
    await services.jobs.ended(job.id)
  })

  it('that were replaced by others of the same name are not taken for those of a run', async () => {
    await importTiny()
    const params = { epochs: 1, batchSize: 8, hidden: 16, latent: 4 }
    const job = await request('train:start', { method: 'multi-vae', dataset: 'tiny', params, backend: 'wasm' })
    expect((await services.jobs.ended(job.id)).state).toBe('completed')
    await request('data:remove', { dataset: 'tiny' })
    const other = mkdtempSync(join(directory, 'other-'))
    const { interactions, items } = writeTinyInteractions(other, 30)
    const again = await request('data:import', {
      files: [interactions, items].map((path) => files.add(path).id),
      name: 'tiny',
    })
    await services.jobs.ended(again.id)
    const list = await request('recommend:topK', { run: job.id, user: 'u60', k: 3 })
    // The titles belong to the other data set now: the items go by their ids.
    for (const item of list.items) expect(item).toMatchObject({ title: item.id, attributes: {} })
    expect((await request('report:html', { subject: { kind: 'run', run: job.id } })).html).toContain(
      'no longer in the workspace',
    )
    rmSync(join(directory, 'workspace', 'splits'), { recursive: true })
    await expect(request('recommend:topK', { run: job.id, user: 'u60', k: 3 })).rejects.toMatchObject({
      code: 'runInvalid',
    })
  })
})

describe('data sets that come back', () => {
  it('describe the items of their runs again, and a report goes without them meanwhile', async () => {
    await importTiny()
    const params = { epochs: 1, batchSize: 8, hidden: 16, latent: 4 }
    const job = await request('train:start', { method: 'multi-vae', dataset: 'tiny', params, backend: 'wasm' })
    expect((await services.jobs.ended(job.id)).state).toBe('completed')
    await request('data:remove', { dataset: 'tiny' })
    const titles = async () => {
      const list = await request('recommend:topK', { run: job.id, user: 'u60', k: 3 })
      return list.items.map(({ id, title }) => title === id)
    }
    expect(await titles()).toEqual([true, true, true])
    expect((await request('report:html', { subject: { kind: 'run', run: job.id } })).html).toContain(
      'no longer in the workspace',
    )
    await importTiny()
    expect(await titles()).toEqual([false, false, false])
    expect((await request('report:html', { subject: { kind: 'run', run: job.id } })).html).not.toContain(
      'no longer in the workspace',
    )
  })
})

describe('a session', () => {
  it('answers the doctor with backends, tools and what to do', async () => {
    const report = await request('system:doctor', {})
    expect(report.backends.reports.map(({ id }) => id)).toEqual(['tensorflow', 'webgpu', 'wasm', 'cpu'])
    expect(report.backends.reports.find(({ id }) => id === 'wasm')).toMatchObject({ usable: true })
    for (const tool of report.tools) expect(tool.found ? tool.advice === null : tool.advice !== null).toBe(true)
  })

  it('gives the workspace back when it closes', async () => {
    const path = join(directory, 'workspace')
    expect(() => openWorkspace(path, 'write')).toThrow(expect.objectContaining({ code: 'workspaceLocked' }))
    await services.close()
    const workspace = openWorkspace(path, 'write')
    expect(workspace.locked).toBe(true)
    workspace.close()
  })
})

describe('a search for users', () => {
  const users = ['10', '1', 'a1', '21', 'B1']
  const view = {
    users,
    split: { hash: '', train: csrOf([[0], [0, 1], [], [1], [2]], 3), validation: csrOf([], 3), test: csrOf([], 3) },
  }
  const found = (query: string, limit = 10): string[] => findUsers(view, query, limit).map(({ id }) => id)

  it('puts ids that begin with the query before those that contain it, in the order of the split', () => {
    expect(found('1')).toEqual(['10', '1', 'a1', '21', 'B1'])
    expect(found('b')).toEqual(['B1'])
    expect(found('1', 1)).toEqual(['10'])
    expect(found('')).toEqual(users)
    expect(found('x')).toEqual([])
    expect(findUsers(view, '1', 2)).toEqual([
      { id: '10', trainItems: 1 },
      { id: '1', trainItems: 2 },
    ])
  })
})
