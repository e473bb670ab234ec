import type { ElementDefinition } from 'cytoscape'
import type { GraphTheme } from './colours'
import { detours } from './detour'
import { itemDiameter, nodeDiameter } from './elements'
import type { Positions } from './layout'

interface Point {
  x: number
  y: number
}

/** Of the circle of a node. */
const radiusOf = (data: ElementDefinition['data']): number => (data.role === 'item' ? itemDiameter : nodeDiameter) / 2
const fontFamily = 'system-ui, sans-serif'
const lineHeight = 14
/** How far an edge that has a twin in the other direction bends aside. */
const bend = 28
const margin = 16

const escaped = (text: string): string => text.replace(/[<>&"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
const number = (value: number): string => String(Math.round(value * 100) / 100)
/** Wide enough for the text in any system font. */
const textWidth = (text: string, size: number): number => text.length * size * 0.62

/** The colour and dashes an edge is drawn with: as on the canvas. */
function strokeOf(data: ElementDefinition['data'], theme: GraphTheme): { colour: string; dashes: string | null } {
  const byChange: Record<string, string> = {
    masked: theme.masked,
    scaled: theme.scaled,
    required: theme.required,
    forbidden: theme.forbidden,
    learned: theme.weakEdge,
    adds: theme.adds,
    takes: theme.takes,
    raises: theme.adds,
    lowers: theme.takes,
  }
  const weak = data.status === 'below' || data.status === 'dropped'
  const colour = byChange[String(data.change)] ?? (weak ? theme.weakEdge : theme.edge)
  const dashes =
    data.change === 'forbidden' || data.change === 'correlated' || data.change === 'lowers' || data.status === 'below'
      ? '6 3'
      : data.status === 'dropped'
        ? '1 3'
        : null
  return { colour, dashes }
}

/** The point at distance `by` from `from` towards `to`. */
function towards(from: Point, to: Point, by: number): Point {
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1
  return { x: from.x + ((to.x - from.x) / length) * by, y: from.y + ((to.y - from.y) / length) * by }
}

/** The head of an arrow, from the middle of its base to its tip. */
function headSvg(base: Point, tip: Point, colour: string): string {
  const half = { x: -(tip.y - base.y) * 0.45, y: (tip.x - base.x) * 0.45 }
  return `<polygon points="${number(tip.x)},${number(tip.y)} ${number(base.x + half.x)},${number(base.y + half.y)} ${number(base.x - half.x)},${number(base.y - half.y)}" fill="${colour}"/>`
}

function edgeSvg(
  data: ElementDefinition['data'],
  from: Point,
  to: Point,
  aside: number,
  radius: number,
  theme: GraphTheme,
): string {
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1
  const normal = { x: -(to.y - from.y) / length, y: (to.x - from.x) / length }
  const control = {
    x: (from.x + to.x) / 2 + normal.x * aside * 2,
    y: (from.y + to.y) / 2 + normal.y * aside * 2,
  }
  const width = data.change === 'masked' ? 2 : Number(data.width)
  const head = 5 + width * 1.5
  const goesBothWays = data.change === 'correlated'
  const start = towards(from, control, radius + 1 + (goesBothWays ? head : 0))
  const tip = towards(to, control, radius + 1)
  const end = towards(to, control, radius + 1 + head)
  const middle = {
    x: (start.x + end.x) / 4 + control.x / 2,
    y: (start.y + end.y) / 4 + control.y / 2,
  }
  const { colour, dashes } = strokeOf(data, theme)
  const side = { x: -(tip.y - end.y) / head, y: (tip.x - end.x) / head }
  const arrow =
    data.change === 'forbidden' || data.change === 'lowers'
      ? `<line x1="${number(tip.x + side.x * 8)}" y1="${number(tip.y + side.y * 8)}" x2="${number(tip.x - side.x * 8)}" y2="${number(tip.y - side.y * 8)}" stroke="${colour}" stroke-width="3"/>`
      : headSvg(end, tip, colour) + (goesBothWays ? headSvg(start, towards(from, control, radius + 1), colour) : '')
  const along = towards({ x: 0, y: 0 }, { x: end.x - start.x, y: end.y - start.y }, 1)
  const bar =
    data.change === 'masked'
      ? `<line class="struck" x1="${number(middle.x - along.y * 9)}" y1="${number(middle.y + along.x * 9)}" x2="${number(middle.x + along.y * 9)}" y2="${number(middle.y - along.x * 9)}" stroke="${theme.quietText}" stroke-width="3"/>`
      : ''
  const at = data.change === 'masked' ? { x: middle.x, y: middle.y - 16 } : middle
  const label = String(data.label ?? '')
  const wide = textWidth(label, 11) + 4
  const words =
    label === ''
      ? ''
      : `<rect x="${number(at.x - wide / 2)}" y="${number(at.y - 8)}" width="${number(wide)}" height="16" rx="3" fill="${theme.background}" fill-opacity="0.9"/><text x="${number(at.x)}" y="${number(at.y + 4)}" font-size="11" text-anchor="middle" fill="${data.change === 'none' || data.change === 'masked' ? theme.text : colour}">${escaped(label)}</text>`
  return `<g class="edge ${escaped(String(data.change))}"><title>${escaped(`${data.source} ${goesBothWays ? '↔' : '→'} ${data.target} ${label}`)}</title><path d="M ${number(start.x)} ${number(start.y)} Q ${number(control.x)} ${number(control.y)} ${number(end.x)} ${number(end.y)}" fill="none" stroke="${colour}" stroke-width="${number(width)}" stroke-opacity="${number(Number(data.opacity))}"${dashes ? ` stroke-dasharray="${dashes}"` : ''}/>${arrow}${bar}${words}</g>`
}

/** The dashes of a node's outline by its role; a confounder, which has none, is hidden. */
const outlineOf = (role: unknown): string =>
  role === 'observed' || role === 'item' ? '' : ` stroke-dasharray="${role === 'exogenous' ? '5 3' : '2 3'}"`

function nodeSvg(data: ElementDefinition['data'], at: Point, theme: GraphTheme): string {
  const lines = String(data.label).split('\n')
  const radius = radiusOf(data)
  const weight = data.role === 'item' ? 400 : 600
  const learned =
    data.inside || data.role === 'item'
      ? ''
      : `<text x="${number(at.x)}" y="${number(at.y + 5)}" font-size="13" font-weight="600" text-anchor="middle" fill="${theme.text}">${escaped(data.id!)}</text>`
  const ring = data.held
    ? `<circle cx="${number(at.x)}" cy="${number(at.y)}" r="${radius}" fill="${theme.node}" stroke="${theme.accent}" stroke-width="2"/><circle cx="${number(at.x)}" cy="${number(at.y)}" r="${radius - 4}" fill="none" stroke="${theme.accent}" stroke-width="2"/>`
    : `<circle cx="${number(at.x)}" cy="${number(at.y)}" r="${radius}" fill="${theme.node}" stroke="${theme.nodeBorder}" stroke-width="2"${outlineOf(data.role)}/>`
  const badge = data.held
    ? `<g class="do"><rect x="${number(at.x + 11)}" y="${number(at.y - 30)}" width="24" height="16" rx="8" fill="${theme.accent}"/><text x="${number(at.x + 23)}" y="${number(at.y - 18)}" font-size="12" font-weight="700" text-anchor="middle" fill="${theme.background}">do</text></g>`
    : ''
  const size = data.inside ? 13 : 12
  const isItem = data.role === 'item'
  const first = data.inside ? at.y + 5 : isItem ? at.y + 4 : at.y + radius + lineHeight + 2
  const x = !isItem ? at.x : data.first ? at.x - radius - 4 : at.x + radius + 4
  const anchor = !isItem ? 'middle' : data.first ? 'end' : 'start'
  const words = lines
    .map(
      (line, index) =>
        `<text x="${number(x)}" y="${number(first + index * lineHeight)}" font-size="${size}" font-weight="${weight}" text-anchor="${anchor}" fill="${theme.text}">${escaped(line)}</text>`,
    )
    .join('')
  return `<g class="node${data.held ? ' held' : ''}">${ring}${learned}${badge}${words}</g>`
}

/**
 * The drawing as an SVG document, in pixels: the elements at their places, with the signs of the canvas. Nodes without a place are
 * left out, and their edges with them. `title` is what a screen reader says of the figure.
 */
export function graphSvg(
  elements: ElementDefinition[],
  positions: Positions,
  theme: GraphTheme,
  title: string,
): string {
  const nodes = elements.filter(({ group, data }) => group === 'nodes' && positions[data.id!])
  const ids = new Set(nodes.map(({ data }) => data.id!))
  const edges = elements.filter(
    ({ group, data }) => group === 'edges' && ids.has(String(data.source)) && ids.has(String(data.target)),
  )
  const pairs = new Set(edges.map(({ data }) => `${data.source} ${data.target}`))
  const around = detours(elements, positions)
  const drawn = [
    ...edges.map(({ data }) =>
      edgeSvg(
        data,
        positions[String(data.source)]!,
        positions[String(data.target)]!,
        pairs.has(`${data.target} ${data.source}`) ? bend : (around.get(data.id!) ?? 0),
        nodes.length > 0 ? radiusOf(nodes[0]!.data) : 0,
        theme,
      ),
    ),
    ...nodes.map(({ data }) => nodeSvg(data, positions[data.id!]!, theme)),
  ]
  const boxes = nodes.map(({ data }) => {
    const { x, y } = positions[data.id!]!
    const lines = String(data.label).split('\n')
    const radius = radiusOf(data)
    const wide = Math.max(...lines.map((line) => textWidth(line, 14)))
    const half = Math.max(radius + 14, wide / 2)
    if (data.role === 'item') {
      const [left, right] = data.first ? [4 + wide, 0] : [0, 4 + wide]
      return { x1: x - radius - left, x2: x + radius + right, y1: y - radius, y2: y + radius }
    }
    return {
      x1: x - half,
      x2: x + half,
      y1: y - radius - 10,
      y2: y + radius + (data.inside ? 4 : lines.length * lineHeight + 8),
    }
  })
  const reach = margin + Math.max(bend, ...[...around.values()].map(Math.abs))
  const x1 = Math.min(...boxes.map((box) => box.x1)) - reach
  const y1 = Math.min(...boxes.map((box) => box.y1)) - reach
  const width = Math.max(...boxes.map((box) => box.x2)) + reach - x1
  const height = Math.max(...boxes.map((box) => box.y2)) + reach - y1
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${number(width)}" height="${number(height)}" viewBox="${number(x1)} ${number(y1)} ${number(width)} ${number(height)}" font-family="${fontFamily}" role="img"><title>${escaped(title)}</title><rect x="${number(x1)}" y="${number(y1)}" width="${number(width)}" height="${number(height)}" fill="${theme.background}"/>${drawn.join('')}</svg>\n`
}
