import type { NamedArray, NamedArrays } from '../../methods/method'
import { adamRates } from '../adam'
import { checkedArrays } from '../named-arrays'
import {
  pairLayers,
  pairOutputs,
  pairTables,
  pairWeights,
  type AdamState,
  type PairEngine,
  type PairOptions,
  type PairShape,
} from '../pair-shape'
import { HeapBlock } from './heap-block'
import type { RawKernels } from './kernels'

/** The kernels of `assembly/pairs.ts`. */
export interface PairExports {
  pairsGather(table: number, width: number, rows: number, count: number, out: number, stride: number): void
  pairsScatter(table: number, width: number, rows: number, count: number, x: number, stride: number): void
  pairsClear(table: number, width: number, rows: number, count: number): void
  pairsColumn(from: number, fromStride: number, to: number, toStride: number, count: number): void
  pairsDense(
    x: number,
    stride: number,
    inner: number,
    weight: number,
    bias: number,
    columns: number,
    out: number,
    rows: number,
    least: number,
  ): void
  pairsTranspose(x: number, rows: number, columns: number, stride: number, out: number, outStride: number): void
  pairsRectified(d: number, h: number, length: number): void
  pairsDenseGradient(
    x: number,
    stride: number,
    inner: number,
    d: number,
    columns: number,
    rows: number,
    weightGradient: number,
    biasGradient: number,
  ): void
  pairsDot(
    x: number,
    stride: number,
    width: number,
    userBias: number,
    itemBias: number,
    bias: number,
    count: number,
    out: number,
  ): void
  pairsDotGradient(
    x: number,
    stride: number,
    width: number,
    d: number,
    count: number,
    dx: number,
    biasGradient: number,
  ): void
  pairsCrossEntropy(
    logits: number,
    labels: number,
    weights: number,
    count: number,
    scale: number,
    losses: number,
    d: number,
  ): number
  pairsAdamRows(
    weight: number,
    gradient: number,
    first: number,
    second: number,
    width: number,
    rows: number,
    count: number,
    marks: number,
    step: number,
    rate: number,
    floor: number,
    weightDecay: number,
    beta1: number,
    rest1: number,
    beta2: number,
    rest2: number,
  ): void
}

/** Kernels read and write whole tiles: columns, and rows of a batch, are padded to this. */
const padded = (size: number): number => (size + 7) & ~7

/** Where a weight lies among the parameters: `rows` rows of `columns` values, `stride` apart, from value `offset` on. */
interface Place {
  shape: number[]
  rows: number
  columns: number
  stride: number
  offset: number
}

/** A dense layer's sizes and, in bytes from the start of an array of parameters, its places. */
interface DenseLayer {
  inputs: number
  outputs: number
  inputStride: number
  outputStride: number
  weight: number
  bias: number
  transposed: number
}

/** A table of rows of users or items. */
interface Table {
  side: 'user' | 'item'
  /** The vectors of the batch that name its rows: of the pairs, and of those that have a gradient now. */
  rows: 'users' | 'items'
  touched: 'touchedUsers' | 'touchedItems'
  width: number
  /** Bytes from the start of an array of parameters. */
  at: number
}

/** The arrays of a batch of at most `capacity` pairs: addresses, and views through which values are copied. */
interface Batch {
  block: HeapBlock
  capacity: number
  users: number
  items: number
  touchedUsers: number
  touchedItems: number
  labels: number
  weights: number
  losses: number
  logits: number
  dLogits: number
  /** What goes into each layer, and what comes out of the last; `d` are their gradients. */
  values: number[]
  d: number[]
  /** For each table where its gathered rows lie, where their gradients, and how many values a row is from the next. */
  gathered: { to: number; from: number; stride: number }[]
  userView: Int32Array
  itemView: Int32Array
  touchedUserView: Int32Array
  touchedItemView: Int32Array
  labelView: Float32Array
  weightView: Float32Array
  logitView: Float32Array
  dLogitView: Float32Array
}

/**
 * The network in fixed buffers in the heap of tfjs: no tensor is made. Weights, their gradients and both moments are four arrays of one
 * layout, so that dense Adam is one pass. It computes on one thread (but Adam over very many parameters on all).
 */
