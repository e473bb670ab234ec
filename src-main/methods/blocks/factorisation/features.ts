import { CausewayError } from '../../../../src-shared/contract/errors'
import type { UserFeatures } from '../../../../src-shared/domain/split'
import type { NamedArray } from '../../method'
import { decompose, substitute } from '../cholesky'
import type { Factors } from './factors'

/** Ridge regressions on the same covariates, with the penalty |b|²: (FᵀF + I)⁻¹ Fᵀ y. */
export class Ridge {
  private readonly lower: Float64Array

  /** @param covariates [rows × width] @param rows those that are regressed on */
  constructor(
    private readonly covariates: UserFeatures,
    private readonly rows: Int32Array,
  ) {
    const { width, values } = covariates
    this.lower = new Float64Array(width * width)
    for (let i = 0; i < width; i++) this.lower[i * width + i] = 1
    for (const row of rows)
      for (let i = 0; i < width; i++) {
        const value = values[row * width + i]!
        if (value !== 0) for (let j = 0; j <= i; j++) this.lower[i * width + j]! += value * values[row * width + j]!
      }
    decompose(this.lower, width)
  }

  /** The coefficients of each of some targets, [width × size]. @param targets a row for each row of the covariates */
  coefficients(targets: Factors): Float64Array {
    const { width, values } = this.covariates
    const { size } = targets
    const sums = new Float64Array(width * size)
    for (const row of this.rows) {
      const own = targets.at(row)
      for (let i = 0; i < width; i++) {
        const value = values[row * width + i]!
        if (value !== 0) for (let k = 0; k < size; k++) sums[i * size + k]! += value * own[k]!
      }
    }
    const column = new Float64Array(width)
    for (let k = 0; k < size; k++) {
      for (let i = 0; i < width; i++) column[i] = sums[i * size + k]!
      this.solve(column)
      for (let i = 0; i < width; i++) sums[i * size + k] = column[i]!
    }
    return sums
  }

  /** From Fᵀ y to the coefficients, in place. */
  solve(products: Float64Array): void {
    substitute(this.lower, products)
  }
}

/** @throws CausewayError `runInvalid` where users are described by something else than in the training */
export function checkWidth({ width }: UserFeatures, expected: number): void {
  if (width !== expected)
    throw new CausewayError(
      'runInvalid',
      `The users are described by ${width} features and the model was trained with ${expected}. Train it again on these data.`,
      { width, expected },
    )
}

/** Bᵀ f, by which the features of users, f, say where their factors lie; B [width × size]. */
export class FeatureMap {
  private readonly width: number

  constructor(
    readonly values: Float32Array,
    private readonly size: number,
  ) {
    this.width = values.length / size
  }

  get shape(): number[] {
    return [this.width, this.size]
  }

  /** Where the factors of a row's user lie by its features: at zero where it has none. */
  towards(features: UserFeatures | undefined, row: number): Float32Array {
    const { width, size, values } = this
    const point = new Float32Array(size)
    if (!features) return point
    checkWidth(features, width)
    for (let i = 0; i < width; i++) {
      const value = features.values[row * width + i]!
      if (value !== 0) for (let k = 0; k < size; k++) point[k]! += value * values[i * size + k]!
    }
    return point
  }

  lent(): NamedArray {
    return { shape: this.shape, data: this.values }
  }
}
