import { CausewayError } from '../../../../src-shared/contract/errors'
import { encodeFeatures, type Features, type SparseRow } from '../../../pipeline/dataset/features'
import { noAttributes } from '../../../pipeline/intervene/attributes'
import type { NamedArray, NamedArrays } from '../../method'
import { solveByCholesky } from '../cholesky'
import type { ObservedPairs } from './observed-pairs'
import { sigmoid } from './point-loss'

/** More products of a user's and an item's feature are not fitted: the time goes up with their cube. */
export const mostProducts = 1000
/** λ of the penalty λ/2 |W|². On chosen ratings of Coat that were held out, 10 was the best of 1, 3, 10 and 30, by little. */
const ridge = 10
const mostSweeps = 200
const tolerance = 1e-4
/** The most that one step moves a logit: one from a flat place can overshoot. */
const longestStep = 1

/** Users or items with the same features and the same count, as one. */
interface Groups {
  groupOf: Int32Array
  sizes: Float64Array
  counts: Float64Array
  rows: SparseRow[]
}

/** @param most the largest count there can be; none and all are taken as half a pair more or less, as `logistic` does */
function groupAlike({ rows }: Features, of: Int32Array, most: number): Groups {
  const counts = new Int32Array(rows.length)
  for (const one of of) counts[one]!++
  const groups = new Map<string, number>()
  const firsts: number[] = []
  const groupOf = Int32Array.from(rows, ({ columns, values }, at) => {
    const key = `${counts[at]} ${columns.join()} ${values.join()}`
    const group = groups.get(key) ?? firsts.push(at) - 1
    groups.set(key, group)
    return group
  })
  const sizes = new Float64Array(firsts.length)
  for (const group of groupOf) sizes[group]!++
  return {
    groupOf,
    sizes,
    counts: Float64Array.from(firsts, (at) => Math.min(Math.max(counts[at]!, 0.5), most - 0.5)),
    rows: firsts.map((at) => rows[at]!),
  }
}

/**
 * Logistic regression of being observed on an effect a of the user, one b of the item, and the products of their features x and y: P(O = 1) =
 * σ(a + b + xᵀ W y), x and y less their means, by maximum likelihood over all pairs less λ/2 |W|² (after Schnabel et al. 2016). The
 * features alone would add nothing to effects of each user and item. Newton steps for the effects of users, those of items and W take turns,
 * until no logit moves any more; D is gone through user by user, those that are alike as one.
 * @returns the effects, and of each user x and of each item W y
 * @throws CausewayError `badRequest` where the data do not describe both, or by too much
 */
export function logisticOnFeatures(observed: ObservedPairs): NamedArrays {
  const { userCount, itemCount } = observed
  const { users: ofUsers, items: ofItems } = describedBy(observed)
  const fit = new FeatureFit(
    groupAlike(ofUsers, observed.users, itemCount),
    groupAlike(ofItems, observed.items, userCount),
    ofUsers.width,
    ofItems.width,
    observed,
  )
  for (let sweep = 0; sweep < mostSweeps; sweep++) if (fit.stepEffects() + fit.stepWeights() < tolerance) break
  return fit.arrays()
}

/** The features of users and items. @throws CausewayError `badRequest` */
function describedBy({ attributes, userCount, itemCount }: ObservedPairs): { users: Features; items: Features } {
  const users = encodeFeatures(attributes?.users ?? noAttributes, userCount)
  const items = encodeFeatures(attributes?.items ?? noAttributes, itemCount)
  const lacking =
    users.width + items.width === 0 ? 'neither users nor items' : users.width === 0 ? 'no users' : 'no items'
  if (users.width === 0 || items.width === 0)
    throw new CausewayError(
      'badRequest',
      `The data set describes ${lacking}: propensities by features need numbers or categories of both. Choose another propensity, or import the data with their attributes.`,
    )
  const products = users.width * items.width
  if (products > mostProducts)
    throw new CausewayError(
      'badRequest',
      `The attributes give ${users.width} features of users and ${items.width} of items, ${products} products; at most ${mostProducts} are fitted. Import the data with fewer attributes, or choose another propensity.`,
      { products, most: mostProducts },
    )
  return { users, items }
}

const dot = ({ columns, values }: SparseRow, weights: Float64Array): number => {
  let sum = 0
  for (let k = 0; k < columns.length; k++) sum += values[k]! * weights[columns[k]!]!
  return sum
}

/**
 * The mean features of the observed pairs. Less these, products of features are nearly uncorrelated to the effects, and the steps of both
 * converge soon.
 */
