import { z } from 'zod'

/**
 * A learned causal graph over k latent confounders. Orientation, everywhere: entry [i][j] speaks of i → j, rows are parents
 * (ADR 5). A mask has the same orientation: mask[i][j] = 0 removes the influence of i on j.
 */
export const causalGraphSchema = z.object({
  type: z.literal('causal-graph'),
  version: z.literal(1),
  /** Names of the k nodes: c1 … ck. */
  nodes: z.array(z.string()),
  /** Learned probability of each edge, [k][k], zero diagonal. */
  probabilities: z.array(z.array(z.number())),
  /** Mean strength of each edge over the training users, [k][k]; null where the method has no local graph. */
  meanStrengths: z.array(z.array(z.number())).nullable(),
})
export type CausalGraph = z.infer<typeof causalGraphSchema>

/** The strengths of the edges for one user. */
export interface LocalGraph {
  user: string
  /** [k][k], same orientation. */
  strengths: number[][]
}

export interface WeightedEdge {
  from: number
  to: number
  probability: number
}

/** The graph that a data set was drawn from, in its own names, beside the graph that a run learned from it. */
export interface KnownGraph {
  nodes: string[]
  edges: [parent: string, child: string][]
  /** Null where the run learned another number of confounders. */
  comparison: GraphComparison | null
}

export interface GraphComparison {
  /** Probability from which on a learned edge counts. */
  threshold: number
  /** Learned edges that count, those left out to break cycles not among them. */
  learnedEdges: number
  /** Structural Hamming distance under the best matching of the latent confounders. */
  shd: number
  /** Which learned confounder plays which known one. */
  matching: { learned: string; known: string }[]
  /** Mean SHD, each under its own best matching, of random graphs with as many edges as the learned one. */
  meanRandomShd: number
  /** Share of those graphs whose SHD is no larger than the learned one's. */
  randomAsNear: number
}
