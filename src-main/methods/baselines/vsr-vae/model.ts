import { featureWidth } from '../../../pipeline/split/beside'
import { concatStage, concatVaeOf, loadConcatVae } from '../../blocks/exposure/concat-vae'
import { exposureStage } from '../../blocks/exposure/exposure-stage'
import { checkRatings } from '../../blocks/exposure/ratings'
import { fitInStages } from '../../blocks/stages'
import type { Method, NamedArrays } from '../../method'
import { userWeights, weightsStage } from './weights-stage'

/** What scores: the exposure model and the weights are needed in training alone. */
const outcomeOnly = (learned: NamedArrays): NamedArrays =>
  Object.fromEntries(
    Object.entries(learned).filter(([name]) => /^(encoder|decoder)\./.test(name) || name === 'exposure.scale'),
  )

/** VSR-VAE (Zou et al. 2020; Zhu et al., s. 5.4.1): see README.md for the decisions. */
export const method: Method = {
  async fit(context) {
    checkRatings(context)
    if (featureWidth(context.split) === 0) {
      context.report.log(
        'warning',
        'Nothing describes the users: there is nothing to weigh them by. All weights are 1, and this is Concat-VAE.',
      )
      return fitInStages(context, [concatStage()], concatVaeOf)
    }
    return fitInStages(
      context,
      [exposureStage(false), weightsStage, concatStage((learned) => learned[userWeights]!.data as Float32Array)],
      (learned) => concatVaeOf(outcomeOnly(learned)),
    )
  },
  load: loadConcatVae,
}
