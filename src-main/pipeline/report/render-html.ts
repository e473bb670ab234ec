import { CausewayError } from '../../../src-shared/contract/errors'
import { bundleElementId, type ReproductionBundle } from '../../../src-shared/domain/reproduction'
import { detailLevels, fitReport, thinnedNote } from './fit-report'
import {
  figureTable,
  type Block,
  type Cell,
  type Figure,
  type ReportDocument,
  type TableBlock,
} from './report-document'
import { reportStyle, reportStyleHash } from './report-style'
import { escapeHtml, figureSvg } from './svg'

/** What mail programs and wikis take. */
export const mostBytes = 5_000_000

/**
 * A report as one HTML file: nothing runs in it, nothing is loaded from anywhere, light and dark as the reader's system is. Long curves and
 * tables are cut as far as it takes to stay below `mostBytes`, and say so.
 * @throws CausewayError `badRequest` for runs so many that the file would be larger whatever is cut
 */
export function renderHtml(report: ReportDocument): string {
  let bytes = 0
  for (const level of detailLevels) {
    const html = pageOf(fitReport(report, level))
    bytes = Buffer.byteLength(html)
    if (bytes < mostBytes) return html
  }
  throw new CausewayError(
    'badRequest',
    `The report would have ${(bytes / 1e6).toFixed(1)} MB, more than ${mostBytes / 1e6} MB: choose fewer runs or sections.`,
    { bytes, mostBytes },
  )
}

function pageOf(report: ReportDocument): string {
  const figures = { count: 0 }
  const contents = report.sections.map(({ id, title }) => `<li><a href="#${id}">${escapeHtml(title)}</a></li>`)
  const sections = report.sections.map(
    ({ id, title, blocks }) =>
      `<section id="${id}" aria-labelledby="${id}-heading"><h2 id="${id}-heading">${escapeHtml(title)}</h2>\n${blocks.map((block) => renderBlock(block, figures)).join('\n')}</section>`,
  )
  const summary = report.summary
    .split(/\r?\n\s*\r?\n/)
    .map((paragraph) => paragraph.trim())
    .filter((paragraph) => paragraph !== '')
    .map((paragraph) => `<p>${escapeHtml(paragraph).replaceAll(/\r?\n/g, '<br>')}</p>`)
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src ${reportStyleHash}">
<title>${escapeHtml(report.title)}</title>
<style>${reportStyle}</style>
</head>
<body>
<a class="skip" href="#content">Skip to the report</a>
<header>
<h1>${escapeHtml(report.title)}</h1>
<p class="subtitle">${escapeHtml(report.subtitle)}</p>
${summary.length > 0 ? `<div class="summary" role="note" aria-label="Summary">${summary.join('')}</div>` : ''}
<nav class="contents" aria-labelledby="contents-heading"><h2 id="contents-heading">Contents</h2><ol>${contents.join('')}</ol></nav>
</header>
<main id="content" tabindex="-1">
${sections.join('\n')}
</main>
${report.bundle ? bundleElement(report.bundle) : ''}
</body>
</html>
`
}

/** Data, not a script: its type runs nowhere. No `<` is in it, so that no text can end the element. */
const bundleElement = (bundle: ReproductionBundle): string =>
  `<script type="application/json" id="${bundleElementId}">${JSON.stringify(bundle).replaceAll('<', '\\u003c')}</script>`

function renderBlock(block: Block, figures: { count: number }): string {
  switch (block.kind) {
    case 'text':
      return `<p>${escapeHtml(block.text)}</p>`
    case 'heading':
      return `<h3>${escapeHtml(block.text)}</h3>`
    case 'warning':
      return `<p class="warning"><b>Note.</b> ${escapeHtml(block.text)}</p>`
    case 'list':
      return `<ul>${block.items.map((item) => `<li>${escapeHtml(item)}</li>`).join('')}</ul>`
    case 'code':
      return `<pre><code>${escapeHtml(block.text)}</code></pre>`
    case 'table':
      return block.folded
        ? `<details class="long"><summary>${escapeHtml(block.caption)}: ${rowWords(block)}</summary>${table(block)}</details>`
        : table(block)
    default:
      return figure(block, `figure-${++figures.count}`)
  }
}

const rowWords = ({ rows, rowsInAll }: TableBlock): string =>
  rowsInAll === undefined
    ? `${rows.length} ${rows.length === 1 ? 'row' : 'rows'}`
    : `the first ${rows.length} of ${rowsInAll} rows`

function figure(block: Figure, id: string): string {
  const data = figureTable(block)
  const note = block.kind === 'chart' ? thinnedNote(block) : null
  return (
    `<figure><figcaption>${escapeHtml(block.caption)}</figcaption>${figureSvg(block, id)}` +
    (note ? `<p class="note">${escapeHtml(note)}</p>` : '') +
    (data.rows.length > 0
      ? `<details class="data"><summary>Data of the figure: ${rowWords(data)}</summary>${table(data)}</details>`
      : '') +
    '</figure>'
  )
}

const isNumber = (cell: Cell): boolean =>
  /^([-+−]?[\d.,]+(e[-+]?\d+)?( (%|±|to|s|min|h|[-+−\d.]+))*|< [\d.]+|)$/.test(String(cell))
const isHash = (cell: Cell): boolean => /^[0-9a-f]{24,64}$/.test(String(cell))

function table(block: TableBlock): string {
  const { caption, head, rows, rowsInAll } = block
  const kinds = head.map((_, at) => {
    const cells = rows.map((row) => row[at]!)
    // A column of numbers stands to the right, as a whole.
    if (cells.length > 0 && cells.every(isNumber) && cells.some((cell) => cell !== '')) return 'number'
    if (cells.some((cell) => String(cell).length > 60 && String(cell).includes(' '))) return 'words'
    return ''
  })
  const classOf = (names: string): string => (names === '' ? '' : ` class="${names}"`)
  const headCells = head.map((title, at) => `<th scope="col"${classOf(kinds[at]!)}>${escapeHtml(title)}</th>`).join('')
  const body = rows
    .map((row) => {
      const cells = row.map((value, at) => {
        const [tag, scope] = at === 0 && row.length > 1 ? ['th', ' scope="row"'] : ['td', '']
        return `<${tag}${scope}${classOf(isHash(value) ? 'hash' : kinds[at]!)}>${escapeHtml(String(value))}</${tag}>`
      })
      return `<tr>${cells.join('')}</tr>`
    })
    .join('\n')
  const cut = rowsInAll === undefined ? '' : ` (showing ${rows.length} of ${rowsInAll} rows)`
  // What may be scrolled sideways can be reached by the keyboard.
  const reached = head.length > 4 ? ` tabindex="0" role="group" aria-label="${escapeHtml(`Table: ${caption}`)}"` : ''
  return `<div class="scroll"${reached}><table><caption>${escapeHtml(caption + cut)}</caption><thead><tr>${headCells}</tr></thead><tbody>${body}</tbody></table></div>`
}
