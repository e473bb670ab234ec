import type { Csr, Split } from '../src-shared/domain/split'
import { rowOf } from '../src-shared/domain/split'
import type { Rng } from '../src-main/tensor/rng'

/** The size and laws of a synthetic interaction log. */
export interface Shape {
  users: number
  items: number
  meanInteractions: number
}

export const shapes = {
  'ml-100k': { users: 943, items: 1682, meanInteractions: 106 },
  'ml-1m': { users: 6040, items: 3706, meanInteractions: 165 },
  /** The rated items of ML-20M and a part of its users. */
  'ml-20m-like': { users: 20_000, items: 26_744, meanInteractions: 144 },
} as const satisfies Record<string, Shape>
export type ShapeName = keyof typeof shapes

/**
 * Draws an interaction log by the laws of the PyTorch side of the comparison: the popularity of the item of rank r is
 * proportional to 1/(r + 10), row lengths are log-normal (sigma 0.9) scaled to the mean and held within 5 … items/2.
 */
export function drawInteractions(shape: Shape, rng: Rng): Csr {
  const { users, items, meanInteractions } = shape
  const cumulative = new Float64Array(items)
  let total = 0
  for (let rank = 0; rank < items; rank++) cumulative[rank] = total += 1 / (rank + 10)
  const itemOfRank = rng.shuffle(Int32Array.from({ length: items }, (_, i) => i))

  const lengths = Float64Array.from({ length: users }, () => Math.exp(0.9 * rng.normal()))
  for (let pass = 0; pass < 2; pass++) {
    const mean = lengths.reduce((sum, length) => sum + length, 0) / users
    for (let u = 0; u < users; u++) {
      const scaled = Math.round(lengths[u]! * (meanInteractions / mean))
      lengths[u] = Math.min(Math.max(scaled, 5), Math.floor(items / 2))
    }
  }

  const indptr = new Int32Array(users + 1)
  for (let u = 0; u < users; u++) indptr[u + 1] = indptr[u]! + lengths[u]!
  const indices = new Int32Array(indptr[users]!)
  const seen = new Int32Array(items).fill(-1)
  for (let u = 0; u < users; u++) {
    let at = indptr[u]!
    while (at < indptr[u + 1]!) {
      const item = itemOfRank[rankBelow(cumulative, rng.uniform() * total)]!
      if (seen[item] === u) continue
      seen[item] = u
      indices[at++] = item
    }
    indices.subarray(indptr[u]!, indptr[u + 1]!).sort()
  }
  return { rows: users, cols: items, indptr, indices }
}

/** The first rank whose cumulative popularity exceeds `mass`. */
function rankBelow(cumulative: Float64Array, mass: number): number {
  let low = 0
  let high = cumulative.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (cumulative[middle]! > mass) high = middle
    else low = middle + 1
  }
  return low
}

/** Parts of an interaction log, 70 / 10 / 20 of every row at random. */
export function splitRandomly(all: Csr, rng: Rng): Split {
  const parts: Record<'train' | 'validation' | 'test', number[][]> = { train: [], validation: [], test: [] }
  for (let u = 0; u < all.rows; u++) {
    const row = rng.shuffle(rowOf(all, u).slice())
    const validation = Math.floor(0.1 * row.length)
    const test = Math.floor(0.2 * row.length)
    parts.validation.push([...row.subarray(0, validation)])
    parts.test.push([...row.subarray(validation, validation + test)])
    parts.train.push([...row.subarray(validation + test)])
  }
  const csr = (rows: number[][]): Csr => {
    const indptr = new Int32Array(rows.length + 1)
    rows.forEach((row, u) => (indptr[u + 1] = indptr[u]! + row.length))
    const indices = new Int32Array(indptr[rows.length]!)
    rows.forEach((row, u) => indices.set(Int32Array.from(row).sort(), indptr[u]!))
    return { rows: rows.length, cols: all.cols, indptr, indices }
  }
  return { hash: 'synthetic', train: csr(parts.train), validation: csr(parts.validation), test: csr(parts.test) }
}
