/** What a chart is drawn with. Every value is a plain colour, so that options stay pure data. */
export interface ChartTheme {
  name: 'light' | 'dark'
  background: string
  text: string
  /** Axis labels and notes. */
  quietText: string
  /** Axis lines, ticks and marks. */
  line: string
  grid: string
  /** Bars, fills and the one emphasised series. */
  accent: string
  tooltipBackground: string
  /** Categorical colours, in the order in which series take them. */
  categorical: readonly string[]
}

/**
 * Okabe & Ito's colours, safe for the common colour-vision deficiencies. The order puts those first that keep a contrast of
 * 3:1 against the background; lines differ in their dash as well, and names stand beside them in the text colour.
 */
export const chartThemes: Readonly<Record<ChartTheme['name'], ChartTheme>> = {
  light: {
    name: 'light',
    background: '#ffffff',
    text: '#1d2129',
    quietText: '#565d6b',
    line: '#8a919e',
    grid: '#e6e8ec',
    accent: '#0072b2',
    tooltipBackground: '#ffffff',
    categorical: ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9'],
  },
  dark: {
    name: 'dark',
    background: '#16181d',
    text: '#e8eaee',
    quietText: '#a9b0bd',
    line: '#767e8c',
    grid: '#2b2f37',
    accent: '#56b4e9',
    tooltipBackground: '#22252c',
    categorical: ['#56b4e9', '#e69f00', '#009e73', '#cc79a7', '#f0e442', '#d55e00'],
  },
}

/** Dash patterns, taken in the same order as the colours. */
export const dashes: readonly ('solid' | 'dashed' | 'dotted' | number[])[] = [
  'solid',
  'dashed',
  'dotted',
  [8, 3, 2, 3],
  [12, 4],
  [2, 6],
]
