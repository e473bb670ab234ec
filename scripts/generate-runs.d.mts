/** Names of the shapes there are (`id`, `id@k`, `id:attribute@k`), those of every evaluation first. */
export function metricNamesOf(count: number): string[]

/** Writes a workspace full of runs nobody trained into an empty or new folder; answers with their ids. */
export function generateRuns(
  directory: string,
  options?: { runs?: number; metrics?: number; epochs?: number; seed?: number },
): string[]
