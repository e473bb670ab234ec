import { reportSections } from '../../../src-shared/domain/report'
import { bundleOf } from './bundle'
import type { Block, ReportDocument, ReportSection } from './report-document'
import { methodsOf, type ReportInput } from './report-input'
import { sectionKinds, type SubjectFacts } from './sections'
import { moment, plural } from './words'

const subjectFacts = ({ options, runs }: Pick<ReportInput, 'options' | 'runs'>): SubjectFacts => ({
  kind: options.subject.kind,
  runs: runs.length,
  methods: methodsOf(runs).map(({ label }) => label),
  learnsGraph: runs.some(({ graph }) => graph !== null),
  predictsRatings: runs.length === 1 && runs[0]!.selection !== null,
  hasPoints: runs.some(({ points }) => points.length > 0),
  savedEffects: runs.reduce((sum, { effects }) => sum + effects.length, 0),
})

/** The report: what was learned from what, how well, under which assumptions, and how to do it again. */
export function buildReport(input: ReportInput): ReportDocument {
  const { options, runs, causeway, madeAt } = input
  const known = subjectFacts(input)
  const sections = reportSections.flatMap((id): ReportSection[] => {
    const { title, blocks, missing } = sectionKinds[id]
    const reason = missing(known)
    // Left to itself a report has what there is; what was asked for and is not there says why.
    if (options.sections ? !options.sections.includes(id) : reason !== null) return []
    const said: Block[] = reason === null ? blocks(input) : [{ kind: 'text', text: reason }]
    return [{ id, title, blocks: said }]
  })
  const title = options.title || defaultTitle(input)
  return {
    title,
    subtitle: `${subtitle(input)} Report made ${moment(madeAt)} with Causeway ${causeway}.`,
    summary: options.summary,
    sections,
    bundle: sections.some(({ id }) => id === 'reproduce')
      ? bundleOf(
          runs.map(({ manifest }) => manifest),
          title,
        )
      : null,
  }
}

function defaultTitle({ options: { subject }, runs, data }: ReportInput): string {
  if (subject.kind === 'experiment') return subject.experiment
  const methods = methodsOf(runs).map(({ label }) => label)
  const on = [...new Set(data.map(({ dataset }) => dataset))].join(', ')
  return `${methods.length > 4 ? `${methods.length} methods` : methods.join(', ')} on ${on}`
}

function subtitle({ options: { subject }, runs, experiment }: ReportInput): string {
  const [first] = runs
  switch (subject.kind) {
    case 'run':
      return `Run ${first!.manifest.id}, trained ${moment(first!.manifest.createdAt)}.`
    case 'experiment':
      return `Experiment ${subject.experiment}, begun ${moment(experiment?.createdAt ?? '')}, ${plural(runs.length, 'run')}.`
    case 'comparison':
      return `Comparison of ${plural(runs.length, 'run')}.`
  }
}
