import type { ExperimentDetail, ExperimentFile, Trial } from '../../../src-shared/domain/experiment'
import { metricLabel } from '../../../src-shared/domain/metric'
import { cappedParams, type PlannedMethod } from '../../../src-shared/experiment/plan-experiment'
import type { ParamValues } from '../../../src-shared/params/params'
import { propose } from './propose'

/** What a trial is of. */
export type TrialDraft = Pick<Trial, 'label' | 'method' | 'phase' | 'params' | 'seed'>

/** What an experiment does next. */
export type Step =
  /** Goes on with a trial that was interrupted. */
  | { kind: 'resume'; number: number; method: PlannedMethod }
  | { kind: 'start'; draft: TrialDraft; method: PlannedMethod }
  /** Records a trial as failed that cannot be trained. */
  | { kind: 'fail'; draft: TrialDraft; reason: NonNullable<Trial['reason']> }

/** The parameters of a method that are trained for every seed, or why there are none. */
export type Best =
  | { found: true; params: ParamValues; objective: number | null; trial: number | null }
  | { found: false; reason: NonNullable<Trial['reason']> }

/** Why a search trial was ended when its method's minutes were spent. */
export const searchTimeSpent = 'searchTimeSpent'

const searchTrialsOf = <T extends Trial>(method: PlannedMethod, trials: readonly T[]): T[] =>
  trials.filter(({ label, phase }) => label === method.label && phase === 'search')

const hasEnded = ({ state }: Trial): boolean => state === 'completed' || state === 'pruned' || state === 'failed'

/** Training time that is left to a method's search; null without a limit. */
export function searchSecondsLeft(
  file: ExperimentFile,
  method: PlannedMethod,
  trials: readonly Trial[],
): number | null {
  const minutes = file.budget.searchMinutesPerMethod
  if (minutes === undefined) return null
  return minutes * 60 - searchTrialsOf(method, trials).reduce((sum, { seconds }) => sum + seconds, 0)
}

/** Whether a method starts no more search trials. */
function searchIsOver(file: ExperimentFile, method: PlannedMethod, trials: readonly Trial[]): boolean {
  const own = searchTrialsOf(method, trials)
  const left = searchSecondsLeft(file, method, trials)
  // A trial that was ended for it may have measured a moment less: starting and stopping are no training.
  const spent = left !== null && (left <= 0 || own.some(({ reason }) => reason?.code === searchTimeSpent))
  return spent || own.length >= method.searchTrials
}

/** The parameters of a method's next search trial; null once its search is over. */
function nextSearch(file: ExperimentFile, method: PlannedMethod, trials: readonly Trial[]): ParamValues | null {
  if (searchIsOver(file, method, trials)) return null
  const tried = searchTrialsOf(method, trials).map(({ params, state, objective }) => ({
    params,
    value: state === 'failed' ? null : objective,
  }))
  return propose(file.search, method.space, method.searchTrials, tried)
}

/** The best parameters that the search of a method has found; a method without a search has those it was given. */
export function bestOf(file: ExperimentFile, method: PlannedMethod, trials: readonly Trial[]): Best {
  if (method.searchTrials === 0) return { found: true, params: method.params, objective: null, trial: null }
  const own = searchTrialsOf(method, trials)
  let best: Trial | null = null
  for (const trial of own)
    if (trial.state !== 'failed' && trial.objective !== null && trial.objective > (best?.objective ?? -Infinity))
      best = trial
  if (best) return { found: true, params: best.params, objective: best.objective, trial: best.number }
  const last = own.findLast(({ reason }) => reason !== null)?.reason
  return {
    found: false,
    reason: {
      code: last?.code ?? 'searchFailed',
      message: `No search trial of ${method.label} came to a value of ${metricLabel(file.metrics.objective)}${last ? `; the last one: ${last.message}` : '.'}`,
    },
  }
}

/** `bestOf` by label, of the methods whose search has ended. */
export function bestByLabel(
  file: ExperimentFile,
  planned: readonly PlannedMethod[],
  trials: readonly Trial[],
): ExperimentDetail['best'] {
  return Object.fromEntries(
    planned.flatMap((method) => {
      const searching = searchTrialsOf(method, trials).some((trial) => !hasEnded(trial))
      if (searching || !searchIsOver(file, method, trials)) return []
      const best = bestOf(file, method, trials)
      return best.found
        ? [[method.label, { params: best.params, objective: best.objective, trial: best.trial }] as const]
        : []
    }),
  )
}

/**
 * What comes next: an interrupted trial first, then the search of each method in the file's order, then the best parameters of
 * each method on every seed. Depends on the file and the trials alone. Null when everything is done.
 */
export function nextStep(
  file: ExperimentFile,
  planned: readonly PlannedMethod[],
  trials: readonly Trial[],
): Step | null {
  const methodOf = (label: string): PlannedMethod => planned.find((method) => method.label === label)!
  const open = trials.find((trial) => !hasEnded(trial))
  if (open) return { kind: 'resume', number: open.number, method: methodOf(open.label) }
  for (const method of planned) {
    const setting = nextSearch(file, method, trials)
    if (!setting) continue
    const params = cappedParams({ ...method.params, ...setting }, file)
    const draft = {
      label: method.label,
      method: method.info.id,
      phase: 'search' as const,
      params,
      seed: file.search.seed,
    }
    return { kind: 'start', draft, method }
  }
  for (const seed of file.seeds)
    for (const method of planned) {
      const { label } = method
      if (trials.some((trial) => trial.phase === 'final' && trial.label === label && trial.seed === seed)) continue
      const best = bestOf(file, method, trials)
      const params = best.found ? best.params : method.params
      const draft = { label, method: method.info.id, phase: 'final' as const, params, seed }
      return best.found ? { kind: 'start', draft, method } : { kind: 'fail', draft, reason: best.reason }
    }
  return null
}

/** How many trials are still to be ended, as far as can be told. */
export function trialsLeft(file: ExperimentFile, planned: readonly PlannedMethod[], trials: readonly Trial[]): number {
  return planned.reduce((left, method) => {
    const own = trials.filter(({ label }) => label === method.label)
    const ended = own.filter(hasEnded)
    const searched = ended.filter(({ phase }) => phase === 'search').length
    const searching = own.filter(({ phase }) => phase === 'search').length > searched
    const over = searchIsOver(file, method, trials)
    const search = over ? Number(searching) : method.searchTrials - searched
    return left + search + file.seeds.length - (ended.length - searched)
  }, 0)
}
