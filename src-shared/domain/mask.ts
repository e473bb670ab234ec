import { z } from 'zod'

/** The names that masks, saved effects, knowledge and domain graphs may have: safe as a file's name everywhere. */
export const savedNameSchema = z
  .string()
  .regex(
    /^[\p{L}\p{N}][\p{L}\p{N} ._()+-]{0,62}$/u,
    'Up to 63 letters, digits, spaces and . _ ( ) + -, a letter or digit first.',
  )

const factors = z.array(z.array(z.number().min(0).max(1)).max(256)).max(256)

/** A square matrix whose entries are all in 0..1. */
export const factorsSchema = factors.refine(
  (rows) => rows.every((row) => row.length === rows.length),
  'Must have as many columns as rows.',
)

/**
 * A mask on a learned graph of k nodes: factor [i][j] scales the influence of i on j (rows are parents, ADR 5). 1 leaves the edge
 * as learned, 0 removes it (do-operation; the paper of CSC uses 0 and 1). The diagonal is 1: no node acts on itself.
 */
export const maskSchema = z
  .object({
    type: z.literal('causeway-mask'),
    version: z.literal(1),
    name: savedNameSchema,
    notes: z.string().max(4000).default(''),
    /** The nodes by the names the run learned them under, c1 … ck. */
    nodes: z.array(z.string().min(1).max(64)).min(1).max(256),
    factors: factorsSchema,
  })
  .refine((mask) => mask.factors.length === mask.nodes.length, 'Must have one row of factors for each node.')
export type Mask = z.infer<typeof maskSchema>

/** A mask as it lies with its run. */
export const savedMaskSchema = z.object({ mask: maskSchema, savedAt: z.string() })
export type SavedMask = z.infer<typeof savedMaskSchema>
