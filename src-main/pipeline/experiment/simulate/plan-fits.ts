import type { SimulatedFit, SimulationFile } from '../../../../src-shared/domain/simulation'
import { cappedParams, type PlannedMethod } from '../../../../src-shared/experiment/plan-experiment'
import type { ParamValues } from '../../../../src-shared/params/params'
import { shortHash } from '../../../storage/simulation-store'
import { propose } from '../propose'

/** A method of a simulation, with the key that its fits are known by. */
export interface KeyedMethod extends PlannedMethod {
  key: string
}

/** What a fit follows from beside the data: the method, what is fixed and what is searched, and how. Not its label. */
export const keyedMethods = (file: SimulationFile, planned: readonly PlannedMethod[]): KeyedMethod[] =>
  planned.map((method) => ({
    ...method,
    key: shortHash([
      method.info.id,
      Object.entries(method.params).sort(([a], [b]) => (a < b ? -1 : 1)),
      method.space,
      method.searchTrials,
      file.search.strategy,
      file.search.seed,
    ]),
  }))

export const fitsOf = (
  fits: readonly SimulatedFit[],
  { key }: Pick<KeyedMethod, 'key'>,
  phase: SimulatedFit['phase'],
  correlation: number,
): SimulatedFit[] => fits.filter((fit) => fit.key === key && fit.phase === phase && fit.correlation === correlation)

/** Parameters of the next search trial of a method at a correlation; null once its search is over. */
export function nextTrial(
  file: SimulationFile,
  method: KeyedMethod,
  correlation: number,
  fits: readonly SimulatedFit[],
): ParamValues | null {
  const tried = fitsOf(fits, method, 'search', correlation).map(({ params, validation }) => ({
    params,
    // Proposals look for the highest value.
    value: validation === null ? null : -validation,
  }))
  const setting = propose(file.search, method.space, method.searchTrials, tried)
  return setting && cappedParams({ ...method.params, ...setting }, file)
}

/** The parameters with the least validation error at a correlation, those given where nothing is searched; null where every trial failed. */
export function bestParams(
  method: KeyedMethod,
  correlation: number,
  fits: readonly SimulatedFit[],
): { params: ParamValues; validation: number | null } | null {
  if (method.searchTrials === 0) return { params: method.params, validation: null }
  let best: { params: ParamValues; validation: number } | null = null
  for (const { params, validation } of fitsOf(fits, method, 'search', correlation))
    if (validation !== null && validation < (best?.validation ?? Infinity)) best = { params, validation }
  return best
}

/** Fits that are still to be made. */
export function fitsLeft(file: SimulationFile, methods: readonly KeyedMethod[], fits: readonly SimulatedFit[]): number {
  let left = 0
  for (const method of methods)
    for (const correlation of file.correlations) {
      left += Math.max(0, method.searchTrials - fitsOf(fits, method, 'search', correlation).length)
      const seeds = new Set(fitsOf(fits, method, 'final', correlation).map(({ seed }) => seed))
      left += file.seeds.filter((seed) => !seeds.has(seed)).length
    }
  return left
}
