import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bothWays, firstDifference, normals, pick, sizes, startedKernels, valuesOf } from '../../tests/support/kernels'
import { useBackend } from './backends'
import { addToGroups, dotGroups, squaredLengths, sumGroups } from './groups'
import { countLeakedTensors } from './leak'
import { Rng } from './rng'
import { tf, type Tensor, type Tensor2D } from './tf'

/** Rows in groups, the groups' own rows and shares, as plain numbers. */
interface Case {
  groups: number
  k: number
  w: number
  x: Float32Array
  y: Float32Array
  shares: Float32Array
}

function caseOf(rng: Rng, groups: number, k: number, w: number): Case {
  return {
    groups,
    k,
    w,
    x: normals(rng, groups * k * w),
    y: normals(rng, groups * w),
    shares: normals(rng, groups * k),
  }
}

/** The operations on tensors, and in float64 one cell after the other. */
const operations: Record<
  string,
  { run: (x: Tensor2D, y: Tensor2D, shares: Tensor2D) => Tensor; exact: (of: Case) => number[] }
> = {
  'a row added to its group': {
    run: (x, y) => addToGroups(x, y, 0.1),
    exact: ({ groups, k, w, x, y }) =>
      Array.from({ length: groups * k * w }, (_, at) => 0.1 * x[at]! + y[Math.floor(at / (k * w)) * w + (at % w)]!),
  },
  'the sums of groups': {
    run: (x, _y, shares) => sumGroups(x, shares),
    exact: ({ groups, k, w, x, shares }) =>
      Array.from({ length: groups * w }, (_, at) => {
        const [group, column] = [Math.floor(at / w), at % w]
        let sum = 0
        for (let j = 0; j < k; j++) sum += shares[group * k + j]! * x[(group * k + j) * w + column]!
        return sum
      }),
  },
  'products with the row of the group': {
    run: (x, y) => dotGroups(x, y),
    exact: ({ groups, k, w, x, y }) =>
      Array.from({ length: groups * k }, (_, row) => {
        let sum = 0
        for (let at = 0; at < w; at++) sum += x[row * w + at]! * y[Math.floor(row / k) * w + at]!
        return sum
      }),
  },
  'squared lengths': {
    run: (x) => squaredLengths(x),
    exact: ({ groups, k, w, x }) =>
      Array.from({ length: groups * k }, (_, row) =>
        x.subarray(row * w, (row + 1) * w).reduce((sum, value) => sum + value * value, 0),
      ),
  },
}

const tensorsOf = ({ groups, k, w, x, y, shares }: Case): [Tensor2D, Tensor2D, Tensor2D] => [
  tf.tensor2d(x, [groups * k, w]),
  tf.tensor2d(y, [groups, w]),
  tf.tensor2d(shares, [groups, k]),
]

afterAll(() => expect(tf.memory().numTensors).toBe(0))

describe.each(['wasm', 'cpu'] as const)('on %s', (backend) => {
  beforeAll(async () => {
    if (backend === 'wasm') await startedKernels(2)
    else await useBackend('cpu')
  })

  describe.each(Object.entries(operations))('%s', (_, { run, exact }) => {
    test('are what they are in plain arithmetic, by the kernel and without it', () => {
      const rng = Rng.seeded(81)
      const shapes = Array.from({ length: 30 }, () => [pick(rng, sizes), pick(rng, [1, 2, 3, 4, 8]), pick(rng, sizes)])
      for (const [groups, k, w] of [...shapes, [1, 1, 1], [3, 4, 600]] as [number, number, number][]) {
        const given = caseOf(rng, groups, k, w)
        const expected = Float64Array.from(exact(given))
        const { fast, portable } = bothWays(['groups'], () => valuesOf(() => run(...tensorsOf(given))))
        // Sums of at most max(k, w) products of numbers around one.
        const allowed = (): number => 2 ** -19 * (8 + Math.max(k, w))
        expect([groups, k, w, firstDifference(fast, expected, allowed)]).toEqual([groups, k, w, null])
        expect([groups, k, w, firstDifference(portable, expected, allowed)]).toEqual([groups, k, w, null])
      }
    })

    test('have the slopes that they say, in every input', () => {
      const given = caseOf(Rng.seeded(82), 5, 3, 18)
      const of = ({ x, y, shares }: Case): Tensor => run(...tensorsOf({ ...given, x, y, shares }))
      const cells = valuesOf(() => of(given)).length
      const factors = normals(Rng.seeded(83), cells)
      const loss = (at: Case): number =>
        valuesOf(() => of(at)).reduce((sum, value, cell) => sum + value * factors[cell]!, 0)
      const slopes = tf.tidy(() =>
        tf
          .grads((x, y, shares) => {
            const out = tf.reshape(run(x as Tensor2D, y as Tensor2D, shares as Tensor2D), [cells])
            // All inputs take part, so that those that an operation leaves out have a slope of zero.
            const nothing = [x, y, shares].map((input) => tf.sum(tf.mul(input!, 0)))
            return nothing.reduce((sum, zero) => tf.add(sum, zero), tf.sum(tf.mul(out, tf.tensor1d(factors))))
          })(tensorsOf(given))
          .map((slope) => slope.dataSync<'float32'>().slice()),
      )
      for (const [input, slope] of (['x', 'y', 'shares'] as const).map((name, at) => [name, slopes[at]!] as const))
        for (let cell = 0; cell < slope.length; cell += 7) {
          const moved = (by: number): Case => {
            const values = given[input].slice()
            values[cell]! += by
            return { ...given, [input]: values }
          }
          // What is linear or square in an input has exact central differences whatever the step.
          const difference = (loss(moved(1)) - loss(moved(-1))) / 2
          expect(Math.abs(slope[cell]! - difference)).toBeLessThan(2e-4 * Math.max(1, Math.abs(difference)))
        }
    })

    test('let NaN and infinity through alike, and leave no tensor behind', async () => {
      const given = caseOf(Rng.seeded(84), 6, 4, 21)
      given.x[30] = NaN
      given.x[150] = Infinity
      given.y[5] = -Infinity
      given.y[40] = NaN
      const { fast, portable } = bothWays(['groups'], () => valuesOf(() => run(...tensorsOf(given))))
      const kinds = (values: Float32Array): (number | null)[] =>
        Array.from(values, (value) => (Number.isFinite(value) ? null : value))
      expect(kinds(fast)).toEqual(kinds(portable))
      expect(kinds(fast).some((kind) => kind !== null)).toBe(true)
      expect(await countLeakedTensors(() => void valuesOf(() => run(...tensorsOf(given))))).toBe(0)
    })
  })
})

test('the bits do not depend on the number of threads', async () => {
  const given = caseOf(Rng.seeded(85), 131, 4, 97)
  const all = (): number[][] =>
    Object.values(operations).map(({ run }) => [...valuesOf(() => run(...tensorsOf(given)))])
  const found: number[][][] = []
  for (const threads of [1, 2, 3]) {
    await startedKernels(threads)
    found.push(all())
  }
  expect(found[1]).toEqual(found[0])
  expect(found[2]).toEqual(found[0])
})
