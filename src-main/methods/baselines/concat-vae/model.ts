import { concatStage, concatVaeOf, loadConcatVae } from '../../blocks/exposure/concat-vae'
import { checkRatings } from '../../blocks/exposure/ratings'
import { fitInStages } from '../../blocks/stages'
import type { Method } from '../../method'

/** Concat-VAE (Zhu et al., s. 5.4.1): see README.md for the decisions. */
export const method: Method = {
  async fit(context) {
    checkRatings(context)
    return fitInStages(context, [concatStage()], concatVaeOf)
  },
  load: loadConcatVae,
}
