/** Cholesky's decomposition in place: A [n × n], symmetric positive definite by its lower triangle, becomes L with A = L Lᵀ. */
export function decompose(a: Float64Array, n: number): void {
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let sum = a[i * n + j]!
      for (let k = 0; k < j; k++) sum -= a[i * n + k]! * a[j * n + k]!
      a[i * n + j] = i === j ? Math.sqrt(sum) : sum / a[j * n + j]!
    }
}

/** Solves A x = b in place of b, A = L Lᵀ as `decompose` leaves it. */
export function substitute(l: Float64Array, b: Float64Array): void {
  const n = b.length
  for (let i = 0; i < n; i++) {
    let sum = b[i]!
    for (let k = 0; k < i; k++) sum -= l[i * n + k]! * b[k]!
    b[i] = sum / l[i * n + i]!
  }
  for (let i = n - 1; i >= 0; i--) {
    let sum = b[i]!
    for (let k = i + 1; k < n; k++) sum -= l[k * n + i]! * b[k]!
    b[i] = sum / l[i * n + i]!
  }
}

/** Solves A x = b in place, A [n × n] symmetric positive definite by its lower triangle, by Cholesky's decomposition. */
export function solveByCholesky(a: Float64Array, b: Float64Array): void {
  decompose(a, b.length)
  substitute(a, b)
}
