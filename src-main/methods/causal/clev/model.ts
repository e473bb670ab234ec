import type { ParamValues } from '../../../../src-shared/params/params'
import type { PairBatch } from '../../../pipeline/fit/pair-fit'
import type { ParameterVector } from '../../../tensor/parameter-vector'
import type { PairNetwork, Pairs } from '../../../tensor/pairs'
import type { Rng } from '../../../tensor/rng'

import { inverseMills, ndtr } from '../../blocks/normal'
import { JoinedBatch } from '../../blocks/pairs/doubly-robust'
import { pairMethod, type NetworkPlan, type PairArchitecture, type PairLearning } from '../../blocks/pairs/pair-method'
import { adamOf, backboneShape, preferenceOf } from '../../blocks/pairs/pair-params'
import { pointLoss, probitLoss, type PointLoss } from '../../blocks/pairs/point-loss'
import { numberParam } from '../../blocks/training-params'
import {
  continuous,
  exactBinary,
  monteCarloObservation,
  monteCarloPreference,
  unobserved,
  type PairLikelihood,
} from './likelihood'

/** ρ, from the free parameter that is trained. */
export const correlationOf = (vector: ParameterVector): number => Math.tanh(vector.values[0]!)

type Networks = PairLearning['networks']

/** The learner of both likelihoods and all debiasing losses: see README.md. */
class Clev {
  private readonly loss: PointLoss
  private readonly joined: JoinedBatch
  private readonly alpha: number
  private readonly floor: number
  private readonly isMonteCarlo: boolean
  private readonly samples: Float32Array
  private readonly out = new Float64Array(4)
  private readonly prediction: PairNetwork
  private readonly propensity: PairNetwork
  private readonly imputation: PairNetwork | undefined
  private readonly free: ParameterVector

  constructor(private readonly learning: PairLearning) {
    const { networks, vectors, observed, params } = learning
    const preference = preferenceOf(params)
    this.loss = preference === 'binary' ? probitLoss : pointLoss(preference)
    this.joined = new JoinedBatch(observed, numberParam(params, 'sampleRatio'))
    this.alpha = numberParam(params, 'alpha')
    this.floor = numberParam(params, 'propensityFloor')
    this.isMonteCarlo = preference === 'binary' && params['likelihood'] === 'monte-carlo'
    this.samples = new Float32Array(this.isMonteCarlo ? numberParam(params, 'samples') : 0)
    this.prediction = networks['prediction']!
    this.propensity = networks['propensity']!
    this.imputation = networks['imputation']
    this.free = vectors['correlation']!
  }

  async step(batch: PairBatch, rng: Rng): Promise<number[]> {
    const pairs = this.joined.join(batch, rng)
    const x = await this.prediction.forward(this.imputation ? pairs : batch)
    const observation = await this.propensity.forward(pairs)
    if (!this.isMonteCarlo) {
      const likelihood = preferenceOf(this.learning.params) === 'binary' ? exactBinary : continuous
      const { value, inObservation, inPreference, inRho } = this.observedPart(batch, x, observation, likelihood)
      const rest = this.unobservedPart(pairs, batch.at.length, observation, inObservation)
      const debias = await this.debias(batch, pairs, x, observation, inPreference)
      this.prediction.backward(inPreference)
      this.propensity.backward(inObservation)
      this.prediction.update()
      this.propensity.update()
      this.moveCorrelation(inRho)
      return this.told(value + rest, debias)
    }
    // Algorithm 1: first the preference with the propensity held (Eq. 12), then the propensity with the preference held (Eq. 13).
    rng.fillNormal(this.samples)
    const first = this.observedPart(batch, x, observation, monteCarloPreference(this.samples))
    const debias = await this.debias(batch, pairs, x, observation, first.inPreference)
    this.prediction.backward(first.inPreference)
    this.prediction.update()
    this.moveCorrelation(first.inRho)
    const moved = await this.prediction.forward(batch)
    rng.fillNormal(this.samples)
    const second = this.observedPart(batch, moved, observation, monteCarloObservation(this.samples))
    const rest = this.unobservedPart(pairs, batch.at.length, observation, second.inObservation)
    this.propensity.backward(second.inObservation)
    this.propensity.update()
    this.moveCorrelation(second.inRho)
    return this.told(first.value + rest, debias)
  }

  /** E[y | z > 0], or the probit of P(y > 0 | z > 0): what is expected of a pair that was chosen. */
  async scoreObserved(pairs: Pairs): Promise<Float32Array> {
    return chosenScores(this.learning.networks, correlationOf(this.free), pairs, this.learning.params)
  }

  private told(negative: number, debias: { value: number; imputation: number }): number[] {
    const { alpha } = this
    return [alpha * negative + (1 - alpha) * debias.value, negative, debias.value, correlationOf(this.free)]
  }

  private moveCorrelation(inRho: number): void {
    const rho = correlationOf(this.free)
    this.free.update([inRho * (1 - rho * rho)])
  }

