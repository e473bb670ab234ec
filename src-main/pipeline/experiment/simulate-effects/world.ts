import type { EffectsWorldFile } from '../../../../src-shared/domain/effects-simulation'
import type { ExposedItems, UserFeatures } from '../../../../src-shared/domain/split'
import { sigmoid } from '../../../methods/blocks/pairs/point-loss'
import { Rng } from '../../../tensor/rng'

/** Standard deviation of the log-odds of an exposure over users. */
const exposureSpread = 1.7
/** Standard deviation of what the causes add to ratings. */
const confounding = 1.2
/** Items are exposed to shares of the users that lie between these. */
const rates = { low: 0.15, high: 0.45 }
const effectSpread = 0.5
/** Share of the pairs of two items that have an effect. */
const effectShare = 0.2
const meanRating = 3

/**
 * How ratings come about (Zhu et al., Eq. 2 and 6): with causes c and features x, both standard normal, exposures
 * a_j ~ Bernoulli(σ(bias_j + loads_j · c)) and ratings r_i = 3 + Σ_j effects[j][i] a_j + b_i · c + d_i · x + standard normal noise.
 */
export interface EffectsWorld {
  items: number
  causes: number
  features: number
  /** [items × items] row-major, the exposed item in rows: what exposing it does to the rating of each. */
  effects: Float64Array
  /** [items] of the log-odds of exposures. */
  bias: Float64Array
  /** [items × causes], of the log-odds of exposures. */
  loads: Float64Array
  /** b, [items × causes]. */
  confounding: Float64Array
  /** d, [items × features]. */
  featureWeights: Float64Array
}

/** Users with what they were exposed to and how they rated it. */
export interface DrawnUsers {
  exposed: ExposedItems
  /** c, [users × causes]: what no method is told. */
  causes: UserFeatures
  features: UserFeatures
}

const dot = (a: Float64Array, row: number, b: Float32Array, other: number, length: number): number => {
  let sum = 0
  for (let k = 0; k < length; k++) sum += a[row * length + k]! * b[other * length + k]!
  return sum
}

/** A world from its seed. The users come from other seeds. */
export function effectsWorld({ items, causes, features, featureShare, seed }: EffectsWorldFile): EffectsWorld {
  const rng = Rng.seeded(seed)
  const normals = (length: number, spread: number): Float64Array => {
    const own = rng.fork()
    return Float64Array.from({ length }, () => spread * own.normal())
  }
  const squares = (values: Float64Array, item: number): number => {
    const width = values.length / items
    return values.subarray(item * width, (item + 1) * width).reduce((sum, value) => sum + value ** 2, 0)
  }
  const loads = normals(items * causes, exposureSpread / Math.sqrt(causes))
  const ofCauses = normals(items * causes, confounding / Math.sqrt(causes))
  const effects = normals(items * items, effectSpread)
  const chosen = rng.fork()
  effects.forEach((_, at) => {
    // Drawn for the diagonal too, so that what is drawn does not depend on where it is.
    const has = chosen.uniform() < effectShare
    if (!has && at % (items + 1) !== 0) effects[at] = 0
  })
  const wanted = rng.fork()
  const bias = Float64Array.from({ length: items }, (_, item) => {
    const rate = rates.low + (rates.high - rates.low) * wanted.uniform()
    // The mean of σ over a normal variable is nearly σ of its mean, divided by this.
    return Math.log(rate / (1 - rate)) * Math.sqrt(1 + (Math.PI / 8) * squares(loads, item))
  })
  const directions = normals(items * features, 1)
  const featureWeights = directions.map((value, at) => {
    const item = Math.floor(at / features)
    const others = squares(ofCauses, item) + 1
    return value * Math.sqrt(((featureShare / (1 - featureShare)) * others) / squares(directions, item))
  })
  return { items, causes, features, effects, bias, loads, confounding: ofCauses, featureWeights }
}

/** Users of a world, one after another: of two numbers of users from one seed, the fewer are the first of the more. */
export function drawUsers(world: EffectsWorld, users: number, seed: number): DrawnUsers {
  const { items, effects, bias, loads, confounding: ofCauses, featureWeights } = world
  const rng = Rng.seeded(seed)
  const causes = { width: world.causes, values: new Float32Array(users * world.causes) }
  const features = { width: world.features, values: new Float32Array(users * world.features) }
  const indptr = new Int32Array(users + 1)
  const indices: number[] = []
  const ratings: number[] = []
  for (let user = 0; user < users; user++) {
    for (let k = 0; k < causes.width; k++) causes.values[user * causes.width + k] = rng.normal()
    for (let f = 0; f < features.width; f++) features.values[user * features.width + f] = rng.normal()
    const from = indices.length
    for (let item = 0; item < items; item++)
      if (rng.uniform() < sigmoid(bias[item]! + dot(loads, item, causes.values, user, causes.width))) indices.push(item)
    const own = indices.slice(from)
    for (const item of own)
      ratings.push(
        meanRating +
          own.reduce((sum, other) => sum + effects[other * items + item]!, 0) +
          dot(ofCauses, item, causes.values, user, causes.width) +
          dot(featureWeights, item, features.values, user, features.width) +
          rng.normal(),
      )
    indptr[user + 1] = indices.length
  }
  return {
    exposed: {
      rows: users,
      cols: items,
      indptr,
      indices: Int32Array.from(indices),
      ratings: Float32Array.from(ratings),
    },
    causes,
    features,
  }
}