export class KernelPairs implements PairEngine {
  private readonly places: Record<string, Place> = {}
  private readonly tables: Table[] = []
  private readonly layers: DenseLayer[]
  private readonly outputs: number
  /** Bytes from the start of an array of parameters to what every batch touches. */
  private readonly denseAt: number
  private readonly parameters: number
  private readonly block: HeapBlock
  private readonly weights: number
  private readonly gradients: number
  private readonly first: number
  private readonly second: number
  private readonly zeros: number
  private readonly marks: Record<Table['side'], number>
  private batch: Batch | null = null
  private count = 0
  private touched = 0
  private steps = 0
  /** Counts the passes over single rows: a row marked with the pass has been stepped in it. */
  private passes = 0

  constructor(
    private readonly raw: RawKernels,
    private readonly shape: PairShape,
    private readonly options: PairOptions,
  ) {
    this.outputs = pairOutputs(shape)
    const layers = pairLayers(shape)
    const tables = pairTables(shape)
    let offset = 0
    let denseAt = 0
    for (const [name, dimensions] of Object.entries(pairWeights(shape))) {
      const isTable = name in tables
      // A vector is one row, but a table's bias is one column.
      const [rows, columns] =
        dimensions.length === 2 ? (dimensions as [number, number]) : isTable ? [dimensions[0]!, 1] : [1, dimensions[0]!]
      const stride = isTable ? columns : padded(columns)
      this.places[name] = { shape: dimensions, rows, columns, stride, offset }
      if (isTable)
        this.tables.push({
          ...(name.startsWith('user')
            ? { side: 'user', rows: 'users', touched: 'touchedUsers' }
            : { side: 'item', rows: 'items', touched: 'touchedItems' }),
          width: columns,
          at: 4 * offset,
        })
      offset = (offset + (isTable || dimensions.length === 1 ? rows : padded(rows)) * stride + 15) & ~15
      if (isTable) denseAt = 4 * offset
    }
    this.denseAt = denseAt
    this.parameters = offset
    const widest = padded(Math.max(2 * shape.width, ...shape.hidden, 1))
    const transposed = layers.map(({ inputs, outputs }) => padded(inputs) * padded(outputs))
    const lengths = [offset, offset, offset, offset, widest, shape.users, shape.items, ...transposed]
    this.block = new HeapBlock(raw, HeapBlock.bytesOf(lengths))
    ;[this.weights, this.gradients, this.first, this.second, this.zeros] = lengths
      .slice(0, 5)
      .map((length) => this.block.take(length)) as [number, number, number, number, number]
    this.marks = { user: this.block.take(shape.users), item: this.block.take(shape.items) }
    this.layers = layers.map(({ name, inputs, outputs }, at) => ({
      inputs,
      outputs,
      inputStride: padded(inputs),
      outputStride: padded(outputs),
      weight: 4 * this.places[`${name}.weight`]!.offset,
      bias: 4 * this.places[`${name}.bias`]!.offset,
      transposed: this.block.take(transposed[at]!),
    }))
  }

  forward(users: Int32Array, items: Int32Array): Float32Array {
    return this.compute(users, items).logitView.slice(0, this.count * this.outputs)
  }

  crossEntropy(labels: Float32Array, weights: Float32Array, scale: number): { loss: number; dLogits: Float32Array } {
    const batch = this.batch!
    const loss = this.lossOf(batch, labels, weights, scale)
    return { loss, dLogits: batch.dLogitView.slice(0, this.count) }
  }

  backward(dLogits: Float32Array): void {
    this.batch!.dLogitView.set(dLogits)
    this.backpropagate(this.batch!)
  }

  step(users: Int32Array, items: Int32Array, labels: Float32Array, weights: Float32Array, scale: number): number {
    const batch = this.compute(users, items)
    const loss = this.lossOf(batch, labels, weights, scale)
    this.backpropagate(batch)
    this.update()
    return loss
  }

  update(): void {
    const { rate, floor, weightDecay, beta1, beta2 } = adamRates(this.options, ++this.steps)
    const { exports, weights, gradients, first, second } = this
    const rates = [rate, floor, weightDecay, beta1, 1 - beta1, beta2, 1 - beta2] as const
    const from = this.options.lazyRows ? this.denseAt : 0
    const length = this.parameters - from / 4
    exports.adam(weights + from, gradients + from, first + from, second + from, length, ...rates)
    if (!this.options.lazyRows || !this.batch) return
    for (const { side, touched, width, at } of this.tables) {
      const own = [weights + at, gradients + at, first + at, second + at] as const
      const rows = this.batch[touched]
      exports.pairsAdamRows(...own, width, rows, this.touched, this.marks[side], ++this.passes, ...rates)
    }
  }

