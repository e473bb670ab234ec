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
import {
  bernoulliLogLikelihood,
  exposedLogLikelihood,
  multinomialLogLikelihood,
  observedSquaredError,
  weightedMultinomialLogLikelihood,
} from '../sparse'
import { tf, type Tensor, type Tensor2D } from '../tf'
import type { Kernels } from './kernels'

let kernels: Kernels
beforeAll(async () => {
  kernels = await startedKernels()
})
afterAll(() => expect(tf.memory().numTensors).toBe(0))

/** A likelihood of rows under logits, and its gradient where every row counts by `dy`. */
const valueAndGradient = (
  logits: Float32Array,
  rows: Csr,
  dy: Float32Array,
  of: (x: Tensor2D, rows: Csr) => Tensor = multinomialLogLikelihood,
): [Float32Array, Float32Array] =>
  tf.tidy(() => {
    const x = tf.tensor2d(logits, [rows.rows, rows.cols])
    const weighed = (given: Tensor): Tensor => tf.sum(tf.mul(of(given as Tensor2D, rows), tf.tensor1d(dy)))
    const value = of(x, rows).dataSync<'float32'>().slice()
    return [value, tf.grad(weighed)(x).dataSync<'float32'>().slice()]
  }) as [Float32Array, Float32Array]

const weighted =
  (weights: Float32Array) =>
  (x: Tensor2D, rows: Csr): Tensor =>
    weightedMultinomialLogLikelihood(x, rows, weights)

/** The same in float64, with the magnitudes that rounding errors are measured by. */
function reference(
  logits: Float32Array,
  rows: Csr,
  dy: Float32Array,
  weights: Float32Array = new Float32Array(rows.indices.length).fill(1),
) {
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
    let weight = 0
    for (let at = rows.indptr[row]!; at < rows.indptr[row + 1]!; at++) {
      const [item, own] = [rows.indices[at]!, weights[at]!]
      weight += own
      value[row]! += own * (x[item]! - total)
      valueSize[row]! += own * (Math.abs(x[item]!) + Math.abs(total))
      gradient[row * cols + item]! += own * dy[row]!
      gradientSize[row * cols + item]! += own * Math.abs(dy[row]!)
    }
    for (let item = 0; item < cols; item++) {
      const share = dy[row]! * weight * Math.exp(x[item]! - total)
      gradient[row * cols + item]! -= share
      // An error of the exponent is one of the factor.
      gradientSize[row * cols + item]! += Math.abs(share) * (4 + Math.abs(x[item]!) + Math.abs(total))
    }
  }
  return { value, gradient, valueSize, gradientSize }
}

const unit = 2 ** -24

/** Positive numbers, one for each stored entry. */
const weightsOf = (rng: Rng, rows: Csr): Float32Array => Float32Array.from(rows.indices, () => 0.1 + 3 * rng.uniform())

/** The cells of a dense matrix that a row stores. */
const storedCells = ({ indptr, indices, cols }: Csr, row: number): number[] =>
  Array.from(indices.subarray(indptr[row]!, indptr[row + 1]!), (item) => row * cols + item)

