// Functions of every value of an array.
import {
  ONE,
  EXP_LARGE,
  EXP_MOST,
  E,
  MINUS_TWO,
  SIGN,
  TANH_NEAR,
  TANH_3,
  TANH_5,
  TANH_7,
  TANH_9,
  TANH_11,
} from './constants'
import { exp4, expMinusOne4, madd, sigmoid4 } from './math'
import { addressAt, intAt, run, setInt, UNARY, UNARY_GRADIENT } from './pool'

const EXP: i32 = 0
const TANH: i32 = 1
const SIGMOID: i32 = 2
const ELU: i32 = 3

const CHUNK: i32 = 8192

/** out = f(x) for `length` float32; `out` may be `x`. */
export function unary(f: i32, x: usize, out: usize, length: i32): void {
  setInt(0, f)
  setInt(1, <i32>x)
  setInt(2, <i32>out)
  setInt(3, length)
  run(UNARY, (length + CHUNK - 1) / CHUNK)
}

export function unaryChunk(chunk: i32): void {
  const from = (<usize>(chunk * CHUNK)) << 2
  const x = addressAt(1) + from
  const out = addressAt(2) + from
  const bytes = (<usize>min<i32>(CHUNK, intAt(3) - chunk * CHUNK)) << 2
  const whole = bytes & ~31
  const kept = bytes & 31
  switch (intAt(0)) {
    case EXP:
      for (let at: usize = 0; at < whole; at += 32) {
        const y0 = exp(v128.load(x + at))
        const y1 = exp(v128.load(x + at, 16))
        v128.store(out + at, y0)
        v128.store(out + at, y1, 16)
      }
      break
    case TANH:
      for (let at: usize = 0; at < whole; at += 32) {
        const y0 = tanh(v128.load(x + at))
        const y1 = tanh(v128.load(x + at, 16))
        v128.store(out + at, y0)
        v128.store(out + at, y1, 16)
      }
      break
    case SIGMOID:
      for (let at: usize = 0; at < whole; at += 32) {
        const y0 = sigmoid(v128.load(x + at))
        const y1 = sigmoid(v128.load(x + at, 16))
        v128.store(out + at, y0)
        v128.store(out + at, y1, 16)
      }
      break
    case ELU:
      for (let at: usize = 0; at < whole; at += 32) {
        const y0 = elu(v128.load(x + at))
        const y1 = elu(v128.load(x + at, 16))
        v128.store(out + at, y0)
        v128.store(out + at, y1, 16)
      }
      break
  }
  for (let at = whole; at < whole + kept; at += 4)
    store<f32>(out + at, f32x4.extract_lane(valueOf(intAt(0), f32x4.splat(load<f32>(x + at))), 0))
}

function valueOf(f: i32, x: v128): v128 {
  switch (f) {
    case TANH:
      return tanh(x)
    case SIGMOID:
      return sigmoid(x)
    case ELU:
      return elu(x)
    default:
      return exp(x)
  }
}

/** Above 88, where 2^n is no longer a float32 but the result is, e is taken out first, which leaves x exact; too large ones give infinity. */
function exp(x: v128): v128 {
  const large = f32x4.gt(x, EXP_LARGE)
  const value = exp4(f32x4.sub(f32x4.pmin(x, EXP_MOST), v128.and(ONE, large)))
  return f32x4.mul(value, v128.bitselect(E, ONE, large))
}

/** Near zero Cephes' polynomial, beyond it (1 - t) / (1 + t) with t = exp(-2 |x|). */
function tanh(x: v128): v128 {
  const size = f32x4.abs(x)
  const t = exp4(f32x4.mul(size, MINUS_TWO))
  const far = f32x4.div(f32x4.sub(ONE, t), f32x4.add(ONE, t))
  const signed = v128.or(far, v128.and(x, SIGN))
  const z = f32x4.mul(x, x)
  let p = TANH_11
  p = madd(p, z, TANH_9)
  p = madd(p, z, TANH_7)
  p = madd(p, z, TANH_5)
  p = madd(p, z, TANH_3)
  const near = madd(f32x4.mul(p, z), x, x)
  return v128.bitselect(near, signed, f32x4.lt(size, TANH_NEAR))
}

function sigmoid(x: v128): v128 {
  return sigmoid4(x, exp4(f32x4.neg(f32x4.abs(x))))
}

/** x, below zero exp(x) - 1. */
function elu(x: v128): v128 {
  return v128.bitselect(x, expMinusOne4(x), f32x4.ge(x, f32x4.splat(0)))
}

/** out = dy · f′(x) for `length` float32, from y = f(x); for tanh, sigmoid and elu. */
export function unaryGradient(f: i32, dy: usize, y: usize, out: usize, length: i32): void {
  setInt(0, f)
  setInt(1, <i32>dy)
  setInt(2, <i32>y)
  setInt(3, <i32>out)
  setInt(4, length)
  run(UNARY_GRADIENT, (length + CHUNK - 1) / CHUNK)
}

export function unaryGradientChunk(chunk: i32): void {
  const f = intAt(0)
  const from = (<usize>(chunk * CHUNK)) << 2
  const dy = addressAt(1) + from
  const y = addressAt(2) + from
  const out = addressAt(3) + from
  const bytes = (<usize>min<i32>(CHUNK, intAt(4) - chunk * CHUNK)) << 2
  const whole = bytes & ~31
  let at: usize = 0
  if (f == TANH)
    for (; at < whole; at += 32) {
      const d0 = f32x4.mul(v128.load(dy + at), tanhSlope(v128.load(y + at)))
      const d1 = f32x4.mul(v128.load(dy + at, 16), tanhSlope(v128.load(y + at, 16)))
      v128.store(out + at, d0)
      v128.store(out + at, d1, 16)
    }
  else if (f == ELU)
    for (; at < whole; at += 32) {
      const d0 = f32x4.mul(v128.load(dy + at), eluSlope(v128.load(y + at)))
      const d1 = f32x4.mul(v128.load(dy + at, 16), eluSlope(v128.load(y + at, 16)))
      v128.store(out + at, d0)
      v128.store(out + at, d1, 16)
    }
  for (; at < bytes; at += 4) {
    const value = f32x4.splat(load<f32>(y + at))
    const slope = f == TANH ? tanhSlope(value) : f == ELU ? eluSlope(value) : sigmoidSlope(value)
    store<f32>(out + at, load<f32>(dy + at) * f32x4.extract_lane(slope, 0))
  }
}

// The slopes from the values of the functions.

function tanhSlope(y: v128): v128 {
  return f32x4.sub(ONE, f32x4.mul(y, y))
}

function sigmoidSlope(y: v128): v128 {
  return f32x4.mul(y, f32x4.sub(ONE, y))
}

function eluSlope(y: v128): v128 {
  return f32x4.add(f32x4.pmin(y, f32x4.splat(0)), ONE)
}
