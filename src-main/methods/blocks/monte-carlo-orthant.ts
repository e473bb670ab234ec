import { inverseMills, logNdtr, logSqrt2Pi, millsRatio, sqrt2Pi } from './normal'

/**
 * Monte Carlo estimate of log P(outer + U > 0, inner + ε > 0) for standard normal U and ε of correlation ρ (CLEV, Eq. 12 and 13):
 * the probability is the mean over the samples ε of Φ((outer + ρε) / √(1 - ρ²)) · 1{ε > -inner}. Writes to `out` the log, its derivative in
 * `outer` and its derivative in ρ; there is none in `inner`, which stands in the indicator. Allocates nothing. The sum is taken relative to
 * its largest term, so that it does not underflow.
 *
 * Eq. 12 is outer = g_r, inner = g_o; Eq. 13 is outer = g_o, inner = g_r. Deviation: for y ≤ 0 the paper takes Φ(g_o) minus the estimate,
 * which noise makes negative. Here the probability of (z > 0, y ≤ 0) is a mean of its own, over terms that are all positive:
 * with Eq. 12 the call (-g_r, g_o, -ρ), which keeps samples and indicator, so that both together are the share of the samples that
 * pass; with Eq. 13 the call (g_o, -g_r, -ρ). The derivatives are then those in the arguments as passed: their signs turn as well.
 *
 * Where no sample passes the indicator the mean is 0, its log -∞ and the gradient 0 / 0. Then one point stands for the samples, the mean of ε
 * given ε > -inner, with the weight Φ(inner): a finite value, right in `inner` and approximate in the rest, with a gradient of the right
 * size. This has a bias, which is at most Φ(inner) · (1 - Φ(inner))^L in the probability for L samples.
 * @param samples standard normal, at least one
 * @param rho the correlation, -1 < ρ < 1
 */
export function monteCarloOrthant(
  outer: number,
  inner: number,
  rho: number,
  samples: Float32Array | Float64Array,
  out: Float64Array,
): void {
  const s = Math.sqrt((1 - rho) * (1 + rho))
  let largest = -Infinity
  for (let i = 0; i < samples.length; i++)
    if (samples[i]! > -inner) largest = Math.max(largest, (outer + rho * samples[i]!) / s)
  if (largest === -Infinity) {
    const mean = inverseMills(inner)
    const x = (outer + rho * mean) / s
    const slope = inverseMills(x)
    out[0] = logNdtr(inner) + logNdtr(x)
    out[1] = slope / s
    out[2] = (slope * (mean + rho * outer)) / (s * s * s)
    return
  }
  // The sums below are of Φ and of φ and its multiples, all times √(2π) exp(shift).
  const shift = largest < 0 ? 0.5 * largest * largest : 0
  let probability = 0
  let inOuter = 0
  let inRho = 0
  for (let i = 0; i < samples.length; i++) {
    const sample = samples[i]!
    if (!(sample > -inner)) continue
    const x = (outer + rho * sample) / s
    const density = Math.exp(shift - 0.5 * x * x)
    probability += x < 0 ? density * millsRatio(-x) : sqrt2Pi - density * millsRatio(x)
    inOuter += density
    inRho += density * (sample + rho * outer)
  }
  out[0] = Math.log(probability / samples.length) - logSqrt2Pi - shift
  out[1] = inOuter / (s * probability)
  out[2] = inRho / (s * s * s * probability)
}
