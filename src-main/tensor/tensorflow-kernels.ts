import type { KernelBackend, TensorInfo } from '@tensorflow/tfjs-core'
import { tf } from './tf'

/** The part of tfjs-node's backend that runs an operation of TensorFlow by its name. */
interface NodeBackend extends KernelBackend {
  binding: Record<'TF_ATTR_TYPE' | 'TF_FLOAT' | 'TF_INT32', number>
  executeSingleOutput(
    name: string,
    attributes: { name: string; type: number; value: number }[],
    inputs: TensorInfo[],
  ): TensorInfo
}

/**
 * TensorFlow has the segment sum of sparse rows; tfjs-node 4.22 only never registered it.
 * Inputs: data [n, width] float32, indices and segmentIds [nnz] int32, the latter ascending.
 */
export function registerTensorflowKernels(): void {
  tf.registerKernel({
    kernelName: 'SparseSegmentSum',
    backendName: 'tensorflow',
    kernelFunc({ inputs, backend }) {
      const node = backend as NodeBackend
      const type = (name: string, value: number) => ({ name, type: node.binding.TF_ATTR_TYPE, value })
      const { TF_FLOAT, TF_INT32 } = node.binding
      return node.executeSingleOutput(
        'SparseSegmentSum',
        [type('T', TF_FLOAT), type('Tidx', TF_INT32), type('Tsegmentids', TF_INT32)],
        [inputs['data']!, inputs['indices']!, inputs['segmentIds']!],
      )
    },
  })
}
