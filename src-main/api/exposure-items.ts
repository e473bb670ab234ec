import type { ItemCard, ItemMatch } from '../../src-shared/domain/recommendation'
import type { Csr, Split } from '../../src-shared/domain/split'
import type { SplitView } from '../jobs/splits'

/**
 * What together is all that users were exposed to in the train part, as methods that read exposures take it (`exposuresOf`): whatever was
 * rated, or the positives where there are no ratings.
 */
const exposureParts = ({ train, ratings, negatives }: Split): Csr[] =>
  ratings && negatives ? [train, negatives.train] : [train]

/** Items whose title or id begins with the query, then those in which it occurs, each in the order of the split; case is ignored. */
export function findItems(
  { items, split }: Pick<SplitView, 'items' | 'split'>,
  cardOf: (column: number) => ItemCard,
  query: string,
  limit: number,
): ItemMatch[] {
  const wanted = query.trim().toLowerCase()
  const begins: number[] = []
  const contains: number[] = []
  for (const [column, id] of items.entries()) {
    const places = [cardOf(column).title, id].map((text) => text.toLowerCase().indexOf(wanted))
    if (places.includes(0)) begins.push(column)
    else if (places.some((place) => place > 0)) contains.push(column)
    if (begins.length >= limit) break
  }
  const found = [...begins, ...contains].slice(0, limit)
  const users = new Map(found.map((column) => [column, 0]))
  for (const { indices } of exposureParts(split))
    for (const column of indices) {
      const known = users.get(column)
      if (known !== undefined) users.set(column, known + 1)
    }
  return found.map((column) => ({ id: items[column]!, title: cardOf(column).title, shownTo: users.get(column)! }))
}
