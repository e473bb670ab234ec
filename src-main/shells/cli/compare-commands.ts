import {
  differenceWords,
  formatP,
  intervalWords,
  meanWords,
  pairsOf,
  testLabels,
  verdict,
} from '../../../src-shared/comparison/words'
import type { Comparison } from '../../../src-shared/domain/comparison'
import { metricLabel } from '../../../src-shared/domain/metric'
import { describeUsers } from '../../../src-shared/graph/edit/intervention'
import { CausewayError } from '../../../src-shared/contract/errors'
import { collect, type CommandContext } from './context'
import { count, facts, table } from './format'
import { readUsers } from './intervention-options'
import type { Session } from './session'

interface CompareOptions {
  experiment?: string
  metric: string[]
  baseline?: string
  segment: string
  level: number
}

const defaultMetrics = ['ndcg@10', 'recall@10']

/** `causeway compare`: means with intervals and tests of runs, grouped by what they share. */
export function addCompareCommands({ program, output, session }: CommandContext): void {
  program
    .command('compare')
    .description('compare runs: mean ± sd over seeds, intervals over users, paired tests, Holm-corrected')
    .argument('[run...]', 'runs; those that differ in their seed only are one group')
    .option('--experiment <name>', 'the final runs of an experiment, by the metrics it reports')
    .option('--metric <name>', 'a metric such as ndcg@10 or avp:price@10; may be repeated', collect, [])
    .option('--baseline <group>', 'test the others against this group only: its label or key')
    .option(
      '--segment <who>',
      'metrics of these users: all, ID,ID, ATTRIBUTE=VALUE, ATTRIBUTE>=N or activity>=N',
      'all',
    )
    .option('--level <share>', 'level of intervals and tests, 0.5 to 0.999', Number, 0.95)
    .action((runs: string[], given: CompareOptions) => {
      const users = readUsers(given.segment)
      return session('read', async (opened) => {
        const asked = await runsAndMetrics(opened, runs, given)
        const question = { ...asked, users, level: given.level }
        let comparison = await opened.request('compare:runs', question)
        if (given.baseline !== undefined) {
          const baseline = groupNamed(comparison, given.baseline)
          comparison = await opened.request('compare:runs', { ...question, baseline })
        }
        for (const { text } of comparison.warnings) output.note(`warning: ${text}`)
        if (comparison.holm.notice !== null) output.note(`notice: ${comparison.holm.notice}`)
        output.result(comparison, () => describeComparison(comparison))
      })
    })
}

/** The runs named, or the final ones of an experiment. @throws CausewayError `badRequest` where there are none */
async function runsAndMetrics(
  opened: Session,
  runs: string[],
  { experiment, metric }: CompareOptions,
): Promise<{ runs: string[]; metrics: string[] }> {
  if (runs.length > 0 === (experiment !== undefined))
    throw new CausewayError('badRequest', 'Name the runs to compare, or an experiment with --experiment.')
  if (experiment === undefined) return { runs, metrics: metric.length > 0 ? metric : defaultMetrics }
  const { trialList, file } = await opened.request('experiments:get', { experiment })
  const final = trialList.flatMap(({ phase, run }) => (phase === 'final' && run !== null ? [run] : []))
  if (final.length === 0)
    throw new CausewayError('badRequest', `The experiment "${experiment}" has no final runs yet.`, { experiment })
  return { runs: final, metrics: metric.length > 0 ? metric : file.metrics.report }
}

/** The key of the group with this label or key. @throws CausewayError `badRequest` listing the labels */
function groupNamed({ groups }: Comparison, given: string): string {
  const found = groups.find(({ key, label }) => key === given || label.toLowerCase() === given.toLowerCase())
  if (found) return found.key
  const labels = groups.map(({ label }) => label)
  throw new CausewayError('badRequest', `There is no group "${given}". The groups: ${labels.join('; ')}.`, {
    baseline: given,
    groups: labels,
  })
}

const capital = (text: string): string => text[0]!.toUpperCase() + text.slice(1)

/** A comparison for people. */
export function describeComparison(comparison: Comparison): string {
  const { groups, metrics, level, users, provenance, rankable } = comparison
  const labels = new Map(groups.map(({ key, label }) => [key, label]))
  const labelOf = (key: string): string => labels.get(key)!
  const percent = Number((level * 100).toPrecision(4))
  const first = provenance[metrics[0]!.name]!
  const tests = metrics.flatMap(({ name, tests }) => tests.map((test) => ({ name, test })))
  const notes = metrics.flatMap(({ name, cells }) =>
    cells.flatMap(({ group, markNote }) =>
      markNote === null ? [] : [`${metricLabel(name)}, ${labelOf(group)}: ${markNote}`],
    ),
  )
  return [
    `${capital(describeUsers(users))}${first.users === null ? '' : ` (${count(first.users)})`}, test part; mean ± sd over seeds, ${percent} % bootstrap interval over users`,
    ...metrics.flatMap(({ name, cells }) => [
      '',
      metricLabel(name),
      table(
        ['group', 'seeds', 'mean ± sd', 'interval', 'mark'],
        cells.map((cell, at) => [
          labelOf(cell.group),
          groups[at]!.runs.length,
          meanWords(cell),
          intervalWords(cell) || null,
          cell.mark === 'second' ? 'second best' : (cell.mark ?? ''),
        ]),
      ),
    ]),
    ...(notes.length > 0 ? ['', ...notes] : []),
    ...(rankable ? [] : ['', 'No ranking, no tests and no marks: the groups are not comparable.']),
    ...(tests.length > 0
      ? [
          '',
          'Tests of the differences, Holm-corrected over all of one kind',
          table(
            ['metric', 'a − b', 'difference', 'interval', 'test', 'pairs', 'p', 'Holm p', 'verdict'],
            tests.map(({ name, test }) => {
              const { difference, range } = differenceWords(test)
              return [
                metricLabel(name),
                `${labelOf(test.a)} − ${labelOf(test.b)}`,
                test.pairs === 0 ? null : difference,
                range || null,
                testLabels[test.kind],
                pairsOf(test),
                test.p === null ? null : formatP(test.p),
                test.pHolm === null ? null : formatP(test.pHolm),
                test.p === null ? 'not made' : verdict(test, name, labelOf),
              ]
            }),
          ),
          ...new Set(tests.flatMap(({ test }) => (test.note === null ? [] : [test.note]))),
        ]
      : []),
    '',
    'What the numbers are',
    facts([
      ...metrics.map(({ name }): [string, string] => [metricLabel(name), provenance[name]!.definition.help]),
      ['Candidates', `${first.candidates} (${first.protocol})`],
      ...first.data.flatMap(({ dataset, datasetHash, splitHash, recipe }): [string, string][] => [
        ['Data', `${dataset}, hash ${datasetHash}`],
        ['Split', splitHash ?? 'not recorded'],
        [
          'Recipe',
          Object.entries(recipe)
            .map(([key, value]) => `${key}=${value}`)
            .join(' ') || 'defaults',
        ],
      ]),
    ]),
  ].join('\n')
}
