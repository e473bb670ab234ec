import type { BarsBlock, ChartBlock, Figure, GraphBlock, IntervalsBlock } from './report-document'
import { decimals } from './words'

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
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough * (1 - 1e-9))!
  const values: number[] = []
  for (let index = Math.ceil(low / step - 1e-9) + 0; index * step <= high + step * 1e-9; index++)
    values.push(index * step)
  return values
}

const shortNumber = (value: number): string => (value === 0 ? '0' : String(Number(value.toPrecision(4))))
const shortened = (name: string, most: number): string =>
  [...name].length > most ? `${[...name].slice(0, most - 1).join('')}…` : name

/** Lines and marks are told apart by these many classes `line-0` …, each with its colour and its dashes. */
export const lineClasses = 6

interface Drawing {
  width: number
  height: number
  /** What a reader who does not see it is told. */
  description: string
  body: string
}

/**
 * A figure as an SVG element, coloured by the report's style sheet.
 * @param id told apart from every other figure's in the document
 */
export function figureSvg(figure: Figure, id: string): string {
  const { width, height, description, body } = drawn(figure, id)
  return (
    `<svg viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="${id}-title ${id}-description">` +
    `<title id="${id}-title">${escapeHtml(figure.caption)}</title><desc id="${id}-description">${escapeHtml(description)}</desc>` +
    `${body}</svg>`
  )
}

function drawn(figure: Figure, id: string): Drawing {
  switch (figure.kind) {
    case 'chart':
      return lineChart(figure)
    case 'bars':
      return barChart(figure)
    case 'intervals':
      return intervalChart(figure)
    case 'graph':
      return graphDrawing(figure, id)
  }
}

/** Smallest and largest; a little apart where they are the same. */
function extent(values: readonly number[]): [number, number] {
  const low = values.reduce((a, b) => Math.min(a, b), Infinity)
  const high = values.reduce((a, b) => Math.max(a, b), -Infinity)
  if (low < high) return [low, high]
  const room = Math.abs(low) * 0.05 || 0.5
  return [low - room, high + room]
}

const text = (x: number, y: number, content: string, anchor: 'start' | 'middle' | 'end', kind = 'label'): string =>
  `<text class="${kind}" text-anchor="${anchor}" x="${fixed(x)}" y="${fixed(y)}">${escapeHtml(content)}</text>`

const yAxis = (
  [low, high]: [number, number],
  y: (value: number) => number,
  [left, right]: [number, number],
  label: string,
): string =>
  ticks(low, high, 5)
    .map(
      (tick) =>
        `<line class="grid" x1="${left}" x2="${right}" y1="${fixed(y(tick))}" y2="${fixed(y(tick))}"/>` +
        text(left - 8, y(tick) + 4, shortNumber(tick), 'end'),
    )
    .join('') + text(left - 56, 14, label, 'start')

/** Labels at the ends of the lines, pushed apart so that none covers another. */
function endLabels(
  ends: { label: string; y: number; index: number }[],
  x: number,
  top: number,
  bottom: number,
): string {
  const gap = 15
  const placed = [...ends].sort((a, b) => a.y - b.y).map((end) => ({ ...end }))
  for (let i = 1; i < placed.length; i++) placed[i]!.y = Math.max(placed[i]!.y, placed[i - 1]!.y + gap)
  const over = (placed.at(-1)?.y ?? 0) - bottom
  if (over > 0) {
    placed.at(-1)!.y -= over
    for (let i = placed.length - 2; i >= 0; i--) placed[i]!.y = Math.min(placed[i]!.y, placed[i + 1]!.y - gap)
  }
  return placed
    .map(({ label, y, index }) =>
      text(x, Math.max(top, y) + 4, shortened(label, 26), 'start', `end-label text-${index % lineClasses}`),
    )
    .join('')
}