  /** The mean over the batch of the negative log-likelihood of observed pairs, and its derivatives; `inPreference` is weighted by alpha. */
  private observedPart(batch: PairBatch, x: Float32Array, observation: Float32Array, likelihood: PairLikelihood) {
    const size = batch.at.length
    const rho = correlationOf(this.free)
    const inObservation = new Float32Array(observation.length)
    const inPreference = new Float32Array(x.length)
    let [value, inRho] = [0, 0]
    for (let b = 0; b < size; b++) {
      likelihood(observation[b]!, x[b]!, rho, batch.targets[b]!, this.out)
      value -= this.out[0]! / size
      inObservation[b] = -this.out[1]! / size
      inPreference[b] = (-this.alpha * this.out[2]!) / size
      inRho -= this.out[3]! / size
    }
    return { value, inObservation, inPreference, inRho }
  }

  /** What the drawn pairs that are not observed add: as many as there are for each observed one. Their derivatives go to `inObservation`. */
  private unobservedPart(pairs: Pairs, size: number, observation: Float32Array, inObservation: Float32Array): number {
    const { observed } = this.learning
    const scale = 1 / (observed.density * (pairs.users.length - size))
    let value = 0
    for (let d = size; d < pairs.users.length; d++) {
      if (observed.isObserved(pairs.users[d]!, pairs.items[d]!)) continue
      unobserved(observation[d]!, this.out)
      value -= scale * this.out[0]!
      inObservation[d] = -scale * this.out[1]!
    }
    return value
  }

  /** The debiasing loss, its derivatives weighted by 1 - alpha and added to `slopes`; the imputation takes its step. */
  private async debias(
    batch: PairBatch,
    pairs: Pairs,
    x: Float32Array,
    observation: Float32Array,
    slopes: Float32Array,
  ): Promise<{ value: number; imputation: number }> {
    const { loss, imputation } = this
    const { params, observed } = this.learning
    const size = batch.at.length
    const share = 1 - this.alpha
    const isNaive = params['debias'] === 'naive'
    const weightOf = (b: number): number =>
      isNaive ? 1 : observed.density / Math.max(this.floor, ndtr(observation[b]!))
    let value = 0
    if (!imputation) {
      for (let b = 0; b < size; b++) {
        const scale = weightOf(b) / size
        value += scale * loss.error(x[b]!, batch.targets[b]!)
        slopes[b]! += share * scale * loss.slope(x[b]!, batch.targets[b]!)
      }
      return { value, imputation: 0 }
    }
    const m = await imputation.forward(pairs)
    const imputedSlopes = new Float32Array(m.length)
    let imputationLoss = 0
    const drawn = m.length - size
    for (let b = 0; b < size; b++) {
      const scale = weightOf(b) / size
      const target = loss.imputed(m[b]!)
      const difference = loss.error(x[b]!, batch.targets[b]!) - loss.error(x[b]!, target)
      value += scale * difference
      slopes[b]! += share * scale * (loss.slope(x[b]!, batch.targets[b]!) - loss.slope(x[b]!, target))
      imputationLoss += scale * difference ** 2
      imputedSlopes[b] = -2 * scale * difference * loss.imputedSlope(x[b]!, m[b]!)
    }
    for (let d = size; d < m.length; d++) {
      const target = loss.imputed(m[d]!)
      value += loss.error(x[d]!, target) / drawn
      slopes[d]! += (share * loss.slope(x[d]!, target)) / drawn
    }
    imputation.backward(imputedSlopes)
    imputation.update()
    return { value, imputation: imputationLoss }
  }
}

/**
 * What is expected of pairs that users come to by choice, were the exogenous variables correlated by `rho`: E[y | z > 0] = g_r + ρ φ(g_o)/Φ(g_o), or
 * for binary preferences the log-odds of P(y > 0 | z > 0) = Φ₂(g_o, g_r; ρ) / Φ(g_o).
 */
async function chosenScores(networks: Networks, rho: number, pairs: Pairs, params: ParamValues): Promise<Float32Array> {
  const x = await networks['prediction']!.score(pairs)
  const observation = await networks['propensity']!.score(pairs)
  if (preferenceOf(params) === 'continuous')
    return x.map((preference, at) => preference + rho * inverseMills(observation[at]!))
  const out = new Float64Array(4)
  return x.map((preference, at) => {
    exactBinary(observation[at]!, preference, rho, 1, out)
    const both = out[0]!
    exactBinary(observation[at]!, preference, rho, 0, out)
    return both - out[0]!
  })
}

const clev: PairArchitecture = {
  lossParts: ['loss', 'likelihood', 'debias', 'correlation'],

  networks(size, params) {
    const options = adamOf(params)
    const predicting: NetworkPlan = { shape: backboneShape(size, params, 'ncf'), options }
    const { width } = predicting.shape
    const hidden = params['propensityNetwork'] === 'ncf' ? [width] : []
    const propensity: NetworkPlan = { shape: { backbone: 'ncf', ...size, width, hidden }, options }
    const imputation: Record<string, NetworkPlan> = params['debias'] === 'dr' ? { imputation: predicting } : {}
    return { prediction: predicting, propensity, ...imputation }
  },

  vectors: (params) => ({
    correlation: { initial: [0], options: { learningRate: numberParam(params, 'learningRate'), weightDecay: 0 } },
  }),

  learner: (learning) => new Clev(learning),
}

export const method = pairMethod(clev)
