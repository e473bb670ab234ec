import { CausewayError } from '../../../../src-shared/contract/errors'
import type { Csr } from '../../../../src-shared/domain/split'
import type { ParamValues } from '../../../../src-shared/params/params'
import { withoutPrefix, withPrefix } from '../../../pipeline/fit/checkpoint-arrays'
import {
  pairFit,
  readPairWeights,
  type PairBatch,
  type PairFitControl,
  type PairModel,
} from '../../../pipeline/fit/pair-fit'
import { ParameterVector } from '../../../tensor/parameter-vector'
import {
  initialPairWeights,
  PairNetwork,
  pairOutputs,
  type PairOptions,
  type Pairs,
  type PairShape,
} from '../../../tensor/pairs'
import type { Rng } from '../../../tensor/rng'
import type { ChosenPairs, FittedModel, Method, NamedArrays, PairPredictions } from '../../method'
import { numberParam } from '../training-params'
import { ObservedPairs, type Preference } from './observed-pairs'
import { adamOf, backboneShape, preferenceOf } from './pair-params'
import { pointLoss } from './point-loss'
import { logisticPropensities } from './propensity'

/** A network of a method: its shape and how it is stepped. */
export interface NetworkPlan {
  shape: PairShape
  options: PairOptions
}

/** A network of the backbone that the parameters ask for, unless another is given. */
export const backbonePlan = (
  size: { users: number; items: number },
  params: ParamValues,
  backbone = params['backbone'],
): NetworkPlan => ({ shape: backboneShape(size, params, backbone), options: adamOf(params) })

/** Numbers of a method that are trained beside its networks. */
export interface VectorPlan {
  initial: number[]
  options: PairOptions
}

/** The trainable parts of a model. */
export interface PairParts {
  networks: Readonly<Record<string, PairNetwork>>
  vectors: Readonly<Record<string, ParameterVector>>
}

/** What a training has at hand. */
export interface PairLearning extends PairParts {
  observed: ObservedPairs
  params: ParamValues
}

/** How a method learns. */
export interface PairLearner {
  /** What is estimated once, before the first step; see `PairModel.estimate`. */
  estimate?(rng: Rng, control: PairFitControl): Promise<NamedArrays | null>
  begin?(estimated: NamedArrays): Promise<void> | void
  step(batch: PairBatch, rng: Rng, step: number): Promise<number[]>
  /** See `PairModel.scoreObserved`; the logits of `prediction` unless given. */
  scoreObserved?(pairs: Pairs): Promise<Float32Array>
  /** See `PairModel.logLikelihood`. */
  logLikelihood?(pairs: Pairs, targets: Float32Array): Promise<number>
}

/** Answers of a fitted model about pairs; see `FittedModel`. */
export interface PairTelling {
  correlation(): number
  chosen(pairs: Pairs): Promise<ChosenPairs>
  propensities(pairs: Pairs): Promise<Float32Array>
}

/** A method of single pairs, from what it has of its own. */
export interface PairArchitecture {
  /** Names of what a step gives; the first is minimised. */
  lossParts: readonly string[]
  /** The networks by name; scores are the logits of `prediction`. */
  networks(
    size: { users: number; items: number },
    params: ParamValues,
  ): { prediction: NetworkPlan } & Record<string, NetworkPlan>
  vectors?(params: ParamValues): Record<string, VectorPlan>
  /** From a logit to the probability of a binary preference; logistic unless given. */
  probability?(logit: number): number
  /** The network that imputes and which of its outputs does; the first of `imputation` unless given, null where there is none. */
  imputing?(parts: PairParts): { network: PairNetwork; output: number } | null
  /** What the fitted model can tell beside scores. */
  tells?(parts: PairParts, params: ParamValues): PairTelling
  /** @throws CausewayError `paramInvalid` where the parameters do not go together */
  learner(learning: PairLearning): PairLearner
}

/** Arrays that are estimated once stand under this name in a saved model. */
const estimatedPrefix = 'estimated'

function makeParts(
  plans: Record<string, NetworkPlan>,
  vectorPlans: Record<string, VectorPlan>,
  initial: (name: string, shape: PairShape) => NamedArrays,
): PairParts & { dispose(): void } {
  const networks: Record<string, PairNetwork> = {}
  const dispose = (): void => Object.values(networks).forEach((network) => network.dispose())
  try {
    for (const [name, { shape, options }] of Object.entries(plans))
      networks[name] = new PairNetwork(shape, options, initial(name, shape))
    const vectors = Object.fromEntries(
      Object.entries(vectorPlans).map(([name, plan]) => [name, new ParameterVector(plan.initial, plan.options)]),
    )
    return { networks, vectors, dispose }
  } catch (thrown) {
    dispose()
    throw thrown
  }
}

/**
 * The pairs of the users that the rows are of with all items, user by user: a pair model knows users by their number, not by what they did.
 * @throws CausewayError `badRequest` for rows of others
 */
function pairsOf({ users: userCount, items: itemCount }: PairShape, rows: Csr): Pairs {
  if (!rows.ids && rows.rows !== userCount)
    throw new CausewayError(
      'badRequest',
      `This model knows the ${userCount} users it was trained on, and cannot score rows of interactions of others.`,
    )
  const users = new Int32Array(rows.rows * itemCount)
  const items = new Int32Array(users.length)
  for (let row = 0; row < rows.rows; row++) {
    users.fill(rows.ids ? rows.ids[row]! : row, row * itemCount, (row + 1) * itemCount)
    for (let item = 0; item < itemCount; item++) items[row * itemCount + item] = item
  }
  return { users, items }
}

