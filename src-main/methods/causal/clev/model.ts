import { CausewayError } from '../../../../src-shared/contract/errors'
import type { PairBatch, PairFitControl } from '../../../pipeline/fit/pair-fit'
import type { ParameterVector } from '../../../tensor/parameter-vector'
import type { PairNetwork, Pairs } from '../../../tensor/pairs'
import type { Rng } from '../../../tensor/rng'
import { ndtr } from '../../blocks/normal'
import { JoinedBatch } from '../../blocks/pairs/joined-batch'
import type { Preference } from '../../blocks/pairs/observed-pairs'
import {
  pairMethod,
  type NetworkPlan,
  type PairArchitecture,
  type PairLearner,
  type PairLearning,
} from '../../blocks/pairs/pair-method'
import { adamOf, backboneShape, preferenceOf } from '../../blocks/pairs/pair-params'
import { pointLoss, probitLoss, type PointLoss } from '../../blocks/pairs/point-loss'
import { numberParam } from '../../blocks/training-params'
import type { NamedArrays } from '../../method'
import { Chosen, exactLikelihood } from './chosen'
import { monteCarloObservation, monteCarloPreference, type PairLikelihood } from './likelihood'
import { addUnobserved, correlationOf, negativeLikelihood, type Part } from './parts'
import { pilotCorrelation } from './pilot'
import { isLine, Towers, type Indices } from './towers'

/** The learner of both likelihoods and all debiasing losses: see README.md. */
class Clev implements PairLearner {
  private readonly preference: Preference
  private readonly loss: PointLoss
  private readonly joined: JoinedBatch
  private readonly alpha: number
  private readonly floor: number
  private readonly isNaive: boolean
  private readonly samples: Float32Array | null
  private readonly out = new Float64Array(4)
  private readonly towers: Towers
  private readonly imputation: PairNetwork | undefined
  private readonly free: ParameterVector
  /** Where the free parameter of ρ starts. */
  private startingFree = 0
  /** Steps for which ρ stays where it starts. */
  private readonly warmUpSteps: number
  private isWarm = false

  constructor(private readonly learning: PairLearning) {
    const { networks, vectors, observed, params } = learning
    this.preference = preferenceOf(params)
    this.loss = this.preference === 'binary' ? probitLoss : pointLoss(this.preference)
    this.joined = new JoinedBatch(observed, numberParam(params, 'sampleRatio'))
    this.alpha = numberParam(params, 'alpha')
    this.floor = numberParam(params, 'propensityFloor')
    this.isNaive = params['debias'] === 'naive'
    const isMonteCarlo = this.preference === 'binary' && params['likelihood'] === 'monte-carlo'
    this.samples = isMonteCarlo ? new Float32Array(numberParam(params, 'samples')) : null
    this.towers = new Towers(learning)
    this.imputation = networks['imputation']
    this.free = vectors['correlation']!
    const batches = Math.ceil(observed.size / numberParam(params, 'batchSize'))
    this.warmUpSteps = numberParam(params, 'warmUp') * batches
  }

  async estimate(rng: Rng, control: PairFitControl): Promise<NamedArrays | null> {
    const { observed, params } = this.learning
    if (params['start'] !== 'pilot') return {}
    const free = await pilotCorrelation(
      observed,
      this.preference,
      numberParam(params, 'embeddingSize'),
      numberParam(params, 'batchSize'),
      rng,
      control,
    )
    return free === null ? null : { pilot: { shape: [1], data: Float32Array.of(free) } }
  }

  begin(estimated: NamedArrays): void {
    this.startingFree = estimated['pilot']?.data[0] ?? 0
  }

  async step(batch: PairBatch, rng: Rng, step: number): Promise<number[]> {
    this.isWarm = step >= this.warmUpSteps
    const pairs = this.joined.join(batch, rng)
    if (step === 0) {
      this.free.values[0] = this.startingFree
      if (this.preference === 'continuous') this.towers.centre(this.learning.observed.meanTarget)
    }
    const indices = await this.towers.forward(pairs)
    return this.samples
      ? this.alternate(batch, pairs, indices, this.samples, rng)
      : this.together(batch, pairs, indices)
  }

  private async together(batch: PairBatch, pairs: Pairs, indices: Indices): Promise<number[]> {
    const part = this.likelihood(batch, indices, exactLikelihood(this.preference))
    addUnobserved(this.learning.observed, pairs, batch.at.length, indices, part, this.out)
    const debias = await this.debias(batch, pairs, indices)
    this.towers.step({ preference: this.mixed(part, debias), observation: part.observation })
    return this.told(part.value, debias.value)
  }

  /** Algorithm 1: g_r with g_o held (Eq. 12), then g_o with the new g_r held (Eq. 13). */
  private async alternate(
    batch: PairBatch,
    pairs: Pairs,
    indices: Indices,
    samples: Float32Array,
    rng: Rng,
  ): Promise<number[]> {
    rng.fillNormal(samples)
    const first = this.likelihood(batch, indices, monteCarloPreference(samples))
    const debias = await this.debias(batch, pairs, indices)
    this.towers.stepPreference(this.mixed(first, debias))
    const moved = await this.towers.forward(pairs)
    rng.fillNormal(samples)
    const second = this.likelihood(batch, moved, monteCarloObservation(samples))
    addUnobserved(this.learning.observed, pairs, batch.at.length, moved, second, this.out)
    this.towers.stepObservation(second.observation)
    return this.told(second.value, debias.value)
  }

