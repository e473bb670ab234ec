// Log-likelihoods of sparse rows under logits, and their gradients: multinomial among all columns or the stored ones, Bernoulli and, but for
// a constant, normal; log-softmax by the same pieces. One row at a time.
import { exp4, logOnePlus4, maxLanes, sigmoid4, sumLanes } from './math'
import {
  addressAt,
  intAt,
  registers,
  run,
  setInt,
  BERNOULLI,
  BERNOULLI_GRADIENT,
  EXPOSED_LIKELIHOOD,
  EXPOSED_LIKELIHOOD_GRADIENT,
  LIKELIHOOD,
  LIKELIHOOD_GRADIENT,
  LOG_SOFTMAX,
  SQUARED_ERROR,
  SQUARED_ERROR_GRADIENT,
} from './pool'
import { log32 } from './noise'

/** Rows of a chunk. */
const CHUNK: i32 = 4

/** The first five arguments of every kernel of sparse rows: dense values [rows, cols] and which of them are stored. */
function setRows(x: usize, rows: i32, cols: i32, indptr: usize, indices: usize): void {
  setInt(0, <i32>x)
  setInt(1, rows)
  setInt(2, cols)
  setInt(3, <i32>indptr)
  setInt(4, <i32>indices)
}

/**
 * value[r] = Σ over the stored columns of row r of weight · log softmax(logits)[r, column]; logSumExp[r] is kept for the gradient.
 * @param logits [rows, cols] float32
 * @param weights one for each stored entry; 0 for weights of 1
 */
export function likelihood(
  logits: usize,
  rows: i32,
  cols: i32,
  indptr: usize,
  indices: usize,
  weights: usize,
  value: usize,
  logSumExp: usize,
): void {
  setRows(logits, rows, cols, indptr, indices)
  setInt(5, <i32>weights)
  setInt(6, <i32>value)
  setInt(7, <i32>logSumExp)
  run(LIKELIHOOD, (rows + CHUNK - 1) / CHUNK)
}

export function likelihoodChunk(chunk: i32): void {
  const cols = intAt(2)
  const last = min<i32>(intAt(1), (chunk + 1) * CHUNK)
  for (let row = chunk * CHUNK; row < last; row++) {
    const at = (<usize>row) << 2
    const logits = addressAt(0) + at * cols
    const total = logSumExpOf(logits, cols)
    const indptr = addressAt(3) + at
    const indices = addressAt(4)
    const weights = addressAt(5)
    const from = load<i32>(indptr)
    const to = load<i32>(indptr, 4)
    let stored: f32 = 0
    for (let entry = from; entry < to; entry++)
      stored += weightAt(weights, entry) * load<f32>(cellOf(logits, indices, entry))
    store<f32>(addressAt(6) + at, stored - weightOf(weights, from, to) * total)
    store<f32>(addressAt(7) + at, total)
  }
}

/** Where the cell of a stored entry lies in a dense row. */
function cellOf(row: usize, indices: usize, entry: i32): usize {
  return row + ((<usize>load<i32>(indices + ((<usize>entry) << 2))) << 2)
}

/** What is given for a stored entry. */
function givenAt(values: usize, entry: i32): f32 {
  return load<f32>(values + ((<usize>entry) << 2))
}

function weightAt(weights: usize, entry: i32): f32 {
  return weights == 0 ? 1 : givenAt(weights, entry)
}

/** The sum of the weights of entries. */
function weightOf(weights: usize, from: i32, to: i32): f32 {
  if (weights == 0) return <f32>(to - from)
  let sum: f32 = 0
  for (let entry = from; entry < to; entry++) sum += givenAt(weights, entry)
  return sum
}

