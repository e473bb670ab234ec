import type { ElementDefinition, StylesheetJson } from 'cytoscape'
import type { GraphTheme } from './colours'
import type { GraphModel, ModelEdge } from './model'

export interface ElementOptions {
  /** Draw the edges below the threshold too, dashed. */
  showAll: boolean
  /** The strengths that set the widths; null draws every edge alike. */
  strengths: number[][] | null
  /** The strength drawn widest: one scale for graphs that stand side by side. */
  widestStrength: number
}

const thinnest = 1.5
const widest = 8
const plainWidth = 3

const twoDigits = (value: number): string => value.toFixed(2)

/** Width of an edge by its share of the strongest, in pixels. */
export const edgeWidth = (strength: number, widestStrength: number): number =>
  thinnest + (widest - thinnest) * (widestStrength > 0 ? Math.min(Math.abs(strength) / widestStrength, 1) : 0)

/** The graph as Cytoscape elements: every node, and the edges that are drawn. Width is strength, opacity probability. */
export function graphElements(
  model: GraphModel,
  { showAll, strengths, widestStrength }: ElementOptions,
): ElementDefinition[] {
  const nodes: ElementDefinition[] = model.nodes.map((name) => ({ group: 'nodes', data: { id: name, label: name } }))
  const drawn = model.edges.filter((edge) => edge.status === 'kept' || showAll || edge.status === 'dropped')
  const edges = drawn.map((edge: ModelEdge): ElementDefinition => {
    const strength = strengths?.[edge.from]?.[edge.to]
    return {
      group: 'edges',
      data: {
        id: edge.id,
        source: model.nodes[edge.from]!,
        target: model.nodes[edge.to]!,
        label: edge.status === 'dropped' ? `× ${twoDigits(edge.probability)}` : twoDigits(edge.probability),
        width: strength === undefined ? plainWidth : edgeWidth(strength, widestStrength),
        opacity: 0.25 + 0.75 * edge.probability,
        status: edge.status,
      },
    }
  })
  return [...nodes, ...edges]
}

/** The nodes and the edges of the DAG alone: what a layout goes by. */
export const keptElements = (model: GraphModel): ElementDefinition[] =>
  graphElements(
    { ...model, edges: model.edges.filter((edge) => edge.status === 'kept') },
    { showAll: false, strengths: null, widestStrength: 0 },
  )

export const nodeDiameter = 44

/** How the elements look. Nodes have a dotted outline: the confounders are hidden variables. */
export const graphStyle = (theme: GraphTheme): StylesheetJson => [
  {
    selector: 'node',
    style: {
      width: nodeDiameter,
      height: nodeDiameter,
      shape: 'ellipse',
      label: 'data(label)',
      'text-valign': 'center',
      'text-halign': 'center',
      'font-family': 'system-ui, sans-serif',
      'font-size': 14,
      'font-weight': 600,
      color: theme.text,
      'background-color': theme.node,
      'border-width': 2,
      'border-style': 'dotted',
      'border-color': theme.nodeBorder,
      'overlay-opacity': 0,
    },
  },
  {
    selector: 'edge',
    style: {
      width: 'data(width)',
      'line-color': theme.edge,
      'target-arrow-color': theme.edge,
      'target-arrow-shape': 'triangle',
      'arrow-scale': 1.1,
      'curve-style': 'bezier',
      'control-point-step-size': 48,
      'line-opacity': 'data(opacity)' as unknown as number,
      label: 'data(label)',
      'font-family': 'system-ui, sans-serif',
      'font-size': 11,
      color: theme.text,
      'text-background-color': theme.background,
      'text-background-opacity': 0.9,
      'text-background-padding': '2px',
      'text-background-shape': 'roundrectangle',
      'overlay-opacity': 0,
    },
  },
  {
    selector: 'edge[status = "below"]',
    style: {
      'line-style': 'dashed',
      'line-color': theme.weakEdge,
      'target-arrow-color': theme.weakEdge,
      color: theme.quietText,
    },
  },
  {
    selector: 'edge[status = "dropped"]',
    style: {
      'line-style': 'dotted',
      'line-color': theme.weakEdge,
      'target-arrow-color': theme.weakEdge,
      color: theme.quietText,
    },
  },
  {
    selector: 'node:selected',
    style: { 'border-color': theme.accent, 'border-width': 3, 'border-style': 'solid', color: theme.accent },
  },
  {
    selector: 'edge:selected',
    style: {
      'line-color': theme.accent,
      'target-arrow-color': theme.accent,
      'line-opacity': 1,
      color: theme.accent,
      'font-weight': 700,
    },
  },
]
