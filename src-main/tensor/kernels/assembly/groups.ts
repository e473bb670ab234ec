// Rows in groups: x [B·k, w] holds k rows for each of B rows of y [B, w], one group after the other. Each kernel is the adjoint of another.
import { madd, sumLanes } from './math'
import { addressAt, floatAt, intAt, run, setFloat, setInt, GROUP_ADD, GROUP_DOT, GROUP_SUM } from './pool'

/** Groups of a chunk. */
const CHUNK: i32 = 8

function setShape(groups: i32, k: i32, w: i32): void {
  setInt(4, groups)
  setInt(5, k)
  setInt(6, w)
}

/**
 * out[b, j, :] = scale · x[b, j, :] + shares[b, j] · y[b, :].
 * @param x [B·k, w], or 0 for none
 * @param shares [B, k], or 0 for all one
 */
export function groupAdd(x: usize, scale: f32, shares: usize, y: usize, out: usize, groups: i32, k: i32, w: i32): void {
  setInt(0, <i32>x)
  setInt(1, <i32>shares)
  setInt(2, <i32>y)
  setInt(3, <i32>out)
  setShape(groups, k, w)
  setFloat(7, scale)
  run(GROUP_ADD, (groups + CHUNK - 1) / CHUNK)
}

export function groupAddChunk(chunk: i32): void {
  const k = intAt(5)
  const bytes = (<usize>intAt(6)) << 2
  const last = min<i32>(intAt(4), (chunk + 1) * CHUNK)
  for (let group = chunk * CHUNK; group < last; group++) {
    const y = addressAt(2) + <usize>group * bytes
    for (let j = 0; j < k; j++) {
      const row = <usize>(group * k + j)
      const share: f32 = addressAt(1) ? load<f32>(addressAt(1) + (row << 2)) : 1
      const out = addressAt(3) + row * bytes
      if (addressAt(0)) addRows(addressAt(0) + row * bytes, floatAt(7), share, y, out, bytes)
      else scaleRow(share, y, out, bytes)
    }
  }
}

function addRows(x: usize, scale: f32, share: f32, y: usize, out: usize, bytes: usize): void {
  const scales = f32x4.splat(scale)
  const shares = f32x4.splat(share)
  const pairs = bytes & ~31
  let at: usize = 0
  for (; at < pairs; at += 32) {
    const r0 = f32x4.add(f32x4.mul(v128.load(x + at), scales), f32x4.mul(v128.load(y + at), shares))
    const r1 = f32x4.add(f32x4.mul(v128.load(x + at, 16), scales), f32x4.mul(v128.load(y + at, 16), shares))
    v128.store(out + at, r0)
    v128.store(out + at, r1, 16)
  }
  for (; at < bytes; at += 4) store<f32>(out + at, load<f32>(x + at) * scale + load<f32>(y + at) * share)
}

function scaleRow(share: f32, y: usize, out: usize, bytes: usize): void {
  const shares = f32x4.splat(share)
  const pairs = bytes & ~31
  let at: usize = 0
  for (; at < pairs; at += 32) {
    const r0 = f32x4.mul(v128.load(y + at), shares)
    const r1 = f32x4.mul(v128.load(y + at, 16), shares)
    v128.store(out + at, r0)
    v128.store(out + at, r1, 16)
  }
  for (; at < bytes; at += 4) store<f32>(out + at, load<f32>(y + at) * share)
}

/**
 * out[b, :] = Σ_j shares[b, j] · x[b, j, :], added in the order of j.
 * @param shares [B, k], or 0 for all one
 */
export function groupSum(x: usize, shares: usize, out: usize, groups: i32, k: i32, w: i32): void {
  setInt(0, <i32>x)
  setInt(1, <i32>shares)
  setInt(3, <i32>out)
  setShape(groups, k, w)
  run(GROUP_SUM, (groups + CHUNK - 1) / CHUNK)
}

export function groupSumChunk(chunk: i32): void {
  const k = intAt(5)
  const bytes = (<usize>intAt(6)) << 2
  const pairs = bytes & ~31
  const last = min<i32>(intAt(4), (chunk + 1) * CHUNK)
  for (let group = chunk * CHUNK; group < last; group++) {
    const first = <usize>(group * k)
    const shares = addressAt(1) ? addressAt(1) + (first << 2) : 0
    const x = addressAt(0) + first * bytes
    const out = addressAt(3) + <usize>group * bytes
    let at: usize = 0
    for (; at < pairs; at += 32) {
      let s0 = f32x4.splat(0)
      let s1 = f32x4.splat(0)
      let row = x + at
      for (let j = 0; j < k; j++, row += bytes) {
        const share = f32x4.splat(shares ? load<f32>(shares + ((<usize>j) << 2)) : 1)
        s0 = madd(v128.load(row), share, s0)
        s1 = madd(v128.load(row, 16), share, s1)
      }
      v128.store(out + at, s0)
      v128.store(out + at, s1, 16)
    }
    for (; at < bytes; at += 4) {
      let sum: f32 = 0
      for (let j = 0; j < k; j++)
        sum += (shares ? load<f32>(shares + ((<usize>j) << 2)) : 1) * load<f32>(x + <usize>j * bytes + at)
      store<f32>(out + at, sum)
    }
  }
}

/** out[b, j] = ⟨x[b, j, :], y[b, :]⟩. */
export function groupDot(x: usize, y: usize, out: usize, groups: i32, k: i32, w: i32): void {
  setInt(0, <i32>x)
  setInt(2, <i32>y)
  setInt(3, <i32>out)
  setShape(groups, k, w)
  run(GROUP_DOT, (groups + CHUNK - 1) / CHUNK)
}

export function groupDotChunk(chunk: i32): void {
  const k = intAt(5)
  const bytes = (<usize>intAt(6)) << 2
  const last = min<i32>(intAt(4), (chunk + 1) * CHUNK)
  for (let group = chunk * CHUNK; group < last; group++) {
    const y = addressAt(2) + <usize>group * bytes
    for (let j = 0; j < k; j++) {
      const row = <usize>(group * k + j)
      store<f32>(addressAt(3) + (row << 2), dot(addressAt(0) + row * bytes, y, bytes))
    }
  }
}

function dot(x: usize, y: usize, bytes: usize): f32 {
  const fours = bytes & ~63
  let s0 = f32x4.splat(0)
  let s1 = f32x4.splat(0)
  let s2 = f32x4.splat(0)
  let s3 = f32x4.splat(0)
  let at: usize = 0
  for (; at < fours; at += 64) {
    s0 = madd(v128.load(x + at), v128.load(y + at), s0)
    s1 = madd(v128.load(x + at, 16), v128.load(y + at, 16), s1)
    s2 = madd(v128.load(x + at, 32), v128.load(y + at, 32), s2)
    s3 = madd(v128.load(x + at, 48), v128.load(y + at, 48), s3)
  }
  let sum = sumLanes(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)))
  for (; at < bytes; at += 4) sum += load<f32>(x + at) * load<f32>(y + at)
  return sum
}
