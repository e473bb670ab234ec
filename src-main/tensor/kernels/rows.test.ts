import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  bytesOf,
  bothWays,
  firstDifference,
  normals,
  patternTensors,
  pick,
  randomRows,
  sizes,
  startedKernels,
  strew,
  valuesOf,
} from '../../../tests/support/kernels'
import type { Csr } from '../../../src-shared/domain/split'
import { Rng } from '../rng'
import { normaliseRows, sparseMatMulBySegments } from '../sparse'
import { tf, type Tensor } from '../tf'
import type { Kernels } from './kernels'

let kernels: Kernels
beforeAll(async () => {
  kernels = await startedKernels()
})
afterAll(() => expect(tf.memory().numTensors).toBe(0))

const widths = [1, 2, 3, 5, 7, 8, 9, 13, 16, 17, 63, 64, 65, 71, 72, 73, 128, 131, 200]

/** The product of rows and a matrix, and its gradient in the matrix. */
const productAndGradient = (rows: Csr, table: Float32Array, width: number, dy: Float32Array): Float32Array[] =>
  tf.tidy(() => {
    const weight = tf.tensor2d(table, [rows.cols, width])
    const scaled = normaliseRows(rows)
    const weighed = (w: Tensor): Tensor =>
      tf.sum(tf.mul(sparseMatMulBySegments(scaled, w), tf.tensor2d(dy, [rows.rows, width])))
    return [sparseMatMulBySegments(scaled, weight), tf.grad(weighed)(weight)].map((tensor) =>
      tensor.dataSync<'float32'>().slice(),
    )
  })

describe('sums of stored rows', () => {
  test('and their gradients have the bits of segment sums, which add in the same order', () => {
    const rng = Rng.seeded(21)
    for (let trial = 0; trial < 60; trial++) {
      const [rows, cols, width] = [pick(rng, sizes), pick(rng, sizes), pick(rng, widths)]
      const pattern = randomRows(rng, rows, cols)
      const [table, dy] = [normals(rng, cols * width), normals(rng, rows * width)]
      const { fast, portable } = bothWays(['rows'], () => productAndGradient(pattern, table, width, dy))
      for (const part of [0, 1])
        expect(
          firstDifference(fast[part]!, portable[part]!, () => 0),
          `${rows} × ${cols} × ${width}`,
        ).toBeNull()
    }
  })

  test('scaled are those of plain arithmetic', () => {
    const rng = Rng.seeded(22)
    for (const width of widths) {
      const [rows, cols] = [pick(rng, sizes), pick(rng, sizes)]
      const pattern = randomRows(rng, rows, cols)
      const [table, scale] = [normals(rng, cols * width), normals(rng, rows)]
      const found = valuesOf(() =>
        kernels.sumRows(tf.tensor2d(table, [cols, width]), ...patternTensors(pattern), tf.tensor1d(scale)),
      )
      const expected = new Float64Array(rows * width)
      const magnitudes = new Float64Array(rows * width)
      for (let row = 0; row < rows; row++)
        for (let at = pattern.indptr[row]!; at < pattern.indptr[row + 1]!; at++)
          for (let column = 0; column < width; column++) {
            const value = scale[row]! * table[pattern.indices[at]! * width + column]!
            expected[row * width + column]! += value
            magnitudes[row * width + column]! += Math.abs(value)
          }
      const unit = (2 + Math.sqrt(cols)) * 2 ** -24
      expect(
        firstDifference(found, expected, (at) => unit * magnitudes[at]!),
        `width ${width}`,
      ).toBeNull()
    }
  })

  test('of rows that store nothing are zeros', () => {
    const pattern: Csr = { rows: 19, cols: 3, indptr: new Int32Array(20), indices: new Int32Array(0) }
    const [value, gradient] = productAndGradient(
      pattern,
      new Float32Array(3 * 71).fill(NaN),
      71,
      new Float32Array(19 * 71).fill(1),
    )
    expect(value).toEqual(new Float32Array(19 * 71))
    expect(gradient).toEqual(new Float32Array(3 * 71))
  })

  test('carry NaN and infinities of stored rows only', () => {
    const rng = Rng.seeded(23)
    for (const width of widths) {
      const pattern = randomRows(rng, 23, 17)
      const table = strew(rng, normals(rng, 17 * width), 4)
      const dy = strew(rng, normals(rng, 23 * width), 4)
      const { fast, portable } = bothWays(['rows'], () => productAndGradient(pattern, table, width, dy))
      for (const part of [0, 1]) expect(firstDifference(fast[part]!, portable[part]!, () => 0)).toBeNull()
      expect(fast[0]!.every((value) => Number.isFinite(value))).toBe(false)
    }
  })

  test('the bits of a row do not depend on the rows beside it', () => {
    const rng = Rng.seeded(24)
    const [cols, width] = [61, 137]
    const pattern = randomRows(rng, 40, cols)
    const table = normals(rng, cols * width)
    const sums = (rows: Csr): Float32Array =>
      valuesOf(() => kernels.sumRows(tf.tensor2d(table, [cols, width]), ...patternTensors(rows), null))
    const all = sums(pattern)
    for (let row = 0; row < 40; row++) {
      const indices = pattern.indices.slice(pattern.indptr[row]!, pattern.indptr[row + 1]!)
      const single: Csr = { rows: 1, cols, indptr: Int32Array.of(0, indices.length), indices }
      expect(bytesOf(sums(single)).equals(bytesOf(all.subarray(row * width, (row + 1) * width)))).toBe(true)
    }
  })
})
