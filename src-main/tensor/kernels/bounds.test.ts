import { afterAll, beforeAll, expect, test } from 'vitest'
import { firstDifference, normals, pick, sizes, startedKernels } from '../../../tests/support/kernels'
import { Rng } from '../rng'
import { tf } from '../tf'
import type { Kernels } from './kernels'

let kernels: Kernels
beforeAll(async () => {
  kernels = await startedKernels()
})
afterAll(() => expect(tf.memory().numTensors).toBe(0))

const columnsOf = (cols: number): number[] => Array.from({ length: cols }, (_, column) => column)

test('columns are measured within rounding', () => {
  const rng = Rng.seeded(61)
  for (let trial = 0; trial < 60; trial++) {
    const [rows, cols] = [pick(rng, sizes), pick(rng, [...sizes, 511, 512, 513, 1100])]
    const [x, start, centre, mean] = [rows * cols, cols, rows, rows].map((length) => normals(rng, length)) as [
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
    ]
    const found = tf.tidy(() => {
      const { base, squares } = kernels.columnBounds(tf.tensor2d(x, [rows, cols]), tf.tensor1d(start), centre, mean)
      return { base, squares }
    })
    const over = (term: (value: number, row: number) => number, from: (column: number) => number): number[] =>
      columnsOf(cols).map((column) =>
        Array.from(centre.keys()).reduce((sum, row) => sum + term(x[row * cols + column]!, row), from(column)),
      )
    const base = over(
      (value, row) => value * centre[row]!,
      (column) => start[column]!,
    )
    const squares = over(
      (value, row) => (value - mean[row]!) ** 2,
      () => 0,
    )
    const allowed = (): number => 2 ** -20 * (10 + rows)
    expect(firstDifference(found.base, base, allowed), `${rows} × ${cols}`).toBeNull()
    expect(firstDifference(found.squares, squares, allowed), `${rows} × ${cols}`).toBeNull()
  }
})

test('means of rows are those of all values of few columns, and near those of many', () => {
  const rng = Rng.seeded(62)
  for (const cols of [1, 15, 16, 17, 300, 512, 5000]) {
    const x = normals(rng, 11 * cols)
    const found = tf.tidy(() => kernels.rowMeans(tf.tensor2d(x, [11, cols])))
    const means = Array.from({ length: 11 }, (_, row) =>
      x.subarray(row * cols, (row + 1) * cols).reduce((sum, value) => sum + value / cols, 0),
    )
    expect(firstDifference(found, means, () => (cols <= 512 ? 1e-5 : 0.3))).toBeNull()
  }
})

test('an item survives where its bound reaches the threshold of any user', () => {
  const rng = Rng.seeded(63)
  for (let trial = 0; trial < 60; trial++) {
    const [items, users] = [pick(rng, [...sizes, 255, 256, 257, 1000]), pick(rng, [1, 2, 3, 8, 37])]
    // Eighths and small whole numbers: no rounding, so that what is equal is equal.
    const eighths = (length: number, most: number): Float32Array =>
      Float32Array.from({ length }, () => rng.integer(most) / 8)
    const [upper, radii, distances] = [eighths(items, 40), eighths(items, 8), eighths(users, 8)]
    const thresholds = eighths(users, 50).map((value) => (rng.uniform() < 0.05 ? -Infinity : value + 1))
    const expected = columnsOf(items).filter((item) =>
      thresholds.some((threshold, user) => upper[item]! + distances[user]! * radii[item]! >= threshold),
    )
    expect([...kernels.survivors(upper, radii, distances, thresholds)]).toEqual(expected)
  }
})

test('columns are gathered in the order that is asked for', () => {
  const rng = Rng.seeded(64)
  for (let trial = 0; trial < 20; trial++) {
    const [rows, cols, count] = [pick(rng, sizes), pick(rng, sizes), pick(rng, sizes)]
    const x = normals(rng, rows * cols)
    const columns = Int32Array.from({ length: count }, () => rng.integer(cols))
    const found = tf.tidy(() => kernels.gatherColumns(tf.tensor2d(x, [rows, cols]), columns).dataSync<'float32'>())
    const expected = Float32Array.from(
      { length: rows * count },
      (_, at) => x[Math.floor(at / count) * cols + columns[at % count]!]!,
    )
    expect(found).toEqual(expected)
  }
})
