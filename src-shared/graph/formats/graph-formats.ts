import { CausewayError } from '../../contract/errors'
import type { CausalGraph } from '../../domain/graph'
import { isAcyclic } from '../acyclic'
import { requireMask } from '../mask'
import { dagittyName, dotName, quoted } from './dot'
import { encodeXml } from './xml'

export type GraphFormatId = 'json' | 'dot' | 'graphml' | 'dagitty' | 'tetrad'

/** What a format makes of a learned graph, in plain words. */
export interface GraphFormat {
  id: GraphFormatId
  label: string
  /** Of its files, without the first dot. */
  extension: string
  goodFor: string
  /** Whether edges below the threshold are left out. */
  thresholded: boolean
}

/** The formats that learned graphs are written in. */
export const graphFormats: readonly GraphFormat[] = [
  {
    id: 'json',
    label: 'JSON',
    extension: 'json',
    goodFor:
      'Scripts of your own: every pair of nodes with probability, factor of the mask and mean strength, every digit.',
    thresholded: false,
  },
  {
    id: 'dot',
    label: 'Graphviz (DOT)',
    extension: 'dot',
    goodFor: 'Drawings for papers: edges are labelled with their probability under the mask.',
    thresholded: true,
  },
  {
    id: 'graphml',
    label: 'GraphML',
    extension: 'graphml',
    goodFor: 'Gephi, yEd, Cytoscape, igraph and NetworkX: names, probabilities and factors as data of nodes and edges.',
    thresholded: true,
  },
  {
    id: 'dagitty',
    label: 'DAGitty',
    extension: 'dagitty.txt',
    goodFor: 'Questions of adjustment in DAGitty: latent nodes, probabilities under the mask as beta.',
    thresholded: true,
  },
  {
    id: 'tetrad',
    label: 'Tetrad graph',
    extension: 'tetrad.txt',
    goodFor: 'Comparing with graphs that Tetrad or py-tetrad found: latent nodes, edges with their probabilities.',
    thresholded: true,
  },
]

/** A learned graph as it is to be written. */
export interface GraphToExport {
  run: string
  graph: CausalGraph
  /** Names the analyst gave, by learned name. */
  names: Record<string, string>
  /** [k][k]; null where every edge is left as learned. */
  mask: readonly (readonly number[])[] | null
  /** The least probability under the mask of an edge that is written; the JSON has all. */
  threshold: number
}

/** The threshold where nothing else is said. */
export const defaultGraphThreshold = 0.5

interface ExportedNode {
  id: string
  name: string
}

interface ExportedEdge {
  from: number
  to: number
  /** As learned. */
  probability: number
  /** Of the mask. */
  factor: number
  /** Probability under the mask. */
  masked: number
  /** Mean over the training users, under the mask; null where the method has no local graph. */
  meanStrength: number | null
}

/** The name a learned graph is saved under. */
export const graphFileName = (run: string, format: GraphFormatId): string =>
  `graph-of-${run}.${graphFormats.find(({ id }) => id === format)!.extension}`

/**
 * A learned graph as text, and in words what the text does not hold.
 * @throws CausewayError badRequest the mask does not fit the graph
 */
export function exportGraph(given: GraphToExport, format: GraphFormatId): { text: string; notes: string[] } {
  const { graph, names, mask, threshold } = given
  if (mask) requireMask(mask, graph.nodes.length)
  const nodes = graph.nodes.map((id) => ({ id, name: names[id] ?? id }))
  const all = edgesOf(graph, mask)
  if (format === 'json') return { text: graphJson(given, nodes, all), notes: [] }

  refuseControlCharacters(nodes)
  const edges = all.filter(({ masked }) => masked > 0 && masked >= threshold)
  const notes = [
    `${edges.length} of ${all.length} possible edges: those with a probability of at least ${threshold}${mask ? ' under the mask' : ''}.`,
    ...(format === 'dagitty' && !isAcyclic(nodes.length, edges)
      ? ['The graph has a cycle, about which DAGitty answers nothing: raise the threshold or mask an edge of it.']
      : []),
  ]
  switch (format) {
    case 'dot':
      return { text: graphDot(given.run, nodes, edges), notes }
    case 'graphml':
      return { text: graphGraphml(given.run, nodes, edges), notes }
    case 'dagitty':
      return { text: graphDagitty(nodes, edges), notes }
    case 'tetrad':
      return graphTetrad(nodes, edges, notes)
  }
}

/** Every pair of nodes, parents first. */
function edgesOf({ probabilities, meanStrengths }: CausalGraph, mask: GraphToExport['mask']): ExportedEdge[] {
  return probabilities.flatMap((row, from) =>
    row.flatMap((probability, to) => {
      if (from === to) return []
      const factor = mask?.[from]?.[to] ?? 1
      const strength = meanStrengths?.[from]?.[to]
      return [
        {
          from,
          to,
          probability,
          factor,
          masked: probability * factor,
          meanStrength: strength === undefined ? null : strength * factor,
        },
      ]
    }),
  )
}

