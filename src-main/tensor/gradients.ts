import * as tf from '@tensorflow/tfjs-core'
import { kernelsFor } from './kernels/kernels'

/**
 * Gradients of the operations that methods use. tfjs-core for Node registers none, and the package that does brings a whole
 * layer library and a browser backend along. An operation that is missing here fails at once, by name.
 */

type Gradient = Omit<tf.GradConfig, 'kernelName'>

/** Sums a gradient over the axes along which an input was broadcast. */
function reduceTo(gradient: tf.Tensor, shape: number[]): tf.Tensor {
  const axes = tf.backend_util.getReductionAxes(shape, gradient.shape)
  return tf.reshape(axes.length > 0 ? tf.sum(gradient, axes) : gradient, shape)
}

/** A gradient of an operation of one input, from that input. */
const ofInput = (derive: (dy: tf.Tensor, x: tf.Tensor) => tf.Tensor, name = 'x'): Gradient => ({
  inputsToSave: [name],
  gradFunc: (dy, saved) => ({ [name]: () => derive(dy as tf.Tensor, saved[0]!) }),
})

/** A gradient of an operation of one input, from its output. */
const ofOutput = (derive: (dy: tf.Tensor, y: tf.Tensor) => tf.Tensor, name = 'x'): Gradient => ({
  outputsToSave: [true],
  gradFunc: (dy, saved) => ({ [name]: () => derive(dy as tf.Tensor, saved[0]!) }),
})

/** A gradient of an operation of two inputs that are broadcast to each other. */
const ofPair = (
  deriveA: (dy: tf.Tensor, a: tf.Tensor, b: tf.Tensor) => tf.Tensor,
  deriveB: (dy: tf.Tensor, a: tf.Tensor, b: tf.Tensor) => tf.Tensor,
): Gradient => ({
  inputsToSave: ['a', 'b'],
  gradFunc: (dy, saved) => {
    const [a, b] = saved as [tf.Tensor, tf.Tensor]
    return {
      a: () => reduceTo(deriveA(dy as tf.Tensor, a, b), a.shape),
      b: () => reduceTo(deriveB(dy as tf.Tensor, a, b), b.shape),
    }
  },
})

/** `dy` of a reduction, broadcast back to the shape of its input. */
function expandReduced(dy: tf.Tensor, x: tf.Tensor, axis: number | number[]): tf.Tensor {
  const axes = tf.util.parseAxisParam(axis, x.shape)
  const kept = x.shape.map((size, at) => (axes.includes(at) ? 1 : size))
  return tf.mul(tf.reshape(dy, kept), tf.onesLike(x))
}

/**
 * a · bᵀ or aᵀ · b of the last two axes. Our kernel reads its operands either way; tfjs' WebAssembly backend computes transposed
 * products a dozen times slower than a transposition followed by a plain product.
 */
export function transposedProduct(a: tf.Tensor, b: tf.Tensor, transposed: 'a' | 'b'): tf.Tensor {
  if (kernelsFor('product')) return tf.matMul(a, b, transposed === 'a', transposed === 'b')
  return transposed === 'a' ? tf.matMul(transposeLast(a), b) : tf.matMul(a, transposeLast(b))
}

/** Swaps the last two axes. */
const transposeLast = (x: tf.Tensor): tf.Tensor =>
  tf.transpose(x, [...x.shape.keys()].slice(0, -2).concat([x.rank - 1, x.rank - 2]))

