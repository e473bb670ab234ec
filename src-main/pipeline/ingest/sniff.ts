import { isUtf8 } from 'node:buffer'
import { open } from 'node:fs/promises'
import { CausewayError } from '../../../src-shared/contract/errors'
import { toIoError } from '../../storage/io-errors'

/** How much of a file is looked at before the import. */
export const headBytes = 1 << 20

/** The beginning of a file. */
export interface Head {
  bytes: Buffer
  /** True where `bytes` is the whole file. */
  whole: boolean
  sizeBytes: number
}

const ascii = (bytes: Buffer, start: number, end: number): string => bytes.toString('latin1', start, end)

/** What a ZIP holds, by the names in it: office files are ZIPs too. */
function zipKind(bytes: Buffer): string {
  const names = ascii(bytes, 0, bytes.length)
  if (names.includes('xl/')) return 'an Excel workbook (xlsx)'
  if (names.includes('word/')) return 'a Word document (docx)'
  if (names.includes('ppt/')) return 'a PowerPoint file (pptx)'
  if (names.includes('application/vnd.oasis.opendocument')) return 'an OpenDocument file'
  return 'a ZIP archive'
}

/** Files that are no tables, by their first bytes. */
const signatures: [kind: string | ((bytes: Buffer) => string), matches: (bytes: Buffer) => boolean][] = [
  ['a PNG image', (b) => ascii(b, 0, 4) === '\x89PNG'],
  ['a JPEG image', (b) => ascii(b, 0, 3) === '\xff\xd8\xff'],
  ['a GIF image', (b) => /^GIF8[79]a/.test(ascii(b, 0, 6))],
  ['a WebP image', (b) => ascii(b, 0, 4) === 'RIFF' && ascii(b, 8, 12) === 'WEBP'],
  ['a PDF document', (b) => ascii(b, 0, 5) === '%PDF-'],
  [zipKind, (b) => /^PK(\x03\x04|\x05\x06)/.test(ascii(b, 0, 4))],
  ['a gzip-compressed file', (b) => ascii(b, 0, 2) === '\x1f\x8b'],
  ['a bzip2-compressed file', (b) => /^BZh[1-9]1AY/.test(ascii(b, 0, 7))],
  ['an xz-compressed file', (b) => ascii(b, 0, 6) === '\xfd7zXZ\0'],
  ['a Zstandard-compressed file', (b) => ascii(b, 0, 4) === '\x28\xb5\x2f\xfd'],
  ['a 7-Zip archive', (b) => ascii(b, 0, 6) === '7z\xbc\xaf\x27\x1c'],
  ['a RAR archive', (b) => ascii(b, 0, 4) === 'Rar!'],
  ['a tar archive', (b) => ascii(b, 257, 262) === 'ustar'],
  ['an SQLite database', (b) => ascii(b, 0, 15) === 'SQLite format 3'],
  ['a DuckDB database', (b) => ascii(b, 8, 12) === 'DUCK'],
  [
    'an Excel 97-2003 workbook or another old Office file',
    (b) => ascii(b, 0, 8) === '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1',
  ],
  ['an HDF5 file', (b) => ascii(b, 0, 8) === '\x89HDF\r\n\x1a\n'],
  ['a NumPy array (npy)', (b) => ascii(b, 0, 6) === '\x93NUMPY'],
  ['an Arrow or Feather file', (b) => ascii(b, 0, 6) === 'ARROW1' || ascii(b, 0, 4) === 'FEA1'],
  ['an ORC file', (b) => ascii(b, 0, 3) === 'ORC' && b.includes(0)],
  ['an Avro file', (b) => ascii(b, 0, 4) === 'Obj\x01'],
  ['a Python pickle', (b) => /^\x80[\x02-\x05]/.test(ascii(b, 0, 2))],
  ['a program', (b) => ascii(b, 0, 4) === '\x7fELF' || (ascii(b, 0, 2) === 'MZ' && b.includes(0))],
  ['text in UTF-16', (b) => ascii(b, 0, 2) === '\xff\xfe' || ascii(b, 0, 2) === '\xfe\xff'],
]

