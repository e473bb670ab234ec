import { sigmoid, softplus } from './point-loss'
import { numberParam } from '../training-params'
import type { LearnedPropensities } from './doubly-robust'
import { adamOf } from './pair-params'

/**
 * The loss of propensities on pairs drawn from all (Li et al. 2023): mean cross-entropy of being observed, plus weight · B² with
 * B = mean of φ · (o/p − (1 − o)/(1 − p)), which is 0 in expectation for right propensities, whatever φ is.
 * @param logits of the propensities @param observed 1 where a pair is observed, else 0 @param phi what is to be balanced
 * @param floor the least that p and 1 − p count as in B; those below pull nothing there
 * @returns both parts, and the slopes of the loss in the logits
 */
export function balancedPropensityLoss(
  logits: Float32Array,
  observed: Uint8Array,
  phi: Float32Array,
  weight: number,
  floor: number,
): { entropy: number; balance: number; slopes: Float32Array } {
  const count = logits.length
  const slopes = new Float32Array(count)
  const balanceSlopes = new Float64Array(count)
  let [entropy, imbalance] = [0, 0]
  for (let d = 0; d < count; d++) {
    const o = observed[d]!
    const logit = logits[d]!
    const p = sigmoid(logit)
    entropy += (softplus(logit) - o * logit) / count
    slopes[d] = (p - o) / count
    // Of the group the pair is in: p for the observed, 1 − p for the others.
    const own = o === 1 ? p : sigmoid(-logit)
    imbalance += ((o === 1 ? 1 : -1) * phi[d]!) / Math.max(own, floor) / count
    if (own > floor) balanceSlopes[d] = (-phi[d]! * (1 - own)) / own / count
  }
  for (let d = 0; d < count; d++) slopes[d]! += 2 * weight * imbalance * balanceSlopes[d]!
  return { entropy, balance: imbalance ** 2, slopes }
}

/**
 * Propensities of a network of one linear layer over both embeddings, learned along with the prediction, whose probabilities they balance.
 * One forward goes through the batch, of which they are asked, and the drawn pairs, from which they learn.
 */
export const balancedPropensities: LearnedPropensities = {
  lossParts: ['propensity', 'balance'],
  networks: (size, params) => ({
    propensity: {
      shape: { backbone: 'ncf', ...size, width: numberParam(params, 'embeddingSize'), hidden: [] },
      options: adamOf(params),
    },
  }),
  learner: ({ networks, observed, params }) => {
    const network = networks['propensity']!
    const weight = numberParam(params, 'balanceWeight')
    const floor = numberParam(params, 'propensityFloor')
    return {
      async step(batch, pairs, x) {
        const size = batch.at.length
        const logits = await network.forward(pairs)
        const propensities = Float32Array.from(logits.subarray(0, size), (logit) => Math.max(sigmoid(logit), floor))
        const users = pairs.users.subarray(size)
        const items = pairs.items.subarray(size)
        const isObserved = Uint8Array.from(users, (user, d) => Number(observed.isObserved(user, items[d]!)))
        const { entropy, balance, slopes } = balancedPropensityLoss(
          logits.subarray(size),
          isObserved,
          x.slice(size).map(sigmoid),
          weight,
          floor,
        )
        const all = new Float32Array(logits.length)
        all.set(slopes, size)
        network.backward(all)
        network.update()
        return { propensities, losses: [entropy, balance] }
      },
    }
  },
}
