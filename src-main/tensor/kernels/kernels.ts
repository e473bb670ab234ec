import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor, Tensor1D, Tensor2D, TensorInfo } from '@tensorflow/tfjs-core'
import {
  canJoinVectors,
  compileKernels,
  kernelFolder,
  unaryNames,
  type CompiledKernels,
  type KernelExports,
} from './compile'
import { Rng } from '../rng'
import { checkKernels } from './self-check'
import type { WasmBackend } from './shared-heap'
import { isWanted, type KernelName } from './switches'

/** No more threads than this: the block through which they share a job has room for so many (see `assembly/pool.ts`). */
const mostThreads = 64
const controlBytes = 256 + 64 * mostThreads

/** Normals that are drawn together at most: 2 MB. */
const noisePiece = 2 ** 18

/** Which columns are stored of each row, as in `Csr`. */
export interface Pattern {
  indptr: Int32Array
  indices: Int32Array
}

/** The heap and the kernels as they are, for what keeps buffers of its own: see `pair-kernels.ts`. */
export interface RawKernels {
  exports: KernelExports
  memory: WebAssembly.Memory
  /** The address of so many bytes of any content; 0 where there is no room. */
  allocate(bytes: number): number
  free(address: number): void
}

/**
 * The fast kernels on the heap of tfjs' WebAssembly backend, and the threads that help. Tensors go in and come out; their values
 * never leave the heap.
 */
export class Kernels {
  private readonly exports: KernelExports
  private readonly control: number
  private readonly helpers: Worker[] = []
  private threads = 1
  private readonly buffers = new Map<string, { address: number; bytes: number }>()
  /** Tiles of 6 × 8 instead of 6 × 16: for an engine without vectors of 256 bits. */
  narrow = false

  constructor(
    private readonly backend: WasmBackend,
    private readonly folder: string,
    private readonly compiled: CompiledKernels,
  ) {
    const { exports } = new WebAssembly.Instance(compiled.module, { env: { memory: backend.wasm.wasmMemory } })
    this.exports = exports as unknown as KernelExports
    this.control = this.allocate(controlBytes)
    new Uint8Array(this.heap, this.control, controlBytes).fill(0)
    this.exports.initialise(this.control, 0)
    this.exports.useThreads(this.threads)
  }

  /** What is running, for people. */
  get description(): string {
    const { build, joined } = this.compiled
    const simd = build === 'relaxed' ? 'relaxed SIMD' : 'SIMD'
    return `${simd}${joined && !this.narrow ? ', 256 bits wide' : ''}`
  }

  get raw(): RawKernels {
    const { wasm } = this.backend
    return {
      exports: this.exports,
      memory: wasm.wasmMemory,
      allocate: (bytes) => this.allocate(bytes),
      free: (address) => wasm._free(address),
    }
  }

  get threadCount(): number {
    return this.threads
  }

  /**
   * Sets how many threads compute, this one included. Threads that are not needed any more sleep: one that is ended while it works would
   * leave its part of a job undone.
   * @throws RangeError for a number below 1 or above 64
   */
  useThreads(threads: number): void {
    if (threads < 1 || threads > mostThreads) throw new RangeError(`${threads} threads: it is 1 to ${mostThreads}.`)
    while (this.helpers.length < threads - 1) {
      const workerData = {
        module: this.compiled.module,
        memory: this.backend.wasm.wasmMemory,
        control: this.control,
        thread: this.helpers.length + 1,
      }
      // Nothing of this process' own flags: a debugger port cannot be shared.
      const helper = new Worker(join(this.folder, 'worker.mjs'), { workerData, execArgv: [] })
      helper.unref()
      this.helpers.push(helper)
    }
    this.threads = threads
    this.exports.useThreads(threads)
  }

  /** Threads that there are, working or asleep: each has its part of the buffers. */
  private get places(): number {
    return this.helpers.length + 1
  }