describe('the multinomial likelihood', () => {
  test.each([
    ['without weights', false],
    ['with weights', true],
  ])(
    '%s, and its gradient, are those of float64, and of the portable way, within the rounding of their parts',
    (_, isWeighted) => {
      const rng = Rng.seeded(31)
      for (let trial = 0; trial < 60; trial++) {
        const [rows, cols] = [pick(rng, sizes), pick(rng, [...sizes, 1000, 2003])]
        const pattern = randomRows(rng, rows, cols, pick(rng, [0.02, 0.3, 1]))
        const [logits, dy] = [normals(rng, rows * cols, pick(rng, [0.1, 1, 8])), normals(rng, rows)]
        const weights = isWeighted ? weightsOf(rng, pattern) : undefined
        const { fast, portable } = bothWays(['likelihood'], () =>
          valueAndGradient(logits, pattern, dy, weights && weighted(weights)),
        )
        const exact = reference(logits, pattern, dy, weights)
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
    },
  )

  test('with weights of 1 has the bits of the one without', () => {
    const rng = Rng.seeded(37)
    for (const cols of [5, 16, 37, 1000]) {
      const pattern = randomRows(rng, 13, cols)
      const [logits, dy] = [normals(rng, 13 * cols, 3), normals(rng, 13)]
      const ones = new Float32Array(pattern.indices.length).fill(1)
      const plain = valueAndGradient(logits, pattern, dy)
      valueAndGradient(logits, pattern, dy, weighted(ones)).forEach((values, part) =>
        expect(bytesOf(values).equals(bytesOf(plain[part]!)), `${cols} columns, part ${part}`).toBe(true),
      )
    }
  })

  test('with weights of 0 is 0, and so is its gradient', () => {
    const pattern = csrOf([[0, 2], [], [1]], 3)
    const { fast, portable } = bothWays(['likelihood'], () =>
      valueAndGradient(normals(Rng.seeded(38), 9), pattern, Float32Array.of(1, 2, 3), weighted(new Float32Array(3))),
    )
    for (const values of [...fast, ...portable]) expect(values.every((value) => value === 0)).toBe(true)
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

describe('the likelihood among exposed entries', () => {
  const exposed =
    (weights: Float32Array) =>
    (x: Tensor2D, rows: Csr): Tensor =>
      exposedLogLikelihood(x, rows, weights)

  /** In float64, with the magnitudes that rounding errors are measured by. */
  function exactly(logits: Float32Array, rows: Csr, dy: Float32Array, weights: Float32Array) {
    const { cols } = rows
    const [value, valueSize] = [new Float64Array(rows.rows), new Float64Array(rows.rows)]
    const [gradient, gradientSize] = [new Float64Array(logits.length), new Float64Array(logits.length)]
    for (let row = 0; row < rows.rows; row++) {
      const entries = Array.from(
        { length: rows.indptr[row + 1]! - rows.indptr[row]! },
        (_, at) => rows.indptr[row]! + at,
      )
      const cellOf = (entry: number): number => row * cols + rows.indices[entry]!
      const largest = entries.reduce((most, entry) => Math.max(most, logits[cellOf(entry)]!), -Infinity)
      const sum = entries.reduce((all, entry) => all + Math.exp(logits[cellOf(entry)]! - largest), 0)
      const weight = entries.reduce((all, entry) => all + weights[entry]!, 0)
      for (const entry of entries) {
        const below = logits[cellOf(entry)]! - largest
        const share = (weight * Math.exp(below)) / sum
        value[row]! += weights[entry]! * (below - Math.log(sum))
        valueSize[row]! += weights[entry]! * (Math.abs(below) + Math.log(sum) + 1)
        gradient[cellOf(entry)] = dy[row]! * (weights[entry]! - share)
        // An error of the exponent is one of the factor.
        gradientSize[cellOf(entry)] = Math.abs(dy[row]!) * (weights[entry]! + share * (1 + Math.abs(below)))
      }
    }
    return { value, gradient, valueSize, gradientSize }
  }

  test('and its gradient are those of float64, and of the portable way, within the rounding of their parts', () => {
    const rng = Rng.seeded(46)
    for (let trial = 0; trial < 60; trial++) {
      const [rows, cols] = [pick(rng, sizes), pick(rng, [...sizes, 1000, 2003])]
      const pattern = randomRows(rng, rows, cols, pick(rng, [0.02, 0.3, 1]))
      // Also far from zero: the largest is taken out before anything is rounded.
      const shift = pick(rng, [0, 0, 5000])
      const logits = normals(rng, rows * cols, pick(rng, [0.1, 1, 8])).map((x) => x + shift)
      const [dy, weights] = [normals(rng, rows), weightsOf(rng, pattern)]
      const { fast, portable } = bothWays(['likelihood'], () => valueAndGradient(logits, pattern, dy, exposed(weights)))
      const exact = exactly(logits, pattern, dy, weights)
      const error = unit * (4 + Math.sqrt(cols))
      for (const found of [fast, portable])
        for (const [part, expected, size] of [
          [0, exact.value, exact.valueSize],
          [1, exact.gradient, exact.gradientSize],
        ] as const)
          expect(
            firstDifference(found[part], expected, (at) => error * size[at]!),
            `${rows} × ${cols} at ${shift}, part ${part}, ${found === fast ? 'fast' : 'portable'}`,
          ).toBeNull()
    }
  })

  test('with every column stored is the weighted likelihood, and does not depend on what is not stored', () => {
    const rng = Rng.seeded(47)
    const [rows, cols] = [7, 61]
    const pattern = randomRows(rng, rows, cols, 0.4)
    const [logits, dy, weights] = [normals(rng, rows * cols, 2), normals(rng, rows), weightsOf(rng, pattern)]
    const all = csrOf(
      Array.from({ length: rows }, () => Array.from({ length: cols }, (_, item) => item)),
      cols,
    )
    const everyWeight = weightsOf(rng, all)
    const among = valueAndGradient(logits, all, dy, exposed(everyWeight))
    valueAndGradient(logits, all, dy, weighted(everyWeight)).forEach((values, part) =>
      expect(firstDifference(among[part]!, values, (at) => 1e-5 * (1 + Math.abs(values[at]!)))).toBeNull(),
    )
    const cells = new Set(Array.from({ length: rows }, (_, row) => storedCells(pattern, row)).flat())
    const others = logits.map((x, cell) => (cells.has(cell) ? x : [NaN, Infinity, -Infinity, 1e4][cell % 4]!))
    const { fast, portable } = bothWays(['likelihood'], () =>
      [logits, others].map((x) => valueAndGradient(x, pattern, dy, exposed(weights))),
    )
    for (const [plain, spoilt] of [fast, portable])
      for (const part of [0, 1] as const) expect(bytesOf(spoilt![part]).equals(bytesOf(plain![part]))).toBe(true)
  })

  test('of empty rows and of rows of one entry is 0, and so is its gradient', () => {
    const rows = csrOf([[], [2], [0], []], 3)
    const logits = Float32Array.of(1, 2, 3, 1e4, -1e4, 5, -1e4, 0, 0, 1, 2, 3)
    const { fast, portable } = bothWays(['likelihood'], () =>
      valueAndGradient(logits, rows, Float32Array.of(1, 2, 3, 4), exposed(Float32Array.of(2, 0.3))),
    )
    for (const [value, gradient] of [fast, portable]) {
      expect([...value].map(Math.abs)).toEqual([0, 0, 0, 0])
      expect(gradient.every((slope) => slope === 0)).toBe(true)
    }
  })

  test('extreme logits keep their difference, and NaN and infinity spoil their own row alone, in both ways', () => {
    const rows = csrOf([[0, 1], [0, 1], [0, 2], [1, 2], [0, 1], []], 3)
    const logits = Float32Array.of(1e4, -1e4, 0, 1e4, 1e4, 0, NaN, 0, 1, 5, Infinity, 1, -Infinity, 1, 0, NaN, 1, 2)
    const { fast, portable } = bothWays(['likelihood'], () =>
      valueAndGradient(logits, rows, Float32Array.of(1, 1, 1, 1, 1, 1), exposed(new Float32Array(10).fill(0.5))),
    )
    for (const [value, gradient] of [fast, portable]) {
      expect(value[0]).toBe(-1e4)
      expect(value[1]).toBeCloseTo(-Math.LN2, 6)
      expect([...value.subarray(2)]).toEqual([NaN, NaN, -Infinity, 0])
      expect([...gradient]).toEqual([-0.5, 0.5, 0, 0, 0, 0, NaN, 0, NaN, 0, NaN, NaN, 0.5, -0.5, 0, 0, 0, 0])
    }
  })
})

describe('the Bernoulli likelihood', () => {
  /** In float64, with the magnitudes that rounding errors are measured by. */
  function exactly(logits: Float32Array, rows: Csr, dy: Float32Array) {
    const { cols } = rows
    const [value, valueSize] = [new Float64Array(rows.rows), new Float64Array(rows.rows)]
    const [gradient, gradientSize] = [new Float64Array(logits.length), new Float64Array(logits.length)]
    for (let row = 0; row < rows.rows; row++) {
      const stored = new Set(rows.indices.subarray(rows.indptr[row]!, rows.indptr[row + 1]!))
      for (let item = 0; item < cols; item++) {
        const at = row * cols + item
        const [x, a] = [logits[at]!, stored.has(item) ? 1 : 0]
        const softplus = Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))
        const sigmoid = x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x))
        value[row]! += a * x - softplus
        valueSize[row]! += a * Math.abs(x) + softplus
        gradient[at] = dy[row]! * (a - sigmoid)
        gradientSize[at] = Math.abs(dy[row]!) * (a + sigmoid)
      }
    }
    return { value, gradient, valueSize, gradientSize }
  }

  test('and its gradient are those of float64, and of the portable way, within the rounding of their parts', () => {
    const rng = Rng.seeded(41)
    for (let trial = 0; trial < 60; trial++) {
      const [rows, cols] = [pick(rng, sizes), pick(rng, [...sizes, 1000, 1682])]
      const pattern = randomRows(rng, rows, cols, pick(rng, [0.02, 0.3, 1]))
      // Also all logits far below zero, as those of rare items are: what is added is small, and must not be lost beside 1.
      const [size, shift] = pick(rng, [
        [0.1, 0],
        [1, 0],
        [8, 0],
        [1, -12],
        [3000, 0],
      ] as const)
      const [logits, dy] = [normals(rng, rows * cols, size).map((x) => x + shift), normals(rng, rows)]
      const { fast, portable } = bothWays(['likelihood'], () =>
        valueAndGradient(logits, pattern, dy, bernoulliLogLikelihood),
      )
      const exact = exactly(logits, pattern, dy)
      // The last summands are for what is below the smallest normal float32, which is zero.
      const allowed = [
        (at: number) => unit * (8 + Math.sqrt(cols)) * exact.valueSize[at]! + 2e-38 * cols,
        (at: number) => unit * 6 * exact.gradientSize[at]! + 2e-38 * (1 + Math.abs(dy[Math.floor(at / cols)]!)),
      ]
      ;[exact.value, exact.gradient].forEach((expected, part) => {
        const what = `${rows} × ${cols}, ${size} and ${shift}, part ${part}`
        expect(firstDifference(fast[part]!, expected, allowed[part]!), what).toBeNull()
        // On wasm tfjs takes the logarithm of 1 + t, in which what is small beside 1 is lost.
        const alike = firstDifference(fast[part]!, portable[part]!, (at) => 4 * allowed[part]!(at) + 2 * unit * cols)
        expect(alike, `${what}, portable`).toBeNull()
      })
    }
  })

  test('of logits of 10,000 on either side is finite and exact, in whole vectors and in what is left over', () => {
    const rows = csrOf([[0, 16], [1, 17], []], 18)
    const logits = Float32Array.from({ length: 54 }, (_, at) => (at % 2 === 0 ? 1e4 : -1e4))
    const { fast, portable } = bothWays(['likelihood'], () =>
      valueAndGradient(logits, rows, Float32Array.of(1, 2, -1), bernoulliLogLikelihood),
    )
    // Nine logits above 0: two of them stored in the first row; in the second two of those below it are.
    expect([...fast[0]]).toEqual([-7e4, -11e4, -9e4])
    expect([...fast[0]]).toEqual([...portable[0]])
    const slope = (at: number): number => {
      const [row, item] = [Math.floor(at / 18), at % 18]
      const stored = rows.indices.subarray(rows.indptr[row]!, rows.indptr[row + 1]!).includes(item) ? 1 : 0
      return [1, 2, -1][row]! * (stored - (item % 2 === 0 ? 1 : 0))
    }
    expect(firstDifference(fast[1], Array.from(logits.keys(), slope), () => 0)).toBeNull()
    expect(firstDifference(fast[1], portable[1], () => 0)).toBeNull()
  })

  test('NaN and infinity spoil the value of their own row alone, in both ways', () => {
    const rng = Rng.seeded(42)
    for (const cols of [1, 5, 16, 37, 131]) {
      const rows = randomRows(rng, 13, cols, 0.5)
      const logits = normals(rng, 13 * cols)
      for (const row of [2, 6, 12]) logits[row * cols + rng.integer(cols)] = row === 6 ? NaN : Infinity
      const { fast, portable } = bothWays(['likelihood'], () =>
        valueAndGradient(logits, rows, normals(Rng.seeded(43), 13), bernoulliLogLikelihood),
      )
      for (const [value, gradient] of [fast, portable]) {
        expect([...value.keys()].filter((row) => !Number.isFinite(value[row]))).toEqual([2, 6, 12])
        expect([...gradient].filter(Number.isNaN)).toHaveLength(1)
      }
    }
  })

  test('the bits of a row do not depend on how many rows are computed with it', () => {
    const [rows, cols] = [50, 333]
    const x = normals(Rng.seeded(44), rows * cols, 3)
    const valuesAt = (from: number, to: number): Float32Array =>
      valuesOf(() =>
        bernoulliLogLikelihood(
          tf.tensor2d(x.slice(from * cols, to * cols), [to - from, cols]),
          csrOf(
            Array.from({ length: to - from }, () => [3, 200, 332]),
            cols,
          ),
        ),
      )
    const all = valuesAt(0, rows)
    for (let row = 0; row < rows; row++) expect(valuesAt(row, row + 1)[0]).toBe(all[row])
  })
})

describe('the squared error of observed entries', () => {
  test('and its gradient are those of float64 and of the portable way', () => {
    const rng = Rng.seeded(45)
    for (let trial = 0; trial < 40; trial++) {
      const [rows, cols] = [pick(rng, sizes), pick(rng, [...sizes, 1000])]
      const pattern = randomRows(rng, rows, cols, pick(rng, [0.02, 0.3, 1]))
      const [x, dy] = [normals(rng, rows * cols, 3), normals(rng, rows)]
      const targets = normals(rng, pattern.indices.length)
      const value = new Float64Array(rows)
      const gradient = new Float64Array(x.length)
      for (let row = 0; row < rows; row++)
        for (let at = pattern.indptr[row]!; at < pattern.indptr[row + 1]!; at++) {
          const cell = row * cols + pattern.indices[at]!
          const error = x[cell]! - targets[at]!
          value[row]! += error ** 2
          gradient[cell] = 2 * dy[row]! * error
        }
      const { fast, portable } = bothWays(['likelihood'], () =>
        valueAndGradient(x, pattern, dy, (given, stored) => observedSquaredError(given, stored, targets)),
      )
      for (const found of [fast, portable]) {
        const exact = firstDifference(found[0], value, (at) => unit * (4 + Math.sqrt(cols)) * value[at]!)
        expect(exact, `${rows} × ${cols}`).toBeNull()
        expect(
          firstDifference(found[1], gradient, (at) => unit * 4 * Math.abs(gradient[at]!)),
          `${rows} × ${cols}, gradient`,
        ).toBeNull()
      }
    }
  })

  test('extreme values keep their difference, and NaN spoils its own row alone', () => {
    const rows = csrOf([[0, 1], [2], []], 3)
    const x = Float32Array.of(1e4, -1e4, 1e4, 0, 0, NaN, 1, 2, 3)
    const { fast, portable } = bothWays(['likelihood'], () =>
      valueAndGradient(x, rows, Float32Array.of(1, 1, 1), (given, stored) =>
        observedSquaredError(given, stored, Float32Array.of(1e4 - 1, 1e4, 0)),
      ),
    )
    for (const [value, gradient] of [fast, portable]) {
      expect([...value]).toEqual([4e8 + 1, NaN, 0].map(Math.fround))
      expect([...gradient]).toEqual([2, -4e4, 0, 0, 0, NaN, 0, 0, 0])
    }
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