  readWeights(): Promise<NamedArrays> {
    return Promise.resolve(this.read(this.weights))
  }

  writeWeights(arrays: NamedArrays): void {
    this.write(this.weights, checkedArrays(arrays, this.places))
  }

  readGradients(): Promise<NamedArrays> {
    return Promise.resolve(this.read(this.gradients))
  }

  readOptimiser(): Promise<AdamState> {
    const arrays = { ...this.read(this.first, 'first.'), ...this.read(this.second, 'second.') }
    return Promise.resolve({ arrays, steps: this.steps })
  }

  writeOptimiser({ arrays, steps }: AdamState): void {
    const named = (prefix: string): Record<string, NamedArray> =>
      checkedArrays(
        arrays,
        Object.fromEntries(Object.entries(this.places).map(([name, place]) => [prefix + name, place])),
      )
    const [first, second] = [named('first.'), named('second.')]
    this.write(this.first, first, 'first.')
    this.write(this.second, second, 'second.')
    this.steps = steps
  }

  dispose(): void {
    this.block.free()
    this.batch?.block.free()
  }

  private get exports(): RawKernels['exports'] {
    return this.raw.exports
  }

  /** The logits of the pairs, and all that led to them. */
  private compute(users: Int32Array, items: Int32Array): Batch {
    const { exports, layers, outputs, tables, weights } = this
    const count = users.length
    const batch = this.batchFor(count)
    this.count = count
    batch.userView.set(users)
    batch.itemView.set(items)
    for (let at = 0; at < tables.length; at++) {
      const table = tables[at]!
      const { to, stride } = batch.gathered[at]!
      exports.pairsGather(weights + table.at, table.width, batch[table.rows], count, to, stride)
    }
    const { values, logits } = batch
    if (this.shape.backbone === 'mf') {
      const [x, userBias, itemBias] = [values[0]!, batch.gathered[2]!.to, batch.gathered[3]!.to]
      const { width } = this.shape
      exports.pairsDot(x, padded(2 * width), width, userBias, itemBias, weights + this.denseAt, count, logits)
      return batch
    }
    const last = layers.length - 1
    for (let at = 0; at <= last; at++) {
      const { inputs, inputStride, outputStride, weight, bias } = layers[at]!
      const [x, out, least] = [values[at]!, values[at + 1]!, at < last ? 0 : -Infinity]
      exports.pairsDense(x, inputStride, inputs, weights + weight, weights + bias, outputStride, out, count, least)
    }
    const [y, { outputStride }] = [values[last + 1]!, layers[last]!]
    for (let output = 0; output < outputs; output++)
      exports.pairsColumn(y + 4 * output, outputStride, logits + 4 * output, outputs, count)
    return batch
  }

  private lossOf(batch: Batch, labels: Float32Array, weights: Float32Array, scale: number): number {
    batch.labelView.set(labels)
    batch.weightView.set(weights)
    const { logits, losses, dLogits } = batch
    return this.exports.pairsCrossEntropy(logits, batch.labels, batch.weights, this.count, scale, losses, dLogits)
  }

  /** The gradients of all weights from the one of the logits. */
  private backpropagate(batch: Batch): void {
    const { exports, layers, outputs, tables, weights, gradients, count } = this
    const { values, d, dLogits } = batch
    // Only the rows of the last batch hold something else than zeros.
    for (const { width, at, touched } of tables) exports.pairsClear(gradients + at, width, batch[touched], this.touched)
    batch.touchedUserView.set(batch.userView.subarray(0, count))
    batch.touchedItemView.set(batch.itemView.subarray(0, count))
    this.touched = count

    if (this.shape.backbone === 'mf') {
      const { width } = this.shape
      const bias = gradients + this.denseAt
      exports.pairsDotGradient(values[0]!, padded(2 * width), width, dLogits, count, d[0]!, bias)
    } else {
      const [dy, { outputStride }] = [d[layers.length]!, layers.at(-1)!]
      for (let output = 0; output < outputs; output++)
        exports.pairsColumn(dLogits + 4 * output, outputs, dy + 4 * output, outputStride, count)
      for (let at = layers.length - 1; at >= 0; at--) {
        const { inputs, outputs, inputStride, outputStride, weight, bias, transposed } = layers[at]!
        const [x, dx, dy] = [values[at]!, d[at]!, d[at + 1]!]
        const [dWeight, dBias] = [gradients + weight, gradients + bias]
        exports.pairsDenseGradient(x, inputStride, inputs, dy, outputStride, count, dWeight, dBias)
        exports.pairsTranspose(weights + weight, inputs, outputs, outputStride, transposed, inputStride)
        exports.pairsDense(dy, outputStride, outputs, transposed, this.zeros, inputStride, dx, count, -Infinity)
        if (at > 0) exports.pairsRectified(dx, x, count * inputStride)
      }
    }
    for (let at = 0; at < tables.length; at++) {
      const table = tables[at]!
      const { from, stride } = batch.gathered[at]!
      exports.pairsScatter(gradients + table.at, table.width, batch[table.rows], count, from, stride)
    }
  }

