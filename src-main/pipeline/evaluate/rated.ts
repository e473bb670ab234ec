// stand-in until the real one is merged
import { rowOf, type Split, type SplitPart } from '../../../src-shared/domain/split'
export interface RatedPairs { users: Int32Array; items: Int32Array; labels: Float32Array; values: Float32Array | null; propensities: Float32Array | null }
export function ratedPairs(split: Split, part: SplitPart): RatedPairs {
  const rows: [number, number, number, number, number][] = []
  let p = 0, n = 0
  for (let u = 0; u < split[part].rows; u++) {
    for (const i of rowOf(split[part], u)) { rows.push([u, i, 1, split.ratings?.positives[part][p] ?? NaN, split.propensities?.positives[part][p] ?? NaN]); p++ }
    if (split.negatives) for (const i of rowOf(split.negatives[part], u)) { rows.push([u, i, 0, split.ratings?.negatives[part][n] ?? NaN, split.propensities?.negatives[part][n] ?? NaN]); n++ }
  }
  rows.sort((a, b) => a[0] - b[0] || a[1] - b[1])
  return { users: Int32Array.from(rows, (r) => r[0]), items: Int32Array.from(rows, (r) => r[1]), labels: Float32Array.from(rows, (r) => r[2]), values: split.ratings ? Float32Array.from(rows, (r) => r[3]) : null, propensities: split.propensities ? Float32Array.from(rows, (r) => r[4]) : null }
}
export function ratedMetrics(scores: Float32Array, pairs: RatedPairs): Record<string, number> {
  const order = Array.from(scores.keys()).sort((a, b) => scores[a]! - scores[b]!)
  let pos = 0, neg = 0, sum = 0
  for (let at = 0; at < order.length;) {
    let end = at, p = 0, q = 0
    while (end < order.length && scores[order[end]!] === scores[order[at]!]) { if (pairs.labels[order[end]!]) p++; else q++; end++ }
    sum += p * neg + (p * q) / 2; pos += p; neg += q; at = end
  }
  let nd = 0, rc = 0, users = 0
  for (let from = 0; from < scores.length;) {
    let to = from; while (to < scores.length && pairs.users[to] === pairs.users[from]) to++
    const own = Array.from({ length: to - from }, (_, k) => from + k).sort((a, b) => scores[b]! - scores[a]! || a - b)
    const positives = own.filter((k) => pairs.labels[k]).length
    if (positives) { users++; let d = 0, h = 0, ideal = 0
      own.slice(0, 5).forEach((k, r) => { if (pairs.labels[k]) { d += 1 / Math.log2(r + 2); h++ } })
      for (let r = 0; r < Math.min(5, positives); r++) ideal += 1 / Math.log2(r + 2)
      nd += d / ideal; rc += h / Math.min(5, positives) }
    from = to
  }
  return { ratedAuc: sum / (pos * neg), 'ratedRecall@5': rc / users, 'ratedNdcg@5': nd / users }
}
