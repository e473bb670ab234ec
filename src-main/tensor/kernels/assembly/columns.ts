// Sums of the columns of a matrix, rows added in order.
import { addressAt, intAt, run, setInt, COLUMN_SUMS } from './pool'

const CHUNK: i32 = 64

/** out[n] = sums of the columns of x [m, n]. */
export function columnSums(x: usize, m: i32, n: i32, out: usize): void {
  setInt(0, <i32>x)
  setInt(1, m)
  setInt(2, n)
  setInt(3, <i32>out)
  run(COLUMN_SUMS, (n + CHUNK - 1) / CHUNK)
}

export function columnSumsChunk(chunk: i32): void {
  const m = intAt(1)
  const n = intAt(2)
  const stride = (<usize>n) << 2
  const from = chunk * CHUNK
  const last = min<i32>(n, from + CHUNK)
  let column = from
  for (; column + 32 <= last; column += 32) {
    let x = addressAt(0) + ((<usize>column) << 2)
    let s0 = f32x4.splat(0)
    let s1 = f32x4.splat(0)
    let s2 = f32x4.splat(0)
    let s3 = f32x4.splat(0)
    let s4 = f32x4.splat(0)
    let s5 = f32x4.splat(0)
    let s6 = f32x4.splat(0)
    let s7 = f32x4.splat(0)
    for (let row = 0; row < m; row++) {
      s0 = f32x4.add(s0, v128.load(x))
      s1 = f32x4.add(s1, v128.load(x, 16))
      s2 = f32x4.add(s2, v128.load(x, 32))
      s3 = f32x4.add(s3, v128.load(x, 48))
      s4 = f32x4.add(s4, v128.load(x, 64))
      s5 = f32x4.add(s5, v128.load(x, 80))
      s6 = f32x4.add(s6, v128.load(x, 96))
      s7 = f32x4.add(s7, v128.load(x, 112))
      x += stride
    }
    const out = addressAt(3) + ((<usize>column) << 2)
    v128.store(out, s0)
    v128.store(out, s1, 16)
    v128.store(out, s2, 32)
    v128.store(out, s3, 48)
    v128.store(out, s4, 64)
    v128.store(out, s5, 80)
    v128.store(out, s6, 96)
    v128.store(out, s7, 112)
  }
  for (; column < last; column++) {
    let sum: f32 = 0
    let x = addressAt(0) + ((<usize>column) << 2)
    for (let row = 0; row < m; row++, x += stride) sum += load<f32>(x)
    store<f32>(addressAt(3) + ((<usize>column) << 2), sum)
  }
}
