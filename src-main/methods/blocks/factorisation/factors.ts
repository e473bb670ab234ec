import type { Csr } from '../../../../src-shared/domain/split'
import { solveByCholesky } from '../cholesky'

/** How much more an interaction counts than none, and how much the size of the factors costs. */
export interface Weighting {
  /** An interaction has the confidence 1 + alpha, everything else 1. */
  alpha: number
  regularisation: number
}

/** Interactions with how much each counts. */
export interface WeightedRows extends Csr {
  /** In the order of `indices`; 1 each where absent. */
  weights?: Float32Array
}

/** The interactions of one row, as views. */
export const interactionsOf = (rows: WeightedRows, row: number): { own: Int32Array; weights?: Float32Array } => {
  const [from, to] = [rows.indptr[row]!, rows.indptr[row + 1]!]
  return { own: rows.indices.subarray(from, to), ...(rows.weights && { weights: rows.weights.subarray(from, to) }) }
}

/** Factors of users or of items, [rows × size] row-major. */
export class Factors {
  private products: Float64Array | null = null

  constructor(
    readonly values: Float32Array,
    readonly size: number,
  ) {}

  get shape(): number[] {
    return [this.values.length / this.size, this.size]
  }

  at(row: number): Float32Array {
    return this.values.subarray(row * this.size, (row + 1) * this.size)
  }

  /** Σ f fᵀ over all rows [size × size], kept until the factors change. */
  gram(): Float64Array {
    if (this.products) return this.products
    const { values, size } = this
    const products = new Float64Array(size * size)
    const rows = Int32Array.from({ length: values.length / size }, (_, row) => row)
    addProducts(products, this, rows, new Float64Array(rows.length).fill(1))
    for (let i = 0; i < size; i++) for (let j = 0; j < i; j++) products[j * size + i] = products[i * size + j]!
    this.products = products
    return products
  }

  /** To be told after `values` were written to. */
  changed(): void {
    this.products = null
  }
}

/**
 * Adds Σ w f fᵀ over some rows to the lower triangle. Four rows at a time and two lines of the triangle: it is read and written a quarter as often,
 * and the rows half as often.
 * @param weights of the rows, in their order
 */
export function addProducts(
  to: Float64Array,
  { values, size }: Pick<Factors, 'values' | 'size'>,
  rows: Int32Array,
  weights: Float64Array,
): void {
  let at = 0
  for (; at + 4 <= rows.length; at += 4) {
    const [a, b, c, d] = [rows[at]! * size, rows[at + 1]! * size, rows[at + 2]! * size, rows[at + 3]! * size]
    const [wa, wb, wc, wd] = [weights[at]!, weights[at + 1]!, weights[at + 2]!, weights[at + 3]!]
    for (let i = 0; i < size; i += 2) {
      const fa = wa * values[a + i]!
      const fb = wb * values[b + i]!
      const fc = wc * values[c + i]!
      const fd = wd * values[d + i]!
      const start = i * size
      if (i + 1 === size) {
        for (let j = 0; j <= i; j++)
          to[start + j]! += fa * values[a + j]! + fb * values[b + j]! + fc * values[c + j]! + fd * values[d + j]!
        break
      }
      const ga = wa * values[a + i + 1]!
      const gb = wb * values[b + i + 1]!
      const gc = wc * values[c + i + 1]!
      const gd = wd * values[d + i + 1]!
      const next = start + size
      for (let j = 0; j <= i; j++) {
        const va = values[a + j]!
        const vb = values[b + j]!
        const vc = values[c + j]!
        const vd = values[d + j]!
        to[start + j]! += fa * va + fb * vb + fc * vc + fd * vd
        to[next + j]! += ga * va + gb * vb + gc * vc + gd * vd
      }
      const end = i + 1
      to[next + end]! += ga * values[a + end]! + gb * values[b + end]! + gc * values[c + end]! + gd * values[d + end]!
    }
  }
  for (; at < rows.length; at++) {
    const a = rows[at]! * size
    for (let i = 0; i < size; i++) {
      const fa = weights[at]! * values[a + i]!
      for (let j = 0; j <= i; j++) to[i * size + j]! += fa * values[a + j]!
    }
  }
}

/** Σ f gᵀ over the rows that both have [f.size × g.size]. @param weights of the rows; 1 where left out */
export function crossProducts(f: Factors, g: Factors, weights?: Float32Array): Float64Array {
  const products = new Float64Array(f.size * g.size)
  for (let row = 0; row < f.values.length / f.size; row++) {
    const [own, others] = [f.at(row), g.at(row)]
    for (let i = 0; i < f.size; i++) {
      const value = (weights ? weights[row]! : 1) * own[i]!
      if (value !== 0) for (let j = 0; j < g.size; j++) products[i * g.size + j]! += value * others[j]!
    }
  }
  return products
}

/** M v, M [into.length × v.length] row-major. */
export function multiply(matrix: Float64Array, vector: Float32Array, into: Float64Array): Float64Array {
  const width = vector.length
  for (let i = 0; i < into.length; i++) {
    let sum = 0
    for (let j = 0; j < width; j++) sum += matrix[i * width + j]! * vector[j]!
    into[i] = sum
  }
  return into
}

