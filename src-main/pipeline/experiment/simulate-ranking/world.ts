import type { DataWorld, RankingCondition, SimulatedWorld } from '../../../../src-shared/domain/ranking-simulation'
import type { ExposedItems, UserFeatures } from '../../../../src-shared/domain/split'
import type { NamedArray, NamedArrays } from '../../../methods/method'
import { Rng } from '../../../tensor/rng'
import { globalCuts, type FillRow } from './global-cuts'
import { Latents } from './latents'

/** A world at one γ: everything about any user, drawn again when it is asked for, so that no matrix of all pairs ever stands in memory. */
export interface WorldSource {
  users: number
  items: number
  /** Pairs that are exposed: those with the largest scores of all. */
  exposedCount: number
  /** How much each item is exposed to a user. */
  exposure: FillRow
  /** Ratings of all items, exposed or not. */
  ratings: FillRow
  features(variance: number): UserFeatures
}

/** A world with its exposures drawn. */
export interface RankingWorld {
  source: WorldSource
  exposed: ExposedItems
  /** Pairs that are liked: of all, and of those exposed. */
  liked: number
  likedExposed: number
}

/** c, n and ε have a generator of their own: what they are does not depend on how many items there are. */
const latentsOf = (users: number, factors: number, gamma: number, rng: Rng): Latents =>
  new Latents(users, factors, gamma, rng.fork())

/**
 * Zhu et al., Eq. 10: exposures relu(W_a c), ratings min(1 + Poisson(scale · relu(W_r (θ + γ_b c))), 5), the entries of W_a and W_r
 * N(0, 1 / factors). The equation has no γ_b, section 5.4.2 does. W_r = shared W_a + √(1 - shared²) W': see `shared` of the file.
 */
export function simulatedSource(world: SimulatedWorld, gamma: number): WorldSource {
  const { users, items, factors, exposureRate, gammaB, shared, scale, seed } = world
  const rng = Rng.seeded(seed)
  const latents = latentsOf(users, factors, gamma, rng)
  const weights = (): Float32Array => {
    const own = rng.fork()
    return Float32Array.from({ length: factors * items }, () => own.normal() / Math.sqrt(factors))
  }
  const exposing = weights()
  const others = shared === 1 ? null : weights()
  const rest = Math.sqrt(1 - shared ** 2)
  const rating = others ? exposing.map((weight, at) => shared * weight + rest * others[at]!) : exposing
  const sums = new Float64Array(items)
  return {
    users,
    items,
    exposedCount: Math.round(users * items * exposureRate),
    exposure(user, scores) {
      product(latents.of(user).confounders, exposing, sums)
      for (let item = 0; item < items; item++) scores[item] = Math.max(0, sums[item]!)
    },
    ratings(user, values) {
      const latent = latents.of(user)
      product(latents.rated(latent, gammaB), rating, sums)
      for (let item = 0; item < items; item++)
        values[item] = 1 + poisson(scale * Math.max(0, sums[item]!), latent.rng.uniform(), 4)
    },
    features: (variance) => latents.features(variance),
  }
}

/** The number that a Poisson variable of this mean does not exceed with probability `uniform`, at most `most`. */
export function poisson(mean: number, uniform: number, most: number): number {
  let value = 0
  let probability = Math.exp(-mean)
  let below = probability
  while (value < most && uniform >= below) {
    value++
    probability *= mean / value
    below += probability
  }
  return value
}

/** How many ratings of each value the data have, and what their exposures and ratings are decoded by. */
export interface FittedData {
  users: number
  items: number
  /** Ascending. */
  levels: Float32Array
  counts: Int32Array
  /** `exposures.` and `ratings.` with the weights of a decoder each. */
  arrays: NamedArrays
}

/**
 * Zhu et al., Eq. 11 and 12: exposed are the pairs with the largest f_exp(c), as many as in the data; ratings are f_rat(θ + γ_b c) in steps,
 * so that each value is as frequent among all pairs as it is among the ratings of the data. f_rat is the logarithm of a softmax over items, as
 * the decoder is trained.
 */
