import type { PairBatch, PairFitControl } from '../../../pipeline/fit/pair-fit'
import { ParameterVector } from '../../../tensor/parameter-vector'
import { initialPairWeights, PairNetwork, type PairShape } from '../../../tensor/pairs'
import { Rng } from '../../../tensor/rng'
import { JoinedBatch } from '../../blocks/pairs/joined-batch'
import type { ObservedPairs, Preference } from '../../blocks/pairs/observed-pairs'
import { centred } from '../../blocks/pairs/pair-method'
import { exactLikelihood } from './chosen'
import { addUnobserved, correlationOf, negativeLikelihood } from './parts'
import { initialLine, Towers } from './towers'

const options = { learningRate: 0.005, weightDecay: 1e-5 }
/** Where ρ starts, on either side, and how it is stepped: faster than the rest, which follows it. */
const starts = [0.5, -0.5]
const rhoOptions = { learningRate: 0.03, weightDecay: 0 }
const steps = 2000
/** Steps in which ρ stays where it starts: a level that is not learned yet looks like a correlation of the other sign. */
const heldSteps = 700
/** Last steps, whose mean loss tells how likely an end is. */
const judgedSteps = 300
/** Drawn pairs for each observed one. */
const sampleRatio = 4

/**
 * ρ of a small model: what is liked by matrix factorisation, being observed a straight line of it. It is too stiff to take on
 * the bend that selection gives to observed ratings, so that the bend tells ρ, with its sign. A larger network fits the bend either way, and
 * is left with two modes of nearly the same likelihood, at ρ and at -ρ. The pilot is trained from either side; the more likely end counts.
 * @returns the free parameter of ρ; null where it stopped
 */
export async function pilotCorrelation(
  observed: ObservedPairs,
  preference: Preference,
  width: number,
  batchSize: number,
  rng: Rng,
  control: PairFitControl,
): Promise<number | null> {
  control.progress('Finding where the correlation starts')
  let best: { free: number; negative: number } | null = null
  // The same draws on both sides: what differs is the side.
  const seed = rng.uint32()
  for (const start of starts) {
    const end = await trainPilot(observed, preference, width, batchSize, Rng.seeded(seed), control, start)
    if (!end) return null
    if (!best || end.negative < best.negative) best = end
  }
  return best!.free
}

/** @returns where ρ ended, and the mean negative log-likelihood of the last steps; null where it stopped */
async function trainPilot(
  observed: ObservedPairs,
  preference: Preference,
  width: number,
  batchSize: number,
  rng: Rng,
  control: PairFitControl,
  start: number,
): Promise<{ free: number; negative: number } | null> {
  const { userCount: users, itemCount: items, size } = observed
  const isContinuous = preference === 'continuous'
  const likelihood = exactLikelihood(preference)
  const shape: PairShape = { backbone: 'mf', users, items, width, hidden: [] }
  const initial = initialPairWeights(shape, rng)
  const network = new PairNetwork(shape, options, isContinuous ? centred(initial, shape, observed.meanTarget) : initial)
  try {
    const line = new ParameterVector(initialLine, { ...options, weightDecay: 0 })
    const towers = new Towers({ networks: { prediction: network }, vectors: { line } })
    if (isContinuous) towers.centre(observed.meanTarget)
    const free = new ParameterVector([Math.atanh(start)], rhoOptions)
    const joined = new JoinedBatch(observed, sampleRatio)
    const out = new Float64Array(4)
    let negative = 0
    for (let step = 0; step < steps;) {
      const order = rng.shuffle(Int32Array.from({ length: size }, (_, at) => at))
      for (let from = 0; from < size && step < steps; from += batchSize, step++) {
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
        if (step >= heldSteps) free.update([inRho * (1 - rho * rho)])
        if (step >= steps - judgedSteps) negative += part.value / judgedSteps
      }
      await new Promise(setImmediate)
    }
    return { free: free.values[0]!, negative }
  } finally {
    network.dispose()
  }
}