  async scoreObserved(pairs: Pairs): Promise<Float32Array> {
    return (await chosenOf(this.towers, pairs, this.preference)).expected(correlationOf(this.free))
  }

  async logLikelihood(pairs: Pairs, targets: Float32Array): Promise<number> {
    return (await chosenOf(this.towers, pairs, this.preference)).logLikelihood(targets, correlationOf(this.free))
  }

  private told(negative: number, debias: number): number[] {
    const { alpha } = this
    return [alpha * negative + (1 - alpha) * debias, negative, debias, correlationOf(this.free)]
  }

  private mixed(likelihood: Indices, debias: Indices): Float32Array {
    return likelihood.preference.map((slope, at) => this.alpha * slope + (1 - this.alpha) * debias.preference[at]!)
  }

  /** `negativeLikelihood` at the present ρ, which takes its step. */
  private likelihood(batch: PairBatch, indices: Indices, of: PairLikelihood): Part {
    const rho = correlationOf(this.free)
    const { part, inRho } = negativeLikelihood(batch, indices, rho, of, this.out)
    if (this.isWarm) this.free.update([inRho * (1 - rho * rho)])
    return part
  }

  /** The debiasing loss and its derivatives in g_r; an imputation takes its step. */
  private async debias(batch: PairBatch, pairs: Pairs, { preference: x, observation }: Indices): Promise<Part> {
    const { loss, imputation } = this
    const size = batch.at.length
    const part = { value: 0, preference: new Float32Array(x.length), observation }
    const { density } = this.learning.observed
    const weightOf = (b: number): number => (this.isNaive ? 1 : density / Math.max(this.floor, ndtr(observation[b]!)))
    if (!imputation) {
      for (let b = 0; b < size; b++) {
        const scale = weightOf(b) / size
        part.value += scale * loss.error(x[b]!, batch.targets[b]!)
        part.preference[b] = scale * loss.slope(x[b]!, batch.targets[b]!)
      }
      return part
    }
    const m = await imputation.forward(pairs)
    const imputedSlopes = new Float32Array(m.length)
    for (let b = 0; b < size; b++) {
      const scale = weightOf(b) / size
      const target = loss.imputed(m[b]!)
      const difference = loss.error(x[b]!, batch.targets[b]!) - loss.error(x[b]!, target)
      part.value += scale * difference
      part.preference[b] = scale * (loss.slope(x[b]!, batch.targets[b]!) - loss.slope(x[b]!, target))
      imputedSlopes[b] = scale * loss.mismatchSlope(x[b]!, batch.targets[b]!, m[b]!)
    }
    const drawn = m.length - size
    for (let d = size; d < m.length; d++) {
      const target = loss.imputed(m[d]!)
      part.value += loss.error(x[d]!, target) / drawn
      part.preference[d] = loss.slope(x[d]!, target) / drawn
    }
    imputation.backward(imputedSlopes)
    imputation.update()
    return part
  }
}

async function chosenOf(towers: Towers, pairs: Pairs, preference: Preference): Promise<Chosen> {
  return new Chosen(preference, await towers.score(pairs))
}

const clev: PairArchitecture = {
  lossParts: ['loss', 'likelihood', 'debias', 'correlation'],

  networks(size, params) {
    const imputation: NetworkPlan = { shape: backboneShape(size, params, 'ncf'), options: adamOf(params) }
    return {
      ...Towers.networks(size, params),
      ...(params['debias'] === 'dr' ? { imputation } : {}),
    }
  },

  vectors: (params) => ({
    ...Towers.vectors(params),
    correlation: { initial: [0], options: { learningRate: numberParam(params, 'learningRate'), weightDecay: 0 } },
  }),

  probability: ndtr,
  imputing: ({ networks: { imputation } }) => (imputation ? { network: imputation, output: 0 } : null),

  tells: (parts, params) => ({
    correlation: () => correlationOf(parts.vectors['correlation']!),
    chosen: (pairs) => chosenOf(new Towers(parts), pairs, preferenceOf(params)),
    propensities: async (pairs) => (await new Towers(parts).score(pairs)).observation.map(ndtr),
  }),

  learner(learning) {
    const { params } = learning
    if (isLine(params) && params['likelihood'] === 'monte-carlo' && preferenceOf(params) === 'binary')
      throw new CausewayError(
        'paramInvalid',
        'The Monte Carlo likelihood trains the two scores in turn, which a line from one to the other does not allow. Take the exact likelihood, or another propensity network.',
        { key: 'propensityNetwork', value: params['propensityNetwork'], allowed: 'single-layer, ncf' },
      )
    return new Clev(learning)
  },
}

export const method = pairMethod(clev)
