import type { PairBatch, PairFitControl } from '../../../pipeline/fit/pair-fit'
import { ParameterVector } from '../../../tensor/parameter-vector'
import { initialPairWeights, PairNetwork, type PairShape } from '../../../tensor/pairs'
import type { Rng } from '../../../tensor/rng'
import { JoinedBatch } from '../../blocks/pairs/joined-batch'
import type { ObservedPairs } from '../../blocks/pairs/observed-pairs'
import type { PairLikelihood } from './likelihood'
import { addUnobserved, correlationOf, negativeLikelihood } from './parts'
import { Towers } from './towers'

const options = { learningRate: 0.05, weightDecay: 1e-6 }
/** Where ρ starts, on either side. */
const starts = [0.5, -0.5]
/** Epochs in which ρ stays there. */
const heldEpochs = 10
const epochs = 40

/**
 * ρ of a model of one dimension: one number for each user and each item, of which being observed and being liked are both made by a straight
 * line. It is too stiff to take on the bend that selection gives to observed ratings, so that the bend tells ρ, with its sign. A larger
 * network fits the bend either way, and is left with two modes of nearly the same likelihood, at ρ and at -ρ. The pilot is trained from
 * either side; the more likely end counts.
 * @returns the free parameter of ρ; null where it stopped
 */
export async function pilotCorrelation(
  observed: ObservedPairs,
  likelihood: PairLikelihood,
  batchSize: number,
  rng: Rng,
  control: PairFitControl,
): Promise<number | null> {
  control.progress('Finding where the correlation starts')
  let best: { free: number; negative: number } | null = null
  for (const start of starts) {
    const end = await trainPilot(observed, likelihood, batchSize, rng.fork(), control, start)
    if (!end) return null
    if (!best || end.negative < best.negative) best = end
  }
  return best!.free
}

/** @returns where ρ ended, and the mean negative log-likelihood of the last epochs; null where it stopped */
async function trainPilot(
  observed: ObservedPairs,
  likelihood: PairLikelihood,
  batchSize: number,
  rng: Rng,
  control: PairFitControl,
  start: number,
): Promise<{ free: number; negative: number } | null> {
  const { userCount: users, itemCount: items, size } = observed
  const shape: PairShape = { backbone: 'ncf', users, items, width: 1, hidden: [], outputs: 2 }
  const network = new PairNetwork(shape, options, initialPairWeights(shape, rng))
  try {
    const towers = new Towers({ prediction: network })
    const free = new ParameterVector([Math.atanh(start)], options)
    const joined = new JoinedBatch(observed, 1)
    const out = new Float64Array(4)
    let [negative, counted] = [0, 0]
    for (let epoch = 0; epoch < epochs; epoch++) {
      const order = rng.shuffle(Int32Array.from({ length: size }, (_, at) => at))
      for (let from = 0; from < size; from += batchSize) {
        if (control.stopped()) return null
        const at = order.subarray(from, from + batchSize)
        const batch: PairBatch = {
          users: at.map((pair) => observed.users[pair]!),
          items: at.map((pair) => observed.items[pair]!),
          targets: Float32Array.from(at, (pair) => observed.targets[pair]!),
          at,
        }
        const pairs = joined.join(batch, rng)
        const indices = await towers.forward(pairs)
        const rho = correlationOf(free)
        const { part, inRho } = negativeLikelihood(batch, indices, rho, likelihood, out)
        addUnobserved(observed, pairs, at.length, indices, part, out)
        towers.step(part)
        if (epoch >= heldEpochs) free.update([inRho * (1 - rho * rho)])
        if (epoch >= epochs - 10) {
          negative += part.value * at.length
          counted += at.length
        }
      }
      await new Promise(setImmediate)
    }
    return { free: free.values[0]!, negative: negative / counted }
  } finally {
    network.dispose()
  }
}