/** What else there is to a row that is solved for. */
export interface RowAbout {
  /** How much each interaction counts: its confidence is 1 + alpha · weight. 1 where left out. */
  weights?: Float32Array
  /** What the row's factors are drawn towards, by the regularisation; zeros where left out. */
  towards?: Float32Array
  /** What is already explained, o: of each interaction, and Σ o y over all pairs of the row. */
  offset?: { own: Float64Array; products: Float64Array }
}

/** Finds the best factors of a row while those of the other side are held: of a user from items, or of an item from users. */
export class RowSolver {
  private readonly matrix: Float64Array
  private readonly vector: Float64Array
  private extra = new Float64Array(0)

  constructor(
    private readonly others: Factors,
    private readonly weighting: Weighting,
  ) {
    this.matrix = new Float64Array(others.size ** 2)
    this.vector = new Float64Array(others.size)
  }

  /**
   * (YᵀY + α Σ w y yᵀ + λ I)⁻¹ (Σ (1 + α w) y - α Σ w o y - Σ_all o y + λ t), the sums over the row's own but for one over all; w, o and t are
   * what `about` says. Zeros for a row without any that is drawn to nothing
   * and has nothing explained.
   */
  solve(own: Int32Array, into: Float32Array, { weights, towards, offset }: RowAbout = {}): void {
    if (own.length === 0 && !towards && !offset) {
      into.fill(0)
      return
    }
    const { matrix, vector, others, weighting } = this
    const { size, values } = others
    matrix.set(others.gram())
    vector.fill(0)
    for (let i = 0; i < size; i++) matrix[i * size + i]! += weighting.regularisation
    if (this.extra.length < own.length) this.extra = new Float64Array(2 * own.length)
    const extra = this.extra
    for (let at = 0; at < own.length; at++) {
      extra[at] = weighting.alpha * (weights ? weights[at]! : 1)
      const pull = 1 + extra[at]! - (offset ? extra[at]! * offset.own[at]! : 0)
      const from = own[at]! * size
      for (let i = 0; i < size; i++) vector[i]! += pull * values[from + i]!
    }
    if (offset) for (let i = 0; i < size; i++) vector[i]! -= offset.products[i]!
    if (towards) for (let i = 0; i < size; i++) vector[i]! += weighting.regularisation * towards[i]!
    addProducts(matrix, others, own, extra)
    solveByCholesky(matrix, vector)
    into.set(vector)
  }
}

/** x·y of a user and an item. */
export function scoreOf(users: Factors, user: number, items: Factors, item: number): number {
  const { size } = users
  const [x, y] = [user * size, item * size]
  let sum = 0
  for (let i = 0; i < size; i++) sum += users.values[x + i]! * items.values[y + i]!
  return sum
}

/**
 * Σ over all pairs of c (p − x·y)² + λ (Σ |x|² + Σ |y|²), exactly: over all pairs Σ (x·y)² is the sum of the products of both Gram matrices'
 * cells, so that only the pairs with an interaction are visited.
 * @param score of a pair with an interaction; one that has more to it than x·y adds to the sum over all pairs what that is
 */
export function objective(
  rows: WeightedRows,
  users: Factors,
  items: Factors,
  { alpha, regularisation }: Weighting,
  score = (user: number, item: number): number => scoreOf(users, user, items, item),
): number {
  const [ofUsers, ofItems] = [users.gram(), items.gram()]
  let sum = 0
  for (let cell = 0; cell < ofUsers.length; cell++) sum += ofUsers[cell]! * ofItems[cell]!
  for (let u = 0; u < rows.rows; u++)
    for (let at = rows.indptr[u]!; at < rows.indptr[u + 1]!; at++) {
      const s = score(u, rows.indices[at]!)
      sum += (1 + alpha * (rows.weights ? rows.weights[at]! : 1)) * (1 - s) ** 2 - s ** 2
    }
  const { size } = users
  for (let i = 0; i < size; i++) sum += regularisation * (ofUsers[i * size + i]! + ofItems[i * size + i]!)
  return sum
}

/** Multiplications after which a block of rows ends: about a hundredth of a second. */
export const blockWork = 5e6

/** Cuts rows into blocks of about the same work for `RowSolver`: their bounds, [from, to). */
export function blocksOf({ rows, indptr }: Csr, size: number): [from: number, to: number][] {
  const blocks: [number, number][] = []
  let [from, work] = [0, 0]
  for (let row = 0; row < rows; row++) {
    const own = indptr[row + 1]! - indptr[row]!
    if (own > 0) work += (own * size ** 2) / 2 + size ** 3 / 6
    if (work < blockWork && row < rows - 1) continue
    blocks.push([from, row + 1])
    from = row + 1
    work = 0
  }
  return blocks
}

/** Multiplications for scores between two looks at the stop signal. */
const rankingWork = 3e7

/** How many users are scored together in a validation. */
export const rankedTogether = (items: Factors): number => Math.max(1, Math.floor(rankingWork / items.values.length))
