import type { EdgeSingular, ElementDefinition, NodeSingular, StylesheetJson } from 'cytoscape'
import type { GraphTheme } from './colours'
import { edgeId, type GraphModel, type ModelEdge } from './model'

/** What the analyst knows of the next training's graph, by pairs of node names. */
export interface DrawnKnowledge {
  required: readonly (readonly [string, string])[]
  forbidden: readonly (readonly [string, string])[]
  tiers: readonly (readonly string[])[]
}

/** How an item's score flows through the graph: drawn as widths. */
export interface DrawnFlows {
  confounders: readonly { node: number; flow: number }[]
  edges: readonly { from: number; to: number; flow: number }[]
}

export interface ElementOptions {
  /** Draw the edges below the threshold too, dashed. */
  showAll: boolean
  /** The strengths that set the widths; null draws every edge alike. */
  strengths: number[][] | null
  /** The strength drawn widest: one scale for graphs that stand side by side. */
  widestStrength: number
  /** The mask, [k][k]; left out: nothing is masked. */
  factors?: readonly (readonly number[])[] | null
  /** Nodes held by intervention. */
  held?: readonly number[]
  /** How often each edge is found in resamples, [k][k]: shown beside the probability. */
  frequencies?: readonly (readonly number[])[] | null
  flows?: DrawnFlows | null
  /** Drawn instead of the mask: what the next training is to know. */
  knowledge?: DrawnKnowledge | null
}

const thinnest = 1.5
const widest = 8
const plainWidth = 3
/** Edges that only the mask speaks of are drawn up to this many: beyond, the matrix and the list of changes show them. */
const mostExtraEdges = 200
/** Edges drawn at most, the most probable first: more would be a black square. */
export const mostDrawnEdges = 1500

