import type { GraphComparison } from '../domain/graph'
import { breakCycles, thresholdEdges } from './acyclic'
import { bestPermutation } from './matching'
import { emptyGraph, type Adjacency } from './text'

/** How a learned graph stands to the one its data were drawn from, and how easily chance would stand there too. */

/** Random graphs drawn for a comparison. */
const draws = 200

/** The learned graph at `threshold`, without the edges left out to break cycles. */
export function learnedDag(probabilities: readonly (readonly number[])[], threshold: number): Adjacency {
  const graph = emptyGraph(probabilities.length)
  for (const { from, to } of breakCycles(thresholdEdges(probabilities, threshold)).kept) graph[from]![to] = 1
  return graph
}

export const edgeCount = (graph: Adjacency): number => graph.flat().filter((edge) => edge !== 0).length

/**
 * A random directed acyclic graph: an order of the nodes, and `edges` of the pairs in it, both drawn uniformly.
 * @param edges at most nodes · (nodes - 1) / 2
 * @param integer uniform over 0 … n-1
 */
export function randomDag(nodes: number, edges: number, integer: (n: number) => number): Adjacency {
  const draw = <T>(from: T[]): T => from.splice(integer(from.length), 1)[0]!
  const waiting = Array.from({ length: nodes }, (_, node) => node)
  const order = waiting.map(() => 0)
  for (let at = 0; at < nodes; at++) order[at] = draw(waiting)
  const pairs = order.flatMap((parent, at) => order.slice(at + 1).map((child) => [parent, child] as const))
  const graph = emptyGraph(nodes)
  for (let drawn = 0; drawn < edges; drawn++) {
    const [parent, child] = draw(pairs)
    graph[parent]![child] = 1
  }
  return graph
}

/**
 * The learned graph beside the true one, each under its best naming of the latent nodes, and the same for random graphs
 * with as many edges as the learned one: what a guess would reach.
 * @param integer uniform over 0 … n-1, from a seeded generator
 */
export function compareGraphs(
  learned: Adjacency,
  truth: Adjacency,
  integer: (n: number) => number,
): Omit<GraphComparison, 'threshold' | 'matching'> & { order: number[] } {
  const { order, distance } = bestPermutation(learned, truth)
  const edges = edgeCount(learned)
  let sum = 0
  let asNear = 0
  for (let drawn = 0; drawn < draws; drawn++) {
    const random = bestPermutation(randomDag(truth.length, edges, integer), truth).distance
    sum += random
    if (random <= distance) asNear++
  }
  return {
    order,
    shd: distance,
    learnedEdges: edges,
    meanRandomShd: sum / draws,
    randomAsNear: asNear / draws,
  }
}

/** What a comparison says, in words that claim no more than it shows. */
export function comparisonWords({ shd, threshold, learnedEdges, meanRandomShd, randomAsNear }: GraphComparison): {
  distance: string
  verdict: string
} {
  const edges = learnedEdges === 1 ? '1 edge' : `${learnedEdges} edges`
  const share = `${Math.round(randomAsNear * 100)} %`
  const reached = shd === 0 ? 'are the same' : 'come at least as near'
  const differ = shd === 0 ? 'no two confounders' : shd === 1 ? '1 pair of confounders' : `${shd} pairs of confounders`
  return {
    distance:
      `SHD ${shd} (0 = the same graph): ${differ} joined differently from the known graph at threshold ` +
      `${threshold.toFixed(2)}; random graphs with as many edges (${edges}): ${meanRandomShd.toFixed(1)} on average.`,
    verdict:
      shd >= meanRandomShd
        ? 'No nearer than a random graph: this run gives no evidence that it found the known graph.'
        : randomAsNear > 0.05
          ? `Nearer than a random graph on average, but ${share} of them ${reached}: it may be chance.`
          : `Of the random graphs, ${share} ${reached}.`,
  }
}
