import cytoscape from 'cytoscape'
import dagre from 'cytoscape-dagre'
import type { DomainGraph } from '../../../../src-shared/domain/domain-graph'

cytoscape.use(dagre)

/** A place in the units of the graph's text: DAGitty draws one unit about as far as two neighbours stand apart. */
export interface Place {
  x: number
  y: number
}
/** By the variable's name. */
export type Places = ReadonlyMap<string, Place>

/** Neighbours that would stand nearer or farther apart than this, in pixels, ask for another scale. */
const bearable = { least: 12, most: 1600 }
const usual = 100

/**
 * Pixels of one unit of the text: what it was before (`now`), unless neighbours would stand on top of each other or out of sight; some
 * write their graphs in pixels.
 */
export function pixelsPerUnit(graph: DomainGraph, now = usual): number {
  const placed = graph.variables.flatMap((variable) => (variable.at ? [variable.at] : []))
  const gaps = placed
    .map((at, i) =>
      placed.reduce((least, other, j) => {
        const gap = Math.hypot(at.x - other.x, at.y - other.y)
        return i === j || gap === 0 ? least : Math.min(least, gap)
      }, Infinity),
    )
    .filter(Number.isFinite)
    .sort((a, b) => a - b)
  const typical = gaps[Math.floor(gaps.length / 2)]
  if (typical === undefined) return now
  if (typical * now >= bearable.least && typical * now <= bearable.most) return now
  return 10 ** Math.round(Math.log10(usual / typical))
}

/** Longer names are cut off in the drawing, in pixels. */
export const widestName = 220

/** Roughly how wide a name is drawn, in pixels: layouts are computed without a screen. */
export const nameWidth = (name: string): number => Math.min(7 * name.length, widestName) + 12

/** Screens are less wide than layers of many variables: the layers are drawn apart, in place. */
function shapeForScreen(places: Map<string, Place>): void {
  const extent = (values: number[]): number => Math.max(...values) - Math.min(...values)
  const width = extent([...places.values()].map(({ x }) => x))
  const height = extent([...places.values()].map(({ y }) => y))
  if (height === 0) return
  const stretch = Math.min(Math.max((0.7 * width) / height, 1), 6)
  for (const place of places.values()) place.y *= stretch
}

/** How near, in pixels, an edge may pass a variable it does not end at, and how often all are looked at. */
const clearance = 36
const clearings = 12
/** Drawings with more pairs of edge and variable are left as they are: they are read zoomed in. */
const clearedPairs = 20_000

/** Moves variables aside, in place, where a straight edge would run through them. */
function clearTheWay(graph: DomainGraph, places: Map<string, Place>): void {
  if (graph.edges.length * graph.variables.length > clearedPairs) return
  for (let round = 0; round < clearings; round++) {
    let moved = false
    for (const { from, to } of graph.edges) {
      const [a, b] = [places.get(from)!, places.get(to)!]
      const [dx, dy] = [b.x - a.x, b.y - a.y]
      const length2 = dx * dx + dy * dy
      if (length2 === 0) continue
      for (const [name, place] of places) {
        if (name === from || name === to) continue
        const share = ((place.x - a.x) * dx + (place.y - a.y) * dy) / length2
        if (share <= 0 || share >= 1) continue
        const aside = place.x - (a.x + share * dx)
        const distance = (Math.abs(aside) * Math.abs(dy)) / Math.sqrt(length2)
        // Sideways only, so that causes stay above their effects.
        if (distance >= clearance || Math.abs(dy) < 1) continue
        place.x += (aside < 0 ? -1 : 1) * (clearance - distance + 4)
        moved = true
      }
    }
    if (!moved) return
  }
}

/** Larger products of variables and edges take dagre seconds. */
const carefullyArranged = 250_000

/** Causes on top, effects below, in units of the text. `scale`: pixels of one unit. */
export function arrange(graph: DomainGraph, scale: number): Places {
  const careful = graph.variables.length * graph.edges.length <= carefullyArranged
  const places = careful ? layered(graph) : inRows(graph)
  shapeForScreen(places)
  clearTheWay(graph, places)
  return new Map([...places].map(([name, { x, y }]) => [name, { x: x / scale, y: y / scale }]))
}

const widthOf = (name: string): number => Math.max(nameWidth(name), 32)

