import type { ExperimentDetail, Trial } from '../../../../src-shared/domain/experiment'
import { metricLabel } from '../../../../src-shared/domain/metric'
import type { ReportInput } from '../report-input'
import type { Block, Cell, ChartSeries } from '../report-document'
import { decimals, duration, facts, plural } from '../words'

/** What was planned, what every method was given, what the search found, and what went wrong. */
export function experimentSection({ experiment: asRun, runs }: ReportInput): Block[] {
  if (asRun === null) return []
  const labelOf = new Map(runs.map(({ method }) => [method.id, method.label]))
  const experiment = named(asRun, (method) => labelOf.get(method) ?? method)
  const { file, plan, trialList, notes, best } = experiment
  const objective = metricLabel(file.metrics.objective)
  const searched = plan.methods.some(({ searchTrials }) => searchTrials > 0)
  const blocks: Block[] = []
  if (notes !== '') blocks.push({ kind: 'text', text: notes })
  blocks.push(
    { kind: 'text', text: plan.budgetStatement },
    facts(`The experiment ${experiment.name}`, [
      ['State', stateWords(experiment)],
      ['Data set', file.data.dataset],
      ['Methods', plan.methods.map(({ label }) => label).join(', ')],
      ['Seeds of the final trainings', file.seeds.join(', ')],
      ...(searched
        ? [
            ['Search', file.search.strategy],
            ['Seed of the search', file.search.seed],
            ['Hopeless trials are ended early', file.search.earlyTermination ? 'yes, by the median rule' : 'no'],
            ['The search maximises', `${objective} on the validation part`],
          ]
        : []),
      ['Metrics of the comparison', file.metrics.report.map(metricLabel).join(', ')],
    ]),
    planTable(experiment),
  )
  for (const text of plan.warnings) blocks.push({ kind: 'warning', text })
  if (searched) blocks.push(...searchBlocks(experiment, objective))
  if (Object.keys(best).length > 0) {
    blocks.push({
      kind: 'table',
      caption: 'The parameters that were trained for every seed',
      head: ['Method', 'Found in trial', `${objective} on validation`, 'Searched parameters'],
      rows: Object.entries(best).map(([label, { params, objective: value, trial }]) => [
        label,
        trial ?? 'as given',
        value === null ? '' : decimals(value),
        searchedOf(experiment, label)
          .map((key) => `${key}=${params[key]}`)
          .join(', ') || 'none',
      ]),
    })
  }
  blocks.push(...troubleBlocks(trialList))
  return blocks
}

/** The experiment with the methods' names in place of their ids; a label that its author gave stays. */
function named(experiment: ExperimentDetail, labelOf: (method: string) => string): ExperimentDetail {
  const shown = <T extends { label: string; method: string }>(one: T): T =>
    one.label === one.method ? { ...one, label: labelOf(one.method) } : one
  const { file, plan, trialList, best } = experiment
  return {
    ...experiment,
    file: {
      ...file,
      methods: file.methods.map((entry) => ({ ...entry, label: entry.label ?? labelOf(entry.method) })),
    },
    plan: { ...plan, methods: plan.methods.map(shown) },
    trialList: trialList.map(shown),
    best: Object.fromEntries(
      Object.entries(best).map(([label, found]) => {
        const isGiven = file.methods.some((entry) => entry.label === label)
        return [isGiven ? label : labelOf(label), found]
      }),
    ),
  }
}

const stateWords = ({ state, trials }: ExperimentDetail): string => {
  const { planned, completed, pruned, failed } = trials
  const parts = [
    `${completed} of ${plural(planned, 'trial')} completed`,
    ...(pruned > 0 ? [`${pruned} ended early`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
  ]
  return `${state}: ${parts.join(', ')}`
}

const searchedOf = ({ file }: ExperimentDetail, label: string): string[] =>
  Object.keys(file.methods.find((one) => (one.label ?? one.method) === label)?.search ?? {})

function planTable({ plan, trialList }: ExperimentDetail): Block {
  return {
    kind: 'table',
    caption: 'What every method was given, and what it used',
    head: ['Method', 'Search trials', 'Of them run', 'Final trials', 'Completed', 'Epochs', 'Training time'],
    rows: plan.methods.map(({ label, searchTrials, finalTrials }) => {
      const own = trialList.filter((trial) => trial.label === label)
      const ended = own.filter(({ state }) => state !== 'waiting')
      return [
        label,
        searchTrials,
        ended.filter(({ phase }) => phase === 'search').length,
        finalTrials,
        own.filter(({ phase, state }) => phase === 'final' && state === 'completed').length,
        own.reduce((sum, { epochs }) => sum + epochs, 0),
        duration(own.reduce((sum, { seconds }) => sum + seconds, 0)),
      ]
    }),
  }
}

function searchBlocks({ trialList, plan }: ExperimentDetail, objective: string): Block[] {
  const search = trialList.filter(({ phase }) => phase === 'search')
  const series = plan.methods.flatMap(({ label }): ChartSeries[] => {
    const values = search.filter((trial) => trial.label === label && trial.objective !== null)
    let highest = -Infinity
    const points = values.map(({ objective: value }, at): [number, number] => {
      highest = Math.max(highest, value!)
      return [at + 1, highest]
    })
    return points.length > 0 ? [{ label, points }] : []
  })
  const blocks: Block[] = []
  if (series.some(({ points }) => points.length > 1)) {
    blocks.push({
      kind: 'chart',
      caption: `The search: the best ${objective} on validation after so many trials of the method`,
      xLabel: 'Trial of the method',
      yLabel: objective,
      series,
    })
  }
  if (search.length > 0) {
    blocks.push({
      kind: 'table',
      caption: 'All search trials',
      head: ['Trial', 'Method', 'Parameters', `${objective} on validation`, 'Epochs', 'Time', 'State'],
      rows: search.map((trial) => trialRow(trial, differingParams(search, trial))),
      folded: search.length > 20,
    })
  }
  return blocks
}

/** The parameters that are not the same in all trials of the method. */
function differingParams(trials: Trial[], { label, params }: Trial): string {
  const own = trials.filter((trial) => trial.label === label)
  return Object.keys(params)
    .filter((key) => new Set(own.map((trial) => trial.params[key])).size > 1)
    .map((key) => `${key}=${params[key]}`)
    .join(', ')
}

const trialRow = (trial: Trial, params: string): Cell[] => [
  trial.number,
  trial.label,
  params,
  trial.objective === null ? '' : decimals(trial.objective),
  trial.epochs,
  duration(trial.seconds),
  trialWords[trial.state],
]

const trialWords = {
  waiting: 'waiting',
  running: 'running',
  completed: 'completed',
  pruned: 'ended early',
  failed: 'failed',
  interrupted: 'interrupted',
} as const

function troubleBlocks(trials: Trial[]): Block[] {
  return (
    [
      ['failed', 'Trials that failed'],
      ['pruned', 'Trials that were ended early'],
    ] as const
  ).flatMap(([state, caption]): Block[] => {
    const rows = trials.filter((trial) => trial.state === state)
    if (rows.length === 0) return []
    return [
      {
        kind: 'table',
        caption,
        head: ['Trial', 'Method', 'Phase', 'Seed', 'Epochs', 'Why'],
        rows: rows.map(({ number, label, phase, seed, epochs, reason }) => [
          number,
          label,
          phase,
          seed,
          epochs,
          reason?.message ?? '',
        ]),
        folded: rows.length > 20,
      },
    ]
  })
}
