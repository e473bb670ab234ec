import { JoinedBatch } from '../../blocks/pairs/joined-batch'
import { backbonePlan, pairMethod, type PairArchitecture } from '../../blocks/pairs/pair-method'
import { preferenceOf } from '../../blocks/pairs/pair-params'
import { pointLoss } from '../../blocks/pairs/point-loss'
import { numberParam } from '../../blocks/training-params'

/** Error imputation (Steck 2010, as Wang et al. 2019 compare it): see README.md. */
export const eib: PairArchitecture = {
  lossParts: ['loss', 'imputation'],
  networks: (size, params) => ({
    prediction: backbonePlan(size, params),
    imputation: backbonePlan(size, params),
  }),
  learner: ({ networks, observed, params }) => {
    const prediction = networks['prediction']!
    const imputation = networks['imputation']!
    const loss = pointLoss(preferenceOf(params))
    const joined = new JoinedBatch(observed, numberParam(params, 'sampleRatio'))
    return {
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
          // The observed are |O| / |D| of all pairs.
          const scale = observed.density / size
          const error = loss.error(x[b]!, batch.targets[b]!)
          sum += scale * error
          slopes[b] = scale * loss.slope(x[b]!, batch.targets[b]!)
          imputationSum += loss.error(m[b]!, batch.targets[b]!) / size
          imputedSlopes[b] = loss.slope(m[b]!, batch.targets[b]!) / size
        }
        for (let d = size; d < x.length; d++) {
          if (observed.isObserved(pairs.users[d]!, pairs.items[d]!)) continue
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
}

export const method = pairMethod(eib)
