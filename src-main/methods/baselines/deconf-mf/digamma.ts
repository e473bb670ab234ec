/** ψ(x) for x > 0: the recurrence ψ(x) = ψ(x + 1) − 1/x up to 6, then the asymptotic series, off by less than 1e-9. */
export function digamma(x: number): number {
  let sum = 0
  let at = x
  for (; at < 6; at++) sum -= 1 / at
  const square = 1 / (at * at)
  return sum + Math.log(at) - 0.5 / at - square * (1 / 12 - square * (1 / 120 - square * (1 / 252 - square / 240)))
}
