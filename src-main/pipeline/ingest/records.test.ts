import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeDataFolder, type DataFolder } from '../../../tests/support/data-files'
import { Rng } from '../../tensor/rng'
import { recordsOf, streamRecords, type TextRecord } from './records'

const csv = { delimiter: ',', quote: true }

let folder: DataFolder
beforeEach(async () => {
  folder = await makeDataFolder()
})
afterEach(() => folder.remove())

async function streamed(content: string | Uint8Array, format = csv): Promise<TextRecord[]> {
  const { path } = await folder.file('a', content)
  const records: TextRecord[] = []
  for await (const block of streamRecords(path, 'utf-8', format)) records.push(...block)
  return records
}

it('what is written by RFC 4180 is read back, at once and as a stream', async () => {
  const rng = Rng.seeded(5)
  const pieces = ['a', '7', ' ', ',', '"', '""', '\n', 'é', '🚲', '']
  const field = (): string =>
    Array.from({ length: 1 + rng.integer(5) }, () => pieces[rng.integer(pieces.length)]).join('')
  const rows = Array.from({ length: 500 }, () => [`x${field()}`, field(), field()])
  const quoted = (value: string): string => (/[",\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value)
  const lineEnd = (): string => (rng.integer(2) === 0 ? '\n' : '\r\n')
  const text = rows.map((row) => row.map(quoted).join(',') + lineEnd()).join('')
  const whole = recordsOf(Buffer.from(text), true, 'utf-8', csv)
  expect(whole.map((record) => record.fields)).toEqual(rows)
  expect(whole.every((record) => record.fault === null)).toBe(true)
  expect((await streamed(text)).map((record) => record.fields)).toEqual(rows)
})

it('a record knows the line it begins on', async () => {
  const text = '\uFEFFa,b\n\n"two\nlines",c\r\nd,e'
  for (const records of [recordsOf(Buffer.from(text), true, 'utf-8', csv), await streamed(text)])
    expect(records.map(({ line, fields }) => [line, ...fields])).toEqual([
      [1, 'a', 'b'],
      [3, 'two\nlines', 'c'],
      [5, 'd', 'e'],
    ])
})

it('the beginning of a file gives its complete lines only', () => {
  const head = Buffer.from('a,b\nc,d\ne,')
  expect(recordsOf(head, false, 'utf-8', csv).map((record) => record.fields)).toEqual([
    ['a', 'b'],
    ['c', 'd'],
  ])
})

it('without quoting, a quote is a character like any other', async () => {
  const records = await streamed('"a\tb"c\n', { delimiter: '\t', quote: false })
  expect(records.map((record) => record.fields)).toEqual([['"a', 'b"c']])
})

it('lines longer than a block of the stream are put together', async () => {
  const long = 'x'.repeat(1_500_000)
  expect((await streamed(`a,b\n${long},c\nd,e\n`)).map((record) => record.fields[1])).toEqual(['b', 'c', 'e'])
})

describe('faults', () => {
  it.each([
    ['a quote that is never closed', 'a,b\n"c,d\ne,f\n', 2, 'a quote is opened and never closed'],
    ['text after a quote', 'a,b\n"c"x,d\n', 2, 'text follows a closing quote'],
    ['a line without end', `a,b\n${'x'.repeat(2_500_000)}`, 2, 'the line is longer than 2 MB'],
    ['bytes that are no UTF-8', Buffer.from('a,b\nc,\xe9\n', 'latin1'), 2, 'it is not valid UTF-8'],
  ])('%s', async (_, content, line, fault) => {
    const last = (await streamed(content)).at(-1)!
    expect(last.line).toBe(line)
    expect(last.fault).toContain(fault)
  })
})
