import type { Mask } from '../../domain/mask'
import {
  faulty,
  importedMask,
  LostCounter,
  maskOfEdges,
  readFactor,
  requireReadable,
  requireSameNodes,
  type ImportedMask,
} from './reading'
import { encodeXml, readXml, type XmlElement } from './xml'

/**
 * A mask as GraphML: removed edges left out, other factors than 1 as data. Ids of GraphML may not hold blanks and most signs: where
 * a name does, all nodes get numbers as ids and their names as data.
 */
export function writeMaskGraphml(mask: Mask): string {
  const plain = mask.nodes.every((name) => /^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name))
  const ids = mask.nodes.map((name, node) => (plain ? name : `n${node + 1}`))
  const data = (key: string, value: string): string => `<data key="${key}">${encodeXml(value)}</data>`
  const nodes = mask.nodes.map((name, node) =>
    plain ? `    <node id="${ids[node]}"/>` : `    <node id="${ids[node]}">${data('nodeName', name)}</node>`,
  )
  const edges = mask.factors.flatMap((row, from) =>
    row.flatMap((factor, to) => {
      if (from === to || factor === 0) return []
      const head = `    <edge source="${ids[from]}" target="${ids[to]}"`
      return [factor === 1 ? `${head}/>` : `${head}>${data('factor', String(factor))}</edge>`]
    }),
  )
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">',
    '  <key id="name" for="graph" attr.name="name" attr.type="string"/>',
    '  <key id="notes" for="graph" attr.name="notes" attr.type="string"/>',
    ...(plain ? [] : ['  <key id="nodeName" for="node" attr.name="name" attr.type="string"/>']),
    '  <key id="factor" for="edge" attr.name="factor" attr.type="double"><default>1</default></key>',
    '  <graph edgedefault="directed">',
    `    ${data('name', mask.name)}`,
    ...(mask.notes === '' ? [] : [`    ${data('notes', mask.notes)}`]),
    ...nodes,
    ...edges,
    '  </graph>',
    '</graphml>',
    '',
  ].join('\n')
}

interface Key {
  /** graph, node, edge, or all. */
  of: string
  name: string
  byDefault: string | null
}

/**
 * A mask from GraphML with one directed graph: an edge has the factor that its data of that name say, or else their default, or
 * else 1, and 0 where it is not there.
 * @throws CausewayError badRequest what cannot be read and on which line, or how the graph differs from the one it is read for
 */
export function importMaskGraphml(text: string, nodes: readonly string[]): ImportedMask {
  requireReadable(text)
  const root = readXml(text)
  if (root.name !== 'graphml') throw faulty(root.line, `GraphML begins with <graphml>, not with <${root.name}>.`)
  const keys = new Map<string, Key>()
  let graph: XmlElement | null = null
  for (const child of root.children) {
    if (child.name === 'key') {
      const id = required(child, 'id')
      if (keys.has(id)) throw faulty(child.line, `The key "${id}" is there twice.`)
      const byDefault = child.children.find(({ name }) => name === 'default')?.text ?? null
      const of = child.attributes.get('for') ?? 'all'
      keys.set(id, { of, name: child.attributes.get('attr.name') ?? id, byDefault })
    } else if (child.name === 'graph') {
      if (graph) throw faulty(child.line, 'There is a second graph; one file holds one mask.')
      graph = child
    } else if (child.name !== 'desc' && child.name !== 'data') throw unexpected(child)
  }
  if (!graph) throw faulty(root.line, 'There is no <graph> in this text.')
  if (required(graph, 'edgedefault') !== 'directed') {
    throw faulty(graph.line, 'The edges of a mask are directed: edgedefault must be "directed".')
  }

  const lost = new LostCounter()
  const dataOf = (
    element: XmlElement,
    of: 'graph' | 'node' | 'edge',
    wanted: readonly string[],
  ): Map<string, string> => {
    const found = new Map<string, string>()
    for (const child of element.children) {
      if (child.name !== 'data') continue
      const id = required(child, 'key')
      const key = keys.get(id)
      if (!key || (key.of !== of && key.of !== 'all')) {
        throw faulty(child.line, `There is no <key> "${id}" for ${of}s.`)
      }
      if (!wanted.includes(key.name)) lost.add(key.name, of)
      else if (found.has(key.name)) throw faulty(child.line, `"${key.name}" is there twice.`)
      else found.set(key.name, child.text)
    }
    return found
  }
  const ownNames = new Map<string, string>()
  for (const child of graph.children) {
    if (child.name !== 'node') continue
    const id = required(child, 'id')
    if (ownNames.has(id)) throw faulty(child.line, `The node "${id}" is there twice.`)
    if (child.children.some(({ name }) => name === 'graph'))
      throw faulty(child.line, 'Graphs within nodes are not read.')
    ownNames.set(id, dataOf(child, 'node', ['name']).get('name') ?? id)
  }
  const byDefault = [...keys.values()].find(
    ({ of, name }) => name === 'factor' && (of === 'edge' || of === 'all'),
  )?.byDefault
  const { factors, set } = maskOfEdges(nodes)
  for (const child of graph.children) {
    if (child.name === 'edge') {
      if ((child.attributes.get('directed') ?? 'true') !== 'true') {
        throw faulty(child.line, 'This edge is not directed; the edges of a mask are.')
      }
      const [from, to] = ['source', 'target'].map((end) => {
        const id = required(child, end)
        const name = ownNames.get(id)
        if (name === undefined) throw faulty(child.line, `There is no node "${id}".`)
        return name
      }) as [string, string]
      const said = dataOf(child, 'edge', ['factor']).get('factor') ?? byDefault ?? '1'
      set(from, to, readFactor(said, child.line), child.line)
    } else if (child.name !== 'node' && child.name !== 'data' && child.name !== 'desc') throw unexpected(child)
  }
  const about = dataOf(graph, 'graph', ['name', 'notes'])
  requireSameNodes([...ownNames.values()], nodes)
  return importedMask(
    { name: about.get('name') ?? null, notes: about.get('notes') ?? null, factors },
    nodes,
    lost.words(),
  )
}

function required(element: XmlElement, attribute: string): string {
  const value = element.attributes.get(attribute)
  if (value === undefined) throw faulty(element.line, `<${element.name}> has no ${attribute}.`)
  return value
}

const unexpected = (element: XmlElement): Error => faulty(element.line, `<${element.name}> is not read here.`)
