// Bounds on products of a matrix with many columns, by which most of the columns need not be multiplied: see `tensor/rank.ts`, which derives them.
import { madd } from './math'
import { addressAt, floatAt, intAt, run, setFloat, setInt } from './pool'
import { COLUMN_BOUNDS, GATHER_COLUMNS, SAMPLED_MEANS, SURVIVORS } from './pool'

/** Rows of a chunk, where chunks are of rows. */
const ROWS: i32 = 8
/** Columns of a sample that lie side by side: a cache line. */
const SAMPLE: i32 = 16

/**
 * out[rows] = for each row of w [rows, cols] about the mean of its values: that of SAMPLE of every `step` columns.
 * @param step at least SAMPLE
 */
export function sampledMeans(w: usize, rows: i32, cols: i32, step: i32, out: usize): void {
  setInt(0, <i32>w)
  setInt(1, rows)
  setInt(2, cols)
  setInt(3, step)
  setInt(4, <i32>out)
  run(SAMPLED_MEANS, (rows + ROWS - 1) / ROWS)
}

export function sampledMeansChunk(chunk: i32): void {
  const cols = intAt(2)
  const step = intAt(3)
  const last = min<i32>(intAt(1), (chunk + 1) * ROWS)
  for (let row = chunk * ROWS; row < last; row++) {
    const w = addressAt(0) + ((<usize>row * cols) << 2)
    let sum: f32 = 0
    let count: i32 = 0
    for (let from = 0; from < cols; from += step) {
      const to = min<i32>(cols, from + SAMPLE)
      count += to - from
      for (let column = from; column < to; column++) sum += load<f32>(w + ((<usize>column) << 2))
    }
    store<f32>(addressAt(4) + ((<usize>row) << 2), sum / <f32>max<i32>(1, count))
  }
}

/** Columns of a chunk: their sums stay in the first-level cache, and what is read of a row is long enough to be fetched ahead. */
const COLUMNS: i32 = 512

/**
 * Of the columns of w [rows, cols]: base = start + centre · column, squares = |column − mean|². One pass over w.
 * @param start [cols] float32; `centre` and `mean` [rows]
 * @param base [cols] float32 and `squares` [cols]
 */
export function columnBounds(
  w: usize,
  rows: i32,
  cols: i32,
  start: usize,
  centre: usize,
  mean: usize,
  base: usize,
  squares: usize,
): void {
  setInt(0, <i32>w)
  setInt(1, rows)
  setInt(2, cols)
  setInt(3, <i32>start)
  setInt(4, <i32>centre)
  setInt(5, <i32>mean)
  setInt(6, <i32>base)
  setInt(7, <i32>squares)
  run(COLUMN_BOUNDS, (cols + COLUMNS - 1) / COLUMNS)
}

export function columnBoundsChunk(chunk: i32): void {
  const rows = intAt(1)
  const cols = intAt(2)
  const stride = (<usize>cols) << 2
  const first = chunk * COLUMNS
  const width = min<i32>(cols - first, COLUMNS)
  const offset = (<usize>first) << 2
  const bytes = (<usize>width) << 2
  const base = addressAt(6) + offset
  const squares = addressAt(7) + offset
  memory.copy(base, addressAt(3) + offset, bytes)
  memory.fill(squares, 0, bytes)
  let row: i32 = 0
  for (; row + 4 <= rows; row += 4)
    addFour(addressAt(0) + <usize>row * stride + offset, stride, bytes, row, base, squares)
  for (; row < rows; row++) {
    const w = addressAt(0) + <usize>row * stride + offset
    for (let at: usize = 0; at < bytes; at += 4) addCell(w + at, row, base + at, squares + at)
  }
}

/** What one cell of w adds. */
function addCell(w: usize, row: i32, base: usize, square: usize): void {
  const at = (<usize>row) << 2
  const x = v128.load_splat<f32>(w)
  const y = f32x4.sub(x, v128.load_splat<f32>(addressAt(5) + at))
  const sum = madd(v128.load_splat<f32>(addressAt(4) + at), x, v128.load_splat<f32>(base))
  store<f32>(base, f32x4.extract_lane(sum, 0))
  store<f32>(square, f32x4.extract_lane(madd(y, y, v128.load_splat<f32>(square)), 0))
}