/** log Σ exp of `cols` values, the largest taken out first. */
function logSumExpOf(x: usize, cols: i32): f32 {
  const end = x + ((<usize>cols) << 2)
  const fours = x + (((<usize>cols) << 2) & ~63)
  const kept = registers()
  let m0 = f32x4.splat(-Infinity)
  let m1 = f32x4.splat(-Infinity)
  let m2 = f32x4.splat(-Infinity)
  let m3 = f32x4.splat(-Infinity)
  let at = x
  for (; at < fours; at += 64) {
    m0 = f32x4.pmax(m0, v128.load(at))
    m1 = f32x4.pmax(m1, v128.load(at, 16))
    m2 = f32x4.pmax(m2, v128.load(at, 32))
    m3 = f32x4.pmax(m3, v128.load(at, 48))
  }
  v128.store(kept, m0)
  v128.store(kept, m1, 16)
  v128.store(kept, m2, 32)
  v128.store(kept, m3, 48)
  let largest = maxLanes(
    f32x4.max(f32x4.max(v128.load(kept), v128.load(kept, 16)), f32x4.max(v128.load(kept, 32), v128.load(kept, 48))),
  )
  for (; at < end; at += 4) largest = max<f32>(largest, load<f32>(at))

  const largests = f32x4.splat(largest)
  let s0 = f32x4.splat(0)
  let s1 = f32x4.splat(0)
  let s2 = f32x4.splat(0)
  let s3 = f32x4.splat(0)
  at = x
  for (; at < fours; at += 64) {
    s0 = f32x4.add(s0, exp4(f32x4.sub(v128.load(at), largests)))
    s1 = f32x4.add(s1, exp4(f32x4.sub(v128.load(at, 16), largests)))
    s2 = f32x4.add(s2, exp4(f32x4.sub(v128.load(at, 32), largests)))
    s3 = f32x4.add(s3, exp4(f32x4.sub(v128.load(at, 48), largests)))
  }
  v128.store(kept, s0)
  v128.store(kept, s1, 16)
  v128.store(kept, s2, 32)
  v128.store(kept, s3, 48)
  let sum = sumLanes(
    f32x4.add(f32x4.add(v128.load(kept), v128.load(kept, 16)), f32x4.add(v128.load(kept, 32), v128.load(kept, 48))),
  )
  for (; at < end; at += 4) sum += exp32(load<f32>(at) - largest)
  return largest + log32(sum)
}

/** out = dy[r] · (weight − Σ weights · softmax), the gradient of `likelihood` in the logits, [rows, cols]. */
export function likelihoodGradient(
  logits: usize,
  rows: i32,
  cols: i32,
  indptr: usize,
  indices: usize,
  weights: usize,
  dy: usize,
  logSumExp: usize,
  out: usize,
): void {
  setRows(logits, rows, cols, indptr, indices)
  setInt(5, <i32>weights)
  setInt(6, <i32>dy)
  setInt(7, <i32>logSumExp)
  setInt(8, <i32>out)
  run(LIKELIHOOD_GRADIENT, (rows + CHUNK - 1) / CHUNK)
}

export function likelihoodGradientChunk(chunk: i32): void {
  const cols = intAt(2)
  const last = min<i32>(intAt(1), (chunk + 1) * CHUNK)
  for (let row = chunk * CHUNK; row < last; row++) {
    const at = (<usize>row) << 2
    const indptr = addressAt(3) + at
    const indices = addressAt(4)
    const weights = addressAt(5)
    const from = load<i32>(indptr)
    const to = load<i32>(indptr, 4)
    const dy = load<f32>(addressAt(6) + at)
    const out = addressAt(8) + at * cols
    expRow(addressAt(0) + at * cols, cols, load<f32>(addressAt(7) + at), -dy * weightOf(weights, from, to), out)
    for (let entry = from; entry < to; entry++) {
      const cell = cellOf(out, indices, entry)
      store<f32>(cell, load<f32>(cell) + dy * weightAt(weights, entry))
    }
  }
}

/**
 * value[r] = Σ over the stored columns of row r of weight · log softmax, the softmax being among these columns alone.
 * @param logits [rows, cols] float32
 * @param weights one for each stored entry
 */
export function exposedLikelihood(
  logits: usize,
  rows: i32,
  cols: i32,
  indptr: usize,
  indices: usize,
  weights: usize,
  value: usize,
): void {
  setRows(logits, rows, cols, indptr, indices)
  setInt(5, <i32>weights)
  setInt(6, <i32>value)
  run(EXPOSED_LIKELIHOOD, (rows + CHUNK - 1) / CHUNK)
}

