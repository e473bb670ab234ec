import type { ReportSectionChoice, ReportSectionId, ReportSubject } from '../../../src-shared/domain/report'
import { comparisonSection } from './sections/comparison'
import { dataSection } from './sections/data'
import { experimentSection } from './sections/experiment'
import { graphSection } from './sections/graph'
import { interventionSection } from './sections/interventions'
import { limitationSection } from './sections/limitations'
import { methodSection, parameterSection } from './sections/method'
import { metricSection } from './sections/metrics'
import { reproductionSection } from './sections/reproduction'
import { selectionSection } from './sections/selection'
import { trainingSection } from './sections/training'
import type { Block } from './report-document'
import type { ReportInput } from './report-input'

/** What is known of a subject before a report of it is made. */
export interface SubjectFacts {
  kind: ReportSubject['kind']
  runs: number
  /** Labels of the methods. */
  methods: string[]
  learnsGraph: boolean
  /** Whether it is of one run, whose method predicts ratings of pairs. */
  predictsRatings: boolean
  hasPoints: boolean
  savedEffects: number
}

interface SectionKind {
  title: string
  help: string
  blocks(input: ReportInput): Block[]
  /** Why it would be empty; null where it has something to say. */
  missing(subject: SubjectFacts): string | null
}

const never = (): null => null

/** Every section a report can have. */
export const sectionKinds: Record<ReportSectionId, SectionKind> = {
  data: {
    title: 'Data',
    help: 'Counts, distributions and what to know of the data, with their hash.',
    blocks: dataSection,
    missing: never,
  },
  method: {
    title: 'Method and assumptions',
    help: 'What each method does, what it takes for granted, and whether its effects are identified.',
    blocks: methodSection,
    missing: never,
  },
  parameters: {
    title: 'Parameters',
    help: 'Every parameter with its value and meaning, and the recipe of the data.',
    blocks: parameterSection,
    missing: never,
  },
  experiment: {
    title: 'Experiment',
    help: 'The plan, the budget every method was given, the search and what failed.',
    blocks: experimentSection,
    missing: ({ kind }) => (kind === 'experiment' ? null : 'Only the report of an experiment has it.'),
  },
  training: {
    title: 'Training',
    help: 'Curves, epochs and time.',
    blocks: trainingSection,
    missing: ({ hasPoints }) => (hasPoints ? null : 'The method is trained in one step: there are no curves.'),
  },
  metrics: {
    title: 'Metrics',
    help: 'Every metric on the test part, with its definition, candidates and split.',
    blocks: metricSection,
    missing: never,
  },
  comparison: {
    title: 'Comparison',
    help: 'Means over seeds, intervals over users, tests with Holm’s correction.',
    blocks: comparisonSection,
    missing: ({ kind, runs }) =>
      kind === 'run'
        ? 'A comparison is of several runs: choose an experiment or runs.'
        : runs < 2
          ? 'There is one run only.'
          : null,
  },
  selection: {
    title: 'Selection',
    help: 'What the propensities are worth, and the error over all pairs as logged pairs tell it.',
    blocks: selectionSection,
    missing: ({ predictsRatings }) =>
      predictsRatings ? null : 'Only the report of one run has it, of a method that predicts ratings.',
  },
  graph: {
    title: 'Causal graph',
    help: 'The learned graphs with the masks that were saved.',
    blocks: graphSection,
    missing: ({ learnsGraph, methods }) =>
      learnsGraph ? null : `${methods.join(', ')} ${methods.length === 1 ? 'learns' : 'learn'} no causal graph.`,
  },
  interventions: {
    title: 'Interventions',
    help: 'What saved interventions do to the lists, with intervals.',
    blocks: interventionSection,
    missing: ({ savedEffects }) =>
      savedEffects > 0 ? null : 'No result of an intervention is saved: save one in the graph view.',
  },
  limitations: {
    title: 'Limitations',
    help: 'What the figures do not show.',
    blocks: limitationSection,
    missing: never,
  },
  reproduce: {
    title: 'How to reproduce',
    help: 'One command, the hashes and the environment.',
    blocks: reproductionSection,
    missing: never,
  },
}

/** All sections in their order, each with the reason where this subject cannot have it. */
export const sectionChoices = (subject: SubjectFacts): ReportSectionChoice[] =>
  (Object.keys(sectionKinds) as ReportSectionId[]).map((id) => {
    const { title, help, missing } = sectionKinds[id]
    return { id, title, help, missing: missing(subject) }
  })