function meansOf({ groupOf, rows }: Groups, of: Int32Array, width: number): Float64Array {
  const means = new Float64Array(width)
  for (const one of of) {
    const { columns, values } = rows[groupOf[one]!]!
    for (let k = 0; k < columns.length; k++) means[columns[k]!]! += values[k]! / of.length
  }
  return means
}

const stepFor = (lack: number, slope: number): number =>
  Math.max(-longestStep, Math.min(longestStep, lack / Math.max(slope, 1e-12)))

class FeatureFit {
  private readonly userEffects: Float64Array
  private readonly itemEffects: Float64Array
  /** W, [users' features × items'] */
  private readonly weights: Float64Array
  /** x of each group of users */
  private readonly traits: Float64Array[]
  private readonly itemMeans: Float64Array
  /** Σ_O x yᵀ, all that the likelihood of W needs of O. */
  private readonly met: Float64Array
  /** Logits of one group of users with all groups of items. */
  private readonly logits: Float64Array

  constructor(
    private readonly users: Groups,
    private readonly items: Groups,
    private readonly userWidth: number,
    private readonly itemWidth: number,
    observed: ObservedPairs,
  ) {
    const { density } = observed
    this.userEffects = new Float64Array(users.rows.length).fill(Math.log(density / Math.max(1e-9, 1 - density)))
    this.itemEffects = new Float64Array(items.rows.length)
    this.weights = new Float64Array(userWidth * itemWidth)
    this.logits = new Float64Array(items.rows.length)
    const userMeans = meansOf(users, observed.users, userWidth)
    this.traits = users.rows.map(({ columns, values }) => {
      const x = userMeans.map((mean) => -mean)
      columns.forEach((column, k) => (x[column]! += values[k]!))
      return x
    })
    this.itemMeans = meansOf(items, observed.items, itemWidth)
    this.met = this.sumObserved(observed)
  }

  private sumObserved(observed: ObservedPairs): Float64Array {
    const { users, items, itemWidth, itemMeans } = this
    const sums = users.rows.map(() => new Float64Array(itemWidth))
    for (let at = 0; at < observed.size; at++) {
      const own = sums[users.groupOf[observed.users[at]!]!]!
      const { columns, values } = items.rows[items.groupOf[observed.items[at]!]!]!
      for (let k = 0; k < columns.length; k++) own[columns[k]!]! += values[k]!
      for (let l = 0; l < itemWidth; l++) own[l]! -= itemMeans[l]!
    }
    const met = new Float64Array(this.weights.length)
    this.traits.forEach((x, g) =>
      x.forEach((value, k) => {
        for (let l = 0; l < itemWidth; l++) met[k * itemWidth + l]! += value * sums[g]![l]!
      }),
    )
    return met
  }

  /** Fills `logits` with xᵀ V y, x of a group of users. */
  private products(user: number, v: Float64Array): void {
    const { itemWidth, itemMeans, items, logits } = this
    const xv = new Float64Array(itemWidth)
    this.traits[user]!.forEach((value, k) => {
      for (let l = 0; l < itemWidth; l++) xv[l]! += value * v[k * itemWidth + l]!
    })
    const ofMean = itemMeans.reduce((sum, mean, l) => sum + mean * xv[l]!, 0)
    for (let h = 0; h < logits.length; h++) logits[h] = dot(items.rows[h]!, xv) - ofMean
  }

  private fillLogits(user: number): void {
    this.products(user, this.weights)
    for (let h = 0; h < this.logits.length; h++) this.logits[h]! += this.userEffects[user]! + this.itemEffects[h]!
  }

  /** A step of every user's effect, then of every item's. @returns the most that a logit can have moved */
  stepEffects(): number {
    const { users, items, logits } = this
    const expected = new Float64Array(logits.length)
    const slopes = new Float64Array(logits.length)
    let [up, down] = [-Infinity, Infinity]
    for (let g = 0; g < users.rows.length; g++) {
      this.fillLogits(g)
      let [sum, slope] = [0, 0]
      for (let h = 0; h < logits.length; h++) {
        const p = sigmoid(logits[h]!)
        sum += items.sizes[h]! * p
        slope += items.sizes[h]! * p * (1 - p)
      }
      const step = stepFor(users.counts[g]! - sum, slope)
      this.userEffects[g]! += step
      up = Math.max(up, step)
      down = Math.min(down, step)
      for (let h = 0; h < logits.length; h++) {
        const p = sigmoid(logits[h]! + step)
        expected[h]! += users.sizes[g]! * p
        slopes[h]! += users.sizes[g]! * p * (1 - p)
      }
    }
    const steps = items.counts.map((count, h) => stepFor(count - expected[h]!, slopes[h]!))
    steps.forEach((step, h) => (this.itemEffects[h]! += step))
    // The effects themselves may drift apart, where half pairs were added.
    const highest = steps.reduce((a, b) => Math.max(a, b), -Infinity)
    const lowest = steps.reduce((a, b) => Math.min(a, b), Infinity)
    return Math.max(up + highest, -(down + lowest))
  }

