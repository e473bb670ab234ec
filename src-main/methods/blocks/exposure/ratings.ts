import type { ExposedItems } from '../../../../src-shared/domain/split'
import type { ParamValues } from '../../../../src-shared/params/params'
import type { Scorer } from '../../../pipeline/evaluate/evaluate'
import { exposureCriterion, type Criterion } from '../../../pipeline/fit/ranking-validation'
import { exposedLogLikelihood, observedSquaredError, weightedMultinomialLogLikelihood } from '../../../tensor/sparse'
import { tf, type Tensor1D, type Tensor2D } from '../../../tensor/tf'
import type { FitContext } from '../../method'
import { watchedCutoffs } from './params'

/** Whether ratings themselves are predicted. */
export const isGaussian = (params: ParamValues): boolean => params['likelihood'] === 'gaussian'

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