/** In layers with few crossings, by dagre. Places in pixels. */
function layered(graph: DomainGraph): Map<string, Place> {
  // By number: dagre keeps nodes in plain objects, where names such as "constructor" are taken.
  const numbers = new Map(graph.variables.map(({ name }, position) => [name, String(position)]))
  const headless = cytoscape({
    headless: true,
    styleEnabled: true,
    elements: [
      ...graph.variables.map(({ name }) => ({ data: { id: numbers.get(name)!, width: widthOf(name) } })),
      ...graph.edges
        .filter((edge) => edge.kind === '->')
        .map((edge) => ({ data: { source: numbers.get(edge.from)!, target: numbers.get(edge.to)! } })),
    ],
    style: [{ selector: 'node', style: { width: 'data(width)', height: 48, shape: 'rectangle' } }],
  })
  try {
    const options = { name: 'dagre', animate: false, fit: false, rankDir: 'TB', nodeSep: 40, rankSep: 60 }
    headless.layout(options as cytoscape.LayoutOptions).run()
    return new Map(
      graph.variables.map(({ name }) => [name, { ...headless.getElementById(numbers.get(name)!).position() }]),
    )
  } finally {
    headless.destroy()
  }
}

/** Each variable one row below the lowest of its causes; those on a cycle, and below one, in the first row. Places in pixels. */
function inRows(graph: DomainGraph): Map<string, Place> {
  const effects = new Map(graph.variables.map(({ name }) => [name, [] as string[]]))
  const causesLeft = new Map(graph.variables.map(({ name }) => [name, 0]))
  for (const { from, to, kind } of graph.edges) {
    if (kind !== '->') continue
    effects.get(from)!.push(to)
    causesLeft.set(to, causesLeft.get(to)! + 1)
  }
  const rows = new Map(graph.variables.map(({ name }) => [name, 0]))
  const ready = graph.variables.map(({ name }) => name).filter((name) => causesLeft.get(name) === 0)
  const settled = new Set<string>()
  for (const name of ready) {
    settled.add(name)
    for (const effect of effects.get(name)!) {
      rows.set(effect, Math.max(rows.get(effect)!, rows.get(name)! + 1))
      causesLeft.set(effect, causesLeft.get(effect)! - 1)
      if (causesLeft.get(effect) === 0) ready.push(effect)
    }
  }
  const ends = new Map<number, number>()
  return new Map(
    graph.variables.map(({ name }) => {
      const row = settled.has(name) ? rows.get(name)! : 0
      const start = ends.get(row) ?? 0
      ends.set(row, start + widthOf(name) + 40)
      return [name, { x: start + widthOf(name) / 2, y: row * 108 }]
    }),
  )
}

/** A free place near `wanted`: on it, or in the next ring around it where nothing stands within `gap`. */
function freePlace(wanted: Place, taken: readonly Place[], gap: number): Place {
  for (let ring = 0; ring < 50; ring++) {
    const steps = ring === 0 ? 1 : 6 * ring
    for (let step = 0; step < steps; step++) {
      const angle = (2 * Math.PI * step) / steps
      const place = { x: wanted.x + ring * gap * Math.cos(angle), y: wanted.y + ring * gap * Math.sin(angle) }
      if (taken.every((other) => Math.hypot(other.x - place.x, other.y - place.y) >= gap * 0.9)) return place
    }
  }
  return wanted
}

/** Up to so many variables a graph without places is laid out anew on every change. */
const quicklyArranged = 60

/**
 * Where every variable stands: where the text says so, there; else where it stood before (`known`), or a free place near its
 * neighbours. A graph whose text places nothing is laid out as a whole, a large one only at first.
 */
export function placesOf(graph: DomainGraph, known: Places, scale: number): Places {
  const unplaced = graph.variables.every(({ at }) => at === null)
  if (unplaced && (graph.variables.length <= quicklyArranged || known.size === 0)) return arrange(graph, scale)
  const places = new Map<string, Place>()
  for (const { name, at } of graph.variables) {
    const place = at ?? known.get(name)
    if (place) places.set(name, place)
  }
  const missing = graph.variables.filter(({ name }) => !places.has(name))
  if (missing.length === 0) return places
  if (places.size === 0) return arrange(graph, scale)
  const gap = 90 / scale
  for (const { name } of missing) {
    const neighbours = graph.edges.flatMap((edge) =>
      edge.from === name ? [edge.to] : edge.to === name ? [edge.from] : [],
    )
    const around = neighbours.flatMap((neighbour) => places.get(neighbour) ?? [])
    const taken = [...places.values()]
    const near = around.length > 0 ? around : taken
    const middle = {
      x: near.reduce((sum, place) => sum + place.x, 0) / near.length,
      y: near.reduce((sum, place) => sum + place.y, 0) / near.length,
    }
    places.set(name, freePlace(middle, taken, gap))
  }
  return places
}

/** A free place for a new variable near `wanted`. */
export const placeForNew = (wanted: Place, places: Places, scale: number): Place =>
  freePlace(wanted, [...places.values()], 100 / scale)
