import type { ElementDefinition } from 'cytoscape'
import { nodeDiameter } from './elements'
import type { Positions } from './layout'

interface Point {
  x: number
  y: number
}

/** An edge whose straight line comes closer than this to the middle of a third node is led around it. */
const tooClose = nodeDiameter / 2 + 8
/** How far from the middle of the node it then passes: its label stands there too. */
const clear = nodeDiameter / 2 + 24
const steps = 24
/** In a larger graph there is hardly a way around. */
const mostNodes = 30

/** Where a quadratic curve from `from` to `to`, whose middle lies `aside` to the left of the line, is at `t` of 0..1. */
function onCurve(from: Point, to: Point, aside: number, t: number): Point {
  const length = Math.hypot(to.x - from.x, to.y - from.y)
  const out = 4 * t * (1 - t) * aside
  return {
    x: from.x + (to.x - from.x) * t - ((to.y - from.y) / length) * out,
    y: from.y + (to.y - from.y) * t + ((to.x - from.x) / length) * out,
  }
}

function nodesHit(from: Point, to: Point, aside: number, others: Point[]): number {
  const curve = Array.from({ length: steps - 1 }, (_, step) => onCurve(from, to, aside, (step + 1) / steps))
  return others.filter((other) => curve.some(({ x, y }) => Math.hypot(x - other.x, y - other.y) < tooClose)).length
}

/**
 * How far the middle of an edge from `from` to `to` has to stand aside so as to pass the `others`, in pixels; positive is along
 * the normal (−dy, dx). 0 where the straight line passes them. Of the two sides the one with fewer nodes on the way, then the nearer.
 */
export function detour(from: Point, to: Point, others: Point[]): number {
  const length = Math.hypot(to.x - from.x, to.y - from.y)
  if (length === 0) return 0
  const along = { x: (to.x - from.x) / length, y: (to.y - from.y) / length }
  const blocking = others
    .map(({ x, y }) => ({
      share: ((x - from.x) * along.x + (y - from.y) * along.y) / length,
      offset: -(x - from.x) * along.y + (y - from.y) * along.x,
    }))
    .filter(({ share, offset }) => share > 0 && share < 1 && Math.abs(offset) < tooClose)
  if (blocking.length === 0) return 0
  const needed = (side: 1 | -1): number =>
    Math.min(
      Math.max(...blocking.map(({ share, offset }) => (clear + side * offset) / (4 * share * (1 - share)))),
      // A node right at an end cannot be passed by a wider curve.
      length / 2,
    )
  const [best] = ([1, -1] as const)
    .map((side) => side * needed(side))
    .sort((a, b) => nodesHit(from, to, a, others) - nodesHit(from, to, b, others) || Math.abs(a) - Math.abs(b))
  return best!
}

/**
 * The detours of the edges that stand alone between their two nodes, by edge id; those that need none are left out. Two edges between
 * the same nodes bend apart anyway; a large graph is left as it is, and one of items, whose nodes are small.
 */
export function detours(elements: ElementDefinition[], positions: Positions): Map<string, number> {
  const edges = elements.filter(({ group }) => group === 'edges')
  const pairs = new Set(edges.map(({ data }) => `${data.source} ${data.target}`))
  const nodes = elements.filter(({ group, data }) => group === 'nodes' && positions[data.id!])
  const found = new Map<string, number>()
  if (nodes.length > mostNodes || nodes.some(({ data }) => data.role === 'item')) return found
  for (const { data } of edges) {
    const [from, to] = [positions[String(data.source)], positions[String(data.target)]]
    if (!from || !to || pairs.has(`${data.target} ${data.source}`)) continue
    const others = nodes
      .filter(({ data: { id } }) => id !== data.source && id !== data.target)
      .map(({ data: { id } }) => positions[id!]!)
    const aside = detour(from, to, others)
    if (aside !== 0) found.set(data.id!, aside)
  }
  return found
}
