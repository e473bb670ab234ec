import { execFileSync } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { once } from 'node:events'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeDataFolder, type DataFolder } from '../../../tests/support/data-files'
import type { CausewayError, ErrorCode } from '../../../src-shared/contract/errors'
import { withDuckDb } from '../dataset/duckdb'
import { makeCard } from '../dataset/card'
import { prepareSplit } from '../split/prepare-split'
import type { SourceFile } from './detect'
import { importTables, type ImportRequest } from './import-tables'
import { previewImport } from './preview'

let folder: DataFolder
beforeEach(async () => {
  folder = await makeDataFolder()
})
afterEach(() => folder.remove())

/** The error of an import, after checking that it left the workspace as it was. */
async function refused(
  content: string | Uint8Array | SourceFile,
  options: Partial<ImportRequest> = {},
): Promise<CausewayError> {
  const file =
    typeof content === 'string' || content instanceof Uint8Array ? await folder.file('my.csv', content) : content
  const { workspace } = folder
  const before = await folder.contents()
  const error = await importTables({ workspace, name: 'it', files: [file], ...options }).then(
    () => expect.fail('the import went through'),
    (thrown: CausewayError) => thrown,
  )
  expect(await folder.contents()).toEqual(before)
  return error
}

/** Rows enough that the guess of the layout is settled before the fault comes. */
const soundRows = (count: number): string =>
  Array.from({ length: count }, (_, at) => `u${at % 7},i${at % 11},${1 + (at % 5)},${1_000_000_000 + at}\n`).join('')
const header = 'user,item,rating,time\n'

describe('a file that is no table says what it is', () => {
  it.each<[what: string, code: ErrorCode, content: string | Uint8Array, message: RegExp]>([
    ['an empty file', 'fileEmpty', '', /"my.csv" is empty \(0 bytes\)/],
    ['white space', 'fileEmpty', ' \n\n  \n', /nothing but white space/],
    ['a header alone', 'fileEmpty', header, /header and no rows/],
    ['PNG', 'fileBinary', Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), /is a PNG image, not a table/],
    ['JPEG', 'fileBinary', Buffer.from('ffd8ffe000104a464946', 'hex'), /is a JPEG image/],
    ['PDF', 'fileBinary', '%PDF-1.7\n1 0 obj\n', /is a PDF document/],
    ['ZIP', 'fileBinary', Buffer.from('PK\x03\x04\x14\0\0\0\x08\0ratings.csv'), /is a ZIP archive/],
    ['Excel', 'fileBinary', Buffer.from('PK\x03\x04\x14\0\x06\0xl/workbook.xml'), /is an Excel workbook \(xlsx\)/],
    ['old Excel', 'fileBinary', Buffer.from('d0cf11e0a1b11ae10000', 'hex'), /Excel 97-2003/],
    ['gzip', 'fileBinary', gzipSync(header + soundRows(9)), /is a gzip-compressed file/],
    ['SQLite', 'fileBinary', Buffer.from('SQLite format 3\0\x10\0'), /is an SQLite database/],
    ['HDF5', 'fileBinary', Buffer.from('894844460d0a1a0a', 'hex'), /is an HDF5 file/],
    ['NumPy', 'fileBinary', Buffer.from('934e554d505901007600', 'hex'), /is a NumPy array/],
    ['pickle', 'fileBinary', Buffer.from('80049501000000', 'hex'), /is a Python pickle/],
    ['a program', 'fileBinary', Buffer.from('7f454c4602010100', 'hex'), /is a program/],
    ['UTF-16', 'fileBinary', Buffer.from(`\uFEFF${header}u,i,1,1\n`, 'utf16le'), /is text in UTF-16/],
    ['bytes without meaning', 'fileBinary', Buffer.from('0001f00d00ff00aa', 'hex'), /is a binary file of unknown kind/],
    ['control characters', 'fileBinary', '\x01\x02\x03abc\x04\x05,\x06\n', /is a binary file of unknown kind/],
    ['a notebook', 'fileFormatUnknown', '{"cells": [], "nbformat": 4}', /is a Jupyter notebook/],
    ['JSON', 'fileFormatUnknown', '[{"user": 1, "item": 2}]', /is JSON, not a table/],
    ['JSON Lines', 'fileFormatUnknown', '{"user": 1}\n{"user": 2}\n', /is JSON Lines/],
    ['HTML', 'fileFormatUnknown', '<!DOCTYPE html><html><body>404</body></html>', /is a web page \(HTML\)/],
    ['a Git LFS pointer', 'fileFormatUnknown', 'version https://git-lfs.github.com/spec/v1\n', /is a Git LFS pointer/],
    ['prose', 'delimiterWrong', 'Dear reader\n\nIt was a dark and stormy night, was it not.\n', /Line 1|line 1/],
    ['one column', 'delimiterWrong', 'user\nu1\nu2\n', /is not cut into columns.*Line 1: "user"/],
  ])('%s', async (_, code, content, message) => {
    const error = await refused(content)
    expect(error.message).toMatch(message)
    expect(error.code).toBe(code)
  })

  it('a file that is gone', async () => {
    const error = await refused({
      path: join(folder.workspace, 'absent'),
      handle: { id: '1', name: 'my.csv', sizeBytes: 9 },
    })
    expect(error).toMatchObject({ code: 'fileUnreadable', message: '"my.csv" cannot be read.' })
  })
})

