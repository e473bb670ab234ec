import { createHash } from 'node:crypto'
import { z } from 'zod'
import { codedColumn, RunColumns, type Column } from './run-columns'

/**
 * The columns of the runs as one file: SHA-256 of all that follows, length of the header, the header as JSON, then little-endian arrays
 * of one value a run, each at a multiple of 8: sizes, times and number columns as 64-bit floats, codes as 32-bit integers.
 */
const headerSchema = z.object({
  type: z.literal('causeway-runs-index'),
  /** Raised with every change of what is derived from a manifest. */
  version: z.literal(1),
  runs: z.number().int().min(0),
  numbers: z.array(z.string()),
  codes: z.array(z.object({ column: z.string(), entries: z.array(z.union([z.string(), z.number(), z.boolean()])) })),
})

const hashBytes = 32
const prefixBytes = hashBytes + 8
const aligned = (bytes: number): number => Math.ceil(bytes / 8) * 8

/** The runs whose manifests have a stamp that can be trusted; what is left out is read anew. */
export function encodeRunIndex(table: RunColumns, trusted: (slot: number) => boolean): Uint8Array {
  const slots: number[] = []
  for (let slot = 0; slot < table.count; slot++) if (trusted(slot)) slots.push(slot)
  const numbers: [string, Float64Array][] = []
  const codes: { column: string; entries: (string | number | boolean)[]; values: Int32Array }[] = []
  for (const [column, stored] of table.columns) {
    if (stored.type === 'numbers') numbers.push([column, stored.values])
    else {
      // Values that no run has any more are left behind.
      const entries: (string | number | boolean)[] = []
      const newCode = new Map<number, number>([[-1, -1]])
      const values = Int32Array.from(slots, (slot) => {
        const code = stored.codes[slot]!
        if (!newCode.has(code)) newCode.set(code, entries.push(stored.entries[code]!) - 1)
        return newCode.get(code)!
      })
      codes.push({ column, entries, values })
    }
  }
  const header: z.input<typeof headerSchema> = {
    type: 'causeway-runs-index',
    version: 1,
    runs: slots.length,
    numbers: numbers.map(([column]) => column),
    codes: codes.map(({ column, entries }) => ({ column, entries })),
  }
  const text = Buffer.from(JSON.stringify(header))
  const bodyAt = aligned(prefixBytes + text.length)
  const bytes = new Uint8Array(
    bodyAt + (2 + numbers.length) * 8 * slots.length + codes.length * aligned(4 * slots.length),
  )
  new DataView(bytes.buffer).setUint32(hashBytes, text.length, true)
  bytes.set(text, prefixBytes)
  let at = bodyAt
  for (const values of [table.sizes, table.times, ...numbers.map(([, column]) => column)]) {
    const target = new Float64Array(bytes.buffer, at, slots.length)
    slots.forEach((slot, i) => (target[i] = values[slot]!))
    at += 8 * slots.length
  }
  for (const { values } of codes) {
    new Int32Array(bytes.buffer, at, slots.length).set(values)
    at += aligned(4 * slots.length)
  }
  bytes.set(digest(bytes), 0)
  return bytes
}

/** The columns in a file; null for anything but a whole file that this version wrote: it is then made anew from the manifests. */
export function decodeRunIndex(file: Uint8Array): RunColumns | null {
  // Typed arrays over it start at multiples of 8, wherever the file was read to.
  const bytes = file.byteOffset % 8 === 0 ? file : file.slice()
  if (bytes.length < prefixBytes || !digest(bytes).equals(bytes.subarray(0, hashBytes))) return null
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(hashBytes, true)
  const parsed = headerSchema.safeParse(
    JSON.parse(Buffer.from(bytes.subarray(prefixBytes, prefixBytes + length)).toString()),
  )
  if (!parsed.success) return null
  const { runs, numbers, codes } = parsed.data
  let at = bytes.byteOffset + aligned(prefixBytes + length)
  // Room for runs to come, so that the first of them does not move all columns.
  const capacity = runs + 64
  const float64 = (): Float64Array => {
    const values = new Float64Array(capacity).fill(NaN, runs)
    values.set(new Float64Array(bytes.buffer, at, runs))
    at += 8 * runs
    return values
  }
  const int32 = (): Int32Array => {
    const values = new Int32Array(capacity).fill(-1, runs)
    values.set(new Int32Array(bytes.buffer, at, runs))
    at += aligned(4 * runs)
    return values
  }
  const sizes = float64()
  const times = float64()
  const columns = new Map<string, Column>()
  for (const column of numbers) columns.set(column, { type: 'numbers', values: float64() })
  for (const { column, entries } of codes) columns.set(column, codedColumn(int32(), entries))
  return new RunColumns({ runs, columns, sizes, times })
}

const digest = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes.subarray(hashBytes)).digest()
