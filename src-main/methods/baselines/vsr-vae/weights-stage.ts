import { learnedFrom, takeRows, type Csr, type Split } from '../../../../src-shared/domain/split'
import type { Validation } from '../../../pipeline/fit/ranking-validation'
import { featureWidth } from '../../../pipeline/split/beside'
import { checkedArrays, createWeights, disposeWeights, type Weights } from '../../../tensor/named-arrays'
import { linear } from '../../../tensor/ops'
import { Rng } from '../../../tensor/rng'
import { bernoulliLogLikelihood } from '../../../tensor/sparse'
import { tf, type Scalar, type Tensor, type Tensor2D } from '../../../tensor/tf'
import { keptOfExposures } from '../../blocks/exposure/exposure-stage'
import { encodeExposures, exposureShapes, type ExposureWeightName } from '../../blocks/exposure/exposure-vae'
import { exposureInput, featureInput } from '../../blocks/exposure/input'
import { constantArray, xavierArray } from '../../blocks/initial'
import { sampleLatent } from '../../blocks/mult-vae'
import type { Stage } from '../../blocks/stages'
import { numberParam } from '../../blocks/training-params'
import type { NamedArrays } from '../../method'

/** What the stage keeps: a weight for every row of the split, 0 for those that are not learned from. */
export const userWeights = 'users.weights'

/** Draws of z for the weight of a user. */
const draws = 20

/** Users whose weights are computed together. */
const blockRows = 512

/** Users whose pairs are told apart after an epoch, at most. */
const validatedUsers = 2000

/** Weights are held between these shares of their mean: a few users would otherwise outweigh all others. */
const bounds = { least: 0.1, most: 10 }

/**
 * Weights of users from the ratios E_{z ~ q(z | a)} p(x, z) / (p(x) p(z)): their inverse, clipped, with mean 1 (Zou et al. 2020; see README.md).
 */
export function weightsFrom(ratios: Float64Array): Float64Array {
  const inverse = ratios.map((ratio) => 1 / ratio)
  const meanOf = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length
  const mean = meanOf(inverse)
  const clipped = inverse.map((value) => Math.min(bounds.most, Math.max(bounds.least, value / mean)))
  const after = meanOf(clipped)
  return clipped.map((value) => value / after)
}

/**
 * Tells pairs (x_u, z_u) of the features and the exposures of one user from pairs of two users. One hidden layer; its log-odds estimate
 * log p(x, z) / (p(x) p(z)).
 */
class PairClassifier {
  constructor(
    readonly weights: Weights,
    private readonly exposure: Weights<ExposureWeightName>,
    private readonly scale: number,
    private readonly features: number,
  ) {}

  /** z of the exposures of rows, with noise. */
  latents(rows: Csr, rng: Rng): Tensor2D {
    return sampleLatent(encodeExposures(this.exposure, exposureInput(rows, this.scale)), rng)
  }

  /** [rows, 1] */
  logOdds(rows: Csr, z: Tensor2D): Tensor2D {
    const { weights, features } = this
    const ofLatents = linear(z, weights['pairs.latent.weight']!, weights['pairs.hidden.bias']!)
    // Standardised as they are: the divisor of `featureInput` would make them small beside z.
    const x = tf.mul(featureInput(rows, features), Math.sqrt(features)) as Tensor2D
    const sums = tf.add(ofLatents, tf.matMul(x, weights['pairs.features.weight'] as Tensor as Tensor2D))
    return linear(tf.tanh(sums), weights['pairs.output.weight']!, weights['pairs.output.bias']!)
  }

  /**
   * The log-likelihood of knowing which pairs are of one user, the mean over all pairs, half of which are.
   * @param order whose z stands in for each user's own
   */
  logLikelihood(rows: Csr, z: Tensor2D, order: Int32Array): Scalar {
    const others = tf.gather(z, tf.tensor1d(order, 'int32'))
    const logOdds = tf.concat2d([this.logOdds(rows, z), this.logOdds(rows, others)], 0)
    const indptr = Int32Array.from({ length: 2 * rows.rows + 1 }, (_, at) => Math.min(at, rows.rows))
    const ofOneUser: Csr = { rows: 2 * rows.rows, cols: 1, indptr, indices: new Int32Array(rows.rows) }
    return tf.mean(bernoulliLogLikelihood(logOdds, ofOneUser))
  }
}

