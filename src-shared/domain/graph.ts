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
