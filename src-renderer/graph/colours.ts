/** Colours for the graph and its matrix. Pure data and functions. */

export interface GraphTheme {
  background: string
  text: string
  quietText: string
  node: string
  nodeBorder: string
  edge: string
  weakEdge: string
  accent: string
  /** Masked or scaled by the analyst. */
  masked: string
  scaled: string
  required: string
  forbidden: string
  /** A path flow that adds to the score, and one that takes from it. */
  adds: string
  takes: string
}

export const graphThemes: Readonly<Record<'light' | 'dark', GraphTheme>> = {
  light: {
    background: '#ffffff',
    text: '#1d2129',
    quietText: '#565d6b',
    node: '#f4f5f7',
    nodeBorder: '#565d6b',
    edge: '#1d2129',
    weakEdge: '#8a919e',
    accent: '#0072b2',
    masked: '#8a919e',
    scaled: '#8a5200',
    required: '#00704f',
    forbidden: '#b3261e',
    adds: '#b35900',
    takes: '#005a96',
  },
  dark: {
    background: '#16181d',
    text: '#e8eaee',
    quietText: '#a9b0bd',
    node: '#22252c',
    nodeBorder: '#a9b0bd',
    edge: '#e8eaee',
    weakEdge: '#767e8c',
    accent: '#56b4e9',
    masked: '#767e8c',
    scaled: '#e6ae4d',
    required: '#55c6a1',
    forbidden: '#ff8f85',
    adds: '#f0b46e',
    takes: '#78afd7',
  },
}

type Rgb = readonly [number, number, number]

/** Cividis (Nuñez, Anderton & Renslow 2018), sampled: dark blue for low, yellow for high, the same to every kind of colour vision. */
const cividis: readonly Rgb[] = [
  [0, 34, 78],
  [33, 56, 110],
  [76, 85, 108],
  [108, 110, 114],
  [142, 137, 119],
  [178, 165, 112],
  [217, 197, 93],
  [254, 232, 56],
]
/** Blue for negative, orange for positive, white around zero. */
const diverging: readonly Rgb[] = [
  [0, 90, 150],
  [120, 175, 215],
  [245, 245, 245],
  [240, 180, 110],
  [190, 90, 0],
]

function along(scale: readonly Rgb[], share: number): Rgb {
  const at = Math.min(Math.max(share, 0), 1) * (scale.length - 1)
  const low = Math.min(Math.floor(at), scale.length - 2)
  const part = at - low
  const [from, to] = [scale[low]!, scale[low + 1]!]
  return [0, 1, 2].map((c) => Math.round(from[c]! + part * (to[c]! - from[c]!))) as unknown as Rgb
}

const linear = (channel: number): number => {
  const c = channel / 255
  return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
}
/** Relative luminance (WCAG 2). */
export const luminance = ([r, g, b]: Rgb): number => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)

/** A cell's background and the text colour, black or white, that stands out more on it. */
export interface CellColours {
  background: string
  text: '#000000' | '#ffffff'
}

const cell = (rgb: Rgb): CellColours => {
  const light = luminance(rgb)
  return {
    background: `rgb(${rgb.join(', ')})`,
    text: (light + 0.05) / 0.05 >= 1.05 / (light + 0.05) ? '#000000' : '#ffffff',
  }
}

/** A share of the largest value there is: cividis for 0..1, blue-orange where values of both signs occur (-1..1). */
export const shade = (share: number, bothSigns: boolean): CellColours =>
  cell(bothSigns ? along(diverging, (share + 1) / 2) : along(cividis, share))