export function exposedLikelihoodChunk(chunk: i32): void {
  const cols = intAt(2)
  const last = min<i32>(intAt(1), (chunk + 1) * CHUNK)
  for (let row = chunk * CHUNK; row < last; row++) {
    const at = (<usize>row) << 2
    const logits = addressAt(0) + at * cols
    const indptr = addressAt(3) + at
    const indices = addressAt(4)
    const weights = addressAt(5)
    const from = load<i32>(indptr)
    const to = load<i32>(indptr, 4)
    const largest = largestStored(logits, indices, from, to)
    let stored: f32 = 0
    let sum: f32 = 0
    for (let entry = from; entry < to; entry++) {
      const x = load<f32>(cellOf(logits, indices, entry)) - largest
      stored += givenAt(weights, entry) * x
      sum += exp32(x)
    }
    store<f32>(addressAt(6) + at, from < to ? stored - weightOf(weights, from, to) * log32(sum) : 0)
  }
}

/** The largest of a row's stored values; -infinity where none is stored. */
function largestStored(row: usize, indices: usize, from: i32, to: i32): f32 {
  let largest: f32 = -Infinity
  for (let entry = from; entry < to; entry++) largest = max<f32>(largest, load<f32>(cellOf(row, indices, entry)))
  return largest
}

function exp32(x: f32): f32 {
  return f32x4.extract_lane(exp4(f32x4.splat(x)), 0)
}

/** out = dy[r] · (weight − Σ weights · softmax) where an entry is stored, 0 elsewhere: the gradient of `exposedLikelihood`, [rows, cols]. */
export function exposedLikelihoodGradient(
  logits: usize,
  rows: i32,
  cols: i32,
  indptr: usize,
  indices: usize,
  weights: usize,
  dy: usize,
  out: usize,
): void {
  setRows(logits, rows, cols, indptr, indices)
  setInt(5, <i32>weights)
  setInt(6, <i32>dy)
  setInt(7, <i32>out)
  run(EXPOSED_LIKELIHOOD_GRADIENT, (rows + CHUNK - 1) / CHUNK)
}

export function exposedLikelihoodGradientChunk(chunk: i32): void {
  const cols = intAt(2)
  const last = min<i32>(intAt(1), (chunk + 1) * CHUNK)
  for (let row = chunk * CHUNK; row < last; row++) {
    const at = (<usize>row) << 2
    const logits = addressAt(0) + at * cols
    const indptr = addressAt(3) + at
    const indices = addressAt(4)
    const weights = addressAt(5)
    const from = load<i32>(indptr)
    const to = load<i32>(indptr, 4)
    const dy = load<f32>(addressAt(6) + at)
    const out = addressAt(7) + at * cols
    memory.fill(out, 0, (<usize>cols) << 2)
    const largest = largestStored(logits, indices, from, to)
    let sum: f32 = 0
    for (let entry = from; entry < to; entry++) {
      const e = exp32(load<f32>(cellOf(logits, indices, entry)) - largest)
      store<f32>(cellOf(out, indices, entry), e)
      sum += e
    }
    const factor = weightOf(weights, from, to) / sum
    for (let entry = from; entry < to; entry++) {
      const cell = cellOf(out, indices, entry)
      store<f32>(cell, dy * (givenAt(weights, entry) - factor * load<f32>(cell)))
    }
  }
}

/** out = factor · exp(x − shift). */
function expRow(x: usize, cols: i32, shift: f32, factor: f32, out: usize): void {
  const shifts = f32x4.splat(shift)
  const factors = f32x4.splat(factor)
  const end = (<usize>cols) << 2
  const fours = end & ~63
  let at: usize = 0
  for (; at < fours; at += 64) {
    const e0 = f32x4.mul(exp4(f32x4.sub(v128.load(x + at), shifts)), factors)
    const e1 = f32x4.mul(exp4(f32x4.sub(v128.load(x + at, 16), shifts)), factors)
    const e2 = f32x4.mul(exp4(f32x4.sub(v128.load(x + at, 32), shifts)), factors)
    const e3 = f32x4.mul(exp4(f32x4.sub(v128.load(x + at, 48), shifts)), factors)
    v128.store(out + at, e0)
    v128.store(out + at, e1, 16)
    v128.store(out + at, e2, 32)
    v128.store(out + at, e3, 48)
  }
  for (; at < end; at += 4) store<f32>(out + at, exp32(load<f32>(x + at) - shift) * factor)
}

/**
 * value[r] = Σ of the stored logits of row r − Σ over all its columns of log(1 + exp(logit)).
 * @param logits [rows, cols] float32
 */
export function bernoulli(logits: usize, rows: i32, cols: i32, indptr: usize, indices: usize, value: usize): void {
  setRows(logits, rows, cols, indptr, indices)
  setInt(5, <i32>value)
  run(BERNOULLI, (rows + CHUNK - 1) / CHUNK)
}

