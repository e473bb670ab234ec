import type { CausalGraph } from '../../../src-shared/domain/graph'
import { nnzOf, type Split } from '../../../src-shared/domain/split'
import { breakCycles, thresholdEdges } from '../../../src-shared/graph/acyclic'
import type { FittedModel } from '../../methods/method'

/** The probability at which an edge of a learned graph counts as there, wherever nobody chose another. */
export const edgeThreshold = 0.5

/** The structure a model learned, with its mean strengths over the training users; null where it learns none. */
export async function learnedGraph(model: FittedModel, split: Split): Promise<CausalGraph | null> {
  if (!model.graph || nnzOf(split.train) === 0) return null
  return model.graph(split.train)
}

/** What a reader of the graph has to know, in words: its edges, and those left out because they would close a cycle. */
export function describeGraph(graph: CausalGraph): string {
  const { kept, dropped } = breakCycles(thresholdEdges(graph.probabilities, edgeThreshold))
  const names = (edges: typeof kept): string =>
    edges.map(({ from, to }) => `${graph.nodes[from]} → ${graph.nodes[to]}`).join(', ')
  const shown =
    kept.length === 0
      ? `No edge has a probability of at least ${edgeThreshold}.`
      : `Edges with a probability of at least ${edgeThreshold}: ${names(kept)}.`
  return dropped.length === 0 ? shown : `${shown} Left out because they close a cycle: ${names(dropped)}.`
}