  /** Measures which tiles are faster here, some milliseconds long. What is computed does not depend on it. */
  chooseTiles(): void {
    const [m, n, k] = [96, 96, 384]
    const [a, b, c] = [m * k, k * n, m * n].map((cells) => this.allocate(4 * cells)) as [number, number, number]
    new Float32Array(this.heap, a, m * k).fill(1)
    new Float32Array(this.heap, b, k * n).fill(1)
    // In turn, the best of each: a machine that is held up for a moment must not decide.
    const best = { narrow: Infinity, wide: Infinity }
    for (let turn = 0; turn < 12; turn++)
      for (const tiles of ['narrow', 'wide'] as const) {
        this.narrow = tiles === 'narrow'
        const started = performance.now()
        this.productAt(a, b, c, m, n, k, false, false, null)
        best[tiles] = Math.min(best[tiles], performance.now() - started)
      }
    this.narrow = best.narrow < best.wide
    for (const address of [a, b, c]) this.backend.wasm._free(address)
  }

  /**
   * op(a) · op(b) + bias, op being the matrix or its transpose, of [m, k] and [k, n] and optionally [n]; or of equally many such
   * matrices, one of them standing for many where it is single.
   */
  product(a: TensorInfo, b: TensorInfo, transposeA: boolean, transposeB: boolean, bias: TensorInfo | null): TensorInfo {
    const [rowsA, colsA] = a.shape.slice(-2) as [number, number]
    const [rowsB, colsB] = b.shape.slice(-2) as [number, number]
    const [m, k] = transposeA ? [colsA, rowsA] : [rowsA, colsA]
    const n = transposeB ? rowsB : colsB
    const batch = tf.broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2))
    const out = this.backend.makeOutput([...batch, m, n], 'float32')
    const count = batch.reduce((product, size) => product * size, 1)
    const stepOf = (shape: number[], cells: number): number =>
      shape.slice(0, -2).reduce((product, size) => product * size, 1) === 1 ? 0 : 4 * cells
    const [stepA, stepB] = [stepOf(a.shape, m * k), stepOf(b.shape, k * n)]
    const [atA, atB, atOut] = [this.address(a), this.address(b), this.address(out)]
    for (let i = 0; i < count; i++)
      this.productAt(
        atA + i * stepA,
        atB + i * stepB,
        atOut + i * 4 * m * n,
        m,
        n,
        k,
        transposeA,
        transposeB,
        bias && this.address(bias),
      )
    return out
  }

  private productAt(
    a: number,
    b: number,
    c: number,
    m: number,
    n: number,
    k: number,
    transposeA: boolean,
    transposeB: boolean,
    bias: number | null,
  ): void {
    // Asked for first: a buffer that grows may move.
    const start = bias ?? this.buffer('zeros', 4 * n, true)
    const workspace = this.buffer('product', this.exports.productWorkspace(m, k, this.places))
    const [atA, atB] = [transposeA ? 1 : 0, transposeB ? 1 : 0]
    const tiles = this.narrow ? 1 : 0
    this.exports.product(a, b, c, m, n, k, atA, atB, start, workspace, this.places, tiles)
  }

  /** For every row of the pattern the sum of the rows of `table` [·, width] it stores, times its scale: [rows, width]. */
  sumRows(table: Tensor2D, indptr: Tensor1D, indices: Tensor1D, scale: Tensor1D | null): Tensor2D {
    const rows = indptr.size - 1
    const width = table.shape[1]
    const out = this.backend.makeOutput([rows, width], 'float32')
    const scales = scale ? this.address(scale) : 0
    const [t, p, i] = [table, indptr, indices].map((tensor) => this.address(tensor)) as [number, number, number]
    this.exports.sumRows(t, width, p, i, scales, this.address(out), rows)
    return this.tensor(out)
  }

  /** Sums of the columns of [m, n]. */
  columnSums(x: Tensor2D): Tensor1D {
    const out = this.backend.makeOutput([x.shape[1]], 'float32')
    this.exports.columnSums(this.address(x), x.shape[0], x.shape[1], this.address(out))
    return this.tensor(out)
  }

  /**
   * The multinomial log-likelihood of sparse rows, [rows], and the log-sum-exp of their logits, which the gradient takes.
   * @param weights of the stored entries; null for weights of 1
   */
  likelihood(
    logits: Tensor2D,
    indptr: Tensor1D,
    indices: Tensor1D,
    weights: Tensor1D | null,
  ): { value: Tensor1D; logSumExp: Tensor1D } {
    const [rows, cols] = logits.shape
    const value = this.backend.makeOutput([rows], 'float32')
    const logSumExp = this.backend.makeOutput([rows], 'float32')
    const [l, p, i] = [logits, indptr, indices].map((tensor) => this.address(tensor)) as [number, number, number]
    const w = weights ? this.address(weights) : 0
    this.exports.likelihood(l, rows, cols, p, i, w, this.address(value), this.address(logSumExp))
    return { value: this.tensor(value), logSumExp: this.tensor(logSumExp) }
  }

  /** The gradient of `likelihood` in the logits, [rows, cols]. */
  likelihoodGradient(
    logits: Tensor2D,
    indptr: Tensor1D,
    indices: Tensor1D,
    weights: Tensor1D | null,
    dy: Tensor1D,
    logSumExp: Tensor1D,
  ): Tensor2D {
    const [rows, cols] = logits.shape
    const out = this.backend.makeOutput([rows, cols], 'float32')
    const [l, p, i, d, s] = [logits, indptr, indices, dy, logSumExp].map((tensor) => this.address(tensor)) as [
      number,
      number,
      number,
      number,
      number,
    ]
    const w = weights ? this.address(weights) : 0
    this.exports.likelihoodGradient(l, rows, cols, p, i, w, d, s, this.address(out))
    return this.tensor(out)
  }

  /** The Bernoulli log-likelihood of binary rows over all columns, [rows]. */
  bernoulli(logits: Tensor2D, indptr: Tensor1D, indices: Tensor1D): Tensor1D {
    const [rows, cols] = logits.shape
    const value = this.backend.makeOutput([rows], 'float32')
    const [l, p, i] = [logits, indptr, indices].map((tensor) => this.address(tensor)) as [number, number, number]
    this.exports.bernoulli(l, rows, cols, p, i, this.address(value))
    return this.tensor(value)
  }

  /** The gradient of `bernoulli` in the logits, [rows, cols]. */
  bernoulliGradient(logits: Tensor2D, indptr: Tensor1D, indices: Tensor1D, dy: Tensor1D): Tensor2D {
    const [rows, cols] = logits.shape
    const out = this.backend.makeOutput([rows, cols], 'float32')
    const [l, p, i, d] = [logits, indptr, indices, dy].map((tensor) => this.address(tensor)) as [
      number,
      number,
      number,
      number,
    ]
    this.exports.bernoulliGradient(l, rows, cols, p, i, d, this.address(out))
    return this.tensor(out)
  }

  /** The squared errors of x at the stored entries against their targets, summed by row, [rows]. */
  squaredError(x: Tensor2D, indptr: Tensor1D, indices: Tensor1D, targets: Tensor1D): Tensor1D {
    const [rows, cols] = x.shape
    const value = this.backend.makeOutput([rows], 'float32')
    const [at, p, i, t] = [x, indptr, indices, targets].map((tensor) => this.address(tensor)) as [
      number,
      number,
      number,
      number,
    ]
    this.exports.squaredError(at, rows, cols, p, i, t, this.address(value))
    return this.tensor(value)
  }

  /** The gradient of `squaredError` in x, [rows, cols]. */
  squaredErrorGradient(x: Tensor2D, indptr: Tensor1D, indices: Tensor1D, targets: Tensor1D, dy: Tensor1D): Tensor2D {
    const [rows, cols] = x.shape
    const out = this.backend.makeOutput([rows, cols], 'float32')
    const [at, p, i, t, d] = [x, indptr, indices, targets, dy].map((tensor) => this.address(tensor)) as [
      number,
      number,
      number,
      number,
      number,
    ]
    this.exports.squaredErrorGradient(at, rows, cols, p, i, t, d, this.address(out))
    return this.tensor(out)
  }

  /** The multinomial log-likelihood of sparse rows among their stored entries alone, [rows]. */
  exposedLikelihood(logits: Tensor2D, indptr: Tensor1D, indices: Tensor1D, weights: Tensor1D): Tensor1D {
    const [rows, cols] = logits.shape
    const value = this.backend.makeOutput([rows], 'float32')
    const [l, p, i, w] = [logits, indptr, indices, weights].map((tensor) => this.address(tensor)) as [
      number,
      number,
      number,
      number,
    ]
    this.exports.exposedLikelihood(l, rows, cols, p, i, w, this.address(value))
    return this.tensor(value)
  }

  /** The gradient of `exposedLikelihood` in the logits, [rows, cols]. */
  exposedLikelihoodGradient(
    logits: Tensor2D,
    indptr: Tensor1D,
    indices: Tensor1D,
    weights: Tensor1D,
    dy: Tensor1D,
  ): Tensor2D {
    const [rows, cols] = logits.shape
    const out = this.backend.makeOutput([rows, cols], 'float32')
    const [l, p, i, w, d] = [logits, indptr, indices, weights, dy].map((tensor) => this.address(tensor)) as [
      number,
      number,
      number,
      number,
      number,
    ]
    this.exports.exposedLikelihoodGradient(l, rows, cols, p, i, w, d, this.address(out))
    return this.tensor(out)
  }

  /** Log-softmax of every row. */
  logSoftmax(x: Tensor2D): Tensor2D {
    const out = this.backend.makeOutput(x.shape.slice(), 'float32')
    this.exports.logSoftmax(this.address(x), x.shape[0], x.shape[1], this.address(out))
    return this.tensor(out)
  }

  /** A function of every value, by tfjs' name of it. */
  unary(f: (typeof unaryNames)[number], x: TensorInfo): TensorInfo {
    const out = this.backend.makeOutput(x.shape.slice(), 'float32')
    const length = tf.util.sizeFromShape(x.shape)
    this.exports.unary(unaryNames.indexOf(f), this.address(x), this.address(out), length)
    return out
  }

  /** dy · f′(x), from y = f(x) as `tf.tanh`, `tf.sigmoid` and `tf.elu` give it. */
  unaryGradient(f: 'Tanh' | 'Sigmoid' | 'Elu', dy: Tensor, y: Tensor): Tensor {
    const out = this.backend.makeOutput(y.shape.slice(), 'float32')
    this.exports.unaryGradient(unaryNames.indexOf(f), this.address(dy), this.address(y), this.address(out), y.size)
    return this.tensor(out)
  }

  /** scale · x + shares · y over rows in groups, [B·k, w]: see `groups.ts` beside. */
  groupAdd(x: Tensor2D | null, scale: number, shares: Tensor2D | null, y: Tensor2D, k: number): Tensor2D {
    const [groups, w] = y.shape
    const out = this.backend.makeOutput([groups * k, w], 'float32')
    const [atX, atShares] = [x, shares].map((tensor) => (tensor ? this.address(tensor) : 0)) as [number, number]
    this.exports.groupAdd(atX, scale, atShares, this.address(y), this.address(out), groups, k, w)
    return this.tensor(out)
  }

  /** The sums of groups of k rows, each row times its share, [B, w]. */
  groupSum(x: Tensor2D, shares: Tensor2D | null, k: number): Tensor2D {
    const [rows, w] = x.shape
    const out = this.backend.makeOutput([rows / k, w], 'float32')
    this.exports.groupSum(this.address(x), shares ? this.address(shares) : 0, this.address(out), rows / k, k, w)
    return this.tensor(out)
  }

  /** The products of every row of a group with the group's row of y, [B, k]. */
  groupDot(x: Tensor2D, y: Tensor2D): Tensor2D {
    const [groups, w] = y.shape
    const k = x.shape[0] / groups
    const out = this.backend.makeOutput([groups, k], 'float32')
    this.exports.groupDot(this.address(x), this.address(y), this.address(out), groups, k, w)
    return this.tensor(out)
  }

  /**
   * One step of Adam in place: weight and both moments are overwritten.
   * @returns false, and nothing is done, where one of them is shared with another tensor
   */
  adam(
    weight: Tensor,
    gradient: Tensor,
    first: Tensor,
    second: Tensor,
    { rate, floor, weightDecay, beta1, beta2 }: Record<'rate' | 'floor' | 'weightDecay' | 'beta1' | 'beta2', number>,
  ): boolean {
    if ([weight, first, second].some((tensor) => this.backend.dataIdMap.get(tensor.dataId).refCount !== 1)) return false
    const [w, g, m, v] = [weight, gradient, first, second].map((tensor) => this.address(tensor)) as [
      number,
      number,
      number,
      number,
    ]
    this.exports.adam(w, g, m, v, weight.size, rate, floor, weightDecay, beta1, 1 - beta1, beta2, 1 - beta2)
    return true
  }

  /**
   * The best k items of every row of scores [rows, cols], best first, equal scores in the order of the items.
   * @param known what is no candidate: the pattern of `rows` rows
   * @returns [rows × k] items, -1 where there are fewer candidates
   */
  topItems(scores: Tensor2D, known: Pattern, k: number): Int32Array<ArrayBuffer> {
    return this.topScored(scores, known, k).items
  }

  /** `topItems` with the scores of the items, [rows × k]; of no meaning where there is no item. */
  topScored(
    scores: Tensor2D,
    known: Pattern,
    k: number,
  ): { items: Int32Array<ArrayBuffer>; values: Float32Array<ArrayBuffer> } {
    if (k === 0) return { items: new Int32Array(0), values: new Float32Array(0) }
    const [rows, cols] = scores.shape
    const marksStride = (cols + 63) & ~63
    const marks = this.buffer('marks', marksStride * this.places, true)
    const indptr = this.buffer('known rows', 4 * (rows + 1))
    const indices = this.buffer('known items', 4 * Math.max(1, known.indices.length))
    const items = this.buffer('top items', 4 * rows * k)
    const values = this.buffer('top values', 4 * rows * k)
    this.write(indptr, known.indptr)
    this.write(indices, known.indices)
    this.exports.topItems(this.address(scores), rows, cols, indptr, indices, k, items, values, marks, marksStride)
    return {
      items: new Int32Array(this.heap, items, rows * k).slice() as Int32Array<ArrayBuffer>,
      values: this.read(values, rows * k),
    }
  }

  /** About the mean of every row of [m, n], from some hundreds of its values that are spread over it. */
  rowMeans(x: Tensor2D): Float32Array {
    const [rows, cols] = x.shape
    const out = this.buffer('row means', 4 * rows)
    this.exports.sampledMeans(this.address(x), rows, cols, 16 * Math.max(1, Math.ceil(cols / 512)), out)
    return this.read(out, rows)
  }

  /** Of every column w of [m, n]: start + centre · w, and |w − mean|². [n] each. */
  columnBounds(
    x: Tensor2D,
    start: Tensor1D,
    centre: Float32Array,
    mean: Float32Array,
  ): { base: Float32Array; squares: Float32Array } {
    const [rows, cols] = x.shape
    const [atCentre, atMean] = [this.buffer('bound centre', 4 * rows), this.buffer('bound mean', 4 * rows)]
    const [base, squares] = [this.buffer('bound base', 4 * cols), this.buffer('bound squares', 4 * cols)]
    this.write(atCentre, centre)
    this.write(atMean, mean)
    this.exports.columnBounds(this.address(x), rows, cols, this.address(start), atCentre, atMean, base, squares)
    return { base: this.read(base, cols), squares: this.read(squares, cols) }
  }

  /**
   * The items of which upper[item] + distance · radii[item] ≥ threshold for any user, in order.
   * @param upper and `radii` by item
   * @param distances and `thresholds` by user
   */
  survivors(upper: Float32Array, radii: Float32Array, distances: Float32Array, thresholds: Float32Array): Int32Array {
    const padded = (upper.length + 7) & ~7
    const [atUpper, atRadii] = [this.buffer('bound upper', 4 * padded), this.buffer('bound radii', 4 * padded)]
    const [atDistances, atThresholds] = [
      this.buffer('bound distances', 4 * distances.length),
      this.buffer('bound thresholds', 4 * distances.length),
    ]
    const out = this.buffer('bound survivors', 4 * padded)
    this.write(atUpper, upper)
    this.write(atRadii, radii)
    this.write(atDistances, distances)
    this.write(atThresholds, thresholds)
    const furthest = distances.reduce((most, value) => Math.max(most, value), 0)
    const lowest = thresholds.reduce((least, value) => Math.min(least, value), Infinity)
    this.exports.survivors(atUpper, atRadii, padded, atDistances, atThresholds, distances.length, furthest, lowest, out)
    const alive = new Int32Array(this.heap, out, upper.length)
    const items = new Int32Array(upper.length)
    let count = 0
    for (let item = 0; item < alive.length; item++) if (alive[item] !== 0) items[count++] = item
    return items.slice(0, count)
  }

  /** The given columns of [m, n]. */
  gatherColumns(x: Tensor2D, columns: Int32Array): Tensor2D {
    const [rows, cols] = x.shape
    const out = this.backend.makeOutput([rows, columns.length], 'float32')
    const at = this.buffer('gathered columns', 4 * columns.length)
    this.write(at, columns)
    this.exports.gatherColumns(this.address(x), rows, cols, at, columns.length, this.address(out))
    return this.tensor(out)
  }

  /** Fills `out` with standard normals from a generator's four words of state, and moves the state on. */
  fillNormal(state: Uint32Array, out: Float32Array): void {
    // In pieces of whole pairs: the weights of a large model are drawn at once.
    for (let from = 0; from < out.length; from += noisePiece)
      this.fillPiece(state, out.subarray(from, from + noisePiece))
  }

  private fillPiece(state: Uint32Array, out: Float32Array): void {
    const pairs = Math.ceil(out.length / 2)
    const words = this.buffer('noise', 8 * pairs + 16)
    const ownState = words + 8 * pairs
    new Uint32Array(this.heap, ownState, 4).set(state)
    this.exports.fillWords(ownState, words, 2 * pairs)
    this.exports.normals(words, pairs)
    state.set(new Uint32Array(this.heap, ownState, 4))
    out.set(new Float32Array(this.heap, words, out.length))
  }

  private get heap(): ArrayBufferLike {
    return this.backend.wasm.wasmMemory.buffer
  }

  private write(address: number, values: Float32Array | Int32Array): void {
    if (values instanceof Float32Array) new Float32Array(this.heap, address, values.length).set(values)
    else new Int32Array(this.heap, address, values.length).set(values)
  }

  private read(address: number, length: number): Float32Array<ArrayBuffer> {
    return new Float32Array(this.heap, address, length).slice() as Float32Array<ArrayBuffer>
  }

  private address(tensor: TensorInfo): number {
    return this.backend.dataIdMap.get(tensor.dataId).memoryOffset
  }

  private tensor<T extends Tensor>(info: TensorInfo): T {
    return tf.engine().makeTensorFromTensorInfo(info) as T
  }

  private allocate(bytes: number): number {
    return this.backend.wasm._malloc(bytes) >>> 0
  }

  /** A buffer in the heap that is kept and grows as it is asked for more; a zeroed one is all zeros when it is made. */
  private buffer(name: string, bytes: number, zeroed = false): number {
    const kept = this.buffers.get(name)
    if (kept && kept.bytes >= bytes) return kept.address
    if (kept) this.backend.wasm._free(kept.address)
    const address = this.allocate(bytes)
    if (zeroed) new Uint8Array(this.heap, address, bytes).fill(0)
    this.buffers.set(name, { address, bytes })
    return address
  }
}

let started: Kernels | null = null

/**
 * Starts the kernels on a backend whose heap is shared. They are checked against plain arithmetic before they are trusted; where the
 * engine's wider vectors fail the check they are compiled without them.
 * @returns null where they are not built or do not compute what they should
 */
export function startKernels(backend: WasmBackend): Kernels | null {
  const folder = kernelFolder()
  if (!folder) return null
  for (const joined of canJoinVectors ? [true, false] : [false]) {
    const kernels = new Kernels(backend, folder, compileKernels(folder, joined))
    if (!checkKernels(kernels)) continue
    kernels.chooseTiles()
    started = kernels
    Rng.bulkNormals = (state, out) => {
      const fast = kernelsFor('noise')
      fast?.fillNormal(state, out)
      return fast !== null
    }
    return kernels
  }
  return null
}

/** The kernels, where this one of them may serve now: they run, tfjs computes on their heap, and it was not turned off. */
export const kernelsFor = (name: KernelName): Kernels | null =>
  started && isWanted(name) && tf.getBackend() === 'wasm' ? started : null
