import { JoinedBatch } from '../../blocks/pairs/joined-batch'
import { pairMethod, type PairArchitecture } from '../../blocks/pairs/pair-method'
import { adamOf, backboneShape, preferenceOf } from '../../blocks/pairs/pair-params'
import { pointLoss } from '../../blocks/pairs/point-loss'
import { numberParam } from '../../blocks/training-params'
import { balancedPropensityLoss } from './balance'

/** Inverse propensity scoring with balanced propensities (Li et al. 2023): see README.md. */
export const ipsV2: PairArchitecture = {
  lossParts: ['loss', 'propensity', 'imbalance'],
  networks: (size, params) => ({
    prediction: { shape: backboneShape(size, params), options: adamOf(params) },
    // A logistic regression on both embeddings.
    propensity: { shape: { ...backboneShape(size, params, 'ncf'), hidden: [] }, options: adamOf(params) },
  }),
  learner: ({ networks, observed, params }) => {
    const prediction = networks['prediction']!
    const propensity = networks['propensity']!
    const loss = pointLoss(preferenceOf(params))
    const joined = new JoinedBatch(observed, numberParam(params, 'sampleRatio'))
    const floor = numberParam(params, 'propensityFloor')
    const weight = numberParam(params, 'balance')
    const { density } = observed
    // An untrained network stands for the density: the way there would be most of a training.
    const offset = Math.log(density / Math.max(1 - density, floor))
    return {
      async step(batch, rng) {
        const size = batch.at.length
        const pairs = joined.join(batch, rng)
        const x = await prediction.forward(pairs)
        const logits = (await propensity.forward(pairs)).map((output) => output + offset)
        const isObserved = (at: number): boolean => observed.isObserved(pairs.users[at]!, pairs.items[at]!)
        const found = balancedPropensityLoss(logits, x.map(loss.imputed), size, isObserved, { density, floor, weight })
        const slopes = new Float32Array(x.length)
        let sum = 0
        for (let b = 0; b < size; b++) {
          const scale = density / found.propensities[b]! / size
          sum += scale * loss.error(x[b]!, batch.targets[b]!)
          slopes[b] = scale * loss.slope(x[b]!, batch.targets[b]!)
        }
        prediction.backward(slopes)
        propensity.backward(found.slopes)
        prediction.update()
        propensity.update()
        return [sum, found.crossEntropy, found.imbalance ** 2]
      },
    }
  },
}

export const method = pairMethod(ipsV2)
