import { keptPositions } from '../../../src-shared/chart/thin'
import type { Block, ChartBlock, ReportDocument } from './report-document'

/** How much of long curves and tables a file holds. */
export interface Detail {
  pointsOfLine: number
  rowsOfTable: number
}

/** From everything one can read to what must be there; the first whose file is small enough is taken. */
export const detailLevels: readonly Detail[] = [
  { pointsOfLine: 400, rowsOfTable: 2000 },
  { pointsOfLine: 150, rowsOfTable: 500 },
  { pointsOfLine: 60, rowsOfTable: 100 },
]

/** The report with long curves thinned, their extremes kept, and long tables cut; each says how much there was. */
export const fitReport = (report: ReportDocument, detail: Detail): ReportDocument => ({
  ...report,
  sections: report.sections.map((section) => ({
    ...section,
    blocks: section.blocks.map((block) => fitBlock(block, detail)),
  })),
})

function fitBlock(block: Block, { pointsOfLine, rowsOfTable }: Detail): Block {
  if (block.kind === 'chart') return thinned(block, pointsOfLine)
  if (block.kind === 'table' && block.rows.length > rowsOfTable)
    return { ...block, rows: block.rows.slice(0, rowsOfTable), rowsInAll: block.rows.length }
  return block
}

const thinned = (chart: ChartBlock, limit: number): ChartBlock => ({
  ...chart,
  series: chart.series.map((line) => {
    if (line.points.length <= limit) return line
    const marked = (chart.marks ?? []).map(({ x }) => line.points.findIndex(([px]) => px === x)).filter((at) => at >= 0)
    const kept = keptPositions(
      line.points.map(([, y]) => y),
      limit,
      marked,
    )
    return {
      ...line,
      points: kept.map((at) => line.points[at]!),
      ...(line.band ? { band: kept.map((at) => line.band![at]!) } : {}),
      pointsInAll: line.points.length,
    }
  }),
})

/** `Showing 400 of 5000 points, the extremes kept.`; null where all are there. */
export function thinnedNote({ series }: ChartBlock): string | null {
  const cut = series.filter(({ pointsInAll }) => pointsInAll !== undefined)
  if (cut.length === 0) return null
  const shown = cut.reduce((sum, { points }) => sum + points.length, 0)
  const all = cut.reduce((sum, { pointsInAll }) => sum + pointsInAll!, 0)
  return `Showing ${shown} of ${all} points; each stretch keeps its lowest and its highest.`
}
