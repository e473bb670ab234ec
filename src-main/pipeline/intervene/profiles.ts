import type { AttributeTie } from '../../../src-shared/domain/intervention'
import { takeRows, type Split } from '../../../src-shared/domain/split'
import type { RowProfile } from '../../jobs/trainer-contract'
import { codesOf, type Attributes } from './attributes'
import { Candidates } from './lists'
import { confounderMoves, distinctive, noStrength } from './moves'
import { evenSample, PreparedRows, type IntervenableModel } from './prepared-rows'
import { correlation } from './statistics'
import type { Step } from './tasks'

/** Users that profiles are read from where there are more. */
const mostUsers = 1000
const shownItems = 10
const shownTies = 12
/** Fewer items or users of a kind say nothing. */
const leastCount = 5
/** A tie from which on it may give a name. */
const namingCorrelation = 0.2

/** What each confounder does beside what all of them do, read from the moves of the items' scores. */
export async function confounderProfiles(
  model: IntervenableModel,
  split: Split,
  nodes: number,
  items: Attributes,
  users: Attributes,
  step: Step,
): Promise<RowProfile[]> {
  const sample = evenSample(split.train.rows, mostUsers)
  const prepared = new PreparedRows(model, takeRows(split.train, sample))
  const candidates = new Candidates(split)
  const sizes = Array.from({ length: nodes }, () => new Float64Array(sample.length))
  try {
    const { means, deviations } = await confounderMoves(prepared, nodes, step, (node, at, moves) => {
      sizes[node]![at] = candidates.of(sample[at]!, (excluded) => meanSize(moves, excluded))
    })
    const ownSizes = distinctive(sizes, deviations)
    return distinctive(means, deviations).map((moves, node): RowProfile => {
      const strength = deviations[node]!
      const idle = strength < noStrength
      const itemTies = idle ? [] : tiesOf(items, (at) => at, moves)
      const userTies = idle ? [] : tiesOf(users, (at) => sample[at]!, ownSizes[node]!)
      return {
        node,
        raises: idle ? [] : strongest(moves, 1),
        lowers: idle ? [] : strongest(moves, -1),
        itemTies: itemTies.slice(0, shownTies),
        userTies: userTies.slice(0, shownTies),
        suggestedName: suggestName(itemTies, userTies),
        strength,
      }
    })
  } finally {
    prepared.dispose()
  }
}

/** The mean absolute move of a user's candidates. */
function meanSize(moves: Float32Array, excluded: Uint8Array): number {
  let sum = 0
  let count = 0
  for (let item = 0; item < moves.length; item++) {
    if (excluded[item] !== 0) continue
    sum += Math.abs(moves[item]!)
    count++
  }
  return count === 0 ? 0 : sum / count
}

function strongest(moves: Float64Array, sign: 1 | -1): RowProfile['raises'] {
  return Array.from(moves, (change, item) => ({ item, change }))
    .filter(({ change }) => sign * change > 0)
    .sort((a, b) => sign * (b.change - a.change) || a.item - b.item)
    .slice(0, shownItems)
}

/**
 * How attributes go along with a value: Pearson's correlation for numbers, the point-biserial one for a category, of those
 * that have the attribute. Strongest first.
 * @param of the item or user that `values[at]` is of
 */
export function tiesOf(attributes: Attributes, of: (at: number) => number, values: Float64Array): AttributeTie[] {
  const ties: AttributeTie[] = []
  const add = (attribute: string, value: string | null, x: number[], y: number[], count: number): void => {
    const tie = count < leastCount ? null : correlation(x, y)
    if (tie !== null) ties.push({ attribute, value, correlation: tie, count })
  }
  const positions = Array.from(values, (_, at) => at)
  for (const { name, values: numbers } of attributes.numbers) {
    const known = positions.filter((at) => !Number.isNaN(numbers[of(at)]!))
    add(
      name,
      null,
      known.map((at) => numbers[of(at)]!),
      known.map((at) => values[at]!),
      known.length,
    )
  }
  for (const attribute of attributes.categories) {
    const known = positions.filter((at) => codesOf(attribute, of(at)).length > 0)
    const y = known.map((at) => values[at]!)
    attribute.labels.forEach((label, code) => {
      const x = known.map((at) => (codesOf(attribute, of(at)).includes(code) ? 1 : 0))
      const members = x.reduce<number>((sum, is) => sum + is, 0)
      // As few others as members would make the same tie, read the other way round.
      add(attribute.name, label, x, y, Math.min(members, x.length - members) < leastCount ? 0 : members)
    })
  }
  return ties.sort((a, b) => Math.abs(b.correlation) - Math.abs(a.correlation))
}

/** What the strongest tie says in words: of the items it moves, or else of the users it acts on; null where none is strong. */
export function suggestName(itemTies: AttributeTie[], userTies: AttributeTie[]): string | null {
  const strong = (ties: AttributeTie[]): AttributeTie | undefined =>
    ties.find((tie) => Math.abs(tie.correlation) >= namingCorrelation)
  const ofItems = strong(itemTies)
  if (ofItems) return wordsOf(ofItems)
  const ofUsers = strong(userTies)
  return ofUsers ? `users: ${wordsOf(ofUsers)}`.slice(0, 64) : null
}

function wordsOf({ attribute, value, correlation: tie }: AttributeTie): string {
  const words =
    value === null
      ? `${tie > 0 ? 'high' : 'low'} ${attribute.replaceAll('_', ' ')}`
      : `${tie > 0 ? '' : 'not '}${attribute.replaceAll('_', ' ')}: ${value}`
  return words.slice(0, 64)
}