function refuseControlCharacters(nodes: ExportedNode[]): void {
  const odd = nodes.find(({ name }) => /[\p{Cc}\p{Surrogate}\ufffe\uffff]/u.test(name))
  if (odd)
    throw new CausewayError(
      'badRequest',
      `The name ${JSON.stringify(odd.name)} has a control character in it. Export this graph as JSON.`,
    )
}

function graphJson({ run, mask }: GraphToExport, nodes: ExportedNode[], edges: ExportedEdge[]): string {
  const list = (values: unknown[]): string => values.map((value) => `    ${JSON.stringify(value)}`).join(',\n')
  const named = edges.map(({ from, to, ...edge }) => ({ from: nodes[from]!.id, to: nodes[to]!.id, ...edge }))
  return [
    '{',
    '  "type": "causeway-graph",',
    '  "version": 1,',
    `  "run": ${JSON.stringify(run)},`,
    `  "masked": ${mask !== null},`,
    `  "nodes": [\n${list(nodes)}\n  ],`,
    `  "edges": [\n${list(named)}\n  ]`,
    '}',
    '',
  ].join('\n')
}

const rounded = (value: number): string => String(Number(value.toFixed(2)))

function graphDot(run: string, nodes: ExportedNode[], edges: ExportedEdge[]): string {
  const node = ({ id, name }: ExportedNode): string =>
    `  ${dotName(id)}${name === id ? '' : ` [label=${quoted(name)}]`}`
  const edge = ({ from, to, probability, factor, masked }: ExportedEdge): string =>
    `  ${dotName(nodes[from]!.id)} -> ${dotName(nodes[to]!.id)} [label="${rounded(masked)}", probability="${probability}", factor="${factor}"]`
  return [`digraph ${quoted(run)} {`, ...nodes.map(node), ...edges.map(edge), '}', ''].join('\n')
}

function graphGraphml(run: string, nodes: ExportedNode[], edges: ExportedEdge[]): string {
  const data = (key: string, value: string | number): string => `<data key="${key}">${encodeXml(String(value))}</data>`
  const key = (id: string, of: string, type: string): string =>
    `  <key id="${id}" for="${of}" attr.name="${id}" attr.type="${type}"/>`
  const node = ({ id, name }: ExportedNode): string => `    <node id="${encodeXml(id)}">${data('name', name)}</node>`
  const edge = ({ from, to, probability, factor, masked, meanStrength }: ExportedEdge): string =>
    `    <edge source="${encodeXml(nodes[from]!.id)}" target="${encodeXml(nodes[to]!.id)}">` +
    data('weight', masked) +
    data('probability', probability) +
    data('factor', factor) +
    (meanStrength === null ? '' : data('meanStrength', meanStrength)) +
    '</edge>'
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">',
    key('run', 'graph', 'string'),
    key('name', 'node', 'string'),
    ...['weight', 'probability', 'factor', 'meanStrength'].map((id) => key(id, 'edge', 'double')),
    '  <graph edgedefault="directed">',
    `    ${data('run', run)}`,
    ...nodes.map(node),
    ...edges.map(edge),
    '  </graph>',
    '</graphml>',
    '',
  ].join('\n')
}

function graphDagitty(nodes: ExportedNode[], edges: ExportedEdge[]): string {
  const names = nodes.map(({ name }) => dagittyName(name))
  return [
    'dag {',
    ...names.map((name) => `  ${name} [latent]`),
    ...edges.map(({ from, to, masked }) => `  ${names[from]} -> ${names[to]} [beta="${masked}"]`),
    '}',
    '',
  ].join('\n')
}

/**
 * The text format of Tetrad's graphs (`GraphSaveLoadUtils.readerToGraphTxt` of its library): latent nodes in parentheses, and behind an
 * edge the probability that it is there. Names are parted by blanks and semicolons there, so that other signs become "_".
 */
function graphTetrad(nodes: ExportedNode[], edges: ExportedEdge[], notes: string[]): { text: string; notes: string[] } {
  const safe = nodes.map(({ name }) => name.replace(/[^\p{L}\p{N}_.-]/gu, '_'))
  const unique = safe.map((name, at) => (safe.indexOf(name) === at ? name : `${name}_${nodes[at]!.id}`))
  const changed = nodes.filter(({ name }, at) => name !== unique[at])
  const edge = ({ from, to, masked }: ExportedEdge, at: number): string =>
    `${at + 1}. ${unique[from]} --> ${unique[to]} [edge]:${masked};[no edge]:${1 - masked};`
  return {
    text: [
      'Graph Nodes:',
      unique.map((name) => `(${name})`).join(';'),
      '',
      'Graph Edges:',
      ...edges.map(edge),
      '',
    ].join('\n'),
    notes: [
      ...notes,
      ...changed.map(({ name }) => `"${name}" is written as ${unique[nodes.findIndex((node) => node.name === name)]}.`),
    ],
  }
}
