import { parse } from 'yaml'
import type { MethodInfo } from '../domain/method'
import { simulationFileSchema, type SimulationFile, type SimulationPlan } from '../domain/simulation'
import { checkMethods, checkText, fileOf, unique, type Report } from './parse-experiment'
import { counted, plannedMethods, strategyNames } from './plan-experiment'
import { labelOf } from './search-space'

const types = ['causeway-simulation', 'causeway-ranking-simulation', 'causeway-effects-simulation'] as const

/** Which simulation a text says that it is, null where none; whether it is a right one, its parser says. */
export function typeOfSimulation(text: string): (typeof types)[number] | null {
  try {
    const content: unknown = parse(text)
    return types.find((type) => type === (content as { type?: unknown } | null)?.type) ?? null
  } catch {
    // No YAML: whoever reads it as an experiment says where it is wrong.
    return null
  }
}

/** The simulation in a text. @throws CausewayError with the first problem's code and line, and all of them in its details */
export const parseSimulation = (text: string, methods: readonly MethodInfo[]): SimulationFile =>
  fileOf(
    checkText(text, simulationFileSchema, (file, report) => {
      checkMethods(file, null, methods, report)
      unique(file.seeds, (at) => ['seeds', at], 'seed', report)
      unique(file.correlations, (at) => ['correlations', at], 'correlation', report)
      checkSearchSeed(file, report)
      checkSayings(file, report)
    }),
  )

/** Reports a search on what is compared. */
export function checkSearchSeed({ search, seeds }: Pick<SimulationFile, 'search' | 'seeds'>, report: Report): void {
  if (seeds.includes(search.seed))
    report(
      ['search', 'seed'],
      `The search's seed ${search.seed} is also one of the seeds that are compared: take another.`,
    )
}

/** What reports a label that no method has. */
export function labelChecker({ methods }: Pick<SimulationFile, 'methods'>, report: Report) {
  const labels = methods.map(labelOf)
  return (label: string, path: (string | number)[]): void => {
    if (!labels.includes(label)) report(path, `No method has the label "${label}". There are: ${labels.join(', ')}.`)
  }
}

/** Reports labels that the simulation does not have, and lists of another length than its correlations. */
function checkSayings(file: SimulationFile, report: Report): void {
  const checkLabel = labelChecker(file, report)
  if (file.reference !== undefined) checkLabel(file.reference, ['reference'])
  if (file.estimate !== undefined) checkLabel(file.estimate, ['estimate'])
  for (const label of Object.keys(file.remarks)) checkLabel(label, ['remarks', label])
  for (const [label, errors] of Object.entries(file.published?.errors ?? {})) {
    const path = ['published', 'errors', label]
    checkLabel(label, path)
    if (errors.length !== file.correlations.length)
      report(path, `"${label}" has ${errors.length} errors for ${file.correlations.length} correlations.`)
  }
}

/** What a checked simulation will do. */
export function planSimulation(file: SimulationFile, methods: readonly MethodInfo[]): SimulationPlan {
  const planned = plannedMethods(file, methods)
  const { correlations, seeds, budget, search } = file
  const each = planned.map(({ label, info, searchTrials }) => ({
    label,
    method: info.id,
    searchTrials: searchTrials * correlations.length,
    finalTrials: seeds.length * correlations.length,
  }))
  const epochs =
    budget.epochsPerTrial === undefined ? '' : ` of at most ${counted(budget.epochsPerTrial, 'epoch')} each`
  const trained = `on data drawn with each of ${counted(seeds.length, 'seed')}`
  return {
    file,
    methods: each,
    fits: each.reduce((sum, { searchTrials, finalTrials }) => sum + searchTrials + finalTrials, 0),
    budgetStatement: planned.every(({ searchTrials }) => searchTrials === 0)
      ? `Nothing is searched: every method is trained with the parameters given ${trained}.`
      : `Every method gets the same budget for each correlation: up to ${counted(budget.trialsPerMethod, 'trial')} of ${strategyNames[search.strategy]}${epochs}, judged by the squared error (methods with a likelihood: by its negative logarithm) on ${Math.round(file.validationShare * 100)} % of the observed pairs; its best parameters are then trained ${trained}.`,
  }
}
