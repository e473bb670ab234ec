import type { ChartBlock, GraphBlock } from './report-document'

/** Text and attribute values made safe for HTML and SVG. */
export const escapeHtml = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')

const fixed = (value: number): string => value.toFixed(1)

/** Round values that span `low`..`high`, about `wanted` of them. */
export function ticks(low: number, high: number, wanted: number): number[] {
  if (low === high) return [low]
  const rough = (high - low) / wanted
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough)!
  const values: number[] = []
  for (let index = Math.ceil(low / step); index * step <= high + step * 1e-9; index++) values.push(index * step)
  return values
}

const shortNumber = (value: number): string => (value === 0 ? '0' : String(Number(value.toPrecision(4))))

/** A line chart, 640 × 260, coloured by the style sheet's classes `line-0` … `line-5`. */
export function chartSvg({ caption, xLabel, series }: ChartBlock): string {
  const width = 640
  const height = 260
  const area = { left: 64, right: 16, top: 12, bottom: 40 }
  const points = series.flatMap((line) => line.points)
  const range = (axis: 0 | 1): [number, number] => {
    const values = points.map((point) => point[axis])
    const low = values.reduce((a, b) => Math.min(a, b), Infinity)
    const high = values.reduce((a, b) => Math.max(a, b), -Infinity)
    return low === high ? [low - 0.5, high + 0.5] : [low, high]
  }
  const [xLow, xHigh] = range(0)
  const [yLow, yHigh] = range(1)
  const x = (value: number): number => area.left + ((value - xLow) / (xHigh - xLow)) * (width - area.left - area.right)
  const y = (value: number): number =>
    height - area.bottom - ((value - yLow) / (yHigh - yLow)) * (height - area.top - area.bottom)
  const grid = ticks(yLow, yHigh, 5).map(
    (tick) =>
      `<line class="grid" x1="${area.left}" x2="${width - area.right}" y1="${fixed(y(tick))}" y2="${fixed(y(tick))}"/>` +
      `<text class="label" text-anchor="end" x="${area.left - 8}" y="${fixed(y(tick) + 4)}">${shortNumber(tick)}</text>`,
  )
  const xTicks = ticks(xLow, xHigh, 8)
    .filter(Number.isInteger)
    .map(
      (tick) =>
        `<text class="label" text-anchor="middle" x="${fixed(x(tick))}" y="${height - area.bottom + 18}">${tick}</text>`,
    )
  const lines = series.map((line, index) => {
    const way = line.points.map(([px, py]) => `${fixed(x(px))},${fixed(y(py))}`).join(' ')
    const [lastX, lastY] = line.points.at(-1)!
    return (
      `<polyline class="line line-${index % 6}" points="${way}"><title>${escapeHtml(line.label)}</title></polyline>` +
      `<circle class="dot line-${index % 6}" cx="${fixed(x(lastX))}" cy="${fixed(y(lastY))}" r="3"/>`
    )
  })
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(caption)}">${grid.join('')}${xTicks.join('')}<text class="label" text-anchor="middle" x="${width / 2}" y="${height - 6}">${escapeHtml(xLabel)}</text>${lines.join('')}</svg>`
}

/** Whether a name has room inside its node. */
const fits = (name: string): boolean => [...name].length <= 5
const shortened = (name: string): string => ([...name].length > 20 ? `${[...name].slice(0, 19).join('')}…` : name)

/** A directed graph with its nodes on a circle, 480 × 420; probabilities stand on the edges, long names outside their nodes. */
export function graphSvg({ caption, nodes, edges }: GraphBlock): string {
  const width = 480
  const height = 420
  const radius = 24
  const ring = nodes.length === 1 ? 0 : 160
  const at = nodes.map((_, index) => {
    const angle = (index / nodes.length) * 2 * Math.PI - Math.PI / 2
    return { x: width / 2 + ring * Math.cos(angle), y: height / 2 + ring * Math.sin(angle) }
  })
  const drawnEdges = edges.map(({ from, to, probability }) => {
    const a = at[from]!
    const b = at[to]!
    const length = Math.hypot(b.x - a.x, b.y - a.y)
    const unit = { x: (b.x - a.x) / length, y: (b.y - a.y) / length }
    // Bent to one side, so that two opposite edges do not cover each other.
    const bend = { x: (a.x + b.x) / 2 - unit.y * 26, y: (a.y + b.y) / 2 + unit.x * 26 }
    const label = { x: (a.x + b.x) / 4 + bend.x / 2, y: (a.y + b.y) / 4 + bend.y / 2 }
    const towards = Math.hypot(bend.x - b.x, bend.y - b.y)
    const end = {
      x: b.x + ((bend.x - b.x) / towards) * (radius + 4),
      y: b.y + ((bend.y - b.y) / towards) * (radius + 4),
    }
    return (
      `<path class="edge" marker-end="url(#arrow)" stroke-width="${fixed(0.5 + 3 * probability)}" d="M${fixed(a.x)} ${fixed(a.y)} Q${fixed(bend.x)} ${fixed(bend.y)} ${fixed(end.x)} ${fixed(end.y)}"/>` +
      `<text class="edge-label" text-anchor="middle" x="${fixed(label.x)}" y="${fixed(label.y + 4)}">${probability.toFixed(2)}</text>`
    )
  })
  const drawnNodes = nodes.map((name, index) => {
    const { x, y } = at[index]!
    return (
      `<circle class="node" cx="${fixed(x)}" cy="${fixed(y)}" r="${radius}"/>` +
      `<text class="node-label" text-anchor="middle" x="${fixed(x)}" y="${fixed(y + (fits(name) ? 5 : y < height / 2 ? -radius - 6 : radius + 16))}">${escapeHtml(shortened(name))}</text>`
    )
  })
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(caption)}"><defs><marker id="arrow" viewBox="0 0 10 10" refX="8" refY="5" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto-start-reverse"><path class="arrow" d="M0 0L10 5L0 10z"/></marker></defs>${drawnEdges.join('')}${drawnNodes.join('')}</svg>`
}
