/** What a button calls a format: what stands in its brackets, `Graphviz (DOT)` being `DOT`; without any, its whole name. */
export const shortLabel = (label: string): string => /\(([^)]+)\)/.exec(label)?.[1] ?? label
