import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { CausewayError } from '../../../src-shared/contract/errors'
import { datasetDirectory } from '../../storage/layout'

/** The causal model the built-in data were drawn from, to compare a learned graph with. */
export const truthSchema = z.object({
  type: z.literal('causal-truth'),
  version: z.literal(1),
  nodes: z.array(z.string()),
  /** [i][j] = 1 where i → j; rows are parents, as everywhere. */
  adjacency: z.array(z.array(z.number())),
  exogenous: z.array(z.object({ mean: z.number(), variance: z.number() })),
  /** Mean over the users of their own weight of each edge, [i][j]. */
  meanWeights: z.array(z.array(z.number())),
})
export type Truth = z.infer<typeof truthSchema>

/** Inside a data-set folder. */
export const truthFile = 'truth.json'

/** The causal model a data set was drawn from; null for data nobody drew. */
export async function readTruth(workspace: string, dataset: string): Promise<Truth | null> {
  const path = join(datasetDirectory(workspace, dataset), truthFile)
  try {
    return truthSchema.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw new CausewayError('workspaceInvalid', `"${path}" is damaged: ${(thrown as Error).message}.`, undefined, {
      cause: thrown,
    })
  }
}
