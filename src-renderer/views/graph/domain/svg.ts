import type { ElementDefinition } from 'cytoscape'
import type { VariableRole } from '../../../../src-shared/domain/domain-graph'
import type { GraphTheme } from '../../../graph/colours'
import { markColours, roleSigns, variableSize, type EdgeMark } from './elements'
import { nameWidth } from './placement'

interface Point {
  x: number
  y: number
}

const radius = variableSize / 2
const arrowLength = 9
const arrowWidth = 8
const margin = 16

const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[sign]!)
const n = (value: number): string => String(Math.round(value * 100) / 100)

/** The point `distance` from `from` on the way to `to`. */
function towards(from: Point, to: Point, distance: number): Point {
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1
  return { x: from.x + ((to.x - from.x) / length) * distance, y: from.y + ((to.y - from.y) / length) * distance }
}

/** An arrow's head with its tip `at`, coming from `from`. */
function arrowHead(at: Point, from: Point, colour: string): string {
  const base = towards(at, from, arrowLength)
  const length = Math.hypot(at.x - from.x, at.y - from.y) || 1
  const across = {
    x: ((from.y - at.y) / length) * (arrowWidth / 2),
    y: ((at.x - from.x) / length) * (arrowWidth / 2),
  }
  const corners = [at, { x: base.x + across.x, y: base.y + across.y }, { x: base.x - across.x, y: base.y - across.y }]
  return `<polygon points="${corners.map((corner) => `${n(corner.x)},${n(corner.y)}`).join(' ')}" fill="${colour}"/>`
}

function edgeSvg(
  data: Record<string, unknown>,
  source: Point,
  target: Point,
  theme: GraphTheme,
  name: 'light' | 'dark',
): string {
  const mark = data.mark as EdgeMark
  const colour = mark === 'plain' ? theme.nodeBorder : markColours[name][mark]
  const length = Math.hypot(target.x - source.x, target.y - source.y) || 1
  const middle = { x: (source.x + target.x) / 2, y: (source.y + target.y) / 2 }
  const bend = data.bend as number
  // Cytoscape bends to the left of the way from source to target where the distance is positive.
  const control = {
    x: middle.x - ((target.y - source.y) / length) * bend,
    y: middle.y + ((target.x - source.x) / length) * bend,
  }
  const start = towards(source, control, radius + 1 + (data.sourceGap as number))
  const end = towards(target, control, radius + 1 + (data.gap as number))
  const both = data.kind === '<->'
  const from = both ? towards(start, control, arrowLength - 1) : start
  const to = towards(end, control, arrowLength - 1)
  const dash = mark === 'cycle' ? ' stroke-dasharray="2 3"' : both ? ' stroke-dasharray="6 4"' : ''
  const at = { x: (middle.x + control.x) / 2, y: (middle.y + control.y) / 2 }
  return [
    `<path d="M${n(from.x)} ${n(from.y)} Q${n(control.x)} ${n(control.y)} ${n(to.x)} ${n(to.y)}" fill="none" stroke="${colour}" stroke-width="${mark === 'plain' ? 2 : 3}"${dash}/>`,
    arrowHead(end, control, colour),
    ...(both ? [arrowHead(start, control, colour)] : []),
    ...(mark === 'biasing' || mark === 'both'
      ? [`<path d="M${n(at.x - 6)} ${n(at.y)} l6 -6 l6 6 l-6 6 Z" fill="${markColours[name].biasing}"/>`]
      : []),
  ].join('')
}

function variableSvg(data: Record<string, unknown>, at: Point, theme: GraphTheme): string {
  const role = data.role as VariableRole
  const ends = role === 'exposure' || role === 'outcome'
  const stroke = ends ? theme.accent : theme.nodeBorder
  const fill = role === 'hidden' ? theme.background : theme.node
  const square = (inset: number): string =>
    `<rect x="${n(at.x - radius + inset)}" y="${n(at.y - radius + inset)}" width="${n(2 * (radius - inset))}" height="${n(2 * (radius - inset))}" fill="${fill}" stroke="${stroke}" stroke-width="2"/>`
  const shape =
    role === 'adjusted'
      ? square(0)
      : role === 'selected'
        ? square(0) + square(4)
        : `<circle cx="${n(at.x)}" cy="${n(at.y)}" r="${radius}" fill="${fill}" stroke="${stroke}" stroke-width="${ends ? 3 : 2}"${role === 'hidden' ? ' stroke-dasharray="2 3"' : ''}/>`
  const sign = roleSigns[role]
  return [
    shape,
    ...(sign ? [`<path transform="translate(${n(at.x - 12)} ${n(at.y - 12)})" d="${sign}" fill="${stroke}"/>`] : []),
    `<text x="${n(at.x)}" y="${n(at.y + radius + 15)}" text-anchor="middle" font-weight="${ends ? 700 : 400}" paint-order="stroke" stroke="${theme.background}" stroke-width="3">${escaped(String(data.name))}</text>`,
  ].join('')
}

/** The drawing as SVG text, the same elements as on the canvas, with its title for screen readers. */
export function domainSvg(
  elements: readonly ElementDefinition[],
  theme: GraphTheme,
  name: 'light' | 'dark',
  title: string,
): string {
  const variables = elements.filter((element) => element.group === 'nodes')
  const places = new Map(variables.map((variable) => [variable.data.id!, variable.position!]))
  const bounds = variables.map((variable) => {
    const { x, y } = variable.position!
    const half = Math.max(nameWidth(String(variable.data.name)) / 2, radius)
    return { left: x - half, right: x + half, top: y - radius, bottom: y + radius + 20 }
  })
  const left = Math.min(...bounds.map((one) => one.left), 0) - margin
  const top = Math.min(...bounds.map((one) => one.top), 0) - margin
  const width = Math.max(...bounds.map((one) => one.right), 0) + margin - left
  const height = Math.max(...bounds.map((one) => one.bottom), 0) + margin - top
  const edges = elements
    .filter((element) => element.group === 'edges')
    .map(({ data }) => edgeSvg(data, places.get(data.source)!, places.get(data.target)!, theme, name))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${n(width)}" height="${n(height)}" viewBox="${n(left)} ${n(top)} ${n(width)} ${n(height)}" font-family="system-ui, sans-serif" font-size="13" fill="${theme.text}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<rect x="${n(left)}" y="${n(top)}" width="${n(width)}" height="${n(height)}" fill="${theme.background}"/>`,
    ...edges,
    ...variables.map(({ data, position }) => variableSvg(data, position!, theme)),
    '</svg>',
  ].join('\n')
}