function lineChart({ series, marks = [], xLabel, yLabel }: ChartBlock): Drawing {
  const [width, height] = [760, 300]
  const single = series.length === 1
  const area = { left: 64, right: single ? 24 : 190, top: 28, bottom: 44 }
  const right = width - area.right
  const points = series.flatMap((line) => line.points)
  const [xLow, xHigh] = extent(points.map(([x]) => x))
  const [yLow, yHigh] = extent([...points.map(([, y]) => y), ...series.flatMap(({ band }) => (band ?? []).flat())])
  const x = (value: number): number => area.left + ((value - xLow) / (xHigh - xLow)) * (right - area.left)
  const y = (value: number): number =>
    height - area.bottom - ((value - yLow) / (yHigh - yLow)) * (height - area.top - area.bottom)
  // Epochs and steps are whole; a share is not.
  const isWhole = points.every(([at]) => Number.isInteger(at))
  const xTicks = ticks(xLow, xHigh, 8)
    .filter((tick) => !isWhole || Number.isInteger(tick))
    .map((tick) => text(x(tick), height - area.bottom + 18, shortNumber(tick), 'middle'))
    .join('')
  const bands = series.map(({ band, points: own }, index) => {
    if (!band || band.every(([low, high]) => low === high)) return ''
    const upper = own.map(([px], at) => `${fixed(x(px))},${fixed(y(band[at]![1]))}`)
    const lower = own.map(([px], at) => `${fixed(x(px))},${fixed(y(band[at]![0]))}`).reverse()
    return `<polygon class="band band-${index % lineClasses}" points="${[...upper, ...lower].join(' ')}"/>`
  })
  const marked = marks.map(({ x: at, label }) => {
    const near = x(at) > (area.left + right) / 2
    return (
      `<line class="mark" x1="${fixed(x(at))}" x2="${fixed(x(at))}" y1="${area.top}" y2="${height - area.bottom}"/>` +
      text(x(at) + (near ? -5 : 5), area.top + 8, label, near ? 'end' : 'start')
    )
  })
  const lines = series.map(({ points: own }, index) => {
    const kind = `line-${index % lineClasses}`
    const [lastX, lastY] = own.at(-1)!
    return (
      `<polyline class="line ${kind}" points="${own.map(([px, py]) => `${fixed(x(px))},${fixed(y(py))}`).join(' ')}"/>` +
      `<circle class="dot ${kind}" cx="${fixed(x(lastX))}" cy="${fixed(y(lastY))}" r="3"/>`
    )
  })
  const ends = series.map(({ label, points: own }, index) => ({ label, y: y(own.at(-1)![1]), index }))
  const said = series.map(({ label, points: own }) => {
    const values = own.map(([, value]) => value)
    const [low, high] = [Math.min(...values), Math.max(...values)]
    return `${label}: from ${shortNumber(values[0]!)} to ${shortNumber(values.at(-1)!)}, lowest ${shortNumber(low)}, highest ${shortNumber(high)}`
  })
  return {
    width,
    height,
    description: `Lines over ${xLabel.toLowerCase()} ${shortNumber(xLow)} to ${shortNumber(xHigh)}. ${said.join('. ')}.`,
    body:
      yAxis([yLow, yHigh], y, [area.left, right], yLabel) +
      xTicks +
      text((area.left + right) / 2, height - 6, xLabel, 'middle') +
      bands.join('') +
      marked.join('') +
      lines.join('') +
      (single ? '' : endLabels(ends, right + 10, area.top, height - area.bottom)),
  }
}

