import type {
  Intervention,
  Quantity,
  SegmentEffect,
  UserEffect,
  UserSelection,
} from '../../src-shared/domain/intervention'
import { changesNoEdge, describeHold, describeMask, describeUsers } from '../../src-shared/graph/edit/intervention'
import { formatCount, plural } from '../format'
import { decimalsOf, directionOf, fixed, intervalText, signed } from './numbers'

/** What effects say in words. Pure functions. */

type NameOf = (node: number) => string

export const changesNothing = ({ factors, holds }: Intervention): boolean =>
  holds.length === 0 && (factors === null || changesNoEdge(factors))

/** The one node whose outgoing row alone is zeroed, do(c); null where the intervention is anything else. */
export function zeroedRow({ factors, holds }: Intervention): number | null {
  if (factors === null || holds.length > 0) return null
  const changed = factors.flatMap((row, from) => (row.every((factor) => factor === 1) ? [] : [from]))
  const [only] = changed
  if (changed.length !== 1 || only === undefined) return null
  return factors[only]!.every((factor, to) => factor === (to === only ? 1 : 0)) ? only : null
}

/** `c1 acts on nothing (do(c1)); c2 held at +1.00 sd` */
export function interventionText({ factors, holds }: Intervention, nameOf: NameOf): string {
  const mask = factors === null || changesNoEdge(factors) ? [] : [describeMask(factors, nameOf)]
  const parts = [...mask, ...holds.map((held) => describeHold(held, nameOf))]
  return parts.length === 0 ? 'nothing is changed' : parts.join('; ')
}

/** `without c1`, or the intervention spelt out: under what a sentence holds. */
export function conditionText(intervention: Intervention, nameOf: NameOf): string {
  const row = zeroedRow(intervention)
  return row === null ? `under this intervention (${interventionText(intervention, nameOf)})` : `without ${nameOf(row)}`
}

/** The attribute an AVP quantity is about; null for any other quantity. */
export const attributeOf = ({ id }: Pick<Quantity, 'id'>): string | null => /^avp@\d+:(.*)$/.exec(id)?.[1] ?? null

/** The quantity of the attribute chosen; where there is none of it, of the first that is not popularity. */
export function attributeQuantity(attributes: readonly Quantity[], chosen: string | null): Quantity | null {
  const of = (name: string | null): Quantity | undefined =>
    attributes.find((quantity) => attributeOf(quantity) === name)
  return of(chosen) ?? attributes.find((quantity) => attributeOf(quantity) !== 'popularity') ?? attributes[0] ?? null
}

/** The effect on a segment in one sentence: what changes, by how much, with interval and population. */
export function effectSentence(
  effect: SegmentEffect,
  { intervention, nameOf, attribute }: { intervention: Intervention; nameOf: NameOf; attribute: string | null },
): string {
  const users = plural(effect.users, 'user')
  if (changesNothing(intervention)) return `Nothing is changed: these are the lists of the model as trained, ${users}.`
  const condition = conditionText(intervention, nameOf)
  const start = condition[0]!.toUpperCase() + condition.slice(1)
  if (effect.noDifference) return `${start}, nothing changes: no score in any list moves, ${users}.`
  const quantity = attributeQuantity(effect.attributes, attribute)
  if (!quantity) return `${start}, ${formatCount(effect.changedLists)} of ${users} get another list.`
  const { change } = quantity
  const decimals = decimalsOf(change)
  const what = `the mean ${attributeOf(quantity)} of the top ${effect.k}`
  const population = plural(quantity.users, 'user')
  switch (directionOf(change)) {
    case 'none':
      return `${start}, ${what} stays exactly as it was, ${population}.`
    case 'unclear':
      return `${start}, ${what} changes by ${signed(change.mean, decimals)} (${intervalText(change, decimals, true)}), ${population}: not to be told from no change.`
    case 'rises':
      return `${start}, ${what} rises by ${fixed(change.mean, decimals)} (${intervalText(change, decimals)}), ${population}.`
    case 'falls': {
      const size = { mean: -change.mean, low: -change.high, high: -change.low }
      return `${start}, ${what} falls by ${fixed(size.mean, decimals)} (${intervalText(size, decimals)}), ${population}.`
    }
  }
}

/** `all users`, `users with age from 20 to 30`. */
export const usersText = (users: UserSelection): string => describeUsers(users)

/** How far an item moved: `up 3`, `down 1`, `same place`. @param from, to ranks, 1-based */
export function moveText(from: number, to: number): string {
  if (from === to) return 'same place'
  return from > to ? `up ${from - to}` : `down ${to - from}`
}

/** A move between two lists of `k` as it is drawn. */
export interface RankMove {
  /** `▲ 3`, `new ← 14`, `out → 14`; what it is in words. */
  move: string
  words: string
  tone: 'same' | 'up' | 'down' | 'edge'
}

/** @param from, to ranks, 1-based, one of them at most `k` */
export function rankMove(from: number, to: number, k: number): RankMove {
  if (to > k) return { move: `out → ${to}`, words: `leaves, to rank ${to}`, tone: 'edge' }
  if (from > k) return { move: `new ← ${from}`, words: `enters, from rank ${from}`, tone: 'edge' }
  return {
    move: from === to ? '=' : `${from > to ? '▲' : '▼'} ${Math.abs(from - to)}`,
    words: moveText(from, to),
    tone: from === to ? 'same' : from > to ? 'up' : 'down',
  }
}

/** Which items enter and which leave a user's list. */
export function turnover({ before, after, k }: Pick<UserEffect, 'before' | 'after' | 'k'>): {
  entering: UserEffect['after']
  leaving: UserEffect['before']
} {
  return {
    entering: after.filter((item) => item.rankBefore > k),
    leaving: before.filter((item) => item.rankAfter > k),
  }
}

/** What happened to one user's list, in one or two sentences. */
export function userSentence(effect: UserEffect, intervention: Intervention): string {
  if (changesNothing(intervention)) return 'Nothing is changed yet: this is the list of the model as trained.'
  if (effect.noDifference) return `No difference for user ${effect.user}: no score moves.`
  const { entering, leaving } = turnover(effect)
  const moved = effect.after.filter((item) => item.rankBefore !== item.rank).length
  if (moved === 0 && leaving.length === 0) return 'The scores change, the list does not.'
  if (entering.length === 0 && leaving.length === 0)
    return `The same ${effect.after.length} items, ${formatCount(moved)} of them in another place.`
  return `${plural(entering.length, 'item')} of ${effect.after.length} ${entering.length === 1 ? 'is' : 'are'} new.`
}

/** Words for the time to go, whole and rounded: `about 12 s to go`, `about 3 min to go`. */
export function etaText(seconds: number): string {
  if (seconds < 1) return 'nearly done'
  if (seconds < 90) return `about ${Math.round(seconds)} s to go`
  return `about ${Math.round(seconds / 60)} min to go`
}

/** Ids from a pasted text: one a line, or separated by commas, semicolons or tabs; each once. */
export const idsOf = (text: string): string[] => [
  ...new Set(
    text
      .split(/[\n\r,;\t]/)
      .map((part) => part.trim())
      .filter((part) => part !== ''),
  ),
]
