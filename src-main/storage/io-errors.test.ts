import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { CausewayError } from '../../src-shared/contract/errors'
import { withDuckDb } from '../pipeline/dataset/duckdb'
import { toIoError } from './io-errors'

const systemError = (code: string): Error => Object.assign(new Error(`${code}: refused`), { code })

it.each([
  ['ENOSPC', 'write', 'diskFull'],
  ['ENOSPC', 'read', 'diskFull'],
  ['EDQUOT', 'write', 'diskFull'],
  ['EROFS', 'write', 'workspaceReadOnly'],
  ['EACCES', 'write', 'workspaceReadOnly'],
  ['EPERM', 'write', 'workspaceReadOnly'],
  ['EACCES', 'read', 'fileUnreadable'],
  ['ENOENT', 'read', 'fileUnreadable'],
  ['EISDIR', 'read', 'fileUnreadable'],
  ['ENOENT', 'write', 'internal'],
  ['ERR_INVALID_ARG_TYPE', 'read', 'internal'],
] as const)('%s on a %s is %s', (number, action, code) => {
  expect(toIoError(systemError(number), { action, path: '/data' }).code).toBe(code)
})

it('names the path, and keeps the words of the system and the cause', () => {
  const cause = systemError('ENOSPC')
  const error = toIoError(cause, { action: 'write', path: '/data' })
  expect(error.message).toBe('The disk is full: there is no space left for "/data".')
  expect(error.details).toEqual({ path: '/data', system: 'ENOSPC: refused' })
  expect(error.cause).toBe(cause)
})

it('passes an error of ours unchanged', () => {
  const ours = new CausewayError('noPositives', 'None.')
  expect(toIoError(ours, { action: 'write', path: '/data' })).toBe(ours)
})

it('reads the errors of DuckDB itself', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'causeway-io-'))
  try {
    const failure = (sql: string): Promise<unknown> =>
      withDuckDb({}, (db) => db.run(sql)).catch((thrown: unknown) => thrown)
    const read = await failure(`SELECT * FROM read_csv('${join(folder, 'absent')}', columns = {'a': 'VARCHAR'})`)
    expect(toIoError(read, { action: 'read', path: 'absent' }).code).toBe('fileUnreadable')
    const conversion = await failure(`SELECT CAST('x' AS DOUBLE)`)
    expect(toIoError(conversion, { action: 'write', path: 'w' }).code).toBe('internal')
    const memory = await failure(`SET memory_limit = '1MB'; SELECT count(DISTINCT i) FROM range(30000000) t(i)`)
    expect(toIoError(memory, { action: 'write', path: 'w' }).code).toBe('outOfMemory')
  } finally {
    await rm(folder, { recursive: true })
  }
})
