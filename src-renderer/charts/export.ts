import type { Chart, ChartBuilder } from './chart'
import { init } from './echarts'
import { saveBlob, tableCsv } from './save'
import { chartThemes } from './theme'

/** Figures leave in the light theme on white, whatever the window shows: they go into papers and slides. */
const exportTheme = chartThemes.light

export interface FigureSize {
  width: number
  height: number
}

/** The chart as SVG text, `size` in CSS pixels. */
export function chartSvg(build: ChartBuilder, size: FigureSize): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, ...size })
  try {
    chart.setOption({ ...build(exportTheme).option, backgroundColor: exportTheme.background })
    return chart.renderToSVGString()
  } finally {
    chart.dispose()
  }
}

/** The chart as a PNG of twice as many pixels as it has on screen. */
export async function chartPng(build: ChartBuilder, size: FigureSize): Promise<Blob> {
  const chart = init(document.createElement('div'), null, { renderer: 'canvas', ...size })
  try {
    chart.setOption({ ...build(exportTheme).option, backgroundColor: exportTheme.background })
    const canvas = chart.renderToCanvas({ pixelRatio: 2, backgroundColor: exportTheme.background })
    return await new Promise((resolve, reject) =>
      canvas.toBlob(
        (blob) => (blob ? resolve(blob) : reject(new Error('The chart could not be drawn as PNG.'))),
        'image/png',
      ),
    )
  } finally {
    chart.dispose()
  }
}

/** Puts an image on the clipboard. @throws where the browser refuses. */
export async function copyPng(blob: Promise<Blob>): Promise<void> {
  await navigator.clipboard.write([new ClipboardItem({ 'image/png': blob })])
}

export type FigureFormat = 'png' | 'svg' | 'csv'

export async function saveChart(
  format: FigureFormat,
  chart: Chart,
  build: ChartBuilder,
  size: FigureSize,
  name: string,
): Promise<void> {
  const blobs: Record<FigureFormat, () => Blob | Promise<Blob>> = {
    png: () => chartPng(build, size),
    svg: () => new Blob([chartSvg(build, size)], { type: 'image/svg+xml' }),
    csv: () => tableCsv(chart.table),
  }
  saveBlob(await blobs[format](), `${name}.${format}`)
}
