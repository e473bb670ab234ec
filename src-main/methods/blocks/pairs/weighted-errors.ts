import type { PairNetwork } from '../../../tensor/pairs'
import type { PairBatch } from '../../../pipeline/fit/pair-fit'
import { preferenceOf } from './pair-params'
import { estimatePropensities, inverseWeights, propensitiesFrom } from './propensity'
import { pointLoss, type PointLoss } from './point-loss'
import { backbonePlan, type NetworkPlan, type PairArchitecture } from './pair-method'
import type { ParamValues } from '../../../../src-shared/params/params'

/**
 * One step of a network down Σ weight · e(x, target) / divisor over a batch of observed pairs.
 * @param weightOf the weight of the b-th pair of the batch
 * @returns the loss before the step
 */
export async function weightedStep(
  network: PairNetwork,
  batch: PairBatch,
  loss: PointLoss,
  weightOf: (b: number) => number,
  divisor: number,
): Promise<number> {
  const outputs = await network.forward(batch)
  const slopes = new Float32Array(outputs.length)
  let sum = 0
  for (let b = 0; b < outputs.length; b++) {
    const scale = weightOf(b) / divisor
    sum += scale * loss.error(outputs[b]!, batch.targets[b]!)
    slopes[b] = scale * loss.slope(outputs[b]!, batch.targets[b]!)
  }
  network.backward(slopes)
  network.update()
  return sum
}

/** Fits the observed pairs as if they were all there are: the mean error of the batch. */
export const naiveArchitecture = (
  prediction: (size: { users: number; items: number }, params: ParamValues) => NetworkPlan,
): PairArchitecture => ({
  lossParts: ['loss'],
  networks: (size, params) => ({ prediction: prediction(size, params) }),
  learner: ({ networks, params }) => {
    const loss = pointLoss(preferenceOf(params))
    return {
      step: async (batch) => [await weightedStep(networks['prediction']!, batch, loss, () => 1, batch.at.length)],
    }
  },
})

/**
 * Weights errors of observed pairs by the inverse of an estimated propensity.
 * @param divisor what the weighted sum of a batch is divided by, from its weights
 */
export const inverseWeightedArchitecture = (divisor: (weights: Float32Array) => number): PairArchitecture => ({
  lossParts: ['loss'],
  networks: (size, params) => ({ prediction: backbonePlan(size, params) }),
  learner: ({ networks, observed, params }) => {
    const loss = pointLoss(preferenceOf(params))
    let all: Float32Array = new Float32Array(0)
    return {
      estimate: async () => estimatePropensities(observed, params),
      begin: (estimated) => {
        all = inverseWeights(propensitiesFrom(estimated, observed, params).observed, observed.density)
      },
      step: async (batch) => {
        const weights = Float32Array.from(batch.at, (pair) => all[pair]!)
        return [await weightedStep(networks['prediction']!, batch, loss, (b) => weights[b]!, divisor(weights))]
      },
    }
  },
})
