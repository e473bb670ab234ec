import { CausewayError } from '../../../../src-shared/contract/errors'
import type { ParamValues } from '../../../../src-shared/params/params'
import type { PairBatch } from '../../../pipeline/fit/pair-fit'
import type { ParameterVector } from '../../../tensor/parameter-vector'
import type { PairNetwork, Pairs } from '../../../tensor/pairs'
import type { Rng } from '../../../tensor/rng'
import { logBivariateNdtr } from '../../blocks/bivariate-normal'
import { inverseMills, logNdtr, ndtr } from '../../blocks/normal'
import { JoinedBatch } from '../../blocks/pairs/doubly-robust'
import type { Preference } from '../../blocks/pairs/observed-pairs'
import {
  pairMethod,
  type NetworkPlan,
  type PairArchitecture,
  type PairLearner,
  type PairLearning,
  type PairParts,
  type VectorPlan,
} from '../../blocks/pairs/pair-method'
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
import { Towers, type Indices } from './towers'

/** |ρ| stays below this: nearer to 1 the likelihood of a pair is a step, and its gradient no use. */
const largestCorrelation = 0.999

/** ρ, from the free parameter that is trained. */
const correlationOf = (free: ParameterVector): number =>
  Math.max(-largestCorrelation, Math.min(largestCorrelation, Math.tanh(free.values[0]!)))

/** Where the two starts of ρ stand. */
const startingCorrelation = 0.5

/** The second start's parts have the names of the first with this before them. */
const otherStart = 'other.'

