import { detailLevels, fitReport, thinnedNote } from './fit-report'
import { figureTable, type Block, type Cell, type ReportDocument, type TableBlock } from './report-document'

// Markdown passes HTML through, and its own marks would change the text: both are taken literally.
const escapeText = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/([\\`*_[\]|#])/g, '\\$1')
    .replace(/\r?\n/g, ' ')

/** A paragraph: also where it begins like a list, a rule or a heading it is none. */
const paragraph = (text: string): string => escapeText(text).replace(/^(\s*)([-+=~]|\d+(?=[.)]))/, '$1\\$2')

/** A report as Markdown; charts and graphs stand as tables, what `causeway reproduce` takes at the end. */
export function renderMarkdown(report: ReportDocument): string {
  const { title, subtitle, summary, sections, bundle } = fitReport(report, detailLevels[0]!)
  const parts = sections.map((section) =>
    [`## ${escapeText(section.title)}`, ...section.blocks.map(renderBlock)].join('\n\n'),
  )
  const paragraphs = summary
    .split(/\r?\n\s*\r?\n/)
    .map((text) => text.trim())
    .filter((text) => text !== '')
    .map(paragraph)
  return (
    [
      `# ${escapeText(title)}`,
      paragraph(subtitle),
      ...paragraphs,
      ...parts,
      ...(bundle ? [fenced(JSON.stringify(bundle, null, 2), 'json')] : []),
    ].join('\n\n') + '\n'
  )
}

/** A fence longer than any in the text. */
function fenced(text: string, language: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}${language}\n${text.trimEnd()}\n${fence}`
}

function table({ caption, head, rows, rowsInAll }: TableBlock): string {
  const line = (cells: Cell[]): string => `| ${cells.map((cell) => escapeText(String(cell))).join(' | ')} |`
  const cut = rowsInAll === undefined ? '' : ` (showing ${rows.length} of ${rowsInAll} rows)`
  return [
    `**${escapeText(caption + cut)}**`,
    '',
    line(head),
    `|${' --- |'.repeat(head.length)}`,
    ...rows.map(line),
  ].join('\n')
}

function renderBlock(block: Block): string {
  switch (block.kind) {
    case 'text':
      return paragraph(block.text)
    case 'heading':
      return `### ${escapeText(block.text)}`
    case 'warning':
      return `> **Note.** ${escapeText(block.text)}`
    case 'list':
      return block.items.map((item) => `- ${paragraph(item)}`).join('\n')
    case 'code':
      return fenced(block.text, block.language)
    case 'table':
      return table(block)
    case 'chart':
      return [table(figureTable(block)), thinnedNote(block)].filter((part) => part !== null).join('\n\n')
    default:
      return table(figureTable(block))
  }
}
