import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  bothWays,
  firstDifference,
  normals,
  sizes,
  startedKernels,
  strew,
  unitAt,
  valuesOf,
} from '../../../tests/support/kernels'
import { Rng } from '../rng'
import { tf, type Tensor } from '../tf'

beforeAll(() => startedKernels())
afterAll(() => expect(tf.memory().numTensors).toBe(0))

/** Below the smallest normal float32, and a little above, results may be zero. */
const least = 1.25e-38

/** In float64, and the units in the last place that float32 may be off. */
const functions = {
  exp: { exact: Math.exp, units: 2.5 },
  tanh: { exact: Math.tanh, units: 2 },
  sigmoid: { exact: (x: number) => 1 / (1 + Math.exp(-x)), units: 3 },
  elu: { exact: (x: number) => (x >= 0 ? x : Math.expm1(x)), units: 1.5 },
}

/** Arguments over the whole range: steps where the functions bend, random ones of every size, and the edges of float32. */
function argumentsOf(rng: Rng): Float32Array {
  const steps = Array.from({ length: 40_000 }, (_, at) => -100 + at / 200 + rng.uniform() / 200)
  const small = Array.from({ length: 20_000 }, () => 2 * rng.uniform() - 1)
  const anySize = Array.from(
    { length: 20_000 },
    () => (rng.uniform() < 0.5 ? -1 : 1) * 2 ** (-149 + 276 * rng.uniform()),
  )
  const edges = [
    0, 1e-45, 1.17549435e-38, 3.4028234e38, 0.625, 87.3, 87.33, 88, 88.37, 88.38, 88.5, 88.72, 88.7228, 88.73, 89, 89.5,
    104,
  ]
  return Float32Array.from([...steps, ...small, ...anySize, ...edges, ...edges.map((x) => -x)])
}

describe.each(Object.entries(functions))('%s', (name, { exact, units }) => {
  const compute = tf[name as keyof typeof functions]

  test('is within a few units in the last place, over the whole range of float32', () => {
    const x = argumentsOf(Rng.seeded(61))
    const expected = Float64Array.from(x, (value) => {
      const y = exact(value)
      return Math.abs(y) < 3.4028235677973366e38 ? y : Math.sign(y) * Infinity
    })
    const { fast, portable } = bothWays(['unary'], () => valuesOf(() => compute(tf.tensor1d(x))))
    const allowed = (at: number): number => (Math.abs(expected[at]!) < least ? least : units * unitAt(expected[at]!))
    const worst = firstDifference(fast, expected, allowed)
    expect(worst && `${worst}: ${x[Number(/at (\d+)/.exec(worst)![1])]}`).toBeNull()
    // tfjs' own are rougher in places.
    expect(
      firstDifference(fast, portable, (at) => 4 * allowed(at) + 2 ** -22 * Math.min(1, Math.abs(expected[at]!))),
    ).toBeNull()
  })

  test('is the same for every place in an array', () => {
    const rng = Rng.seeded(62)
    for (const length of [...sizes, 8191, 8192, 8193, 20011]) {
      const value = rng.normal()
      const found = valuesOf(() => compute(tf.fill([length], value)))
      expect(new Set(found).size).toBe(1)
    }
  })

  test('takes NaN, infinities, zero and nothing as tfjs does', () => {
    const x = [NaN, Infinity, -Infinity, 0]
    // Once in vectors and once in what is left over.
    for (const given of [[...x, ...x], x, []]) {
      const { fast, portable } = bothWays(['unary'], () => [...valuesOf(() => compute(tf.tensor1d(given)))])
      expect(fast).toEqual(portable)
      expect(fast).toHaveLength(given.length)
    }
  })

  test('leaves what it was given as it is', () => {
    const x = tf.tensor1d([-1, 2, -3, 4, -5, 6, -7, 8, -9])
    compute(x).dispose()
    expect([...x.dataSync()]).toEqual([-1, 2, -3, 4, -5, 6, -7, 8, -9])
    x.dispose()
  })
})

test('integers are left to tfjs', () => {
  expect([...valuesOf(() => tf.exp(tf.tensor1d([0, 1], 'int32')))]).toEqual([1, Math.fround(Math.E)])
})

test('slopes are those of plain operations to the bit, NaN and infinity among them', async () => {
  const rng = Rng.seeded(67)
  const kernels = await startedKernels()
  const plain: Record<'Tanh' | 'Sigmoid' | 'Elu', (dy: Tensor, y: Tensor) => Tensor> = {
    Tanh: (dy, y) => tf.mul(dy, tf.sub(1, tf.square(y))),
    Sigmoid: (dy, y) => tf.mul(dy, tf.mul(y, tf.sub(1, y))),
    Elu: (dy, y) => tf.mul(dy, tf.add(tf.minimum(y, 0), 1)),
  }
  for (const name of ['Tanh', 'Sigmoid', 'Elu'] as const)
    for (const length of [...sizes, 8191, 8193, 20011]) {
      const [dy, y] = [strew(rng, normals(rng, length), 3), strew(rng, normals(rng, length), 3)]
      const found = valuesOf(() => kernels.unaryGradient(name, tf.tensor1d(dy), tf.tensor1d(y)))
      const expected = valuesOf(() => plain[name](tf.tensor1d(dy), tf.tensor1d(y)))
      expect([...found]).toEqual([...expected])
    }
})
