/** Cholesky's decomposition A = L Lᵀ in place, A [n × n] symmetric positive definite by its lower triangle; the upper one is left as it is. */
export function decomposeByCholesky(a: Float64Array, n: number): void {
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let sum = a[i * n + j]!
      for (let k = 0; k < j; k++) sum -= a[i * n + k]! * a[j * n + k]!
      a[i * n + j] = i === j ? Math.sqrt(sum) : sum / a[j * n + j]!
    }
}

/** Solves A x = b in place, A [n × n] symmetric positive definite by its lower triangle. */
export function solveByCholesky(a: Float64Array, b: Float64Array): void {
  const n = b.length
  decomposeByCholesky(a, n)
  for (let i = 0; i < n; i++) {
    let sum = b[i]!
    for (let k = 0; k < i; k++) sum -= a[i * n + k]! * b[k]!
    b[i] = sum / a[i * n + i]!
  }
  for (let i = n - 1; i >= 0; i--) {
    let sum = b[i]!
    for (let k = i + 1; k < n; k++) sum -= a[k * n + i]! * b[k]!
    b[i] = sum / a[i * n + i]!
  }
}