function barChart({ bars, xLabel, yLabel }: BarsBlock): Drawing {
  const [width, height] = [760, 260]
  const area = { left: 64, right: 24, top: 28, bottom: 60 }
  const right = width - area.right
  const high = Math.max(1, ...bars.map(({ value }) => value ?? 0))
  const y = (value: number): number => height - area.bottom - (value / high) * (height - area.top - area.bottom)
  const step = (right - area.left) / bars.length
  // As many labels as have room.
  const longest = Math.max(...bars.map(({ label }) => label.length)) * 7 + 8
  const every = Math.max(1, Math.ceil(longest / step))
  const drawnBars = bars.map(({ label, value }, index) => {
    const left = area.left + index * step
    const top = y(value ?? 0)
    return (
      `<rect class="bar" x="${fixed(left + 1)}" y="${fixed(top)}" width="${fixed(Math.max(1, step - 2))}" height="${fixed(height - area.bottom - top)}"/>` +
      (index % every === 0 ? text(left + step / 2, height - area.bottom + 18, label, 'middle') : '')
    )
  })
  const [tallest] = [...bars].sort((a, b) => (b.value ?? 0) - (a.value ?? 0))
  return {
    width,
    height,
    description: `${bars.length} bars. The tallest is ${tallest?.value ?? 0} at ${tallest?.label ?? 'none'}.`,
    body:
      yAxis([0, high], y, [area.left, right], yLabel) +
      drawnBars.join('') +
      text((area.left + right) / 2, height - 10, xLabel, 'middle'),
  }
}

function intervalChart({ rows, xLabel }: IntervalsBlock): Drawing {
  const width = 760
  const rowHeight = 30
  const longest = Math.max(...rows.map(({ label }) => [...shortened(label, 34)].length))
  const area = { left: Math.max(64, longest * 6.6 + 20), right: 90, top: 12, bottom: 44 }
  const height = area.top + area.bottom + rows.length * rowHeight
  const right = width - area.right
  const values = rows.flatMap(({ value, low, high, points }) => [value, low ?? value, high ?? value, ...points])
  const [least, most] = extent(values)
  // Zero is shown where it lies near: an interval is read against it.
  const [low, high] = [
    least > 0 && least < (most - least) / 2 ? 0 : least,
    most < 0 && -most < (most - least) / 2 ? 0 : most,
  ]
  const room = (high - low) * 0.03
  const [from, to] = [low - room, high + room]
  const x = (value: number): number => area.left + ((value - from) / (to - from)) * (right - area.left)
  const grid = ticks(from, to, 5).map(
    (tick) =>
      `<line class="${Math.abs(tick) < 1e-12 ? 'mark' : 'grid'}" x1="${fixed(x(tick))}" x2="${fixed(x(tick))}" y1="${area.top}" y2="${height - area.bottom}"/>` +
      text(x(tick), height - area.bottom + 18, shortNumber(tick), 'middle'),
  )
  const drawnRows = rows.map(({ label, value, low: left, high: end, points }, index) => {
    const y = area.top + (index + 0.5) * rowHeight
    return (
      text(area.left - 10, y + 4, shortened(label, 34), 'end', 'row-label') +
      points.map((point) => `<circle class="seed" cx="${fixed(x(point))}" cy="${fixed(y + 8)}" r="2"/>`).join('') +
      (left === null || end === null
        ? ''
        : `<line class="whisker" x1="${fixed(x(left))}" x2="${fixed(x(end))}" y1="${fixed(y)}" y2="${fixed(y)}"/>`) +
      `<circle class="value" cx="${fixed(x(value))}" cy="${fixed(y)}" r="4.5"/>` +
      text(right + 10, y + 4, decimals(value), 'start', 'row-label')
    )
  })
  return {
    width,
    height,
    description: `${rows
      .slice(0, 30)
      .map(
        ({ label, value, low: left, high: end }) =>
          `${label}: ${shortNumber(value)}${left === null || end === null ? '' : `, ${shortNumber(left)} to ${shortNumber(end)}`}`,
      )
      .join('; ')}.`,
    body: grid.join('') + drawnRows.join('') + text((area.left + right) / 2, height - 6, xLabel, 'middle'),
  }
}

/** Whether a name has room inside its node. */
const fits = (name: string): boolean => [...name].length <= 5

