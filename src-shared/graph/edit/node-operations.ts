import { CausewayError } from '../../contract/errors'
import { holdSchema, type Hold } from '../../domain/intervention'
import { shownName, type EditorState, type Position } from './state'
import { sameState } from './history'
import { requireNodes, withEntry, wordsForNodes, type Operation } from './operation'

/** Holds a node at a value for everyone, in place of what it was held at. Standard deviations come from a slider: they merge. */
export const hold = (node: number, at: Hold['at']): Operation => ({
  kind: 'hold',
  label: `hold c${node + 1}`,
  ...(at.kind === 'sd' ? { undo: 'merges', mergeKey: `hold ${node}` } : { undo: 'restores' }),
  perform(state) {
    requireNodes(state, [node])
    const parsed = holdSchema.safeParse({ node, at })
    if (!parsed.success) {
      const issue = parsed.error.issues[0]!
      throw new CausewayError(
        'badRequest',
        `c${node + 1} cannot be held there: ${issue.path.join('.')}: ${issue.message}`,
      )
    }
    const before = state.holds.find((held) => held.node === node)
    if (sameState(before, parsed.data)) return state
    const others = state.holds.filter((held) => held.node !== node)
    return { ...state, holds: [...others, parsed.data].sort((a, b) => a.node - b.node) }
  },
})

/** Holds the nodes no longer. */
export const release = (nodes: readonly number[]): Operation => ({
  kind: 'release',
  label: `release ${wordsForNodes(nodes)}`,
  undo: 'restores',
  perform(state) {
    requireNodes(state, nodes)
    const holds = state.holds.filter((held) => !nodes.includes(held.node))
    return holds.length === state.holds.length ? state : { ...state, holds }
  },
})

/** Names a node; an empty name, or its learned one, takes the name away. No two nodes may be shown under one name. */
export const rename = (node: number, name: string): Operation => ({
  kind: 'rename',
  label: `rename c${node + 1}`,
  undo: 'restores',
  perform(state) {
    requireNodes(state, [node])
    const learned = state.nodes[node]!
    const given = name.trim()
    if (given.length > 64) throw new CausewayError('badRequest', 'A name has at most 64 characters.')
    const twin = state.nodes.findIndex(
      (other, index) => index !== node && (other === given || shownName(state, index) === given),
    )
    if (twin >= 0) throw new CausewayError('badRequest', `${state.nodes[twin]} is called "${given}" already.`)
    const names = withEntry(state.names, learned, given === '' || given === learned ? null : given)
    return names === state.names ? state : { ...state, names }
  },
})

/** Writes what is thought of a node; an empty text takes the note away. */
export const note = (node: number, text: string): Operation => ({
  kind: 'note',
  label: `note on c${node + 1}`,
  undo: 'restores',
  perform(state) {
    requireNodes(state, [node])
    if (text.length > 4000) throw new CausewayError('badRequest', 'A note has at most 4000 characters.')
    const notes = withEntry(state.notes, state.nodes[node]!, text === '' ? null : text)
    return notes === state.notes ? state : { ...state, notes }
  },
})

/** Puts nodes in their places, by learned name. While the same ones are moved, it is one step. */
export const move = (positions: Readonly<Record<string, Position>>): Operation => {
  const moved = Object.keys(positions).sort()
  return {
    kind: 'move',
    label: moved.length === 1 ? `move ${moved[0]}` : `move ${moved.length} nodes`,
    undo: 'merges',
    mergeKey: `move ${moved.join(' ')}`,
    perform(state) {
      const unknown = moved.find((name) => !state.nodes.includes(name))
      if (unknown !== undefined) throw new CausewayError('badRequest', `There is no node "${unknown}" in this graph.`)
      const next: EditorState['positions'] = { ...state.positions }
      for (const name of moved) {
        const { x, y } = positions[name]!
        if (!Number.isFinite(x) || !Number.isFinite(y)) {
          throw new CausewayError('badRequest', `The place of ${name} must be two finite numbers.`)
        }
        next[name] = { x, y }
      }
      return sameState(state.positions, next) ? state : { ...state, positions: next }
    },
  }
}