const gradients: Record<string, Gradient> = {
  [tf.Add]: ofPair(
    (dy) => dy,
    (dy) => dy,
  ),
  [tf.Sub]: ofPair(
    (dy) => dy,
    (dy) => tf.neg(dy),
  ),
  [tf.Multiply]: ofPair(
    (dy, _a, b) => tf.mul(dy, b),
    (dy, a) => tf.mul(dy, a),
  ),
  [tf.RealDiv]: ofPair(
    (dy, _a, b) => tf.div(dy, b),
    (dy, a, b) => tf.neg(tf.div(tf.mul(dy, a), tf.square(b))),
  ),
  [tf.Neg]: { gradFunc: (dy) => ({ x: () => tf.neg(dy as tf.Tensor) }) },
  [tf.Identity]: { gradFunc: (dy) => ({ x: () => tf.clone(dy as tf.Tensor) }) },
  [tf.Exp]: ofOutput((dy, y) => tf.mul(dy, y)),
  [tf.Log]: ofInput((dy, x) => tf.div(dy, x)),
  [tf.Square]: ofInput((dy, x) => tf.mul(dy, tf.mul(x, 2))),
  [tf.Sqrt]: ofOutput((dy, y) => tf.div(dy, tf.mul(y, 2))),
  [tf.Tanh]: ofOutput(
    (dy, y) => kernelsFor('unary')?.unaryGradient('Tanh', dy, y) ?? tf.mul(dy, tf.sub(1, tf.square(y))),
  ),
  [tf.Sigmoid]: ofOutput(
    (dy, y) => kernelsFor('unary')?.unaryGradient('Sigmoid', dy, y) ?? tf.mul(dy, tf.mul(y, tf.sub(1, y))),
  ),
  // For x < 0 the output is exp(x) - 1, whose derivative is the output plus one.
  [tf.Elu]: ofOutput(
    (dy, y) => kernelsFor('unary')?.unaryGradient('Elu', dy, y) ?? tf.mul(dy, tf.add(tf.minimum(y, 0), 1)),
  ),
  [tf.Softmax]: {
    outputsToSave: [true],
    gradFunc: (dy, saved) => {
      const y = saved[0]!
      const weighted = tf.mul(dy as tf.Tensor, y)
      return { logits: () => tf.sub(weighted, tf.mul(tf.sum(weighted, -1, true), y)) }
    },
  },
  [tf.BatchMatMul]: {
    inputsToSave: ['a', 'b'],
    gradFunc: (dy, saved, attributes) => {
      const [a, b] = saved as [tf.Tensor, tf.Tensor]
      if (attributes['transposeA'] || attributes['transposeB'] || a.rank !== b.rank)
        throw new Error('Products with a gradient take plain operands: transpose before.')
      return {
        a: () => transposedProduct(dy as tf.Tensor, b, 'b'),
        b: () => transposedProduct(a, dy as tf.Tensor, 'a'),
      }
    },
  },
  [tf.Sum]: {
    inputsToSave: ['x'],
    gradFunc: (dy, saved, attributes) => ({
      x: () => expandReduced(dy as tf.Tensor, saved[0]!, attributes['axis'] as number[]),
    }),
  },
  [tf.Mean]: {
    inputsToSave: ['x'],
    gradFunc: (dy, saved, attributes) => {
      const x = saved[0]!
      const share = (dy as tf.Tensor).size / x.size
      return { x: () => tf.mul(expandReduced(dy as tf.Tensor, x, attributes['axis'] as number[]), share) }
    },
  },
  [tf.Reshape]: ofInput((dy, x) => tf.reshape(dy, x.shape)),
  [tf.ExpandDims]: ofInput((dy, x) => tf.reshape(dy, x.shape), 'input'),
  [tf.Transpose]: {
    gradFunc: (dy, _saved, attributes) => ({
      x: () => tf.transpose(dy as tf.Tensor, tf.backend_util.getUndoAxesPermutation(attributes['perm'] as number[])),
    }),
  },
  [tf.Slice]: {
    inputsToSave: ['x'],
    gradFunc: (dy, saved, attributes) => {
      const x = saved[0]!
      const [begin, size] = tf.slice_util.parseSliceParams(
        x,
        attributes['begin'] as number[],
        attributes['size'] as number[],
      ) as [number[], number[]]
      const paddings = x.shape.map((length, at) => [begin[at]!, length - begin[at]! - size[at]!] as [number, number])
      return { x: () => tf.pad(dy as tf.Tensor, paddings) }
    },
  },
  [tf.SplitV]: {
    gradFunc: (dy, _saved, attributes) => ({
      // One part comes as itself, several as a list.
      x: () => tf.concat([dy].flat(), attributes['axis'] as number),
    }),
  },
  [tf.Concat]: {
    saveAllInputs: true,
    gradFunc: (dy, saved, attributes) => {
      const axis = tf.util.parseAxisParam(attributes['axis'] as number, saved[0]!.shape)[0]!
      const parts = tf.split(
        dy as tf.Tensor,
        saved.map((input) => input.shape[axis]!),
        axis,
      )
      return Object.fromEntries(parts.map((part, at) => [at, () => part]))
    },
  },
}

/** Registers them with tfjs; again after a package that brings its own, so that every backend has the same. */
export function registerGradients(): void {
  for (const [kernelName, gradient] of Object.entries(gradients)) tf.registerGradient({ kernelName, ...gradient })
}
