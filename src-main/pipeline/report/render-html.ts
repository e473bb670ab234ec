import type { Block, ReportDocument } from './report-document'
import { chartSvg, escapeHtml, graphSvg } from './svg'

const style = `
:root { color-scheme: light dark; --text: #1f2933; --faint: #616e7c; --line: #d3dae2; --ground: #fff; --panel: #f5f7fa; --accent: #2456a6;
  --s0: #2456a6; --s1: #b4530a; --s2: #1b7f4b; --s3: #8a2c8f; --s4: #a02334; --s5: #4d6472; }
@media (prefers-color-scheme: dark) { :root { --text: #e4e7eb; --faint: #9aa5b1; --line: #3e4c59; --ground: #14191f; --panel: #1f2933; --accent: #7fb2f0;
  --s0: #7fb2f0; --s1: #f0a35e; --s2: #6fd19a; --s3: #d695da; --s4: #f08a96; --s5: #a9bcc9; } }
body { margin: 0 auto; max-width: 60rem; padding: 2rem 1.5rem 4rem; background: var(--ground); color: var(--text); font: 16px/1.55 system-ui, sans-serif; }
h1 { margin-bottom: 0.25rem; } h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--line); padding-bottom: 0.25rem; } h3 { margin-top: 2rem; }
.subtitle, caption, figcaption, .label { color: var(--faint); }
.scroll { overflow-x: auto; } table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding-bottom: 0.25rem; } th, td { text-align: left; vertical-align: top; padding: 0.3rem 1rem 0.3rem 0; border-bottom: 1px solid var(--line); overflow-wrap: break-word; }
td.number, th.number { text-align: right; white-space: nowrap; }
pre { background: var(--panel); padding: 0.75rem 1rem; white-space: pre-wrap; overflow-wrap: anywhere; border-radius: 6px; }
figure { margin: 1rem 0; } svg { width: 100%; max-width: 640px; height: auto; } svg text { font: 12px system-ui, sans-serif; fill: var(--text); } svg .label { fill: var(--faint); }
.grid { stroke: var(--line); stroke-width: 1; } .line { fill: none; stroke-width: 2; } ${[0, 1, 2, 3, 4, 5].map((i) => `.line-${i} { stroke: var(--s${i}); } .dot.line-${i}, .key-${i} { fill: var(--s${i}); background: var(--s${i}); }`).join(' ')}
.keys { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; list-style: none; padding: 0; margin: 0; } .key { display: inline-block; width: 0.8em; height: 0.8em; border-radius: 2px; margin-right: 0.4em; }
.node { fill: var(--panel); stroke: var(--accent); stroke-width: 2; } .edge { fill: none; stroke: var(--faint); } .arrow { fill: var(--faint); } .edge-label, .node-label { paint-order: stroke; stroke: var(--ground); stroke-width: 4px; }
@media print { body { max-width: none; } }
`

/** A report as one HTML file: no script, nothing loaded from anywhere, light and dark as the reader's system is. */
export function renderHtml(report: ReportDocument): string {
  const sections = report.sections.map(
    (section) =>
      `<section><h2>${escapeHtml(section.title)}</h2>${section.blocks.map(renderBlock).join('\n')}</section>`,
  )
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeHtml(report.title)}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${escapeHtml(report.title)}</h1>
<p class="subtitle">${escapeHtml(report.subtitle)}</p>
${sections.join('\n')}
</main>
</body>
</html>
`
}

function renderBlock(block: Block): string {
  switch (block.kind) {
    case 'text':
      return `<p>${escapeHtml(block.text)}</p>`
    case 'heading':
      return `<h3>${escapeHtml(block.text)}</h3>`
    case 'list':
      return `<ul>${block.items.map((item) => `<li>${escapeHtml(item)}</li>`).join('')}</ul>`
    case 'code':
      return `<pre><code>${escapeHtml(block.text)}</code></pre>`
    case 'table': {
      // A column of numbers stands to the right, as a whole.
      const numeric = block.head.map((_, at) => block.rows.every((row) => /^[-+]?[\d.]*( %)?$/.test(String(row[at]))))
      const cell = (tag: string, value: string | number, at: number): string =>
        `<${tag}${numeric[at] ? ' class="number"' : ''}>${escapeHtml(String(value))}</${tag.slice(0, 2)}>`
      const head = block.head.map((title, at) => cell('th scope="col"', title, at)).join('')
      const rows = block.rows
        .map((row) => `<tr>${row.map((value, at) => cell('td', value, at)).join('')}</tr>`)
        .join('\n')
      return `<div class="scroll"><table><caption>${escapeHtml(block.caption)}</caption><thead><tr>${head}</tr></thead><tbody>${rows}</tbody></table></div>`
    }
    case 'chart': {
      const keys = block.series
        .map((line, index) => `<li><span class="key key-${index % 6}"></span>${escapeHtml(line.label)}</li>`)
        .join('')
      return `<figure><figcaption>${escapeHtml(block.caption)}</figcaption>${chartSvg(block)}<ul class="keys">${keys}</ul></figure>`
    }
    case 'graph':
      return `<figure><figcaption>${escapeHtml(block.caption)}</figcaption>${graphSvg(block)}</figure>`
  }
}
