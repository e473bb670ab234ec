import type { Factors } from '../../blocks/factorisation/factors'
import { addProducts, crossProducts, multiply, type RowAbout, type Weighting } from '../../blocks/factorisation/factors'
import { solveByCholesky } from '../../blocks/cholesky'

/** Finds the factors of a user and its coefficient of the expected exposures â = z·l together, the items held. */
export class ConfoundedSolver {
  private readonly size: number
  private readonly matrix: Float64Array
  private readonly vector: Float64Array
  private readonly cross: Float64Array
  private readonly ownRows: { rows: Int32Array; extra: Float64Array; design: Float32Array }
  private products: Float64Array | null = null

  /**
   * @param items y of each item
   * @param exposed l of each item, E β of the exposure model
   * @param shrinkage weight of the squared coefficient
   */
  constructor(
    private readonly items: Factors,
    private readonly exposed: Factors,
    private readonly weighting: Weighting,
    private readonly shrinkage: number,
  ) {
    this.size = items.size + 1
    this.matrix = new Float64Array(this.size ** 2)
    this.vector = new Float64Array(this.size)
    this.cross = new Float64Array(items.size)
    const most = items.values.length / items.size
    this.ownRows = {
      rows: Int32Array.from({ length: most }, (_, at) => at),
      extra: new Float64Array(most),
      design: new Float32Array(most * this.size),
    }
  }

  /** Σ y lᵀ over all items [items.size × exposed.size], kept until the items change. */
  crossed(): Float64Array {
    return (this.products ??= crossProducts(this.items, this.exposed))
  }

  /** To be told after the items changed. */
  changed(): void {
    this.products = null
  }

  /**
   * Least Σ over all items of c (p − x·y − γ â)² + λ |x − t|² + λ_γ γ².
   * @param confounder z of the user
   * @param into x
   * @returns γ
   */
  solve(own: Int32Array, confounder: Float32Array, into: Float32Array, { weights, towards }: RowAbout = {}): number {
    const { size, matrix, vector, items, exposed, weighting } = this
    const last = size - 1
    const { design, extra, rows } = this.ownRows
    const gram = items.gram()
    for (let i = 0; i < last; i++) {
      for (let j = 0; j <= i; j++) matrix[i * size + j] = gram[i * last + j]!
      matrix[i * size + i]! += weighting.regularisation
    }
    multiply(this.crossed(), confounder, this.cross)
    matrix.set(this.cross, last * size)
    matrix[last * size + last] = this.shrinkage + quadratic(exposed.gram(), confounder)
    vector.fill(0)
    own.forEach((item, at) => {
      design.set(items.at(item), at * size)
      design[at * size + last] = dot(exposed.at(item), confounder)
      extra[at] = weighting.alpha * (weights ? weights[at]! : 1)
      for (let i = 0; i < size; i++) vector[i]! += (1 + extra[at]!) * design[at * size + i]!
    })
    if (towards) for (let i = 0; i < last; i++) vector[i]! += weighting.regularisation * towards[i]!
    addProducts(matrix, { values: design, size }, rows.subarray(0, own.length), extra)
    solveByCholesky(matrix, vector)
    into.set(vector.subarray(0, last))
    return vector[last]!
  }
}

export function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}

/** zᵀ M z, M symmetric. */
export function quadratic(matrix: Float64Array, z: Float32Array): number {
  let sum = 0
  for (let i = 0; i < z.length; i++) for (let j = 0; j < z.length; j++) sum += matrix[i * z.length + j]! * z[i]! * z[j]!
  return sum
}
