import { extname } from 'node:path'
import { CausewayError } from '../../../src-shared/contract/errors'
import { isMetricName } from '../../../src-shared/domain/metric'
import { reportSections, type ReportSectionId, type ReportSubject } from '../../../src-shared/domain/report'
import { writeFileAtomic } from '../../storage/atomic'
import type { CommandContext } from './context'
import { outputFile, readText } from './text-files'

interface ReportCommandOptions {
  experiment?: string
  runs?: string
  metrics: string
  out: string
  sections?: string
  title?: string
  summaryFile?: string
  aggregatesOnly: boolean
}

/** Reports of a run, an experiment or several runs. */
export function addReportCommands({ program, output, session }: CommandContext): void {
  program
    .command('report')
    .description('write the report of a run, an experiment or several runs as .html, .md or .pdf')
    .argument('[run]')
    .option('--experiment <name>', 'of an experiment')
    .option('--runs <run,run>', 'of these runs, compared')
    .option('--metrics <name,name>', 'what --runs are compared by', 'ndcg@10,recall@10')
    .requiredOption('--out <file>', 'file to write; its ending says in which form')
    .option('--sections <name,name>', `which sections, of ${reportSections.join(', ')} (default: all there are)`)
    .option('--title <text>', 'title of the report')
    .option('--summary-file <file>', 'a text of your own for its beginning; an empty line begins a paragraph')
    .option('--aggregates-only', 'nothing of any single user; your own texts are taken as they are', false)
    .action((run: string | undefined, given: ReportCommandOptions) => {
      const subject = subjectOf(run, given)
      const form = formOf(given.out)
      const options = {
        subject,
        aggregatesOnly: given.aggregatesOnly,
        ...(given.sections === undefined ? {} : { sections: sectionsOf(given.sections) }),
        ...(given.title === undefined ? {} : { title: given.title }),
        ...(given.summaryFile === undefined ? {} : { summary: readText(given.summaryFile) }),
      }
      const file = outputFile(given.out)
      return session('read', async ({ request }) => {
        const content = {
          html: async () => (await request('report:html', options)).html,
          md: async () => (await request('report:markdown', options)).markdown,
          pdf: async () => (await request('report:pdf', options)).bytes,
        }
        const written = await content[form]()
        writeFileAtomic(file, written)
        const of = subject.kind === 'run' ? { run: subject.run } : { subject }
        output.result({ ...of, file, sizeBytes: Buffer.byteLength(written) }, () => file)
      })
    })
}

/** @throws CausewayError `badRequest` unless one of the three is named */
function subjectOf(run: string | undefined, { experiment, runs, metrics }: ReportCommandOptions): ReportSubject {
  if ([run, experiment, runs].filter((one) => one !== undefined).length !== 1)
    throw new CausewayError('badRequest', 'Name a run, --experiment NAME or --runs RUN,RUN: one of the three.')
  if (run !== undefined) return { kind: 'run', run }
  if (experiment !== undefined) return { kind: 'experiment', experiment }
  const names = listed(metrics)
  const unknown = names.find((name) => !isMetricName(name))
  if (unknown !== undefined)
    throw new CausewayError('badRequest', `There is no metric ${JSON.stringify(unknown)}.`, { metric: unknown })
  return {
    kind: 'comparison',
    comparison: { runs: listed(runs!), metrics: names, users: { kind: 'all' }, baseline: null, level: 0.95 },
  }
}

const listed = (text: string): string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')

function formOf(out: string): 'html' | 'md' | 'pdf' {
  const ending = extname(out).toLowerCase()
  const form = (['html', 'md', 'pdf'] as const).find((one) => ending === `.${one}`)
  if (form) return form
  throw new CausewayError('badRequest', `A report is written as .html, .md or .pdf, not ${JSON.stringify(ending)}.`, {
    out,
  })
}

function sectionsOf(text: string): ReportSectionId[] {
  return listed(text).map((name) => {
    const section = reportSections.find((one) => one === name)
    if (section) return section
    throw new CausewayError(
      'badRequest',
      `There is no section ${JSON.stringify(name)}. There are: ${reportSections.join(', ')}.`,
      { section: name, allowed: [...reportSections] },
    )
  })
}
