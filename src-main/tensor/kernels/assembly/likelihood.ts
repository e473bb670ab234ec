// The multinomial log-likelihood of binary rows under logits, and its gradient; log-softmax by the same pieces. One row at a time.
import { exp4, maxLanes, sumLanes } from './math'
import { addressAt, intAt, registers, run, setInt, LIKELIHOOD, LIKELIHOOD_GRADIENT, LOG_SOFTMAX } from './pool'
import { log32 } from './noise'

/** Rows of a chunk. */
const CHUNK: i32 = 4

/**
 * value[r] = Σ over the stored columns of row r of log softmax(logits)[r, column]; logSumExp[r] is kept for the gradient.
 * @param logits [rows, cols] float32
 */
export function likelihood(
  logits: usize,
  rows: i32,
  cols: i32,
  indptr: usize,
  indices: usize,
  value: usize,
  logSumExp: usize,
): void {
  setInt(0, <i32>logits)
  setInt(1, rows)
  setInt(2, cols)
  setInt(3, <i32>indptr)
  setInt(4, <i32>indices)
  setInt(5, <i32>value)
  setInt(6, <i32>logSumExp)
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
    const from = load<i32>(indptr)
    const to = load<i32>(indptr, 4)
    let stored: f32 = 0
    for (let entry = from; entry < to; entry++)
      stored += load<f32>(logits + ((<usize>load<i32>(indices + ((<usize>entry) << 2))) << 2))
    store<f32>(addressAt(5) + at, stored - <f32>(to - from) * total)
    store<f32>(addressAt(6) + at, total)
  }
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
  for (; at < end; at += 4) sum += f32x4.extract_lane(exp4(f32x4.splat(load<f32>(at) - largest)), 0)
  return largest + log32(sum)
}

/** out = dy[r] · (stored − count · softmax), the gradient of `likelihood` in the logits, [rows, cols]. */
export function likelihoodGradient(
  logits: usize,
  rows: i32,
  cols: i32,
  indptr: usize,
  indices: usize,
  dy: usize,
  logSumExp: usize,
  out: usize,
): void {
  setInt(0, <i32>logits)
  setInt(1, rows)
  setInt(2, cols)
  setInt(3, <i32>indptr)
  setInt(4, <i32>indices)
  setInt(5, <i32>dy)
  setInt(6, <i32>logSumExp)
  setInt(7, <i32>out)
  run(LIKELIHOOD_GRADIENT, (rows + CHUNK - 1) / CHUNK)
}

export function likelihoodGradientChunk(chunk: i32): void {
  const cols = intAt(2)
  const last = min<i32>(intAt(1), (chunk + 1) * CHUNK)
  for (let row = chunk * CHUNK; row < last; row++) {
    const at = (<usize>row) << 2
    const indptr = addressAt(3) + at
    const indices = addressAt(4)
    const from = load<i32>(indptr)
    const to = load<i32>(indptr, 4)
    const dy = load<f32>(addressAt(5) + at)
    const out = addressAt(7) + at * cols
    expRow(addressAt(0) + at * cols, cols, load<f32>(addressAt(6) + at), -dy * <f32>(to - from), out)
    for (let entry = from; entry < to; entry++) {
      const cell = out + ((<usize>load<i32>(indices + ((<usize>entry) << 2))) << 2)
      store<f32>(cell, load<f32>(cell) + dy)
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
  for (; at < end; at += 4)
    store<f32>(out + at, f32x4.extract_lane(exp4(f32x4.splat(load<f32>(x + at) - shift)), 0) * factor)
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
