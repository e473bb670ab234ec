import type { PairBatch } from '../../../pipeline/fit/pair-fit'
import type { ParameterVector } from '../../../tensor/parameter-vector'
import type { Pairs } from '../../../tensor/pairs'
import type { ObservedPairs } from '../../blocks/pairs/observed-pairs'
import { unobserved, type PairLikelihood } from './likelihood'
import type { Indices } from './towers'

/** |ρ| stays below this: nearer to 1 the likelihood of a pair is a step, and its gradient no use. */
const largestCorrelation = 0.999

/** ρ, from the free parameter that is trained. */
export const correlationOf = (free: ParameterVector): number =>
  Math.max(-largestCorrelation, Math.min(largestCorrelation, Math.tanh(free.values[0]!)))

/** Derivatives of a loss in g_r and g_o of the pairs of a step, and its value. */
export interface Part extends Indices {
  value: number
}

/** The mean over the batch of the negative log-likelihood of observed pairs, with its derivatives. */
export function negativeLikelihood(
  batch: PairBatch,
  { preference, observation }: Indices,
  rho: number,
  of: PairLikelihood,
  out: Float64Array,
): { part: Part; inRho: number } {
  const size = batch.at.length
  const part: Part = {
    value: 0,
    preference: new Float32Array(preference.length),
    observation: new Float32Array(observation.length),
  }
  let inRho = 0
  for (let b = 0; b < size; b++) {
    of(observation[b]!, preference[b]!, rho, batch.targets[b]!, out)
    part.value -= out[0]! / size
    part.observation[b] = -out[1]! / size
    part.preference[b] = -out[2]! / size
    inRho -= out[3]! / size
  }
  return { part, inRho }
}

/** Adds to `part` what the drawn pairs that are not observed stand for: as many as there are for each observed one. */
export function addUnobserved(
  observed: ObservedPairs,
  pairs: Pairs,
  size: number,
  { observation }: Indices,
  part: Part,
  out: Float64Array,
): void {
  const scale = 1 / (observed.density * (pairs.users.length - size))
  for (let d = size; d < pairs.users.length; d++) {
    if (observed.isObserved(pairs.users[d]!, pairs.items[d]!)) continue
    unobserved(observation[d]!, out)
    part.value -= scale * out[0]!
    part.observation[d] = -scale * out[1]!
  }
}
