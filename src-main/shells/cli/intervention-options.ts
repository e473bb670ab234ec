import { existsSync } from 'node:fs'
import { CausewayError } from '../../../src-shared/contract/errors'
import type { Annotations } from '../../../src-shared/domain/graph'
import type { Hold, Intervention, UserSelection } from '../../../src-shared/domain/intervention'
import type { Mask } from '../../../src-shared/domain/mask'

/** What `causeway do` and `causeway paths` say of an intervention. */
export interface InterventionOptions {
  mask?: string
  zeroRow: string[]
  zeroColumn: string[]
  removeEdge: string[]
  hold: string[]
}

/** The nodes of a run by all the names they have. */
export interface NodeNames {
  /** As learned: c1 … ck. */
  nodes: string[]
  annotations: Annotations
}

export const changesNothing = (options: InterventionOptions): boolean =>
  options.mask === undefined &&
  [options.zeroRow, options.zeroColumn, options.removeEdge, options.hold].every((given) => given.length === 0)

/** The analyst's name of a node, or the learned one. */
export const shownNames = ({ nodes, annotations }: NodeNames): string[] =>
  nodes.map((node) => annotations.names[node] ?? node)

/** The index of a node by its learned name or the analyst's. @throws CausewayError `badRequest` listing the names */
export function nodeIndex(name: string, names: NodeNames): number {
  const wanted = name.trim()
  const learned = names.nodes.indexOf(wanted)
  const index = learned >= 0 ? learned : shownNames(names).indexOf(wanted)
  if (index >= 0) return index
  const known = names.nodes.map((node) => {
    const given = names.annotations.names[node]
    return given === undefined ? node : `${node} (${given})`
  })
  throw new CausewayError(
    'badRequest',
    `The run has no node ${JSON.stringify(wanted)}. Its nodes: ${known.join(', ')}.`,
    {
      node: wanted,
      nodes: names.nodes,
    },
  )
}

/**
 * The intervention that the options ask for: the mask's factors, then what rows, columns and edges are taken out of it.
 * @throws CausewayError `badRequest` for what cannot be read, or nodes there are none of
 */
export function readIntervention(options: InterventionOptions, names: NodeNames, mask: Mask | null): Intervention {
  const k = names.nodes.length
  const edits = options.zeroRow.length + options.zeroColumn.length + options.removeEdge.length
  const factors =
    mask === null && edits === 0
      ? null
      : names.nodes.map((_, i) => names.nodes.map((__, j) => mask?.factors[i]?.[j] ?? 1))
  const remove = (from: number, to: number): void => {
    if (from !== to) factors![from]![to] = 0
  }
  for (const name of options.zeroRow) {
    const from = nodeIndex(name, names)
    for (let to = 0; to < k; to++) remove(from, to)
  }
  for (const name of options.zeroColumn) {
    const to = nodeIndex(name, names)
    for (let from = 0; from < k; from++) remove(from, to)
  }
  for (const edge of options.removeEdge) {
    const [from, to, ...rest] = edge.split(/->|→/)
    if (from === undefined || to === undefined || rest.length > 0)
      throw new CausewayError('badRequest', `--remove-edge takes FROM->TO, not ${JSON.stringify(edge)}.`, { edge })
    const ends = [nodeIndex(from, names), nodeIndex(to, names)] as const
    if (ends[0] === ends[1])
      throw new CausewayError('badRequest', `--remove-edge ${edge}: no node acts on itself.`, { edge })
    remove(...ends)
  }
  return { factors, holds: options.hold.map((text) => readHold(text, names)) }
}

const heldValue = /^(?:([+-]?\d+(?:\.\d+)?)sd|user:(.+)|mean:(.+))$/

/** `c2=+1.5sd`, `c2=user:196`, `c2=mean:all`, `c2=mean:gender=F`. */
function readHold(text: string, names: NodeNames): Hold {
  // A name may have a "=" of its own: the first one that a value follows ends it.
  for (let at = text.indexOf('='); at > 0; at = text.indexOf('=', at + 1)) {
    const value = heldValue.exec(text.slice(at + 1).trim())
    if (!value) continue
    const node = nodeIndex(text.slice(0, at), names)
    const [, sd, user, users] = value
    if (sd !== undefined) return { node, at: { kind: 'sd', sd: Number(sd) } }
    return { node, at: user !== undefined ? { kind: 'user', user } : { kind: 'mean', users: readUsers(users!) } }
  }
  throw new CausewayError(
    'badRequest',
    `--hold takes NAME=VALUE with VALUE one of +1.5sd, -1sd, user:ID, mean:all, mean:ATTRIBUTE=VALUE; not ${JSON.stringify(text)}.`,
    { hold: text },
  )
}

const number = String.raw`-?\d+(?:\.\d+)?`
const comparison = new RegExp(`^(.+?)\\s*(>=|<=)\\s*(${number})$`)
const between = new RegExp(`^(${number})\\.\\.(${number})$`)

/** `all`, `ID,ID`, `user:ID` (one user, whatever signs its id has), `gender=F`, `age=20..30`, `age>=30`, `activity<=50`. */
export function readUsers(text: string): UserSelection {
  const wanted = text.trim()
  if (wanted === 'all') return { kind: 'all' }
  if (wanted.startsWith('user:') && wanted.length > 5) return { kind: 'users', users: [wanted.slice(5)] }
  const ofRange = (attribute: string, min: number | null, max: number | null): UserSelection =>
    attribute === 'activity' ? { kind: 'activity', min, max } : { kind: 'range', attribute, min, max }
  const compared = comparison.exec(wanted)
  if (compared) {
    const bound = Number(compared[3])
    return compared[2] === '>=' ? ofRange(compared[1]!, bound, null) : ofRange(compared[1]!, null, bound)
  }
  const at = wanted.indexOf('=')
  if (at > 0 && !/[<>]/.test(wanted[at - 1]!)) {
    const attribute = wanted.slice(0, at).trim()
    const value = wanted.slice(at + 1).trim()
    const range = between.exec(value)
    if (range) return ofRange(attribute, Number(range[1]), Number(range[2]))
    if (attribute !== 'activity' && value !== '') return { kind: 'attribute', attribute, value }
  } else if (at < 0) {
    const users = wanted.split(',').map((id) => id.trim())
    if (users.every((id) => id !== '' && !/[<>]/.test(id))) return { kind: 'users', users }
  }
  throw new CausewayError(
    'badRequest',
    `Users are chosen by all, ID,ID, user:ID, ATTRIBUTE=VALUE, ATTRIBUTE=LOW..HIGH, ATTRIBUTE>=N or activity>=N; not ${JSON.stringify(text)}.`,
    { users: text },
  )
}

/** Whether an argument that may name a file or something saved names a file. */
export const namesFile = (text: string): boolean => existsSync(text)