/** What four rows of w add. */
function addFour(w: usize, stride: usize, bytes: usize, row: i32, base: usize, squares: usize): void {
  const centre = addressAt(4) + ((<usize>row) << 2)
  const mean = addressAt(5) + ((<usize>row) << 2)
  const c0 = v128.load_splat<f32>(centre)
  const c1 = v128.load_splat<f32>(centre, 4)
  const c2 = v128.load_splat<f32>(centre, 8)
  const c3 = v128.load_splat<f32>(centre, 12)
  const m0 = v128.load_splat<f32>(mean)
  const m1 = v128.load_splat<f32>(mean, 4)
  const m2 = v128.load_splat<f32>(mean, 8)
  const m3 = v128.load_splat<f32>(mean, 12)
  const pairs = bytes & ~31
  let at: usize = 0
  for (; at < pairs; at += 32) {
    let x = w + at
    let s0 = v128.load(base + at)
    let s1 = v128.load(base + at, 16)
    let q0 = v128.load(squares + at)
    let q1 = v128.load(squares + at, 16)
    let x0 = v128.load(x)
    let x1 = v128.load(x, 16)
    s0 = madd(c0, x0, s0)
    s1 = madd(c0, x1, s1)
    let y0 = f32x4.sub(x0, m0)
    let y1 = f32x4.sub(x1, m0)
    q0 = madd(y0, y0, q0)
    q1 = madd(y1, y1, q1)
    x += stride
    x0 = v128.load(x)
    x1 = v128.load(x, 16)
    s0 = madd(c1, x0, s0)
    s1 = madd(c1, x1, s1)
    y0 = f32x4.sub(x0, m1)
    y1 = f32x4.sub(x1, m1)
    q0 = madd(y0, y0, q0)
    q1 = madd(y1, y1, q1)
    x += stride
    x0 = v128.load(x)
    x1 = v128.load(x, 16)
    s0 = madd(c2, x0, s0)
    s1 = madd(c2, x1, s1)
    y0 = f32x4.sub(x0, m2)
    y1 = f32x4.sub(x1, m2)
    q0 = madd(y0, y0, q0)
    q1 = madd(y1, y1, q1)
    x += stride
    x0 = v128.load(x)
    x1 = v128.load(x, 16)
    s0 = madd(c3, x0, s0)
    s1 = madd(c3, x1, s1)
    y0 = f32x4.sub(x0, m3)
    y1 = f32x4.sub(x1, m3)
    q0 = madd(y0, y0, q0)
    q1 = madd(y1, y1, q1)
    v128.store(base + at, s0)
    v128.store(base + at, s1, 16)
    v128.store(squares + at, q0)
    v128.store(squares + at, q1, 16)
  }
  for (; at < bytes; at += 4)
    for (let below = 0; below < 4; below++)
      addCell(w + <usize>below * stride + at, row + below, base + at, squares + at)
}

/** Items of a chunk. */
const ITEMS: i32 = 256

/**
 * out[item] = −1 where upper[item] + distances[user] · radii[item] ≥ thresholds[user] for any of the users, else 0.
 * @param items a multiple of 8: upper, radii float32 and out int32 are so long
 * @param furthest the largest distance, and `lowest` the least threshold: what passes neither for these passes for nobody
 */
export function survivors(
  upper: usize,
  radii: usize,
  items: i32,
  distances: usize,
  thresholds: usize,
  users: i32,
  furthest: f32,
  lowest: f32,
  out: usize,
): void {
  setInt(0, <i32>upper)
  setInt(1, <i32>radii)
  setInt(2, items)
  setInt(3, <i32>distances)
  setInt(4, <i32>thresholds)
  setInt(5, users)
  setFloat(6, furthest)
  setFloat(7, lowest)
  setInt(8, <i32>out)
  run(SURVIVORS, (items + ITEMS - 1) / ITEMS)
}

export function survivorsChunk(chunk: i32): void {
  const distances = addressAt(3)
  const thresholds = addressAt(4)
  const users = (<usize>intAt(5)) << 2
  const furthest = f32x4.splat(floatAt(6))
  const lowest = f32x4.splat(floatAt(7))
  const last = min<i32>(intAt(2), (chunk + 1) * ITEMS)
  for (let item = chunk * ITEMS; item < last; item += 8) {
    const at = (<usize>item) << 2
    const p0 = v128.load(addressAt(0) + at)
    const p1 = v128.load(addressAt(0) + at, 16)
    const r0 = v128.load(addressAt(1) + at)
    const r1 = v128.load(addressAt(1) + at, 16)
    let alive0 = f32x4.ge(madd(furthest, r0, p0), lowest)
    let alive1 = f32x4.ge(madd(furthest, r1, p1), lowest)
    if (v128.any_true(v128.or(alive0, alive1))) {
      alive0 = f32x4.splat(0)
      alive1 = f32x4.splat(0)
      for (let user: usize = 0; user < users; user += 4) {
        const d = v128.load_splat<f32>(distances + user)
        const t = v128.load_splat<f32>(thresholds + user)
        alive0 = v128.or(alive0, f32x4.ge(madd(d, r0, p0), t))
        alive1 = v128.or(alive1, f32x4.ge(madd(d, r1, p1), t))
      }
    }
    v128.store(addressAt(8) + at, alive0)
    v128.store(addressAt(8) + at, alive1, 16)
  }
}

/** out[rows, count] = the given columns of w [rows, cols]. */
export function gatherColumns(w: usize, rows: i32, cols: i32, columns: usize, count: i32, out: usize): void {
  setInt(0, <i32>w)
  setInt(1, rows)
  setInt(2, cols)
  setInt(3, <i32>columns)
  setInt(4, count)
  setInt(5, <i32>out)
  run(GATHER_COLUMNS, (rows + ROWS - 1) / ROWS)
}

export function gatherColumnsChunk(chunk: i32): void {
  const cols = intAt(2)
  const columns = addressAt(3)
  const count = intAt(4)
  const bytes = (<usize>count) << 2
  const last = min<i32>(intAt(1), (chunk + 1) * ROWS)
  for (let row = chunk * ROWS; row < last; row++) {
    const w = addressAt(0) + ((<usize>row * cols) << 2)
    const out = addressAt(5) + <usize>row * bytes
    for (let at: usize = 0; at < bytes; at += 4)
      store<f32>(out + at, load<f32>(w + ((<usize>load<i32>(columns + at)) << 2)))
  }
}
