export type Point = readonly [x: number, y: number | null]

/**
 * Which of the values of a curve to keep, at most about `limit` of them, so that it keeps its looks: in each stretch the lowest and the
 * highest value stay, as do the first, the last and those in `keep`. What is not a finite number counts as a gap.
 * @param limit at least 4
 * @returns positions in ascending order
 */
export function keptPositions(values: ArrayLike<number | null>, limit: number, keep: Iterable<number> = []): number[] {
  const count = values.length
  if (count <= limit) return Array.from({ length: count }, (_, i) => i)
  const stretches = Math.max(1, Math.floor((limit - 2) / 2))
  const chosen = new Set<number>([0, count - 1])
  for (let s = 0; s < stretches; s++) {
    const from = Math.floor((s * count) / stretches)
    const to = Math.floor(((s + 1) * count) / stretches)
    let low = -1
    let high = -1
    for (let i = from; i < to; i++) {
      const value = values[i]
      if (!Number.isFinite(value)) continue
      if (low < 0 || value! < values[low]!) low = i
      if (high < 0 || value! > values[high]!) high = i
    }
    // A stretch without a value keeps one position, so that the gap stays visible.
    chosen.add(low < 0 ? from : low)
    if (high >= 0) chosen.add(high)
  }
  for (const position of keep) chosen.add(position)
  return [...chosen].sort((a, b) => a - b)
}

/** `keptPositions` of points in ascending x; `keep` holds the x of points that stay. */
export function thin(points: readonly Point[], limit: number, keep: ReadonlySet<number> = new Set()): Point[] {
  const kept = keep.size === 0 ? [] : points.flatMap((point, i) => (keep.has(point[0]) ? [i] : []))
  return keptPositions(
    points.map((point) => point[1]),
    limit,
    kept,
  ).map((i) => points[i]!)
}
