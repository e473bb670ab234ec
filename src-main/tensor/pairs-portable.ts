import type { NamedArrays } from '../methods/method'
import { Adam } from './adam'
import { assignWeights, createWeights, disposeWeights, readTensors, type Weights } from './named-arrays'
import { columnSums } from './ops'
import {
  pairLayers,
  pairOutputs,
  pairTables,
  type AdamState,
  type PairEngine,
  type PairLayer,
  type PairOptions,
  type PairShape,
} from './pair-shape'
import { sparseMatMul, transposeCsr } from './sparse'
import { tf, type Tensor, type Tensor1D, type Tensor2D } from './tf'
import { transposedProduct } from './gradients'

/** What the last `forward` leaves for `backward`: the pairs, and what went into each layer. */
interface Kept {
  users: Int32Array
  items: Int32Array
  values: Tensor2D[]
  logits: Float32Array
}

/** The network made of tfjs operations, on every backend: the twin of `KernelPairs`. */
export class PortablePairs implements PairEngine {
  private readonly weights: Weights
  private readonly adam: Adam
  private readonly layers: PairLayer[]
  private kept: Kept | null = null
  private gradients: Record<string, Tensor> = {}
  /** The rows that have a gradient now. */
  private touched: Record<'user' | 'item', Int32Array> = { user: new Int32Array(0), item: new Int32Array(0) }

  constructor(
    private readonly shape: PairShape,
    private readonly options: PairOptions,
    initial: NamedArrays,
  ) {
    this.layers = pairLayers(shape)
    this.weights = createWeights(initial)
    this.adam = new Adam(this.weights, options)
  }

  async forward(users: Int32Array, items: Int32Array): Promise<Float32Array> {
    this.forget()
    const [values, logits] = tf.tidy(() => {
      const gather = (name: string, rows: Int32Array): Tensor =>
        tf.gather(this.weights[name]!, tf.tensor1d(rows, 'int32'))
      const [user, item] = [gather('user.embedding', users), gather('item.embedding', items)] as [Tensor2D, Tensor2D]
      if (this.shape.backbone === 'mf') {
        const biases = tf.add(tf.add(gather('user.bias', users), gather('item.bias', items)), this.weights['bias']!)
        return [[user, item], tf.add(tf.sum(tf.mul(user, item), 1), biases)]
      }
      const values: Tensor2D[] = [tf.concat([user, item], 1) as Tensor2D]
      for (const [at, { name }] of this.layers.entries()) {
        const product = tf.matMul(values[at]!, this.weights[`${name}.weight`] as Tensor as Tensor2D)
        const sum = tf.add(product, this.weights[`${name}.bias`]!) as Tensor2D
        // ReLU as a choice, which NaN passes on every backend.
        const isLast = at === this.layers.length - 1
        values.push(isLast ? sum : (tf.where(tf.lessEqual(sum, 0), tf.zerosLike(sum), sum) as Tensor2D))
      }
      const logits = tf.reshape(values.pop()!, [users.length * pairOutputs(this.shape)])
      return [values, logits]
    }) as [Tensor2D[], Tensor1D]
    const read = (await logits.data()).slice() as Float32Array
    logits.dispose()
    this.kept = { users: users.slice(), items: items.slice(), values, logits: read }
    return read.slice()
  }

  crossEntropy(labels: Float32Array, weights: Float32Array, scale: number): { loss: number; dLogits: Float32Array } {
    const { logits } = this.kept!
    const dLogits = new Float32Array(logits.length)
    let sum = 0
    for (let at = 0; at < logits.length; at++) {
      const [x, label, weight] = [logits[at]!, labels[at]!, weights[at]!]
      const t = Math.exp(-Math.abs(x))
      sum += weight * (Math.max(x, 0) - label * x + Math.log1p(t))
      dLogits[at] = weight * scale * ((x < 0 ? t : 1) / (1 + t) - label)
    }
    return { loss: sum * scale, dLogits }
  }

