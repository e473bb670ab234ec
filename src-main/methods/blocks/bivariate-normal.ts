import { CausewayError } from '../../../src-shared/contract/errors'
import { logSqrt2Pi, millsRatio, ndtr, normalPdf, sqrt2Pi } from './normal'

/*
 * Φ₂(a, b; ρ) = P(X ≤ a, Y ≤ b) for standard normal X and Y of correlation ρ, and its gradient, in log space.
 *
 * With s = √(1 - ρ²), p = (ρb - a) / s and q = (ρa - b) / s we have P(X ≤ a | Y = b) = Φ(-p) and P(Y ≤ b | X = a) = Φ(-q).
 * Going away from the corner along x = a - s·v, with M = (1 - Φ) / φ (Mills' ratio),
 *
 *   Φ₂(a, b; ρ) = ∫_{x ≤ a} φ(x) Φ((b - ρx) / s) dx = φ(a) φ(q) · s · ∫_{v ≥ 0} exp(-v²/2 - p·v) M(q - ρ·v) dv.
 *
 * What is exponentially small stands before the integral, which does not change when (a, p) and (b, q) change places. Where ρ ≤ 0 and
 * p ≥ 0 the integrand is positive, falls from the corner on and is smooth on the scale of its range: a few nodes of Gauss-Legendre give
 * all digits, however small Φ₂ is and however near ρ is to -1. The other cases are brought to this one by
 *
 *   Φ₂(a, b; ρ) = Φ(a) - Φ₂(a, -b; -ρ)   and   Φ₂(a, b; ρ) = Φ(a) - Φ(-b) + Φ₂(-a, -b; ρ),
 *
 * each only where little cancels. What is left, ρ > 0 with a corner deep in the tail, is smooth enough to be integrated as it is.
 *
 * The gradient is φ(a) Φ(-q) / Φ₂ in a, φ(b) Φ(-p) / Φ₂ in b and φ(a) φ(q) / (s·Φ₂) in ρ, where φ(a) φ(q) = φ(b) φ(p); the
 * factor that Φ₂ shares with them is taken out before anything underflows.
 */

/** Beyond this q the corner counts as deep for ρ > 0. Before it, Φ(a) - Φ₂(a, -b; -ρ) costs at most a factor 1 / Φ(-q) = 15 in accuracy. */
const deep = 1.5
/** The integrals end where the integrand has fallen by exp(-reach). */
const reach = 33
const nodeCount = 20
/** Gauss-Legendre on [0, 1]; the node at `nodeCount - 1 - i` is one minus the node at `i`. */
const nodes = new Float64Array(nodeCount)
const weights = new Float64Array(nodeCount)
/** The weights times exp(-reach · node). */
const fallingWeights = new Float64Array(nodeCount)
fillGaussLegendre()

const scratch = new Float64Array(4)

/** Φ₂(a, b; ρ), with all its digits until it underflows; see `logBivariateNdtrAndGradient`. */
export function bivariateNdtr(a: number, b: number, rho: number): number {
  return Math.exp(logBivariateNdtr(a, b, rho))
}

/** log Φ₂(a, b; ρ); see `logBivariateNdtrAndGradient`. */
export function logBivariateNdtr(a: number, b: number, rho: number): number {
  logBivariateNdtrAndGradient(a, b, rho, scratch)
  return scratch[0]!
}

/**
 * Writes log Φ₂(a, b; ρ) and its derivatives in a, b and ρ to `out[0 … 3]`; allocates nothing. Against values of 50 digits the probability
 * and the derivatives have a relative error of about 1e-14, or 1e-16 / √(1 - ρ²) where this is more; in the tail the log has its 16 digits, so
 * that the probability has those that |log Φ₂| leaves of them, while the derivatives keep theirs. The derivatives are 0 where they are below
 * the smallest double. Not a number in, not a number out.
 * @param a any finite number, as `b`
 * @param rho the correlation, -1 < ρ < 1
 * @throws CausewayError `internal` for a correlation outside of that
 */
export function logBivariateNdtrAndGradient(a: number, b: number, rho: number, out: Float64Array): void {
  if (Math.abs(rho) >= 1)
    throw new CausewayError('internal', `A correlation has to lie between -1 and 1, both excluded, and not be ${rho}.`)
  if (a <= b) fillOrdered(a, b, rho, out, 1, 2)
  else fillOrdered(b, a, rho, out, 2, 1)
}

