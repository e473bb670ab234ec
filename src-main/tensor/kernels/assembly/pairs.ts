// Training on single (user, item) pairs: neural collaborative filtering and matrix factorisation on small batches, where the way to a kernel
// would cost more than its arithmetic. Everything lies in fixed buffers that `kernels/pair-kernels.ts` lays out; one thread computes.
//
// Matrices are row-major float32. Columns of dense layers are padded to a multiple of 8 and rows of a batch to one of ROWS, so that every tile
// is whole. Padding is written and never read: inner sums run over the real sizes only, so that what is not finite stays where it is.
// Sums over a batch run in its order, so that bits repeat.
import { stepValues } from './adam'
import { exp4, logOnePlus4, madd, sigmoid4, sumLanes } from './math'

/** Rows of a tile. */
const ROWS: i32 = 4
/** Columns of a tile: two vectors, side by side. */
const COLUMNS: i32 = 8

/** out[at, 0 … width) = table[rows[at], :] for `count` rows; rows of `out` are `stride` values apart. */
export function pairsGather(table: usize, width: i32, rows: usize, count: i32, out: usize, stride: i32): void {
  const bytes = (<usize>width) << 2
  const whole = bytes & ~31
  for (let at = 0; at < count; at++) {
    const from = table + <usize>load<i32>(rows + ((<usize>at) << 2)) * bytes
    let byte: usize = 0
    for (; byte < whole; byte += 32) {
      const a = v128.load(from + byte)
      const b = v128.load(from + byte, 16)
      v128.store(out + byte, a)
      v128.store(out + byte, b, 16)
    }
    for (; byte < bytes; byte += 4) store<f32>(out + byte, load<f32>(from + byte))
    out += (<usize>stride) << 2
  }
}

/** table[rows[at], :] += x[at, 0 … width) for `count` rows in their order: the gradient of `pairsGather`. */
export function pairsScatter(table: usize, width: i32, rows: usize, count: i32, x: usize, stride: i32): void {
  const bytes = (<usize>width) << 2
  const whole = bytes & ~31
  for (let at = 0; at < count; at++) {
    const to = table + <usize>load<i32>(rows + ((<usize>at) << 2)) * bytes
    let byte: usize = 0
    for (; byte < whole; byte += 32) {
      const a = f32x4.add(v128.load(to + byte), v128.load(x + byte))
      const b = f32x4.add(v128.load(to + byte, 16), v128.load(x + byte, 16))
      v128.store(to + byte, a)
      v128.store(to + byte, b, 16)
    }
    for (; byte < bytes; byte += 4) store<f32>(to + byte, load<f32>(to + byte) + load<f32>(x + byte))
    x += (<usize>stride) << 2
  }
}

/** table[rows[at], :] = 0 for `count` rows. */
export function pairsClear(table: usize, width: i32, rows: usize, count: i32): void {
  const bytes = (<usize>width) << 2
  const whole = bytes & ~31
  const zero = f32x4.splat(0)
  for (let at = 0; at < count; at++) {
    const to = table + <usize>load<i32>(rows + ((<usize>at) << 2)) * bytes
    let byte: usize = 0
    for (; byte < whole; byte += 32) {
      v128.store(to + byte, zero)
      v128.store(to + byte, zero, 16)
    }
    for (; byte < bytes; byte += 4) store<f32>(to + byte, 0)
  }
}

/** to[at · toStride] = from[at · fromStride]: a column between two strides. */
export function pairsColumn(from: usize, fromStride: i32, to: usize, toStride: i32, count: i32): void {
  for (let at = 0; at < count; at++) {
    store<f32>(to, load<f32>(from))
    from += (<usize>fromStride) << 2
    to += (<usize>toStride) << 2
  }
}