  backward(dLogits: Float32Array): void {
    const { users, items, values } = this.kept!
    tf.dispose(this.gradients)
    this.gradients = tf.tidy(() => {
      const gradients: Record<string, Tensor> = {}
      const logits = tf.tensor2d(dLogits, [users.length, pairOutputs(this.shape)])
      let [dUser, dItem]: [Tensor2D, Tensor2D] = [logits, logits]
      if (this.shape.backbone === 'mf') {
        const sumTo = (rows: Int32Array, count: number): Tensor => tf.reshape(sumRows(rows, count, logits), [count])
        gradients['user.bias'] = sumTo(users, this.shape.users)
        gradients['item.bias'] = sumTo(items, this.shape.items)
        gradients['bias'] = columnSums(logits)
        dUser = tf.mul(logits, values[1]!) as Tensor2D
        dItem = tf.mul(logits, values[0]!) as Tensor2D
      } else {
        let d = logits
        for (let at = this.layers.length - 1; at >= 0; at--) {
          const { name } = this.layers[at]!
          const x = values[at]!
          gradients[`${name}.weight`] = transposedProduct(x, d, 'a')
          gradients[`${name}.bias`] = columnSums(d)
          d = transposedProduct(d, this.weights[`${name}.weight`]!, 'b') as Tensor2D
          if (at > 0) d = tf.where(tf.lessEqual(x, 0), tf.zerosLike(d), d) as Tensor2D
        }
        const { width } = this.shape
        dUser = tf.slice(d, [0, 0], [users.length, width])
        dItem = tf.slice(d, [0, width], [users.length, width])
      }
      gradients['user.embedding'] = sumRows(users, this.shape.users, dUser)
      gradients['item.embedding'] = sumRows(items, this.shape.items, dItem)
      return gradients
    })
    this.touched = { user: users, item: items }
  }

  update(): void {
    tf.tidy(() => this.adam.step(this.gradients, this.options.lazyRows ? this.movedRows() : {}))
  }

  async step(
    users: Int32Array,
    items: Int32Array,
    labels: Float32Array,
    weights: Float32Array,
    scale: number,
  ): Promise<number> {
    await this.forward(users, items)
    const { loss, dLogits } = this.crossEntropy(labels, weights, scale)
    this.backward(dLogits)
    this.update()
    return loss
  }

  readWeights(): Promise<NamedArrays> {
    return readTensors(this.weights)
  }

  writeWeights(arrays: NamedArrays): void {
    assignWeights(this.weights, arrays)
  }

  readGradients(): Promise<NamedArrays> {
    return readTensors(this.gradients)
  }

  readOptimiser(): Promise<AdamState> {
    return this.adam.save()
  }

  writeOptimiser({ arrays, steps }: AdamState): void {
    this.adam.restore(arrays, steps)
  }

  dispose(): void {
    this.forget()
    tf.dispose(this.gradients)
    this.adam.dispose()
    disposeWeights(this.weights)
  }

  private forget(): void {
    tf.dispose(this.kept?.values ?? [])
    this.kept = null
  }

  /** For each table, where the rows of the batch are. */
  private movedRows(): Record<string, Tensor> {
    const moved: Record<string, Tensor> = {}
    for (const [name, shape] of Object.entries(pairTables(this.shape))) {
      const width = shape[1] ?? 1
      const marks = new Uint8Array(shape[0]! * width)
      for (const row of this.touched[name.startsWith('user') ? 'user' : 'item'])
        marks.fill(1, row * width, (row + 1) * width)
      moved[name] = tf.tensor(marks, shape, 'bool')
    }
    return moved
  }
}

/** For each of `count` table rows the sum of the rows of x that belong to it, added in their order: the gradient of a gather. */
function sumRows(rows: Int32Array, count: number, x: Tensor2D): Tensor2D {
  const indptr = Int32Array.from({ length: rows.length + 1 }, (_, at) => at)
  const pattern = transposeCsr({ rows: rows.length, cols: count, indptr, indices: rows })
  return sparseMatMul({ ...pattern, scale: new Float32Array(count).fill(1) }, x)
}
