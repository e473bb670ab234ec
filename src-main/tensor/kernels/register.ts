import * as tf from '@tensorflow/tfjs-core'
import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core'
import { unaryNames } from './compile'
import { kernelsFor, type Kernels } from './kernels'
import type { WasmBackend } from './shared-heap'
import type { KernelName } from './switches'

type Inputs = Partial<Record<string, TensorInfo>>
type Attributes = Record<string, unknown>

/** Lets our kernels compute what tfjs asks its WebAssembly backend for, where they can; all else stays tfjs' own. */
export function registerKernels(): void {
  replace('BatchMatMul', 'product', (kernels, inputs, attributes) => productOf(kernels, inputs, attributes))
  // Only what a bias row makes of a product, without activation.
  replace('_FusedMatMul', 'product', (kernels, inputs, attributes) => {
    const columns = attributes['transposeB'] === true ? inputs['b']!.shape.at(-2) : inputs['b']!.shape.at(-1)
    const fits = !inputs['bias'] || inputs['bias'].shape.join() === String(columns)
    return attributes['activation'] === 'linear' && fits ? productOf(kernels, inputs, attributes) : null
  })
  for (const name of unaryNames)
    replace(name, 'unary', (kernels, { x }) => (isFloat(x!) ? kernels.unary(name, x!) : null))
  shareOnIdentity()
}

const isFloat = ({ dtype }: TensorInfo): boolean => dtype === 'float32'

/** As many matrices on both sides, or a single one on one of them: other broadcasts are left to tfjs. */
function pairsUp(a: TensorInfo, b: TensorInfo): boolean {
  const [batchA, batchB] = [a, b].map(({ shape }) => shape.slice(0, -2)) as [number[], number[]]
  return batchA.join() === batchB.join() || [batchA, batchB].some((batch) => batch.every((size) => size === 1))
}

function productOf(kernels: Kernels, { a, b, bias }: Inputs, attributes: Attributes): TensorInfo | null {
  if (!isFloat(a!) || !isFloat(b!) || !pairsUp(a!, b!)) return null
  return kernels.product(a!, b!, attributes['transposeA'] === true, attributes['transposeB'] === true, bias ?? null)
}

/** Puts a kernel of ours before one of tfjs', which stays for what ours passes over and for when it is turned off. */
function replace(
  kernelName: string,
  kernel: KernelName,
  compute: (kernels: Kernels, inputs: Inputs, attributes: Attributes) => TensorInfo | null,
): void {
  const original = tf.getKernel(kernelName, 'wasm')
  const kernelFunc: KernelFunc = (params) => {
    const kernels = kernelsFor(kernel)
    return (kernels && compute(kernels, params.inputs, params.attrs ?? {})) ?? original.kernelFunc(params)
  }
  tf.unregisterKernel(kernelName, 'wasm')
  tf.registerKernel({ ...original, kernelFunc })
}

/**
 * A copy of a tensor shares its values, as on every other backend of tfjs; only the WebAssembly backend copies them, for every tensor that
 * a gradient keeps.
 */
function shareOnIdentity(): void {
  const original = tf.getKernel('Identity', 'wasm')
  const kernelFunc: KernelFunc = (params) => {
    const x = params.inputs['x']!
    if (x.dtype === 'string') return original.kernelFunc(params)
    ;(params.backend as WasmBackend).incRef(x.dataId)
    return { dataId: x.dataId, shape: x.shape, dtype: x.dtype }
  }
  tf.unregisterKernel('Identity', 'wasm')
  tf.registerKernel({ ...original, kernelFunc })
}
