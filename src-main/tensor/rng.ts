/** Fewer normals than this are not worth the way to a kernel. */
const worthBulk = 256

/**
 * The one seeded generator: xoshiro128** (Blackman & Vigna 2018), seeded through splitmix32.
 * Its state is four 32-bit words, so that a checkpoint can carry it and a resumed run draws the same numbers.
 */
export class Rng {
  /**
   * Fills many normals at once and moves the state on, where the tensor engine has a kernel for it; what comes out is the same within
   * the rounding of float32. Until then there is none, for the generator knows no engine.
   */
  static bulkNormals: (state: Uint32Array, out: Float32Array) => boolean = () => false

  private constructor(private readonly s: Uint32Array) {}

  /** A generator from a seed (any 32-bit integer). */
  static seeded(seed: number): Rng {
    const s = new Uint32Array(4)
    let x = seed >>> 0
    for (let i = 0; i < 4; i++) {
      x = (x + 0x9e3779b9) >>> 0
      let z = x
      z = Math.imul(z ^ (z >>> 16), 0x85ebca6b)
      z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35)
      s[i] = (z ^ (z >>> 16)) >>> 0
    }
    return new Rng(s)
  }

  static fromState(state: readonly number[]): Rng {
    return new Rng(Uint32Array.from(state))
  }

  /** The four state words. */
  state(): number[] {
    return [...this.s]
  }

  /** A new independent generator, drawn from this one. */
  fork(): Rng {
    return Rng.seeded(this.uint32())
  }

  /** Uniform over the 32-bit integers. */
  uint32(): number {
    const s = this.s
    const s1 = s[1]!
    const x = Math.imul(s1, 5)
    const result = Math.imul((x << 7) | (x >>> 25), 9) >>> 0
    const t = s1 << 9
    s[2]! ^= s[0]!
    s[3]! ^= s1
    s[1]! ^= s[2]!
    s[0]! ^= s[3]!
    s[2]! ^= t
    const s3 = s[3]!
    s[3] = (s3 << 11) | (s3 >>> 21)
    return result
  }

  /** Uniform in [0, 1), 32 bits. */
  uniform(): number {
    return this.uint32() / 4294967296
  }

  /** Uniform over 0 … n-1 (n ≤ 2^32), without modulo bias. */
  integer(n: number): number {
    const limit = 4294967296 - (4294967296 % n)
    let x = this.uint32()
    while (x >= limit) x = this.uint32()
    return x % n
  }

  /** Standard normal (Box-Muller; both values of a pair are used by `fillNormal`). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log((this.uint32() + 1) / 4294967296))
    return radius * Math.cos(2 * Math.PI * this.uniform())
  }

  /** Fills `out` with standard normals and returns it. */
  fillNormal(out: Float32Array): Float32Array {
    if (out.length >= worthBulk && Rng.bulkNormals(this.s, out)) return out
    for (let i = 0; i < out.length; i += 2) {
      const radius = Math.sqrt(-2 * Math.log((this.uint32() + 1) / 4294967296))
      const angle = 2 * Math.PI * this.uniform()
      out[i] = radius * Math.cos(angle)
      if (i + 1 < out.length) out[i + 1] = radius * Math.sin(angle)
    }
    return out
  }

  /** Fills `out` with standard Gumbel noise, -log(-log U), and returns it. */
  fillGumbel(out: Float32Array): Float32Array {
    for (let i = 0; i < out.length; i++) out[i] = -Math.log(-Math.log((this.uint32() + 0.5) / 4294967296))
    return out
  }

  /** Shuffles `values` in place (Fisher-Yates) and returns it. */
  shuffle<T extends Int32Array | unknown[]>(values: T): T {
    for (let i = values.length - 1; i > 0; i--) {
      const j = this.integer(i + 1)
      const kept = values[i]!
      values[i] = values[j]!
      values[j] = kept
    }
    return values
  }
}