export function bernoulliChunk(chunk: i32): void {
  const cols = intAt(2)
  const last = min<i32>(intAt(1), (chunk + 1) * CHUNK)
  for (let row = chunk * CHUNK; row < last; row++) {
    const at = (<usize>row) << 2
    const logits = addressAt(0) + at * cols
    const indptr = addressAt(3) + at
    const to = load<i32>(indptr, 4)
    let stored: f32 = 0
    for (let entry = load<i32>(indptr); entry < to; entry++) stored += load<f32>(cellOf(logits, addressAt(4), entry))
    store<f32>(addressAt(5) + at, stored - softplusSum(logits, cols))
  }
}

/** max(x, 0) + log(1 + exp(−|x|)). */
function softplus(x: v128): v128 {
  return f32x4.add(f32x4.pmax(x, f32x4.splat(0)), logOnePlus4(exp4(f32x4.neg(f32x4.abs(x)))))
}

function softplusSum(x: usize, cols: i32): f32 {
  const end = x + ((<usize>cols) << 2)
  const fours = x + (((<usize>cols) << 2) & ~63)
  const kept = registers()
  let s0 = f32x4.splat(0)
  let s1 = f32x4.splat(0)
  let s2 = f32x4.splat(0)
  let s3 = f32x4.splat(0)
  let at = x
  for (; at < fours; at += 64) {
    s0 = f32x4.add(s0, softplus(v128.load(at)))
    s1 = f32x4.add(s1, softplus(v128.load(at, 16)))
    s2 = f32x4.add(s2, softplus(v128.load(at, 32)))
    s3 = f32x4.add(s3, softplus(v128.load(at, 48)))
  }
  v128.store(kept, s0)
  v128.store(kept, s1, 16)
  v128.store(kept, s2, 32)
  v128.store(kept, s3, 48)
  let sum = sumLanes(
    f32x4.add(f32x4.add(v128.load(kept), v128.load(kept, 16)), f32x4.add(v128.load(kept, 32), v128.load(kept, 48))),
  )
  for (; at < end; at += 4) sum += f32x4.extract_lane(softplus(f32x4.splat(load<f32>(at))), 0)
  return sum
}

/** out = dy[r] · (stored − sigmoid), the gradient of `bernoulli` in the logits, [rows, cols]. */
export function bernoulliGradient(
  logits: usize,
  rows: i32,
  cols: i32,
  indptr: usize,
  indices: usize,
  dy: usize,
  out: usize,
): void {
  setRows(logits, rows, cols, indptr, indices)
  setInt(5, <i32>dy)
  setInt(6, <i32>out)
  run(BERNOULLI_GRADIENT, (rows + CHUNK - 1) / CHUNK)
}

export function bernoulliGradientChunk(chunk: i32): void {
  const cols = intAt(2)
  const last = min<i32>(intAt(1), (chunk + 1) * CHUNK)
  for (let row = chunk * CHUNK; row < last; row++) {
    const at = (<usize>row) << 2
    const indptr = addressAt(3) + at
    const to = load<i32>(indptr, 4)
    const dy = load<f32>(addressAt(5) + at)
    const out = addressAt(6) + at * cols
    sigmoidRow(addressAt(0) + at * cols, cols, -dy, out)
    for (let entry = load<i32>(indptr); entry < to; entry++) {
      const cell = cellOf(out, addressAt(4), entry)
      store<f32>(cell, load<f32>(cell) + dy)
    }
  }
}

function sigmoid(x: v128): v128 {
  return sigmoid4(x, exp4(f32x4.neg(f32x4.abs(x))))
}

/** out = factor · sigmoid(x). */
function sigmoidRow(x: usize, cols: i32, factor: f32, out: usize): void {
  const factors = f32x4.splat(factor)
  const end = (<usize>cols) << 2
  const fours = end & ~63
  let at: usize = 0
  for (; at < fours; at += 64) {
    const y0 = f32x4.mul(sigmoid(v128.load(x + at)), factors)
    const y1 = f32x4.mul(sigmoid(v128.load(x + at, 16)), factors)
    const y2 = f32x4.mul(sigmoid(v128.load(x + at, 32)), factors)
    const y3 = f32x4.mul(sigmoid(v128.load(x + at, 48)), factors)
    v128.store(out + at, y0)
    v128.store(out + at, y1, 16)
    v128.store(out + at, y2, 32)
    v128.store(out + at, y3, 48)
  }
  for (; at < end; at += 4)
    store<f32>(out + at, f32x4.extract_lane(sigmoid(f32x4.splat(load<f32>(x + at))), 0) * factor)
}

