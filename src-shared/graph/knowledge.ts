import { CausewayError } from '../contract/errors'
import type { Knowledge } from '../domain/knowledge'

/**
 * The nodes along a cycle of required edges, the first one repeated at the end; null where there is none.
 * @param edges [k × k] row-major, parents in rows: 1 required
 */
function requiredCycle(edges: Int8Array, k: number): number[] | null {
  const done = new Set<number>()
  const walk = (node: number, path: number[]): number[] | null => {
    const start = path.indexOf(node)
    if (start >= 0) return [...path.slice(start), node]
    if (done.has(node)) return null
    for (let child = 0; child < k; child++) {
      if (edges[node * k + child] !== 1) continue
      const cycle = walk(child, [...path, node])
      if (cycle) return cycle
    }
    done.add(node)
    return null
  }
  for (let node = 0; node < k; node++) {
    const cycle = walk(node, [])
    if (cycle) return cycle
  }
  return null
}

/**
 * Refuses edges that no training over k nodes could honour.
 * @param edges [k × k] row-major, parents in rows: 1 required, -1 forbidden, 0 neither
 * @throws CausewayError `badRequest` when the size is not k × k, a node is its own required parent, or required edges form a cycle,
 *   which is named
 */
export function checkEdgeKnowledge(
  edges: Int8Array,
  k: number,
  nameOf = (node: number): string => `c${node + 1}`,
): void {
  if (edges.length !== k * k)
    throw new CausewayError(
      'badRequest',
      `The knowledge is about ${Math.round(Math.sqrt(edges.length))} nodes, the training about ${k}. Give it knowledge of ${k} nodes, or change the number of confounders.`,
      { nodes: Math.round(Math.sqrt(edges.length)), expected: k },
    )
  const cycle = requiredCycle(edges, k)?.map(nameOf)
  if (cycle)
    throw new CausewayError('badRequest', `The required edges form a cycle: ${cycle.join(' → ')}. Free one of them.`, {
      cycle,
    })
}

/**
 * Knowledge of a graph as its edges: [k × k] row-major, parents in rows, 1 required, -1 forbidden by name or by tier (no edge from
 * a later tier into an earlier one), 0 left to the training. The nodes are taken in the order of `knowledge.nodes`.
 * @throws CausewayError `badRequest` naming the node that is unknown, stands twice or is its own parent, the edge that is both
 *   required and forbidden, or the cycle that required edges form
 */
export function edgeKnowledge(knowledge: Knowledge): Int8Array<ArrayBuffer> {
  const { name, nodes, required, forbidden, tiers } = knowledge
  const k = nodes.length
  const refuse = (what: string, details: Record<string, unknown>): never => {
    throw new CausewayError('badRequest', `Knowledge "${name}": ${what}`, { knowledge: name, ...details })
  }
  const indexOf = new Map<string, number>()
  for (const node of nodes) {
    if (indexOf.has(node)) refuse(`the node ${node} stands twice among the nodes.`, { node })
    indexOf.set(node, indexOf.size)
  }
  const at = (node: string): number =>
    indexOf.get(node) ??
    refuse(`there is no node ${node}; its nodes are ${nodes.join(', ')}.`, { node, allowed: nodes })

  const edges = new Int8Array(k * k)
  const tierOf = new Map<number, number>()
  tiers.forEach((tier, order) => {
    for (const node of tier) {
      if (tierOf.has(at(node))) refuse(`the node ${node} is in more than one tier.`, { node })
      tierOf.set(at(node), order)
    }
  })
  for (const [from, tier] of tierOf) for (const [to, other] of tierOf) if (tier > other) edges[from * k + to] = -1
  // An edge from a node to itself never is in a graph: forbidding it says nothing new.
  for (const [from, to] of forbidden) if (at(from) !== at(to)) edges[at(from) * k + at(to)] = -1
  for (const [from, to] of required) {
    const edge = at(from) * k + at(to)
    if (from === to) refuse(`${from} → ${to} is required, but no node acts on itself.`, { edge: [from, to] })
    if (edges[edge] === -1) {
      const by = forbidden.some(([parent, child]) => parent === from && child === to) ? '' : ' by the tiers'
      refuse(`${from} → ${to} is required and also forbidden${by}.`, { edge: [from, to] })
    }
    edges[edge] = 1
  }
  checkEdgeKnowledge(edges, k, (node) => nodes[node]!)
  return edges
}

/**
 * Refuses knowledge that no training with so many confounders could honour.
 * @throws CausewayError `badRequest` as `edgeKnowledge`, and when the number of nodes is not k
 */
export function checkKnowledge(knowledge: Knowledge, k: number): void {
  checkEdgeKnowledge(edgeKnowledge(knowledge), k)
}
