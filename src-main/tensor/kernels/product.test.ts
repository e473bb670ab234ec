import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  bytesOf,
  bothWays,
  firstDifference,
  normals,
  pick,
  sizes,
  startedKernels,
  strew,
  valuesOf,
} from '../../../tests/support/kernels'
import { columnSums, linear } from '../ops'
import { Rng } from '../rng'
import { tf, type Tensor, type Tensor2D } from '../tf'

beforeAll(() => startedKernels())
afterAll(() => expect(tf.memory().numTensors).toBe(0))

const transpositions = [
  [false, false],
  [true, false],
  [false, true],
  [true, true],
] as const

/** [·, ·] or transposed, after the sizes of a batch. */
const shapeOf = (batch: number[], rows: number, cols: number, transposed: boolean): number[] =>
  transposed ? [...batch, cols, rows] : [...batch, rows, cols]

const cellsOf = (shape: number[]): number => shape.reduce((product, size) => product * size, 1)

/**
 * How far two float32 sums of k products may be apart, relative to the sum of their magnitudes: roundings of half a unit add up like a
 * random walk, so with the square root of k; the worst case, k of them in one direction, does not happen.
 */
const tolerance = (k: number): number => (2 + Math.sqrt(k)) * 2 ** -24

/** Compares the product of both ways, every cell by the magnitudes it sums, and some cells with a sum in float64. */
function compare(
  rng: Rng,
  m: number,
  k: number,
  n: number,
  transposeA: boolean,
  transposeB: boolean,
  bias: boolean,
): void {
  const a = normals(rng, m * k)
  const b = normals(rng, k * n)
  const start = bias ? normals(rng, n) : new Float32Array(n)
  const [shapeA, shapeB] = [shapeOf([], m, k, transposeA), shapeOf([], k, n, transposeB)]
  const given = (...[x, y]: Float32Array[]): [Tensor2D, Tensor2D] => [
    tf.tensor2d(x!, shapeA as [number, number]),
    tf.tensor2d(y!, shapeB as [number, number]),
  ]
  const fused = (): Tensor => {
    const [left, right] = given(a, b)
    return tf.fused.matMul({ a: left, b: right, transposeA, transposeB, bias: tf.tensor1d(start) })
  }
  // The bias apart: tfjs' own product with bias is wrong where an operand is transposed.
  const apart = (x: Float32Array, y: Float32Array, z: Float32Array): Tensor => {
    const product = tf.matMul(...given(x, y), transposeA, transposeB)
    return bias ? tf.add(product, tf.tensor1d(z)) : product
  }
  const fast = valuesOf(() => (bias ? fused() : apart(a, b, start)))
  const { portable } = bothWays(['product'], () => valuesOf(() => apart(a, b, start)))
  const sizesOf = (values: Float32Array): Float32Array => values.map((value) => Math.abs(value))
  const magnitudes = valuesOf(() => apart(sizesOf(a), sizesOf(b), sizesOf(start)))
  const allowed = (at: number): number => tolerance(k) * magnitudes[at]!
  expect(firstDifference(fast, portable, allowed), `${m} × ${k} × ${n}`).toBeNull()
  for (let cell = 0; cell < 50; cell++) {
    const [i, j] = [rng.integer(m), rng.integer(n)]
    let sum = start[j]!
    for (let l = 0; l < k; l++) sum += a[transposeA ? l * m + i : i * k + l]! * b[transposeB ? j * k + l : l * n + j]!
    expect(
      firstDifference([fast[i * n + j]!], [sum], () => allowed(i * n + j)),
      `${m} × ${k} × ${n}`,
    ).toBeNull()
  }
}

