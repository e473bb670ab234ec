import { CausewayError } from '../../../src-shared/contract/errors'
import {
  errorKinds,
  type ErrorEstimates,
  type ErrorKind,
  type MeanError,
  type PropensitySource,
  type RunEstimates,
  type RunPropensities,
} from '../../../src-shared/domain/selection'
import { hasPair, type Split } from '../../../src-shared/domain/split'
import type { FittedModel, PairPredictions } from '../../methods/method'
import { logistic, logisticPropensities } from '../../methods/blocks/pairs/propensity'
import type { Pairs } from '../../tensor/pairs'
import { Rng } from '../../tensor/rng'
import { loggedEstimates } from './logged-estimates'
import { propensityDiagnostics } from './propensity-diagnostics'
import { ratedPairs, type RatedPairs } from './rated'

/** Of more pairs than these, so many are drawn. */
export const mostDrawnPairs = 200_000
const drawingSeed = 0

/** The probability of each pair of being rated in the train part, and whose it is. */
interface Propensities {
  source: PropensitySource
  of(pairs: Pairs): Promise<Float32Array>
}

/** Those of a logistic regression by how often users and items were rated. */
function logisticOf(split: Split): Propensities {
  const { users, items } = ratedPairs(split, 'train')
  const { rows, cols } = split.train
  if (users.length === 0) throw new CausewayError('badRequest', 'No pair of the train part is rated.')
  const estimated = logistic({ users, items, userCount: rows, itemCount: cols, density: users.length / (rows * cols) })
  const propensities = logisticPropensities(estimated)!
  return { source: 'logistic', of: async (pairs) => propensities(pairs) }
}

const propensitiesOf = (model: FittedModel, split: Split): Propensities =>
  model.propensities ? { source: 'model', of: (pairs) => model.propensities!(pairs) } : logisticOf(split)

/** All pairs of a split in the order of users and items, or as many as are drawn, uniformly and with repetition. */
function drawPairs({ train: { rows, cols } }: Split, most: number): { pairs: Pairs; areAllPairs: boolean } {
  const all = rows * cols
  const areAllPairs = all <= most
  const size = Math.min(all, most)
  const rng = Rng.seeded(drawingSeed)
  const pairs: Pairs = { users: new Int32Array(size), items: new Int32Array(size) }
  for (let at = 0; at < size; at++) {
    pairs.users[at] = areAllPairs ? Math.floor(at / cols) : rng.integer(rows)
    pairs.items[at] = areAllPairs ? at % cols : rng.integer(cols)
  }
  return { pairs, areAllPairs }
}

/** What the propensities of a model are worth, or where it has none those of the split. @param most pairs to draw */
export async function judgePropensities(
  model: FittedModel,
  split: Split,
  floor: number,
  most = mostDrawnPairs,
): Promise<Omit<RunPropensities, 'run'>> {
  const { source, of } = propensitiesOf(model, split)
  const { pairs, areAllPairs } = drawPairs(split, most)
  const observed = ratedPairs(split, 'train')
  const isRated = (user: number, item: number): boolean =>
    hasPair(split.train, user, item) || (split.negatives !== undefined && hasPair(split.negatives.train, user, item))
  const diagnostics = propensityDiagnostics({
    observed: aboveZero(await of(observed)),
    sample: {
      propensities: aboveZero(await of(pairs)),
      observed: pairs.items.map((item, at) => (isRated(pairs.users[at]!, item) ? 1 : 0)),
    },
    pairs: split.train.rows * split.train.cols,
    floor,
  })
  return { source, drawn: pairs.users.length, areAllPairs, diagnostics }
}

/** A probability that single precision rounds to 0 is small, not impossible. */
const leastPropensity = 1e-30
const aboveZero = (propensities: Float32Array): Float32Array => propensities.map((p) => Math.max(p, leastPropensity))

/**
 * Propensities of having been rated, in the train or the validation part, from those of the train part: what was rated is divided by chance. The floor
 * is that of the train part, as a training has it.
 */
function ofBeingRated(inTrain: Float32Array, floor: number, train: number, validation: number): Float64Array {
  const scale = (train + validation) / train
  return Float64Array.from(inTrain, (p) => Math.min(1, Math.max(p, floor) * scale))
}

/** Nearer to 0 and 1 the cross-entropy of a probability of single precision says how it was rounded. */
const nearest = 1e-7

/** e(prediction, target); the target may be an imputed one. */
export function errorOf(kind: ErrorKind, prediction: number, target: number): number {
  if (kind === 'squared') return (prediction - target) ** 2
  const p = Math.min(1 - nearest, Math.max(nearest, prediction))
  return -target * Math.log(p) - (1 - target) * Math.log1p(-p)
}

/** Binary predictions have both errors, ratings the squared one. */
const kindsOf = (preference: PairPredictions['preference']): ErrorKind[] =>
  preference === 'binary' ? [...errorKinds] : ['squared']

/** What is predicted: the labels, or for continuous preferences the ratings. @throws CausewayError `noRatings` */
function targetsOf(pairs: RatedPairs, preference: PairPredictions['preference']): Float32Array {
  if (preference === 'binary') return pairs.labels
  if (!pairs.values || pairs.values.some(Number.isNaN))
    throw new CausewayError('noRatings', 'Not every rated pair has its rating: errors of ratings cannot be computed.')
  return pairs.values
}

