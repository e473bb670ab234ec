import type { CausalGraph } from '../../src-shared/domain/graph'
import { breakCycles, thresholdEdges } from '../../src-shared/graph/acyclic'
import type { ChartTable } from '../charts/chart'
import { formatNumber, formatPercent } from '../format'

/** `kept`: part of the DAG; `dropped`: above the threshold, left out to break a cycle; `below`: under the threshold. */
export type EdgeStatus = 'kept' | 'dropped' | 'below'

export interface ModelEdge {
  /** `c1→c2` */
  id: string
  from: number
  to: number
  probability: number
  meanStrength: number | null
  status: EdgeStatus
}

/** A learned graph seen at a threshold. */
export interface GraphModel {
  /** As they were learned, c1 … ck: ids of elements and cells. */
  nodes: string[]
  /** As they are shown: the analyst's names where there are any. */
  names: string[]
  threshold: number
  /** Every ordered pair, the most probable first. */
  edges: ModelEdge[]
  /** What the graph is at this threshold, in one or two sentences. */
  statement: string
}

export const edgeId = (nodes: readonly string[], from: number, to: number): string => `${nodes[from]}→${nodes[to]}`

const arrow = (names: readonly string[], edge: { from: number; to: number; probability: number }): string =>
  `${names[edge.from]} → ${names[edge.to]} (${edge.probability.toFixed(2)})`

/** The graph at `threshold`: which edges count, which are left out so that no cycle remains, and what that makes. */
export function graphModel(graph: CausalGraph, threshold: number, names: readonly string[] = graph.nodes): GraphModel {
  const { nodes } = graph
  const { kept, dropped } = breakCycles(thresholdEdges(graph.probabilities, threshold))
  const idsOf = (edges: typeof kept): Set<string> => new Set(edges.map(({ from, to }) => edgeId(nodes, from, to)))
  const keptIds = idsOf(kept)
  const droppedIds = idsOf(dropped)

  const edges: ModelEdge[] = []
  for (let from = 0; from < nodes.length; from++)
    for (let to = 0; to < nodes.length; to++) {
      if (from === to) continue
      const id = edgeId(nodes, from, to)
      edges.push({
        id,
        from,
        to,
        probability: graph.probabilities[from]![to]!,
        meanStrength: graph.meanStrengths?.[from]?.[to] ?? null,
        status: keptIds.has(id) ? 'kept' : droppedIds.has(id) ? 'dropped' : 'below',
      })
    }
  edges.sort((a, b) => b.probability - a.probability || a.from - b.from || a.to - b.to)

  const above = kept.length + dropped.length
  const statement =
    above === 0
      ? `No edge reaches ${threshold.toFixed(2)}: at this threshold the confounders do not influence each other.`
      : dropped.length === 0
        ? above === 1
          ? `The edge from ${threshold.toFixed(2)} on forms a directed acyclic graph.`
          : `The ${above} edges from ${threshold.toFixed(2)} on form a directed acyclic graph.`
        : `The ${above} edges from ${threshold.toFixed(2)} on contain cycles. Without the weakest on them, ${dropped
            .map((edge) => arrow(names, edge))
            .join(
              ', ',
            )}, ${kept.length === 1 ? 'the 1 edge left is' : `the ${kept.length} left are`} a directed acyclic graph.`
  return { nodes, names: [...names], threshold, edges, statement }
}

/** The largest absolute strength in any of `strengths`; 0 where there is none. */
export const largestStrength = (...strengths: (number[][] | null | undefined)[]): number =>
  strengths.reduce(
    (most, matrix) => (matrix ?? []).flat().reduce((sofar, value) => Math.max(sofar, Math.abs(value)), most),
    0,
  )

const statusWords: Record<EdgeStatus, string> = {
  kept: 'in the graph',
  dropped: 'dropped to break a cycle',
  below: 'below the threshold',
}
export const statusText = (status: EdgeStatus): string => statusWords[status]

/** What a cell of the matrix says to a screen reader. */
export function edgeCaption(
  model: GraphModel,
  edge: ModelEdge,
  userStrength: number | null,
  also: { factor?: number; frequency?: number | null } = {},
): string {
  const parts = [`probability ${edge.probability.toFixed(2)}`]
  if (edge.meanStrength !== null) parts.push(`strength ${edge.meanStrength.toFixed(2)}`)
  if (userStrength !== null) parts.push(`for this user ${userStrength.toFixed(2)}`)
  if (typeof also.frequency === 'number') parts.push(`found in ${formatPercent(also.frequency, 0)} of the resamples`)
  if (also.factor !== undefined && also.factor !== 1)
    parts.push(also.factor === 0 ? 'masked' : `scaled by ${formatNumber(also.factor)}`)
  return `${model.names[edge.from]} → ${model.names[edge.to]}: ${parts.join(', ')}, ${statusText(edge.status)}`
}

/** The edges as a table to be saved. */
export function edgeTable(
  model: GraphModel,
  local: { user: string; strengths: number[][] } | null,
  { factors = null, frequencies = null }: { factors?: number[][] | null; frequencies?: number[][] | null } = {},
): ChartTable {
  const labels = [
    'parent',
    'child',
    'probability',
    'mean_strength',
    ...(factors ? ['mask_factor'] : []),
    ...(frequencies ? ['bootstrap_frequency'] : []),
    ...(local ? [`strength_user_${local.user}`] : []),
    'status',
  ]
  return {
    columns: labels.map((label) => ({ label })),
    rows: model.edges.map((edge) => [
      model.names[edge.from]!,
      model.names[edge.to]!,
      edge.probability,
      edge.meanStrength,
      ...(factors ? [factors[edge.from]![edge.to]!] : []),
      ...(frequencies ? [frequencies[edge.from]![edge.to]!] : []),
      ...(local ? [local.strengths[edge.from]![edge.to]!] : []),
      statusWords[edge.status],
    ]),
  }
}
