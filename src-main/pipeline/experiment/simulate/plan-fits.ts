import type { EffectsSimulationFile } from '../../../../src-shared/domain/effects-simulation'
import type { FitBase, SimulationFile } from '../../../../src-shared/domain/simulation'
import type { RankingSimulationFile } from '../../../../src-shared/domain/ranking-simulation'
import { conditionsOfEffects } from '../../../../src-shared/experiment/parse-effects-simulation'
import { searchPlace } from '../../../../src-shared/experiment/parse-ranking-simulation'
import { cappedParams, type PlannedMethod } from '../../../../src-shared/experiment/plan-experiment'
import type { ParamValues } from '../../../../src-shared/params/params'
import { shortHash } from '../../../storage/simulation-store'
import { propose } from '../propose'

/** A method of a simulation, with the key that its fits are known by. */
export interface KeyedMethod extends PlannedMethod {
  key: string
}

/** What data are drawn under: numbers by the names that they have in a fit. */
export type Condition = Readonly<Record<string, number | null>>

/** Which fits a simulation consists of, whatever it simulates. */
export interface FitPlan {
  file: Pick<SimulationFile | RankingSimulationFile | EffectsSimulationFile, 'budget' | 'search' | 'seeds'>
  conditions: readonly Condition[]
  /** Where the parameters of a condition are searched. */
  searchedAt(condition: Condition): Condition
  /** Which end of the validation value is better. */
  better: 'lower' | 'higher'
}

export const planOfSimulation = (file: SimulationFile): FitPlan => ({
  file,
  conditions: file.correlations.map((correlation) => ({ correlation })),
  searchedAt: (condition) => condition,
  better: 'lower',
})

export function planOfRanking(file: RankingSimulationFile): FitPlan {
  const place = searchPlace(file)
  return { file, conditions: file.conditions, searchedAt: (condition) => place ?? condition, better: 'higher' }
}

export const planOfEffects = (file: EffectsSimulationFile): FitPlan => ({
  file,
  conditions: conditionsOfEffects(file).map((condition) => ({ ...condition })),
  searchedAt: (condition) => condition,
  better: 'lower',
})

/**
 * What a fit follows from beside the data: the method, what is fixed and what is searched, and how. Not its label.
 * @param searched where the search is made, where that is not where the fit is
 */
export const keyedMethods = (
  { search }: Pick<FitPlan['file'], 'search'>,
  planned: readonly PlannedMethod[],
  searched: Condition | null = null,
): KeyedMethod[] =>
  planned.map((method) => ({
    ...method,
    key: shortHash([
      method.info.id,
      Object.entries(method.params).sort(([a], [b]) => (a < b ? -1 : 1)),
      method.space,
      method.searchTrials,
      search.strategy,
      search.seed,
      ...(searched && method.searchTrials > 0 ? [searched] : []),
    ]),
  }))

const isUnder = (fit: FitBase, condition: Condition): boolean =>
  Object.entries(condition).every(([name, value]) => (fit as unknown as Condition)[name] === value)

const isSame = (a: Condition, b: Condition): boolean => Object.entries(a).every(([name, value]) => b[name] === value)

/** The conditions under which something is searched, each once. */
export const searchConditions = ({ conditions, searchedAt }: FitPlan): Condition[] =>
  conditions.map(searchedAt).filter((one, at, all) => all.findIndex((other) => isSame(one, other)) === at)

export const fitsOf = <F extends FitBase>(
  fits: readonly F[],
  { key }: Pick<KeyedMethod, 'key'>,
  phase: FitBase['phase'],
  condition: Condition,
): F[] => fits.filter((fit) => fit.key === key && fit.phase === phase && isUnder(fit, condition))

/** The fits that a simulation asks for; its folder may have others. */
export const fitsOfPlan = <F extends FitBase>(
  plan: FitPlan,
  methods: readonly Pick<KeyedMethod, 'key'>[],
  fits: readonly F[],
): F[] =>
  methods.flatMap((method) => [
    ...searchConditions(plan).flatMap((condition) => fitsOf(fits, method, 'search', condition)),
    ...plan.conditions.flatMap((condition) =>
      fitsOf(fits, method, 'final', condition).filter(({ seed }) => plan.file.seeds.includes(seed)),
    ),
  ])

/** Parameters of the next search trial of a method under a condition; null once its search is over. */
export function nextTrial(
  { file, better }: FitPlan,
  method: KeyedMethod,
  condition: Condition,
  fits: readonly FitBase[],
): ParamValues | null {
  const tried = fitsOf(fits, method, 'search', condition).map(({ params, validation }) => ({
    params,
    // Proposals look for the highest value.
    value: validation === null || better === 'higher' ? validation : -validation,
  }))
  const setting = propose(file.search, method.space, method.searchTrials, tried)
  return setting && cappedParams({ ...method.params, ...setting }, file)
}

/** The parameters that did best in validation for a condition, those given where nothing is searched; null where every trial failed. */
export function bestParams(
  { better, searchedAt }: FitPlan,
  method: KeyedMethod,
  condition: Condition,
  fits: readonly FitBase[],
): { params: ParamValues; validation: number | null } | null {
  if (method.searchTrials === 0) return { params: method.params, validation: null }
  const isBetter = (a: number, b: number): boolean => (better === 'lower' ? a < b : a > b)
  let best: { params: ParamValues; validation: number } | null = null
  for (const { params, validation } of fitsOf(fits, method, 'search', searchedAt(condition)))
    if (validation !== null && (best === null || isBetter(validation, best.validation))) best = { params, validation }
  return best
}

/** Fits that are still to be made. */
export function fitsLeft(plan: FitPlan, methods: readonly KeyedMethod[], fits: readonly FitBase[]): number {
  let left = 0
  for (const method of methods) {
    for (const condition of searchConditions(plan))
      left += Math.max(0, method.searchTrials - fitsOf(fits, method, 'search', condition).length)
    for (const condition of plan.conditions) {
      const seeds = new Set(fitsOf(fits, method, 'final', condition).map(({ seed }) => seed))
      left += plan.file.seeds.filter((seed) => !seeds.has(seed)).length
    }
  }
  return left
}