/** A directed graph with its nodes on a circle; probabilities stand on the edges, long names outside their nodes. */
function graphDrawing({ nodes, edges }: GraphBlock, id: string): Drawing {
  const [width, height] = [560, 460]
  const radius = nodes.length > 16 ? 16 : 24
  const ring = nodes.length === 1 ? 0 : 170
  const at = nodes.map((_, index) => {
    const angle = (index / nodes.length) * 2 * Math.PI - Math.PI / 2
    return { x: width / 2 + ring * Math.cos(angle), y: height / 2 + ring * Math.sin(angle) }
  })
  const drawnEdges = edges.map(({ from, to, probability, factor = 1 }) => {
    const a = at[from]!
    const b = at[to]!
    const length = Math.hypot(b.x - a.x, b.y - a.y)
    const unit = { x: (b.x - a.x) / length, y: (b.y - a.y) / length }
    // Bent to one side, so that two opposite edges do not cover each other.
    const bend = { x: (a.x + b.x) / 2 - unit.y * 26, y: (a.y + b.y) / 2 + unit.x * 26 }
    // Off the middle, where edges across the circle meet; the strike lies on the other side of it.
    const along = (t: number) => ({
      x: (1 - t) ** 2 * a.x + 2 * t * (1 - t) * bend.x + t ** 2 * b.x,
      y: (1 - t) ** 2 * a.y + 2 * t * (1 - t) * bend.y + t ** 2 * b.y,
    })
    const label = along(0.36)
    const middle = along(0.6)
    const towards = Math.hypot(bend.x - b.x, bend.y - b.y)
    const end = {
      x: b.x + ((bend.x - b.x) / towards) * (radius + 4),
      y: b.y + ((bend.y - b.y) / towards) * (radius + 4),
    }
    const removed = factor === 0
    const strike = removed
      ? `<path class="strike" d="M${fixed(middle.x - 7)} ${fixed(middle.y - 7)} L${fixed(middle.x + 7)} ${fixed(middle.y + 7)} M${fixed(middle.x + 7)} ${fixed(middle.y - 7)} L${fixed(middle.x - 7)} ${fixed(middle.y + 7)}"/>`
      : ''
    const said = removed ? '' : factor === 1 ? probability.toFixed(2) : `× ${shortNumber(factor)}`
    return (
      `<path class="edge${removed ? ' removed' : ''}" marker-end="url(#${id}-${removed ? 'removed' : 'arrow'})" stroke-width="${fixed(removed ? 1.5 : 0.5 + 3 * probability * factor)}" d="M${fixed(a.x)} ${fixed(a.y)} Q${fixed(bend.x)} ${fixed(bend.y)} ${fixed(end.x)} ${fixed(end.y)}"/>` +
      strike +
      (said === '' ? '' : text(label.x, label.y + 4, said, 'middle', 'edge-label'))
    )
  })
  const drawnNodes = nodes.map((name, index) => {
    const { x, y } = at[index]!
    const outside = y < height / 2 ? -radius - 6 : radius + 16
    return (
      `<circle class="node" cx="${fixed(x)}" cy="${fixed(y)}" r="${radius}"/>` +
      text(x, y + (fits(name) ? 5 : outside), shortened(name, 20), 'middle', 'node-label')
    )
  })
  const marker = (kind: string, shape: string): string =>
    `<marker id="${id}-${kind}" viewBox="0 0 10 10" refX="8" refY="5" markerWidth="9" markerHeight="9" markerUnits="userSpaceOnUse" orient="auto-start-reverse"><path class="${shape}" d="M0 0L10 5L0 10z"/></marker>`
  const words = edges.map(
    ({ from, to, probability, factor = 1 }) =>
      `${nodes[from]} to ${nodes[to]} ${factor === 0 ? 'removed' : `${probability.toFixed(2)}${factor === 1 ? '' : `, times ${shortNumber(factor)}`}`}`,
  )
  return {
    width,
    height,
    description: `A graph of ${nodes.length} nodes: ${nodes.join(', ')}. ${words.length === 0 ? 'No edges.' : `Edges: ${words.slice(0, 40).join('; ')}${words.length > 40 ? `; and ${words.length - 40} more` : ''}.`}`,
    body: `<defs>${marker('arrow', 'arrow')}${marker('removed', 'arrow removed')}</defs>${drawnEdges.join('')}${drawnNodes.join('')}`,
  }
}
