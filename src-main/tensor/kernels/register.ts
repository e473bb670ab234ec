import * as tf from '@tensorflow/tfjs-core'
import type { TensorInfo } from '@tensorflow/tfjs-core'
import { kernelsFor } from './kernels'

/** Lets products of float32 matrices in tfjs be computed by our kernel; all else, and all when it is turned off, stays tfjs' own. */
export function registerProducts(): void {
  replace('BatchMatMul', ({ a, b }, attributes) => ({
    a: a!,
    b: b!,
    bias: null,
    transposeA: attributes['transposeA'] === true,
    transposeB: attributes['transposeB'] === true,
  }))
  replace('_FusedMatMul', ({ a, b, bias }, attributes) => {
    // Only what a bias row and no activation make of it; the gradient's products have neither.
    const columns = attributes['transposeB'] === true ? b!.shape.at(-2) : b!.shape.at(-1)
    if (attributes['activation'] !== 'linear' || (bias && bias.shape.join() !== String(columns))) return null
    return {
      a: a!,
      b: b!,
      bias: bias ?? null,
      transposeA: attributes['transposeA'] === true,
      transposeB: attributes['transposeB'] === true,
    }
  })
}

interface Product {
  a: TensorInfo
  b: TensorInfo
  bias: TensorInfo | null
  transposeA: boolean
  transposeB: boolean
}

function replace(
  kernelName: string,
  read: (inputs: Partial<Record<string, TensorInfo>>, attributes: Record<string, unknown>) => Product | null,
): void {
  const original = tf.getKernel(kernelName, 'wasm')
  tf.unregisterKernel(kernelName, 'wasm')
  tf.registerKernel({
    ...original,
    kernelFunc(params) {
      const kernels = kernelsFor('product')
      const asked = kernels && read(params.inputs, (params.attrs ?? {}) as Record<string, unknown>)
      if (!asked || asked.a.dtype !== 'float32' || asked.b.dtype !== 'float32') return original.kernelFunc(params)
      return kernels.product(asked.a, asked.b, asked.transposeA, asked.transposeB, asked.bias)
    },
  })
}
