import { HeapBlock } from './heap-block'
import type { RawKernels } from './kernels'

/**
 * Whether the kernels on pairs that engines may widen compute what plain arithmetic does: a dense layer, its gradient, ReLU's and the
 * cross-entropy, on 12 rows of 13 inputs and 16 outputs.
 */
export function pairKernelsAgree(raw: RawKernels): boolean {
  const { exports, memory } = raw
  const [rows, inputs, stride, outputs] = [12, 13, 16, 16]
  const sizes = [
    rows * stride,
    stride * outputs,
    outputs,
    rows * outputs,
    stride * outputs,
    outputs,
    48,
    48,
    48,
    48,
    48,
  ]
  const block = new HeapBlock(raw, HeapBlock.bytesOf(sizes))
  const at = sizes.map((size) => block.take(size))
  const views = at.map((address, i) => new Float32Array(memory.buffer, address, sizes[i]))
  const [x, weight, bias, out, dWeight, dBias, logits, labels, weights, losses, dLogits] = views as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ]
  const agrees = (found: ArrayLike<number>, expected: (i: number) => number): boolean =>
    Array.from(found).every((value, i) => Math.abs(value - expected(i)) <= 1e-4 * Math.max(1, Math.abs(value)))
  try {
    for (const [i, view] of [x, weight, bias, logits, labels, weights].entries())
      view.forEach((_, j) => (view[j] = Math.sin(1 + i + 0.7 * j)))
    exports.pairsDense(at[0]!, stride, inputs, at[1]!, at[2]!, outputs, at[3]!, rows, 0)
    const layer = (i: number): number => {
      const [row, column] = [Math.floor(i / outputs), i % outputs]
      let sum = bias[column]!
      for (let j = 0; j < inputs; j++) sum += x[row * stride + j]! * weight[j * outputs + column]!
      return Math.max(sum, 0)
    }
    if (!agrees(out, layer)) return false

    exports.pairsDenseGradient(at[0]!, stride, inputs, at[3]!, outputs, rows, at[4]!, at[5]!)
    const column = (i: number, factor: (row: number) => number): number => {
      let sum = 0
      for (let row = 0; row < rows; row++) sum += factor(row) * out[row * outputs + (i % outputs)]!
      return sum
    }
    const product = (i: number): number => column(i, (row) => x[row * stride + Math.floor(i / outputs)]!)
    if (!agrees(dWeight.subarray(0, inputs * outputs), product) || !agrees(dBias, (i) => column(i, () => 1)))
      return false

    const sum = exports.pairsCrossEntropy(at[6]!, at[7]!, at[8]!, 45, 0.5, at[9]!, at[10]!)
    const loss = (i: number): number => weights[i]! * (Math.log1p(Math.exp(logits[i]!)) - labels[i]! * logits[i]!)
    const slope = (i: number): number => 0.5 * weights[i]! * (1 / (1 + Math.exp(-logits[i]!)) - labels[i]!)
    if (!agrees(losses.subarray(0, 45), loss) || !agrees(dLogits.subarray(0, 45), slope)) return false
    const total = losses.subarray(0, 45).reduce((total, value) => total + value, 0)
    if (!agrees([sum], () => 0.5 * total)) return false

    exports.pairsRectified(at[4]!, at[3]!, 96)
    return agrees(dWeight.subarray(0, 96), (i) => (out[i]! > 0 ? product(i) : 0))
  } finally {
    block.free()
  }
}
