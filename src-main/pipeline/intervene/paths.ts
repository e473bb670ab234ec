import type { RowPaths } from '../../jobs/trainer-contract'
import type { ModelIntervention } from '../../methods/method'
import type { Candidates } from './lists'
import type { PreparedRows } from './prepared-rows'

/**
 * How the score of one item for one user comes about, by exact differences of the scores when a confounder is silenced or an
 * edge removed; see `PathExplanation`. All variants are scored together.
 * @param present whether the learned graph has the edge i → j at all, [k × k]
 */
export async function explainPaths(
  users: PreparedRows,
  candidates: Candidates,
  row: number,
  item: number,
  intervention: ModelIntervention,
  present: (from: number, to: number) => boolean,
  nodes: number,
): Promise<RowPaths> {
  const { mask: given, holds } = intervention
  const mask = given ?? new Float32Array(nodes * nodes).fill(1)
  const nodeList = Array.from({ length: nodes }, (_, node) => node)
  const edges = nodeList.flatMap((from) =>
    nodeList.flatMap((to) => (from !== to && mask[from * nodes + to] !== 0 && present(from, to) ? [{ from, to }] : [])),
  )

  const masks: Float32Array[] = []
  const silences: Uint8Array[] = []
  const variant = (change: { remove?: (from: number, to: number) => boolean; silence?: (node: number) => boolean }) => {
    const { remove, silence } = change
    masks.push(remove ? mask.map((factor, at) => (remove(Math.floor(at / nodes), at % nodes) ? 0 : factor)) : mask)
    silences.push(Uint8Array.from(nodeList, (node) => (silence?.(node) ? 1 : 0)))
    return masks.length - 1
  }
  const whole = variant({})
  const allSilent = variant({ silence: () => true })
  const silent = nodeList.map((node) => variant({ silence: (other) => other === node }))
  const withoutParents = nodeList.map((node) => variant({ remove: (from, to) => to === node && from !== to }))
  const withoutEdge = edges.map((edge) => variant({ remove: (from, to) => from === edge.from && to === edge.to }))

  const scores = new Float64Array(masks.length)
  let rank = 0
  for (let from = 0; from < masks.length; from += users.blockRows) {
    const to = Math.min(from + users.blockRows, masks.length)
    const block = await users.score(new Int32Array(to - from).fill(row), {
      mask: concatenate(Float32Array, masks.slice(from, to)),
      silenced: concatenate(Uint8Array, silences.slice(from, to)),
      ...(holds && { holds }),
    })
    for (let at = from; at < to; at++)
      scores[at] = aboveMean(block.subarray((at - from) * users.items, (at - from + 1) * users.items), item)
    if (from === 0) rank = candidates.rank(row, block.subarray(0, users.items), item)
  }

  const score = scores[whole]!
  const preference = scores[allSilent]!
  const edgeFlows = edges.map((edge, at) => ({ ...edge, flow: score - scores[withoutEdge[at]!]! }))
  const confounders = nodeList.map((node) => {
    const flow = score - scores[silent[node]!]!
    const own = scores[withoutParents[node]!]! - scores[silent[node]!]!
    const incoming = edgeFlows.reduce((sum, edge) => (edge.to === node ? sum + edge.flow : sum), 0)
    return { node, flow, own, remainder: flow - own - incoming }
  })
  const flows = confounders.reduce((sum, { flow }) => sum + flow, 0)
  return { rank, score, preference, confounders, edges: edgeFlows, remainder: score - preference - flows }
}

/**
 * An item's score above the mean of all items for the user. Scores are log-probabilities: what a change does to the normaliser,
 * it does to every item alike, and it ranks nothing; taken as they are, most of a score would be "several confounders together".
 */
const aboveMean = (scores: Float32Array, item: number): number =>
  scores[item]! - scores.reduce((sum, score) => sum + score, 0) / scores.length

function concatenate<T extends Float32Array | Uint8Array>(Type: new (length: number) => T, parts: T[]): T {
  const whole = new Type(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