/**
 * out [rows, columns] = max(x [rows, inner] · weight [inner, columns] + bias [columns], least).
 * @param stride values from a row of x to the next
 * @param columns a multiple of 8
 * @param rows raised to a multiple of 4: so many lie in x and out
 * @param least 0 for ReLU, -infinity for a linear layer; NaN stays NaN
 */
export function pairsDense(
  x: usize,
  stride: i32,
  inner: i32,
  weight: usize,
  bias: usize,
  columns: i32,
  out: usize,
  rows: i32,
  least: f32,
): void {
  const xStride = (<usize>stride) << 2
  const outStride = (<usize>columns) << 2
  for (let column = 0; column < columns; column += COLUMNS) {
    const from = (<usize>column) << 2
    for (let row = 0; row < rows; row += ROWS)
      denseTile(
        x + <usize>row * xStride,
        xStride,
        inner,
        weight + from,
        bias + from,
        out + <usize>row * outStride + from,
        outStride,
        least,
      )
  }
}

/** Four rows of eight columns of a dense layer. */
function denseTile(
  x: usize,
  xStride: usize,
  inner: i32,
  weight: usize,
  bias: usize,
  out: usize,
  outStride: usize,
  least: f32,
): void {
  let c00 = v128.load(bias)
  let c01 = v128.load(bias, 16)
  let c10 = v128.load(bias)
  let c11 = v128.load(bias, 16)
  let c20 = v128.load(bias)
  let c21 = v128.load(bias, 16)
  let c30 = v128.load(bias)
  let c31 = v128.load(bias, 16)
  let x0 = x
  let x1 = x0 + xStride
  let x2 = x1 + xStride
  let x3 = x2 + xStride
  const end = x0 + ((<usize>inner) << 2)
  while (x0 < end) {
    const w0 = v128.load(weight)
    const w1 = v128.load(weight, 16)
    const a0 = v128.load_splat<f32>(x0)
    c00 = madd(a0, w0, c00)
    c01 = madd(a0, w1, c01)
    const a1 = v128.load_splat<f32>(x1)
    c10 = madd(a1, w0, c10)
    c11 = madd(a1, w1, c11)
    const a2 = v128.load_splat<f32>(x2)
    c20 = madd(a2, w0, c20)
    c21 = madd(a2, w1, c21)
    const a3 = v128.load_splat<f32>(x3)
    c30 = madd(a3, w0, c30)
    c31 = madd(a3, w1, c31)
    x0 += 4
    x1 += 4
    x2 += 4
    x3 += 4
    weight += outStride
  }
  const floor = f32x4.splat(least)
  v128.store(out, f32x4.pmax(c00, floor))
  v128.store(out, f32x4.pmax(c01, floor), 16)
  out += outStride
  v128.store(out, f32x4.pmax(c10, floor))
  v128.store(out, f32x4.pmax(c11, floor), 16)
  out += outStride
  v128.store(out, f32x4.pmax(c20, floor))
  v128.store(out, f32x4.pmax(c21, floor), 16)
  out += outStride
  v128.store(out, f32x4.pmax(c30, floor))
  v128.store(out, f32x4.pmax(c31, floor), 16)
}

/** out[column, row] = x[row, column] of the first `columns` columns; strides in values. */
export function pairsTranspose(x: usize, rows: i32, columns: i32, stride: i32, out: usize, outStride: i32): void {
  for (let row = 0; row < rows; row++) {
    let from = x + ((<usize>row * stride) << 2)
    let to = out + ((<usize>row) << 2)
    for (let column = 0; column < columns; column++) {
      store<f32>(to, load<f32>(from))
      from += 4
      to += (<usize>outStride) << 2
    }
  }
}

/** d = 0 where the rectified h is 0, in `length` values, a multiple of 8: the gradient of ReLU. Where h is NaN, d passes. */
export function pairsRectified(d: usize, h: usize, length: i32): void {
  const end = (<usize>length) << 2
  const zero = f32x4.splat(0)
  for (let at: usize = 0; at < end; at += 32) {
    const d0 = v128.andnot(v128.load(d + at), f32x4.le(v128.load(h + at), zero))
    const d1 = v128.andnot(v128.load(d + at, 16), f32x4.le(v128.load(h + at, 16), zero))
    v128.store(d + at, d0)
    v128.store(d + at, d1, 16)
  }
}

