import { balancedPropensities } from '../../blocks/pairs/balanced-propensity'
import { JoinedBatch } from '../../blocks/pairs/joined-batch'
import { backbonePlan, pairMethod, type PairArchitecture } from '../../blocks/pairs/pair-method'
import { preferenceOf } from '../../blocks/pairs/pair-params'
import { pointLoss } from '../../blocks/pairs/point-loss'
import { numberParam } from '../../blocks/training-params'

/** Inverse propensity scoring with balanced propensities (Li et al. 2023): see README.md. */
export const ipsV2: PairArchitecture = {
  lossParts: ['loss', ...balancedPropensities.lossParts],
  networks: (size, params) => ({
    prediction: backbonePlan(size, params),
    ...balancedPropensities.networks(size, params),
  }),
  learner: (learning) => {
    const { networks, observed, params } = learning
    const prediction = networks['prediction']!
    const learned = balancedPropensities.learner(learning)
    const loss = pointLoss(preferenceOf(params))
    const joined = new JoinedBatch(observed, numberParam(params, 'sampleRatio'))
    return {
      async step(batch, rng) {
        const size = batch.at.length
        const pairs = joined.join(batch, rng)
        const x = await prediction.forward(pairs)
        const { propensities, losses } = await learned.step(batch, pairs, x, rng)
        const slopes = new Float32Array(x.length)
        let sum = 0
        for (let b = 0; b < size; b++) {
          const scale = observed.density / propensities[b]! / size
          sum += scale * loss.error(x[b]!, batch.targets[b]!)
          slopes[b] = scale * loss.slope(x[b]!, batch.targets[b]!)
        }
        prediction.backward(slopes)
        prediction.update()
        return [sum, ...losses]
      },
    }
  },
}

export const method = pairMethod(ipsV2)
