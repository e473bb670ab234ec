// The seeded generator's numbers in bulk: xoshiro128** (Blackman & Vigna 2018), step for step as `tensor/rng.ts` has it, and Box-Muller.
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
  const scale = f64x2.splat(1 / 4294967296)
  const first = f64x2.convert_low_i32x4_u(v128.shuffle<i32>(words, words, 0, 2, 0, 2))
  const turn = f64x2.mul(f64x2.convert_low_i32x4_u(v128.shuffle<i32>(words, words, 1, 3, 1, 3)), scale)
  const radius = f64x2.sqrt(f64x2.mul(f64x2.splat(-2), log64x2(f64x2.mul(f64x2.add(first, f64x2.splat(1)), scale))))
  // The nearest quarter turn is taken out of the angle; what is left is within an eighth of a turn.
  const quarter = f64x2.nearest(f64x2.mul(turn, f64x2.splat(4)))
  const rest = f64x2.mul(f64x2.sub(turn, f64x2.mul(quarter, f64x2.splat(0.25))), f64x2.splat(6.283185307179586))
  const sine = sineNear(rest)
  const cosine = cosineNear(rest)
  const one = f64x2.eq(quarter, f64x2.splat(1))
  const two = f64x2.eq(quarter, f64x2.splat(2))
  const three = f64x2.eq(quarter, f64x2.splat(3))
  const odd = v128.or(one, three)
  const sign = f64x2.splat(-0.0)
  const x = v128.xor(v128.bitselect(sine, cosine, odd), v128.and(v128.or(one, two), sign))
  const y = v128.xor(v128.bitselect(cosine, sine, odd), v128.and(v128.or(two, three), sign))
  return v128.shuffle<f32>(
    f32x4.demote_f64x2_zero(f64x2.mul(radius, x)),
    f32x4.demote_f64x2_zero(f64x2.mul(radius, y)),
    0,
    4,
    1,
    5,
  )
}

function step(p: v128, s: v128, coefficient: f64): v128 {
  return f64x2.add(f64x2.mul(p, s), f64x2.splat(coefficient))
}

/** sin x for |x| ≤ π/4, to 1e-16: its series. */
function sineNear(x: v128): v128 {
  const s = f64x2.mul(x, x)
  let p = f64x2.splat(1 / 355687428096000.0)
  p = step(p, s, -1 / 1307674368000.0)
  p = step(p, s, 1 / 6227020800.0)
  p = step(p, s, -1 / 39916800.0)
  p = step(p, s, 1 / 362880.0)
  p = step(p, s, -1 / 5040.0)
  p = step(p, s, 1 / 120.0)
  p = step(p, s, -1 / 6.0)
  return f64x2.add(x, f64x2.mul(f64x2.mul(x, s), p))
}

/** cos x for |x| ≤ π/4, to 1e-16: its series. */
function cosineNear(x: v128): v128 {
  const s = f64x2.mul(x, x)
  let p = f64x2.splat(1 / 20922789888000.0)
  p = step(p, s, -1 / 87178291200.0)
  p = step(p, s, 1 / 479001600.0)
  p = step(p, s, -1 / 3628800.0)
  p = step(p, s, 1 / 40320.0)
  p = step(p, s, -1 / 720.0)
  p = step(p, s, 1 / 24.0)
  p = step(p, s, -0.5)
  return f64x2.add(f64x2.splat(1), f64x2.mul(s, p))
}

/**
 * The natural logarithm of two positive normal numbers, to 1e-15: x = 2^n · m with m within √½ … √2, and log m = 2 artanh((m−1)/(m+1)) by
 * its series.
 */
function log64x2(x: v128): v128 {
  const one = f64x2.splat(1)
  const exponent = i64x2.shr_u(x, 52)
  let n = f64x2.sub(f64x2.convert_low_i32x4_s(v128.shuffle<i32>(exponent, exponent, 0, 2, 0, 2)), f64x2.splat(1023))
  let m = v128.or(v128.and(x, i64x2.splat(0x000fffffffffffff)), one)
  const high = f64x2.gt(m, f64x2.splat(1.4142135623730951))
  m = v128.bitselect(f64x2.mul(m, f64x2.splat(0.5)), m, high)
  n = f64x2.add(n, v128.and(high, one))
  const t = f64x2.div(f64x2.sub(m, one), f64x2.add(m, one))
  const s = f64x2.mul(t, t)
  let p = f64x2.splat(2 / 19.0)
  p = step(p, s, 2 / 17.0)
  p = step(p, s, 2 / 15.0)
  p = step(p, s, 2 / 13.0)
  p = step(p, s, 2 / 11.0)
  p = step(p, s, 2 / 9.0)
  p = step(p, s, 2 / 7.0)
  p = step(p, s, 2 / 5.0)
  p = step(p, s, 2 / 3.0)
  const low = f64x2.add(f64x2.mul(t, f64x2.splat(2)), f64x2.mul(f64x2.mul(t, s), p))
  return f64x2.add(f64x2.mul(n, f64x2.splat(0.6931471805599453)), low)
}

/** log of a float32 sum: NaN and infinity as they are, zero gives -infinity. */
export function log32(x: f32): f32 {
  if (!(x > 0)) return x == 0 ? -Infinity : NaN
  if (x == Infinity) return Infinity
  return <f32>f64x2.extract_lane(log64x2(f64x2.splat(<f64>x)), 0)
}