/**
 * weightGradient [inner, columns] = xᵀ · d and biasGradient [columns] = the sums of the columns of d, over `rows` rows.
 * @param stride values from a row of x to the next, at least `inner` raised to a multiple of 4
 * @param inner rows of the weight, raised to a multiple of 4: so many lie in `weightGradient`
 * @param columns a multiple of 8
 */
export function pairsDenseGradient(
  x: usize,
  stride: i32,
  inner: i32,
  d: usize,
  columns: i32,
  rows: i32,
  weightGradient: usize,
  biasGradient: usize,
): void {
  const xStride = (<usize>stride) << 2
  const dStride = (<usize>columns) << 2
  const end = d + <usize>rows * dStride
  for (let column = 0; column < columns; column += COLUMNS) {
    const from = (<usize>column) << 2
    for (let i = 0; i < inner; i += ROWS) {
      const out = weightGradient + <usize>i * dStride + from
      gradientTile(x + ((<usize>i) << 2), xStride, d + from, dStride, end, out)
    }
    let s0 = f32x4.splat(0)
    let s1 = f32x4.splat(0)
    for (let at = d + from; at < end; at += dStride) {
      s0 = f32x4.add(s0, v128.load(at))
      s1 = f32x4.add(s1, v128.load(at, 16))
    }
    v128.store(biasGradient + from, s0)
    v128.store(biasGradient + from, s1, 16)
  }
}

/** Four rows of eight columns of the gradient of a dense layer's weight. */
function gradientTile(x: usize, xStride: usize, d: usize, dStride: usize, end: usize, out: usize): void {
  let c00 = f32x4.splat(0)
  let c01 = f32x4.splat(0)
  let c10 = f32x4.splat(0)
  let c11 = f32x4.splat(0)
  let c20 = f32x4.splat(0)
  let c21 = f32x4.splat(0)
  let c30 = f32x4.splat(0)
  let c31 = f32x4.splat(0)
  while (d < end) {
    const d0 = v128.load(d)
    const d1 = v128.load(d, 16)
    const a0 = v128.load_splat<f32>(x)
    c00 = madd(a0, d0, c00)
    c01 = madd(a0, d1, c01)
    const a1 = v128.load_splat<f32>(x, 4)
    c10 = madd(a1, d0, c10)
    c11 = madd(a1, d1, c11)
    const a2 = v128.load_splat<f32>(x, 8)
    c20 = madd(a2, d0, c20)
    c21 = madd(a2, d1, c21)
    const a3 = v128.load_splat<f32>(x, 12)
    c30 = madd(a3, d0, c30)
    c31 = madd(a3, d1, c31)
    x += xStride
    d += dStride
  }
  v128.store(out, c00)
  v128.store(out, c01, 16)
  out += dStride
  v128.store(out, c10)
  v128.store(out, c11, 16)
  out += dStride
  v128.store(out, c20)
  v128.store(out, c21, 16)
  out += dStride
  v128.store(out, c30)
  v128.store(out, c31, 16)
}

/**
 * out[at] = Σ_j x[at, j] · x[at, width + j] + userBias[at] + itemBias[at] + bias: matrix factorisation over gathered rows.
 * @param x [count, stride] the rows of the users, and beside them those of the items
 */
