/** Sums and products of plain arrays. */

/** Pearson's correlation; null where one of the two does not vary. */
export function correlation(x: ArrayLike<number>, y: ArrayLike<number>): number | null {
  const n = x.length
  let meanX = 0
  let meanY = 0
  for (let i = 0; i < n; i++) {
    meanX += x[i]!
    meanY += y[i]!
  }
  meanX /= n
  meanY /= n
  let xx = 0
  let yy = 0
  let xy = 0
  for (let i = 0; i < n; i++) {
    const dx = x[i]! - meanX
    const dy = y[i]! - meanY
    xx += dx * dx
    yy += dy * dy
    xy += dx * dy
  }
  const scale = Math.sqrt(xx) * Math.sqrt(yy)
  return scale > 0 ? Math.max(-1, Math.min(1, xy / scale)) : null
}

/** A direction of unit length and the standard deviation along it; a zero vector where nothing varies. */
export interface PrincipalDirection {
  direction: Float64Array
  deviation: number
}

const mostIterations = 5000
const tolerance = 1e-12

/**
 * The first principal direction of a covariance, by power iteration. Its sign: the entry of largest magnitude is positive.
 * @param covariance [d × d], symmetric
 */
export function principalDirection(covariance: Float64Array, d: number): PrincipalDirection {
  let largest = 0
  for (let i = 1; i < d; i++) if (covariance[i * d + i]! > covariance[largest * d + largest]!) largest = i
  if (!(covariance[largest * d + largest]! > 0)) return { direction: new Float64Array(d), deviation: 0 }
  // The row of the entry that varies most cannot be at right angles to the first direction unless another is as strong.
  let direction = toUnitLength(covariance.slice(largest * d, (largest + 1) * d))
  for (let iteration = 0; iteration < mostIterations; iteration++) {
    const next = toUnitLength(times(covariance, direction))
    let change = 0
    for (let i = 0; i < d; i++) change = Math.max(change, Math.abs(next[i]! - direction[i]!))
    direction = next
    if (change < tolerance) break
  }
  let peak = 0
  for (let i = 1; i < d; i++) if (Math.abs(direction[i]!) > Math.abs(direction[peak]!)) peak = i
  if (direction[peak]! < 0) direction = direction.map((x) => -x)
  const image = times(covariance, direction)
  const variance = direction.reduce((sum, x, i) => sum + x * image[i]!, 0)
  return { direction, deviation: Math.sqrt(Math.max(0, variance)) }
}

function times(matrix: Float64Array, vector: Float64Array): Float64Array {
  const d = vector.length
  const result = new Float64Array(d)
  for (let i = 0; i < d; i++) {
    let sum = 0
    for (let j = 0; j < d; j++) sum += matrix[i * d + j]! * vector[j]!
    result[i] = sum
  }
  return result
}

function toUnitLength(vector: Float64Array): Float64Array {
  const length = Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0))
  return vector.map((x) => x / length)
}
