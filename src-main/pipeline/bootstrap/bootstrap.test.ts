import { expect, test } from 'vitest'
import { rowOf, splitParts, type Csr, type PairValues, type SplitPart } from '../../../src-shared/domain/split'
import { permute } from '../../../src-shared/graph/matching'
import { ratedTinySplit, tinySplit } from '../../../tests/support/tiny-split'
import { Rng } from '../../tensor/rng'
import { matchConfounders } from './graph'
import { resampleSeeds, resampleSplit } from './resampled-trainings'

test('the first seeds are the same however many resamples are asked for, and all differ', () => {
  const seeds = resampleSeeds(7, 100)
  expect(resampleSeeds(7, 5)).toEqual(seeds.slice(0, 5))
  expect(new Set(seeds).size).toBe(100)
  expect(seeds.every((seed) => Number.isInteger(seed) && seed >= 0 && seed < 2 ** 31)).toBe(true)
  expect(resampleSeeds(8, 5)).not.toEqual(seeds.slice(0, 5))
})

test('users are drawn with replacement, and keep their parts together', () => {
  const split = tinySplit()
  const drawn = resampleSplit(split, Rng.seeded(1))
  expect(drawn.train.rows).toBe(split.train.rows)
  const keyOf = (of: typeof split, row: number): string =>
    JSON.stringify([of.train, of.validation, of.test].map((part) => [...rowOf(part, row)]))
  const originals = new Set(Array.from({ length: split.train.rows }, (_, row) => keyOf(split, row)))
  const keys = Array.from({ length: drawn.train.rows }, (_, row) => keyOf(drawn, row))
  expect(keys.every((key) => originals.has(key))).toBe(true)
  // Some users come twice: about a third of them do not come at all.
  expect(new Set(keys).size).toBeLessThan(0.75 * split.train.rows)
})

test('confounders that were shuffled and renamed are matched by what they do', () => {
  const rng = Rng.seeded(9)
  const signature = Array.from({ length: 6 }, () => Float64Array.from(rng.fillNormal(new Float32Array(40))))
  const graph = signature.map((_, i) => signature.map((__, j) => (i === j ? 0 : (i * 6 + j) / 36)))
  const shuffle = rng.shuffle([0, 1, 2, 3, 4, 5])
  const other = shuffle.map((from) => signature[from]!.map((move, item) => 3 * move + 0.2 * Math.sin(item + from)))
  const { order, similarity } = matchConfounders(signature, other, null)
  expect(order.map((column) => shuffle[column])).toEqual([0, 1, 2, 3, 4, 5])
  expect(similarity.every((value) => value > 0.9 && value <= 1)).toBe(true)
  // The other model's graph, in its own order, comes back in the order of the first.
  expect(permute(permute(graph, shuffle), order)).toEqual(graph)
})

test('a confounder that does nothing is like no other', () => {
  const idle = new Float64Array(4)
  const lifts = Float64Array.of(1, 2, 3, 4)
  const { order, similarity } = matchConfounders([lifts, idle], [idle, lifts], null)
  expect(order).toEqual([1, 0])
  expect(similarity[0]).toBeCloseTo(1, 12)
  expect(similarity[1]).toBe(0)
})

test('confounders that the knowledge tells apart keep their places, the others are matched by what they do', () => {
  const rng = Rng.seeded(5)
  const signature = Array.from({ length: 4 }, () => Float64Array.from(rng.fillNormal(new Float32Array(40))))
  // By what they do, all four are turned about: 0 ↔ 1 and 2 ↔ 3.
  const other = [1, 0, 3, 2].map((from) => signature[from]!)
  expect(matchConfounders(signature, other, null).order).toEqual([1, 0, 3, 2])
  // c1 → c2 is required: only c3 and c4 may change places.
  const required = new Int8Array(16)
  required[1] = 1
  const { order, similarity } = matchConfounders(signature, other, required)
  expect(order).toEqual([0, 1, 3, 2])
  expect(similarity[2]).toBeCloseTo(1, 12)
  expect(similarity[0]).toBeLessThan(0.9)
  // Two tiers: within each the nodes are alike.
  const tiers = Int8Array.from({ length: 16 }, (_, at) => (at >> 2 >= 2 && at % 4 < 2 ? -1 : 0))
  expect(matchConfounders(signature, other, tiers).order).toEqual([1, 0, 3, 2])
})

test('ratings, propensities and observed negatives of a user that is drawn go along, and every draw is a user of its own', () => {
  const split = ratedTinySplit()
  /** The user in front of the point, the item behind it: tells of each value whose it is. */
  const marked = (parts: Record<SplitPart, Csr>): PairValues['positives'] => {
    const of = (csr: Csr): Float32Array => {
      const values = new Float32Array(csr.indices.length)
      for (let row = 0; row < csr.rows; row++)
        for (let at = csr.indptr[row]!; at < csr.indptr[row + 1]!; at++) values[at] = row + csr.indices[at]! / 64
      return values
    }
    return { train: of(parts.train), validation: of(parts.validation), test: of(parts.test) }
  }
  const values = { positives: marked(split), negatives: marked(split.negatives!) }
  const drawn = resampleSplit(
    { ...split, ratings: values, propensities: values, isTestRandomised: true },
    Rng.seeded(1),
  )
  expect(drawn.isTestRandomised).toBe(true)
  expect(drawn.train).not.toHaveProperty('ids')
  expect(drawn.negatives!.test).not.toHaveProperty('ids')
  const kinds = [
    { parts: drawn, of: 'positives' },
    { parts: drawn.negatives!, of: 'negatives' },
  ] as const
  for (let user = 0; user < drawn.train.rows; user++) {
    const sources = new Set<number>()
    for (const { parts, of } of kinds)
      for (const part of splitParts) {
        const { indptr, indices } = parts[part]
        for (let at = indptr[user]!; at < indptr[user + 1]!; at++) {
          const value = drawn.ratings![of][part][at]!
          expect(drawn.propensities![of][part][at]).toBe(value)
          expect((value % 1) * 64).toBe(indices[at])
          sources.add(Math.floor(value))
        }
      }
    expect(sources.size).toBe(1)
  }
})
