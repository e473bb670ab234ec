import type { ParamValues } from '../../../../src-shared/params/params'
import type { Pairs } from '../../../tensor/pairs'
import type { PairBatch, PairFitControl } from '../../../pipeline/fit/pair-fit'
import type { Rng } from '../../../tensor/rng'
import type { NamedArrays } from '../../method'
import { numberParam } from '../training-params'
import { JoinedBatch } from './joined-batch'
import { backbonePlan, type NetworkPlan, type PairArchitecture, type PairLearning } from './pair-method'
import { preferenceOf } from './pair-params'
import { pointLoss, type PointLoss } from './point-loss'
import { estimatePropensities, inverseWeights, logisticPropensities, propensitiesFrom } from './propensity'

/** The errors of a joined batch, at predictions x and outputs m of an imputation network. */
export interface JoinedErrors {
  /** Mean of ê over the drawn pairs. */
  imputed: number
  /** Its slopes in x: of all pairs, 0 for those of the batch. */
  slopes: Float32Array
  /** e − ê of the pairs of the batch. */
  differences: Float64Array
  /** Their slopes in x. */
  differenceSlopes: Float64Array
}

/** @param targets of the batch, which the joined pairs start with */
function joinedErrors(loss: PointLoss, targets: Float32Array, x: Float32Array, m: Float32Array): JoinedErrors {
  const size = targets.length
  const drawn = x.length - size
  const slopes = new Float32Array(x.length)
  const differences = new Float64Array(size)
  const differenceSlopes = new Float64Array(size)
  for (let b = 0; b < size; b++) {
    const target = loss.imputed(m[b]!)
    differences[b] = loss.error(x[b]!, targets[b]!) - loss.error(x[b]!, target)
    differenceSlopes[b] = loss.slope(x[b]!, targets[b]!) - loss.slope(x[b]!, target)
  }
  let imputed = 0
  for (let d = size; d < x.length; d++) {
    const target = loss.imputed(m[d]!)
    imputed += loss.error(x[d]!, target) / drawn
    slopes[d] = loss.slope(x[d]!, target) / drawn
  }
  return { imputed, slopes, differences, differenceSlopes }
}

/** What a correction of the estimate adds to it, and to its slopes in the differences e − ê of the batch. */
export interface Correction {
  value: number
  slopes: Float64Array
}

/** Weights of observed pairs: of the whole training, or of one batch. */
interface PairWeights {
  low: Float32Array
  high: Float32Array
  imputation: Float32Array
}

/** Propensities that are learned while the prediction is. */
export interface LearnedPropensities {
  /** Names of what `step` gives as losses. */
  lossParts: readonly string[]
  networks(size: { users: number; items: number }, params: ParamValues): Record<string, NetworkPlan>
  learner(learning: PairLearning): {
    /** As `PairLearner.estimate`. */
    estimate?(rng: Rng, control: PairFitControl): Promise<NamedArrays | null>
    begin?(estimated: NamedArrays): void
    /**
     * One step of what is learned.
     * @param pairs the batch, and after it pairs drawn from all @param x their predictions, not to be learned from
     * @returns propensities of the batch, those from before the step
     */
    step(
      batch: PairBatch,
      pairs: Pairs,
      x: Float32Array,
      rng: Rng,
    ): Promise<{ propensities: Float32Array; losses: number[] }>
  }
}

/** What a doubly robust method has of its own. */
export interface DoublyRobustVariant {
  /** The weight of the squared difference of an observed pair of propensity p in what the imputation learns, up to a factor. */
  imputationWeight(propensity: number, params: ParamValues): number
  /**
   * The least and the most that may stand for 1/p of an observed pair; 1/p alone unless given. Of both the one is taken that makes the loss
   * larger.
   */
  inverseRange?(propensity: number, params: ParamValues): readonly [low: number, high: number]
  /**
   * The loss is compared to that of a benchmark, a second prediction that learns by the plain estimate from the same imputation: the one of
   * the range is taken that makes the difference of both losses larger.
   */
  isBenchmarked?: boolean
  /**
   * Corrects the estimate. Propensities of any pair have to be known: the logistic ones.
   * @param differences e − ê of the batch @param inverses 1/p of the batch @param drawnInverses 1/p of the drawn pairs
   */
  correction?(
    differences: Float64Array,
    inverses: Float64Array,
    drawnInverses: Float64Array,
    density: number,
  ): Correction
  /** Instead of propensities that are estimated once. */
  learned?: LearnedPropensities
}

/**
 * The doubly robust estimate of the mean error over all pairs (Wang et al. 2019, Eq. 5), (1/|D|) Σ_D [ê + o (e − ê) / p], from a batch of
 * observed pairs and one drawn from D: mean over the draw of ê, plus mean over the observed of (|O|/|D|)/p · (e − ê). Its error is ê(x, m)
 * of the output m of an imputation network, which learns Σ_O weight · (e − ê)².
 * All networks step from the same predictions, those before the step.
 */