/** The rated pairs of the validation part with what a model predicts of them. */
export interface RatedPredictions {
  preference: PairPredictions['preference']
  users: Int32Array<ArrayBuffer>
  predictions: Float32Array<ArrayBuffer>
  targets: Float32Array<ArrayBuffer>
  /** The logistic propensities of the split of having been rated in either part: the same for every run of a split. */
  propensities: Float64Array<ArrayBuffer>
  /** What Σ w·e is divided by for the mean over all pairs, w = 1/p: as much of all pairs as the validation part has of the rated ones. */
  allPairs: number
}

/** @throws CausewayError `badRequest` for a model that predicts no ratings, and where nothing in the validation part is rated */
export async function ratedPredictions(model: FittedModel, split: Split, floor: number): Promise<RatedPredictions> {
  const { validation, rated, train } = loggedPairs(split)
  const { preference, values } = await predictionsOf(model, validation)
  const inTrain = await logisticOf(split).of(validation)
  return {
    preference,
    users: Int32Array.from(validation.users),
    predictions: Float32Array.from(values),
    targets: Float32Array.from(targetsOf(validation, preference)),
    propensities: Float64Array.from(ofBeingRated(inTrain, floor, train, rated - train)),
    allPairs: (split.train.rows * split.train.cols * (rated - train)) / rated,
  }
}

function loggedPairs(split: Split): { validation: RatedPairs; train: number; rated: number } {
  const train = ratedPairs(split, 'train').users.length
  const validation = ratedPairs(split, 'validation')
  if (validation.users.length === 0)
    throw new CausewayError('badRequest', 'No pair of the validation part is rated: there is nothing to estimate from.')
  return { validation, train, rated: train + validation.users.length }
}

async function predictionsOf(model: FittedModel, pairs: Pairs): Promise<PairPredictions> {
  if (!model.predictions)
    throw new CausewayError(
      'badRequest',
      'This method ranks items and does not predict ratings: it has no such errors.',
    )
  return model.predictions(pairs)
}

/**
 * The mean error of a model over all pairs, from the rated validation pairs by naive, IPS, SNIPS and DR, beside that of a randomised test part. A
 * pair is in the validation part with the probability of being rated times the share of the rated ones that it has.
 * @param most pairs that DR's imputed errors are summed over
 * @throws CausewayError `badRequest`; see `ratedPredictions`
 */
export async function estimateErrors(
  model: FittedModel,
  split: Split,
  floor: number,
  most = mostDrawnPairs,
): Promise<Omit<RunEstimates, 'run'>> {
  const { validation, train, rated } = loggedPairs(split)
  const logged = await predictionsOf(model, validation)
  const { source, of } = propensitiesOf(model, split)
  const share = (rated - train) / rated
  const propensities = ofBeingRated(await of(validation), floor, train, rated - train).map((p) => p * share)
  const randomised = split.isTestRandomised ? ratedPairs(split, 'test') : null
  const shown = randomised && (await predictionsOf(model, randomised))
  const drawn = logged.imputed ? drawPairs(split, most) : null
  const everywhere = drawn && (await predictionsOf(model, drawn.pairs))
  const allPairs = split.train.rows * split.train.cols
  const targets = targetsOf(validation, logged.preference)

  const estimates = kindsOf(logged.preference).map((error): ErrorEstimates => {
    const errorsOf = (predictions: Float32Array, of: Float32Array): Float64Array =>
      Float64Array.from(predictions, (prediction, at) => errorOf(error, prediction, of[at]!))
    const imputed = everywhere?.imputed && meanOf(errorsOf(everywhere.values, everywhere.imputed))
    const { naive, ips, snips, dr } = loggedEstimates({
      errors: errorsOf(logged.values, targets),
      propensities,
      pairs: allPairs,
      imputed: imputed ? { observed: errorsOf(logged.values, logged.imputed!), sum: imputed.value * allPairs } : null,
    })
    /**
     * How many pairs are put aside for validation is known, of which their independent draws know nothing: a sum T over them, scaled up, varies
     * by (1 − share) T² / n less.
     */
    const ofDivided = ({ value, standardError }: MeanError, sum = value): MeanError => ({
      value,
      standardError: Math.sqrt(Math.max(0, standardError ** 2 - ((1 - share) * sum ** 2) / targets.length)),
    })
    // Drawing the pairs adds its own chance to that of what was observed.
    const drawing = drawn && !drawn.areAllPairs && imputed ? imputed.standardError : 0
    return {
      error,
      naive,
      ips: ofDivided(ips),
      snips,
      dr: dr && {
        value: dr.value,
        standardError: Math.hypot(ofDivided(dr, dr.value - imputed!.value).standardError, drawing),
      },
      randomised: shown && meanOf(errorsOf(shown.values, targetsOf(randomised, shown.preference))),
    }
  })
  return {
    source,
    floor,
    pairs: validation.users.length,
    randomisedPairs: randomised?.users.length ?? null,
    imputed: drawn && { pairs: drawn.pairs.users.length, areAllPairs: drawn.areAllPairs },
    errors: estimates,
  }
}

/** The mean and its standard error; 0 for a single value. */
function meanOf(values: Float64Array): MeanError {
  const count = values.length
  const value = values.reduce((sum, one) => sum + one, 0) / count
  const squares = values.reduce((sum, one) => sum + (one - value) ** 2, 0)
  return { value, standardError: count > 1 ? Math.sqrt(squares / (count - 1) / count) : 0 }
}
