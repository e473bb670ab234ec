import type { ElementDefinition } from 'cytoscape'
import { estimateText, rhoText } from '../../src-shared/correlation/words'
import type { CorrelationEstimate } from '../../src-shared/domain/correlation'
import type { Positions } from './layout'

/**
 * The structural graph of a model with correlated exogenous variables: what is known of a pair moves observation and preference, each of
 * which has an exogenous variable of its own, and the two of those go along with each other. Pure data and functions.
 */

export interface StructuralNode {
  id: string
  label: string
  role: 'observed' | 'exogenous'
  /** What it is, in plain words. */
  words: string
}

export interface StructuralEdge {
  /** `X→O` */
  id: string
  from: string
  to: string
  /** What is written at it. */
  label: string
  words: string
}

export const structuralNodes: readonly StructuralNode[] = [
  {
    id: 'U_O',
    label: 'other reasons to choose',
    role: 'exogenous',
    words:
      'Whatever else moves a user to come to an item and is not in the data, such as a friend’s advice or where the item was shown. Standard normal, a value for each pair.',
  },
  {
    id: 'U_R',
    label: 'other reasons to like',
    role: 'exogenous',
    words:
      'Whatever else moves how much a user likes an item and is not in the data. Standard normal, a value for each pair.',
  },
  {
    id: 'O',
    label: 'observation',
    role: 'observed',
    words: 'Whether the user came to rate the item: 1 where g_o(x) + U_O is above 0. Seen for every pair.',
  },
  {
    id: 'R',
    label: 'preference',
    role: 'observed',
    words: 'How much the user likes the item: g_r(x) + U_R. Seen where the user came to rate it, and nowhere else.',
  },
  {
    id: 'X',
    label: 'user and item',
    role: 'observed',
    words: 'The pair itself: what the model knows of the user and of the item, and makes both scores of.',
  },
]

/** Where the nodes stand: what is exogenous above what it moves, the pair between both. */
export const structuralPositions: Positions = {
  U_O: { x: 0, y: 0 },
  U_R: { x: 320, y: 0 },
  O: { x: 0, y: 150 },
  R: { x: 320, y: 150 },
  X: { x: 160, y: 150 },
}

export const correlationEdgeId = 'U_O↔U_R'

/** @param set ρ as set by hand; null where it is as learned */
export function structuralEdges(estimate: CorrelationEstimate | null, set: number | null): StructuralEdge[] {
  const rho = estimate === null ? 'ρ' : `ρ ${estimateText(estimate)}`
  const edge = (from: string, to: string, label: string, words: string): StructuralEdge => ({
    id: `${from}→${to}`,
    from,
    to,
    label,
    words,
  })
  return [
    {
      id: correlationEdgeId,
      from: 'U_O',
      to: 'U_R',
      label: set === null ? rho : `${rho}, set to ${rhoText(set)}`,
      words:
        'The two go along with each other: their correlation is ρ. Where it is not 0, that a user came to an item tells of how they like it, beyond its score.',
    },
    edge('U_O', 'O', '', 'Moves whether the user comes to the item.'),
    edge('U_R', 'R', '', 'Moves how much the user likes the item.'),
    edge(
      'X',
      'O',
      'g_o',
      'The score of being observed, g_o(x): how much the pair itself speaks for the user coming to it.',
    ),
    edge('X', 'R', 'g_r', 'The score of being liked, g_r(x): what the model recommends by among all items.'),
  ]
}

/** The graph as Cytoscape elements. */
export function structuralElements(edges: readonly StructuralEdge[]): ElementDefinition[] {
  return [
    ...structuralNodes.map(({ id, label, role }): ElementDefinition => ({
      group: 'nodes',
      data: { id, label, inside: false, held: false, role },
    })),
    ...edges.map(({ id, from, to, label }): ElementDefinition => ({
      group: 'edges',
      data: {
        id,
        source: from,
        target: to,
        label,
        width: 2,
        opacity: 1,
        status: 'kept',
        change: id === correlationEdgeId ? 'correlated' : 'none',
      },
    })),
  ]
}

const roleWords: Record<StructuralNode['role'], string> = { observed: 'observed', exogenous: 'exogenous, not observed' }

/** What a screen reader says of an element. */
export function structuralCaption(id: string, edges: readonly StructuralEdge[]): string {
  const node = structuralNodes.find((one) => one.id === id)
  if (node) return `${node.id}, ${node.label}, ${roleWords[node.role]}`
  const edge = edges.find((one) => one.id === id)
  return edge
    ? `${edge.from} ${edge.id === correlationEdgeId ? '↔' : '→'} ${edge.to}${edge.label ? `: ${edge.label}` : ''}`
    : id
}
