import type { ChartTable } from '../../charts/chart'
import type { ItemCard, Recommendation } from '../../../src-shared/domain/recommendation'

export interface AttributeColumn {
  name: string
  /** Every value there is is a number: right-aligned. */
  numeric: boolean
}

/** The attributes the items carry, in the order in which they first appear; those no item has a value of are left out. */
export function attributeColumns(items: readonly ItemCard[]): AttributeColumn[] {
  const columns = new Map<string, AttributeColumn>()
  for (const { attributes } of items)
    for (const [name, value] of Object.entries(attributes)) {
      if (value === '') continue
      const known = columns.get(name)
      columns.set(name, { name, numeric: typeof value === 'number' && (known?.numeric ?? true) })
    }
  return [...columns.values()]
}

/** An attribute as shown. Numbers stay ungrouped: a year is no quantity. */
export const attributeText = (item: ItemCard, name: string): string => {
  const value = item.attributes[name]
  if (value === undefined || value === '') return '–'
  return typeof value === 'number' ? String(Number(value.toPrecision(12))) : value
}

/** A score with as many decimals as its neighbours, so that the column can be read down. */
export const scoreText = (score: number): string =>
  Math.abs(score) >= 1e-3 || score === 0 ? score.toFixed(3) : score.toExponential(2)

/** The list with every attribute, as a table to be saved. */
export function recommendationTable({ user, items }: Pick<Recommendation, 'user' | 'items'>): ChartTable {
  const attributes = attributeColumns(items)
  return {
    columns: ['user', 'rank', 'item', 'title', 'score', 'in_test', ...attributes.map(({ name }) => name)].map(
      (label) => ({
        label,
      }),
    ),
    rows: items.map((item) => [
      user,
      item.rank,
      item.id,
      item.title,
      item.score,
      item.inTest ? 'yes' : 'no',
      ...attributes.map(({ name }) => item.attributes[name] ?? null),
    ]),
  }
}

/** How many of the list the user did choose in the held-out part, in words. */
export function hitsText({ items }: Pick<Recommendation, 'items'>): string {
  const hits = items.filter((item) => item.inTest)
  if (items.length === 0) return 'There is no candidate left for this user.'
  if (hits.length === 0) return `None of these ${items.length} is among the user's test items.`
  const ranks = hits.map((item) => item.rank).join(', ')
  return `${hits.length} of these ${items.length} ${hits.length === 1 ? 'is' : 'are'} among the user's test items (rank ${ranks}).`
}
