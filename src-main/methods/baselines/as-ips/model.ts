import { emptyPairs } from '../../../tensor/pairs'
import { backbonePlan, pairMethod, type PairArchitecture } from '../../blocks/pairs/pair-method'
import { preferenceOf } from '../../blocks/pairs/pair-params'
import { pointLoss } from '../../blocks/pairs/point-loss'
import { estimatePropensities, inverseWeights, propensitiesFrom } from '../../blocks/pairs/propensity'
import { weightedStep } from '../../blocks/pairs/weighted-errors'
import { numberParam } from '../../blocks/training-params'

/** Asymmetric tri-training with inverse propensity scoring (Saito 2020): see README.md. */
export const asIps: PairArchitecture = {
  lossParts: ['loss', 'selectors', 'agreement'],
  networks: (size, params) => {
    const plan = backbonePlan(size, params)
    return { prediction: plan, first: plan, second: plan }
  },
  learner: ({ networks, observed, params }) => {
    const prediction = networks['prediction']!
    const first = networks['first']!
    const second = networks['second']!
    const loss = pointLoss(preferenceOf(params))
    const closeness = numberParam(params, 'closeness')
    const ratio = numberParam(params, 'sampleRatio')
    let weights: Float32Array = new Float32Array(0)
    return {
      estimate: async () => estimatePropensities(observed, params),
      begin: (estimated) => {
        weights = inverseWeights(propensitiesFrom(estimated, observed, params).observed, observed.density)
      },
      async step(batch, rng) {
        const size = batch.at.length
        const weightOf = (b: number): number => weights[batch.at[b]!]!
        const firstSum = await weightedStep(first, batch, loss, weightOf, size)
        const secondSum = await weightedStep(second, batch, loss, weightOf, size)
        const selectors = (firstSum + secondSum) / 2

        const drawn = emptyPairs(ratio * size)
        observed.drawAll(rng, drawn)
        const [a, b] = [await first.score(drawn), await second.score(drawn)]
        const agreed: number[] = []
        a.forEach((output, d) => {
          if (Math.abs(loss.imputed(output) - loss.imputed(b[d]!)) <= closeness) agreed.push(d)
        })
        if (agreed.length === 0) return [0, selectors, 0]
        const x = await prediction.forward({
          users: Int32Array.from(agreed, (d) => drawn.users[d]!),
          items: Int32Array.from(agreed, (d) => drawn.items[d]!),
        })
        let sum = 0
        const slopes = x.map((output, at) => {
          const target = loss.imputed(a[agreed[at]!]!)
          sum += loss.error(output, target) / x.length
          return loss.slope(output, target) / x.length
        })
        prediction.backward(slopes)
        prediction.update()
        return [sum, selectors, agreed.length / drawn.users.length]
      },
    }
  },
}

export const method = pairMethod(asIps)
