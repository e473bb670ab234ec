import type { DomainGraph } from '../../../../src-shared/domain/domain-graph'
import type { DomainPath } from '../../../../src-shared/graph/dag/answers'
import { nodeSet, nodesNamed, questionOf } from '../../../../src-shared/graph/dag/model'
import { pathAlong } from '../../../../src-shared/graph/dag/paths'
import { openPath } from '../../../../src-shared/graph/dag/separation'

/**
 * A shortest path from `a` to `b` that is open given `given`; null where `given` d-separates the two. The graph has no cycle.
 * @throws CausewayError `notFound` for a name that no variable has
 */
export function openPathBetween(graph: DomainGraph, a: string, b: string, given: readonly string[]): DomainPath | null {
  const question = { ...questionOf(graph), adjusted: nodesNamed(graph, given), selected: [] }
  const { dag, adjusted } = question
  const nodes = openPath(
    dag,
    nodesNamed(graph, [a]),
    nodeSet(dag.nodes, nodesNamed(graph, [b])),
    nodeSet(dag.nodes, adjusted),
  )
  return nodes && pathAlong(graph, question, nodes)
}
