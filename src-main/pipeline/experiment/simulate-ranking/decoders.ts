import type { DataWorld } from '../../../../src-shared/domain/ranking-simulation'
import { takeRows, type Csr, type ExposedItems, type Split } from '../../../../src-shared/domain/split'
import type { ParamValues } from '../../../../src-shared/params/params'
import { decompose } from '../../../methods/blocks/cholesky'
import { gradientMethod } from '../../../methods/blocks/gradient-method'
import {
  decodeHidden,
  encode,
  encodeMean,
  initialVaeWeights,
  itemLayerOn,
  itemLogits,
  klToStandardNormal,
  sampleLatent,
  type VaeWeightName,
} from '../../../methods/blocks/mult-vae'
import { numberParam } from '../../../methods/blocks/training-params'
import type { Method, NamedArray, NamedArrays, StopSignal } from '../../../methods/method'
import { writeFileAtomic } from '../../../storage/atomic'
import { useBackend } from '../../../tensor/backends'
import { createWeights, disposeWeights } from '../../../tensor/named-arrays'
import { Rng } from '../../../tensor/rng'
import { decodeSafetensors, encodeSafetensors } from '../../../tensor/safetensors'
import { bernoulliLogLikelihood, weightedMultinomialLogLikelihood } from '../../../tensor/sparse'
import { tf, type Scalar, type Tensor, type Tensor1D, type Tensor2D } from '../../../tensor/tf'
import { readBytes } from '../../run-files'
import { holdOut, pairsOf } from '../simulate/held-out'
import { trainUnwatched } from '../simulate/train-unwatched'
import type { FittedData } from './world'

/**
 * Weight of the KL term. At 1 the posterior is the prior, the decoder does without z, and every drawn user is the average one; with this the
 * latent is used.
 */
const klWeight = 0.2
const dropout = 0.5
/** Share of every user's items that early stopping goes by. */
const heldOutShare = 0.2
/** Patient, for the first thing that is learned is what is popular, and it ranks nearly as well for a while. */
const settings = { epochs: 300, batchSize: 32, learningRate: 1e-3, weightDecay: 1e-6, patience: 30 }

/** Ratings of a data set, and where their decoders are written. */
export type DecodersAsked = { ratings: string; file: string } & Pick<DataWorld, 'factors' | 'seed'>

/** The ratings of a data set as they are kept beside the decoders. */
export const encodeRatings = ({ rows, cols, indptr, indices, ratings }: ExposedItems): Uint8Array =>
  encodeSafetensors({
    shape: { shape: [2], data: Int32Array.of(rows, cols) },
    indptr: { shape: [indptr.length], data: indptr },
    indices: { shape: [indices.length], data: indices },
    ratings: { shape: [ratings.length], data: ratings },
  })

function readRatings(file: string): ExposedItems {
  const { arrays } = decodeSafetensors(readBytes(file))
  const whole = (name: string): Int32Array => arrays[name]!.data as Int32Array
  const [rows, cols] = whole('shape')
  return {
    rows: rows!,
    cols: cols!,
    indptr: whole('indptr'),
    indices: whole('indices'),
    ratings: arrays['ratings']!.data as Float32Array,
  }
}

/** A VAE {items → factors → factors → factors → items} of rows under a likelihood [rows] of its logits. */
const vaeOf = (likelihood: (logits: Tensor2D, rows: Csr) => Tensor1D): Method =>
  gradientMethod({
    initialWeights(items, params, rng) {
      const size = numberParam(params, 'factors')
      return initialVaeWeights({ items, hidden: size, latent: size }, rng)
    },

    build: (weights) => ({
      lossParts: ['loss'],

      batchLoss(rows, _step, rng) {
        const posterior = encode(weights, rows, { dropout, rng })
        const logits = itemLogits(weights, decodeHidden(weights, sampleLatent(posterior, rng)))
        const reconstruction = tf.mean(likelihood(logits, rows))
        return [tf.sub(tf.mul(klToStandardNormal(posterior), klWeight), reconstruction) as Scalar]
      },

      itemLayer: (rows) => itemLayerOn(weights, decodeHidden(weights, encodeMean(weights, rows))),
    }),
  })

/** Exposures are independent of each other given z; ratings share a softmax, each item counting as much as its rating. */
const vaes = {
  exposures: vaeOf(bernoulliLogLikelihood),
  ratings: vaeOf((logits, rows) => weightedMultinomialLogLikelihood(logits, rows, rows.beside!.exposed!.ratings)),
}

/** Users that are encoded at once. */
const blockOfUsers = 256

/**
 * What the z of the data's users are like: their mean [factors], and L [factors × factors], the lower triangle of the decomposition L Lᵀ of
 * their covariance, the posteriors' variance in it.
 */
