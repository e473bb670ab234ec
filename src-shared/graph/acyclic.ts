import type { WeightedEdge } from '../domain/graph'

/** Strongest first; among equals by parent, then child, so that the order never depends on the input's. */
const byStrength = (a: WeightedEdge, b: WeightedEdge): number =>
  b.probability - a.probability || a.from - b.from || a.to - b.to

/**
 * The edges whose probability is at least `threshold`, strongest first. The diagonal never counts.
 * @param probabilities [k][k], parents in rows
 */
export function thresholdEdges(probabilities: readonly (readonly number[])[], threshold: number): WeightedEdge[] {
  return probabilities
    .flatMap((row, from) => row.map((probability, to): WeightedEdge => ({ from, to, probability })))
    .filter(({ from, to, probability }) => from !== to && probability >= threshold)
    .sort(byStrength)
}

type Edge = Pick<WeightedEdge, 'from' | 'to'>

/** Whether the edges over nodes 0 … nodes-1 contain no directed cycle (Kahn 1962). A loop on a node is a cycle. */
export function isAcyclic(nodes: number, edges: readonly Edge[]): boolean {
  const waiting = new Array<number>(nodes).fill(0)
  for (const { to } of edges) waiting[to]!++
  const free = waiting.flatMap((parents, node) => (parents === 0 ? [node] : []))
  let ordered = 0
  for (let node = free.pop(); node !== undefined; node = free.pop()) {
    ordered++
    for (const { from, to } of edges) if (from === node && --waiting[to]! === 0) free.push(to)
  }
  return ordered === nodes
}

/** Whether `to` can be reached from `from` along the edges, or is it. */
function reaches(from: number, to: number, edges: readonly Edge[]): boolean {
  const seen = new Set([from])
  const open = [from]
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node === to) return true
    for (const edge of edges)
      if (edge.from === node && !seen.has(edge.to)) {
        seen.add(edge.to)
        open.push(edge.to)
      }
  }
  return false
}

/**
 * Splits the edges into a directed acyclic graph and the edges left out of it: each is the weakest on a cycle of which
 * the others were kept. No dropped edge could be put back. Both lists strongest first.
 */
export function breakCycles(edges: readonly WeightedEdge[]): { kept: WeightedEdge[]; dropped: WeightedEdge[] } {
  const kept: WeightedEdge[] = []
  const dropped: WeightedEdge[] = []
  for (const edge of [...edges].sort(byStrength)) {
    if (reaches(edge.to, edge.from, kept)) dropped.push(edge)
    else kept.push(edge)
  }
  return { kept, dropped }
}