export function pairsDot(
  x: usize,
  stride: i32,
  width: i32,
  userBias: usize,
  itemBias: usize,
  bias: usize,
  count: i32,
  out: usize,
): void {
  const bytes = (<usize>width) << 2
  const whole = bytes & ~15
  for (let at: usize = 0; at < (<usize>count) << 2; at += 4) {
    let sums = f32x4.splat(0)
    let byte: usize = 0
    for (; byte < whole; byte += 16) sums = madd(v128.load(x + byte), v128.load(x + bytes + byte), sums)
    let sum = sumLanes(sums)
    for (; byte < bytes; byte += 4) sum += load<f32>(x + byte) * load<f32>(x + bytes + byte)
    store<f32>(out + at, sum + load<f32>(userBias + at) + load<f32>(itemBias + at) + load<f32>(bias))
    x += (<usize>stride) << 2
  }
}

/** dx [count, stride], the gradient of `pairsDot` in x given that in its result, d; and the sum of d in biasGradient. */
export function pairsDotGradient(
  x: usize,
  stride: i32,
  width: i32,
  d: usize,
  count: i32,
  dx: usize,
  biasGradient: usize,
): void {
  const bytes = (<usize>width) << 2
  let sum: f32 = 0
  for (let at: usize = 0; at < (<usize>count) << 2; at += 4) {
    const own = load<f32>(d + at)
    sum += own
    for (let byte: usize = 0; byte < bytes; byte += 4) {
      store<f32>(dx + byte, own * load<f32>(x + bytes + byte))
      store<f32>(dx + bytes + byte, own * load<f32>(x + byte))
    }
    x += (<usize>stride) << 2
    dx += (<usize>stride) << 2
  }
  store<f32>(biasGradient, sum)
}

/**
 * losses = weight · (log(1 + exp(x)) − label · x), the weighted binary cross-entropy of logits x, and d = scale · its derivative in x.
 * Stable for every x: max(x, 0) − label · x + log(1 + exp(−|x|)).
 * The arrays hold `count` raised to a multiple of 8.
 * @returns scale · the sum of the losses, added in order in float64
 */
export function pairsCrossEntropy(
  logits: usize,
  labels: usize,
  weights: usize,
  count: i32,
  scale: f64,
  losses: usize,
  d: usize,
): f64 {
  const scales = f32x4.splat(<f32>scale)
  const zero = f32x4.splat(0)
  const bytes = (<usize>count) << 2
  for (let at: usize = 0; at < bytes; at += 16) {
    const x = v128.load(logits + at)
    const y = v128.load(labels + at)
    const w = v128.load(weights + at)
    const t = exp4(f32x4.neg(f32x4.abs(x)))
    const softplus = f32x4.add(f32x4.pmax(x, zero), logOnePlus4(t))
    v128.store(losses + at, f32x4.mul(w, f32x4.sub(softplus, f32x4.mul(x, y))))
    v128.store(d + at, f32x4.mul(f32x4.mul(w, scales), f32x4.sub(sigmoid4(x, t), y)))
  }
  let sum: f64 = 0
  for (let at: usize = 0; at < bytes; at += 4) sum += <f64>load<f32>(losses + at)
  return sum * scale
}

/**
 * One step of Adam over the named rows of a table only, each once however often it is named.
 * @param marks int32 for each row of the table: the number of the last step that moved it
 * @param step the number of this one
 */
export function pairsAdamRows(
  weight: usize,
  gradient: usize,
  first: usize,
  second: usize,
  width: i32,
  rows: usize,
  count: i32,
  marks: usize,
  step: i32,
  rate: f32,
  floor: f32,
  weightDecay: f32,
  beta1: f32,
  rest1: f32,
  beta2: f32,
  rest2: f32,
): void {
  for (let at = 0; at < count; at++) {
    const row = <usize>load<i32>(rows + ((<usize>at) << 2))
    const mark = marks + (row << 2)
    if (load<i32>(mark) == step) continue
    store<i32>(mark, step)
    const from = (row * <usize>width) << 2
    stepValues(
      weight + from,
      gradient + from,
      first + from,
      second + from,
      width,
      rate,
      floor,
      weightDecay,
      beta1,
      rest1,
      beta2,
      rest2,
    )
  }
}
