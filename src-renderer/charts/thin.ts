export type Point = readonly [x: number, y: number | null]

/**
 * At most about `limit` of `points` (in ascending x), chosen so that the curve keeps its looks: in each stretch the lowest and the highest
 * value stay, as do the first and the last point and those at `keep`.
 * @param limit at least 4
 */
export function thin(points: readonly Point[], limit: number, keep: ReadonlySet<number> = new Set()): Point[] {
  if (points.length <= limit) return [...points]
  const stretches = Math.max(1, Math.floor((limit - 2) / 2))
  const chosen = new Set<number>([0, points.length - 1])
  for (let s = 0; s < stretches; s++) {
    const from = Math.floor((s * points.length) / stretches)
    const to = Math.floor(((s + 1) * points.length) / stretches)
    let low = -1
    let high = -1
    for (let i = from; i < to; i++) {
      const y = points[i]![1]
      if (y === null) continue
      if (low < 0 || y < points[low]![1]!) low = i
      if (high < 0 || y > points[high]![1]!) high = i
    }
    // A stretch without a value keeps one point, so that the gap stays visible.
    chosen.add(low < 0 ? from : low)
    if (high >= 0) chosen.add(high)
  }
  if (keep.size > 0) points.forEach((point, i) => keep.has(point[0]) && chosen.add(i))
  return [...chosen].sort((a, b) => a - b).map((i) => points[i]!)
}
