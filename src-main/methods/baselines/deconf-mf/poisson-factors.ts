import { rowOf, type Csr } from '../../../../src-shared/domain/split'
import type { Rng } from '../../../tensor/rng'
import { Factors } from '../../blocks/factorisation/factors'
import { activeRows } from '../../blocks/factorisation/weighted-factorisation'
import { digamma } from './digamma'

/** Shape and rate of the Gamma priors of all factors: most of them near zero. */
export const prior = 0.3
/** Sweeps over a user's own factors when it is folded in. */
const foldSweeps = 30

/** Gamma distributions of the factors of users or of items: a shape for each factor of each row, a rate for each factor. */
export interface GammaFactors {
  shapes: Factors
  rates: Float32Array
}

/** E f of all rows. */
export function expected({ shapes, rates }: GammaFactors): Factors {
  const { size } = shapes
  return new Factors(
    shapes.values.map((shape, at) => shape / rates[at % size]!),
    size,
  )
}

/** exp(E log f) of some row. */
function geometric(shapes: Float32Array, rates: Float32Array, into: Float64Array): Float64Array {
  for (let k = 0; k < into.length; k++) into[k] = Math.exp(digamma(shapes[k]!)) / rates[k]!
  return into
}

/** exp(E log f) of all rows. */
function geometricMeans({ shapes, rates }: GammaFactors): Factors {
  const { size } = shapes
  return new Factors(
    shapes.values.map((shape, at) => Math.exp(digamma(shape)) / rates[at % size]!),
    size,
  )
}

/** Finds the factors of rows while those of the other side are held. */
class GammaSolver {
  /** Rates that all rows have: the prior's and Σ E f of the other side. */
  readonly rates: Float32Array
  private readonly means: Factors
  private readonly old: Float64Array
  private readonly sums: Float64Array

  /** @param counted the rows of the other side that there is something to learn from; all where left out */
  constructor(others: GammaFactors, counted?: Int32Array) {
    const { size, shape } = others.shapes
    this.means = geometricMeans(others)
    const sums = new Float64Array(size).fill(prior)
    const means = expected(others)
    for (const row of counted ?? new Int32Array(shape[0]!).keys())
      means.at(row).forEach((value, k) => (sums[k]! += value))
    this.rates = Float32Array.from(sums)
    this.old = new Float64Array(size)
    this.sums = new Float64Array(size)
  }

  /**
   * The shapes of a row: the prior's, and of each of its exposures the shares φ ∝ exp(E log θ + E log β) of the factors.
   * @param shapes as they were, and as they become
   * @param rates as they were
   */
  update(own: Int32Array, shapes: Float32Array, rates: Float32Array): void {
    const { means, old, sums } = this
    const { size, values } = means
    geometric(shapes, rates, old)
    sums.fill(0)
    for (const other of own) {
      const from = other * size
      let total = 0
      for (let k = 0; k < size; k++) total += old[k]! * values[from + k]!
      // A user and an item whose every factor is as good as zero have nothing to share out.
      if (total > 0) for (let k = 0; k < size; k++) sums[k]! += values[from + k]! / total
    }
    for (let k = 0; k < size; k++) shapes[k] = prior + old[k]! * sums[k]!
  }
}

/** The work of a row of so many exposures in one sweep, in multiplications. */
export const rowWork = (exposures: number, size: number): number => 2 * size * exposures + 20 * size

/** Finds the expected factors of users whom the training need not have seen, the items held. */
export class FoldIn {
  readonly size: number
  private readonly solver: GammaSolver
  private readonly shapes: Float32Array

  constructor(items: GammaFactors) {
    this.solver = new GammaSolver(items)
    this.size = items.shapes.size
    this.shapes = new Float32Array(this.size)
  }

  /** E θ given the exposures `own`. */
  solve(own: Int32Array, into: Float32Array): void {
    const { shapes, size } = this
    const { rates } = this.solver
    shapes.fill(prior + own.length / size)
    for (let sweep = 0; sweep < foldSweeps; sweep++) this.solver.update(own, shapes, rates)
    for (let k = 0; k < size; k++) into[k] = shapes[k]! / rates[k]!
  }

  work(own: Int32Array): number {
    return foldSweeps * rowWork(own.length, this.size)
  }
}

/**
 * Poisson factorisation of 0/1 exposures: a_ui ~ Poisson(θ_u·β_i), Gamma priors, mean-field variational inference by coordinate ascent
 * (Gopalan, Hofman, Blei 2015, without the hierarchy of its priors). No step lowers the evidence lower bound.
 */
export class PoissonFactorisation {
  readonly users: GammaFactors
  readonly items: GammaFactors
  private readonly sides: { rows: Csr; own: GammaFactors; others: GammaFactors; counted?: Int32Array }[]
  private solver: { half: number; solver: GammaSolver } | null = null

  /** @param exposures rows are users @param byItem the same by item */
  constructor(exposures: Csr, byItem: Csr, size: number, rng: Rng) {
    this.users = gammaFactors(exposures.rows, size, rng)
    this.items = gammaFactors(exposures.cols, size, rng)
    this.sides = [
      { rows: exposures, own: this.users, others: this.items },
      // Users who are not learned from are no users that were exposed to nothing.
      { rows: byItem, own: this.items, others: this.users, counted: activeRows(exposures) },
    ]
  }

  rowsOf(half: number): Csr {
    return this.sides[half]!.rows
  }

  /** Solves for rows of users (half 0) or of items (half 1), of which a half has all once, in any portions. */
  solve(half: number, from: number, to: number): void {
    const { rows, own, others, counted } = this.sides[half]!
    if (this.solver?.half !== half) this.solver = { half, solver: new GammaSolver(others, counted) }
    const { solver } = this.solver
    for (let row = from; row < to; row++) solver.update(rowOf(rows, row), own.shapes.at(row), own.rates)
    if (to < rows.rows) return
    own.rates.set(solver.rates)
    this.solver = null
  }
}

/** Shapes a little off the prior's, so that the factors differ; rates as for a row of the prior. */
const gammaFactors = (rows: number, size: number, rng: Rng): GammaFactors => ({
  shapes: new Factors(
    Float32Array.from({ length: rows * size }, () => prior + 0.1 * rng.uniform()),
    size,
  ),
  rates: new Float32Array(size).fill(1),
})
