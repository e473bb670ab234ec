import type { Csr } from '../../src-shared/domain/split'
import { useBackend } from '../../src-main/tensor/backends'
import { kernelsFor, type Kernels } from '../../src-main/tensor/kernels/kernels'
import { turnOff, type KernelName } from '../../src-main/tensor/kernels/switches'
import type { Rng } from '../../src-main/tensor/rng'
import { tf, type Tensor } from '../../src-main/tensor/tf'

/** Sizes around those of vectors, tiles and panels, and primes. */
export const sizes = [1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 15, 16, 17, 23, 31, 32, 33, 37, 47, 63, 64, 65, 97, 131]

export const pick = <T>(rng: Rng, from: readonly T[]): T => from[rng.integer(from.length)]!

/** The kernels on `wasm`. @throws Error where they are not built: the tests would compare the portable way with itself */
export async function startedKernels(threads = 1): Promise<Kernels> {
  await useBackend('wasm', threads)
  turnOff([])
  const kernels = kernelsFor('product')
  if (!kernels) throw new Error('The kernels are missing: run `node scripts/build-kernels.mjs`.')
  return kernels
}

/** What comes out with all kernels, and with some turned off. */
export function bothWays<T>(off: readonly KernelName[], compute: () => T): { fast: T; portable: T } {
  turnOff([])
  const fast = compute()
  turnOff(off)
  try {
    return { fast, portable: compute() }
  } finally {
    turnOff([])
  }
}

/** Normals of the portable generator. */
export const normals = (rng: Rng, length: number, scale = 1): Float32Array =>
  Float32Array.from({ length }, () => scale * rng.normal())

/** The values of the tensor that `compute` makes; all tensors go again. */
export const valuesOf = (compute: () => Tensor): Float32Array => tf.tidy(() => compute().dataSync<'float32'>().slice())

/** The bytes of an array, to be compared by `equals`: many times faster than `toEqual`, and it tells zeros apart. */
export const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array | Int32Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength)

/** Binary rows: the first and the last are empty where there are several, others at random. */
export function randomRows(rng: Rng, rows: number, cols: number, share = 0.3): Csr {
  const lists = Array.from({ length: rows }, (_, row) =>
    rows > 1 && (row === 0 || row === rows - 1 || rng.uniform() < 0.2)
      ? []
      : Array.from({ length: cols }, (_, col) => col).filter(() => rng.uniform() < share),
  )
  const indptr = new Int32Array(rows + 1)
  lists.forEach((list, row) => (indptr[row + 1] = indptr[row]! + list.length))
  return { rows, cols, indptr, indices: Int32Array.from(lists.flat()) }
}

/** The pattern as the tensors that the kernels take. */
export const patternTensors = (rows: Csr): [ReturnType<typeof tf.tensor1d>, ReturnType<typeof tf.tensor1d>] => [
  tf.tensor1d(rows.indptr, 'int32'),
  tf.tensor1d(rows.indices, 'int32'),
]

/** A float32's distance to its neighbour. */
export const unitAt = (x: number): number => 2 ** (Math.max(-126, Math.floor(Math.log2(Math.abs(x)))) - 23)

/** The first value that is further than `allowed` from what it should be, in words; null where none is. NaN and infinities are like themselves. */
export function firstDifference(
  found: ArrayLike<number>,
  expected: ArrayLike<number>,
  allowed: (at: number) => number,
): string | null {
  if (found.length !== expected.length) return `${found.length} values instead of ${expected.length}`
  for (let at = 0; at < expected.length; at++) {
    const [x, y] = [found[at]!, expected[at]!]
    const alike = Object.is(x, y) || x === y || Math.abs(x - y) <= allowed(at)
    if (!alike) return `${x} instead of ${y} at ${at}, ${Math.abs(x - y) / allowed(at)} times what is allowed`
  }
  return null
}

/** NaN and infinities, strewn over some of the values. */
export function strew(rng: Rng, values: Float32Array, count: number, what = [NaN, Infinity, -Infinity]): Float32Array {
  for (let i = 0; i < count; i++) values[rng.integer(values.length)] = pick(rng, what)
  return values
}
