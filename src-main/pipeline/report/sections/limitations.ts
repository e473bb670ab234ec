import { definitionOf, isMetricName } from '../../../../src-shared/domain/metric'
import { groupsOf, methodsOf, type ReportedRun, type ReportInput } from '../report-input'
import type { Block } from '../report-document'
import { plural } from '../words'

/** Seeds below which their spread says little. */
const fewSeeds = 3

/** What the figures do not show, read off what there is. */
export function limitationSection(input: ReportInput): Block[] {
  return [
    {
      kind: 'list',
      items: [
        ...ofSeeds(input),
        ...ofComparison(input),
        ...ofExperiment(input),
        ...ofTraining(input),
        ...ofMetrics(input),
        ...ofCausality(input),
        ...ofData(input),
        ...ofReport(input),
      ],
    },
  ]
}

function ofSeeds({ runs }: ReportInput): string[] {
  const groups = groupsOf(runs)
  if (runs.length === 1)
    return ['The figures are of one run with one seed. Compare methods over several seeds and on the same split.']
  const fewest = Math.min(...groups.map((group) => group.runs.length))
  if (fewest >= fewSeeds) return []
  const few = groups.filter((group) => group.runs.length < fewSeeds)
  return [
    `${few.length === groups.length ? 'Every group' : `${plural(few.length, 'group')} of ${groups.length}`} has fewer than ${fewSeeds} seeds: how much its figures vary with the seed is hardly known.`,
  ]
}

function ofComparison({ comparison }: ReportInput): string[] {
  if (comparison === null) return []
  const items = comparison.warnings.map(({ text }) => text)
  if (!comparison.rankable) items.push('The runs compared do not belong in one ranking, and none is made.')
  return items
}

function ofExperiment({ experiment }: ReportInput): string[] {
  if (experiment === null) return []
  const { trials, plan, file, state } = experiment
  const items: string[] = []
  if (state !== 'completed') items.push(`The experiment is ${state}: what it was to train is not all there.`)
  if (trials.failed > 0)
    items.push(`${plural(trials.failed, 'trial')} failed; what they would have shown is not in the figures.`)
  if (trials.pruned > 0)
    items.push(
      `${plural(trials.pruned, 'trial')} were ended early for lying behind the others: a setting that learns slowly may have been among them.`,
    )
  const searched = plan.methods.filter(({ searchTrials }) => searchTrials > 0)
  if (searched.length > 0 && searched.length < plan.methods.length)
    items.push(
      `Only ${searched.map(({ label }) => label).join(', ')} had parameters to search; the others were trained as given.`,
    )
  if (searched.length > 0)
    items.push(
      `The best parameters are the best of those tried within the budget (${plural(file.budget.trialsPerMethod, 'trial')} a method), not the best there are.`,
    )
  return items
}

/** Trainings that came to the end of their epochs while they still got better. */
const unconverged = (runs: readonly ReportedRun[]): ReportedRun[] =>
  runs.filter(({ manifest: { epochs, bestEpoch, params } }) => {
    const most = params.epochs
    return typeof most === 'number' && most > 1 && epochs >= most && bestEpoch !== null && bestEpoch >= 0.95 * epochs
  })

function ofTraining({ runs }: ReportInput): string[] {
  const ended = unconverged(runs)
  if (ended.length === 0) return []
  return [
    runs.length === 1
      ? `The training ended with its last epoch (${ended[0]!.manifest.epochs}) while it still got better: more epochs may give better figures.`
      : `${ended.length} of ${runs.length} trainings ended with their last epoch while they still got better: more epochs may give other figures.`,
  ]
}

function ofMetrics({ runs }: ReportInput): string[] {
  const names = Object.keys(runs[0]!.manifest.metrics ?? {}).filter(isMetricName)
  return [
    'Offline metrics count what users did in the past. They do not show what users would have done with other recommendations.',
    'Interactions that were never offered to a user count as negatives.',
    ...(names.some((name) => definitionOf(name).family === 'unbiased')
      ? [
          'The unbiased estimates are unbiased only as far as their model of which pairs were observed holds; it cannot be tested on this data.',
        ]
      : []),
    ...(names.some((name) => definitionOf(name).family === 'rated') &&
    runs.some(({ manifest }) => !manifest.evaluation?.isTestRandomised)
      ? [
          'The metrics among rated items are of items that users chose to rate: of what they did not choose they may say little.',
        ]
      : []),
    ...(runs.some(({ manifest }) => manifest.evaluation === null)
      ? ['Some runs are from before values by user were stored: they have no intervals and no tests over users.']
      : []),
  ]
}

function ofCausality({ runs }: ReportInput): string[] {
  const items: string[] = []
  if (methodsOf(runs).some(({ family }) => family === 'causal'))
    items.push(
      'That a model fits the data does not show that its assumptions hold; they cannot be tested on this data alone.',
    )
  if (runs.some(({ graph }) => graph !== null))
    items.push(
      'The graph is over latent variables: it is identified at most up to a relabelling of its nodes, and may differ between seeds.',
    )
  return items
}

function ofData({ data, runs }: ReportInput): string[] {
  const items = data.flatMap(({ card, dataset }) =>
    card && card.prepared.coldUsers > 0
      ? [`${card.prepared.coldUsers} users of ${dataset} have no test item; the metrics say nothing about them.`]
      : [],
  )
  if (data.some(({ recipe }) => recipe.splitBy === 'random'))
    items.push('The split is random: the models have seen interactions later than some they are tested on.')
  if (new Set(data.map(({ datasetHash }) => datasetHash)).size === 1)
    items.push('All figures are of one data set; on another the order of methods may be another.')
  const versions = [...new Set(runs.map(({ manifest }) => manifest.producedBy.causeway))]
  if (versions.length > 1) items.push(`The runs were made by different versions of Causeway: ${versions.join(', ')}.`)
  return items
}

function ofReport({ runs, options }: ReportInput): string[] {
  return [
    ...(options.aggregatesOnly
      ? [
          'This report tells aggregates only: results of single users or of fewer than five are left out, and counts of one to four people are not given.',
        ]
      : []),
    ...runs.flatMap(({ damaged }) =>
      damaged.map(({ what, name, reason }) => `The ${what} "${name}" is left out. ${reason}`),
    ),
  ]
}
