import { CausewayError } from '../../contract/errors'
import { edgeKnowledge } from '../knowledge'
import type { Edge, EdgesKnown, EditorState } from './state'
import { sameState } from './history'
import { requireEnds, requireNodes, wordsForEdges, wordsForNodes, type Operation } from './operation'

type NamedEdge = [parent: string, child: string]

/** What is known of one edge: `tier` is forbidden by the tiers alone. */
export type EdgeStanding = 'required' | 'forbidden' | 'tier' | null

/** These edges must be there: they are no longer forbidden. Refused for edges that tiers forbid or that close a cycle. */
export const requireEdges = (edges: readonly Edge[]): Operation => ({
  kind: 'requireEdges',
  label: `require ${wordsForEdges(edges)}`,
  undo: 'restores',
  perform(state) {
    const named = namedEdges(state, edges)
    return withKnowledge(state, {
      ...state.knowledge,
      required: union(state.knowledge.required, named),
      forbidden: without(state.knowledge.forbidden, named),
    })
  },
})

/** These edges must not be there: they are no longer required. One that the tiers forbid already is not noted again. */
export const forbidEdges = (edges: readonly Edge[]): Operation => ({
  kind: 'forbidEdges',
  label: `forbid ${wordsForEdges(edges)}`,
  undo: 'restores',
  perform(state) {
    const named = namedEdges(state, edges)
    const untold = named.filter((edge) => !againstTiers(state.knowledge.tiers)(edge))
    return withKnowledge(state, {
      ...state.knowledge,
      required: without(state.knowledge.required, named),
      forbidden: union(state.knowledge.forbidden, untold),
    })
  },
})

/** Nothing is said of these edges any longer. Refused where all that could be freed is forbidden by the tiers alone. */
export const freeEdges = (edges: readonly Edge[]): Operation => ({
  kind: 'freeEdges',
  label: `free ${wordsForEdges(edges)}`,
  undo: 'restores',
  perform(state) {
    const named = namedEdges(state, edges)
    const next = withKnowledge(state, {
      ...state.knowledge,
      required: without(state.knowledge.required, named),
      forbidden: without(state.knowledge.forbidden, named),
    })
    const tiered = named.filter(againstTiers(state.knowledge.tiers))
    if (next === state && tiered.length > 0) {
      throw refusal('forbidden by the tiers: put their nodes into other tiers to free them', tiered)
    }
    return next
  },
})

/** Puts nodes into a tier, 0 the earliest, or into none (null). No edge leads from a later tier into an earlier one. */
export const setTier = (nodes: readonly number[], tier: number | null): Operation => ({
  kind: 'setTier',
  label:
    tier === null ? `take ${wordsForNodes(nodes)} out of the tiers` : `put ${wordsForNodes(nodes)} in tier ${tier + 1}`,
  undo: 'restores',
  perform(state) {
    requireNodes(state, nodes)
    if (tier !== null && !(Number.isInteger(tier) && tier >= 0 && tier < 256)) {
      throw new CausewayError('badRequest', `There is no tier ${tier + 1}: tiers go from 1 to 256.`)
    }
    const moved = new Set(nodes.map((node) => state.nodes[node]!))
    const length = Math.max(state.knowledge.tiers.length, tier === null ? 0 : tier + 1)
    const tiers = Array.from({ length }, (_, index) => {
      const members = state.knowledge.tiers[index] ?? []
      const stays = (name: string): boolean => (moved.has(name) ? index === tier : members.includes(name))
      return state.nodes.filter(stays)
    })
    while (tiers.at(-1)?.length === 0) tiers.pop()
    return withKnowledge(state, { ...state.knowledge, tiers })
  },
})

/**
 * Replaces what is known by what was saved or imported. Refused where it names nodes that are not there, or no training could
 * honour it.
 */
export const loadKnowledge = (knowledge: EdgesKnown & { name?: string }): Operation => ({
  kind: 'loadKnowledge',
  label: knowledge.name === undefined ? 'load knowledge' : `load knowledge "${knowledge.name}"`,
  undo: 'restores',
  perform: (state) =>
    withKnowledge(
      state,
      {
        required: union([], knowledge.required),
        forbidden: union([], knowledge.forbidden),
        tiers: knowledge.tiers.map((tier) => [...tier]),
      },
      knowledge.name,
    ),
})

/** What is known of each edge, [k][k], parents in rows. */
export function edgeStandings(nodes: readonly string[], knowledge: EdgesKnown): EdgeStanding[][] {
  const required = keysOf(knowledge.required)
  const forbidden = keysOf(knowledge.forbidden)
  const tiered = againstTiers(knowledge.tiers)
  return nodes.map((from) =>
    nodes.map((to) => {
      const key = keyOf([from, to])
      if (required.has(key)) return 'required'
      if (forbidden.has(key)) return 'forbidden'
      return tiered([from, to]) ? 'tier' : null
    }),
  )
}

/** The edges that tiers forbid: from a later tier into an earlier one. */
export const forbiddenByTiers = (tiers: readonly (readonly string[])[]): NamedEdge[] =>
  tiers.flatMap((later, index) =>
    later.flatMap((from) => tiers.slice(0, index).flatMap((earlier) => earlier.map((to): NamedEdge => [from, to]))),
  )

/** Whether an edge leads from a later tier into an earlier one. */
function againstTiers(tiers: readonly (readonly string[])[]): (edge: NamedEdge) => boolean {
  const tierOf = new Map(tiers.flatMap((names, tier) => names.map((name) => [name, tier] as const)))
  return ([from, to]) => (tierOf.get(from) ?? -1) > (tierOf.get(to) ?? Infinity)
}

/** The state with other knowledge, if a training can honour it. `name` is what it is called in the refusal. */
function withKnowledge(state: EditorState, knowledge: EdgesKnown, name = 'in the editor'): EditorState {
  if (sameState(state.knowledge, knowledge)) return state
  const backward = knowledge.required.filter(againstTiers(knowledge.tiers))
  if (backward.length > 0) throw refusal('required, but lead from a later tier into an earlier one', backward)
  edgeKnowledge({ type: 'causeway-knowledge', version: 1, name, notes: '', nodes: state.nodes, ...knowledge })
  return { ...state, knowledge }
}

/** A loop in a selection (the diagonal of a box) is passed over. */
function namedEdges(state: EditorState, edges: readonly Edge[]): NamedEdge[] {
  requireEnds(state, edges)
  return edges.filter(({ from, to }) => from !== to).map(({ from, to }) => [state.nodes[from]!, state.nodes[to]!])
}

const keyOf = (edge: NamedEdge): string => JSON.stringify(edge)
const keysOf = (edges: readonly NamedEdge[]): Set<string> => new Set(edges.map(keyOf))

function union(edges: NamedEdge[], more: readonly NamedEdge[]): NamedEdge[] {
  const byKey = new Map([...edges, ...more].map((edge) => [keyOf(edge), edge]))
  return byKey.size === edges.length ? edges : [...byKey.values()]
}

function without(edges: NamedEdge[], fewer: readonly NamedEdge[]): NamedEdge[] {
  const out = keysOf(fewer)
  return edges.filter((edge) => !out.has(keyOf(edge)))
}

function refusal(why: string, edges: readonly NamedEdge[]): CausewayError {
  const shown = edges.slice(0, 10).map(([from, to]) => `${from} → ${to}`)
  const more = edges.length > shown.length ? ` and ${edges.length - shown.length} more` : ''
  return new CausewayError('badRequest', `These edges are ${why}: ${shown.join(', ')}${more}.`, { edges })
}
