// The seeded generator's numbers in bulk: xoshiro128** (Blackman & Vigna 2018), step for step as `tensor/rng.ts` has it, and Box-Muller.
import {
  ONE_64,
  TWO_64,
  THREE_64,
  FOUR_64,
  HALF_64,
  QUARTER_64,
  MINUS_TWO_64,
  SIGN_64,
  WORD_64,
  TURN_64,
  COS_2,
  SIN_3,
  COS_4,
  SIN_5,
  COS_6,
  SIN_7,
  COS_8,
  SIN_9,
  COS_10,
  SIN_11,
  COS_12,
  SIN_13,
  COS_14,
  SIN_15,
  COS_16,
  SIN_17,
  EXPONENT_64,
  MANTISSA_64,
  SQRT2_64,
  LN2_64,
  LOG_3,
  LOG_5,
  LOG_7,
  LOG_9,
  LOG_11,
  LOG_13,
  LOG_15,
  LOG_17,
  LOG_19,
} from './constants'
import { addressAt, intAt, run, setInt, NORMALS } from './pool'

/** Pairs of normals a chunk makes. */
const CHUNK: i32 = 2048

/** Fills `out` with `length` words and leaves the four words of state after them in `state`. */
export function fillWords(state: usize, out: usize, length: i32): void {
  let s0 = load<u32>(state)
  let s1 = load<u32>(state, 4)
  let s2 = load<u32>(state, 8)
  let s3 = load<u32>(state, 12)
  const end = out + ((<usize>length) << 2)
  for (let at = out; at < end; at += 4) {
    store<u32>(at, rotl<u32>(s1 * 5, 7) * 9)
    const t = s1 << 9
    s2 ^= s0
    s3 ^= s1
    s1 ^= s2
    s0 ^= s3
    s2 ^= t
    s3 = rotl<u32>(s3, 11)
  }
  store<u32>(state, s0)
  store<u32>(state, s1, 4)
  store<u32>(state, s2, 8)
  store<u32>(state, s3, 12)
}

/** Turns `pairs` pairs of words into pairs of standard normals, float32, in place. */
export function normals(words: usize, pairs: i32): void {
  setInt(0, <i32>words)
  setInt(1, pairs)
  run(NORMALS, (pairs + CHUNK - 1) / CHUNK)
}

export function normalsChunk(chunk: i32): void {
  const last = min<i32>(intAt(1), (chunk + 1) * CHUNK)
  const end = addressAt(0) + ((<usize>last) << 3)
  let at = addressAt(0) + ((<usize>(chunk * CHUNK)) << 3)
  for (; at + 16 <= end; at += 16) v128.store(at, boxMuller(v128.load(at)))
  if (at < end) v128.store_lane<u64>(at, boxMuller(v128.load_zero<u64>(at)), 0)
}

/** Two pairs of words to two pairs of normals, in 64 bits. */
function boxMuller(words: v128): v128 {
  const first = f64x2.convert_low_i32x4_u(v128.shuffle<i32>(words, words, 0, 2, 0, 2))
  const turn = f64x2.mul(f64x2.convert_low_i32x4_u(v128.shuffle<i32>(words, words, 1, 3, 1, 3)), WORD_64)
  const radius = f64x2.sqrt(f64x2.mul(MINUS_TWO_64, log64x2(f64x2.mul(f64x2.add(first, ONE_64), WORD_64))))
  // The nearest quarter turn is taken out of the angle; what is left is within an eighth of a turn.
  const quarter = f64x2.nearest(f64x2.mul(turn, FOUR_64))
  const rest = f64x2.mul(f64x2.sub(turn, f64x2.mul(quarter, QUARTER_64)), TURN_64)
  const sine = sineNear(rest)
  const cosine = cosineNear(rest)
  const one = f64x2.eq(quarter, ONE_64)
  const two = f64x2.eq(quarter, TWO_64)
  const three = f64x2.eq(quarter, THREE_64)
  const odd = v128.or(one, three)
  const x = v128.xor(v128.bitselect(sine, cosine, odd), v128.and(v128.or(one, two), SIGN_64))
  const y = v128.xor(v128.bitselect(cosine, sine, odd), v128.and(v128.or(two, three), SIGN_64))
  return v128.shuffle<f32>(
    f32x4.demote_f64x2_zero(f64x2.mul(radius, x)),
    f32x4.demote_f64x2_zero(f64x2.mul(radius, y)),
    0,
    4,
    1,
    5,
  )
}

function step(p: v128, s: v128, coefficient: v128): v128 {
  return f64x2.add(f64x2.mul(p, s), coefficient)
}

/** sin x for |x| ≤ π/4, to 1e-16: its series. */
function sineNear(x: v128): v128 {
  const s = f64x2.mul(x, x)
  let p = SIN_17
  p = step(p, s, SIN_15)
  p = step(p, s, SIN_13)
  p = step(p, s, SIN_11)
  p = step(p, s, SIN_9)
  p = step(p, s, SIN_7)
  p = step(p, s, SIN_5)
  p = step(p, s, SIN_3)
  return f64x2.add(x, f64x2.mul(f64x2.mul(x, s), p))
}

/** cos x for |x| ≤ π/4, to 1e-16: its series. */
function cosineNear(x: v128): v128 {
  const s = f64x2.mul(x, x)
  let p = COS_16
  p = step(p, s, COS_14)
  p = step(p, s, COS_12)
  p = step(p, s, COS_10)
  p = step(p, s, COS_8)
  p = step(p, s, COS_6)
  p = step(p, s, COS_4)
  p = step(p, s, COS_2)
  return f64x2.add(ONE_64, f64x2.mul(s, p))
}

/**
 * The natural logarithm of two positive normal numbers, to 1e-15: x = 2^n · m with m within √½ … √2, and log m = 2 artanh((m−1)/(m+1)) by
 * its series.
 */
function log64x2(x: v128): v128 {
  const exponent = i64x2.shr_u(x, 52)
  let n = f64x2.sub(f64x2.convert_low_i32x4_s(v128.shuffle<i32>(exponent, exponent, 0, 2, 0, 2)), EXPONENT_64)
  let m = v128.or(v128.and(x, MANTISSA_64), ONE_64)
  const high = f64x2.gt(m, SQRT2_64)
  m = v128.bitselect(f64x2.mul(m, HALF_64), m, high)
  n = f64x2.add(n, v128.and(high, ONE_64))
  const t = f64x2.div(f64x2.sub(m, ONE_64), f64x2.add(m, ONE_64))
  const s = f64x2.mul(t, t)
  let p = LOG_19
  p = step(p, s, LOG_17)
  p = step(p, s, LOG_15)
  p = step(p, s, LOG_13)
  p = step(p, s, LOG_11)
  p = step(p, s, LOG_9)
  p = step(p, s, LOG_7)
  p = step(p, s, LOG_5)
  p = step(p, s, LOG_3)
  const low = f64x2.add(f64x2.mul(t, TWO_64), f64x2.mul(f64x2.mul(t, s), p))
  return f64x2.add(f64x2.mul(n, LN2_64), low)
}

/** log of a float32 sum: NaN and infinity as they are, zero gives -infinity. */
export function log32(x: f32): f32 {
  if (!(x > 0)) return x == 0 ? -Infinity : NaN
  if (x == Infinity) return Infinity
  return <f32>f64x2.extract_lane(log64x2(f64x2.splat(<f64>x)), 0)
}
