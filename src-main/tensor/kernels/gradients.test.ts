import { afterAll, beforeAll, expect, test } from 'vitest'
import { normals, randomRows, startedKernels } from '../../../tests/support/kernels'
import { linear } from '../ops'
import { Rng } from '../rng'
import {
  bernoulliLogLikelihood,
  exposedLogLikelihood,
  multinomialLogLikelihood,
  normaliseRows,
  observedSquaredError,
  sparseMatMul,
  weightedMultinomialLogLikelihood,
} from '../sparse'
import { tf, type Tensor, type Tensor2D } from '../tf'

beforeAll(() => startedKernels())
afterAll(() => expect(tf.memory().numTensors).toBe(0))

const rows = randomRows(Rng.seeded(71), 13, 37)
const eachEntry = Float32Array.from(rows.indices, (_, at) => 0.5 + (at % 5) / 4)

/**
 * Functions, the shapes of their inputs and the step of the differences. What is linear in each input has exact differences whatever the
 * step, so it is large and only rounding is allowed for.
 */
const functions: Record<
  string,
  { shapes: number[][]; step: number; tolerance: number; run: (...inputs: Tensor[]) => Tensor }
> = {
  linear: {
    shapes: [[7, 19], [19, 17], [17]],
    step: 1,
    tolerance: 2e-5,
    run: (x, w, b) => linear(x!, w!, b!),
  },
  'a product over more than a block of inner indices': {
    shapes: [
      [2, 650],
      [650, 3],
    ],
    step: 8,
    tolerance: 2e-5,
    run: (a, b) => tf.matMul(a!, b!),
  },
  'a product of batches': {
    shapes: [
      [3, 7, 5],
      [3, 5, 18],
    ],
    step: 1,
    tolerance: 2e-5,
    run: (a, b) => tf.matMul(a!, b!),
  },
  'a product of sparse rows': {
    shapes: [[37, 9]],
    step: 1,
    tolerance: 2e-5,
    run: (w) => sparseMatMul(normaliseRows(rows), w!),
  },
  'the multinomial likelihood': {
    shapes: [[13, 37]],
    step: 0.02,
    tolerance: 2e-3,
    run: (logits) => multinomialLogLikelihood(logits as Tensor2D, rows),
  },
  'the weighted multinomial likelihood': {
    shapes: [[13, 37]],
    step: 0.02,
    tolerance: 2e-3,
    run: (logits) => weightedMultinomialLogLikelihood(logits as Tensor2D, rows, eachEntry),
  },
  'the Bernoulli likelihood': {
    shapes: [[13, 37]],
    step: 0.02,
    tolerance: 2e-3,
    run: (logits) => bernoulliLogLikelihood(logits as Tensor2D, rows),
  },
  'the likelihood among exposed entries': {
    shapes: [[13, 37]],
    step: 0.02,
    tolerance: 2e-3,
    run: (logits) => exposedLogLikelihood(logits as Tensor2D, rows, eachEntry),
  },
  // Quadratic: its central differences are exact too.
  'the squared error of observed entries': {
    shapes: [[13, 37]],
    step: 1,
    tolerance: 2e-5,
    run: (x) => observedSquaredError(x as Tensor2D, rows, eachEntry),
  },
}

test.each(Object.entries(functions))('the gradient of %s is the slope', (_, { shapes, step, tolerance, run }) => {
  const rng = Rng.seeded(72)
  const inputs = shapes.map((shape) =>
    normals(
      rng,
      shape.reduce((product, size) => product * size, 1),
    ),
  )
  const tensorsOf = (values: Float32Array[]): Tensor[] => shapes.map((shape, at) => tf.tensor(values[at]!, shape))
  const outputOf = (values: Float32Array[]): Float32Array =>
    tf.tidy(() =>
      run(...tensorsOf(values))
        .dataSync<'float32'>()
        .slice(),
    )
  const weights = normals(rng, outputOf(inputs).length)
  const gradients = tf.tidy(() =>
    tf
      .grads((...given: Tensor[]) => {
        const value = run(...given)
        return tf.sum(tf.mul(value, tf.tensor(weights, value.shape)))
      })(tensorsOf(inputs))
      .map((gradient) => gradient.dataSync<'float32'>().slice()),
  )
  inputs.forEach((values, input) => {
    for (let at = 0; at < values.length; at++) {
      const moved = (by: number): Float32Array =>
        outputOf(inputs.map((given, other) => (other === input ? given.with(at, given[at]! + by) : given)))
      const [above, below] = [moved(step), moved(-step)]
      // Summed in float64, so that only the outputs are rounded.
      let rise = 0
      weights.forEach((weight, cell) => (rise += weight * (above[cell]! - below[cell]!)))
      const slope = rise / (2 * step)
      expect(Math.abs(gradients[input]![at]! - slope), `input ${input}, ${at}`).toBeLessThan(
        tolerance * (1 + Math.abs(slope)),
      )
    }
  })
})
