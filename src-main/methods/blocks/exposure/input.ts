import { learnedFrom, nnzOf, takeRows, type Csr, type Split } from '../../../../src-shared/domain/split'
import { exposuresOf } from '../../../pipeline/split/beside'
import { type ScaledRows } from '../../../tensor/sparse'
import { tf, type Tensor2D } from '../../../tensor/tf'

/**
 * Exposures as the input of a network: every entry times one constant. Rows are not scaled to unit length: what a network gives would then
 * have no derivative at no exposures, and exposing one item would take from all others.
 */
export function exposureInput(rows: Csr, scale: number): ScaledRows {
  const exposed = exposuresOf(rows)
  return { ...exposed, scale: new Float32Array(exposed.rows).fill(scale) }
}

/** The constant with which the squared length of an input is 1 for a user of as many exposures as learning users have on average. */
export function exposureScale(split: Split): number {
  const users = learnedFrom(split)
  const exposures = nnzOf(exposuresOf(takeRows(split.train, users)))
  return Math.fround(1 / Math.sqrt(Math.max(1, exposures / Math.max(1, users.length))))
}

/**
 * What users are described by, [rows, width], divided by the root of the width: standardised features then have a squared length of about 1. A
 * user of whom nothing is known is the average one.
 */
export function featureInput(rows: Csr, width: number): Tensor2D {
  const features = rows.beside?.features
  if (!features) return tf.zeros([rows.rows, width])
  if (features.width !== width)
    throw new TypeError(`Users are described by ${features.width} numbers, the model was trained on ${width}.`)
  return tf.mul(tf.tensor2d(features.values, [rows.rows, width]), 1 / Math.sqrt(width))
}
