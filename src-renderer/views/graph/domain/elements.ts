import type { ElementDefinition, StylesheetJson } from 'cytoscape'
import type { DomainEdge, DomainGraph, VariableRole } from '../../../../src-shared/domain/domain-graph'
import { edgeKey } from '../../../../src-shared/graph/dag/edit'
import type { GraphTheme } from '../../../graph/colours'
import { nameWidth, widestName, type Place, type Places } from './placement'

/** The role's name, and what it means in one sentence. */
export const roleInfo: Readonly<Record<VariableRole, { label: string; help: string; key: string }>> = {
  observed: { label: 'Observed', help: 'Measured, and free to be adjusted for.', key: '' },
  exposure: { label: 'Exposure', help: 'What would be changed: the cause whose effect is asked for.', key: 'E' },
  outcome: { label: 'Outcome', help: 'What the change is expected to move.', key: 'O' },
  hidden: { label: 'Hidden', help: 'Not measured: it cannot be adjusted for.', key: 'U' },
  adjusted: {
    label: 'Adjusted',
    help: 'Conditioned on in the analysis, such as by stratifying or as an input.',
    key: 'A',
  },
  selected: {
    label: 'Selected',
    help: 'The sample was chosen by it: it is conditioned on whether one wants it or not.',
    key: 'S',
  },
}

/** What the answers say of the elements. Sets hold edge keys; `path` is one way through the graph, put before all else. */
export interface Marks {
  causal: ReadonlySet<string>
  biasing: ReadonlySet<string>
  cycle: ReadonlySet<string>
  path: { variables: ReadonlySet<string>; edges: ReadonlySet<string> } | null
}
export const noMarks: Marks = { causal: new Set(), biasing: new Set(), cycle: new Set(), path: null }

export const edgeText = (edge: DomainEdge): string => `${edge.from} ${edge.kind === '->' ? '→' : '↔'} ${edge.to}`

/** A path's text with the arrows as they are drawn. */
export const arrows = (text: string): string =>
  text.replace(/(?<=\s)(<->|<-|->)(?=[\s.,;:)]|$)/g, (arrow) => ({ '<->': '↔', '<-': '←' })[arrow] ?? '→')

/** Ids of elements on the canvas: a variable may have the name of an edge's key. */
export const variableId = (name: string): string => `v:${name}`
export const edgeId = (edge: DomainEdge): string => `e:${edgeKey(edge)}`

export const variableSize = 26
/** How far an edge that shares its ends with another one bends away, in pixels. */
const bend = 32

/** `both`: part of a causal path and of an open biasing one. */
export type EdgeMark = 'plain' | 'causal' | 'biasing' | 'both' | 'cycle'

/** The name stands under its variable, as high as this, in pixels from the middle. */
const nameBottom = variableSize / 2 + 22

/**
 * How far from the variable `at` an edge from `from` ends, in pixels, so that its arrow is not hidden by the name below. Places in
 * pixels.
 */
function gapAt(name: string, at: Place, from: Place): number {
  const [dx, dy] = [from.x - at.x, from.y - at.y]
  const length = Math.hypot(dx, dy)
  const half = nameWidth(name) / 2
  const top = variableSize / 2 + 2
  if (dy <= 0 || length === 0 || Math.abs(dx / dy) * top > half) return 0
  // Where the line leaves the name: below it or at its side.
  const leaves = Math.abs(dx / dy) * nameBottom <= half ? nameBottom * (length / dy) : half * (length / Math.abs(dx))
  return Math.max(0, Math.min(leaves, length - variableSize - 12) - variableSize / 2)
}

/** Everything that is drawn, at its place in pixels. `scale`: pixels of one unit of the text. */
export function domainElements(graph: DomainGraph, places: Places, scale: number, marks: Marks): ElementDefinition[] {
  const pairs = new Set(graph.edges.map((edge) => JSON.stringify([edge.from, edge.to])))
  const pixels = (name: string): Place => {
    const at = places.get(name) ?? { x: 0, y: 0 }
    return { x: at.x * scale, y: at.y * scale }
  }
  const variables = graph.variables.map(({ name, role }): ElementDefinition => {
    return {
      group: 'nodes',
      data: {
        id: variableId(name),
        name,
        role,
        onPath: marks.path === null ? 'none' : marks.path.variables.has(name) ? 'on' : 'off',
      },
      position: pixels(name),
    }
  })
  const edges = graph.edges.map((edge): ElementDefinition => {
    const key = edgeKey(edge)
    const mark: EdgeMark = marks.cycle.has(key)
      ? 'cycle'
      : marks.biasing.has(key)
        ? marks.causal.has(key)
          ? 'both'
          : 'biasing'
        : marks.causal.has(key)
          ? 'causal'
          : 'plain'
    return {
      group: 'edges',
      data: {
        id: edgeId(edge),
        source: variableId(edge.from),
        target: variableId(edge.to),
        kind: edge.kind,
        mark,
        gap: gapAt(edge.to, pixels(edge.to), pixels(edge.from)),
        sourceGap: edge.kind === '<->' ? gapAt(edge.from, pixels(edge.from), pixels(edge.to)) : 0,
        bend: edge.kind === '<->' ? -bend : pairs.has(JSON.stringify([edge.to, edge.from])) ? bend : 0,
        onPath: marks.path === null ? 'none' : marks.path.edges.has(key) ? 'on' : 'off',
      },
    }
  })
  return [...variables, ...edges]
}

