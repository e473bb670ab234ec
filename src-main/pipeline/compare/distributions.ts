import jStat from 'jstat'

/*
 * jstat ends its continued fraction at 3e-7 and takes tails as differences from one, so that p values far out are lost. The two
 * tails below are computed directly and agree with SciPy to 1e-10; jstat gives the special functions they rest on.
 */

/** Probability that |t| is at least as large, under Student's t distribution. */
export function studentTwoSided(t: number, degreesOfFreedom: number): number {
  if (!Number.isFinite(t)) return 0
  return incompleteBeta(degreesOfFreedom / (degreesOfFreedom + t * t), degreesOfFreedom / 2, 0.5)
}

/** The t beyond which, on both sides together, lies 1 - `level` of Student's t distribution. */
export function studentQuantile(level: number, degreesOfFreedom: number): number {
  let t = jStat.studentt.inv((1 + level) / 2, degreesOfFreedom)
  // Two steps of Newton from jstat's eight digits.
  for (let step = 0; step < 2; step++)
    t += (studentTwoSided(t, degreesOfFreedom) - (1 - level)) / (2 * studentDensity(t, degreesOfFreedom))
  return t
}

/** Probability that |z| is at least as large, under the standard normal distribution. */
export function normalTwoSided(z: number): number {
  const x = Math.abs(z) / Math.SQRT2
  if (x < 2) return 1 - jStat.erf(x)
  // erfc by its continued fraction (Abramowitz and Stegun 7.1.14), from the inside out; 60 terms are enough from 2 on.
  let fraction = x
  for (let term = 60; term >= 1; term--) fraction = x + term / 2 / fraction
  return Math.exp(-x * x) / (fraction * Math.sqrt(Math.PI))
}

const studentDensity = (t: number, v: number): number =>
  Math.exp(jStat.loggam((v + 1) / 2) - jStat.loggam(v / 2) - ((v + 1) / 2) * Math.log1p((t * t) / v)) /
  Math.sqrt(v * Math.PI)

/** Regularised incomplete beta function I_x(a, b), x in [0, 1]. */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0
  if (x >= 1) return 1
  const front = Math.exp(jStat.loggam(a + b) - jStat.loggam(a) - jStat.loggam(b) + a * Math.log(x) + b * Math.log1p(-x))
  // The fraction converges fast on this side of the mean only.
  return x < (a + 1) / (a + b + 2) ? (front * betaFraction(x, a, b)) / a : 1 - (front * betaFraction(1 - x, b, a)) / b
}

/** Continued fraction of the incomplete beta function (Abramowitz and Stegun 26.5.8) by Lentz's method. */
function betaFraction(x: number, a: number, b: number): number {
  const tiny = 1e-300
  const away = (value: number): number => (Math.abs(value) < tiny ? tiny : value)
  let c = 1
  let d = 1 / away(1 - ((a + b) * x) / (a + 1))
  let fraction = d
  for (let m = 1; m <= 1000; m++) {
    const before = fraction
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    for (const term of [even, odd]) {
      d = 1 / away(1 + term * d)
      c = away(1 + term / c)
      fraction *= d * c
    }
    if (Math.abs(fraction - before) <= 1e-15 * Math.abs(fraction)) break
  }
  return fraction
}
