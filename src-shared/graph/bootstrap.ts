import type { BootstrapConfidence, Resample } from '../domain/graph'

/** How often edges between latent nodes are found again: matching of nodes across models, and frequencies. */

/** The probability from which on an edge of a resample counts as found. */
const foundThreshold = 0.5

/**
 * The assignment of columns to rows with the largest total score: `result[row]` is the row's column. The Hungarian algorithm with
 * potentials (Kuhn 1955; Jonker and Volgenant 1987), O(n³).
 * @param scores square, finite
 */
export function bestAssignment(scores: readonly (readonly number[])[]): number[] {
  const n = scores.length
  // Positions are 1-based here: column 0 stands for "none yet". The cost is the negative score.
  const rowPotential = new Float64Array(n + 1)
  const columnPotential = new Float64Array(n + 1)
  const rowOf = new Int32Array(n + 1)
  for (let row = 1; row <= n; row++) {
    const before = new Int32Array(n + 1)
    const slack = new Float64Array(n + 1).fill(Infinity)
    const visited = new Uint8Array(n + 1)
    let column = 0
    rowOf[0] = row
    do {
      visited[column] = 1
      const from = rowOf[column]!
      let next = 0
      let least = Infinity
      for (let j = 1; j <= n; j++) {
        if (visited[j]) continue
        const reduced = -scores[from - 1]![j - 1]! - rowPotential[from]! - columnPotential[j]!
        if (reduced < slack[j]!) {
          slack[j] = reduced
          before[j] = column
        }
        if (slack[j]! < least) {
          least = slack[j]!
          next = j
        }
      }
      for (let j = 0; j <= n; j++) {
        if (visited[j]) {
          rowPotential[rowOf[j]!]! += least
          columnPotential[j]! -= least
        } else slack[j]! -= least
      }
      column = next
    } while (rowOf[column] !== 0)
    while (column !== 0) {
      rowOf[column] = rowOf[before[column]!]!
      column = before[column]!
    }
  }
  const assignment = new Array<number>(n).fill(0)
  for (let j = 1; j <= n; j++) assignment[rowOf[j]! - 1] = j - 1
  return assignment
}

/**
 * How often each edge is found when the users are drawn anew.
 * @param resamples how many were asked for
 * @param lines those that are there; of none, every share is 0
 * @param nodes k
 */
export function bootstrapConfidence(resamples: number, lines: readonly Resample[], nodes: number): BootstrapConfidence {
  const done = [...lines].sort((a, b) => a.resample - b.resample)
  const meanOf = (value: (resample: Resample) => number): number =>
    done.reduce((sum, resample) => sum + value(resample), 0) / Math.max(1, done.length)
  const indices = Array.from({ length: nodes }, (_, node) => node)
  return {
    resamples: Math.max(resamples, done.length),
    done,
    frequencies: indices.map((i) =>
      indices.map((j) => meanOf(({ probabilities }) => (probabilities[i]![j]! >= foundThreshold ? 1 : 0))),
    ),
    meanSimilarity: indices.map((node) => meanOf(({ similarity }) => similarity[node]!)),
  }
}
