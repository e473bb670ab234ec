import { beforeAll, describe, expect, test } from 'vitest'
import { csrOf } from '../../tests/support/csr'
import { useBackend } from './backends'
import { Rng } from './rng'
import {
  denseRows,
  dropEntries,
  multinomialLogLikelihood,
  normaliseRows,
  sparseMatMulBySegments,
  sparseMatMulDense,
  transposeCsr,
} from './sparse'
import { tf, type Tensor } from './tf'

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

  test('extreme logits stay finite', () => {
    const value = tf.tidy(() =>
      multinomialLogLikelihood(tf.tensor2d([[1000, -1000, 0, 0, 0, 0]]), csrOf([[0, 2]], 6)).dataSync(),
    )
    expect([...value]).toEqual([-1000])
  })
})
