import { JoinedBatch } from '../../blocks/pairs/joined-batch'
import { backbonePlan, pairMethod, type PairArchitecture } from '../../blocks/pairs/pair-method'
import { pointLoss } from '../../blocks/pairs/point-loss'
import { numberParam } from '../../blocks/training-params'
import { confidence, confidenceSlope, contrast } from './objective'

/** Counterfactual variational information bottleneck (Wang et al. 2020): see README.md. */
export const cvib: PairArchitecture = {
  lossParts: ['loss', 'contrast'],
  networks: (size, params) => ({ prediction: backbonePlan(size, params) }),
  learner: ({ networks, observed, params }) => {
    const prediction = networks['prediction']!
    const loss = pointLoss('binary')
    const joined = new JoinedBatch(observed, numberParam(params, 'sampleRatio'))
    const balance = numberParam(params, 'balance')
    const penalty = numberParam(params, 'confidencePenalty')
    return {
      async step(batch, rng) {
        const size = batch.at.length
        const pairs = joined.join(batch, rng)
        const x = await prediction.forward(pairs)
        const others: number[] = []
        for (let d = size; d < x.length; d++) if (!observed.isObserved(pairs.users[d]!, pairs.items[d]!)) others.push(d)
        const slopes = new Float32Array(x.length)
        let sum = 0
        for (let b = 0; b < size; b++) {
          sum += (loss.error(x[b]!, batch.targets[b]!) + penalty * confidence(x[b]!)) / size
          slopes[b] = (loss.slope(x[b]!, batch.targets[b]!) + penalty * confidenceSlope(x[b]!)) / size
        }
        // Where all pairs are observed there is nothing to balance.
        if (others.length === 0) {
          prediction.backward(slopes)
          prediction.update()
          return [sum, 0]
        }
        const found = contrast(
          x.subarray(0, size),
          Float32Array.from(others, (d) => x[d]!),
        )
        found.observed.forEach((slope, b) => (slopes[b]! += balance * slope))
        others.forEach((d, at) => (slopes[d] = balance * found.unobserved[at]!))
        prediction.backward(slopes)
        prediction.update()
        return [sum + balance * found.value, found.value]
      },
    }
  },
}

export const method = pairMethod(cvib)