describe('a fault in a row is told with its line and a sample', () => {
  const rows = soundRows(5000)

  it.each<[what: string, code: ErrorCode, bad: string, message: RegExp]>([
    [
      'text in the rating column',
      'valueInvalid',
      'u1,i1,great,1000000000',
      /line 5002: rating \(column "rating"\): "great" is not a number/,
    ],
    ['a NaN rating', 'valueInvalid', 'u1,i1,NaN,1000000000', /line 5002: .*"NaN" is not a finite number/],
    ['an infinite rating', 'valueInvalid', 'u1,i1,-inf,1000000000', /line 5002: .*"-inf" is not a finite number/],
    ['a rating beyond all numbers', 'valueInvalid', 'u1,i1,1e999,1000000000', /line 5002: .*too large/],
    ['a decimal comma in quotes', 'valueInvalid', 'u1,i1,"3,5",1000000000', /line 5002: .*"3,5" is not a number/],
    [
      'text in the time column',
      'valueInvalid',
      'u1,i1,3,yesterday',
      /line 5002: time \(column "time"\): "yesterday" is not a time/,
    ],
    ['a time no calendar has', 'valueInvalid', 'u1,i1,3,1e30', /line 5002: time/],
    ['a row too short', 'rowInvalid', 'u1,i1', /line 5002: it has 2 columns where 4 are expected/],
    ['a row too long', 'rowInvalid', 'u1,i1,3,1000000000,x', /line 5002: it has 5 columns where 4 are expected/],
    ['another delimiter', 'rowInvalid', 'u1;i1;3;1000000000', /line 5002: it has 1 columns where 4 are expected/],
    ['a blank user', 'rowInvalid', ',i1,3,1000000000', /line 5002: the user id \(column "user"\) is blank/],
    ['a blank item', 'rowInvalid', 'u1,"",3,1000000000', /line 5002: the item id/],
    ['a quote never closed', 'rowInvalid', '"u1,i1,3,1000000000', /line 5002: a quote is opened and never closed/],
    ['text after a quote', 'rowInvalid', '"u1"x,i1,3,1000000000', /line 5002: text follows a closing quote/],
  ])('%s', async (_, code, bad, message) => {
    const error = await refused(`${header}${rows}${bad}\n${rows}`)
    expect(error.message).toMatch(message)
    expect(error.message).toContain(JSON.stringify(bad).slice(0, 20))
    expect(error).toMatchObject({ code, details: { file: 'my.csv', line: 5002, sample: expect.stringContaining(bad) } })
  })

  it.each<[what: string, bad: string, message: RegExp]>([
    ['a propensity of 0', 'u1,i1,no,0', /line 5002: propensity \(column "propensity"\): 0 is no probability/],
    ['a propensity above 1', 'u1,i1,no,1.2', /line 5002: propensity .*: 1\.2 is no probability .*above 0 and up to 1/],
    ['a negative propensity', 'u1,i1,no,-0.5', /line 5002: propensity .*-0\.5 is no probability/],
    ['a propensity that is no number', 'u1,i1,no,often', /line 5002: propensity .*"often" is not a number/],
    ['a propensity of NaN', 'u1,i1,no,nan', /line 5002: propensity .*"nan" is not a number/],
    [
      'neither yes nor no',
      'u1,i1,maybe,0.5',
      /line 5002: randomised \(column "is_random"\): "maybe" is neither yes nor no/,
    ],
    ['a number that is neither', 'u1,i1,2,0.5', /line 5002: randomised .*"2" is neither yes nor no/],
  ])('%s', async (_, bad, message) => {
    const some = Array.from({ length: 5000 }, (_, at) => `u${at % 7},i${at % 11},${at % 2},0.${1 + (at % 9)}\n`).join(
      '',
    )
    const error = await refused(`user,item,is_random,propensity\n${some}${bad}\n${some}`)
    expect(error.message).toMatch(message)
    expect(error).toMatchObject({ code: 'valueInvalid', details: { line: 5002, sample: bad } })
  })

  it('is foretold by the preview where it is among the first rows', async () => {
    const file = await folder.file('my.csv', `${header}u1,i1,3,1000000000\nu2,i2,good,1000000001\n`)
    const { warnings } = await previewImport([file])
    expect(warnings).toEqual([
      'As it is cut and mapped, the import will be refused: "my.csv", line 3: rating (column "rating"): "good" is not a number. The line reads "u2,i2,good,1000000001".',
    ])
  })

  it('counts lines, not rows, where a quoted id holds a line end', async () => {
    const error = await refused('user,item,rating\n"u\n1",i1,3\n\nu2,i2,x\n')
    expect(error).toMatchObject({ code: 'valueInvalid', details: { line: 5, sample: 'u2,i2,x' } })
  })

  it('ids that are not UTF-8', async () => {
    const error = await refused(
      Buffer.concat([Buffer.from(header + rows), Buffer.from('u\xe9,i1,3,1000000000\n', 'latin1')]),
    )
    expect(error).toMatchObject({ code: 'rowInvalid', details: { line: 5002 } })
    expect(error.message).toContain('it is not valid UTF-8')
  })

  it('a table whose delimiter changes from line to line', async () => {
    const error = await refused('user,item\nu1;i1\nu2;i2\nu3;i3\n')
    expect(error).toMatchObject({
      code: 'delimiterWrong',
      details: { line: expect.any(Number), sample: expect.any(String) },
    })
  })

  it('the delimiter the analyst chose does not cut it', async () => {
    const error = await refused(header + rows, { text: { delimiter: '|', header: true } })
    expect(error).toMatchObject({ code: 'delimiterWrong', details: { line: 1, sample: 'user,item,rating,time' } })
  })

  it('no column for the items, or one that is not there', async () => {
    const error = await refused('user,colour,size\nu1,red,3\n')
    expect(error).toMatchObject({
      code: 'columnMissing',
      details: { missing: ['item'], columns: ['user', 'colour', 'size'], line: 1 },
    })
    expect(error.message).toContain(
      'has no column that looks like the item id. It has the columns "user", "colour", "size"',
    )
    const mapped = await refused(header + rows, { mapping: { user: 'user', item: 'product' } })
    expect(mapped).toMatchObject({
      code: 'columnMissing',
      message: expect.stringContaining('has no column "product" for the item'),
    })
    expect((await refused(header + rows, { mapping: { user: 'user', item: 'user' } })).code).toBe('badRequest')
  })

  it('one item only', async () => {
    const error = await refused('user,item,rating\nu1,i1,5\nu2,i1,4\n')
    expect(error).toMatchObject({
      code: 'tooFewItems',
      message: expect.stringContaining('only one item (column "item")'),
    })
  })
})

