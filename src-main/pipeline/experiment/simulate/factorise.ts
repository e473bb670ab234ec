import type { SimulationFile } from '../../../../src-shared/domain/simulation'
import { solveByCholesky } from '../../../methods/blocks/cholesky'
import type { NamedArrays } from '../../../methods/method'
import { Rng } from '../../../tensor/rng'
import { groupBy } from '../../dataset/positives'

/** What is factorised: `targets[n]` in [0, 1] is of `users[n]` and `items[n]`. */
export interface Rated {
  users: Int32Array
  items: Int32Array
  targets: Float32Array
  userCount: number
  itemCount: number
}

export interface FactoriseOptions {
  /** `logistic`: a target is a probability of 1. `linear`: it is a number, by least squares. */
  link: Link
  factors: number
  /** Squared penalty on every factor and bias. */
  ridge: number
  seed: number
}

export type Link = 'linear' | 'logistic'

/** What x follows from. */
export const linkOf = (of: SimulationFile['preferences']['of']): Link => (of === 'rating' ? 'linear' : 'logistic')

const sweeps = 10
const initialSpread = 0.1

const logistic = (value: number): number => 1 / (1 + Math.exp(-value))

/**
 * Matrix factorisation m + a_u + b_i + p_u · q_i of the targets, or of their log odds, m that of their mean, by alternating Newton steps on the
 * penalised loss of each user and each item. Plain numbers, no backend: the same on every machine but for the last digits of `exp`.
 * @returns `users` [users × (factors + 1)] and `items` [items × (factors + 1)], the bias last, and `intercept` [1]
 */
export function factorise(data: Rated, { link, factors, ridge, seed }: FactoriseOptions): NamedArrays {
  const rng = Rng.seeded(seed)
  const width = factors + 1
  const mean = data.targets.reduce((sum, target) => sum + target, 0) / data.targets.length
  const intercept = link === 'linear' ? mean : Math.log(mean / (1 - mean))
  const initial = (rows: number): Float64Array =>
    Float64Array.from({ length: rows * width }, (_, at) => (at % width === factors ? 0 : initialSpread * rng.normal()))
  const users = initial(data.userCount)
  const items = initial(data.itemCount)
  const sides = [
    { own: users, other: items, others: data.items, ...groupBy(data.users, data.userCount) },
    { own: items, other: users, others: data.users, ...groupBy(data.items, data.itemCount) },
  ]
  const step = new NewtonStep(link, factors, ridge)
  for (let sweep = 0; sweep < sweeps; sweep++)
    for (const { own, other, others, starts, order } of sides)
      for (let row = 0; row + 1 < starts.length; row++) {
        const weights = own.subarray(row * width, (row + 1) * width)
        step.begin(weights)
        for (let at = starts[row]!; at < starts[row + 1]!; at++) {
          const pair = order[at]!
          const from = others[pair]! * width
          step.add(weights, other.subarray(from, from + width), intercept, data.targets[pair]!)
        }
        step.take(weights)
      }
  return {
    users: { shape: [data.userCount, width], data: Float32Array.from(users) },
    items: { shape: [data.itemCount, width], data: Float32Array.from(items) },
    intercept: { shape: [1], data: Float32Array.of(intercept) },
  }
}

/** One Newton step of a ridge regression on the other side's factors and a constant. */
class NewtonStep {
  private readonly width: number
  private readonly gradient: Float64Array
  private readonly hessian: Float64Array
  private readonly features: Float64Array

  constructor(
    private readonly link: Link,
    private readonly factors: number,
    private readonly ridge: number,
  ) {
    this.width = factors + 1
    this.gradient = new Float64Array(this.width)
    this.hessian = new Float64Array(this.width ** 2)
    this.features = new Float64Array(this.width).fill(1)
  }

  begin(weights: Float64Array): void {
    this.hessian.fill(0)
    for (let i = 0; i < this.width; i++) {
      this.gradient[i] = -this.ridge * weights[i]!
      this.hessian[i * this.width + i] = this.ridge
    }
  }

  add(weights: Float64Array, other: Float64Array, intercept: number, target: number): void {
    const { width, factors, features, gradient, hessian } = this
    let logit = intercept + other[factors]! + weights[factors]!
    for (let i = 0; i < factors; i++) {
      features[i] = other[i]!
      logit += other[i]! * weights[i]!
    }
    const found = this.link === 'linear' ? logit : logistic(logit)
    const curvature = this.link === 'linear' ? 1 : found * (1 - found)
    for (let i = 0; i < width; i++) {
      gradient[i]! += features[i]! * (target - found)
      for (let j = 0; j <= i; j++) hessian[i * width + j]! += curvature * features[i]! * features[j]!
    }
  }

  /** Moves the weights; the gradient becomes the step. */
  take(weights: Float64Array): void {
    solveByCholesky(this.hessian, this.gradient)
    for (let i = 0; i < this.width; i++) weights[i]! += this.gradient[i]!
  }
}

/** x in [0, 1] of every pair of users and items, row by row. */
export class Preferences {
  readonly userCount: number
  readonly itemCount: number
  /** Over all pairs. */
  readonly mean: number
  private readonly width: number

  /** @param arrays what `factorise` gives */
  constructor(
    private readonly arrays: NamedArrays,
    private readonly link: Link,
  ) {
    const { users, items } = arrays
    this.userCount = users!.shape[0]!
    this.itemCount = items!.shape[0]!
    this.width = users!.shape[1]!
    const row = new Float64Array(this.itemCount)
    let sum = 0
    for (let user = 0; user < this.userCount; user++) {
      this.row(user, row)
      for (const value of row) sum += value
    }
    this.mean = sum / (this.userCount * this.itemCount)
  }

  /** Fills `out` [items] with x of a user. */
  row(user: number, out: Float64Array): void {
    const { width } = this
    const users = this.arrays['users']!.data
    const items = this.arrays['items']!.data
    const factors = width - 1
    const own = this.arrays['intercept']!.data[0]! + users[user * width + factors]!
    for (let item = 0; item < this.itemCount; item++) {
      let logit = own + items[item * width + factors]!
      for (let f = 0; f < factors; f++) logit += users[user * width + f]! * items[item * width + f]!
      out[item] = this.link === 'linear' ? Math.min(1, Math.max(0, logit)) : logistic(logit)
    }
  }
}
