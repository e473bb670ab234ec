import { CausewayError } from '../../../../src-shared/contract/errors'
import type { ParamValues } from '../../../../src-shared/params/params'
import type { Pairs } from '../../../tensor/pairs'
import type { NamedArrays } from '../../method'
import { numberParam } from '../training-params'
import { logisticOnFeatures } from './feature-propensity'
import type { ObservedPairs } from './observed-pairs'
import { sigmoid } from './point-loss'

/** Propensities P(O = 1) of pairs, from arrays that a checkpoint can keep. */
export interface Propensities {
  /** Of all observed pairs, in their order, not below the floor: [|O|] */
  observed: Float32Array
}

/**
 * Estimates what the parameter `propensity` asks for.
 * @returns arrays for `propensitiesFrom`
 * @throws CausewayError `paramInvalid`, `badRequest` where the data lack what it needs
 */
export function estimatePropensities(observed: ObservedPairs, params: ParamValues): NamedArrays {
  switch (params['propensity']) {
    case 'naive-bayes':
      return naiveBayes(observed, numberParam(params, 'positiveRate'))
    case 'given':
      if (!observed.propensities || observed.propensities.some(Number.isNaN))
        throw new CausewayError('badRequest', 'The data set gives no propensity for every observed pair.')
      return {}
    case 'logistic-features':
      return logisticOnFeatures(observed)
    default:
      return logistic(observed)
  }
}

/** The propensities that `estimatePropensities` gave arrays of. */
export function propensitiesFrom(arrays: NamedArrays, observed: ObservedPairs, params: ParamValues): Propensities {
  const floor = numberParam(params, 'propensityFloor')
  const floored = (values: Float32Array): Float32Array => values.map((p) => Math.max(p, floor))
  if (params['propensity'] === 'given') return { observed: floored(observed.propensities!) }
  if (params['propensity'] === 'naive-bayes') {
    const rates = arrays['propensity.byLabel']!.data
    return { observed: floored(observed.labels.map((label) => rates[label]!)) }
  }
  return { observed: floored(logisticPropensities(arrays)!(observed)) }
}

/** The propensities of any pairs by the logistic regression that was estimated, on features or not, without floor; null where none was. */
export function logisticPropensities(arrays: NamedArrays): ((pairs: Pairs) => Float32Array) | null {
  const users = arrays['propensity.user']?.data
  const items = arrays['propensity.item']?.data
  if (!users || !items) return null
  const features = arrays['propensity.userFeatures']
  const weights = arrays['propensity.itemWeights']?.data
  const width = features && weights ? features.shape[1]! : 0
  return (pairs) =>
    Float32Array.from(pairs.users, (user, at) => {
      const item = pairs.items[at]!
      let logit = users[user]! + items[item]!
      for (let k = 0; k < width; k++) logit += features!.data[user * width + k]! * weights![item * width + k]!
      return sigmoid(logit)
    })
}

/**
 * 1 / p of the observed pairs, scaled so that a right propensity gives them a mean of about 1: |O| / |D| / p. The mean over a batch of observed
 * pairs of weight · error then estimates the mean error over all pairs.
 */
export const inverseWeights = (propensities: Float32Array, density: number): Float32Array =>
  propensities.map((p) => density / p)

/** The logit of |O| / |D|, finite where every pair is observed. */
export const densityLogit = (density: number): number => Math.log(density / Math.max(1e-9, 1 - density))

/** P(O = 1 | R = r) = P(R = r | O = 1) P(O = 1) / P(R = r), for r in 0, 1 (Schnabel et al. 2016, section 5.1). */
function naiveBayes(observed: ObservedPairs, positiveRate: number): NamedArrays {
  if (positiveRate <= 0 || positiveRate >= 1)
    throw new CausewayError(
      'paramInvalid',
      'Naive Bayes needs "positiveRate": the share of positives among all pairs, between 0 and 1, as a randomised survey tells it.',
      { key: 'positiveRate', value: String(positiveRate), allowed: 'between 0 and 1' },
    )
  const positives = observed.labels.reduce((sum, label) => sum + label, 0) / observed.size
  const rates = [
    ((1 - positives) * observed.density) / (1 - positiveRate),
    (positives * observed.density) / positiveRate,
  ]
  return { 'propensity.byLabel': { shape: [2], data: Float32Array.from(rates, (p) => Math.min(1, p)) } }
}