  /** The batch's arrays, made anew where they are too short. */
  private batchFor(count: number): Batch {
    const kept = this.batch
    if (kept && kept.capacity >= count) return kept
    const capacity = padded(Math.max(count, this.touched))
    const strides = [padded(2 * this.shape.width), ...this.layers.map(({ outputStride }) => outputStride)]
    const arrays = strides.map((stride) => stride * capacity)
    const vectors = Array.from({ length: 9 }, () => capacity)
    const logitCount = capacity * this.outputs
    const block = new HeapBlock(this.raw, HeapBlock.bytesOf([...vectors, logitCount, logitCount, ...arrays, ...arrays]))
    const vector = (): number => block.take(capacity)
    const { buffer } = this.raw.memory
    const ints = (at: number): Int32Array => new Int32Array(buffer, at, capacity)
    const floats = (at: number, length = capacity): Float32Array => new Float32Array(buffer, at, length)
    const [users, items, touchedUsers, touchedItems] = [vector(), vector(), vector(), vector()]
    const [labels, weights, losses] = [vector(), vector(), vector()]
    const [logits, dLogits] = [block.take(logitCount), block.take(logitCount)]
    const [userBias, itemBias] = [vector(), vector()]
    const values = arrays.map((length) => block.take(length))
    const d = arrays.map((length) => block.take(length))
    const beside = 4 * this.shape.width
    this.batch = {
      block,
      capacity,
      users,
      items,
      touchedUsers,
      touchedItems,
      labels,
      weights,
      losses,
      logits,
      dLogits,
      values,
      d,
      gathered: [
        { to: values[0]!, from: d[0]!, stride: strides[0]! },
        { to: values[0]! + beside, from: d[0]! + beside, stride: strides[0]! },
        { to: userBias, from: dLogits, stride: 1 },
        { to: itemBias, from: dLogits, stride: 1 },
      ],
      userView: ints(users),
      itemView: ints(items),
      touchedUserView: ints(touchedUsers),
      touchedItemView: ints(touchedItems),
      labelView: floats(labels),
      weightView: floats(weights),
      logitView: floats(logits, logitCount),
      dLogitView: floats(dLogits, logitCount),
    }
    if (kept) {
      // The gradients that are there now stay in use until the next `backward`.
      this.batch.touchedUserView.set(kept.touchedUserView)
      this.batch.touchedItemView.set(kept.touchedItemView)
      kept.block.free()
    }
    return this.batch
  }

  /** Values of all weights, padding left out, from an array of the layout of the parameters. */
  private read(address: number, prefix = ''): NamedArrays {
    const arrays: NamedArrays = {}
    for (const [name, { shape, rows, columns, stride, offset }] of Object.entries(this.places)) {
      const from = new Float32Array(this.raw.memory.buffer, address + 4 * offset, rows * stride)
      const data = new Float32Array(rows * columns)
      for (let row = 0; row < rows; row++) data.set(from.subarray(row * stride, row * stride + columns), row * columns)
      arrays[prefix + name] = { shape: shape.slice(), data }
    }
    return arrays
  }

  private write(address: number, arrays: Record<string, NamedArray>, prefix = ''): void {
    for (const [name, { rows, columns, stride, offset }] of Object.entries(this.places)) {
      const to = new Float32Array(this.raw.memory.buffer, address + 4 * offset, rows * stride)
      const data = arrays[prefix + name]!.data as Float32Array
      for (let row = 0; row < rows; row++) to.set(data.subarray(row * columns, (row + 1) * columns), row * stride)
    }
  }
}
