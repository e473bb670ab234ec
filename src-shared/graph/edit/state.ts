import { CausewayError } from '../../contract/errors'
import type { Hold } from '../../domain/intervention'
import type { Knowledge } from '../../domain/knowledge'
import { allOnes } from '../mask'

/** An edge by the positions of its nodes, parent first. */
export interface Edge {
  from: number
  to: number
}

export interface Position {
  x: number
  y: number
}

/** What is known of the edges before the next training; see `Knowledge`. */
export type EdgesKnown = Pick<Knowledge, 'required' | 'forbidden' | 'tiers'>

/**
 * Everything that is edited on one run's graph. Never changed in place: an operation returns a new state that shares what it left
 * alone, so that going back is going back to the same object.
 */
export interface EditorState {
  /** Learned names, c1 … ck. */
  readonly nodes: string[]
  /** [k][k], parents in rows, in 0..1; the diagonal is 1. */
  readonly factors: number[][]
  /** By node, at most one each. */
  readonly holds: Hold[]
  /** Analysts' names and notes by learned name; a node without one is not in here. */
  readonly names: Record<string, string>
  readonly notes: Record<string, string>
  readonly knowledge: EdgesKnown
  /** Where nodes were put by hand, by learned name. */
  readonly positions: Record<string, Position>
}

/** Nothing edited yet. */
export const initialEditorState = (nodes: readonly string[]): EditorState => ({
  nodes: [...nodes],
  factors: allOnes(nodes.length),
  holds: [],
  names: {},
  notes: {},
  knowledge: { required: [], forbidden: [], tiers: [] },
  positions: {},
})

/** The name a node is shown under: the analyst's, or else the learned one. */
export function shownName(state: Pick<EditorState, 'nodes' | 'names'>, node: number): string {
  const learned = state.nodes[node]
  if (learned === undefined) throw new CausewayError('badRequest', `There is no node ${node + 1} in this graph.`)
  return Object.hasOwn(state.names, learned) ? state.names[learned]! : learned
}
