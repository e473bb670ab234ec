import type { Block, ReportDocument } from './report-document'

// Markdown passes HTML through, and its own marks would change the text: both are taken literally.
const escapeText = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/([\\`*_[\]|#])/g, '\\$1')
    .replace(/\r?\n/g, ' ')

/** A report as Markdown; charts and graphs stand as tables. */
export function renderMarkdown(report: ReportDocument): string {
  const sections = report.sections.map((section) =>
    [`## ${escapeText(section.title)}`, ...section.blocks.map(renderBlock)].join('\n\n'),
  )
  return [`# ${escapeText(report.title)}`, escapeText(report.subtitle), ...sections].join('\n\n') + '\n'
}

function table(caption: string, head: string[], rows: (string | number)[][]): string {
  const line = (cells: (string | number)[]): string =>
    `| ${cells.map((cell) => escapeText(String(cell))).join(' | ')} |`
  return [`**${escapeText(caption)}**`, '', line(head), `|${' --- |'.repeat(head.length)}`, ...rows.map(line)].join(
    '\n',
  )
}

function renderBlock(block: Block): string {
  switch (block.kind) {
    case 'text':
      return escapeText(block.text)
    case 'heading':
      return `### ${escapeText(block.text)}`
    case 'list':
      return block.items.map((item) => `- ${escapeText(item)}`).join('\n')
    case 'code':
      return `\`\`\`sh\n${block.text}\n\`\`\``
    case 'table':
      return table(block.caption, block.head, block.rows)
    case 'chart': {
      const xs = [...new Set(block.series.flatMap((line) => line.points.map(([x]) => x)))].sort((a, b) => a - b)
      const rows = xs.map((x) => [x, ...block.series.map((line) => line.points.find(([px]) => px === x)?.[1] ?? '-')])
      return table(block.caption, [block.xLabel, ...block.series.map((line) => line.label)], rows)
    }
    case 'graph':
      return table(
        block.caption,
        ['From', 'To', 'Probability'],
        block.edges.map(({ from, to, probability }) => [block.nodes[from]!, block.nodes[to]!, probability.toFixed(3)]),
      )
  }
}
