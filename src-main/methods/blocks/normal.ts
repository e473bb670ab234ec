export const logSqrt2Pi = 0.918938533204672741780329736406
export const sqrt2Pi = 2.50662827463100050241576528481

/** Density of the standard normal distribution, to the last digits of a double as far as it is above the smallest one. */
export function normalPdf(x: number): number {
  if (!(Math.abs(x) < 39)) return Number.isNaN(x) ? NaN : 0
  // x² rounded is off by up to 1e-13 far out, which exp would show: the square of the first 24 bits is exact, the rest is small.
  const head = Math.fround(x)
  const rest = 0.5 * (x - head) * (x + head)
  return (Math.exp(-0.5 * head * head) / sqrt2Pi) * (1 - rest * (1 - rest * (0.5 - rest / 6)))
}

/**
 * Mills' ratio of the standard normal distribution, (1 - Φ(t)) / φ(t), for t ≥ 0: what is left of a tail after its exponential is taken
 * out, so that it neither underflows nor cancels. A rational function with positive coefficients only, fitted at 60 digits over all of
 * t ≥ 0 (least squares of the relative error, reweighted towards the largest): 5e-16 at most.
 */
export function millsRatio(t: number): number {
  if (t > 1e8) return 1 / t
  const numerator =
    1.2533141373154997632 +
    t *
      (2.0110861551417002345 +
        t *
          (1.5904584694938656947 +
            t *
              (0.7988272912176002459 +
                t *
                  (0.27844562985759923888 +
                    t *
                      (0.069634528009796824939 +
                        t *
                          (0.01250450033367714755 +
                            t *
                              (0.0015619896178934225191 +
                                t * (0.00012432864000964244466 + t * 4.8937458261979008482e-6))))))))
  const denominator =
    1 +
    t *
      (2.4024991544347527553 +
        t *
          (2.6859192400748490757 +
            t *
              (1.845137398655386913 +
                t *
                  (0.86538681970020088344 +
                    t *
                      (0.29070147162807958172 +
                        t *
                          (0.071186730161948591852 +
                            t *
                              (0.012628828973370397057 +
                                t *
                                  (0.0015668833637216254404 +
                                    t * (0.00012432864000963750788 + t * 4.8937458261979029537e-6)))))))))
  return numerator / denominator
}

/** Φ(x), the standard normal distribution function; its lower tail keeps all its digits until it underflows near -38. */
export function ndtr(x: number): number {
  return x > 0 ? 1 - normalPdf(x) * millsRatio(x) : normalPdf(x) * millsRatio(-x)
}

/** log Φ(x), with all its digits in both tails: about -x²/2 far below 0, about -φ(x)/x far above. */
export function logNdtr(x: number): number {
  if (x > 0) return Math.log1p(-normalPdf(x) * millsRatio(x))
  return Math.log(millsRatio(-x)) - 0.5 * x * x - logSqrt2Pi
}

/** φ(x) / Φ(x), the slope of log Φ; tends to -x far below 0. */
export function inverseMills(x: number): number {
  if (x <= 0) return 1 / millsRatio(-x)
  const density = normalPdf(x)
  return density / (1 - density * millsRatio(x))
}

/** Writes log Φ(x) and its slope to `out[0]` and `out[1]`: both at the price of the first. */
export function logNdtrAndSlope(x: number, out: Float64Array): void {
  if (x > 0) {
    const density = normalPdf(x)
    const tail = density * millsRatio(x)
    out[0] = Math.log1p(-tail)
    out[1] = density / (1 - tail)
  } else {
    const ratio = millsRatio(-x)
    out[0] = Math.log(ratio) - 0.5 * x * x - logSqrt2Pi
    out[1] = 1 / ratio
  }
}