describe('Parquet', () => {
  const parquet = async (select: string): Promise<SourceFile> => {
    const { path } = await folder.file('t.parquet', '')
    await withDuckDb({}, (db) => db.run(`COPY (${select}) TO '${path}' (FORMAT parquet)`))
    return { path, handle: { id: 't', name: 't.parquet', sizeBytes: (await stat(path)).size } }
  }
  const sound = `SELECT 'u' || (i % 50) AS "user", 'i' || (i % 99) AS item, 1.5 + i % 4 AS rating FROM range(5000) t(i)`

  it('cut short', async () => {
    const { path } = await parquet(sound)
    const bytes = await readFile(path)
    const error = await refused(bytes.subarray(0, bytes.length - 300))
    expect(error).toMatchObject({
      code: 'fileTruncated',
      message: expect.stringContaining('Parquet file that was cut short'),
    })
  })

  it('with a damaged middle', async () => {
    const { path } = await parquet(sound)
    const bytes = await readFile(path)
    const error = await refused(bytes.fill(0x55, 40, bytes.length - 500))
    expect(error.code).toBe('fileTruncated')
    expect(error.message).toMatch(/Parquet/)
  })

  it.each<[what: string, select: string, code: ErrorCode, message: RegExp]>([
    [
      'a NaN rating',
      `${sound} UNION ALL SELECT 'u', 'i', 'nan'::DOUBLE`,
      'valueInvalid',
      /row 5001: rating .*"nan" is not a finite/,
    ],
    ['a null user', `${sound} UNION ALL SELECT NULL, 'i', 1`, 'rowInvalid', /row 5001: the user id/],
    [
      'a propensity beyond 1',
      `SELECT *, 0.5 AS propensity FROM (${sound}) UNION ALL SELECT 'u', 'i', 1, 1.5`,
      'valueInvalid',
      /row 5001: propensity .*1\.5 is no probability/,
    ],
    ['no user column', `SELECT 'i' AS item, 3 AS rating`, 'columnMissing', /looks like the user id/],
    ['no rows', `${sound} LIMIT 0`, 'fileEmpty', /without rows/],
  ])('with %s', async (_, select, code, message) => {
    const error = await refused(await parquet(select))
    expect(error.message).toMatch(message)
    expect(error.code).toBe(code)
  })
})

