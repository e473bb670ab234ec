import type { ExperimentFile, ExperimentPlan } from '../domain/experiment'
import type { MethodInfo } from '../domain/method'
import { metricLabel } from '../domain/metric'
import { resolveParams, type ParamValues } from '../params/params'
import { labelOf, settingsOf, spaceOf, type MethodEntry, type SearchSpace } from './search-space'

/** A method of an experiment with all that its trials are made from. */
export interface PlannedMethod {
  label: string
  info: MethodInfo
  /** All parameters, resolved and within the budget; what is searched has its default here. */
  params: ParamValues
  space: SearchSpace
  /** Null for a continuous space. */
  settings: number | null
  searchTrials: number
}

/** Parameters of a training within the experiment's cap on epochs. */
export function cappedParams(params: ParamValues, file: Pick<ExperimentFile, 'budget'>): ParamValues {
  const cap = file.budget.epochsPerTrial
  const { epochs } = params
  return cap !== undefined && typeof epochs === 'number' && epochs > cap ? { ...params, epochs: cap } : params
}

/** The methods of a checked experiment, resolved. A space of one setting is no search: its values are taken. */
export function plannedMethods(
  file: Pick<ExperimentFile, 'methods' | 'budget'>,
  methods: readonly MethodInfo[],
): PlannedMethod[] {
  return file.methods.map((entry) => {
    const info = methods.find(({ id }) => id === entry.method)
    if (!info) throw new RangeError(`The experiment was not checked: there is no method "${entry.method}".`)
    const space = spaceOf(entry.search, info.params)
    const settings = settingsOf(space)
    const params = cappedParams(resolveParams(info.params, { ...entry.params, ...onlyValues(entry) }), file)
    const { trialsPerMethod } = file.budget
    const searchTrials = settings === 1 ? 0 : Math.min(settings ?? trialsPerMethod, trialsPerMethod)
    return { label: labelOf(entry), info, params, space, settings, searchTrials }
  })
}

/** The values of the searched parameters that have only one. */
const onlyValues = ({ search }: MethodEntry): ParamValues =>
  Object.fromEntries(
    Object.entries(search).flatMap(([key, domain]) =>
      Array.isArray(domain) && domain.length === 1 ? [[key, domain[0]!]] : [],
    ),
  )

/** What a checked experiment will do. */
export function planExperiment(file: ExperimentFile, methods: readonly MethodInfo[]): ExperimentPlan {
  const planned = plannedMethods(file, methods)
  return {
    file,
    methods: planned.map(({ label, info, settings, searchTrials }) => ({
      label,
      method: info.id,
      settings,
      searchTrials,
      finalTrials: file.seeds.length,
    })),
    trials: planned.reduce((sum, { searchTrials }) => sum + searchTrials + file.seeds.length, 0),
    budgetStatement: budgetStatement(file, planned),
    warnings: warningsOf(file, planned),
  }
}

export const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`

/** How a list of names reads: "a", "a and b", "a, b and c". */
const listed = (names: string[]): string =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`

export const strategyNames = { grid: 'grid search', random: 'random search', tpe: 'Bayesian search (TPE)' } as const

function budgetStatement(file: ExperimentFile, planned: PlannedMethod[]): string {
  const { trialsPerMethod, epochsPerTrial, searchMinutesPerMethod } = file.budget
  const epochs = epochsPerTrial === undefined ? '' : ` of at most ${counted(epochsPerTrial, 'epoch')} each`
  const minutes =
    searchMinutesPerMethod === undefined ? '' : ` within ${counted(searchMinutesPerMethod, 'minute')} of training`
  const seeds = counted(file.seeds.length, 'seed')
  if (planned.every(({ searchTrials }) => searchTrials === 0))
    return `Nothing is searched: every method is trained with the parameters given on ${seeds}${
      epochsPerTrial === undefined ? '' : `, at most ${counted(epochsPerTrial, 'epoch')} each`
    }.`
  return `Every method gets the same budget: up to ${counted(trialsPerMethod, 'trial')} of ${strategyNames[file.search.strategy]}${epochs}${minutes}, judged by ${metricLabel(file.metrics.objective)} on the validation part; its best parameters are then trained on ${seeds}.`
}

function warningsOf(file: ExperimentFile, planned: PlannedMethod[]): string[] {
  const warnings: string[] = []
  const seeds = file.seeds.length
  const { trialsPerMethod, epochsPerTrial, searchMinutesPerMethod } = file.budget
  if (planned.length > 1 && seeds === 1)
    warnings.push('1 seed: there is no spread over seeds, and no test across them.')
  else if (planned.length > 1 && seeds < 6)
    warnings.push(
      `${seeds} seeds: the smallest p that Wilcoxon's test across seeds can give is ${2 ** (1 - seeds)}; below 0.05 it takes 6 seeds.`,
    )
  const searched = planned.filter(({ searchTrials }) => searchTrials > 0)
  const fixed = planned.filter(({ searchTrials }) => searchTrials === 0).map(({ label }) => label)
  if (searched.length > 0 && fixed.length > 0)
    warnings.push(
      `${listed(fixed)} ${fixed.length === 1 ? 'has' : 'have'} nothing to search: ${fixed.length === 1 ? 'it gets its' : 'they get their'} defaults and given values, which are somebody's tuning too. Say so where you report the comparison.`,
    )
  if (searched.length > 0 && file.seeds.includes(file.search.seed))
    warnings.push(
      `The search's seed ${file.search.seed} is also one of the seeds that are compared: parameters are chosen by how they do on it. Take another for search.seed.`,
    )
  if (file.search.strategy === 'grid')
    for (const { label, settings, searchTrials } of searched)
      if (settings !== null && settings > searchTrials)
        warnings.push(
          `The grid of ${label} has ${settings} settings, the budget allows ${trialsPerMethod}: ${searchTrials} of them, drawn by the search's seed, are tried.`,
        )
  if (new Set(searched.map(({ searchTrials }) => searchTrials)).size > 1)
    warnings.push(
      `The spaces differ in size, so that not every method can use its whole budget: ${searched
        .map(({ label, searchTrials }) => `${label} ${searchTrials}`)
        .join(', ')} of ${trialsPerMethod} trials.`,
    )
  const epochs = new Set(planned.map(({ params }) => params.epochs))
  if (epochs.size > 1)
    warnings.push(
      `The trainings may take different numbers of epochs (${planned.map(({ label, params }) => `${label} ${params.epochs}`).join(', ')}). ${
        epochsPerTrial === undefined ? 'Set budget.epochsPerTrial to give' : 'Give'
      } every method the same.`,
    )
  if (searchMinutesPerMethod !== undefined && searched.length > 0)
    warnings.push(
      'A limit in minutes makes what the search tries depend on how fast this machine is: it will not repeat exactly elsewhere.',
    )
  return warnings
}
