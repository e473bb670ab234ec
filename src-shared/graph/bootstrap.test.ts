import { expect, test } from 'vitest'
import { Rng } from '../../src-main/tensor/rng'
import type { Resample } from '../domain/graph'
import { bestAssignment, bootstrapConfidence } from './bootstrap'

function* permutations(n: number, chosen: number[] = []): Generator<number[]> {
  if (chosen.length === n) yield chosen
  for (let next = 0; next < n; next++) if (!chosen.includes(next)) yield* permutations(n, [...chosen, next])
}

const total = (scores: number[][], columns: number[]): number =>
  columns.reduce((sum, column, row) => sum + scores[row]![column]!, 0)

test('the assignment has the largest total of all permutations', () => {
  const rng = Rng.seeded(3)
  for (let trial = 0; trial < 200; trial++) {
    const n = 1 + (trial % 6)
    // Small integers make ties frequent.
    const draw = trial % 2 ? () => rng.integer(4) - 2 : () => rng.uniform() * 2 - 1
    const scores = Array.from({ length: n }, () => Array.from({ length: n }, draw))
    const best = Math.max(...[...permutations(n)].map((columns) => total(scores, columns)))
    const found = bestAssignment(scores)
    expect([...found].sort((a, b) => a - b)).toEqual(scores.map((_, at) => at))
    expect(total(scores, found)).toBeCloseTo(best, 10)
  }
})

test('32 nodes that were shuffled are put back in order', () => {
  const rng = Rng.seeded(5)
  const order = rng.shuffle(Array.from({ length: 32 }, (_, at) => at))
  const scores = order.map((own) => order.map((_, column) => (column === own ? 0.9 : rng.uniform() * 0.8)))
  expect(bestAssignment(scores)).toEqual(order)
  expect(bestAssignment([])).toEqual([])
})

const resample = (at: number, probability: number, similarity: number[]): Resample => ({
  resample: at,
  seed: at,
  probabilities: [
    [0, probability],
    [0.1, 0],
  ],
  similarity,
  metrics: {},
  seconds: 1,
})

test('an edge is found where it reaches one half', () => {
  const lines = [resample(2, 0.9, [1, 0.5]), resample(0, 0.5, [0.5, 0.5]), resample(1, 0.49, [0, -1])]
  const confidence = bootstrapConfidence(20, lines, 2)
  expect(confidence.frequencies).toEqual([
    [0, 2 / 3],
    [0, 0],
  ])
  expect(confidence.meanSimilarity).toEqual([0.5, 0])
  expect(confidence.resamples).toBe(20)
  expect(confidence.done.map((line) => line.resample)).toEqual([0, 1, 2])
  expect(bootstrapConfidence(20, [], 1)).toEqual({
    resamples: 20,
    done: [],
    frequencies: [[0]],
    meanSimilarity: [0],
  })
})
