/** The one door to tfjs: methods and pipeline import it from here, so that backends and versions are decided in one place. */
import * as tf from '@tensorflow/tfjs-core'
import { registerGradients } from './gradients'

registerGradients()

export { tf }
export type { Scalar, Tensor, Tensor1D, Tensor2D, Tensor3D, Variable } from '@tensorflow/tfjs-core'
