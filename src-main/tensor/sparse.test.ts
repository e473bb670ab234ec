import { beforeAll, describe, expect, test } from 'vitest'
import { csrOf } from '../../tests/support/csr'
import { useBackend } from './backends'
import { Rng } from './rng'
import {
  bernoulliLogLikelihood,
  denseRows,
  dropEntries,
  exposedLogLikelihood,
  multinomialLogLikelihood,
  normaliseRows,
  observedSquaredError,
  sparseMatMulBySegments,
  sparseMatMulDense,
  transposeCsr,
  weightedMultinomialLogLikelihood,
} from './sparse'
import { tf, type Tensor, type Tensor2D } from './tf'

/** Empty rows at the start, between and at the end; empty columns at the start and at the end. */
const awkward = csrOf([[], [1, 2, 4], [], [3], [1, 3], []], 6)
const empty = csrOf([[], []], 6)

describe('rows', () => {
  test('the transposed pattern is that of the columns', () => {
    const columns = transposeCsr(awkward)
    expect([...columns.indptr]).toEqual([0, 0, 2, 3, 5, 6, 6])
    expect([...columns.indices]).toEqual([1, 4, 1, 3, 4, 1])
    expect({ ...transposeCsr(columns) }).toEqual({ ...awkward })
  })

  test('normalised rows have length one, empty ones stay empty', () => {
    const { scale } = normaliseRows(awkward)
    expect([...scale].map((value) => Number(value.toFixed(4)))).toEqual([0, 0.5774, 0, 1, 0.7071, 0])
  })

  test('dropout keeps its share and the mean of the sums', () => {
    const wide = normaliseRows(csrOf([Array.from({ length: 20000 }, (_, i) => i)], 20000))
    const dropped = dropEntries(wide, 0.3, Rng.seeded(5))
    const kept = dropped.indices.length
    expect(kept / 20000).toBeCloseTo(0.7, 1)
    expect(dropped.scale[0]! / wide.scale[0]!).toBeCloseTo(1 / 0.7, 5)
    expect([...dropped.indices]).toEqual([...dropped.indices].sort((a, b) => a - b))
    expect(dropEntries(wide, 0.3, Rng.seeded(5)).indices).toEqual(dropped.indices)
    expect(dropEntries(wide, 0, Rng.seeded(5))).toBe(wide)
  })
})

