/** A directed graph over n nodes as a 0/1 adjacency: `edges[i][j] === 1` means i → j, rows are parents. */
export type Adjacency = number[][]

/** The graph without edges. */
export const emptyGraph = (nodes: number): Adjacency =>
  Array.from({ length: nodes }, () => Array.from({ length: nodes }, () => 0))

/**
 * A graph from text: edges `c1 -> c2` separated by commas or line breaks, nodes named c1 … cn. Chains (`c1 -> c2 -> c3`) are
 * allowed; a lone `c4` names a node without edges. The graph has as many nodes as the highest number.
 */
export function parseGraph(text: string): Adjacency {
  const chains = text
    .split(/[,\n]/)
    .map((part) => part.trim())
    .filter(Boolean)
    .map((part) => part.split('->').map((name) => nodeOf(name.trim())))
  const graph = emptyGraph(Math.max(0, ...chains.flat().map((node) => node + 1)))
  for (const chain of chains) for (let at = 1; at < chain.length; at++) graph[chain[at - 1]!]![chain[at]!] = 1
  return graph
}

function nodeOf(name: string): number {
  const found = /^c([1-9]\d*)$/.exec(name)
  if (!found) throw new TypeError(`"${name}" is no node name: c1, c2, …`)
  return Number(found[1]) - 1
}

/** The edges of a graph as canonical text: `c1 -> c2, c2 -> c3`, by parent, then by child. */
export const formatGraph = (graph: Adjacency): string =>
  graph.flatMap((row, i) => row.flatMap((edge, j) => (edge !== 0 ? [`c${i + 1} -> c${j + 1}`] : []))).join(', ')
