// Adam (Kingma & Ba 2015) over one array in place, in one pass: the same operations in the same order as its portable twin.
import { addressAt, floatAt, intAt, run, setFloat, setInt, ADAM } from './pool'

/** Values a chunk steps. */
const CHUNK: i32 = 16384

/**
 * One step. All arrays hold `length` float32.
 * @param rate learning rate with both bias corrections
 * @param floor epsilon times the correction of the second moment
 */
export function adam(
  weight: usize,
  gradient: usize,
  first: usize,
  second: usize,
  length: i32,
  rate: f32,
  floor: f32,
  weightDecay: f32,
  beta1: f32,
  rest1: f32,
  beta2: f32,
  rest2: f32,
): void {
  setInt(0, <i32>weight)
  setInt(1, <i32>gradient)
  setInt(2, <i32>first)
  setInt(3, <i32>second)
  setInt(4, length)
  setFloat(5, rate)
  setFloat(6, floor)
  setFloat(7, weightDecay)
  setFloat(8, beta1)
  setFloat(9, rest1)
  setFloat(10, beta2)
  setFloat(11, rest2)
  run(ADAM, (length + CHUNK - 1) / CHUNK)
}

export function adamChunk(chunk: i32): void {
  const from = (<usize>(chunk * CHUNK)) << 2
  const left = min<i32>(CHUNK, intAt(4) - chunk * CHUNK)
  stepValues(
    addressAt(0) + from,
    addressAt(1) + from,
    addressAt(2) + from,
    addressAt(3) + from,
    left,
    floatAt(5),
    floatAt(6),
    floatAt(7),
    floatAt(8),
    floatAt(9),
    floatAt(10),
    floatAt(11),
  )
}

/** The step over one stretch of the arrays. */
export function stepValues(
  weight: usize,
  gradient: usize,
  first: usize,
  second: usize,
  length: i32,
  rate: f32,
  floor: f32,
  weightDecay: f32,
  beta1: f32,
  rest1: f32,
  beta2: f32,
  rest2: f32,
): void {
  const rates = f32x4.splat(rate)
  const floors = f32x4.splat(floor)
  const decays = f32x4.splat(weightDecay)
  // Without decay nothing of the weight is added, not even 0 · ∞.
  const decayed = f32x4.ne(decays, f32x4.splat(0))
  const betas1 = f32x4.splat(beta1)
  const rests1 = f32x4.splat(rest1)
  const betas2 = f32x4.splat(beta2)
  const rests2 = f32x4.splat(rest2)
  let at: usize = 0
  const end = (<usize>length) << 2
  // Two vectors at a time, side by side: engines may join them into one of double width.
  const pairs = end & ~31
  for (; at < pairs; at += 32) {
    const w0 = v128.load(weight + at)
    const w1 = v128.load(weight + at, 16)
    const g0 = f32x4.add(v128.load(gradient + at), v128.and(f32x4.mul(w0, decays), decayed))
    const g1 = f32x4.add(v128.load(gradient + at, 16), v128.and(f32x4.mul(w1, decays), decayed))
    const m0 = f32x4.add(f32x4.mul(v128.load(first + at), betas1), f32x4.mul(g0, rests1))
    const m1 = f32x4.add(f32x4.mul(v128.load(first + at, 16), betas1), f32x4.mul(g1, rests1))
    const v0 = f32x4.add(f32x4.mul(v128.load(second + at), betas2), f32x4.mul(f32x4.mul(g0, g0), rests2))
    const v1 = f32x4.add(f32x4.mul(v128.load(second + at, 16), betas2), f32x4.mul(f32x4.mul(g1, g1), rests2))
    const n0 = f32x4.sub(w0, f32x4.div(f32x4.mul(m0, rates), f32x4.add(f32x4.sqrt(v0), floors)))
    const n1 = f32x4.sub(w1, f32x4.div(f32x4.mul(m1, rates), f32x4.add(f32x4.sqrt(v1), floors)))
    v128.store(first + at, m0)
    v128.store(first + at, m1, 16)
    v128.store(second + at, v0)
    v128.store(second + at, v1, 16)
    v128.store(weight + at, n0)
    v128.store(weight + at, n1, 16)
  }
  for (; at < end; at += 4) {
    const w = load<f32>(weight + at)
    const g = load<f32>(gradient + at) + (weightDecay == 0 ? 0 : w * weightDecay)
    const m = load<f32>(first + at) * beta1 + g * rest1
    const v = load<f32>(second + at) * beta2 + g * g * rest2
    store<f32>(first + at, m)
    store<f32>(second + at, v)
    store<f32>(weight + at, w - (m * rate) / (sqrt<f32>(v) + floor))
  }
}