export const doublyRobustArchitecture = (variant: DoublyRobustVariant): PairArchitecture => ({
  lossParts: [
    'loss',
    'imputation',
    ...(variant.isBenchmarked ? ['benchmark'] : []),
    ...(variant.learned?.lossParts ?? []),
  ],
  networks: (size, params) => ({
    prediction: backbonePlan(size, params),
    imputation: backbonePlan(size, params),
    ...(variant.isBenchmarked ? { benchmark: backbonePlan(size, params) } : {}),
    ...variant.learned?.networks(size, params),
  }),
  learner: (learning) => {
    const { networks, observed, params } = learning
    const prediction = networks['prediction']!
    const imputation = networks['imputation']!
    const benchmark = variant.isBenchmarked ? networks['benchmark']! : null
    const learned = variant.learned?.learner(learning)
    const loss = pointLoss(preferenceOf(params))
    const joined = new JoinedBatch(observed, numberParam(params, 'sampleRatio'))

    const weightsOf = (propensities: Float32Array): PairWeights => {
      const imputation = meanOne(propensities.map((p) => variant.imputationWeight(p, params)))
      const plain = inverseWeights(propensities, observed.density)
      if (!variant.inverseRange) return { low: plain, high: plain, imputation }
      const ranges = Array.from(propensities, (p) => variant.inverseRange!(p, params))
      const bound = (side: 0 | 1): Float32Array => Float32Array.from(ranges, (range) => observed.density * range[side])
      return { low: bound(0), high: bound(1), imputation }
    }

    let estimated: PairWeights | null = null
    let plain: Float32Array = new Float32Array(0)
    let inversesOf: (pairs: Pairs) => Float64Array = () => {
      throw new TypeError('The propensities of pairs that are not observed are not known.')
    }
    return {
      estimate: async (rng, control) =>
        learned ? (learned.estimate?.(rng, control) ?? {}) : estimatePropensities(observed, params),
      begin: (arrays) => {
        if (learned) return learned.begin?.(arrays)
        const propensities = propensitiesFrom(arrays, observed, params)
        estimated = weightsOf(propensities.observed)
        plain = inverseWeights(propensities.observed, observed.density)
        const of = logisticPropensities(arrays)
        const floor = numberParam(params, 'propensityFloor')
        if (of) inversesOf = (pairs) => Float64Array.from(of(pairs), (p) => 1 / Math.max(p, floor))
      },
      async step(batch, rng) {
        const size = batch.at.length
        const pairs = joined.join(batch, rng)
        const x = await prediction.forward(pairs)
        const m = await imputation.forward(pairs)
        const stepped = await learned?.step(batch, pairs, x, rng)
        const weights = stepped ? weightsOf(stepped.propensities) : estimated!
        const place = (b: number): number => (stepped ? b : batch.at[b]!)

        const errors = joinedErrors(loss, batch.targets, x, m)
        const x0 = benchmark && (await benchmark.forward(pairs))
        const compared = x0 && joinedErrors(loss, batch.targets, x0, m)
        const { slopes, differences, differenceSlopes } = errors
        let sum = errors.imputed - (compared?.imputed ?? 0)
        let imputationSum = 0
        const imputedSlopes = new Float32Array(x.length)
        for (let b = 0; b < size; b++) {
          const gain = differences[b]! - (compared?.differences[b] ?? 0)
          const scale = (gain > 0 ? weights.high : weights.low)[place(b)]! / size
          sum += scale * gain
          slopes[b] = scale * differenceSlopes[b]!
          const imputationScale = weights.imputation[place(b)]! / size
          imputationSum += imputationScale * loss.mismatch(x[b]!, batch.targets[b]!, m[b]!)
          imputedSlopes[b] = imputationScale * loss.mismatchSlope(x[b]!, batch.targets[b]!, m[b]!)
        }
        if (variant.correction) {
          const inverses = inversesOf(pairs)
          const { value, slopes: added } = variant.correction(
            differences,
            inverses.subarray(0, size),
            inverses.subarray(size),
            observed.density,
          )
          sum += value
          for (let b = 0; b < size; b++) slopes[b]! += added[b]! * differenceSlopes[b]!
        }
        prediction.backward(slopes)
        imputation.backward(imputedSlopes)
        prediction.update()
        imputation.update()
        const values = [sum, imputationSum]
        if (compared) {
          let value = compared.imputed
          for (let b = 0; b < size; b++) {
            const scale = plain[batch.at[b]!]! / size
            value += scale * compared.differences[b]!
            compared.slopes[b] = scale * compared.differenceSlopes[b]!
          }
          benchmark!.backward(compared.slopes)
          benchmark!.update()
          values.push(value)
        }
        return [...values, ...(stepped?.losses ?? [])]
      },
    }
  },
})

/** Scaled to a mean of one, so that one learning rate suits weights of every kind. */
function meanOne(weights: Float32Array): Float32Array {
  const mean = weights.reduce((sum, weight) => sum + weight, 0) / weights.length
  return weights.map((weight) => weight / mean)
}
