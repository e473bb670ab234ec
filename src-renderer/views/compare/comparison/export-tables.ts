import { cellDecimals, fixed, intervalWords, meanWords } from '../../../../src-shared/comparison/words'
import type { Comparison, ComparisonCell } from '../../../../src-shared/domain/comparison'
import { metricLabel } from '../../../../src-shared/domain/metric'
import { csvText } from '../../../../src-shared/text/csv'

/** A comparison as text to paste elsewhere. */

/** A row a group and metric, numbers to the last digit, with what they are of. */
export function comparisonCsv({ groups, metrics, provenance, level }: Comparison): string {
  const head = ['metric', 'group', 'seeds', 'mean', 'sd', `low_${level}`, `high_${level}`, 'users', 'mark', 'direction']
  const of = ['method', 'dataset_hash', 'split_hash', 'candidates', 'runs']
  const rows = metrics.flatMap(({ name, cells }) =>
    cells.map((cell, at) => {
      const group = groups[at]!
      return [
        name,
        group.label,
        group.runs.length,
        cell.mean,
        cell.sd,
        cell.interval?.low ?? null,
        cell.interval?.high ?? null,
        cell.interval?.users ?? provenance[name]!.users,
        cell.mark ?? '',
        provenance[name]!.definition.direction,
        group.method,
        group.datasetHash,
        group.splitHash,
        group.protocol,
        group.runs.map(({ run }) => run).join(' '),
      ]
    }),
  )
  return csvText([[...head, ...of], ...rows])
}

/** What stands below a pasted table, so that its numbers are not without their source. */
function sourceLines({ metrics, provenance, level, groups }: Comparison): string[] {
  const { candidates, data, users } = provenance[metrics[0]!.name]!
  const percent = Number((level * 100).toPrecision(4))
  const seeds = [...new Set(groups.map(({ runs }) => runs.length))].join(' or ')
  return [
    `Mean ± standard deviation over ${seeds} seeds; ${percent} % bootstrap intervals over users${users === null ? '' : ` (${users})`} in brackets. Best and second best are marked only where paired tests with Holm's correction allow it.`,
    candidates,
    ...data.map(
      ({ dataset, datasetHash, splitHash }) =>
        `Data ${dataset}, hash ${datasetHash}, split ${splitHash ?? 'not recorded'}.`,
    ),
  ]
}

const bracketed = (cell: ComparisonCell): string => (cell.interval ? ` (${intervalWords(cell)})` : '')

/** A Markdown table, a row a group; best in bold, second best in italics. */
export function comparisonMarkdown(comparison: Comparison): string {
  const { groups, metrics } = comparison
  const safe = (text: string): string => text.replaceAll(/[\\|*_`<>[\]]/g, '\\$&')
  const shown = (cell: ComparisonCell): string => {
    const text = meanWords(cell)
    const marked = cell.mark === 'best' ? `**${text}**` : cell.mark === 'second' ? `_${text}_` : text
    return marked + bracketed(cell)
  }
  const line = (cells: string[]): string => `| ${cells.join(' | ')} |`
  return [
    line(['', 'seeds', ...metrics.map(({ name }) => safe(metricLabel(name)))]),
    line(['---', '---:', ...metrics.map(() => '---:')]),
    ...groups.map(({ label, runs }, at) =>
      line([safe(label), String(runs.length), ...metrics.map(({ cells }) => shown(cells[at]!))]),
    ),
    '',
    ...sourceLines(comparison).map(safe),
    '',
  ].join('\n')
}

const latexSigns: Record<string, string> = {
  '\\': '\\textbackslash{}',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  '−': '$-$',
  '±': '$\\pm$',
}
const latexText = (text: string): string =>
  text.replaceAll(/[\\~^−±{}%$&#_]/g, (sign) => latexSigns[sign] ?? `\\${sign}`)

/** A LaTeX table for the package booktabs; best in bold, second best underlined. */
export function comparisonLatex(comparison: Comparison): string {
  const { groups, metrics } = comparison
  const number = (value: number, decimals: number): string => fixed(value, decimals).replace('−', '-')
  const shown = (cell: ComparisonCell): string => {
    if (cell.mean === null) return '--'
    const decimals = cellDecimals(cell)
    const mean = number(cell.mean, decimals)
    const marks = { best: `\\mathbf{${mean}}`, second: `\\underline{${mean}}` }
    const marked = cell.mark ? marks[cell.mark] : mean
    return `$${marked}${cell.sd === null ? '' : ` \\pm ${cell.sd.toFixed(decimals)}`}$`
  }
  const line = (cells: string[]): string => `  ${cells.join(' & ')} \\\\`
  const arrows = { higher: ' $\\uparrow$', lower: ' $\\downarrow$', none: '' }
  return [
    `\\begin{tabular}{l${'r'.repeat(metrics.length)}}`,
    '  \\toprule',
    line([
      '',
      ...metrics.map(
        ({ name }) => latexText(metricLabel(name)) + arrows[comparison.provenance[name]!.definition.direction],
      ),
    ]),
    '  \\midrule',
    ...groups.map(({ label }, at) => line([latexText(label), ...metrics.map(({ cells }) => shown(cells[at]!))])),
    '  \\bottomrule',
    '\\end{tabular}',
    ...sourceLines(comparison).map((text) => `% ${text}`),
    '',
  ].join('\n')
}