const twoDigits = (value: number): string => value.toFixed(2)
const signed = (value: number): string => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`

/** Width of an edge by its share of the strongest, in pixels. */
export const edgeWidth = (strength: number, widestStrength: number): number =>
  thinnest + (widest - thinnest) * (widestStrength > 0 ? Math.min(Math.abs(strength) / widestStrength, 1) : 0)

/** The longest name that fits into the circle. */
const longestInside = 5

function drawnNodes(model: GraphModel, options: ElementOptions): ElementDefinition[] {
  const held = new Set(options.held ?? [])
  const flows = new Map((options.flows?.confounders ?? []).map(({ node, flow }) => [node, flow]))
  return model.nodes.map((id, index) => {
    const tier = options.knowledge?.tiers.findIndex((tier) => tier.includes(id)) ?? -1
    const flow = flows.get(index)
    const name = model.names[index]!
    const below = [...(tier >= 0 ? [`tier ${tier + 1}`] : []), ...(flow === undefined ? [] : [signed(flow)])]
    const inside = name.length <= longestInside && below.length === 0
    return {
      group: 'nodes',
      data: {
        id,
        // In the circle; else below it, and the circle has the name it was learned under.
        label: inside ? name : [...(name === id ? [] : [name]), ...below].join('\n'),
        inside,
        held: options.knowledge ? false : held.has(index),
      },
    }
  })
}

function edgeLabel(edge: ModelEdge, factor: number, frequency: number | undefined): string {
  const sign = factor === 0 ? 'masked ' : edge.status === 'dropped' ? '× ' : ''
  const scaled = factor > 0 && factor < 1 ? ` ×${Number(factor.toFixed(2))}` : ''
  const found = frequency === undefined ? '' : ` · ${Math.round(frequency * 100)} %`
  return `${sign}${twoDigits(edge.probability)}${scaled}${found}`
}

function learnedEdges(model: GraphModel, options: ElementOptions): ElementDefinition[] {
  const { showAll, strengths, widestStrength, factors = null, frequencies = null } = options
  const factorOf = (edge: ModelEdge): number => factors?.[edge.from]?.[edge.to] ?? 1
  let extra = 0
  const isDrawn = (edge: ModelEdge): boolean =>
    edge.status !== 'below' || showAll || (factorOf(edge) !== 1 && extra++ < mostExtraEdges)
  return model.edges
    .filter(isDrawn)
    .slice(0, mostDrawnEdges)
    .map((edge): ElementDefinition => {
      const strength = strengths?.[edge.from]?.[edge.to]
      const factor = factorOf(edge)
      const width = strength === undefined ? plainWidth : edgeWidth(strength * (factor || 1), widestStrength)
      return {
        group: 'edges',
        data: {
          id: edge.id,
          source: model.nodes[edge.from]!,
          target: model.nodes[edge.to]!,
          label: edgeLabel(edge, factor, frequencies?.[edge.from]?.[edge.to]),
          width,
          opacity: factor === 0 ? 1 : 0.25 + 0.75 * edge.probability,
          status: edge.status,
          change: factor === 0 ? 'masked' : factor < 1 ? 'scaled' : 'none',
        },
      }
    })
}

function flowEdges(model: GraphModel, flows: DrawnFlows): ElementDefinition[] {
  const largest = Math.max(...flows.edges.map(({ flow }) => Math.abs(flow)), 0)
  // A hundredth of the largest could not be seen.
  const seen = flows.edges.filter(({ flow }) => largest > 0 && Math.abs(flow) >= largest / 100)
  return seen.map(({ from, to, flow }) => ({
    group: 'edges',
    data: {
      id: edgeId(model.nodes, from, to),
      source: model.nodes[from]!,
      target: model.nodes[to]!,
      label: signed(flow),
      width: edgeWidth(flow, largest),
      opacity: 1,
      status: 'kept',
      change: flow < 0 ? 'takes' : 'adds',
    },
  }))
}

function knowledgeEdges(model: GraphModel, knowledge: DrawnKnowledge, showAll: boolean): ElementDefinition[] {
  const keyOf = (from: string, to: string): string => `${from}→${to}`
  const required = new Set(knowledge.required.map(([from, to]) => keyOf(from, to)))
  const forbidden = new Set(knowledge.forbidden.map(([from, to]) => keyOf(from, to)))
  return model.edges
    .filter((edge) => required.has(edge.id) || forbidden.has(edge.id) || edge.status === 'kept' || showAll)
    .slice(0, mostDrawnEdges)
    .map((edge) => {
      const change = required.has(edge.id) ? 'required' : forbidden.has(edge.id) ? 'forbidden' : 'learned'
      return {
        group: 'edges',
        data: {
          id: edge.id,
          source: model.nodes[edge.from]!,
          target: model.nodes[edge.to]!,
          label: change === 'required' ? '✓ required' : change === 'forbidden' ? '✕ forbidden' : '',
          width: plainWidth,
          opacity: change === 'learned' ? 0.3 : 1,
          status: 'kept',
          change,
        },
      }
    })
}

/**
 * The graph as Cytoscape elements: every node, and the edges that are drawn. Width is strength, opacity probability; while a path
 * is explained, width is its flow; while knowledge is edited, the learned edges step back behind the required and forbidden ones.
 */
export function graphElements(model: GraphModel, options: ElementOptions): ElementDefinition[] {
  const edges = options.knowledge
    ? knowledgeEdges(model, options.knowledge, options.showAll)
    : options.flows
      ? flowEdges(model, options.flows)
      : learnedEdges(model, options)
  return [...drawnNodes(model, options), ...edges]
}

/** The nodes and the edges of the DAG alone: what a layout goes by. */
export const keptElements = (model: GraphModel): ElementDefinition[] =>
  graphElements(
    { ...model, edges: model.edges.filter((edge) => edge.status === 'kept') },
    { showAll: false, strengths: null, widestStrength: 0 },
  )

export const nodeDiameter = 44
/** Items have nothing in their circle. */
export const itemDiameter = 16

/** The sign of a held node: a "do" badge at its upper right, as an image that the drawing library can place. */
const doBadge = (theme: GraphTheme): string =>
  `data:image/svg+xml;utf8,${encodeURIComponent(
    `<svg xmlns="http://www.w3.org/2000/svg" width="26" height="18" viewBox="0 0 26 18"><rect x="1" y="1" width="24" height="16" rx="8" fill="${theme.accent}"/><text x="13" y="13" font-family="system-ui, sans-serif" font-size="12" font-weight="700" text-anchor="middle" fill="${theme.background}">do</text></svg>`,
  )}`

/** Where the badge stands and, with a second image, the name in the circle. */
const badges = (images: string[]) => {
  const both = <T>(badge: T, name: T): T[] => (images.length === 1 ? [badge] : [badge, name])
  return {
    'background-image': images,
    'background-width': both('26px', '40px'),
    'background-height': both('18px', '18px'),
    'background-clip': both('none' as const, 'node' as const),
    'background-image-containment': both('over' as const, 'inside' as const),
    'background-position-x': both('34px', '50%'),
    'background-position-y': both('-8px', '50%'),
  } as unknown as Record<string, string>
}

/** The name a node was learned under, drawn into the circle of one that has its label below. */
const learnedName = (theme: GraphTheme, id: string): string =>
  `data:image/svg+xml;utf8,${encodeURIComponent(
    `<svg xmlns="http://www.w3.org/2000/svg" width="40" height="18" viewBox="0 0 40 18"><text x="20" y="14" font-family="system-ui, sans-serif" font-size="13" font-weight="600" text-anchor="middle" fill="${theme.text}">${id.replace(/[<>&]/g, '')}</text></svg>`,
  )}`

const coloured = (colour: string): Record<string, string> => ({
  'line-color': colour,
  'target-arrow-color': colour,
  color: colour,
})

/** From this many elements on, labels and edges wait while the graph is moved. */
export const largeGraph = 250

/** How the elements look. Nodes have a dotted outline, unless they have another role: the confounders are hidden variables. */
export const graphStyle = (theme: GraphTheme, large = false): StylesheetJson => [
  {
    selector: 'node',
    style: {
      width: nodeDiameter,
      height: nodeDiameter,
      shape: 'ellipse',
      label: 'data(label)',
      'text-wrap': 'wrap',
      'text-max-width': '132px',
      'text-valign': 'bottom',
      'text-halign': 'center',
      'text-margin-y': 4,
      'line-height': 1.15,
      'text-background-color': theme.background,
      'text-background-opacity': 0.85,
      'text-background-padding': '1px',
      'font-family': 'system-ui, sans-serif',
      'font-size': 12,
      'font-weight': 600,
      'min-zoomed-font-size': large ? 7 : 0,
      color: theme.text,
      'background-color': theme.node,
      'border-width': 2,
      'border-style': 'dotted',
      'border-color': theme.nodeBorder,
      'overlay-opacity': 0,
    },
  },
  {
    selector: 'node[?inside]',
    style: { 'text-valign': 'center', 'text-margin-y': 0, 'font-size': 13, 'text-background-opacity': 0 },
  },
  {
    selector: 'node[!inside]',
    style: {
      'background-image': (node: NodeSingular) => learnedName(theme, node.id()),
      'background-width': '40px',
      'background-height': '18px',
      'background-position-x': '50%',
      'background-position-y': '50%',
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
      'min-zoomed-font-size': large ? 9 : 0,
      color: theme.text,
      'text-background-color': theme.background,
      'text-background-opacity': 0.9,
      'text-background-padding': '2px',
      'text-background-shape': 'roundrectangle',
      'overlay-opacity': 0,
    },
  },
  { selector: 'node[role = "observed"]', style: { 'border-style': 'solid' } },
  { selector: 'node[role = "exogenous"]', style: { 'border-style': 'dashed' } },
  {
    // There are many, and their titles are what tells them apart.
    selector: 'node[role = "item"]',
    style: {
      width: itemDiameter,
      height: itemDiameter,
      'border-style': 'solid',
      'background-image': 'none',
      'font-weight': 400,
      'text-max-width': '150px',
      'text-halign': 'right',
      'text-valign': 'center',
      'text-margin-x': 4,
      'text-margin-y': 0,
    },
  },
  // Nothing leads to those in the first column: their titles are out of the way of the edges.
  { selector: 'node[?first]', style: { 'text-halign': 'left', 'text-margin-x': -4 } },
  {
    // Two that go along with each other, neither of which moves the other.
    selector: 'edge[change = "correlated"]',
    style: { 'line-style': 'dashed', 'source-arrow-shape': 'triangle', 'source-arrow-color': theme.edge },
  },
  {
    // Led around the nodes that stand between its own two.
    selector: 'edge[?detour]',
    style: {
      'curve-style': 'unbundled-bezier',
      'edge-distances': 'node-position',
      // The curve's middle goes half as far aside as its control point.
      'control-point-distances': ((edge: EdgeSingular) => [2 * Number(edge.data('detour'))]) as unknown as number[],
      'control-point-weights': [0.5],
    },
  },
  {
    selector: 'edge[status = "below"]',
    style: { 'line-style': 'dashed', ...coloured(theme.weakEdge), color: theme.quietText },
  },
  {
    selector: 'edge[status = "dropped"]',
    style: { 'line-style': 'dotted', ...coloured(theme.weakEdge), color: theme.quietText },
  },
  {
    // Struck through: a bar across the middle, the number beside it.
    selector: 'edge[change = "masked"]',
    style: {
      ...coloured(theme.masked),
      color: theme.quietText,
      width: 2,
      'line-opacity': 0.8,
      'mid-target-arrow-shape': 'tee',
      'mid-target-arrow-color': theme.quietText,
      'arrow-scale': 1.5,
      'text-margin-y': -14,
    },
  },
  { selector: 'edge[change = "scaled"]', style: coloured(theme.scaled) },
  { selector: 'edge[change = "required"]', style: coloured(theme.required) },
  {
    selector: 'edge[change = "forbidden"]',
    style: { ...coloured(theme.forbidden), 'line-style': 'dashed', 'target-arrow-shape': 'tee' },
  },
  { selector: 'edge[change = "learned"]', style: { ...coloured(theme.weakEdge) } },
  { selector: 'edge[change = "adds"]', style: coloured(theme.adds) },
  { selector: 'edge[change = "takes"]', style: coloured(theme.takes) },
  { selector: 'edge[change = "raises"]', style: coloured(theme.adds) },
  {
    // Not by colour alone.
    selector: 'edge[change = "lowers"]',
    style: { ...coloured(theme.takes), 'line-style': 'dashed', 'target-arrow-shape': 'tee' },
  },
  {
    selector: 'node[?held]',
    style: {
      'border-style': 'double',
      'border-width': 6,
      'border-color': theme.accent,
      'bounds-expansion': '16px' as unknown as number,
      ...badges([doBadge(theme)]),
    },
  },
  {
    selector: 'node[?held][!inside]',
    style: {
      ...badges([doBadge(theme), '']),
      'background-image': ((node: NodeSingular) => [
        doBadge(theme),
        learnedName(theme, node.id()),
      ]) as unknown as string,
    },
  },
  {
    selector: 'node:selected',
    style: { 'border-color': theme.accent, 'background-color': theme.accent, 'background-opacity': 0.25 },
  },
  { selector: 'node:selected[!held]', style: { 'border-width': 3, 'border-style': 'solid' } },
  {
    // The colour says what an edge is: being chosen surrounds it.
    selector: 'edge:selected',
    style: {
      'underlay-color': theme.accent,
      'underlay-opacity': 0.3,
      'underlay-padding': 5,
      'line-opacity': 1,
      'font-weight': 700,
    },
  },
  {
    // Where the keyboard is.
    selector: '.cursor',
    style: { 'underlay-color': theme.accent, 'underlay-opacity': 0.45, 'underlay-padding': 9 },
  },
]
