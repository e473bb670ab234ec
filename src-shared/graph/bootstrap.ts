import type { BootstrapConfidence, Resample } from '../domain/graph'

/** Probability from which on an edge counts as found. */
const threshold = 0.5

/**
 * How often each edge is found when the users are drawn anew.
 * @param resamples how many were asked for
 * @param done those that are there
 * @param k number of nodes; without a resample every frequency is 0
 */
export function bootstrapConfidence(resamples: number, done: Resample[], k: number): BootstrapConfidence {
  const mean = (values: number[]): number =>
    values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length
  const nodes = Array.from({ length: k }, (_, node) => node)
  return {
    resamples,
    done,
    frequencies: nodes.map((i) =>
      nodes.map((j) => mean(done.map(({ probabilities }) => (probabilities[i]![j]! >= threshold ? 1 : 0)))),
    ),
    meanSimilarity: nodes.map((node) => mean(done.map(({ similarity }) => similarity[node]!))),
  }
}
