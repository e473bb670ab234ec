import { expect, test } from 'vitest'
import { decodeSafetensors, encodeSafetensors } from './safetensors'

const arrays = {
  weight: { shape: [2, 2], data: Float32Array.of(1, -2.5, NaN, Infinity) },
  order: { shape: [3], data: Int32Array.of(2, 0, -1) },
  flags: { shape: [3], data: Uint8Array.of(0, 1, 255) },
  nothing: { shape: [0, 4], data: new Float32Array(0) },
  scalar: { shape: [], data: Float32Array.of(7) },
}

test('arrays and metadata come back as they were', () => {
  const read = decodeSafetensors(encodeSafetensors(arrays, { state: '{"é":1}' }))
  expect(read).toEqual({ arrays, metadata: { state: '{"é":1}' } })
})

test('a file read as a Buffer that is part of a larger one gives the same', () => {
  const file = encodeSafetensors(arrays)
  const pool = Buffer.alloc(file.length + 10, 0xff)
  pool.set(file, 3)
  expect(decodeSafetensors(pool.subarray(3, 3 + file.length)).arrays).toEqual(arrays)
})

test('the layout is the published one', () => {
  const file = encodeSafetensors({ a: { shape: [1], data: Float32Array.of(1) } })
  const headerLength = Number(new DataView(file.buffer).getBigUint64(0, true))
  expect(headerLength % 8).toBe(0)
  expect(JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + headerLength)))).toEqual({
    a: { dtype: 'F32', shape: [1], data_offsets: [0, 4] },
  })
  expect([...file.subarray(8 + headerLength)]).toEqual([0, 0, 0x80, 0x3f])
})

/** A file with a header of our own making. */
const withHeader = (header: unknown, data: number[] = [], length?: number): Uint8Array => {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header))
  const file = new Uint8Array(8 + text.length + data.length)
  new DataView(file.buffer).setBigUint64(0, BigInt(length ?? text.length), true)
  file.set(text, 8)
  file.set(data, 8 + text.length)
  return file
}
const entry = (from: number, to: number, shape: unknown = [1], dtype = 'F32'): unknown => ({
  dtype,
  shape,
  data_offsets: [from, to],
})

test.each([
  ['nothing', new Uint8Array(0), 'shorter than 8 bytes'],
  ['a header that claims terabytes', withHeader({}, [], 2 ** 42), 'claims 4398046511104 bytes'],
  ['a cut header', withHeader({}, [], 100), 'ends within its header'],
  ['a header of another kind', withHeader('not json'), 'not JSON'],
  ['a header that is a list', withHeader([]), 'no object'],
  ['an unknown type', withHeader({ a: entry(0, 4, [1], 'F64') }, [0, 0, 0, 0]), 'has the type F64'],
  ['a type from the prototype', withHeader({ a: entry(0, 4, [1], 'toString') }, [0, 0, 0, 0]), 'has the type toString'],
  ['a negative size', withHeader({ a: entry(0, 4, [-1]) }, [0, 0, 0, 0]), 'no valid shape'],
  ['an entry that is null', withHeader({ a: null }), 'has the type undefined'],
  ['bytes outside the file', withHeader({ a: entry(0, 8, [2]) }, [0, 0, 0, 0]), 'outside the file'],
  ['a backward range', withHeader({ a: entry(4, 0) }, [0, 0, 0, 0]), 'outside the file'],
  ['a shape that needs more bytes', withHeader({ a: entry(0, 4, [2]) }, [0, 0, 0, 0]), 'bytes its shape needs'],
  ['overlapping arrays', withHeader({ a: entry(0, 4), b: entry(0, 4) }, [0, 0, 0, 0]), 'overlap or leave a gap'],
  ['a gap', withHeader({ a: entry(4, 8) }, [0, 0, 0, 0, 0, 0, 0, 0]), 'overlap or leave a gap'],
  ['bytes left over', withHeader({ a: entry(0, 4) }, [0, 0, 0, 0, 9]), 'belong to no array'],
  ['metadata that is no text', withHeader({ __metadata__: { a: 1 } }), 'no map of texts'],
])('%s is refused', (_, file, reason) => {
  expect(() => decodeSafetensors(file)).toThrow(reason)
})