/** The parts of one start, under the names of the first. */
function startOf({ networks, vectors }: PairParts, isOther: boolean): PairParts {
  const own = <T>(parts: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(
      Object.entries(parts)
        .filter(([name]) => name.startsWith(otherStart) === isOther)
        .map(([name, part]) => [isOther ? name.slice(otherStart.length) : name, part]),
    )
  return { networks: own(networks), vectors: own(vectors) }
}

const hasTwoStarts = (params: ParamValues): boolean => params['start'] === 'both'

/** The parts that the model consists of: those of the start that explains the validation part better. */
const chosenStart = (parts: PairParts): PairParts => startOf(parts, parts.vectors['chosen']?.values[0] === 1)

/** Derivatives of a loss in g_r and g_o of the pairs of a step, and its value. */
interface Part extends Indices {
  value: number
}

/** One start of a training, by either likelihood and any debiasing loss: see README.md. */
class Start {
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
  private isWarm = false

  /** Steps for which ρ stays where it starts. */
  private readonly warmUpSteps: number

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
    this.towers = new Towers(networks)
    this.imputation = networks['imputation']
    this.free = vectors['correlation']!
    const batches = Math.ceil(observed.size / numberParam(params, 'batchSize'))
    this.warmUpSteps = numberParam(params, 'warmUp') * batches
  }

  async step(batch: PairBatch, rng: Rng, step: number): Promise<number[]> {
    this.isWarm = step >= this.warmUpSteps
    const pairs = this.joined.join(batch, rng)
    const indices = await this.towers.forward(pairs)
    return this.samples
      ? this.alternate(batch, pairs, indices, this.samples, rng)
      : this.together(batch, pairs, indices)
  }

  private async together(batch: PairBatch, pairs: Pairs, indices: Indices): Promise<number[]> {
    const part = this.likelihood(batch, indices, this.exact)
    this.addUnobserved(pairs, batch.at.length, indices, part)
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
    this.addUnobserved(pairs, batch.at.length, moved, second)
    this.towers.stepObservation(second.observation)
    return this.told(second.value, debias.value)
  }

  private get exact(): PairLikelihood {
    return this.preference === 'binary' ? exactBinary : continuous
  }

  scoreObserved(pairs: Pairs): Promise<Float32Array> {
    return scoreChosen(this.towers, pairs, correlationOf(this.free), this.preference)
  }

  async logLikelihood(pairs: Pairs, targets: Float32Array): Promise<number> {
    const { preference, observation } = await this.towers.score(pairs)
    const rho = correlationOf(this.free)
    let sum = 0
    for (let at = 0; at < targets.length; at++) {
      this.exact(observation[at]!, preference[at]!, rho, targets[at]!, this.out)
      sum += this.out[0]! - logNdtr(observation[at]!)
    }
    return sum / targets.length
  }

  private told(negative: number, debias: number): number[] {
    const { alpha } = this
    return [alpha * negative + (1 - alpha) * debias, negative, debias, correlationOf(this.free)]
  }

  private mixed(likelihood: Indices, debias: Indices): Float32Array {
    return likelihood.preference.map((slope, at) => this.alpha * slope + (1 - this.alpha) * debias.preference[at]!)
  }

  /** The mean over the batch of the negative log-likelihood of observed pairs; ρ takes its step. */
  private likelihood(batch: PairBatch, { preference, observation }: Indices, of: PairLikelihood): Part {
    const size = batch.at.length
    const rho = correlationOf(this.free)
    const part = {
      value: 0,
      preference: new Float32Array(preference.length),
      observation: new Float32Array(observation.length),
    }
    let inRho = 0
    for (let b = 0; b < size; b++) {
      of(observation[b]!, preference[b]!, rho, batch.targets[b]!, this.out)
      part.value -= this.out[0]! / size
      part.observation[b] = -this.out[1]! / size
      part.preference[b] = -this.out[2]! / size
      inRho -= this.out[3]! / size
    }
    if (this.isWarm) this.free.update([inRho * (1 - rho * rho)])
    return part
  }

  /** Adds to `part` what the drawn pairs that are not observed stand for: as many as there are for each observed one. */
  private addUnobserved(pairs: Pairs, size: number, { observation }: Indices, part: Part): void {
    const { observed } = this.learning
    const scale = 1 / (observed.density * (pairs.users.length - size))
    for (let d = size; d < pairs.users.length; d++) {
      if (observed.isObserved(pairs.users[d]!, pairs.items[d]!)) continue
      unobserved(observation[d]!, this.out)
      part.value -= scale * this.out[0]!
      part.observation[d] = -scale * this.out[1]!
    }
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

/**
 * What is expected of chosen pairs at a correlation: E[y | z > 0] = g_r + ρ φ(g_o)/Φ(g_o), or the log-odds of
 * P(y > 0 | z > 0) = Φ₂(g_o, g_r; ρ) / Φ(g_o).
 */
async function scoreChosen(towers: Towers, pairs: Pairs, rho: number, kind: Preference): Promise<Float32Array> {
  const { preference, observation } = await towers.score(pairs)
  if (kind === 'continuous') return preference.map((index, at) => index + rho * inverseMills(observation[at]!))
  return preference.map(
    (index, at) => logBivariateNdtr(observation[at]!, index, rho) - logBivariateNdtr(observation[at]!, -index, -rho),
  )
}

/** Two starts in turn, of which the better one is the model: the likelihood has a mode on either side of 0. */
class TwoStarts implements PairLearner {
  private readonly starts: Start[]
  private readonly chosen: ParameterVector

  constructor(learning: PairLearning) {
    this.starts = [false, true].map((isOther) => new Start({ ...learning, ...startOf(learning, isOther) }))
    this.chosen = learning.vectors['chosen']!
  }

  async step(batch: PairBatch, rng: Rng, step: number): Promise<number[]> {
    const values: number[][] = []
    for (const start of this.starts) values.push(await start.step(batch, rng, step))
    return values[this.chosen.values[0]!]!
  }

  scoreObserved(pairs: Pairs): Promise<Float32Array> {
    return this.starts[this.chosen.values[0]!]!.scoreObserved(pairs)
  }

  async logLikelihood(pairs: Pairs, targets: Float32Array): Promise<number> {
    const first = await this.starts[0]!.logLikelihood(pairs, targets)
    const other = await this.starts[1]!.logLikelihood(pairs, targets)
    this.chosen.values[0] = other > first ? 1 : 0
    return Math.max(first, other)
  }
}

const withPrefix = <T>(parts: Record<string, T>): Record<string, T> =>
  Object.fromEntries(Object.entries(parts).map(([name, part]) => [`${otherStart}${name}`, part]))

const clev: PairArchitecture = {
  lossParts: ['loss', 'likelihood', 'debias', 'correlation'],

  networks(size, params) {
    const imputation: NetworkPlan = { shape: backboneShape(size, params, 'ncf'), options: adamOf(params) }
    const own = { ...Towers.plans(size, params), ...(params['debias'] === 'dr' ? { imputation } : {}) }
    return { ...own, ...(hasTwoStarts(params) ? withPrefix(own) : {}) }
  },

  vectors(params): Record<string, VectorPlan> {
    const options = { learningRate: numberParam(params, 'learningRate'), weightDecay: 0 }
    if (!hasTwoStarts(params)) return { correlation: { initial: [0], options } }
    const initial = Math.atanh(startingCorrelation)
    return {
      correlation: { initial: [initial], options },
      [`${otherStart}correlation`]: { initial: [-initial], options },
      chosen: { initial: [0], options },
    }
  },

  predicting: (parts) => chosenStart(parts).networks['prediction']!,

  tells: (parts, params) => ({
    correlation: () => correlationOf(chosenStart(parts).vectors['correlation']!),
    scoreChosen: (pairs, rho) => scoreChosen(new Towers(chosenStart(parts).networks), pairs, rho, preferenceOf(params)),
    propensities: async (pairs) => (await new Towers(chosenStart(parts).networks).score(pairs)).observation.map(ndtr),
  }),

  learner(learning) {
    const { params } = learning
    if (
      params['embeddings'] === 'shared' &&
      params['likelihood'] === 'monte-carlo' &&
      preferenceOf(params) === 'binary'
    )
      throw new CausewayError(
        'paramInvalid',
        'The Monte Carlo likelihood trains the two scores in turn, which shared embeddings do not allow. Take the exact likelihood, or separate embeddings.',
        { key: 'embeddings', value: 'shared', allowed: 'separate' },
      )
    return hasTwoStarts(params) ? new TwoStarts(learning) : new Start(learning)
  },
}

export const method = pairMethod(clev)