/**
 * value[r] = Σ over the stored entries of row r of (x − target)².
 * @param x [rows, cols] float32
 * @param targets one for each stored entry
 */
export function squaredError(
  x: usize,
  rows: i32,
  cols: i32,
  indptr: usize,
  indices: usize,
  targets: usize,
  value: usize,
): void {
  setRows(x, rows, cols, indptr, indices)
  setInt(5, <i32>targets)
  setInt(6, <i32>value)
  run(SQUARED_ERROR, (rows + CHUNK - 1) / CHUNK)
}

export function squaredErrorChunk(chunk: i32): void {
  const cols = intAt(2)
  const last = min<i32>(intAt(1), (chunk + 1) * CHUNK)
  for (let row = chunk * CHUNK; row < last; row++) {
    const at = (<usize>row) << 2
    const x = addressAt(0) + at * cols
    const indptr = addressAt(3) + at
    const to = load<i32>(indptr, 4)
    let sum: f32 = 0
    for (let entry = load<i32>(indptr); entry < to; entry++) {
      const error = load<f32>(cellOf(x, addressAt(4), entry)) - givenAt(addressAt(5), entry)
      sum += error * error
    }
    store<f32>(addressAt(6) + at, sum)
  }
}

/** out = 2 · dy[r] · (x − target) where an entry is stored, 0 elsewhere: the gradient of `squaredError`, [rows, cols]. */
export function squaredErrorGradient(
  x: usize,
  rows: i32,
  cols: i32,
  indptr: usize,
  indices: usize,
  targets: usize,
  dy: usize,
  out: usize,
): void {
  setRows(x, rows, cols, indptr, indices)
  setInt(5, <i32>targets)
  setInt(6, <i32>dy)
  setInt(7, <i32>out)
  run(SQUARED_ERROR_GRADIENT, (rows + CHUNK - 1) / CHUNK)
}

export function squaredErrorGradientChunk(chunk: i32): void {
  const cols = intAt(2)
  const last = min<i32>(intAt(1), (chunk + 1) * CHUNK)
  for (let row = chunk * CHUNK; row < last; row++) {
    const at = (<usize>row) << 2
    const x = addressAt(0) + at * cols
    const indptr = addressAt(3) + at
    const to = load<i32>(indptr, 4)
    const factor = load<f32>(addressAt(6) + at) * 2
    const out = addressAt(7) + at * cols
    memory.fill(out, 0, (<usize>cols) << 2)
    for (let entry = load<i32>(indptr); entry < to; entry++) {
      const error = load<f32>(cellOf(x, addressAt(4), entry)) - givenAt(addressAt(5), entry)
      store<f32>(cellOf(out, addressAt(4), entry), factor * error)
    }
  }
}

/** out = log softmax of every row of x [rows, cols]; `out` may be `x`. */
export function logSoftmax(x: usize, rows: i32, cols: i32, out: usize): void {
  setInt(0, <i32>x)
  setInt(1, rows)
  setInt(2, cols)
  setInt(3, <i32>out)
  run(LOG_SOFTMAX, (rows + CHUNK - 1) / CHUNK)
}

export function logSoftmaxChunk(chunk: i32): void {
  const cols = intAt(2)
  const end = (<usize>cols) << 2
  const pairs = end & ~31
  const last = min<i32>(intAt(1), (chunk + 1) * CHUNK)
  for (let row = chunk * CHUNK; row < last; row++) {
    const x = addressAt(0) + ((<usize>row * cols) << 2)
    const out = addressAt(3) + ((<usize>row * cols) << 2)
    const total = logSumExpOf(x, cols)
    const totals = f32x4.splat(total)
    let at: usize = 0
    for (; at < pairs; at += 32) {
      const y0 = f32x4.sub(v128.load(x + at), totals)
      const y1 = f32x4.sub(v128.load(x + at, 16), totals)
      v128.store(out + at, y0)
      v128.store(out + at, y1, 16)
    }
    for (; at < end; at += 4) store<f32>(out + at, load<f32>(x + at) - total)
  }
}