describe.each(['cpu', 'wasm'] as const)('on %s', (backend) => {
  beforeAll(() => useBackend(backend))

  test.each([
    ['rows', awkward],
    ['empty rows', empty],
    ['a full row', csrOf([[0, 1, 2, 3, 4, 5]], 6)],
  ])('%s times a matrix, and its gradient, are those of the dense block', (_, rows) => {
    const weight = tf.tensor2d(Rng.seeded(1).fillNormal(new Float32Array(18)), [6, 3])
    const scaled = normaliseRows(rows)
    const results = [sparseMatMulBySegments, sparseMatMulDense].map((product) =>
      tf.tidy(() => {
        const out = tf.tensor2d(
          Float32Array.from({ length: rows.rows * 3 }, (_, i) => 1 + (i % 5)),
          [rows.rows, 3],
        )
        const { value, grad } = tf.valueAndGrad((w) => tf.sum(tf.mul(product(scaled, w), out)))(weight)
        return [...product(scaled, weight).dataSync(), ...value.dataSync(), ...grad.dataSync()]
      }),
    )
    weight.dispose()
    expect(results[0]).toHaveLength(rows.rows * 3 + 1 + 18)
    results[0]!.forEach((value, i) => expect(value).toBeCloseTo(results[1]![i]!, 5))
  })

  test('the multinomial likelihood and its gradient are those of log-softmax', () => {
    const logits = tf.tensor2d(
      Rng.seeded(2)
        .fillNormal(new Float32Array(36))
        .map((value) => 4 * value),
      [6, 6],
    )
    const likelihood = (x: Tensor): Tensor => multinomialLogLikelihood(x as typeof logits, awkward)
    const [ours, gradient, plain, analytic] = tf.tidy(() => {
      const { value, grad } = tf.valueAndGrad((x) => tf.mean(likelihood(x)))(logits)
      const stored = denseRows(awkward)
      const counts = tf.sum(stored, 1, true)
      return [
        value.dataSync()[0]!,
        grad.dataSync(),
        tf.mean(tf.sum(tf.mul(tf.logSoftmax(logits), stored), 1)).dataSync()[0]!,
        tf.div(tf.sub(stored, tf.mul(counts, tf.softmax(logits))), 6).dataSync(),
      ] as const
    })
    logits.dispose()
    expect(ours).toBeCloseTo(plain, 4)
    gradient.forEach((value, i) => expect(value).toBeCloseTo(analytic[i]!, 5))
  })

  /** One for each stored entry of `awkward`. */
  const eachEntry = Float32Array.of(0.5, 2, 1, 3, 0, 1.5)

  /** What each row adds to a loss and to its slopes, in float64: from its logits, and the value of each stored column. */
  const losses: Record<
    string,
    {
      run: (x: Tensor2D) => Tensor
      of: (x: number[], stored: Map<number, number>) => { value: number; slopes: number[] }
    }
  > = {
    'the weighted multinomial likelihood': {
      run: (x) => weightedMultinomialLogLikelihood(x, awkward, eachEntry),
      of: (x, stored) => {
        const largest = Math.max(...x)
        const total = largest + Math.log(x.reduce((sum, logit) => sum + Math.exp(logit - largest), 0))
        const weight = [...stored.values()].reduce((sum, own) => sum + own, 0)
        return {
          value: [...stored].reduce((sum, [item, own]) => sum + own * (x[item]! - total), 0),
          slopes: x.map((logit, item) => (stored.get(item) ?? 0) - weight * Math.exp(logit - total)),
        }
      },
    },
    'the likelihood among exposed entries': {
      run: (x) => exposedLogLikelihood(x, awkward, eachEntry),
      of: (x, stored) => {
        const total = Math.log([...stored.keys()].reduce((sum, item) => sum + Math.exp(x[item]!), 0))
        const weight = [...stored.values()].reduce((sum, own) => sum + own, 0)
        return {
          value: [...stored].reduce((sum, [item, own]) => sum + own * (x[item]! - total), 0),
          slopes: x.map((logit, item) => (stored.has(item) ? stored.get(item)! - weight * Math.exp(logit - total) : 0)),
        }
      },
    },
    'the Bernoulli likelihood': {
      run: (x) => bernoulliLogLikelihood(x, awkward),
      of: (x, stored) => ({
        value: x.reduce((sum, logit, item) => {
          const softplus = Math.max(logit, 0) + Math.log1p(Math.exp(-Math.abs(logit)))
          return sum + (stored.has(item) ? logit : 0) - softplus
        }, 0),
        slopes: x.map((logit, item) => (stored.has(item) ? 1 : 0) - 1 / (1 + Math.exp(-logit))),
      }),
    },
    'the squared error of observed entries': {
      run: (x) => observedSquaredError(x, awkward, eachEntry),
      of: (x, stored) => ({
        value: [...stored].reduce((sum, [item, target]) => sum + (x[item]! - target) ** 2, 0),
        slopes: x.map((own, item) => (stored.has(item) ? 2 * (own - stored.get(item)!) : 0)),
      }),
    },
  }

  test.each(Object.entries(losses))('%s and its gradient are those of a loop in float64', (_, { run, of }) => {
    const x = Rng.seeded(3)
      .fillNormal(new Float32Array(36))
      .map((value) => 4 * value)
    // Every row counts differently.
    const shares = Float32Array.of(1, -2, 0.5, 3, 0, 1)
    const before = tf.memory().numTensors
    const [value, gradient] = tf.tidy(() => {
      const logits = tf.tensor2d(x, [6, 6])
      const weighed = (given: Tensor): Tensor => tf.sum(tf.mul(run(given as Tensor2D), tf.tensor1d(shares)))
      return [run(logits).dataSync(), tf.grad(weighed)(logits).dataSync()] as const
    })
    expect(tf.memory().numTensors).toBe(before)
    expect(value).toHaveLength(6)
    for (let u = 0; u < 6; u++) {
      const stored = new Map<number, number>()
      for (let at = awkward.indptr[u]!; at < awkward.indptr[u + 1]!; at++)
        stored.set(awkward.indices[at]!, eachEntry[at]!)
      const expected = of([...x.subarray(6 * u, 6 * u + 6)], stored)
      expect(value[u]).toBeCloseTo(expected.value, 4)
      expected.slopes.forEach((slope, item) => expect(gradient[6 * u + item]).toBeCloseTo(shares[u]! * slope, 5))
    }
  })

  test('extreme logits stay finite', () => {
    const [multinomial, weighted, exposed, bernoulli] = tf.tidy(() => {
      const [x, rows] = [tf.tensor2d([[1e4, -1e4, 0, 0, 0, 0]]), csrOf([[0, 2]], 6)]
      return [
        multinomialLogLikelihood(x, rows),
        weightedMultinomialLogLikelihood(x, rows, Float32Array.of(5, 2)),
        exposedLogLikelihood(x, rows, Float32Array.of(5, 2)),
        bernoulliLogLikelihood(x, rows),
      ].map((value) => value.dataSync()[0])
    })
    expect(multinomial).toBe(-1e4)
    expect(weighted).toBe(-2e4)
    expect(exposed).toBe(-2e4)
    // Of the four logits of 0 one is stored; the logits of 10,000 on the side where they should be cost nothing.
    expect(bernoulli! / (-4 * Math.LN2)).toBeCloseTo(1, 3)
  })
})

test('weights and targets are one for each stored entry', () => {
  const x = tf.zeros([6, 6]) as Tensor2D
  const short = new Float32Array(5)
  expect(() => weightedMultinomialLogLikelihood(x, awkward, short)).toThrow('5 weights for 6 stored entries')
  expect(() => exposedLogLikelihood(x, awkward, short)).toThrow('5 weights for 6 stored entries')
  expect(() => observedSquaredError(x, awkward, short)).toThrow('5 targets for 6 stored entries')
  x.dispose()
})
