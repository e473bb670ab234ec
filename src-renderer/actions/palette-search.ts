/** What the palette can find. */
export interface PaletteEntry {
  id: string
  name: string
  group: string
  /** Words it is found by that are not shown. */
  keywords?: string
  shortcut?: string
  perform: () => void | Promise<void>
}

/** How well `name` answers `query`: every word must occur; starts of words count more, later places less. Null: not at all. */
export function matchScore(query: string, name: string): number | null {
  const text = name.toLowerCase()
  let score = 0
  for (const word of query.toLowerCase().split(/\s+/).filter(Boolean)) {
    const at = text.indexOf(word)
    if (at < 0) return null
    const startsWord = at === 0 || /[^\p{L}\p{N}]/u.test(text[at - 1]!)
    score += (startsWord ? 100 : 10) - Math.min(at, 9)
  }
  return score
}

/** The entries that answer the query, best first; all of them, in their order, where nothing is asked. */
export function searchEntries(query: string, entries: readonly PaletteEntry[]): PaletteEntry[] {
  return entries
    .map((entry) => ({ entry, score: matchScore(query, `${entry.name} ${entry.group} ${entry.keywords ?? ''}`) }))
    .filter((found): found is { entry: PaletteEntry; score: number } => found.score !== null)
    .sort((a, b) => b.score - a.score)
    .map((found) => found.entry)
}
