import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { csrOf } from '../../../tests/support/csr'
import {
  bytesOf,
  bothWays,
  firstDifference,
  normals,
  pick,
  randomRows,
  sizes,
  startedKernels,
  strew,
  valuesOf,
} from '../../../tests/support/kernels'
import type { Csr } from '../../../src-shared/domain/split'
import { Rng } from '../rng'
import { multinomialLogLikelihood } from '../sparse'
import { tf, type Tensor, type Tensor2D } from '../tf'
import type { Kernels } from './kernels'

let kernels: Kernels
beforeAll(async () => {
  kernels = await startedKernels()
})
afterAll(() => expect(tf.memory().numTensors).toBe(0))

/** The likelihood of rows under logits, and its gradient where every row counts by `dy`. */
const valueAndGradient = (logits: Float32Array, rows: Csr, dy: Float32Array): [Float32Array, Float32Array] =>
  tf.tidy(() => {
    const x = tf.tensor2d(logits, [rows.rows, rows.cols])
    const weighed = (given: Tensor): Tensor =>
      tf.sum(tf.mul(multinomialLogLikelihood(given as Tensor2D, rows), tf.tensor1d(dy)))
    const value = multinomialLogLikelihood(x, rows).dataSync<'float32'>().slice()
    return [value, tf.grad(weighed)(x).dataSync<'float32'>().slice()]
  }) as [Float32Array, Float32Array]

/** The same in float64, with the magnitudes that rounding errors are measured by. */
function reference(logits: Float32Array, rows: Csr, dy: Float32Array) {
  const { cols } = rows
  const value = new Float64Array(rows.rows)
  const gradient = new Float64Array(logits.length)
  const valueSize = new Float64Array(rows.rows)
  const gradientSize = new Float64Array(logits.length)
  for (let row = 0; row < rows.rows; row++) {
    const x = logits.subarray(row * cols, (row + 1) * cols)
    const largest = x.reduce((most, logit) => Math.max(most, logit), -Infinity)
    let sum = 0
    for (const logit of x) sum += Math.exp(logit - largest)
    const total = largest + Math.log(sum)
    const stored = rows.indices.subarray(rows.indptr[row]!, rows.indptr[row + 1]!)
    for (const item of stored) {
      value[row]! += x[item]! - total
      valueSize[row]! += Math.abs(x[item]!) + Math.abs(total)
      gradient[row * cols + item]! += dy[row]!
      gradientSize[row * cols + item]! += Math.abs(dy[row]!)
    }
    for (let item = 0; item < cols; item++) {
      const share = dy[row]! * stored.length * Math.exp(x[item]! - total)
      gradient[row * cols + item]! -= share
      // An error of the exponent is one of the factor.
      gradientSize[row * cols + item]! += Math.abs(share) * (4 + Math.abs(x[item]!) + Math.abs(total))
    }
  }
  return { value, gradient, valueSize, gradientSize }
}

const unit = 2 ** -24

