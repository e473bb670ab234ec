import type { AttributeTie } from '../../../src-shared/domain/intervention'
import { takeRows, type Split } from '../../../src-shared/domain/split'
import type { RowProfile } from '../../jobs/trainer-contract'
import { codesOf, popularityOf, type Attributes } from './attributes'
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
/** As long as a name may be that an analyst gives a node. */
const longestName = 64

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
  const popularity = popularityOf(split.train)
  const sizes = Array.from({ length: nodes }, () => new Float64Array(sample.length))
  try {
    const { means, deviations } = await confounderMoves(prepared, nodes, step, (node, at, moves) => {
      sizes[node]![at] = candidates.of(sample[at]!, (excluded) => meanSize(moves, excluded))
    })
    const ownSizes = distinctive(sizes, deviations)
    const profiles = distinctive(means, deviations).map((moves, node) => {
      const strength = deviations[node]!
      const idle = strength < noStrength
      const itemTies = idle ? [] : tiesOf(items, (at) => at, moves)
      const userTies = idle ? [] : tiesOf(users, (at) => sample[at]!, ownSizes[node]!)
      return {
        node,
        raises: idle ? [] : strongest(moves, 1, popularity),
        lowers: idle ? [] : strongest(moves, -1, popularity),
        itemTies: itemTies.slice(0, shownTies),
        userTies: userTies.slice(0, shownTies),
        strength,
      }
    })
    const names = suggestNames(profiles)
    return profiles.map((profile, node) => ({ ...profile, suggestedName: names[node]! }))
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

/**
 * The items that are moved most, of the better known half: the scores of items that hardly anyone chose move far and say little.
 * @param popularity of each item
 */
function strongest(moves: Float64Array, sign: 1 | -1, popularity: Float64Array): RowProfile['raises'] {
  const median = popularity.slice().sort()[Math.floor(popularity.length / 2)]!
  return Array.from(moves, (change, item) => ({ item, change }))
    .filter(({ item, change }) => sign * change > 0 && popularity[item]! >= median)
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

type Ties = Pick<RowProfile, 'itemTies' | 'userTies'>

/**
 * A name for each confounder, from its strongest tie that is not another's name already: of the items it moves, or else of the
 * users it acts on. Null where no tie is strong enough to say so. The confounder with the stronger tie chooses first.
 */
export function suggestNames(profiles: Ties[]): (string | null)[] {
  const names = profiles.map((): string | null => null)
  const taken = new Set<string>()
  const strength = ({ itemTies }: Ties): number => Math.abs(itemTies[0]?.correlation ?? 0)
  const order = profiles.map((_, node) => node).sort((a, b) => strength(profiles[b]!) - strength(profiles[a]!) || a - b)
  for (const node of order) {
    const { itemTies, userTies } = profiles[node]!
    const words = [...itemTies.map((tie) => ({ tie, of: '' })), ...userTies.map((tie) => ({ tie, of: 'users: ' }))]
      .filter(({ tie }) => Math.abs(tie.correlation) >= namingCorrelation)
      .map(({ tie, of }) => `${of}${wordsOf(tie)}`.slice(0, longestName))
    const free = words.find((name) => !taken.has(name)) ?? null
    names[node] = free
    if (free !== null) taken.add(free)
  }
  return names
}

function wordsOf({ attribute, value, correlation: tie }: AttributeTie): string {
  const name = attribute.replaceAll('_', ' ')
  return value === null ? `${tie > 0 ? 'high' : 'low'} ${name}` : `${tie > 0 ? '' : 'not '}${name}: ${value}`
}
