import type { Adjacency } from './text'

/** How near a learned graph of unnamed latent nodes comes to a true one. */

/**
 * Structural Hamming distance: node pairs whose edges differ. A missing, an additional and a reversed edge count one each.
 */
export function shd(learned: Adjacency, truth: Adjacency): number {
  let distance = 0
  for (let i = 0; i < truth.length; i++)
    for (let j = i + 1; j < truth.length; j++) {
      const same = isEdge(learned, i, j) === isEdge(truth, i, j) && isEdge(learned, j, i) === isEdge(truth, j, i)
      if (!same) distance++
    }
  return distance
}

const isEdge = (graph: Adjacency, i: number, j: number): boolean => graph[i]![j] !== 0

/**
 * The naming of learned latent nodes that fits a true graph best: `order[t]` is the learned node that plays the true node t.
 * All permutations are tried, so graphs have at most 8 nodes; of equally good ones the first in lexical order is taken.
 */
export function bestPermutation(learned: Adjacency, truth: Adjacency): { order: number[]; distance: number } {
  const nodes = truth.length
  if (learned.length !== nodes) throw new RangeError('Both graphs must have the same number of nodes.')
  if (nodes > 8) throw new RangeError(`Matching ${nodes} nodes would try too many permutations; at most 8.`)
  let best: { order: number[]; distance: number } | null = null
  for (const order of permutations(nodes)) {
    const distance = shd(permute(learned, order), truth)
    if (!best || distance < best.distance) best = { order, distance }
  }
  return best ?? { order: [], distance: 0 }
}

/** The graph with its nodes renamed: node t of the result is node `order[t]` of the given one. */
export const permute = (graph: Adjacency, order: readonly number[]): Adjacency =>
  order.map((from) => order.map((to) => graph[from]![to]!))

function* permutations(n: number, chosen: number[] = []): Generator<number[]> {
  if (chosen.length === n) yield [...chosen]
  for (let next = 0; next < n; next++) if (!chosen.includes(next)) yield* permutations(n, [...chosen, next])
}