/** The same for a ≤ b, from which p ≥ q follows; `atA` and `atB` are the places of the two derivatives. */
function fillOrdered(a: number, b: number, rho: number, out: Float64Array, atA: number, atB: number): void {
  const s = Math.sqrt((1 - rho) * (1 + rho))
  const p = rhoTimesMinus(b, a, rho) / s
  const q = rhoTimesMinus(a, b, rho) / s
  if (rho > 0 ? q > deep : q >= 0) {
    // Φ₂ over φ(a) φ(q)
    const relative = s * cornerIntegral(p, q, rho, s)
    out[0] = Math.log(relative) - 0.5 * (a * a + q * q) - 2 * logSqrt2Pi
    out[atA] = millsRatio(q) / relative
    out[atB] = millsRatio(p) / relative
    out[3] = 1 / (s * relative)
    return
  }
  const densityQ = normalPdf(q)
  // φ(b) / φ(a), needed only where a + b > 0.
  const densityRatio = p < 0 ? Math.exp(0.5 * (a - b) * (a + b)) : 0
  /** φ(a) / Φ₂ */
  let scale: number
  if (rho <= 0 && p >= 0) {
    const relative = s * edgeIntegral(p, q, rho, s)
    out[0] = Math.log(relative) - 0.5 * a * a - logSqrt2Pi
    scale = 1 / relative
  } else {
    // (Φ(a) - Φ₂) / φ(a)
    let missing: number
    if (rho <= 0) missing = densityRatio * millsRatio(b) - densityQ * s * cornerIntegral(-q, -p, rho, s)
    else if (p < 0) missing = densityRatio * s * edgeIntegral(-q, p, -rho, s)
    else if (q <= 0) missing = densityQ * s * cornerIntegral(p, -q, -rho, s)
    else missing = s * edgeIntegral(p, -q, -rho, s)
    if (a < 0) {
      const relative = millsRatio(-a) - missing
      out[0] = Math.log(relative) - 0.5 * a * a - logSqrt2Pi
      scale = 1 / relative
    } else {
      const density = normalPdf(a)
      const outside = density * (millsRatio(a) + missing)
      out[0] = Math.log1p(-outside)
      scale = density / (1 - outside)
    }
  }
  out[atA] = scale * ndtr(-q)
  out[atB] = scale * (p < 0 ? densityRatio * ndtr(-p) : densityQ * millsRatio(p))
  out[3] = (scale * densityQ) / s
}

/** ρx - y, without cancellation where ρ is near 1 or -1. */
function rhoTimesMinus(x: number, y: number, rho: number): number {
  if (rho > 0.5) return x - y - (1 - rho) * x
  if (rho < -0.5) return (1 + rho) * x - (x + y)
  return rho * x - y
}

/** ∫_{v ≥ 0} exp(-v²/2 - p·v) M(q - ρ·v) dv for p, q ≥ 0 and, where ρ > 0, p ≥ q > `deep`. */
function cornerIntegral(p: number, q: number, rho: number, s: number): number {
  let end = fallsBy(reach, 1, p)
  let sum = 0
  if (rho * end <= q) {
    // At v = end·x the exponent is -reach·x + end²/2 · x(1 - x): the nodes x and 1 - x share the second part.
    const curvature = 0.5 * end * end
    for (let i = 0, j = nodeCount - 1; i < j; i++, j--) {
      const x = nodes[i]!
      const y = nodes[j]!
      sum +=
        Math.exp(curvature * x * y) *
        (fallingWeights[i]! * millsRatio(q - rho * end * x) + fallingWeights[j]! * millsRatio(q - rho * end * y))
    }
    return end * sum
  }
  // For arguments below 0, M(t) is nearly √(2π) exp(t²/2), with which the integrand falls more slowly.
  end = fallsBy(reach + 0.5 * q * q, s, p + rho * q)
  for (let i = 0; i < nodeCount; i++) {
    const v = end * nodes[i]!
    const t = q - rho * v
    const ratio = t >= 0 ? millsRatio(t) : sqrt2Pi * Math.exp(0.5 * t * t) - millsRatio(-t)
    sum += weights[i]! * Math.exp(-v * (0.5 * v + p)) * ratio
  }
  return end * sum
}

/**
 * φ(q) ∫_{v ≥ 0} exp(-v²/2 - p·v) M(q - ρ·v) dv for p ≥ 0, q ≤ 0 and ρ ≤ 0: as long as t = q - ρ·v is below 0, the integrand is
 * exp(-s²v²/2 - (p + ρq)·v) Φ(-t).
 */
function edgeIntegral(p: number, q: number, rho: number, s: number): number {
  const rate = p + rho * q
  let end = fallsBy(reach, s, rate)
  if (q - rho * end > 0) end = fallsBy(reach - 0.5 * q * q, 1, p)
  const densityQ = normalPdf(q)
  let sum = 0
  for (let i = 0; i < nodeCount; i++) {
    const v = end * nodes[i]!
    const t = q - rho * v
    const tail = densityQ * Math.exp(-v * (0.5 * v + p)) * millsRatio(Math.abs(t))
    sum += weights[i]! * (t >= 0 ? tail : Math.exp(-v * (0.5 * s * s * v + rate)) - tail)
  }
  return end * sum
}

/** The v ≥ 0 at which s²v²/2 + rate·v comes to `depth`. */
function fallsBy(depth: number, s: number, rate: number): number {
  return (2 * depth) / (rate + Math.sqrt(rate * rate + 2 * s * s * depth))
}

/** The zeros of the Legendre polynomial by Newton's method from Tricomi's estimate, moved to [0, 1], and their weights. */
function fillGaussLegendre(): void {
  for (let i = 0; i < nodeCount; i++) {
    let zero = Math.cos((Math.PI * (i + 0.75)) / (nodeCount + 0.5))
    let slope = 0
    for (let step = 0; step < 6; step++) {
      let before = 1
      let value = zero
      for (let k = 2; k <= nodeCount; k++) {
        const next = ((2 * k - 1) * zero * value - (k - 1) * before) / k
        before = value
        value = next
      }
      slope = (nodeCount * (zero * value - before)) / (zero * zero - 1)
      zero -= value / slope
    }
    nodes[i] = (1 - zero) / 2
    weights[i] = 1 / ((1 - zero * zero) * slope * slope)
    fallingWeights[i] = weights[i]! * Math.exp(-reach * nodes[i]!)
  }
}
