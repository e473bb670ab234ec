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
  for (let at = addressAt(0) + ((<usize>(chunk * CHUNK)) << 3); at < end; at += 8) {
    const radius = sqrt<f64>(-2 * log64((<f64>load<u32>(at) + 1) / 4294967296))
    const turn = <f64>load<u32>(at, 4) / 4294967296
    // The angle in eighths: the nearest quarter turn is taken out, what is left is within an eighth of a turn.
    const quarter = nearest<f64>(turn * 4)
    const rest = (turn - quarter * 0.25) * 6.283185307179586
    const sine = sineNear(rest)
    const cosine = cosineNear(rest)
    const q = (<i32>quarter) & 3
    const x = q & 1 ? (q == 1 ? -sine : sine) : q == 2 ? -cosine : cosine
    const y = q & 1 ? (q == 1 ? cosine : -cosine) : q == 2 ? -sine : sine
    store<f32>(at, <f32>(radius * x))
    store<f32>(at, <f32>(radius * y), 4)
  }
}

/** sin x for |x| ≤ π/4, to 1e-16: its series. */
function sineNear(x: f64): f64 {
  const s = x * x
  let p: f64 = 1 / 355687428096000.0
  p = p * s - 1 / 1307674368000.0
  p = p * s + 1 / 6227020800.0
  p = p * s - 1 / 39916800.0
  p = p * s + 1 / 362880.0
  p = p * s - 1 / 5040.0
  p = p * s + 1 / 120.0
  p = p * s - 1 / 6.0
  return x + x * s * p
}

/** cos x for |x| ≤ π/4, to 1e-16: its series. */
function cosineNear(x: f64): f64 {
  const s = x * x
  let p: f64 = 1 / 20922789888000.0
  p = p * s - 1 / 87178291200.0
  p = p * s + 1 / 479001600.0
  p = p * s - 1 / 3628800.0
  p = p * s + 1 / 40320.0
  p = p * s - 1 / 720.0
  p = p * s + 1 / 24.0
  p = p * s - 0.5
  return 1 + s * p
}

/**
 * The natural logarithm of a positive normal number, to 1e-15: x = 2^n · m with m within √½ … √2, and log m = 2 artanh((m−1)/(m+1))
 * by its series.
 */
export function log64(x: f64): f64 {
  const bits = reinterpret<u64>(x)
  let n = <i32>(bits >> 52) - 1023
  let m = reinterpret<f64>((bits & 0x000fffffffffffff) | 0x3ff0000000000000)
  if (m > 1.4142135623730951) {
    m *= 0.5
    n++
  }
  const t = (m - 1) / (m + 1)
  const s = t * t
  let p: f64 = 2 / 19.0
  p = p * s + 2 / 17.0
  p = p * s + 2 / 15.0
  p = p * s + 2 / 13.0
  p = p * s + 2 / 11.0
  p = p * s + 2 / 9.0
  p = p * s + 2 / 7.0
  p = p * s + 2 / 5.0
  p = p * s + 2 / 3.0
  return <f64>n * 0.6931471805599453 + (t * 2 + t * s * p)
}

/** log of a float32 sum: NaN and infinity as they are, zero gives -infinity. */
export function log32(x: f32): f32 {
  if (!(x > 0)) return x == 0 ? -Infinity : NaN
  if (x == Infinity) return Infinity
  return <f32>log64(<f64>x)
}
