import { readMaskJson } from '../formats/mask-json'
import { requireFactor, requireMask } from '../mask'
import type { Edge, EditorState } from './state'
import { requireEnds, requireNodes, wordsForEdges, wordsForNodes, type Operation } from './operation'

/** The state with each factor off the diagonal as `factorAt` says, given what it was; rows that stay are the same objects. */
function withFactors(state: EditorState, factorAt: (from: number, to: number, factor: number) => number): EditorState {
  let changed = false
  const factors = state.factors.map((row, from) => {
    const next = row.map((factor, to) => (from === to ? factor : factorAt(from, to, factor)))
    if (next.every((factor, to) => factor === row[to])) return row
    changed = true
    return next
  })
  return changed ? { ...state, factors } : state
}

/** As `withFactors`, for the edges of a selection alone. A loop in it (the diagonal of a box) is passed over. */
function withFactorOf(state: EditorState, edges: readonly Edge[], value: number): EditorState {
  requireEnds(state, edges)
  const chosen = new Set(edges.map(({ from, to }) => from * state.nodes.length + to))
  return withFactors(state, (from, to, factor) => (chosen.has(from * state.nodes.length + to) ? value : factor))
}

/** Removes the edges; where all of them are removed already, puts them back. */
export const toggleEdges = (edges: readonly Edge[]): Operation => ({
  kind: 'toggleEdges',
  label: `toggle ${wordsForEdges(edges)}`,
  undo: 'restores',
  perform(state) {
    requireEnds(state, edges)
    const removed = edges.every(({ from, to }) => from === to || state.factors[from]![to] === 0)
    return withFactorOf(state, edges, removed ? 1 : 0)
  },
})

/** Scales the edges by a factor in 0..1. */
export const setFactor = (edges: readonly Edge[], value: number): Operation => ({
  kind: 'setFactor',
  label: `set ${wordsForEdges(edges)} to ${value.toFixed(2)}`,
  undo: 'merges',
  mergeKey: `factor ${edges.map(({ from, to }) => `${from}-${to}`).join(' ')}`,
  perform(state) {
    requireFactor(value)
    return withFactorOf(state, edges, value)
  },
})

/** do(c): the nodes act on nothing. */
export const zeroRows = (nodes: readonly number[]): Operation => ({
  kind: 'zeroRows',
  label: `zero row of ${wordsForNodes(nodes)}`,
  undo: 'restores',
  perform(state) {
    requireNodes(state, nodes)
    return withFactors(state, (from, _, factor) => (nodes.includes(from) ? 0 : factor))
  },
})

/** Nothing acts on the nodes. */
export const zeroColumns = (nodes: readonly number[]): Operation => ({
  kind: 'zeroColumns',
  label: `zero column of ${wordsForNodes(nodes)}`,
  undo: 'restores',
  perform(state) {
    requireNodes(state, nodes)
    return withFactors(state, (_, to, factor) => (nodes.includes(to) ? 0 : factor))
  },
})

/** The nodes act on nothing and nothing acts on them. */
export const isolate = (nodes: readonly number[]): Operation => ({
  kind: 'isolate',
  label: `isolate ${wordsForNodes(nodes)}`,
  undo: 'restores',
  perform(state) {
    requireNodes(state, nodes)
    return withFactors(state, (from, to, factor) => (nodes.includes(from) || nodes.includes(to) ? 0 : factor))
  },
})

/** Each factor off the diagonal becomes 1 − factor. */
export const invert = (): Operation => ({
  kind: 'invert',
  label: 'invert mask',
  undo: 'restores',
  perform: (state) => withFactors(state, (_from, _to, factor) => 1 - factor),
})

/** Every edge as learned again. Held values stay. */
export const resetMask = (): Operation => ({
  kind: 'resetMask',
  label: 'reset mask',
  undo: 'restores',
  perform: (state) => withFactors(state, () => 1),
})

/** Replaces the mask. `label` says by what: `load mask "no price"`. */
export const loadMask = (factors: readonly (readonly number[])[], label: string): Operation => ({
  kind: 'loadMask',
  label,
  undo: 'restores',
  perform(state) {
    requireMask(factors, state.nodes.length)
    return withFactors(state, (from, to) => factors[from]![to]!)
  },
})

/**
 * Replaces the mask by a copied one, node by node in their order: it may come from another run with as many nodes.
 * @param clipboard what `copyMask` gave
 * @throws CausewayError badRequest the text is no mask; on performing: it has another number of nodes
 */
export function pasteMask(clipboard: string): Operation {
  const { factors } = readMaskJson(clipboard)
  return { ...loadMask(factors, 'paste mask'), kind: 'pasteMask' }
}

/** The mask as plain text for the clipboard: the JSON of a `Mask`. */
export const copyMask = (state: EditorState): string =>
  JSON.stringify({
    type: 'causeway-mask',
    version: 1,
    name: 'Copied mask',
    notes: '',
    nodes: state.nodes,
    factors: state.factors,
  })
