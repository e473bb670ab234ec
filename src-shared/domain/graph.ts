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

/** Names and notes that the analyst gave the nodes of a learned graph; by the node's learned name. */
export const annotationsSchema = z.object({
  type: z.literal('causeway-annotations'),
  version: z.literal(1),
  names: z.record(z.string(), z.string().min(1).max(64)),
  notes: z.record(z.string(), z.string().max(4000)),
})
export type Annotations = z.infer<typeof annotationsSchema>

export const noAnnotations: Annotations = { type: 'causeway-annotations', version: 1, names: {}, notes: {} }

/** One training on resampled users, its confounders put in the order of the run's. Positions are of the run's nodes. */
export const resampleSchema = z.object({
  resample: z.number().int(),
  seed: z.number().int(),
  /** probabilities[i][j] of the run's node i → j in this resample. */
  probabilities: z.array(z.array(z.number())),
  /** How alike what each confounder does to the items is in the two models: correlation, −1..1. */
  similarity: z.array(z.number()),
  metrics: z.record(z.string(), z.number()),
  seconds: z.number(),
})
export type Resample = z.infer<typeof resampleSchema>

/** How often each edge is found when the users are drawn anew. */
export interface BootstrapConfidence {
  /** Resamples asked for. */
  resamples: number
  /** Those that are there: fewer while the job runs, or after it was stopped. */
  done: Resample[]
  /** Share of `done` in which the edge reaches the threshold 0.5, [k][k]. */
  frequencies: number[][]
  /** Mean similarity of each matched confounder over `done`. */
  meanSimilarity: number[]
}
