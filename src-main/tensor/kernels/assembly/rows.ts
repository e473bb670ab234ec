// Sums of stored rows: the product of sparse rows and a matrix, and, with the transposed pattern, its gradient.
import { addressAt, intAt, run, setInt, SUM_ROWS } from './pool'

/** Result rows a chunk computes. */
const CHUNK: i32 = 16

/**
 * out[r, :] = scale[r] · Σ over the stored columns c of row r of table[c, :], added in the order they are stored; an empty row gives zeros.
 * @param table [·, width] float32
 * @param indptr [rows + 1] int32, `indices` int32
 * @param scale [rows] float32, or 0 for none
 */
export function sumRows(
  table: usize,
  width: i32,
  indptr: usize,
  indices: usize,
  scale: usize,
  out: usize,
  rows: i32,
): void {
  setInt(0, <i32>table)
  setInt(1, width)
  setInt(2, <i32>indptr)
  setInt(3, <i32>indices)
  setInt(4, <i32>scale)
  setInt(5, <i32>out)
  setInt(6, rows)
  run(SUM_ROWS, (rows + CHUNK - 1) / CHUNK)
}

export function sumRowsChunk(chunk: i32): void {
  const width = intAt(1)
  const rows = intAt(6)
  const indptr = addressAt(2)
  const indices = addressAt(3)
  const scale = addressAt(4)
  const last = min<i32>(rows, (chunk + 1) * CHUNK)
  for (let row = chunk * CHUNK; row < last; row++) {
    const from = indices + ((<usize>load<i32>(indptr + ((<usize>row) << 2))) << 2)
    const to = indices + ((<usize>load<i32>(indptr + ((<usize>(row + 1)) << 2))) << 2)
    const factor: f32 = scale ? load<f32>(scale + ((<usize>row) << 2)) : 1
    sumRow(addressAt(0), width, from, to, factor, addressAt(5) + ((<usize>row * width) << 2))
  }
}

function sumRow(table: usize, width: i32, from: usize, to: usize, factor: f32, out: usize): void {
  const stride = (<usize>width) << 2
  const factors = f32x4.splat(factor)
  let column: i32 = 0
  for (; column + 64 <= width; column += 64) {
    const base = table + ((<usize>column) << 2)
    let s0 = f32x4.splat(0)
    let s1 = f32x4.splat(0)
    let s2 = f32x4.splat(0)
    let s3 = f32x4.splat(0)
    let s4 = f32x4.splat(0)
    let s5 = f32x4.splat(0)
    let s6 = f32x4.splat(0)
    let s7 = f32x4.splat(0)
    let s8 = f32x4.splat(0)
    let s9 = f32x4.splat(0)
    let s10 = f32x4.splat(0)
    let s11 = f32x4.splat(0)
    let s12 = f32x4.splat(0)
    let s13 = f32x4.splat(0)
    let s14 = f32x4.splat(0)
    let s15 = f32x4.splat(0)
    for (let at = from; at < to; at += 4) {
      const x = base + <usize>load<i32>(at) * stride
      s0 = f32x4.add(s0, v128.load(x))
      s1 = f32x4.add(s1, v128.load(x, 16))
      s2 = f32x4.add(s2, v128.load(x, 32))
      s3 = f32x4.add(s3, v128.load(x, 48))
      s4 = f32x4.add(s4, v128.load(x, 64))
      s5 = f32x4.add(s5, v128.load(x, 80))
      s6 = f32x4.add(s6, v128.load(x, 96))
      s7 = f32x4.add(s7, v128.load(x, 112))
      s8 = f32x4.add(s8, v128.load(x, 128))
      s9 = f32x4.add(s9, v128.load(x, 144))
      s10 = f32x4.add(s10, v128.load(x, 160))
      s11 = f32x4.add(s11, v128.load(x, 176))
      s12 = f32x4.add(s12, v128.load(x, 192))
      s13 = f32x4.add(s13, v128.load(x, 208))
      s14 = f32x4.add(s14, v128.load(x, 224))
      s15 = f32x4.add(s15, v128.load(x, 240))
    }
    const y = out + ((<usize>column) << 2)
    v128.store(y, f32x4.mul(s0, factors))
    v128.store(y, f32x4.mul(s1, factors), 16)
    v128.store(y, f32x4.mul(s2, factors), 32)
    v128.store(y, f32x4.mul(s3, factors), 48)
    v128.store(y, f32x4.mul(s4, factors), 64)
    v128.store(y, f32x4.mul(s5, factors), 80)
    v128.store(y, f32x4.mul(s6, factors), 96)
    v128.store(y, f32x4.mul(s7, factors), 112)
    v128.store(y, f32x4.mul(s8, factors), 128)
    v128.store(y, f32x4.mul(s9, factors), 144)
    v128.store(y, f32x4.mul(s10, factors), 160)
    v128.store(y, f32x4.mul(s11, factors), 176)
    v128.store(y, f32x4.mul(s12, factors), 192)
    v128.store(y, f32x4.mul(s13, factors), 208)
    v128.store(y, f32x4.mul(s14, factors), 224)
    v128.store(y, f32x4.mul(s15, factors), 240)
  }
  for (; column + 8 <= width; column += 8) {
    const base = table + ((<usize>column) << 2)
    let s0 = f32x4.splat(0)
    let s1 = f32x4.splat(0)
    for (let at = from; at < to; at += 4) {
      const x = base + <usize>load<i32>(at) * stride
      s0 = f32x4.add(s0, v128.load(x))
      s1 = f32x4.add(s1, v128.load(x, 16))
    }
    const y = out + ((<usize>column) << 2)
    v128.store(y, f32x4.mul(s0, factors))
    v128.store(y, f32x4.mul(s1, factors), 16)
  }
  for (; column < width; column++) {
    const base = table + ((<usize>column) << 2)
    let sum: f32 = 0
    for (let at = from; at < to; at += 4) sum += load<f32>(base + <usize>load<i32>(at) * stride)
    store<f32>(out + ((<usize>column) << 2), sum * factor)
  }
}
