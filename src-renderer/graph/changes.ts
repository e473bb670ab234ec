import type { Change } from '../../src-shared/graph/edit/intervention'
import { release, resetMask, setFactor, type Operation } from '../../src-shared/graph/edit/operations'
import type { Edge, EditorState } from '../../src-shared/graph/edit/state'

/** What is chosen, by position: nodes, edges, and the edges that an edge operation is about. */
export interface Chosen {
  nodes: number[]
  edges: Edge[]
}

/** The ids of a selection as nodes and edges of the graph. */
export function chosenOf(nodes: readonly string[], selection: readonly string[]): Chosen {
  const indexOf = new Map(nodes.map((name, index) => [name, index]))
  const chosen: Chosen = { nodes: [], edges: [] }
  for (const id of selection) {
    const node = indexOf.get(id)
    if (node !== undefined) {
      chosen.nodes.push(node)
      continue
    }
    const [from, to] = id.split('→').map((name) => indexOf.get(name))
    if (from !== undefined && to !== undefined) chosen.edges.push({ from, to })
  }
  return chosen
}

/** The edges an edge operation is about: the chosen ones; without any, all between the chosen nodes. */
export const edgesAtHand = ({ nodes, edges }: Chosen): Edge[] =>
  edges.length > 0
    ? edges
    : nodes.flatMap((from) => nodes.filter((to) => to !== from).map((to): Edge => ({ from, to })))

/** The nodes a row operation is about: the chosen ones; without any, the parents of the chosen edges. */
export const rowsAtHand = ({ nodes, edges }: Chosen): number[] =>
  nodes.length > 0 ? nodes : [...new Set(edges.map(({ from }) => from))]

/** The nodes a column operation is about: the chosen ones; without any, the children of the chosen edges. */
export const columnsAtHand = ({ nodes, edges }: Chosen): number[] =>
  nodes.length > 0 ? nodes : [...new Set(edges.map(({ to }) => to))]

/**
 * What takes one entry of the list of changes back: its edges as learned again, except those that another entry speaks of too, or
 * the held node released.
 */
export function revertOf(change: Change, all: readonly Change[], state: EditorState): Operation {
  const [kind, ...places] = change.id.split(':')
  const [a, b] = places.map(Number)
  const named = `take back: ${change.text}`
  if (kind === 'hold') return { ...release([a!]), label: named }
  if (kind === 'all') return { ...resetMask(), label: named }
  const others = new Set(all.filter((other) => other.id !== change.id).map((other) => other.id))
  const nodes = state.nodes.map((_, node) => node)
  const row = (from: number): Edge[] => nodes.filter((to) => to !== from).map((to) => ({ from, to }))
  const column = (to: number): Edge[] => nodes.filter((from) => from !== to).map((from) => ({ from, to }))
  const covered = ({ from, to }: Edge): boolean =>
    [`isolated:${from}`, `isolated:${to}`, `row:${from}`, `column:${to}`].some((id) => others.has(id))
  const edges =
    kind === 'row'
      ? row(a!)
      : kind === 'column'
        ? column(a!)
        : kind === 'isolated'
          ? [...row(a!), ...column(a!)]
          : [{ from: a!, to: b! }]
  return {
    ...setFactor(
      edges.filter((edge) => !covered(edge)),
      1,
    ),
    label: named,
    undo: 'restores',
  }
}