describe('what the recipe leaves', () => {
  const prepared = async (text: string, recipe: Record<string, unknown> = {}): Promise<unknown> => {
    await importTables({ workspace: folder.workspace, name: 'it', files: [await folder.file('a.csv', text)] })
    const before = await folder.contents()
    try {
      return await prepareSplit(folder.workspace, 'it', recipe)
    } catch (error) {
      expect(await folder.contents()).toEqual(before)
      throw error
    }
  }

  it('no positive at the threshold', async () => {
    await expect(prepared('user,item,rating\nu1,i1,2\nu2,i2,3\n')).rejects.toMatchObject({
      code: 'noPositives',
      message: 'No interaction is rated at or above the threshold 4: the highest rating is 3.',
    })
  })

  it('one item only', async () => {
    await expect(prepared('user,item,rating\nu1,i1,5\nu2,i1,5\nu2,i2,1\n')).rejects.toMatchObject({
      code: 'tooFewItems',
    })
  })

  it('one user only', async () => {
    await expect(prepared('user,item,rating\nu1,i1,5\nu1,i2,5\nu2,i2,1\n')).rejects.toMatchObject({
      code: 'tooFewUsers',
    })
  })

  it('nothing in the k-core', async () => {
    await expect(prepared('user,item\nu1,i1\nu2,i2\n', { kCore: 3 })).rejects.toMatchObject({
      code: 'tooFewUsers',
      message: expect.stringContaining('3-core'),
    })
  })

  it('a user with one interaction stays in training, and the card says so', async () => {
    const split = await prepared('user,item\nlone,i1\nu2,i1\nu2,i2\nu2,i3\nu2,i4\n')
    expect(split).toMatchObject({ users: 2, coldUsers: 1, nnz: { train: 3, validation: 1, test: 1 } })
    const card = await makeCard(folder.workspace, 'it', {})
    expect(card.alerts.map((alert) => alert.text)).toContain(
      '1 user has only one positive: kept for training, never tested.',
    )
  })

  it('only users with one interaction', async () => {
    await expect(prepared('user,item\nu1,i1\nu2,i2\n')).rejects.toMatchObject({ code: 'tooFewUsers' })
  })

  it('a setting that is not there, or out of range, with the allowed ones', async () => {
    await expect(prepareSplit(folder.workspace, 'it', { treshold: 3 })).rejects.toMatchObject({
      code: 'paramUnknown',
      message: expect.stringContaining('Allowed: threshold, duplicates, kCore'),
    })
    await expect(prepareSplit(folder.workspace, 'it', { testShare: 0.9 })).rejects.toMatchObject({
      code: 'paramInvalid',
      message: expect.stringContaining('Allowed: number 0.01..0.45'),
    })
  })

  it('a split by time of data without times', async () => {
    await expect(prepared('user,item\nu1,i1\nu2,i2\n', { splitBy: 'time' })).rejects.toMatchObject({
      code: 'paramInvalid',
    })
  })
})