export const markColours: Readonly<Record<'light' | 'dark', Record<Exclude<EdgeMark, 'plain'>, string>>> = {
  light: { causal: '#007a57', biasing: '#b34700', both: '#007a57', cycle: '#b3261e' },
  dark: { causal: '#3cc79a', biasing: '#f0915a', both: '#3cc79a', cycle: '#ff8f85' },
}

/** The sign drawn inside a variable, in a 24 × 24 box: a shape tells the role where colour does not. */
export const roleSigns: Readonly<Partial<Record<VariableRole, string>>> = {
  exposure: 'M9 7 L17 12 L9 17 Z',
  outcome: 'M11 6 H13 V18 H11 Z',
}

const signImage = (path: string, colour: string): string =>
  `data:image/svg+xml;utf8,${encodeURIComponent(
    `<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24" viewBox="0 0 24 24"><path d="${path}" fill="${colour}"/></svg>`,
  )}`

/**
 * How it looks. Roles have shapes of their own: a dotted outline is hidden, a square adjusted, a doubled square selected, a triangle
 * inside the exposure, a bar inside the outcome. Causal edges are thick, biasing ones thick with a diamond, those of a cycle dotted.
 */
export function domainStyle(theme: GraphTheme, name: 'light' | 'dark'): StylesheetJson {
  const colours = markColours[name]
  const marked = (mark: Exclude<EdgeMark, 'plain'>) => ({
    width: 3,
    'line-color': colours[mark],
    'target-arrow-color': colours[mark],
    'source-arrow-color': colours[mark],
    'mid-target-arrow-color': colours[mark],
  })
  return [
    {
      selector: 'node',
      style: {
        width: variableSize,
        height: variableSize,
        shape: 'ellipse',
        label: 'data(name)',
        'text-valign': 'bottom',
        'text-halign': 'center',
        'text-margin-y': 4,
        'text-wrap': 'ellipsis',
        'text-max-width': `${widestName}px`,
        'font-family': 'system-ui, sans-serif',
        'font-size': 13,
        color: theme.text,
        'text-background-color': theme.background,
        'text-background-opacity': 0.85,
        'text-background-padding': '1px',
        'text-background-shape': 'roundrectangle',
        'background-color': theme.node,
        'border-width': 2,
        'border-style': 'solid',
        'border-color': theme.nodeBorder,
        'overlay-opacity': 0,
        'min-zoomed-font-size': 6,
        'overlay-shape': 'ellipse',
        'underlay-shape': 'ellipse',
      },
    },
    { selector: 'node[role = "hidden"]', style: { 'border-style': 'dotted', 'background-color': theme.background } },
    { selector: 'node[role = "adjusted"]', style: { shape: 'rectangle' } },
    { selector: 'node[role = "selected"]', style: { shape: 'rectangle', 'border-style': 'double', 'border-width': 6 } },
    ...(['exposure', 'outcome'] as const).map((role) => ({
      selector: `node[role = "${role}"]`,
      style: {
        'border-color': theme.accent,
        'border-width': 3,
        'font-weight': 700,
        'background-image': signImage(roleSigns[role]!, theme.accent),
        'background-fit': 'contain',
      } as const,
    })),
    {
      selector: 'edge',
      style: {
        width: 2,
        'line-color': theme.nodeBorder,
        'target-arrow-color': theme.nodeBorder,
        'source-arrow-color': theme.nodeBorder,
        'target-arrow-shape': 'triangle',
        'arrow-scale': 1.1,
        'curve-style': 'unbundled-bezier',
        'control-point-distances': 'data(bend)' as unknown as number,
        'control-point-weights': 0.5,
        'target-distance-from-node': 'data(gap)' as unknown as number,
        'source-distance-from-node': 'data(sourceGap)' as unknown as number,
        'overlay-opacity': 0,
      },
    },
    { selector: 'edge[bend = 0]', style: { 'curve-style': 'straight' } },
    { selector: 'edge[kind = "<->"]', style: { 'line-style': 'dashed', 'source-arrow-shape': 'triangle' } },
    { selector: 'edge[mark = "causal"]', style: marked('causal') },
    { selector: 'edge[mark = "biasing"]', style: { ...marked('biasing'), 'mid-target-arrow-shape': 'diamond' } },
    {
      selector: 'edge[mark = "both"]',
      style: { ...marked('both'), 'mid-target-arrow-shape': 'diamond', 'mid-target-arrow-color': colours.biasing },
    },
    { selector: 'edge[mark = "cycle"]', style: { ...marked('cycle'), 'line-style': 'dotted' } },
    { selector: '[onPath = "off"]', style: { opacity: 0.3 } },
    {
      selector: '[onPath = "on"]',
      style: { 'underlay-color': theme.accent, 'underlay-opacity': 0.28, 'underlay-padding': 6, 'z-index': 2 },
    },
    { selector: 'edge[onPath = "on"]', style: { width: 4 } },
    {
      selector: 'node:selected',
      style: { 'overlay-color': theme.accent, 'overlay-opacity': 0.2, 'overlay-padding': 6, color: theme.accent },
    },
    {
      selector: 'edge:selected',
      style: { 'overlay-color': theme.accent, 'overlay-opacity': 0.3, 'overlay-padding': 5 },
    },
    {
      selector: '.source',
      style: { 'underlay-color': theme.accent, 'underlay-opacity': 0.5, 'underlay-padding': 8 },
    },
  ]
}
