import { CausewayError } from '../../../src-shared/contract/errors'
import type { Comparison } from '../../../src-shared/domain/comparison'
import type { ExperimentDetail } from '../../../src-shared/domain/experiment'
import {
  farOff,
  type Environment,
  type ExperimentResults,
  type MethodResults,
  type PublishedFigure,
} from '../../../src-shared/domain/experiment-results'
import type { RunManifest } from '../../../src-shared/domain/run'

/** What the results of an experiment are made of. */
export interface ResultsInput {
  experiment: ExperimentDetail
  /** The completed final runs. */
  manifests: readonly RunManifest[]
  comparison: Comparison
  environment: Environment
  madeAt: string
}

/** What an experiment came to. @throws CausewayError `runNotReady` without a completed final run */
export function experimentResults(input: ResultsInput): ExperimentResults {
  const { experiment, manifests, environment, madeAt } = input
  const { file, plan, trialList } = experiment
  const [first] = manifests
  if (!first)
    throw new CausewayError('runNotReady', `No final training of the experiment ${experiment.name} has completed.`)
  const comparison = labelled(input)
  const times = (of: 'createdAt' | 'endedAt'): string[] => manifests.map((manifest) => manifest[of] ?? '').sort()
  return {
    type: 'causeway-experiment-results',
    version: 1,
    name: experiment.name,
    madeAt,
    trained: { from: times('createdAt')[0]!, to: times('endedAt').at(-1)! },
    configuration: file,
    environment,
    data: {
      dataset: first.dataset,
      datasetHash: first.producedBy.datasetHash,
      splitHash: first.producedBy.splitHash,
      recipe: first.recipe,
    },
    budget: plan.budgetStatement,
    warnings: plan.warnings,
    methods: plan.methods.map(({ label, method }) => methodResults(experiment, label, method)),
    comparison,
    published: file.published
      ? { source: file.published.source, figures: publishedFigures(file.published.figures, comparison) }
      : null,
    trials: trialList,
  }
}

/** The comparison with the labels of the file, which tell apart what the experiment tells apart. */
function labelled({ experiment: { trialList }, comparison }: ResultsInput): Comparison {
  const labelOf = new Map(trialList.map(({ run, label }) => [run, label]))
  return {
    ...comparison,
    groups: comparison.groups.map((group) => ({ ...group, label: labelOf.get(group.runs[0]!.run) ?? group.label })),
  }
}

function methodResults({ trialList, best, file }: ExperimentDetail, label: string, method: string): MethodResults {
  const own = trialList.filter((trial) => trial.label === label)
  const count = (phase: 'search' | 'final'): number => own.filter((trial) => trial.phase === phase).length
  return {
    label,
    method,
    searchTrials: count('search'),
    finalTrials: count('final'),
    failedTrials: own.filter(({ state }) => state === 'failed').length,
    epochs: own.reduce((sum, { epochs }) => sum + epochs, 0),
    seconds: own.reduce((sum, { seconds }) => sum + seconds, 0),
    best: best[label] ?? null,
    remark: file.remarks[label] ?? null,
  }
}

type Figures = Record<string, Record<string, { mean: number; sd?: number | undefined }>>

function publishedFigures(figures: Figures, { groups, metrics }: Comparison): PublishedFigure[] {
  return Object.entries(figures).flatMap(([label, byMetric]) =>
    Object.entries(byMetric).map(([metric, { mean, sd }]) => {
      const group = groups.find((candidate) => candidate.label === label)?.key
      const cell = metrics.find(({ name }) => name === metric)?.cells.find((candidate) => candidate.group === group)
      const own = cell?.mean ?? null
      const difference = own === null ? null : own - mean
      return {
        label,
        metric,
        mean: own,
        sd: cell?.sd ?? null,
        published: { mean, sd: sd ?? null },
        difference,
        isFarOff: difference !== null && Math.abs(difference) > farOff,
      }
    }),
  )
}