/** What the logistic regression is estimated from. */
export type ObservedCounts = Pick<ObservedPairs, 'users' | 'items' | 'userCount' | 'itemCount' | 'density'>

const mostSweeps = 500
const tolerance = 1e-7

/**
 * Logistic regression of being observed on an effect of the user and one of the item, by maximum likelihood over all pairs: what a network
 * of one linear layer on both embeddings can express. Its likelihood depends on how often users and items were observed only, so that users
 * (items) with the same count share an effect, and the whole of D is summed up in one cell for each pair of counts. A count of 0 or of all
 * is taken as half a pair more or less, which keeps the effects finite.
 */
export function logistic(observed: ObservedCounts): NamedArrays {
  const users = groupByCount(observed.users, observed.userCount, observed.itemCount)
  const items = groupByCount(observed.items, observed.itemCount, observed.userCount)
  const start = densityLogit(observed.density)
  const userEffects = new Float64Array(users.counts.length).fill(start)
  const itemEffects = new Float64Array(items.counts.length)
  for (let sweep = 0; sweep < mostSweeps; sweep++) {
    const byUsers = fitEffects(userEffects, users.counts, itemEffects, items.sizes)
    const byItems = fitEffects(itemEffects, items.counts, userEffects, users.sizes)
    // What the logits moved. The effects themselves may go on drifting apart: where half pairs were added, the counts of users and of
    // items do not add up to the same number.
    const moved = Math.max(byUsers.up + byItems.up, -(byUsers.down + byItems.down))
    if (moved < tolerance) break
  }
  const spread = (effects: Float64Array, groupOf: Int32Array): NamedArrays[string] => ({
    shape: [groupOf.length],
    data: Float32Array.from(groupOf, (group) => effects[group]!),
  })
  return {
    'propensity.user': spread(userEffects, users.groupOf),
    'propensity.item': spread(itemEffects, items.groupOf),
  }
}

/** Those with the same count in one group. @param most the largest count there can be */
function groupByCount(of: Int32Array, size: number, most: number) {
  const counts = new Int32Array(size)
  for (const one of of) counts[one]!++
  const distinct = [...new Set(counts)].sort((a, b) => a - b)
  const groups = new Map(distinct.map((count, group) => [count, group]))
  const groupOf = counts.map((count) => groups.get(count)!)
  const sizes = new Float64Array(distinct.length)
  for (const group of groupOf) sizes[group]!++
  return { groupOf, sizes, counts: Float64Array.from(distinct, (count) => Math.min(Math.max(count, 0.5), most - 0.5)) }
}

/**
 * One Newton step for each effect, the others held; bounded, as a step from a flat place can overshoot.
 * @returns the step furthest up and the one furthest down
 */
function fitEffects(
  effects: Float64Array,
  counts: Float64Array,
  others: Float64Array,
  weights: Float64Array,
): { up: number; down: number } {
  let [up, down] = [-Infinity, Infinity]
  for (let g = 0; g < effects.length; g++) {
    let [expected, slope] = [0, 0]
    for (let h = 0; h < others.length; h++) {
      const p = sigmoid(effects[g]! + others[h]!)
      expected += weights[h]! * p
      slope += weights[h]! * p * (1 - p)
    }
    const step = Math.max(-1, Math.min(1, (counts[g]! - expected) / Math.max(slope, 1e-12)))
    effects[g]! += step
    up = Math.max(up, step)
    down = Math.min(down, step)
  }
  return { up, down }
}