/** Text has no control characters but white space; a few strays are left to the checks of the rows. */
function hasControlCharacters(bytes: Buffer): boolean {
  let found = 0
  for (const byte of bytes) if (byte < 9 || (byte > 13 && byte < 32)) found++
  return found > bytes.length / 50
}

/** Text files that are no tables, by how they begin. */
function otherText(text: string): string | null {
  const start = text.trimStart().slice(0, 200)
  if (/^[[{]/.test(start)) {
    if (/"(nbformat|cell_type)"/.test(text)) return 'a Jupyter notebook'
    if (/^\{\s*"/.test(start)) return /^\{.*\}\r?\n\{/.test(text) ? 'JSON Lines' : 'JSON'
    if (/^\[\s*([[{"\d-]|\])/.test(start)) return 'JSON'
  }
  if (/^<(!doctype html|html)/i.test(start)) return 'a web page (HTML)'
  if (/^<\?xml/i.test(start)) return 'XML'
  if (/^version https:\/\/git-lfs/.test(start)) return 'a Git LFS pointer, not the file itself'
  return null
}

/** Reads the beginning of a file. @throws CausewayError `fileUnreadable`. */
export async function readHead(path: string, name: string): Promise<Head> {
  try {
    const file = await open(path, 'r')
    try {
      const { size } = await file.stat()
      const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.min(size, headBytes)), 0, undefined, 0)
      return { bytes: buffer.subarray(0, bytesRead), whole: bytesRead === size, sizeBytes: size }
    } finally {
      await file.close()
    }
  } catch (thrown) {
    throw toIoError(thrown, { action: 'read', path: name })
  }
}

/** The last `count` bytes of a file. */
async function readTail(path: string, count: number, sizeBytes: number): Promise<Buffer> {
  const file = await open(path, 'r')
  try {
    return (await file.read(Buffer.alloc(count), 0, count, sizeBytes - count)).buffer
  } finally {
    await file.close()
  }
}

/** A table's container, found by content. */
export type Container = { type: 'parquet' } | { type: 'text'; encoding: 'utf-8' | 'latin-1' }

/**
 * Says whether a file is Parquet or text, by its content.
 * @throws CausewayError `fileEmpty`, `fileBinary` and `fileFormatUnknown` saying what the file is, `fileTruncated`.
 */
export async function identify(path: string, name: string, head: Head): Promise<Container> {
  const { bytes, sizeBytes } = head
  if (sizeBytes === 0) throw new CausewayError('fileEmpty', `"${name}" is empty (0 bytes).`, { file: name })
  if (ascii(bytes, 0, 4) === 'PAR1') {
    const complete = sizeBytes >= 12 && ascii(await readTail(path, 4, sizeBytes), 0, 4) === 'PAR1'
    if (complete) return { type: 'parquet' }
    throw new CausewayError(
      'fileTruncated',
      `"${name}" is a Parquet file that was cut short: its footer is missing after ${sizeBytes} bytes.`,
      { file: name, sizeBytes },
    )
  }
  const refuse = (code: 'fileBinary' | 'fileFormatUnknown', what: string): never => {
    throw new CausewayError(code, `"${name}" is ${what}, not a table of interactions.`, { file: name, what })
  }
  for (const [kind, matches] of signatures)
    if (matches(bytes)) refuse('fileBinary', typeof kind === 'string' ? kind : kind(bytes))
  if (bytes.includes(0) || hasControlCharacters(bytes)) refuse('fileBinary', 'a binary file of unknown kind')
  if (bytes.toString('latin1').trim() === '')
    throw new CausewayError('fileEmpty', `"${name}" holds nothing but white space.`, { file: name })
  const text = bytes.toString('utf8').replace(/^\uFEFF/, '')
  const other = otherText(text)
  if (other) refuse('fileFormatUnknown', other)
  // The head may end inside a character: judge it up to its last line end.
  const end = head.whole ? bytes.length : bytes.lastIndexOf(0x0a) + 1
  return { type: 'text', encoding: isUtf8(bytes.subarray(0, end)) ? 'utf-8' : 'latin-1' }
}
