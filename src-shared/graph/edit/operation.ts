import { CausewayError } from '../../contract/errors'
import type { Edge, EditorState } from './state'

/**
 * Something an analyst does to the graph. Undoing it gives back the very state before it.
 * `restores`: it is an undo step of its own. `merges`: consecutive ones with one merge key are a single step, such as a slider
 * being dragged.
 */
export interface Operation {
  readonly kind: string
  /** In words, for "Undo …". Nodes by their learned names. */
  readonly label: string
  readonly undo: 'restores' | 'merges'
  readonly mergeKey?: string
  /**
   * The state with the operation done; the very same object where it changes nothing.
   * @throws CausewayError badRequest what cannot be done and why
   */
  perform(state: EditorState): EditorState
}

export function requireNodes(state: EditorState, nodes: readonly number[]): void {
  const unknown = nodes.find((node) => state.nodes[node] === undefined)
  if (unknown !== undefined) {
    throw new CausewayError(
      'badRequest',
      `There is no node c${unknown + 1} in this graph; it has ${state.nodes.length} nodes.`,
    )
  }
}

export const requireEnds = (state: EditorState, edges: readonly Edge[]): void =>
  requireNodes(
    state,
    edges.flatMap(({ from, to }) => [from, to]),
  )

/** `c1 → c2`, or `3 edges`. */
export const wordsForEdges = (edges: readonly Edge[]): string =>
  edges.length === 1 ? `c${edges[0]!.from + 1} → c${edges[0]!.to + 1}` : `${edges.length} edges`

/** `c1`, `c1 and c2`, or `4 nodes`. */
export const wordsForNodes = (nodes: readonly number[]): string =>
  nodes.length < 3 ? nodes.map((node) => `c${node + 1}`).join(' and ') : `${nodes.length} nodes`

/** The record with the entry set, or removed where the value is null; the same object where that changes nothing. */
export function withEntry<T>(record: Record<string, T>, key: string, value: T | null): Record<string, T> {
  if (value === null) {
    if (!Object.hasOwn(record, key)) return record
    return Object.fromEntries(Object.entries(record).filter(([name]) => name !== key))
  }
  return Object.hasOwn(record, key) && record[key] === value ? record : { ...record, [key]: value }
}
