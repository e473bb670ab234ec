import { CausewayError } from '../../contract/errors'
import type { Hold, Intervention, UserSelection } from '../../domain/intervention'
import { changesNoEdge } from '../mask'
import { shownName, type Edge, type EditorState } from './state'

type Factors = readonly (readonly number[])[]
type NameOf = (node: number) => string

export { changesNoEdge }

/** What the state does to the model: `factors` is null where every edge is left as learned. */
export const interventionOf = (state: EditorState): Intervention => ({
  factors: changesNoEdge(state.factors) ? null : state.factors,
  holds: state.holds,
})

/**
 * An edge whose learned probability is below this is absent for everyone: masking it makes no difference that a score could show.
 * Not the 0.005 below which it reads as 0.00: on ML-100K removing such an edge still re-ranked 48 of 942 lists.
 */
export const absentBelow = 1e-6

/** One line of the list of changes. */
export interface Change {
  id: string
  text: string
  /** It makes no difference: the learned graph has none of these edges. */
  absent: boolean
}

/** What the state changes in the model, in words: edges first, then held values. @param probabilities [k][k], learned */
export function maskChanges(state: EditorState, probabilities: Factors): Change[] {
  const nameOf = (node: number): string => shownName(state, node)
  const edges = changedParts(state.factors).map((part) => ({
    id: part.id,
    text: part.words(nameOf),
    absent: part.edges.every(({ from, to }) => (probabilities[from]?.[to] ?? 0) < absentBelow),
  }))
  const holds = state.holds.map((held) => ({
    id: `hold:${held.node}`,
    text: describeHold(held, nameOf),
    absent: false,
  }))
  return [...edges, ...holds]
}

/**
 * A mask in words: `c1 → c2 removed; c3 acts on nothing (do(c3)); c1 → c4 at 0.50`. After 20 changes it says how many more there are.
 * @param factors [k][k]
 */
export function describeMask(factors: Factors, nameOf: NameOf): string {
  const parts = changedParts(factors)
  if (parts.length === 0) return 'no edge changed'
  const said = parts.slice(0, 20).map((part) => part.words(nameOf))
  return parts.length > 20 ? `${said.join('; ')}; and ${parts.length - 20} more changes` : said.join('; ')
}

interface ChangedPart {
  id: string
  /** Those that no part before it speaks of. */
  edges: Edge[]
  words: (nameOf: NameOf) => string
}

/** The changes of a mask, whole nodes before single edges, each changed edge in the first part that covers it. */
function changedParts(factors: Factors): ChangedPart[] {
  const nodes = factors.map((_, node) => node)
  const row = (from: number): Edge[] => nodes.filter((to) => to !== from).map((to) => ({ from, to }))
  const column = (to: number): Edge[] => nodes.filter((from) => from !== to).map((from) => ({ from, to }))
  const zeroed = (edges: Edge[]): boolean => edges.length > 0 && edges.every(({ from, to }) => factors[from]![to] === 0)
  const said = new Set<number>()
  const parts: ChangedPart[] = []
  const unsaid = ({ from, to }: Edge): boolean => !said.has(from * nodes.length + to)
  /** A single edge left over from other parts is said as an edge. */
  const worthSaying = (edges: Edge[]): boolean => {
    const left = edges.filter(unsaid).length
    return left > 1 || left === edges.length
  }
  const say = (part: ChangedPart): void => {
    parts.push({ ...part, edges: part.edges.filter(unsaid) })
    for (const { from, to } of part.edges) said.add(from * nodes.length + to)
  }

  const everything = nodes.flatMap(row)
  if (nodes.length > 2 && zeroed(everything)) {
    return [{ id: 'all', edges: everything, words: () => 'every edge removed' }]
  }
  for (const node of nodes)
    if (nodes.length > 2 && zeroed(row(node)) && zeroed(column(node))) {
      const edges = [...row(node), ...column(node)]
      say({ id: `isolated:${node}`, edges, words: (nameOf) => `${nameOf(node)} isolated` })
    }
  for (const node of nodes)
    if (zeroed(row(node)) && worthSaying(row(node))) {
      const words = (nameOf: NameOf): string => `${nameOf(node)} acts on nothing (do(${nameOf(node)}))`
      say({ id: `row:${node}`, edges: row(node), words })
    }
  for (const node of nodes)
    if (zeroed(column(node)) && worthSaying(column(node))) {
      say({ id: `column:${node}`, edges: column(node), words: (nameOf) => `nothing acts on ${nameOf(node)}` })
    }
  for (const { from, to } of everything.filter(unsaid)) {
    const factor = factors[from]![to]!
    if (factor === 1) continue
    const what = factor === 0 ? 'removed' : `at ${wordsForFactor(factor)}`
    say({
      id: `edge:${from}:${to}`,
      edges: [{ from, to }],
      words: (nameOf) => `${nameOf(from)} → ${nameOf(to)} ${what}`,
    })
  }
  return parts
}

/** Two decimals, more only where they would look like 0 or 1. */
function wordsForFactor(factor: number): string {
  const rounded = factor.toFixed(2)
  return rounded === '0.00' || rounded === '1.00' ? String(factor) : rounded
}

/** An edge on which two masks differ. */
export interface MaskDifference extends Edge {
  a: number
  b: number
}

/** Where two masks differ, by parent, then by child. @throws CausewayError badRequest they are of different numbers of nodes */
export function compareMasks(a: Factors, b: Factors): MaskDifference[] {
  if (a.length !== b.length) {
    throw new CausewayError('badRequest', `Masks of ${a.length} and of ${b.length} nodes cannot be compared.`)
  }
  return a.flatMap((row, from) =>
    row.flatMap((factor, to) => (factor === b[from]![to]! ? [] : [{ from, to, a: factor, b: b[from]![to]! }])),
  )
}

/** `c2 held at +1.50 sd`, `c2 held at its mean over all users`. */
export function describeHold({ node, at }: Hold, nameOf: NameOf): string {
  const name = nameOf(node)
  if (at.kind === 'mean') return `${name} held at its mean over ${describeUsers(at.users)}`
  if (at.kind === 'user') return `${name} held at its value for user ${at.user}`
  const sign = at.sd < 0 ? '−' : '+'
  return `${name} held at ${sign}${Math.abs(at.sd).toFixed(2)} sd`
}

/** `all users`, `user 12`, `3 users`, `users with occupation = writer`, `users with age from 20 to 30`, `users with at least 5 items`. */
export function describeUsers(users: UserSelection): string {
  switch (users.kind) {
    case 'all':
      return 'all users'
    case 'users':
      return users.users.length === 1 ? `user ${users.users[0]}` : `${users.users.length} users`
    case 'attribute':
      return `users with ${users.attribute} = ${users.value}`
    case 'range':
      if (users.min === null && users.max === null) return `users with any ${users.attribute}`
      return `users with ${users.attribute} ${between(users.min, users.max)}`
    case 'activity':
      return `users with ${between(users.min, users.max)} train items`
  }
}

function between(min: number | null, max: number | null): string {
  if (min !== null && max !== null) return `from ${min} to ${max}`
  if (min !== null) return `at least ${min}`
  return max !== null ? `at most ${max}` : 'any number of'
}
