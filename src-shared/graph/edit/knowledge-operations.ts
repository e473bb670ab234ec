import { CausewayError } from '../../contract/errors'
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

/** Replaces what is known by what was saved or imported. */
export const loadKnowledge = (knowledge: EdgesKnown): Operation => ({
  kind: 'loadKnowledge',
  label: 'load knowledge',
  undo: 'restores',
  perform: (state) =>
    withKnowledge(state, {
      required: knowledge.required,
      forbidden: knowledge.forbidden,
      tiers: knowledge.tiers,
    }),
})

/**
 * Checks that a training can honour the knowledge.
 * @throws CausewayError badRequest unknown nodes, edges said twice, edges both required and forbidden (by name or tier), required
 *   edges that form a cycle, nodes in two tiers; names the edges
 */
export function checkKnowledge(nodes: readonly string[], knowledge: EdgesKnown): void {
  const { required, forbidden, tiers } = knowledge
  const known = new Set(nodes)
  const unknown = [...required, ...forbidden, ...tiers].flat().find((name) => !known.has(name))
  if (unknown !== undefined) {
    throw new CausewayError('badRequest', `There is no node "${unknown}" among ${nodes[0]} … ${nodes.at(-1)}.`)
  }
  const loops = [...required, ...forbidden].filter(([from, to]) => from === to)
  if (loops.length > 0) throw refusal('from a node to itself: no node acts on itself', loops)
  for (const list of [required, forbidden]) {
    const twice = list.filter((edge, index) => keysOf(list.slice(0, index)).has(keyOf(edge)))
    if (twice.length > 0) throw refusal('said twice', twice)
  }
  const tiered = tiers.flat()
  const double = tiered.find((name, index) => tiered.indexOf(name) !== index)
  if (double !== undefined) throw new CausewayError('badRequest', `"${double}" is in two tiers.`)
  const no = keysOf(forbidden)
  const both = required.filter((edge) => no.has(keyOf(edge)))
  if (both.length > 0) throw refusal('both required and forbidden', both)
  const backward = required.filter(againstTiers(tiers))
  if (backward.length > 0) throw refusal('required, but lead from a later tier into an earlier one', backward)
  const cycle = requiredCycle(required)
  if (cycle) throw refusal('required, but form a cycle', cycle)
}

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

/** Whether an edge leads from a later tier into an earlier one. */
function againstTiers(tiers: readonly (readonly string[])[]): (edge: NamedEdge) => boolean {
  const tierOf = new Map(tiers.flatMap((names, tier) => names.map((name) => [name, tier] as const)))
  return ([from, to]) => (tierOf.get(from) ?? -1) > (tierOf.get(to) ?? Infinity)
}

/** The edges of one cycle of required edges, in order; null where there is none. Depth first, without recursion. */
function requiredCycle(required: readonly NamedEdge[]): NamedEdge[] | null {
  const children = new Map<string, string[]>()
  for (const [from, to] of required) children.set(from, [...(children.get(from) ?? []), to])
  const done = new Set<string>()
  for (const start of children.keys()) {
    const path: string[] = []
    const open = [{ name: start, depth: 0 }]
    for (let next = open.pop(); next; next = open.pop()) {
      for (const left of path.splice(next.depth)) done.add(left)
      if (done.has(next.name)) continue
      const at = path.indexOf(next.name)
      if (at >= 0) {
        const cycle = [...path.slice(at), next.name]
        return cycle.slice(1).map((to, index) => [cycle[index]!, to])
      }
      path.push(next.name)
      for (const child of children.get(next.name) ?? []) open.push({ name: child, depth: path.length })
    }
    for (const left of path) done.add(left)
  }
  return null
}

function withKnowledge(state: EditorState, knowledge: EdgesKnown): EditorState {
  if (sameState(state.knowledge, knowledge)) return state
  checkKnowledge(state.nodes, knowledge)
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
