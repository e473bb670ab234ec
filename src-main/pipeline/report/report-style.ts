import { createHash } from 'node:crypto'
import { lineClasses } from './svg'

const indices = Array.from({ length: lineClasses }, (_, index) => index)
const dashes = ['none', '7 3', '2 3', '9 3 2 3', '5 2 1 2 1 2', '12 4']

const dark = `--text: #e8eaee; --faint: #a9b0bd; --line: #3a404b; --ground: #16181d; --panel: #22252c; --accent: #56b4e9; --warn: #e6ae4d; --warn-soft: #33280f; --s0: #56b4e9; --s1: #f08c4a; --s2: #3fc49c; --s3: #df9cc4; --s4: #e6ae4d; --s5: #c3c8d1;`

/**
 * The style sheet of a report. Always the same text, so that a policy can allow it by its hash alone. Okabe and Ito's colours, darkened or
 * lightened to 3:1 on the ground; lines differ in their dashes too. The theme is the reader's, or the one that `data-theme` names. On paper it
 * is light (`:root:root` outweighs either theme), and what is folded for its length is unfolded.
 */
export const reportStyle = `
:root { color-scheme: light dark; --text: #1d2129; --faint: #565d6b; --line: #dcdfe5; --ground: #fff; --panel: #f4f5f7; --accent: #0072b2; --warn: #8a5200; --warn-soft: #fbf0dd;
  --s0: #0072b2; --s1: #c24e00; --s2: #007d5b; --s3: #a5487f; --s4: #8a6100; --s5: #444b57; }
@media (prefers-color-scheme: dark) { :root:not([data-theme='light']) { ${dark} } }
:root[data-theme='dark'] { color-scheme: dark; ${dark} } :root[data-theme='light'] { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 62rem; padding: 2rem 1.5rem 4rem; background: var(--ground); color: var(--text); font: 16px/1.55 system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif; }
h1 { margin: 0 0 0.25rem; font-size: 1.9rem; line-height: 1.25; } h2 { margin: 3rem 0 1rem; border-bottom: 1px solid var(--line); padding-bottom: 0.25rem; font-size: 1.35rem; } h3 { margin: 2rem 0 0.75rem; font-size: 1.05rem; }
h1, h2, h3, p, li, td, th, figcaption { overflow-wrap: anywhere; } td, th { overflow-wrap: break-word; }
a { color: var(--accent); } a:focus-visible, summary:focus-visible, .scroll:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.skip { position: absolute; left: -100rem; } .skip:focus { left: 1rem; top: 0.5rem; background: var(--ground); padding: 0.25rem 0.75rem; }
.subtitle, caption, figcaption, .label, summary, .note { color: var(--faint); } caption, figcaption, summary, .note { font-size: 0.9rem; }
.summary { margin: 1.5rem 0; padding: 0.25rem 1.25rem; border-left: 3px solid var(--accent); background: var(--panel); }
.contents { margin: 1.5rem 0; } .contents h2 { margin: 0 0 0.25rem; border: 0; font-size: 1rem; } .contents ol { margin: 0; padding-left: 1.5rem; columns: 14rem; }
.warning { margin: 1rem 0; padding: 0.5rem 1rem; border-left: 3px solid var(--warn); background: var(--warn-soft); } .warning b { color: var(--warn); }
.scroll { overflow-x: auto; margin: 1rem 0; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 0.9rem; line-height: 1.4; }
caption { text-align: left; padding-bottom: 0.35rem; } th, td { text-align: left; vertical-align: top; padding: 0.3rem 1.1rem 0.3rem 0; border-bottom: 1px solid var(--line); min-width: 3.5rem; } tbody th { font-weight: 400; }
.number { text-align: right; white-space: nowrap; } .words { min-width: 16rem; } .hash { font-family: ui-monospace, 'Cascadia Mono', Menlo, Consolas, monospace; font-size: 0.85em; overflow-wrap: anywhere; min-width: 9rem; }
pre { background: var(--panel); padding: 0.75rem 1rem; white-space: pre-wrap; overflow-wrap: anywhere; border-radius: 6px; font: 0.85rem/1.5 ui-monospace, 'Cascadia Mono', Menlo, Consolas, monospace; }
details { margin: 0.5rem 0 1rem; } summary { cursor: pointer; width: fit-content; } figure { margin: 1.5rem 0; } figcaption { margin-bottom: 0.35rem; max-width: 48rem; } .note { margin: 0.25rem 0; }
svg { display: block; width: 100%; max-width: 760px; height: auto; } svg text { font: 12px system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif; fill: var(--text); } svg .label { fill: var(--faint); } svg.graph { max-width: 560px; }
.grid { stroke: var(--line); stroke-width: 1; } .mark { stroke: var(--faint); stroke-width: 1; stroke-dasharray: 4 3; } .line { fill: none; stroke-width: 2; stroke-linejoin: round; } .band { opacity: 0.18; } .bar { fill: var(--s0); }
${indices.map((i) => `.line-${i} { stroke: var(--s${i}); stroke-dasharray: ${dashes[i]}; } .dot.line-${i}, .band-${i}, svg .text-${i} { fill: var(--s${i}); }`).join('\n')}
.whisker { stroke: var(--accent); stroke-width: 2; } .value { fill: var(--accent); } .seed { fill: var(--faint); }
.node { fill: var(--panel); stroke: var(--accent); stroke-width: 2; } .edge { fill: none; stroke: var(--faint); } .arrow { fill: var(--faint); } .edge.removed { stroke-dasharray: 4 4; opacity: 0.7; } .strike { fill: none; stroke: var(--s1); stroke-width: 2; }
svg .edge-label, svg .node-label { paint-order: stroke; stroke: var(--ground); stroke-width: 4px; }
@page { size: A4; margin: 16mm 15mm 20mm; @bottom-right { content: counter(page) ' / ' counter(pages); font: 9pt sans-serif; color: #565d6b; } }
@media print { :root:root { font-size: 10pt; color-scheme: light; --text: #1d2129; --faint: #565d6b; --line: #dcdfe5; --ground: #fff; --panel: #f4f5f7; --accent: #0072b2; --warn: #8a5200; --warn-soft: #fbf0dd; --s0: #0072b2; --s1: #c24e00; --s2: #007d5b; --s3: #a5487f; --s4: #8a6100; --s5: #444b57; }
  /* No heading and no head of a table stays behind without what it heads. */
  table:not(:has(tbody tr:nth-child(13))) { break-inside: avoid; } thead, tbody tr:nth-child(-n+2):not(:last-child) { break-after: avoid; } tbody tr:nth-last-child(-n+2):not(:first-child) { break-before: avoid; }
  body { max-width: none; padding: 0; font-size: 1rem; } h2 { margin-top: 1.75rem; } h2, h3, figcaption, caption { break-after: avoid; } figure, svg, tr, .warning { break-inside: avoid; } .skip, .data { display: none; } .scroll { overflow: visible; }
  table { font-size: 8.5pt; } th, td { padding-right: 0.7rem; min-width: 0; } .number { white-space: normal; } .words { min-width: 30mm; } .hash { min-width: 18mm; } thead { display: table-header-group; } svg { max-width: 150mm; } svg.graph { max-width: 110mm; }
  .long > summary { display: none; } .long::details-content { content-visibility: visible; display: block; height: auto; } }
`

/** What a policy allows the style sheet by. */
export const reportStyleHash = `'sha256-${createHash('sha256').update(reportStyle).digest('base64')}'`
