import { z } from 'zod'
import { savedNameSchema } from './mask'

const edge = z.tuple([z.string().min(1).max(64), z.string().min(1).max(64)])

/**
 * What the analyst knows of the graph before the next training: edges that must be there, edges that must not, and tiers (no edge
 * from a later tier into an earlier one). Training honours it exactly: a required edge has probability 1, a forbidden one 0.
 * Nodes go by the names the training will learn them under, c1 … ck; k is the number of nodes.
 */
export const knowledgeSchema = z.object({
  type: z.literal('causeway-knowledge'),
  version: z.literal(1),
  name: savedNameSchema,
  notes: z.string().max(4000).default(''),
  nodes: z.array(z.string().min(1).max(64)).min(1).max(256),
  /** [parent, child] */
  required: z.array(edge).max(65536),
  forbidden: z.array(edge).max(65536),
  /** Earliest first; a node may be in no tier. */
  tiers: z.array(z.array(z.string().min(1).max(64)).max(256)).max(256),
})
export type Knowledge = z.infer<typeof knowledgeSchema>