async function spreadOf(weights: Record<VaeWeightName, NamedArray>, rows: Csr, factors: number) {
  const mean = new Float64Array(factors)
  const products = new Float64Array(factors ** 2)
  const created = createWeights(weights)
  for (let from = 0; from < rows.rows; from += blockOfUsers) {
    const block = Int32Array.from({ length: Math.min(blockOfUsers, rows.rows - from) }, (_, r) => from + r)
    const both = tf.tidy(() => {
      const posterior = encode(created, takeRows(rows, block))
      return [posterior.mean, tf.exp(posterior.logVariance)] as const
    })
    const [means, variances] = await Promise.all(both.map((tensor) => tensor.data()))
    tf.dispose(both as unknown as Tensor[])
    for (let user = 0; user < block.length; user++) {
      const own = means!.subarray(user * factors, (user + 1) * factors)
      for (let i = 0; i < factors; i++) {
        mean[i]! += own[i]! / rows.rows
        products[i * factors + i]! += variances![user * factors + i]! / rows.rows
        for (let j = 0; j <= i; j++) products[i * factors + j]! += (own[i]! * own[j]!) / rows.rows
      }
    }
  }
  disposeWeights(created)
  for (let i = 0; i < factors; i++) for (let j = 0; j <= i; j++) products[i * factors + j]! -= mean[i]! * mean[j]!
  decompose(products, factors)
  return { mean, lower: products }
}

/** The hidden layer of a decoder for c in the place of z = mean + L c. */
function throughSpread(
  weight: NamedArray,
  bias: NamedArray,
  { mean, lower }: Awaited<ReturnType<typeof spreadOf>>,
): { weight: NamedArray; bias: NamedArray } {
  const factors = mean.length
  const units = bias.data.length
  const weights = new Float32Array(factors * units)
  const biases = Float32Array.from(bias.data)
  for (let unit = 0; unit < units; unit++)
    for (let k = 0; k < factors; k++) {
      let sum = 0
      for (let i = k; i < factors; i++) sum += lower[i * factors + k]! * weight.data[i * units + unit]!
      weights[k * units + unit] = sum
      biases[unit]! += mean[k]! * weight.data[k * units + unit]!
    }
  return { weight: { shape: weight.shape, data: weights }, bias: { shape: bias.shape, data: biases } }
}

/**
 * Fits a VAE to the exposures and one to the ratings of a data set and writes their decoders. Training stops early by NDCG@10 on held-out items.
 * The decoders are written for standard normal c, which are given the mean and covariance that the z of the data's users have: these are not
 * standard normal themselves, least of all where a latent dimension says how much a user rates, and what is decoded from others is like no user.
 * @throws CausewayError `cancelled` when stopped, and what the training throws
 */
export async function writeDecoders(
  { ratings: from, file, factors, seed }: DecodersAsked,
  signal: StopSignal,
  onProgress: (progress: { stage: string; fraction: number | null; etaSeconds: number | null }) => void,
): Promise<void> {
  const ratings = readRatings(from)
  await useBackend('wasm')
  const arrays: NamedArrays = {}
  for (const [of, method] of Object.entries(vaes)) {
    const rng = Rng.seeded(seed)
    const params: ParamValues = { ...settings, factors }
    const split = heldOutSplit(ratings, rng)
    const { model } = await trainUnwatched(
      method,
      { split, params, rng, signal },
      {
        progress: ({ fraction, etaSeconds }) =>
          onProgress({ stage: `Fitting a decoder to ${of}`, fraction, etaSeconds }),
      },
    )
    const weights = (await model.save()) as Record<VaeWeightName, NamedArray>
    model.dispose()
    const spread = await spreadOf(weights, split.train, factors)
    const { weight, bias } = throughSpread(weights['decoder.hidden.weight'], weights['decoder.hidden.bias'], spread)
    arrays[`${of}.decoder.hidden.weight`] = weight
    arrays[`${of}.decoder.hidden.bias`] = bias
    arrays[`${of}.decoder.items.weight`] = weights['decoder.items.weight']
    arrays[`${of}.decoder.items.bias`] = weights['decoder.items.bias']
  }
  const levels = Float32Array.from(new Set(ratings.ratings)).sort()
  const counts = Int32Array.from(levels, (level) =>
    ratings.ratings.reduce((sum, own) => sum + Number(own === level), 0),
  )
  arrays['shape'] = { shape: [2], data: Int32Array.of(ratings.rows, ratings.cols) }
  arrays['levels'] = { shape: [levels.length], data: levels }
  arrays['counts'] = { shape: [counts.length], data: counts }
  writeFileAtomic(file, encodeSafetensors(arrays))
}

/** Decoders as `writeDecoders` left them. @throws CausewayError where there are none */
export function readDecoders(file: string): FittedData {
  const { shape, levels, counts, ...arrays } = decodeSafetensors(readBytes(file)).arrays
  const [users, items] = shape!.data
  return {
    users: users!,
    items: items!,
    levels: levels!.data as Float32Array,
    counts: counts!.data as Int32Array,
    arrays,
  }
}

/** All rated items as positives, some of every user's in the validation part. */
function heldOutSplit(ratings: ExposedItems, rng: Rng): Split {
  const { rows, cols } = ratings
  const users = Int32Array.from({ length: rows }, (_, user) => user)
  const isHeld = holdOut(ratings, users, heldOutShare, rng)
  const train = pairsOf(ratings, isHeld, 0)
  const none: Csr = { rows, cols, indptr: new Int32Array(rows + 1), indices: new Int32Array(0) }
  return {
    hash: 'decoders',
    train: { ...train, beside: { exposed: train } },
    validation: pairsOf(ratings, isHeld, 1),
    test: none,
  }
}
