import { backbonePlan, pairMethod, type PairArchitecture } from '../../blocks/pairs/pair-method'
import { pointLoss } from '../../blocks/pairs/point-loss'
import { numberParam } from '../../blocks/training-params'

/** Debiased information bottleneck (Liu et al. 2021): see README.md. */
export const dib: PairArchitecture = {
  lossParts: ['loss', 'unbiased', 'biased', 'joint'],
  networks: (size, params) => ({
    prediction: backbonePlan(size, params),
    biased: backbonePlan(size, params),
  }),
  learner: ({ networks, params }) => {
    const prediction = networks['prediction']!
    const biased = networks['biased']!
    const { error, slope } = pointLoss('binary')
    const penalty = numberParam(params, 'dependencePenalty')
    const gain = numberParam(params, 'biasedGain')
    return {
      async step(batch) {
        const z = await prediction.forward(batch)
        const r = await biased.forward(batch)
        const size = batch.at.length
        const slopes = new Float32Array(size)
        const biasedSlopes = new Float32Array(size)
        const errors = { unbiased: 0, biased: 0, joint: 0 }
        for (let b = 0; b < size; b++) {
          const target = batch.targets[b]!
          const joint = z[b]! + r[b]!
          errors.unbiased += error(z[b]!, target) / size
          errors.biased += error(r[b]!, target) / size
          errors.joint += error(joint, target) / size
          const shared = penalty * slope(joint, target)
          slopes[b] = ((1 - penalty) * slope(z[b]!, target) + shared) / size
          biasedSlopes[b] = ((gain - penalty) * slope(r[b]!, target) + shared) / size
        }
        prediction.backward(slopes)
        biased.backward(biasedSlopes)
        prediction.update()
        biased.update()
        const sum = (1 - penalty) * errors.unbiased + (gain - penalty) * errors.biased + penalty * errors.joint
        return [sum, errors.unbiased, errors.biased, errors.joint]
      },
    }
  },
}

export const method = pairMethod(dib)
