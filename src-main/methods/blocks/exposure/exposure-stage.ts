import { checkText, exposureVerdict } from '../../../../src-shared/exposure/words'
import { createWeights, disposeWeights, readTensors } from '../../../tensor/named-arrays'
import { bernoulliLogLikelihood, dropEntries } from '../../../tensor/sparse'
import { tf, type Scalar } from '../../../tensor/tf'
import { exposuresOf } from '../../../pipeline/split/beside'
import type { Validation } from '../../../pipeline/fit/ranking-validation'
import type { ExposureCheck, NamedArray, NamedArrays } from '../../method'
import { klToStandardNormal, klWeight, sampleLatent } from '../mult-vae'
import type { Stage } from '../stages'
import { numberParam } from '../training-params'
import { decodeExposures, encodeExposures, initialExposureWeights } from './exposure-vae'
import { checkExposures, heldOutLogLikelihood, holdOutExposures } from './held-out'
import { exposureInput, exposureScale } from './input'

const checkOrder = ['users', 'heldOutItems', 'logLikelihood', 'popularityLogLikelihood', 'pValue'] as const

/** Without users, and not a number otherwise: nobody had held-out exposures to check with. */
const notChecked: ExposureCheck = {
  users: 0,
  heldOutItems: 0,
  logLikelihood: NaN,
  popularityLogLikelihood: NaN,
  pValue: NaN,
}

/** The check as it was kept with the weights. */
export function checkFrom({ data }: NamedArray): ExposureCheck {
  const check = { ...notChecked }
  checkOrder.forEach((name, at) => (check[name] = data[at]!))
  return check
}

/** What the stage keeps beside the weights. */
export const keptOfExposures = { 'exposure.scale': { shape: [1] }, 'exposure.check': { shape: [checkOrder.length] } }

/**
 * Trains the exposure model on what users are exposed to, with early stopping on the log-likelihood of held-out exposures, and checks it (Zhu et
 * al., Algorithm 1, lines 2-13).
 * @param isForEffects whether claims about effects rest on the check, which then is reported and not only logged
 */
export const exposureStage = (isForEffects: boolean): Stage => ({
  label: 'Exposure model',
  start(context, _, rng) {
    const { split, params, report } = context
    const held = holdOutExposures(split, rng)
    const checkRng = rng.fork()
    const scale = exposureScale(split)
    const weights = createWeights(initialExposureWeights(split, numberParam(params, 'latent'), rng))
    const model = { weights, scale }
    return {
      learner: {
        weights,
        lossParts: ['exposureLoss', 'exposureReconstruction', 'exposureKl'],
        batchLoss(rows, step, noise) {
          const exposed = exposuresOf(rows)
          const input = dropEntries(exposureInput(rows, scale), numberParam(params, 'exposureDropout'), noise)
          const posterior = encodeExposures(weights, input)
          const logOdds = decodeExposures(weights, sampleLatent(posterior, noise))
          const reconstruction = tf.neg(tf.mean(bernoulliLogLikelihood(logOdds, exposed))) as Scalar
          const kl = klToStandardNormal(posterior)
          const beta = klWeight(step, numberParam(params, 'klCap'), numberParam(params, 'annealSteps'))
          return [tf.add(reconstruction, tf.mul(kl, beta)) as Scalar, reconstruction, kl]
        },
      },
      settings: {
        epochs: numberParam(params, 'epochs'),
        batchSize: numberParam(params, 'batchSize'),
        learningRate: numberParam(params, 'learningRate'),
        weightDecay: numberParam(params, 'weightDecay'),
        patience: numberParam(params, 'exposurePatience'),
      },
      async criterion(pace, epoch): Promise<Validation | null> {
        if (held.users.length === 0) return { values: {}, value: null }
        const value = await heldOutLogLikelihood(split, model, held, (fraction) => {
          report.progress(pace.validating(epoch, fraction))
          return context.signal.requested !== null
        })
        return value === null ? null : { values: { exposureLogLikelihood: value }, value }
      },
      async finish(): Promise<NamedArrays> {
        const check = await checkExposures(split, model, held, checkRng)
        if (check) {
          const { passed, headline, meaning } = exposureVerdict({
            ...check,
            usersAreNew: split.trainUsers !== undefined,
          })
          report.log(passed ? 'info' : 'warning', `${headline}. ${meaning} ${checkText(check)}`)
          if (isForEffects) report.exposureCheck?.(check)
        } else report.log('warning', 'No user has held-out exposures: the exposure model could not be checked.')
        const values = check ?? notChecked
        return {
          ...(await readTensors(weights)),
          'exposure.scale': { shape: [1], data: Float32Array.of(scale) },
          'exposure.check': { shape: [checkOrder.length], data: Float32Array.from(checkOrder, (name) => values[name]) },
        }
      },
      dispose: () => disposeWeights(weights),
    }
  },
})