describe('the multinomial likelihood', () => {
  test('and its gradient are those of float64, and of the portable way, within the rounding of their parts', () => {
    const rng = Rng.seeded(31)
    for (let trial = 0; trial < 60; trial++) {
      const [rows, cols] = [pick(rng, sizes), pick(rng, [...sizes, 1000, 2003])]
      const pattern = randomRows(rng, rows, cols, pick(rng, [0.02, 0.3, 1]))
      const [logits, dy] = [normals(rng, rows * cols, pick(rng, [0.1, 1, 8])), normals(rng, rows)]
      const { fast, portable } = bothWays(['likelihood'], () => valueAndGradient(logits, pattern, dy))
      const exact = reference(logits, pattern, dy)
      // The last summand is for gradients below the smallest normal float32, which are zeros.
      const allowed = [
        (at: number) => unit * (2 + Math.sqrt(cols)) * exact.valueSize[at]!,
        (at: number) => unit * 4 * exact.gradientSize[at]! + 2e-38 * cols * Math.abs(dy[Math.floor(at / cols)]!),
      ]
      ;[exact.value, exact.gradient].forEach((expected, part) => {
        expect(firstDifference(fast[part]!, expected, allowed[part]!), `${rows} × ${cols}, part ${part}`).toBeNull()
        const alike = firstDifference(fast[part]!, portable[part]!, (at) => 4 * allowed[part]!(at) + unit)
        expect(alike, `${rows} × ${cols}, part ${part}, portable`).toBeNull()
      })
    }
  })

  test('of a row is the same whatever logits are added to all of its', () => {
    const logits = normals(Rng.seeded(32), 97)
    const rows = csrOf([[0, 5, 50, 96]], 97)
    const [at0] = valueAndGradient(logits, rows, Float32Array.of(1))
    const [at1000] = valueAndGradient(
      logits.map((logit) => logit + 1000),
      rows,
      Float32Array.of(1),
    )
    expect(Math.abs(at1000[0]! - at0[0]!)).toBeLessThan(8 * 1000 * 2 ** -23)
  })

  test.each([
    ['NaN', [NaN]],
    ['infinity', [Infinity]],
    ['both', [NaN, Infinity]],
  ])('%s spoils its own row alone, in both ways', (_, what) => {
    const rng = Rng.seeded(33)
    for (const cols of [1, 5, 16, 37, 131]) {
      const rows = randomRows(rng, 13, cols, 0.5)
      const logits = normals(rng, 13 * cols)
      for (const row of [2, 6, 12]) strew(rng, logits.subarray(row * cols, (row + 1) * cols), 2, what)
      const dy = normals(rng, 13)
      const { fast, portable } = bothWays(['likelihood'], () => valueAndGradient(logits, rows, dy))
      for (const part of [0, 1] as const) {
        const [ours, theirs] = [fast, portable].map((values) => [...values[part]].map(Number.isNaN))
        expect(ours).toEqual(theirs)
        expect(ours!.filter(Boolean)).toHaveLength(part === 0 ? 3 : 3 * cols)
      }
    }
  })

  test('a logit of -infinity has no share in its row, and a stored one makes the row impossible', () => {
    const logits = Float32Array.of(-Infinity, 1, 2, -Infinity, 1, 2)
    const [value, gradient] = valueAndGradient(logits, csrOf([[1], [0]], 3), Float32Array.of(1, 1))
    expect(value[0]).toBeCloseTo(-Math.log(1 + Math.E), 6)
    expect(value[1]).toBe(-Infinity)
    const share = 1 / (1 + Math.E)
    ;[0, 1 - share, -1 + share, 1, -share, -1 + share].forEach((expected, at) =>
      expect(gradient[at]).toBeCloseTo(expected, 6),
    )
  })
})

describe('log-softmax', () => {
  const logSoftmax = (x: Float32Array, rows: number, cols: number): Float32Array =>
    valuesOf(() => kernels.logSoftmax(tf.tensor2d(x, [rows, cols])))

  test('is that of float64, and of tfjs', () => {
    const rng = Rng.seeded(34)
    for (let trial = 0; trial < 60; trial++) {
      const [rows, cols] = [pick(rng, sizes), pick(rng, [...sizes, 1000, 2003])]
      const x = normals(rng, rows * cols, pick(rng, [0.1, 1, 30]))
      const expected = Float64Array.from(x)
      const magnitudes = new Float64Array(x.length)
      for (let row = 0; row < rows; row++) {
        const values = expected.subarray(row * cols, (row + 1) * cols)
        const largest = values.reduce((most, value) => Math.max(most, value), -Infinity)
        const total = largest + Math.log(values.reduce((sum, value) => sum + Math.exp(value - largest), 0))
        values.forEach((value, at) => {
          magnitudes[row * cols + at] = Math.abs(value) + Math.abs(largest) + Math.sqrt(cols) + 2
          values[at] = value - total
        })
      }
      const found = logSoftmax(x, rows, cols)
      expect(
        firstDifference(found, expected, (at) => 2 * unit * magnitudes[at]!),
        `${rows} × ${cols}`,
      ).toBeNull()
      const portable = valuesOf(() => tf.logSoftmax(tf.tensor2d(x, [rows, cols])))
      expect(
        firstDifference(found, portable, (at) => 4 * unit * magnitudes[at]!),
        `${rows} × ${cols}`,
      ).toBeNull()
    }
  })

  test('carries NaN and infinities as tfjs does', () => {
    const rng = Rng.seeded(35)
    for (const cols of [1, 3, 16, 17, 64, 131]) {
      const x = normals(rng, 11 * cols)
      for (const [row, what] of [[1, NaN] as const, [4, Infinity] as const, [7, -Infinity] as const])
        strew(rng, x.subarray(row * cols, (row + 1) * cols), 1, [what])
      const portable = valuesOf(() => tf.logSoftmax(tf.tensor2d(x, [11, cols])))
      expect(firstDifference(logSoftmax(x, 11, cols), portable, () => 2e-6)).toBeNull()
    }
  })

  test('the bits of a row do not depend on how many rows are computed with it', () => {
    const [rows, cols] = [50, 333]
    const x = normals(Rng.seeded(36), rows * cols, 3)
    const all = logSoftmax(x, rows, cols)
    for (let row = 0; row < rows; row++) {
      const single = logSoftmax(x.slice(row * cols, (row + 1) * cols), 1, cols)
      expect(bytesOf(single).equals(bytesOf(all.subarray(row * cols, (row + 1) * cols)))).toBe(true)
    }
  })
})
