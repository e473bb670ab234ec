import { afterAll, beforeAll, expect, test } from 'vitest'
import { csrOf } from '../../../tests/support/csr'
import { normals, pick, randomRows, sizes, startedKernels, strew } from '../../../tests/support/kernels'
import type { Csr } from '../../../src-shared/domain/split'
import { topItems } from '../../pipeline/evaluate/ranking'
import { Rng } from '../rng'
import { tf } from '../tf'
import type { Kernels } from './kernels'

let kernels: Kernels
beforeAll(async () => {
  kernels = await startedKernels()
})
afterAll(() => expect(tf.memory().numTensors).toBe(0))

/** By the kernel, one list for every row. */
function topByKernel(scores: Float32Array, known: Csr, k: number): number[][] {
  const items = tf.tidy(() => kernels.topItems(tf.tensor2d(scores, [known.rows, known.cols]), known, k))
  return Array.from({ length: known.rows }, (_, row) => [...items.subarray(row * k, (row + 1) * k)])
}

/** By the twin, one row after the other, with -1 where there are fewer than k. */
const topByTwin = (scores: Float32Array, known: Csr, k: number): number[][] =>
  Array.from({ length: known.rows }, (_, row) => {
    const excluded = new Uint8Array(known.cols)
    for (let at = known.indptr[row]!; at < known.indptr[row + 1]!; at++) excluded[known.indices[at]!] = 1
    const top = topItems(scores.subarray(row * known.cols, (row + 1) * known.cols), excluded, k)
    return [...top, ...Array<number>(k - top.length).fill(-1)]
  })

const scoresOf: Record<string, (rng: Rng, length: number) => Float32Array> = {
  'all different': (rng, length) => normals(rng, length),
  'full of ties': (rng, length) => Float32Array.from({ length }, () => rng.integer(4)),
  'all equal': (_, length) => new Float32Array(length).fill(0.5),
  ascending: (_, length) => Float32Array.from({ length }, (_, at) => at),
  descending: (_, length) => Float32Array.from({ length }, (_, at) => -at),
  'zeros of both signs': (rng, length) => Float32Array.from({ length }, () => pick(rng, [0, -0])),
  'with NaN and infinities': (rng, length) => strew(rng, normals(rng, length), Math.ceil(length / 4)),
  'all NaN': (_, length) => new Float32Array(length).fill(NaN),
  'all -infinity': (_, length) => new Float32Array(length).fill(-Infinity),
}

test.each(Object.entries(scoresOf))('the best of scores %s are those of the twin', (_, make) => {
  const rng = Rng.seeded(51)
  // Columns go up and down, so that marks of one call would be seen in the next.
  for (let trial = 0; trial < 60; trial++) {
    const [rows, cols, k] = [pick(rng, [1, 2, 3, 4, 5, 13]), pick(rng, [...sizes, 300]), pick(rng, [1, 2, 5, 20, 100])]
    const known = randomRows(rng, rows, cols, pick(rng, [0, 0.1, 0.5, 1]))
    const scores = make(rng, rows * cols)
    expect(topByKernel(scores, known, k), `${rows} × ${cols}, ${k}`).toEqual(topByTwin(scores, known, k))
  }
})

test('equal scores keep the order of the items, known ones are left out, and missing ones are -1', () => {
  const scores = Float32Array.of(1, 3, 3, 2, 3, 1, 9, 9, 9, 9, 9, 9)
  const known = csrOf([[2], [0, 1, 2, 4, 5]], 6)
  expect(topByKernel(scores, known, 4)).toEqual([
    [1, 4, 3, 0],
    [3, -1, -1, -1],
  ])
})