/** One logit of each pair: unless another is asked for the first, which of a network with several outputs is that of the rating. */
async function scorePairs(network: PairNetwork, pairs: Pairs, output = 0): Promise<Float32Array> {
  if (pairs.users.length === 0) return new Float32Array(0)
  const logits = await network.score(pairs)
  const outputs = pairOutputs(network.shape)
  return outputs === 1 ? logits : logits.filter((_, at) => at % outputs === output)
}

/** See `FittedModel.predictions`. */
async function predict(
  architecture: PairArchitecture,
  parts: PairParts,
  preference: Preference,
  pairs: Pairs,
): Promise<PairPredictions> {
  const { networks } = parts
  const imputing = architecture.imputing
    ? architecture.imputing(parts)
    : networks['imputation'] && { network: networks['imputation'], output: 0 }
  const expected = (preference === 'binary' && architecture.probability) || pointLoss(preference).imputed
  const toExpected = (outputs: Float32Array): Float32Array => outputs.map((output) => expected(output))
  return {
    preference,
    values: toExpected(await scorePairs(parts.networks['prediction']!, pairs)),
    imputed: imputing ? toExpected(await scorePairs(imputing.network, pairs, imputing.output)) : null,
  }
}

function fitted(
  architecture: PairArchitecture,
  parts: ReturnType<typeof makeParts>,
  params: ParamValues,
  estimated: () => NamedArrays,
): FittedModel {
  const { shape } = parts.networks['prediction']!
  const telling = architecture.tells?.(parts, params)
  const logistic = logisticPropensities(estimated())
  return {
    score: async (rows) => scorePairs(parts.networks['prediction']!, pairsOf(shape, rows)),
    predictions: (pairs) => predict(architecture, parts, preferenceOf(params), pairs),
    ...(telling && {
      correlation: () => telling.correlation(),
      chosen: (pairs: Pairs) => telling.chosen(pairs),
      propensities: (pairs: Pairs) => telling.propensities(pairs),
    }),
    ...(logistic && { propensities: async (pairs: Pairs) => logistic(pairs) }),
    save: async () => ({ ...(await readPairWeights(parts)), ...withPrefix(estimatedPrefix, estimated()) }),
    dispose: parts.dispose,
  }
}

/**
 * The output of an untrained network for continuous preferences is the mean rating: the way there would be most of a training.
 */
export function centred(arrays: NamedArrays, shape: PairShape, mean: number): NamedArrays {
  const name = shape.backbone === 'mf' ? 'bias' : `layers.${shape.hidden.length}.bias`
  arrays[name]!.data[0] = mean
  return arrays
}

/** The `Method` of an architecture of pairs: `fit` by `pairFit`, `load` from saved weights. */
export const pairMethod = (architecture: PairArchitecture): Method => ({
  async fit(context) {
    const { params, split, rng } = context
    const preference = preferenceOf(params)
    const observed = new ObservedPairs(split, preference, context.attributes)
    const plans = architecture.networks({ users: observed.userCount, items: observed.itemCount }, params)
    const parts = makeParts(plans, architecture.vectors?.(params) ?? {}, (name, shape) => {
      const arrays = initialPairWeights(shape, rng)
      const predictsRatings = preference === 'continuous' && name !== 'propensity'
      return predictsRatings ? centred(arrays, shape, observed.meanTarget) : arrays
    })
    let completed = false
    try {
      const learner = architecture.learner({ ...parts, observed, params })
      let estimated: NamedArrays = {}
      const model: PairModel = {
        ...fitted(architecture, parts, params, () => estimated),
        networks: parts.networks,
        vectors: parts.vectors,
        lossParts: architecture.lossParts,
        observed,
        estimate: async (own, control) => (learner.estimate ? learner.estimate(own, control) : {}),
        begin: async (arrays) => {
          estimated = arrays
          const logistic = logisticPropensities(arrays)
          if (logistic) model.propensities = async (pairs) => logistic(pairs)
          await learner.begin?.(arrays)
        },
        step: (batch, own, step) => learner.step(batch, own, step),
        ...(learner.logLikelihood && {
          logLikelihood: (pairs: Pairs, targets: Float32Array) => learner.logLikelihood!(pairs, targets),
        }),
        scoreObserved: (pairs) => learner.scoreObserved?.(pairs) ?? scorePairs(parts.networks['prediction']!, pairs),
      }
      const outcome = await pairFit(context, model, {
        epochs: numberParam(params, 'epochs'),
        batchSize: numberParam(params, 'batchSize'),
        patience: numberParam(params, 'patience'),
        watched: preference === 'binary' ? 'ratedAuc' : 'squaredError',
      })
      completed = outcome.end === 'completed'
      return outcome
    } finally {
      if (!completed) parts.dispose()
    }
  },

  load(saved, params, items) {
    // How many users there are only the weights tell.
    const users = saved['prediction.user.embedding']?.shape[0] ?? 1
    const plans = architecture.networks({ users, items }, params)
    const vectorPlans = architecture.vectors?.(params) ?? {}
    const parts = makeParts(plans, vectorPlans, (name) => withoutPrefix(name, saved))
    try {
      for (const [name, vector] of Object.entries(parts.vectors)) vector.write(saved[name])
    } catch (thrown) {
      parts.dispose()
      throw thrown
    }
    const estimated = withoutPrefix(estimatedPrefix, saved)
    return fitted(architecture, parts, params, () => estimated)
  },
})
