import { rowOf, takeRows, type Csr, type Split } from '../../../../src-shared/domain/split'
import { exposuresOf } from '../../../pipeline/split/beside'
import type { Weights } from '../../../tensor/named-arrays'
import type { Rng } from '../../../tensor/rng'
import { tf, type Tensor2D } from '../../../tensor/tf'
import type { ExposureCheck } from '../../method'
import { normalNoise, type Posterior } from '../mult-vae'
import { sigmoid, softplus } from '../pairs/point-loss'
import { decodeExposures, encodeExposures, exposureLogOdds, type ExposureWeightName } from './exposure-vae'
import { exposureInput } from './input'

/** Pairs of users and items that an exposure model is not shown: what they are exposed to of them has to be predicted. */
export interface HeldOutExposures {
  /** Rows of the split, ascending. */
  users: Int32Array
  /** The items held out of each of these users. */
  entries: Csr
  /** 1 for those they are exposed to, in the order of the entries. */
  exposed: Uint8Array
  /** The share of each user's exposures that is shown. */
  shown: Float32Array
}

/** More users do not make the mean likelihood of their held-out items tell models apart any better. */
const mostUsers = 2000

/** Users times items, at most: of many items, fewer users tell as much, and what is held out of them stays within some hundred megabytes. */
const mostCells = 2 ** 26

/** At most so many log-odds are in memory at a time: 16 MB. */
const blockCells = 4 * 1024 * 1024

/**
 * Holds out, of each user with exposures in the validation part, these and as large a share of the items that the user is not exposed to, at
 * random. Held-out exposures alone would be predicted best by a model that finds every exposure likely; these are a random part of all
 * entries of the user's row.
 */
export function holdOutExposures(split: Split, rng: Rng): HeldOutExposures {
  const shownRows = exposuresOf(split.train)
  const knowsAll = split.train.beside?.exposed && split.negatives
  const heldParts = [split.validation, ...(knowsAll ? [knowsAll.validation] : [])]
  const heldBy = (user: number): number => heldParts.reduce((sum, part) => sum + rowOf(part, user).length, 0)
  const candidates: number[] = []
  for (let user = 0; user < split.train.rows; user++)
    if (heldBy(user) > 0 && rowOf(shownRows, user).length > 0) candidates.push(user)
  const items = split.train.cols
  const most = Math.min(mostUsers, Math.max(1, Math.floor(mostCells / items)))
  const users = Int32Array.from(rng.shuffle(candidates).slice(0, most)).sort()

  const taken: { entries: Int32Array; exposed: Uint8Array }[] = []
  const indptr = new Int32Array(users.length + 1)
  const shown = new Float32Array(users.length)
  const marks = new Uint8Array(items)
  const own = new Int32Array(items)
  const ownExposed = new Uint8Array(items)
  users.forEach((user, r) => {
    marks.fill(0)
    const input = rowOf(shownRows, user)
    for (const item of input) marks[item] = 1
    for (const part of heldParts) for (const item of rowOf(part, user)) marks[item] = 2
    const held = heldBy(user)
    const share = held / (held + input.length)
    shown[r] = 1 - share
    let size = 0
    for (let item = 0; item < items; item++) {
      if (marks[item] !== 2 && !(marks[item] === 0 && rng.uniform() < share)) continue
      own[size] = item
      ownExposed[size] = marks[item] === 2 ? 1 : 0
      size++
    }
    indptr[r + 1] = indptr[r]! + size
    taken.push({ entries: own.slice(0, size), exposed: ownExposed.slice(0, size) })
  })
  const indices = new Int32Array(indptr[users.length]!)
  const exposed = new Uint8Array(indices.length)
  taken.forEach((of, r) => {
    indices.set(of.entries, indptr[r]!)
    exposed.set(of.exposed, indptr[r]!)
  })
  return { users, entries: { rows: users.length, cols: items, indptr, indices }, exposed, shown }
}

/** Some of the users. @param places ascending */
function takeUsers(held: HeldOutExposures, places: Int32Array): HeldOutExposures {
  const { indptr } = held.entries
  const entries = takeRows(held.entries, places)
  const exposed = new Uint8Array(entries.indices.length)
  places.forEach((place, r) =>
    exposed.set(held.exposed.subarray(indptr[place]!, indptr[place + 1]!), entries.indptr[r]!),
  )
  return {
    users: places.map((place) => held.users[place]!),
    entries,
    exposed,
    shown: Float32Array.from(places, (place) => held.shown[place]!),
  }
}

/** An exposure model with its input scale. */
export interface ExposureModel {
  weights: Weights<ExposureWeightName>
  scale: number
}

/** Log-probability of one exposure or non-exposure under its log-odds. */
const logProbability = (isExposed: number, logOdds: number): number => isExposed * logOdds - softplus(logOdds)

/** What a block of users is shown: less than all, and larger by as much, as after dropout in training. */
function shownInput(split: Split, model: ExposureModel, held: HeldOutExposures, from: number, to: number): Posterior {
  const input = exposureInput(takeRows(split.train, held.users.subarray(from, to)), model.scale)
  const scale = input.scale.map((value, r) => value / held.shown[from + r]!)
  return encodeExposures(model.weights, { ...input, scale })
}

