import { CausewayError } from '../../../../src-shared/contract/errors'
import { learnedFrom, takeRows, type ExposedItems } from '../../../../src-shared/domain/split'
import type { ParamValues } from '../../../../src-shared/params/params'
import type { Scorer } from '../../../pipeline/evaluate/evaluate'
import { exposuresOf } from '../../../pipeline/split/beside'
import { exposureCriterion, type Criterion } from '../../../pipeline/fit/ranking-validation'
import { exposedLogLikelihood, observedSquaredError, weightedMultinomialLogLikelihood } from '../../../tensor/sparse'
import { tf, type Tensor1D, type Tensor2D } from '../../../tensor/tf'
import type { FitContext } from '../../method'
import { watchedCutoffs } from './params'

/** Whether ratings themselves are predicted. */
export const isGaussian = (params: ParamValues): boolean => params['likelihood'] === 'gaussian'

/**
 * Whether the likelihood can be of the ratings that are learned from: asked before the first stage, though only the last one reads them.
 * @param instead what predicts ratings, and could be chosen instead
 * @throws CausewayError `badRequest` where one is below 0 and would weigh an item in a multinomial likelihood, and where all are the same and
 *   only the ratings of exposed items are learned: any constant predicts them
 */
export function checkRatings(
  { split, params }: Pick<FitContext, 'split' | 'params'>,
  instead = 'a method that predicts ratings',
): void {
  const { ratings } = exposuresOf(takeRows(split.train, learnedFrom(split)))
  if (!isGaussian(params) && ratings.some((rating) => rating < 0))
    throw new CausewayError(
      'badRequest',
      `There are ratings below 0, and a multinomial likelihood weighs items by their ratings. Import them on a scale from 0 on, or choose ${instead}.`,
    )
  if (params['likelihood'] !== 'multinomial' && ratings.length > 0 && ratings.every((rating) => rating === ratings[0]))
    throw new CausewayError(
      'badRequest',
      'The data have no ratings that differ: choose the multinomial over all items.',
    )
}

/**
 * What is minimised of each user's ratings, [users]: the negative multinomial log-likelihood weighted by ratings, over all items or among those
 * the user was exposed to, or the squared errors.
 * @param outcomes log-odds of the items, or predicted ratings, [users, items]
 */
export function ratingLosses(outcomes: Tensor2D, exposed: ExposedItems, params: ParamValues): Tensor1D {
  if (isGaussian(params)) return observedSquaredError(outcomes, exposed, exposed.ratings)
  const likelihood = params['likelihood'] === 'exposed' ? exposedLogLikelihood : weightedMultinomialLogLikelihood
  return tf.neg(likelihood(outcomes, exposed, exposed.ratings))
}

/** What early stopping goes by: as the likelihood, lists of all items or the items that were rated. */
export const ratingCriterion = (model: Scorer, context: FitContext): Criterion =>
  exposureCriterion(model, context, {
    by: context.params['likelihood'] === 'multinomial' ? 'lists' : 'rated',
    cutoffs: watchedCutoffs,
  })