  /** A step of W. @returns the most that a logit moved */
  stepWeights(): number {
    const { users, items, logits, weights, itemWidth, itemMeans } = this
    const size = weights.length
    const gradient = this.met.map((met, at) => met - ridge * weights[at]!)
    const hessian = new Float64Array(size * size)
    for (let at = 0; at < size; at++) hessian[at * size + at] = ridge
    const expected = new Float64Array(itemWidth)
    const sums = new Float64Array(itemWidth)
    const curvature = new Float64Array(itemWidth * itemWidth)
    for (let g = 0; g < users.rows.length; g++) {
      this.fillLogits(g)
      expected.fill(0)
      sums.fill(0)
      curvature.fill(0)
      let [pairs, total] = [0, 0]
      for (let h = 0; h < logits.length; h++) {
        const { columns, values } = items.rows[h]!
        const p = sigmoid(logits[h]!)
        const mass = users.sizes[g]! * items.sizes[h]! * p
        const weight = mass * (1 - p)
        pairs += mass
        total += weight
        for (let k = 0; k < columns.length; k++) {
          expected[columns[k]!]! += mass * values[k]!
          const weighted = weight * values[k]!
          sums[columns[k]!]! += weighted
          const from = columns[k]! * itemWidth
          for (let l = 0; l < columns.length; l++) curvature[from + columns[l]!]! += weighted * values[l]!
        }
      }
      // So far of features as they are: Σ w (y − m)(y − m)ᵀ = Σ w y yᵀ − (Σ w y) mᵀ − m (Σ w y)ᵀ + m mᵀ Σ w.
      for (let i = 0; i < itemWidth; i++) {
        const mean = itemMeans[i]!
        expected[i]! -= pairs * mean
        for (let j = 0; j < itemWidth; j++)
          curvature[i * itemWidth + j]! += (total * mean - sums[i]!) * itemMeans[j]! - mean * sums[j]!
      }
      const x = this.traits[g]!
      for (let k = 0; k < x.length; k++) {
        const block = k * itemWidth
        for (let i = 0; i < itemWidth; i++) gradient[block + i]! -= x[k]! * expected[i]!
        // Only the lower triangle is read.
        for (let l = 0; l <= k; l++) {
          const scale = x[k]! * x[l]!
          for (let i = 0; i < itemWidth; i++) {
            const from = (block + i) * size + l * itemWidth
            for (let j = 0; j < itemWidth; j++) hessian[from + j]! += scale * curvature[i * itemWidth + j]!
          }
        }
      }
    }
    solveByCholesky(hessian, gradient)
    const moved = this.largestProduct(gradient)
    const share = Math.min(1, longestStep / moved)
    for (let at = 0; at < size; at++) weights[at]! += share * gradient[at]!
    return share * moved
  }

  /** The largest |xᵀ V y| of all pairs. */
  private largestProduct(v: Float64Array): number {
    let largest = 1e-12
    for (let g = 0; g < this.users.rows.length; g++) {
      this.products(g, v)
      for (const product of this.logits) largest = Math.max(largest, Math.abs(product))
    }
    return largest
  }

  arrays(): NamedArrays {
    const { users, items, userWidth, itemWidth, itemMeans } = this
    const spread = (groupOf: Int32Array, effects: Float64Array): NamedArray => ({
      shape: [groupOf.length],
      data: Float32Array.from(groupOf, (group) => effects[group]!),
    })
    const features = new Float32Array(users.groupOf.length * userWidth)
    users.groupOf.forEach((group, user) => features.set(this.traits[group]!, user * userWidth))
    const weighted = new Float32Array(items.groupOf.length * userWidth)
    for (let k = 0; k < userWidth; k++) {
      const row = this.weights.subarray(k * itemWidth, (k + 1) * itemWidth)
      const ofMean = itemMeans.reduce((sum, mean, l) => sum + mean * row[l]!, 0)
      items.groupOf.forEach((group, item) => (weighted[item * userWidth + k] = dot(items.rows[group]!, row) - ofMean))
    }
    return {
      'propensity.user': spread(users.groupOf, this.userEffects),
      'propensity.item': spread(items.groupOf, this.itemEffects),
      'propensity.userFeatures': { shape: [users.groupOf.length, userWidth], data: features },
      'propensity.itemWeights': { shape: [items.groupOf.length, userWidth], data: weighted },
    }
  }
}