/** For each of the users one drawn at random, each once: now and then a user stands in for itself. */
const everyOther = (users: number, rng: Rng): Int32Array =>
  rng.shuffle(Int32Array.from({ length: users }, (_, user) => user))

/** Rows of users with a validation item; where users are split, a model learns from none of them. */
function validationRows({ train, validation }: Split, rng: Rng): Csr {
  const users: number[] = []
  for (let user = 0; user < train.rows; user++)
    if (validation.indptr[user + 1]! > validation.indptr[user]!) users.push(user)
  return takeRows(train, rng.shuffle(users).slice(0, validatedUsers))
}

/** Learns how much more often the users' features and exposures go together than by chance, and weighs users by the inverse. */
export const weightsStage: Stage = {
  label: 'User weights',
  start({ split, params, report }, learned, rng) {
    const latent = numberParam(params, 'latent')
    const features = featureWidth(split)
    const exposureArrays = checkedArrays(learned, {
      ...exposureShapes(split.train.cols, latent),
      ...keptOfExposures,
    })
    const validated = validationRows(split, rng)
    const validationSeed = rng.uint32()
    const weightsRng = rng.fork()
    const weights: Weights = createWeights<string>({
      'pairs.features.weight': xavierArray([features, latent], rng, features + latent),
      'pairs.latent.weight': xavierArray([latent, latent], rng, features + latent),
      'pairs.hidden.bias': constantArray([latent], 0),
      'pairs.output.weight': xavierArray([latent, 1], rng),
      'pairs.output.bias': constantArray([1], 0),
    })
    const exposure = createWeights(exposureArrays) as Weights<ExposureWeightName>
    const scale = exposureArrays['exposure.scale'].data[0]!
    const classifier = new PairClassifier(weights, exposure, scale, features)
    return {
      learner: {
        weights,
        lossParts: ['weightLoss'],
        batchLoss: (rows, _, noise) => {
          const z = classifier.latents(rows, noise)
          return [tf.neg(classifier.logLikelihood(rows, z, everyOther(rows.rows, noise))) as Scalar]
        },
      },
      settings: {
        epochs: numberParam(params, 'epochs'),
        batchSize: numberParam(params, 'batchSize'),
        learningRate: numberParam(params, 'learningRate'),
        weightDecay: numberParam(params, 'weightDecay'),
        patience: numberParam(params, 'patience'),
      },
      async criterion(pace, epoch): Promise<Validation | null> {
        if (validated.rows === 0) return { values: {}, value: null }
        // The same pairs after every epoch.
        const noise = Rng.seeded(validationSeed)
        const likelihood = tf.tidy(() => {
          const z = classifier.latents(validated, noise)
          return classifier.logLikelihood(validated, z, everyOther(validated.rows, noise))
        })
        const value = (await likelihood.data())[0]!
        likelihood.dispose()
        report.progress(pace.validating(epoch, 1))
        return { values: { weightLogLikelihood: value }, value }
      },
      async finish(): Promise<NamedArrays> {
        const users = learnedFrom(split)
        const ratios = new Float64Array(users.length)
        for (let from = 0; from < users.length; from += blockRows) {
          const rows = takeRows(split.train, users.subarray(from, from + blockRows))
          for (let draw = 0; draw < draws; draw++) {
            const logOdds = tf.tidy(() => classifier.logOdds(rows, classifier.latents(rows, weightsRng)))
            const values = await logOdds.data()
            logOdds.dispose()
            for (let r = 0; r < rows.rows; r++) ratios[from + r]! += Math.exp(values[r]!) / draws
          }
          // Lets messages in: a stop request is seen before the first batch of the next stage.
          await new Promise(setImmediate)
        }
        const data = new Float32Array(split.train.rows)
        weightsFrom(ratios).forEach((weight, at) => (data[users[at]!] = weight))
        return { [userWeights]: { shape: [data.length], data } }
      },
      dispose() {
        disposeWeights(weights)
        disposeWeights(exposure)
      },
    }
  },
}