describe.each(transpositions)('products, transposed: %s and %s', (transposeA, transposeB) => {
  test('of random shapes are those of tfjs', () => {
    const rng = Rng.seeded(11)
    for (let trial = 0; trial < 40; trial++)
      compare(rng, pick(rng, sizes), pick(rng, sizes), pick(rng, sizes), transposeA, transposeB, trial % 2 === 1)
  })

  test.each([
    ['two blocks of inner indices, the second shorter', 7, 1279, 19],
    ['three blocks and edges on both sides', 13, 1301, 67],
    ['one inner index more than a block', 6, 641, 65],
    ['rows that are packed in two parts', 1543, 9, 35],
    ['rows in two parts and two blocks', 1537, 650, 17],
    ['many chunks of columns', 3, 5, 1031],
  ])('%s', (_, m, k, n) => compare(Rng.seeded(12), m, k, n, transposeA, transposeB, true))

  test('of batches, single ones standing for all, are those of tfjs', () => {
    const rng = Rng.seeded(13)
    const batches: [number[], number[]][] = [
      [[3], [3]],
      [[1], [4]],
      [[4], [1]],
      [[], [3]],
      [[2], []],
      [
        [2, 3],
        [2, 3],
      ],
      // Broadcast along an axis: tfjs computes these.
      [
        [2, 1],
        [1, 3],
      ],
      [
        [2, 1],
        [2, 3],
      ],
    ]
    for (const [batchA, batchB] of batches) {
      const [m, k, n] = [pick(rng, sizes), pick(rng, sizes), pick(rng, sizes)]
      const [shapeA, shapeB] = [shapeOf(batchA, m, k, transposeA), shapeOf(batchB, k, n, transposeB)]
      const [a, b] = [shapeA, shapeB].map((shape) => normals(rng, cellsOf(shape))) as [Float32Array, Float32Array]
      const { fast, portable } = bothWays(['product'], () =>
        valuesOf(() => tf.matMul(tf.tensor(a, shapeA), tf.tensor(b, shapeB), transposeA, transposeB)),
      )
      // Sums of k products of normals: magnitudes near 0.64 k, never twice as much and more.
      const worst = 2 * tolerance(k) * (k + 10)
      expect(
        firstDifference(fast, portable, () => worst),
        `[${batchA.join()}] × [${batchB.join()}]`,
      ).toBeNull()
    }
  })

  test('carry NaN and infinities into the same cells', () => {
    const rng = Rng.seeded(14)
    for (let trial = 0; trial < 12; trial++) {
      const [m, k, n] = [pick(rng, sizes), pick(rng, sizes), pick(rng, sizes)]
      const a = strew(rng, normals(rng, m * k), 1 + Math.floor(m / 8))
      const b = strew(rng, normals(rng, k * n), 1)
      const { fast, portable } = bothWays(['product'], () =>
        valuesOf(() =>
          tf.matMul(
            tf.tensor(a, shapeOf([], m, k, transposeA)),
            tf.tensor(b, shapeOf([], k, n, transposeB)),
            transposeA,
            transposeB,
          ),
        ),
      )
      const special = (values: Float32Array): number[] =>
        [...values].map((value) => (Number.isFinite(value) ? 0 : value))
      expect(special(fast)).toEqual(special(portable))
      expect(special(fast).some((value) => value !== 0)).toBe(true)
    }
  })

  test('the bits of a row do not depend on how many rows are computed with it', () => {
    const rng = Rng.seeded(15)
    const [m, k, n] = [50, 700, 83]
    const a = normals(rng, m * k)
    const b = normals(rng, k * n)
    const product = (rows: number[]): Float32Array =>
      valuesOf(() => {
        const left = tf.gather(tf.tensor2d(a, [m, k]), rows)
        const right = tf.tensor2d(b, transposeB ? [n, k] : [k, n])
        return tf.matMul(transposeA ? tf.transpose(left) : left, right, transposeA, transposeB)
      })
    const all = product([...Array(m).keys()])
    for (const row of [0, 5, 6, 31, 47, 48, 49]) {
      const expected = bytesOf(all.subarray(row * n, (row + 1) * n))
      expect(bytesOf(product([row])).equals(expected)).toBe(true)
      expect(bytesOf(product([7, row, 3]).subarray(n, 2 * n)).equals(expected)).toBe(true)
    }
  })
})

