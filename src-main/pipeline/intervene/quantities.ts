import { rankingMetrics } from '../../../src-shared/domain/metric'
import { rowOf, type Split } from '../../../src-shared/domain/split'
import { listMetricsAt } from '../evaluate/ranking'
import { codesOf, type Attributes, type CategoricalAttribute, type NumericAttribute } from './attributes'

/** A quantity in words. */
export interface QuantityWords {
  id: string
  label: string
  help: string
}

/** Quantities of a user's list that are defined for the same users. */
export interface QuantityGroup {
  quantities: QuantityWords[]
  /**
   * Writes the values of the list of the user `row` to `out`.
   * @returns whether they are defined for it
   */
  measure(row: number, list: Int32Array, out: Float64Array): boolean
}

/** Recall, full recall and NDCG at k, of users with a test item. */
export const accuracyGroup = (split: Split, k: number): QuantityGroup => ({
  quantities: rankingMetrics.map(({ id, label, help }) => ({ id: `${id}@${k}`, label: `${label}@${k}`, help })),
  measure(row, list, out) {
    const relevant = new Set(rowOf(split.test, row))
    if (relevant.size === 0) return false
    const { recall, recallFull, ndcg } = listMetricsAt(k, list, relevant)
    out.set([recall, recallFull, ndcg])
    return true
  },
})

/** The mean of a numeric attribute over the list: AVP@k, of users with an item that has it. */
export const averageGroup = ({ name, values }: NumericAttribute, k: number): QuantityGroup => ({
  quantities: [
    {
      id: `avp@${k}:${name}`,
      label: `Average ${name}`,
      help: `AVP@${k}: mean over users of the mean ${name} of the items in their top ${k}; items without one are left out.`,
    },
  ],
  measure(_, list, out) {
    let sum = 0
    let count = 0
    for (const item of list) {
      const value = values[item]!
      if (Number.isNaN(value)) continue
      sum += value
      count++
    }
    out[0] = sum / count
    return count > 0
  },
})

/** The share of the list that each category has, of users with an item that has any. */
export const shareGroup = (attribute: CategoricalAttribute, k: number): QuantityGroup => ({
  quantities: attribute.labels.map((label) => ({
    id: `share@${k}:${attribute.name}=${label}`,
    label,
    help: `Mean over users of the share of the items in their top ${k} that have the ${attribute.name} ${label}; items without a ${attribute.name} are left out.`,
  })),
  measure(_, list, out) {
    out.fill(0)
    let count = 0
    for (const item of list) {
      const codes = codesOf(attribute, item)
      if (codes.length > 0) count++
      for (const code of codes) out[code]!++
    }
    for (let code = 0; code < out.length; code++) out[code]! /= count
    return count > 0
  },
})

/** Everything a segment's lists are measured by. */
export interface QuantityGroups {
  accuracy: QuantityGroup
  averages: QuantityGroup[]
  shares: { attribute: string; group: QuantityGroup }[]
}

export const quantityGroups = (split: Split, items: Attributes, k: number): QuantityGroups => ({
  accuracy: accuracyGroup(split, k),
  averages: items.numbers.map((attribute) => averageGroup(attribute, k)),
  shares: items.categories.map((attribute) => ({ attribute: attribute.name, group: shareGroup(attribute, k) })),
})
