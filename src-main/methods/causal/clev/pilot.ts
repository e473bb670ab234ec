import type { PairBatch, PairFitControl } from '../../../pipeline/fit/pair-fit'
import { ParameterVector } from '../../../tensor/parameter-vector'
import { initialPairWeights, PairNetwork, type PairShape } from '../../../tensor/pairs'
import type { Rng } from '../../../tensor/rng'
import { JoinedBatch } from '../../blocks/pairs/doubly-robust'
import type { ObservedPairs } from '../../blocks/pairs/observed-pairs'
import type { PairLikelihood } from './likelihood'
import { addUnobserved, correlationOf, negativeLikelihood } from './parts'
import { Towers } from './towers'

const options = { learningRate: 0.05, weightDecay: 1e-6 }
const fewestEpochs = 10
const mostEpochs = 80
/** The pilot has arrived where its mean ρ over an epoch moved by less than this over as many epochs. */
const arrived = { change: 0.01, epochs: 5 }

/**
 * ρ of a model of one dimension: one number for each user and each item, of which being observed and being liked are both made by a straight
 * line. It is too stiff to take on the bend that selection gives to observed ratings, so that the bend tells ρ, with its sign. A larger
 * network fits the bend either way, and is left with two modes of nearly the same likelihood, at ρ and at -ρ.
 * @returns the free parameter of ρ; null where it stopped
 */
export async function pilotCorrelation(
  observed: ObservedPairs,
  likelihood: PairLikelihood,
  batchSize: number,
  rng: Rng,
  control: PairFitControl,
): Promise<number | null> {
  const { userCount: users, itemCount: items, size } = observed
  const shape: PairShape = { backbone: 'ncf', users, items, width: 1, hidden: [], outputs: 2 }
  const network = new PairNetwork(shape, options, initialPairWeights(shape, rng))
  try {
    const towers = new Towers({ prediction: network })
    const free = new ParameterVector([0], options)
    const joined = new JoinedBatch(observed, 1)
    const out = new Float64Array(4)
    const means: number[] = []
    control.progress('Finding where the correlation starts')
    for (let epoch = 0; epoch < mostEpochs && !hasArrived(means); epoch++) {
      const order = rng.shuffle(Int32Array.from({ length: size }, (_, at) => at))
      let sum = 0
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
        free.update([inRho * (1 - rho * rho)])
        sum += rho * at.length
      }
      means.push(sum / size)
      await new Promise(setImmediate)
    }
    return free.values[0]!
  } finally {
    network.dispose()
  }
}

function hasArrived(means: readonly number[]): boolean {
  if (means.length < fewestEpochs) return false
  const last = means.slice(-arrived.epochs)
  return Math.max(...last) - Math.min(...last) < arrived.change
}
