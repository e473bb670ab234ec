import { isUtf8 } from 'node:buffer'
import { createReadStream } from 'node:fs'
import { CausewayError } from '../../../src-shared/contract/errors'

/** How a text table is cut into records and fields. */
export interface RecordFormat {
  delimiter: string
  /** Fields may stand in double quotes, doubled inside (RFC 4180). */
  quote: boolean
}

/** One record with where it begins in the file. */
export interface TextRecord {
  /** 1-based line of its first character. */
  line: number
  /** The record as it stands in the file. */
  raw: string
  fields: string[]
  /** What is wrong with it, if anything. */
  fault: string | null
}

/** A physical line longer than this is no line of a table. */
export const longestLineBytes = 2_000_000
/** A quoted field that runs on for more lines than this was never closed. */
const longestRecordLines = 1000

interface Cut {
  fields: string[]
  /** A quote is still open at the end of the text. */
  open: boolean
  stray: boolean
}

/** Cuts one record into its fields. */
export function cutFields(text: string, { delimiter, quote }: RecordFormat): Cut {
  if (!quote || !text.includes('"')) return { fields: text.split(delimiter), open: false, stray: false }
  const fields: string[] = []
  let at = 0
  let stray = false
  for (;;) {
    if (text[at] !== '"') {
      const end = text.indexOf(delimiter, at)
      fields.push(end < 0 ? text.slice(at) : text.slice(at, end))
      if (end < 0) return { fields, open: false, stray }
      at = end + delimiter.length
      continue
    }
    let field = ''
    let from = at + 1
    for (;;) {
      const end = text.indexOf('"', from)
      if (end < 0) return { fields, open: true, stray }
      field += text.slice(from, end)
      at = end + 1
      if (text[at] !== '"') break
      field += '"'
      from = at + 1
    }
    if (at < text.length && !text.startsWith(delimiter, at)) {
      stray = true
      const end = text.indexOf(delimiter, at)
      field += end < 0 ? text.slice(at) : text.slice(at, end)
      at = end < 0 ? text.length : end
    }
    fields.push(field)
    if (at >= text.length) return { fields, open: false, stray }
    at += delimiter.length
  }
}

/** Puts lines together to records: a quoted field may hold line ends. Blank lines between records are passed over. */
export class RecordAssembler {
  /** 1-based number of the last line taken. */
  line = 0
  private pending: { line: number; raw: string; lines: number } | null = null

  constructor(private readonly format: RecordFormat) {}

  /** Takes the next line; gives a record when it is complete. */
  push(text: string): TextRecord | null {
    this.line++
    if (!this.pending && text === '') return null
    this.pending = this.pending
      ? { line: this.pending.line, raw: `${this.pending.raw}\n${text}`, lines: this.pending.lines + 1 }
      : { line: this.line, raw: text, lines: 1 }
    const { line, raw, lines } = this.pending
    const { fields, open, stray } = cutFields(raw, this.format)
    if (open && lines < longestRecordLines && raw.length < longestLineBytes) return null
    this.pending = null
    const fault = open ? 'a quote is opened and never closed' : stray ? 'text follows a closing quote' : null
    return { line, raw, fields, fault }
  }

  /** At the end of the text: what is left, a record whose quote was never closed. */
  end(): TextRecord | null {
    if (!this.pending) return null
    const { line, raw } = this.pending
    this.pending = null
    return { line, raw, fields: [raw], fault: 'a quote is opened and never closed' }
  }
}

/** The complete records at the beginning of a file. */
export function recordsOf(
  bytes: Buffer,
  whole: boolean,
  encoding: 'utf-8' | 'latin-1',
  format: RecordFormat,
): TextRecord[] {
  const text = bytes.toString(encoding === 'utf-8' ? 'utf8' : 'latin1').replace(/^\uFEFF/, '')
  const lines = text.split(/\r\n|\n|\r/)
  const assembler = new RecordAssembler(format)
  const records: TextRecord[] = []
  if (!whole) lines.pop()
  for (const line of lines) {
    const record = assembler.push(line)
    if (record) records.push(record)
  }
  const rest = whole ? assembler.end() : null
  if (rest) records.push(rest)
  return records
}

/** Every record of a file, streamed: memory stays bounded whatever the file holds. Lines that are not UTF-8 are faults. */
export async function* streamRecords(
  path: string,
  encoding: 'utf-8' | 'latin-1',
  format: RecordFormat,
  signal?: AbortSignal,
): AsyncGenerator<TextRecord[]> {
  const assembler = new RecordAssembler(format)
  const take = (bytes: Buffer): TextRecord[] => {
    const records: TextRecord[] = []
    const isText = encoding === 'latin-1' || isUtf8(bytes)
    const text = bytes.toString(encoding === 'latin-1' ? 'latin1' : 'utf8')
    for (const ended of text.split('\n')) {
      const line = ended.endsWith('\r') ? ended.slice(0, -1) : ended
      const record = assembler.push(assembler.line === 0 ? line.replace(/^\uFEFF/, '') : line)
      // Bytes that are no UTF-8 were decoded to replacement characters: the first line with one is at fault.
      if (!isText && line.includes('\uFFFD')) {
        const fault = 'it is not valid UTF-8 (save the file in that encoding)'
        return [...records, { line: assembler.line, raw: line, fields: record?.fields ?? [line], fault }]
      }
      if (record) records.push(record)
    }
    return records
  }
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    if (signal?.aborted) throw new CausewayError('cancelled', 'Cancelled.')
    const bytes = rest.length ? Buffer.concat([rest, chunk]) : chunk
    const end = bytes.lastIndexOf(0x0a)
    rest = bytes.subarray(end + 1)
    if (end >= 0) yield take(bytes.subarray(0, end))
    if (rest.length <= longestLineBytes) continue
    const raw = rest.toString('latin1', 0, 1000)
    yield [{ line: assembler.line + 1, raw, fields: [], fault: `the line is longer than ${longestLineBytes / 1e6} MB` }]
    return
  }
  if (rest.length) yield take(rest)
  const open = assembler.end()
  if (open) yield [open]
}