export function dataSource(
  { factors, gammaB, seed }: Pick<DataWorld, 'factors' | 'gammaB' | 'seed'>,
  { users, items, levels, counts, arrays }: FittedData,
  gamma: number,
): WorldSource {
  const latents = latentsOf(users, factors, gamma, Rng.seeded(seed))
  const exposing = new Decoder(arrays, 'exposures')
  const rating = new Decoder(arrays, 'ratings')
  const decoded = (user: number, values: Float32Array): void => {
    rating.logits(latents.rated(latents.of(user), gammaB), values)
    let highest = -Infinity
    for (const logit of values) if (logit > highest) highest = logit
    let sum = 0
    for (const logit of values) sum += Math.exp(logit - highest)
    const shift = highest + Math.log(sum)
    for (let item = 0; item < items; item++) values[item]! -= shift
  }
  const all = counts.reduce((sum, count) => sum + count, 0)
  // The levels above the lowest that a value reaches from a cut on. Values equal to a cut are on its upper side.
  let above = 0
  const reached = [...counts].map((_, at) => {
    const level = counts.length - 1 - at
    above += counts[level]!
    return { level, count: Math.round((above / all) * users * items) }
  })
  const wanted = reached.filter(({ level, count }) => level > 0 && count > 0)
  const cuts = globalCuts(
    users,
    items,
    decoded,
    wanted.map(({ count }) => count),
  )
  return {
    users,
    items,
    exposedCount: all,
    exposure: (user, scores) => exposing.logits(latents.of(user).confounders, scores),
    ratings(user, values) {
      decoded(user, values)
      for (let item = 0; item < items; item++) {
        const at = cuts.findIndex(({ value }) => values[item]! >= value)
        values[item] = levels[at === -1 ? 0 : wanted[at]!.level]!
      }
    },
    features: (variance) => latents.features(variance),
  }
}

/** A decoder in plain numbers, a user at a time: the same bits on every backend and for every number of users. */
class Decoder {
  private readonly hidden: NamedArray
  private readonly hiddenBias: NamedArray
  private readonly item: NamedArray
  private readonly itemBias: NamedArray
  private readonly units: Float64Array
  private readonly sums: Float64Array

  constructor(arrays: NamedArrays, of: 'exposures' | 'ratings') {
    const array = (name: string): NamedArray => arrays[`${of}.decoder.${name}`]!
    this.hidden = array('hidden.weight')
    this.hiddenBias = array('hidden.bias')
    this.item = array('items.weight')
    this.itemBias = array('items.bias')
    this.units = new Float64Array(this.hiddenBias.data.length)
    this.sums = new Float64Array(this.itemBias.data.length)
  }

  logits(z: Float64Array, logits: Float32Array): void {
    const { units, sums } = this
    product(z, this.hidden.data, units)
    for (let unit = 0; unit < units.length; unit++) units[unit] = Math.tanh(units[unit]! + this.hiddenBias.data[unit]!)
    product(units, this.item.data, sums)
    for (let item = 0; item < sums.length; item++) logits[item] = sums[item]! + this.itemBias.data[item]!
  }
}

/** Fills `sums` [columns] with vector · weights, weights [rows × columns]. Four rows at a time: the sums are read and written a quarter as often. */
function product(vector: Float64Array, weights: NamedArray['data'], sums: Float64Array): void {
  const columns = sums.length
  sums.fill(0)
  let row = 0
  for (; row + 4 <= vector.length; row += 4) {
    const [a, b, c, d] = [vector[row]!, vector[row + 1]!, vector[row + 2]!, vector[row + 3]!]
    const [first, second, third, fourth] = [0, 1, 2, 3].map((next) => (row + next) * columns) as [
      number,
      number,
      number,
      number,
    ]
    for (let column = 0; column < columns; column++)
      sums[column]! +=
        a * weights[first + column]! +
        b * weights[second + column]! +
        c * weights[third + column]! +
        d * weights[fourth + column]!
  }
  for (; row < vector.length; row++)
    for (let column = 0; column < columns; column++) sums[column]! += vector[row]! * weights[row * columns + column]!
}

/** Draws the exposures of a world and counts what is liked. @param threshold a rating from here on is liked */
export function drawWorld(source: WorldSource, threshold: number): RankingWorld {
  const { users, items, exposedCount } = source
  const [cut] = globalCuts(users, items, source.exposure, [exposedCount])
  let { equal } = cut!
  const scores = new Float32Array(items)
  const ratings = new Float32Array(items)
  const indptr = new Int32Array(users + 1)
  const indices = new Int32Array(exposedCount)
  const values = new Float32Array(exposedCount)
  let at = 0
  let liked = 0
  let likedExposed = 0
  for (let user = 0; user < users; user++) {
    source.exposure(user, scores)
    source.ratings(user, ratings)
    for (let item = 0; item < items; item++) {
      const likes = ratings[item]! >= threshold
      if (likes) liked++
      const score = scores[item]!
      if (score < cut!.value || (score === cut!.value && equal-- <= 0)) continue
      if (likes) likedExposed++
      indices[at] = item
      values[at++] = ratings[item]!
    }
    indptr[user + 1] = at
  }
  return { source, exposed: { rows: users, cols: items, indptr, indices, ratings: values }, liked, likedExposed }
}

/** The features of a condition; null where it has none. */
export const featuresOf = (
  { source }: RankingWorld,
  { noise }: Pick<RankingCondition, 'noise'>,
): UserFeatures | null => (noise === null ? null : source.features(noise))
