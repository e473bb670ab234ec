import { CausewayError } from '../../src-shared/contract/errors'
import type { NamedArray, NamedArrays } from '../methods/method'

/**
 * The safetensors format: 8 bytes header length (little-endian), a JSON header with type, shape and byte range of every
 * array, then the bytes. Nothing in it can run, and other tools read it. The reader trusts nothing it reads.
 */

const types = {
  F32: { array: Float32Array, bytes: 4 },
  I32: { array: Int32Array, bytes: 4 },
  U8: { array: Uint8Array, bytes: 1 },
} as const

/** Headers of real models are a few kilobytes; the format allows 100 MB, which would be a way to exhaust memory. */
const maxHeaderBytes = 8 * 1024 * 1024

const typeOf = (data: NamedArray['data']): keyof typeof types =>
  data instanceof Float32Array ? 'F32' : data instanceof Int32Array ? 'I32' : 'U8'

/** Arrays and a map of texts as the bytes of a safetensors file. */
export function encodeSafetensors(arrays: NamedArrays, metadata: Record<string, string> = {}): Uint8Array {
  const parts = safetensorsParts(arrays, metadata)
  const file = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0))
  let at = 0
  for (const part of parts) {
    file.set(part, at)
    at += part.byteLength
  }
  return file
}

/** The same bytes in parts, to be written one after the other: the header, and every array where it lies. */
export function safetensorsParts(arrays: NamedArrays, metadata: Record<string, string> = {}): Uint8Array[] {
  const header: Record<string, unknown> = {}
  if (Object.keys(metadata).length > 0) header['__metadata__'] = metadata
  let offset = 0
  for (const [name, { shape, data }] of Object.entries(arrays)) {
    header[name] = { dtype: typeOf(data), shape, data_offsets: [offset, offset + data.byteLength] }
    offset += data.byteLength
  }
  const text = new TextEncoder().encode(JSON.stringify(header))
  // Padded with spaces so that the data starts at a multiple of 8, as the format asks.
  const headerLength = Math.ceil(text.length / 8) * 8
  const head = new Uint8Array(8 + headerLength)
  new DataView(head.buffer).setBigUint64(0, BigInt(headerLength), true)
  head.fill(0x20, 8)
  head.set(text, 8)
  const bytes = Object.values(arrays).map(({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  return [head, ...bytes]
}

/**
 * The arrays and metadata of a safetensors file.
 * @throws CausewayError `runInvalid` for anything that is not exactly such a file: a header too long or no JSON, an unknown
 *   type, a shape that does not fit its bytes, ranges that overlap, leave gaps or point outside the file
 */
export function decodeSafetensors(file: Uint8Array): { arrays: NamedArrays; metadata: Record<string, string> } {
  const refuse = (why: string): never => {
    throw new CausewayError('runInvalid', `The weights are not a valid safetensors file: ${why}.`)
  }
  if (file.byteLength < 8) return refuse('it is shorter than 8 bytes')
  const declared = new DataView(file.buffer, file.byteOffset, file.byteLength).getBigUint64(0, true)
  if (declared > BigInt(maxHeaderBytes)) return refuse(`the header claims ${declared} bytes`)
  const headerLength = Number(declared)
  if (8 + headerLength > file.byteLength) return refuse('it ends within its header')
  let header: unknown
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(file.subarray(8, 8 + headerLength)))
  } catch {
    return refuse('its header is not JSON')
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) return refuse('its header is no object')

  const data = file.subarray(8 + headerLength)
  const arrays: NamedArrays = {}
  let metadata: Record<string, string> = {}
  const ranges: [number, number][] = []
  for (const [name, entry] of Object.entries(header as Record<string, unknown>)) {
    if (name === '__metadata__') {
      if (
        typeof entry !== 'object' ||
        entry === null ||
        !Object.values(entry).every((text) => typeof text === 'string')
      )
        return refuse('its metadata is no map of texts')
      metadata = entry as Record<string, string>
      continue
    }
    const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Record<string, unknown>
    if (typeof dtype !== 'string' || !Object.hasOwn(types, dtype))
      return refuse(`"${name}" has the type ${String(dtype)}`)
    const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
    if (!Array.isArray(shape) || !shape.every(isCount)) return refuse(`"${name}" has no valid shape`)
    if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount))
      return refuse(`"${name}" has no valid byte range`)
    const [from, to] = offsets as [number, number]
    const { array, bytes } = types[dtype as keyof typeof types]
    const length = (shape as number[]).reduce((product, size) => product * size, 1)
    if (from > to || to > data.byteLength) return refuse(`the bytes of "${name}" lie outside the file`)
    if (to - from !== length * bytes) return refuse(`"${name}" does not have the bytes its shape needs`)
    ranges.push([from, to])
    // Copied, so that every array starts at an address its type can have; a Buffer's own slice would not copy.
    const copy = Uint8Array.from(data.subarray(from, to))
    arrays[name] = { shape: shape as number[], data: new array(copy.buffer, 0, length) }
  }
  let end = 0
  for (const [from, to] of ranges.sort((a, b) => a[0] - b[0] || a[1] - b[1])) {
    if (from !== end) return refuse('its arrays overlap or leave a gap')
    end = to
  }
  if (end !== data.byteLength) return refuse('it has bytes that belong to no array')
  return { arrays, metadata }
}
