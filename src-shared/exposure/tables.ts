import type { RequestOutput } from '../contract/contract'
import { csvText } from '../text/csv'

/** Effects of exposures as files: every digit, nothing left out. */

/** What exposing one item does to each, strongest first; at a user, with what the user was exposed to in the train part. */
export function columnCsv({ outcome, items, effects, exposed }: RequestOutput<'exposure:column'>): string {
  const isExposed = exposed && new Set(exposed)
  const order = [...items.keys()].sort((a, b) => Math.abs(effects[b]!) - Math.abs(effects[a]!) || a - b)
  return csvText([
    ['item', 'title', 'effect', 'outcome', ...(isExposed ? ['exposed_in_train'] : [])],
    ...order.map((at) => {
      const { id, title } = items[at]!
      return [id, title, effects[at]!, outcome, ...(isExposed ? [isExposed.has(id) ? 1 : 0] : [])]
    }),
  ])
}

/** The head of the matrix of all effects: what they are effects on, then the exposed item of each column. */
export const matrixHead = ({ outcome, items }: RequestOutput<'exposure:rows'>): string =>
  csvText([[`effect on ${outcome}: rated \\ exposed`, ...items]])

/** Some of its rows: the rated item, then what exposing each item does to it. */
export const matrixRows = ({ items, from, effects }: RequestOutput<'exposure:rows'>): string =>
  csvText(
    Array.from({ length: effects.length / items.length }, (_, row) => [
      items[from + row]!,
      ...effects.subarray(row * items.length, (row + 1) * items.length),
    ]),
  )
