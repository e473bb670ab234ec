import { nearestSeparator } from './separation'
import { membersOf, nodeSet, type Question } from './model'

export interface Implication {
  a: number
  b: number
  given: number[]
}

/**
 * The testable implications of the graph: for each two measured variables that no edge joins, one minimal set of measured variables
 * that d-separates them, where there is one (Pearl 2009, section 1.2; van der Zander & Liśkiewicz 2020). Data that violate one
 * refute the graph. Selected variables are in every set, since the data hold only what was selected. At most `limit`.
 */
export function testableImplications(
  { dag, measured, selected }: Question,
  limit: number,
): { implications: Implication[]; truncated: boolean } {
  const isSelected = nodeSet(dag.nodes, selected)
  const free = measured.map((member, node) => member & (1 - isSelected[node]!))
  const nodes = membersOf(free)
  const implications: Implication[] = []
  for (const [position, a] of nodes.entries()) {
    const adjacent = nodeSet(dag.nodes, [...dag.parents[a]!, ...dag.children[a]!])
    for (const b of nodes.slice(position + 1)) {
      if (adjacent[b] === 1) continue
      const allowed = Uint8Array.from(free)
      allowed[a] = 0
      allowed[b] = 0
      const separator = nearestSeparator(dag, { sources: [a], targets: [b], forced: selected, allowed })
      if (separator === null) continue
      if (implications.length >= limit) return { implications, truncated: true }
      implications.push({ a, b, given: [...separator, ...selected].sort((one, other) => one - other) })
    }
  }
  return { implications, truncated: false }
}
