import { describe, expect, test } from 'vitest'
import { csrOf } from '../../../../tests/support/csr'
import { randomRows } from '../../../../tests/support/kernels'
import { hasPair, rowOf, type Csr } from '../../../../src-shared/domain/split'
import { Rng } from '../../../tensor/rng'
import { Factors, interactionsOf, objective, RowSolver, scoreOf, type WeightedRows, type Weighting } from './factors'
import { FeatureMap, Ridge } from './features'
import { learnedRows, onlyRows, ratedExposures, transposeWeighted } from './interactions'
import { learnedMap } from './weighted-factorisation'

const weighting: Weighting = { alpha: 3, regularisation: 0.7 }

const randomFactors = (rows: number, size: number, seed: number): Factors =>
  new Factors(Rng.seeded(seed).fillNormal(new Float32Array(rows * size)), size)

function weighted(rows: Csr, seed: number): WeightedRows {
  const rng = Rng.seeded(seed)
  return { ...rows, weights: Float32Array.from(rows.indices, () => 0.2 + 2 * rng.uniform()) }
}

const weightOf = (rows: WeightedRows, row: number, col: number): number =>
  rows.weights![rows.indptr[row]! + rowOf(rows, row).indexOf(col)]!

describe('the weighted loss', () => {
  const rows = weighted(randomRows(Rng.seeded(4), 9, 13, 0.6), 5)
  const users = randomFactors(9, 3, 1)
  const items = randomFactors(13, 3, 2)

  test('is the sum over all pairs', () => {
    let sum = 0
    for (let u = 0; u < 9; u++)
      for (let i = 0; i < 13; i++) {
        const has = hasPair(rows, u, i)
        const confidence = 1 + (has ? weighting.alpha * weightOf(rows, u, i) : 0)
        sum += confidence * ((has ? 1 : 0) - scoreOf(users, u, items, i)) ** 2
      }
    for (const value of [...users.values, ...items.values]) sum += weighting.regularisation * value ** 2
    expect(objective(rows, users, items, weighting) / sum).toBeCloseTo(1, 12)
  })

  test('is least at the row that is solved for: its gradient over all pairs is zero, with weights, a centre and an offset', () => {
    const solver = new RowSolver(items, weighting)
    const rng = Rng.seeded(8)
    for (let u = 0; u < 9; u++) {
      const { own, weights } = interactionsOf(rows, u)
      const towards = rng.fillNormal(new Float32Array(3))
      const explained = Float64Array.from({ length: 13 }, () => 0.3 * rng.normal())
      const products = new Float64Array(3)
      explained.forEach((o, i) => items.at(i).forEach((y, k) => (products[k]! += o * y)))
      const offset = { own: Float64Array.from(own, (item) => explained[item]!), products }
      const found = new Float32Array(3)
      solver.solve(own, found, { weights: weights!, towards, offset })
      const gradient = [0, 1, 2].map((k) => weighting.regularisation * (found[k]! - towards[k]!))
      for (let i = 0; i < 13; i++) {
        const has = hasPair(rows, u, i)
        const confidence = 1 + (has ? weighting.alpha * weightOf(rows, u, i) : 0)
        const score = found.reduce((sum, x, k) => sum + x * items.at(i)[k]!, 0)
        for (let k = 0; k < 3; k++)
          gradient[k]! -= confidence * ((has ? 1 : 0) - explained[i]! - score) * items.at(i)[k]!
      }
      expect(Math.max(...gradient.map(Math.abs))).toBeLessThan(1e-4)
      expect(Math.max(...found.map(Math.abs))).toBeGreaterThan(0.01)
    }
  })

  test('weights of 1 are none, to the bit', () => {
    const plain = new Float32Array(3)
    const ones = new Float32Array(3)
    const { own } = interactionsOf(rows, 2)
    new RowSolver(items, weighting).solve(own, plain)
    new RowSolver(items, weighting).solve(own, ones, { weights: new Float32Array(own.length).fill(1) })
    expect(ones).toEqual(plain)
  })
})

test('a ridge regression is at the zero of its gradient, and leaves out the rows it is not of', () => {
  const rng = Rng.seeded(3)
  const covariates = { width: 4, values: rng.fillNormal(new Float32Array(12 * 4)) }
  const targets = randomFactors(12, 2, 6)
  const rows = Int32Array.of(0, 2, 3, 5, 6, 7, 9, 11)
  const found = new Ridge(covariates, rows).coefficients(targets)
  const gradient = found.slice()
  for (const row of rows)
    for (let k = 0; k < 2; k++) {
      let fitted = 0
      for (let i = 0; i < 4; i++) fitted += covariates.values[row * 4 + i]! * found[i * 2 + k]!
      for (let i = 0; i < 4; i++)
        gradient[i * 2 + k]! += covariates.values[row * 4 + i]! * (fitted - targets.at(row)[k]!)
    }
  expect(Math.max(...gradient.map(Math.abs))).toBeLessThan(1e-9)
  expect(Math.max(...found)).toBeGreaterThan(0.01)
})

test('users are drawn to where their features say, which refitting brings closest; who has no features, to zero', () => {
  const users = randomFactors(12, 2, 6)
  const values = Rng.seeded(3).fillNormal(new Float32Array(12 * 3))
  const rows = csrOf(Array.from({ length: 12 }, (_, u) => [u % 4]), 4) // prettier-ignore
  const active = Int32Array.from({ length: 12 }, (_, u) => u)
  const map = learnedMap({ ...rows, beside: { features: { width: 3, values } } }, active, users, weighting)!
  expect([...map.towards(5)]).toEqual([0, 0])
  expect(map.penalty()).toBe(0)
  map.refit()
  const least = map.penalty()
  expect(least).toBeLessThan(0)
  for (let at = 0; at < 6; at++)
    for (const step of [-0.01, 0.01]) {
      map.map.values[at]! += step
      expect(map.penalty()).toBeGreaterThan(least)
      map.map.values[at]! -= step
    }
  expect([...new FeatureMap(map.map.values, 2).towards(undefined, 0)]).toEqual([0, 0])
  expect(learnedMap(rows, active, users, weighting)).toBeNull()
})

describe('interactions', () => {
  const rows = weighted(csrOf([[0, 2], [1], [], [0, 1, 3]], 4), 2)

  test('keep their weights when columns become rows', () => {
    const columns = transposeWeighted(rows)
    expect([...rowOf(columns, 0)]).toEqual([0, 3])
    for (let col = 0; col < 4; col++)
      for (const row of rowOf(columns, col)) expect(weightOf(columns, col, row)).toBe(weightOf(rows, row, col))
  })

  test('of users who are not learned from are empty', () => {
    const learned = onlyRows(rows, Int32Array.of(1, 3))
    expect([0, 1, 2, 3].map((row) => [...rowOf(learned, row)])).toEqual([[], [1], [], [0, 1, 3]])
    expect([...learned.weights!]).toEqual([...rows.weights!.subarray(2)])
    expect(learnedRows({ train: rows }, rows)).toBe(rows)
    expect(rowOf(learnedRows({ train: rows, trainUsers: Int32Array.of(1, 2) }, rows), 3)).toHaveLength(0)
  })

  test('are exposures of a rating above zero', () => {
    const exposed = { ...csrOf([[0, 2], [1, 3]], 4), ratings: Float32Array.of(3, 0, -1, 2) } // prettier-ignore
    const found = ratedExposures({ ...csrOf([[0], [3]], 4), beside: { exposed } })
    expect([[...rowOf(found, 0)], [...rowOf(found, 1)], [...found.weights]]).toEqual([[0], [3], [3, 2]])
  })
})
