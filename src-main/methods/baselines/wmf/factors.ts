import { rowOf, type Csr } from '../../../../src-shared/domain/split'
import { solveByCholesky } from '../../blocks/cholesky'

/** How much more an interaction counts than none, and how much the size of the factors costs. */
export interface Weighting {
  /** An interaction has the confidence 1 + alpha, everything else 1. */
  alpha: number
  regularisation: number
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
    addProducts(products, this, rows, 1)
    for (let i = 0; i < size; i++) for (let j = 0; j < i; j++) products[j * size + i] = products[i * size + j]!
    this.products = products
    return products
  }

  /** To be told after `values` were written to. */
  changed(): void {
    this.products = null
  }
}

/** Adds weight · Σ f fᵀ over some rows to the lower triangle. Four rows at a time: the triangle is read and written a quarter as often. */
function addProducts(to: Float64Array, { values, size }: Factors, rows: Int32Array, weight: number): void {
  let at = 0
  for (; at + 4 <= rows.length; at += 4) {
    const [a, b, c, d] = [rows[at]! * size, rows[at + 1]! * size, rows[at + 2]! * size, rows[at + 3]! * size]
    for (let i = 0; i < size; i++) {
      const fa = weight * values[a + i]!
      const fb = weight * values[b + i]!
      const fc = weight * values[c + i]!
      const fd = weight * values[d + i]!
      const start = i * size
      for (let j = 0; j <= i; j++)
        to[start + j]! += fa * values[a + j]! + fb * values[b + j]! + fc * values[c + j]! + fd * values[d + j]!
    }
  }
  for (; at < rows.length; at++) {
    const a = rows[at]! * size
    for (let i = 0; i < size; i++) {
      const fa = weight * values[a + i]!
      for (let j = 0; j <= i; j++) to[i * size + j]! += fa * values[a + j]!
    }
  }
}

/** Finds the best factors of a row while those of the other side are held: of a user from items, or of an item from users. */
export class RowSolver {
  private readonly matrix: Float64Array
  private readonly vector: Float64Array

  constructor(
    private readonly others: Factors,
    private readonly weighting: Weighting,
  ) {
    this.matrix = new Float64Array(others.size ** 2)
    this.vector = new Float64Array(others.size)
  }

  /** (YᵀY + α Σ y yᵀ + λ I)⁻¹ (1 + α) Σ y, the sums over the row's own. Zeros for a row without any. */
  solve(own: Int32Array, into: Float32Array): void {
    if (own.length === 0) {
      into.fill(0)
      return
    }
    const { matrix, vector, others, weighting } = this
    const { size, values } = others
    matrix.set(others.gram())
    vector.fill(0)
    for (let i = 0; i < size; i++) matrix[i * size + i]! += weighting.regularisation
    for (const other of own) {
      const from = other * size
      for (let i = 0; i < size; i++) vector[i]! += (1 + weighting.alpha) * values[from + i]!
    }
    addProducts(matrix, others, own, weighting.alpha)
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
 */
export function objective(rows: Csr, users: Factors, items: Factors, { alpha, regularisation }: Weighting): number {
  const [ofUsers, ofItems] = [users.gram(), items.gram()]
  let sum = 0
  for (let cell = 0; cell < ofUsers.length; cell++) sum += ofUsers[cell]! * ofItems[cell]!
  for (let u = 0; u < rows.rows; u++)
    for (const item of rowOf(rows, u)) {
      const score = scoreOf(users, u, items, item)
      sum += (1 + alpha) * (1 - score) ** 2 - score ** 2
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