describe('products without cells or without summands', () => {
  test('nothing to sum leaves the bias, or zeros', () => {
    const [a, b] = [tf.zeros([7, 0]) as Tensor2D, tf.zeros([0, 3]) as Tensor2D]
    expect([...valuesOf(() => tf.matMul(a, b))]).toEqual(Array(21).fill(0))
    const withBias = valuesOf(() => tf.fused.matMul({ a, b, bias: tf.tensor1d([1, 2, 3]) }))
    expect([...withBias]).toEqual(Array(7).fill([1, 2, 3]).flat())
    tf.dispose([a, b])
  })

  test('no rows and no columns give empty matrices', () => {
    const shapes = tf.tidy(() => [
      tf.matMul(tf.zeros([0, 5]), tf.zeros([5, 3])).shape,
      tf.matMul(tf.zeros([4, 5]), tf.zeros([5, 0])).shape,
    ])
    expect(shapes).toEqual([
      [0, 3],
      [4, 0],
    ])
  })
})

describe('what a product with bias does beside', () => {
  test('an activation is left to tfjs', () => {
    const value = valuesOf(() =>
      tf.fused.matMul({ a: tf.ones([2, 2]), b: tf.ones([2, 2]), bias: tf.tensor1d([-3, 1]), activation: 'relu' }),
    )
    expect([...value]).toEqual([0, 3, 0, 3])
  })

  test('linear and its gradients are those of the portable way', () => {
    const rng = Rng.seeded(16)
    for (let trial = 0; trial < 15; trial++) {
      const [m, k, n] = [pick(rng, sizes), pick(rng, sizes), pick(rng, sizes)]
      const inputs: [Float32Array, number[]][] = [
        [normals(rng, m * k), [m, k]],
        [normals(rng, k * n), [k, n]],
        [normals(rng, n), [n]],
      ]
      const weights = normals(rng, m * n)
      const { fast, portable } = bothWays(['product'], () =>
        tf.tidy(() => {
          const given = inputs.map(([values, shape]) => tf.tensor(values, shape))
          const weighed = (...[x, w, b]: Tensor[]): Tensor =>
            tf.sum(tf.mul(linear(x!, w!, b!), tf.tensor2d(weights, [m, n])))
          return [linear(given[0]!, given[1]!, given[2]!), ...tf.grads(weighed)(given)].map((tensor) =>
            tensor.dataSync<'float32'>().slice(),
          )
        }),
      )
      const summands = [k, n, m, m]
      fast.forEach((values, at) => {
        const worst = 2 * tolerance(summands[at]!) * (summands[at]! + 10)
        expect(
          firstDifference(values, portable[at]!, () => worst),
          `${m} × ${k} × ${n}, result ${at}`,
        ).toBeNull()
      })
    }
  })
})

describe('sums of columns', () => {
  test('are those of a product with ones', () => {
    const rng = Rng.seeded(17)
    for (let trial = 0; trial < 60; trial++) {
      const [m, n] = [pick(rng, [...sizes, 1000]), pick(rng, [...sizes, 300])]
      const x = normals(rng, m * n)
      const { fast, portable } = bothWays(['product'], () => valuesOf(() => columnSums(tf.tensor2d(x, [m, n]))))
      const magnitudes = Float32Array.from({ length: n }, (_, j) => {
        let sum = 0
        for (let i = 0; i < m; i++) sum += Math.abs(x[i * n + j]!)
        return sum
      })
      expect(
        firstDifference(fast, portable, (at) => tolerance(m) * magnitudes[at]!),
        `${m} × ${n}`,
      ).toBeNull()
    }
  })

  test('carry NaN and infinities', () => {
    const x = new Float32Array(3 * 37).fill(1)
    x[5] = NaN
    x[37 + 34] = Infinity
    x[74 + 34] = -Infinity
    x[36] = -Infinity
    const { fast, portable } = bothWays(['product'], () => valuesOf(() => columnSums(tf.tensor2d(x, [3, 37]))))
    expect([...fast]).toEqual([...portable])
    expect([fast[5], fast[34], fast[36], fast[0]]).toEqual([NaN, NaN, -Infinity, 3])
  })
})
