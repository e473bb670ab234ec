import type { ParamValues } from '../../../../src-shared/params/params'
import { emptyPairs, type LabelledPairs, type Pairs } from '../../../tensor/pairs'
import type { PairBatch } from '../../../pipeline/fit/pair-fit'
import type { Rng } from '../../../tensor/rng'
import { numberParam } from '../training-params'
import type { ObservedPairs } from './observed-pairs'
import type { PairArchitecture } from './pair-method'
import { adamOf, backboneShape, preferenceOf } from './pair-params'
import { pointLoss } from './point-loss'
import { estimatePropensities, inverseWeights, propensitiesFrom } from './propensity'

/**
 * The batch of observed pairs, and after them pairs drawn uniformly from all: what a doubly robust step goes through in one forward.
 */
export class JoinedBatch {
  private room: LabelledPairs = emptyPairs(0)

  constructor(
    private readonly all: ObservedPairs,
    private readonly ratio: number,
  ) {}

  /** @returns the pairs, of which the first `batch.at.length` are the batch; good until the next call */
  join(batch: PairBatch, rng: Rng): Pairs {
    const size = batch.at.length
    const whole = size * (1 + this.ratio)
    if (this.room.users.length < whole) this.room = emptyPairs(whole)
    const users = this.room.users.subarray(0, whole)
    const items = this.room.items.subarray(0, whole)
    users.set(batch.users)
    items.set(batch.items)
    this.all.drawAll(rng, { users: users.subarray(size), items: items.subarray(size) })
    return { users, items }
  }
}

/**
 * The doubly robust estimate of the mean error over all pairs (Wang et al. 2019, Eq. 5), (1/|D|) Σ_D [ê + o (e − ê) / p], from a batch of
 * observed pairs and one drawn from D: mean over the draw of ê, plus mean over the observed of (|O|/|D|)/p · (e − ê). Its error is ê(x, m)
 * of the output m of an imputation network, which learns Σ_O weight · (e − ê)².
 * Both networks step from the same predictions, those before the step.
 * @param imputationWeight the weight of the squared difference of an observed pair of propensity p, up to a factor
 */
export const doublyRobustArchitecture = (
  imputationWeight: (propensity: number, params: ParamValues) => number,
): PairArchitecture => ({
  lossParts: ['loss', 'imputation'],
  networks: (size, params) => ({
    prediction: { shape: backboneShape(size, params), options: adamOf(params) },
    imputation: { shape: backboneShape(size, params), options: adamOf(params) },
  }),
  learner: ({ networks, observed, params }) => {
    const prediction = networks['prediction']!
    const imputation = networks['imputation']!
    const loss = pointLoss(preferenceOf(params))
    const joined = new JoinedBatch(observed, numberParam(params, 'sampleRatio'))
    let weights: Float32Array = new Float32Array(0)
    let imputationWeights: Float32Array = weights
    return {
      estimate: async () => estimatePropensities(observed, params),
      begin: (estimated) => {
        const propensities = propensitiesFrom(estimated, observed, params).observed
        weights = inverseWeights(propensities, observed.density)
        imputationWeights = meanOne(propensities.map((p) => imputationWeight(p, params)))
      },
      async step(batch, rng) {
        const size = batch.at.length
        const pairs = joined.join(batch, rng)
        const drawn = pairs.users.length - size
        const x = await prediction.forward(pairs)
        const m = await imputation.forward(pairs)
        const slopes = new Float32Array(x.length)
        const imputedSlopes = new Float32Array(x.length)
        let [sum, imputationSum] = [0, 0]
        for (let b = 0; b < size; b++) {
          const at = batch.at[b]!
          const target = loss.imputed(m[b]!)
          const difference = loss.error(x[b]!, batch.targets[b]!) - loss.error(x[b]!, target)
          const scale = weights[at]! / size
          sum += scale * difference
          slopes[b] = scale * (loss.slope(x[b]!, batch.targets[b]!) - loss.slope(x[b]!, target))
          const imputationScale = imputationWeights[at]! / size
          imputationSum += imputationScale * difference ** 2
          imputedSlopes[b] = -2 * imputationScale * difference * loss.imputedSlope(x[b]!, m[b]!)
        }
        for (let d = size; d < x.length; d++) {
          const target = loss.imputed(m[d]!)
          sum += loss.error(x[d]!, target) / drawn
          slopes[d] = loss.slope(x[d]!, target) / drawn
        }
        prediction.backward(slopes)
        imputation.backward(imputedSlopes)
        prediction.update()
        imputation.update()
        return [sum, imputationSum]
      },
    }
  },
})

/** Scaled to a mean of one, so that one learning rate suits weights of every kind. */
export function meanOne(weights: Float32Array): Float32Array {
  const mean = weights.reduce((sum, weight) => sum + weight, 0) / weights.length
  return weights.map((weight) => weight / mean)
}
