import { nnzOf, type Csr } from '../../../src-shared/domain/split'
import type { AttributeTable } from '../../jobs/trainer-contract'

/** A number for each item or user, NaN where it has none. */
export interface NumericAttribute {
  name: string
  values: Float64Array
}

/** Categories of items or users, of which one may have several: those of x are `codes[indptr[x]..indptr[x+1])`. */
export interface CategoricalAttribute {
  name: string
  labels: string[]
  indptr: Int32Array
  codes: Int32Array
}

/** What items or users are described by. */
export interface Attributes {
  numbers: NumericAttribute[]
  categories: CategoricalAttribute[]
}

/** A text attribute of more values is no category. */
const mostCategories = 30
/** Of texts that are lists, the likeliest first. */
export const separators = ['|', ',', ' ']

/** How many train interactions each item has. */
export function popularityOf(train: Csr): Float64Array {
  const counts = new Float64Array(train.cols)
  for (let at = 0; at < nnzOf(train); at++) counts[train.indices[at]!]!++
  return counts
}

/** How many train interactions each user has. */
export const activityOf = (train: Csr): Float64Array =>
  Float64Array.from({ length: train.rows }, (_, row) => train.indptr[row + 1]! - train.indptr[row]!)

/**
 * The table with one more number before the others, counted from the interactions. A column of that very name is told apart.
 * Text attributes become categories where they have few values, or are lists of few words ("Comedy|Drama").
 */
export function describeWith(table: AttributeTable, counted: NumericAttribute): Attributes {
  const rename = (name: string): string => (name === counted.name ? `${name} (column)` : name)
  return {
    numbers: [counted, ...table.numbers.map(({ name, values }) => ({ name: rename(name), values }))],
    categories: table.texts.flatMap((text) => categoriesOf({ ...text, name: rename(text.name) }) ?? []),
  }
}

export const noAttributes: AttributeTable = { numbers: [], texts: [] }

/**
 * A text attribute as categories; null where it has a single value, or too many.
 * @param order the ways to read a text, of which the first with few values is taken: null as a whole, or as a list cut by a separator
 */
export function categoriesOf(
  text: AttributeTable['texts'][number],
  order: readonly (string | null)[] = [null, ...separators],
): CategoricalAttribute | null {
  for (const separator of order) {
    const words = text.labels.map((label) =>
      separator === null
        ? [label]
        : label
            .split(separator)
            .map((word) => word.trim())
            .filter((word) => word !== ''),
    )
    const labels = [...new Set(words.flat())].sort()
    if (labels.length > mostCategories || labels.length < 2) continue
    const codeOf = new Map(labels.map((label, code) => [label, code]))
    const codesOfLabel = words.map((own) => [...new Set(own)].map((word) => codeOf.get(word)!))
    const indptr = new Int32Array(text.codes.length + 1)
    const codes: number[] = []
    text.codes.forEach((code, at) => {
      if (code >= 0) codes.push(...codesOfLabel[code]!)
      indptr[at + 1] = codes.length
    })
    return { name: text.name, labels, indptr, codes: Int32Array.from(codes) }
  }
  return null
}

/** The categories of one item or user, as a view. */
export const codesOf = (attribute: CategoricalAttribute, at: number): Int32Array =>
  attribute.codes.subarray(attribute.indptr[at]!, attribute.indptr[at + 1]!)
