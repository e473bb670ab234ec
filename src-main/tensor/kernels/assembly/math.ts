// Arithmetic that several kernels share.
import {
  ONE,
  TWO,
  EXP_LEAST,
  LOG2_E,
  ROUNDING,
  MINUS_LN2_HIGH,
  MINUS_LN2_LOW,
  EXP_2,
  EXP_3,
  EXP_4,
  EXP_5,
  EXP_6,
  EXP_7,
  ARTANH_2,
  ARTANH_4,
  ARTANH_6,
  ARTANH_8,
  ARTANH_10,
  ARTANH_12,
} from './constants'

/** a · b + c: one instruction and one rounding where the build has relaxed SIMD and the machine a fused multiply-add, else two. */
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c)
  else return f32x4.add(f32x4.mul(a, b), c)
}

/**
 * exp(x) for x ≤ 88.3 to 2 units in the last place: x = n·ln 2 + r with |r| ≤ ln 2 / 2, a polynomial for exp(r) (Cephes' coefficients),
 * and n put into the exponent. Below -87.3, where float32 is no longer normal (and processors are slow), it is 0. NaN stays NaN.
 * Adding 1.5 · 2^23 rounds to the nearest integer and leaves it in the low bits: made of operations that engines widen.
 */
export function exp4(x: v128): v128 {
  const held = f32x4.pmax(x, EXP_LEAST)
  const shifted = twosOf(held)
  const value = f32x4.mul(f32x4.add(restOf(held, shifted), ONE), powerOf(shifted))
  return v128.andnot(value, f32x4.lt(x, EXP_LEAST))
}

/** exp(x) - 1 for x ≤ 0 by the same pieces, as exact near zero as elsewhere: 2^n · (exp(r) - 1) + (2^n - 1). */
export function expMinusOne4(x: v128): v128 {
  const held = f32x4.pmax(x, EXP_LEAST)
  const shifted = twosOf(held)
  const power = powerOf(shifted)
  return madd(restOf(held, shifted), power, f32x4.sub(power, ONE))
}

/**
 * log(1 + t) for 0 ≤ t ≤ 1, as exact near zero as elsewhere: 2 · artanh(s) with s = t / (2 + t) ≤ 1/3, by its series. With t = exp(−|x|),
 * max(x, 0) more is log(1 + exp(x)), which neither overflows nor is lost for any x.
 */
export function logOnePlus4(t: v128): v128 {
  const s = f32x4.div(t, f32x4.add(t, TWO))
  const q = f32x4.mul(s, s)
  let p = ARTANH_12
  p = madd(p, q, ARTANH_10)
  p = madd(p, q, ARTANH_8)
  p = madd(p, q, ARTANH_6)
  p = madd(p, q, ARTANH_4)
  p = madd(p, q, ARTANH_2)
  p = madd(p, q, ONE)
  return f32x4.mul(f32x4.add(s, s), p)
}

/** 1 / (1 + exp(−x)) from x and t = exp(−|x|), which is small on either side. */
export function sigmoid4(x: v128, t: v128): v128 {
  return f32x4.div(v128.bitselect(t, ONE, f32x4.lt(x, f32x4.splat(0))), f32x4.add(ONE, t))
}

/** n, in the low bits of a number near 1.5 · 2^23. */
function twosOf(x: v128): v128 {
  return madd(x, LOG2_E, ROUNDING)
}

/** exp(r) - 1. */
function restOf(x: v128, shifted: v128): v128 {
  const n = f32x4.sub(shifted, ROUNDING)
  let r = madd(n, MINUS_LN2_HIGH, x)
  r = madd(n, MINUS_LN2_LOW, r)
  let p = EXP_7
  p = madd(p, r, EXP_6)
  p = madd(p, r, EXP_5)
  p = madd(p, r, EXP_4)
  p = madd(p, r, EXP_3)
  p = madd(p, r, EXP_2)
  return madd(f32x4.mul(p, r), r, r)
}

/** 2^n: the bits of 1 are those of the exponent 0. */
function powerOf(shifted: v128): v128 {
  return i32x4.add(i32x4.shl(shifted, 23), ONE)
}

/** The sum of the four lanes, always in the same order. */
export function sumLanes(x: v128): f32 {
  return f32x4.extract_lane(x, 0) + f32x4.extract_lane(x, 1) + (f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3))
}

/** The largest of the four lanes; NaN where one is. */
export function maxLanes(x: v128): f32 {
  return max<f32>(
    max<f32>(f32x4.extract_lane(x, 0), f32x4.extract_lane(x, 1)),
    max<f32>(f32x4.extract_lane(x, 2), f32x4.extract_lane(x, 3)),
  )
}