describe('the size and the disk', () => {
  /** Writes `rows` lines without holding them in memory. */
  async function bigFile(line: (at: number) => string, rows: number, start = ''): Promise<SourceFile> {
    const { path } = await folder.file('big.csv', start)
    const stream = createWriteStream(path, { flags: 'a' })
    for (let at = 0; at < rows; at += 1000) {
      const block = Array.from({ length: 1000 }, (_, i) => line(at + i)).join('')
      if (!stream.write(block)) await once(stream, 'drain')
    }
    stream.end()
    await once(stream, 'close')
    return { path, handle: { id: 'big', name: 'big.csv', sizeBytes: (await stat(path)).size } }
  }

  it.each<[what: string, line: (at: number) => string, start: string, code: ErrorCode]>([
    ['from the first line', (at) => `${'#%x!;'.repeat(at % 9)} ${at}\n`, '', 'rowInvalid'],
    ['after a sound beginning', (at) => `${'?'.repeat(at % 40)}\n`, header + soundRows(50_000), 'rowInvalid'],
    ['in the rating column', (at) => `u${at % 99},i${at % 77},worth ${at},1\n`, header, 'valueInvalid'],
  ])('300,000 rows of garbage %s are refused in bounded memory', async (_, line, start, code) => {
    const file = await bigFile(line, 300_000, start)
    const before = process.memoryUsage().rss
    expect(await refused(file)).toMatchObject({
      code,
      details: { line: expect.any(Number), sample: expect.any(String) },
    })
    expect(process.memoryUsage().rss - before).toBeLessThan(400e6)
  })

  it('one line of many megabytes', async () => {
    const error = await refused('a,b'.repeat(1_500_000))
    expect(error).toMatchObject({ code: 'rowInvalid', details: { line: 1 } })
  })

  it('a full disk', async (context) => {
    const mount = await mkdtemp(join(tmpdir(), 'causeway-full-'))
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', mount], { stdio: 'ignore' })
    } catch {
      await rm(mount, { recursive: true })
      return context.skip('mounting a 1 MB tmpfs needs root')
    }
    try {
      const scattered = (at: number): string => (Math.imul(at + 1, 2654435761) >>> 0).toString(36)
      const file = await bigFile((at) => `${scattered(at)},${scattered(at * 31)},4,${at}\n`, 300_000, header)
      const error = await importTables({ workspace: mount, name: 'it', files: [file] }).catch(
        (thrown: unknown) => thrown,
      )
      expect(error).toMatchObject({ code: 'diskFull' })
      expect(await readdir(mount)).toEqual([])
    } finally {
      execFileSync('umount', [mount])
      await rm(mount, { recursive: true })
    }
  })

  it('a workspace that is read-only', async (context) => {
    const mount = await mkdtemp(join(tmpdir(), 'causeway-readonly-'))
    const workspace = join(mount, 'workspace')
    await mkdir(workspace)
    const isRoot = process.getuid?.() === 0
    // Permissions bind everyone but root; a mount binds root too.
    if (isRoot) {
      try {
        execFileSync('mount', ['-t', 'tmpfs', '-o', 'ro,size=1m', 'tmpfs', workspace], { stdio: 'ignore' })
      } catch {
        await rm(mount, { recursive: true })
        return context.skip('root writes everywhere here, and a read-only mount is not allowed')
      }
    } else await chmod(workspace, 0o555)
    try {
      const files = [await folder.file('a.csv', header + soundRows(20))]
      await expect(importTables({ workspace, name: 'it', files })).rejects.toMatchObject({ code: 'workspaceReadOnly' })
    } finally {
      if (isRoot) execFileSync('umount', [workspace])
      await chmod(workspace, 0o755)
      await rm(mount, { recursive: true })
    }
  })
})