/**
 * The mean log-likelihood of a held-out item, z being the mean of q(z | what is shown).
 * @param progress told between blocks, in 0..1; gives true where it has to stop
 * @returns null where it was stopped
 */
export async function heldOutLogLikelihood(
  split: Split,
  model: ExposureModel,
  held: HeldOutExposures,
  progress: (fraction: number) => boolean = () => false,
): Promise<number | null> {
  const { indptr, indices, cols } = held.entries
  const blockRows = Math.max(1, Math.floor(blockCells / cols))
  let sum = 0
  for (let from = 0; from < held.users.length; from += blockRows) {
    const to = Math.min(held.users.length, from + blockRows)
    const logOdds = tf.tidy(() => decodeExposures(model.weights, shownInput(split, model, held, from, to).mean))
    const values = (await logOdds.data()) as Float32Array
    logOdds.dispose()
    for (let r = from; r < to; r++)
      for (let at = indptr[r]!; at < indptr[r + 1]!; at++)
        sum += logProbability(held.exposed[at]!, values[(r - from) * cols + indices[at]!]!)
    // Also lets messages in.
    await new Promise(setImmediate)
    if (progress(to / held.users.length) && to < held.users.length) return null
  }
  return sum / indices.length
}

/** Of a check: users, draws of z for each, and replications of their held-out data. */
const checkedUsers = 500
const draws = 20
const replications = 100

/**
 * The predictive check of an exposure model (Rubin 1984; Wang and Blei 2019, s. 3): is what was held out a likely draw of the model? With z
 * drawn from q(z | what is shown), T(a) is the mean over the draws of log p(a | z), a being the held-out entries of a user. Replicated data are
 * drawn from p(a | z). The p-value is the share of replications that are less likely than the data, ties counting half, as a mean over users.
 * @returns null where no user has held-out exposures
 */
export async function checkExposures(
  split: Split,
  model: ExposureModel,
  all: HeldOutExposures,
  rng: Rng,
): Promise<ExposureCheck | null> {
  if (all.users.length === 0) return null
  const order = rng.shuffle(Int32Array.from(all.users, (_, place) => place))
  const held = takeUsers(all, order.slice(0, checkedUsers).sort())
  const { indptr, cols } = held.entries
  const blockRows = Math.max(1, Math.floor(blockCells / (draws * cols)))
  let sum = 0
  for (let from = 0; from < held.users.length; from += blockRows) {
    const to = Math.min(held.users.length, from + blockRows)
    const logOdds = tf.tidy(() => {
      const { mean, logVariance } = shownInput(split, model, held, from, to)
      const tiled = (x: Tensor2D): Tensor2D => tf.tile(x, [draws, 1])
      const noise = normalNoise([draws * (to - from), mean.shape[1]], rng)
      const z = tf.add(tiled(mean), tf.mul(tiled(tf.exp(tf.mul(logVariance, 0.5))), noise)) as Tensor2D
      return decodeExposures(model.weights, z)
    })
    const values = (await logOdds.data()) as Float32Array
    logOdds.dispose()
    for (let r = from; r < to; r++) {
      const own = held.entries.indices.subarray(indptr[r], indptr[r + 1])
      const byDraw = Array.from({ length: draws }, (_, draw) => {
        const row = values.subarray((draw * (to - from) + r - from) * cols)
        return Float64Array.from(own, (item) => row[item]!)
      })
      sum += shareLessLikely(byDraw, held.exposed.subarray(indptr[r], indptr[r + 1]), rng)
    }
    await new Promise(setImmediate)
  }

  const popularity = exposureLogOdds(split)
  const byPopularity = held.entries.indices.reduce(
    (total, item, at) => total + logProbability(held.exposed[at]!, popularity[item]!),
    0,
  )
  const entries = held.entries.indices.length
  return {
    users: held.users.length,
    heldOutItems: Math.fround(entries / held.users.length),
    logLikelihood: Math.fround((await heldOutLogLikelihood(split, model, held))!),
    popularityLogLikelihood: Math.fround(byPopularity / entries),
    pValue: Math.fround(sum / held.users.length),
  }
}

/**
 * The share of replications of one user's held-out entries that are less likely than these are. T is linear in the entries: two differ by
 * their differences times the mean log-odds.
 * @param byDraw log-odds of the entries, for each draw of z
 */
export function shareLessLikely(byDraw: readonly Float64Array[], exposed: Uint8Array, rng: Rng): number {
  const mean = new Float64Array(exposed.length)
  for (const logOdds of byDraw) logOdds.forEach((value, at) => (mean[at]! += value / byDraw.length))
  const probabilities = byDraw.map((logOdds) => logOdds.map(sigmoid))
  let less = 0
  for (let replication = 0; replication < replications; replication++) {
    const own = probabilities[replication % byDraw.length]!
    let difference = 0
    for (let at = 0; at < exposed.length; at++) {
      const drawn = rng.uniform() < own[at]! ? 1 : 0
      if (drawn !== exposed[at]) difference += drawn === 1 ? mean[at]! : -mean[at]!
    }
    less += difference < 0 ? 1 : difference === 0 ? 0.5 : 0
  }
  return less / replications
}
