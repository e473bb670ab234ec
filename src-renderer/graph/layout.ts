import cytoscape, { type ElementDefinition, type LayoutOptions } from 'cytoscape'
import dagre from 'cytoscape-dagre'
import { nodeDiameter } from './elements'

cytoscape.use(dagre)

export const layouts = [
  { id: 'layered', label: 'Layered' },
  { id: 'circle', label: 'Circle' },
  { id: 'grid', label: 'Grid' },
  { id: 'concentric', label: 'Concentric' },
] as const
export type LayoutId = (typeof layouts)[number]['id']

export type Positions = Record<string, { x: number; y: number }>

const boundingBox = { x1: 0, y1: 0, w: 480, h: 360 }

/** From this many nodes on they stand closer, or none could be told from another. */
const manyNodes = 40

function optionsOf(layout: LayoutId, mostTied: string | undefined, nodes: number): LayoutOptions {
  const common = { animate: false, fit: false, boundingBox, padding: 0 }
  switch (layout) {
    case 'layered':
      // Roots on top. The box is left out: dagre would squeeze the layers into it.
      return {
        name: 'dagre',
        animate: false,
        fit: false,
        rankDir: 'TB',
        nodeSep: nodes < manyNodes ? 88 : 12,
        rankSep: nodes < manyNodes ? 72 : 48,
        edgeSep: nodes < manyNodes ? 20 : 2,
      } as LayoutOptions
    case 'circle':
      return { ...common, name: 'circle' }
    case 'grid':
      return { ...common, name: 'grid', avoidOverlapPadding: 64 }
    case 'concentric':
      // The confounder with most ties in the middle, the others around it.
      return {
        ...common,
        name: 'concentric',
        concentric: (node) => (node.id() === mostTied ? 1 : 0),
        levelWidth: () => 1,
        minNodeSpacing: 120,
      }
  }
}

/** Panes are a little wider than high: a layout much narrower or wider than that is drawn apart in the other direction. */
const leastAspect = 1.2
const mostAspect = 1.8
/** Titles stand at the sides of columns. */
const columnsAspect = 1.1
/** At most this much: a graph of one column, or of one row, stays one. */
const mostStretch = 6

function inProportion(positions: Positions, least = leastAspect): Positions {
  const places = Object.values(positions)
  const span = (values: number[]): number => Math.max(...values) - Math.min(...values)
  const [width, height] = [span(places.map(({ x }) => x)), span(places.map(({ y }) => y))]
  if (width === 0 || height === 0) return positions
  const aside = Math.min(Math.max((least * height) / width, 1), mostStretch)
  const down = Math.min(Math.max(width / (mostAspect * height), 1), mostStretch)
  return Object.fromEntries(Object.entries(positions).map(([id, { x, y }]) => [id, { x: x * aside, y: y * down }]))
}

/** Where each node stands in a layout of `elements`: computed without a screen, so that two canvases can share it. */
export function layoutPositions(elements: ElementDefinition[], layout: LayoutId): Positions {
  const positions = placed(elements, nodeDiameter, (mostTied, nodes) => optionsOf(layout, mostTied, nodes))
  return layout === 'layered' ? inProportion(positions) : positions
}

/** Small nodes in columns, those that move others to the left, with room for a title beside each. */
export const columnPositions = (elements: ElementDefinition[], diameter: number): Positions =>
  inProportion(
    placed(
      elements,
      diameter,
      () => ({ name: 'dagre', animate: false, fit: false, rankDir: 'LR', nodeSep: 14, rankSep: 230 }) as LayoutOptions,
    ),
    columnsAspect,
  )

function placed(
  elements: ElementDefinition[],
  diameter: number,
  options: (mostTied: string | undefined, nodes: number) => LayoutOptions,
): Positions {
  const headless = cytoscape({
    headless: true,
    styleEnabled: true,
    elements: structuredClone(elements),
    style: [{ selector: 'node', style: { width: diameter, height: diameter } }],
  })
  try {
    const byTies = headless.nodes().sort((a, b) => b.degree(false) - a.degree(false))
    headless.layout(options(byTies.first().id(), byTies.length)).run()
    return Object.fromEntries(headless.nodes().map((node) => [node.id(), { ...node.position() }]))
  } finally {
    headless.destroy()
  }
}
