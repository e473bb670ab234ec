import { CausewayError } from '../../../../src-shared/contract/errors'
import { formatP } from '../../../../src-shared/comparison/words'
import type {
  EffectsCell,
  EffectsCondition,
  EffectsFigure,
  EffectsFound,
  EffectsFit,
  EffectsResults,
  EffectsSimulationFile,
  FeatureGap,
  Recovery,
  RecoveryMeasure,
  RegressionCell,
} from '../../../../src-shared/domain/effects-simulation'
import type { Environment } from '../../../../src-shared/domain/experiment-results'
import type { Verdict } from '../../../../src-shared/domain/simulation'
import { conditionsOfEffects } from '../../../../src-shared/experiment/parse-effects-simulation'
import { holm, meanOf, pairedT } from '../../compare/paired-tests'
import { count, decimals, signed } from '../../report/words'
import { bestParams, fitsOf, fitsOfPlan, planOfEffects, type KeyedMethod } from '../simulate/plan-fits'
import { summary, usedBy } from '../simulate/simulation-results'

export interface EffectsInput {
  file: EffectsSimulationFile
  methods: readonly KeyedMethod[]
  fits: readonly EffectsFit[]
  budget: string
  environment: Environment
  madeAt: string
}

const level = 0.95

/** What an effects simulation came to. @throws CausewayError `runNotReady` before a final training has completed */
export function effectsResults(input: EffectsInput): EffectsResults {
  const { file, methods, fits, budget, environment, madeAt } = input
  const plan = planOfEffects(file)
  const found = methods.flatMap((method) =>
    conditionsOfEffects(file).flatMap((condition) => foundOf(input, method, condition).filter((one) => one !== null)),
  )
  if (found.length === 0)
    throw new CausewayError('runNotReady', `No training of the simulation "${file.name}" has completed.`)
  const cells = cellsOf(input)
  const gaps = gapsOf(file, cells)
  return {
    type: 'causeway-effects-simulation-results',
    version: 1,
    name: file.name,
    madeAt,
    configuration: file,
    environment,
    budget,
    methods: methods.map((method) => usedBy(method, fitsOfPlan(plan, [method], fits), file.remarks)),
    exposed: meanOf(found.map(({ exposed }) => exposed)),
    cells,
    regressions: regressionsOf(input),
    gaps,
    verdicts: [...correlationVerdicts(file, cells), ...(file.claims.features ? featureVerdicts(file, gaps) : [])],
  }
}

/** What each seed's final training found; null where it failed or is still to be made. */
function foundOf({ file, fits }: EffectsInput, method: KeyedMethod, { users, features }: EffectsCondition) {
  const finals = fitsOf(fits, method, 'final', { users, features })
  return file.seeds.map((seed) => finals.find((fit) => fit.seed === seed)?.found ?? null)
}

const figureOf = (
  found: readonly (EffectsFound | null)[],
  valueOf: (one: EffectsFound) => number | null,
): EffectsFigure => {
  const values = found.map((one) => one && valueOf(one))
  return { values, ...summary(values) }
}

const measuresOf = (
  found: readonly (EffectsFound | null)[],
  of: (one: EffectsFound) => Recovery,
): Record<RecoveryMeasure, EffectsFigure> => ({
  correlation: figureOf(found, (one) => of(one).correlation),
  rmse: figureOf(found, (one) => of(one).rmse),
})

function cellsOf(input: EffectsInput): EffectsCell[] {
  const { file, methods, fits } = input
  return methods.flatMap((method) =>
    conditionsOfEffects(file).map((condition): EffectsCell => {
      const found = foundOf(input, method, condition)
      return {
        label: method.label,
        ...condition,
        measures: measuresOf(found, (one) => one.method),
        pValue: figureOf(found, ({ pValue }) => pValue),
        best: bestParams(planOfEffects(file), method, { ...condition }, fits),
      }
    }),
  )
}

/** The same whichever method was trained beside it: of each seed from the first training that completed. */
function regressionsOf(input: EffectsInput): RegressionCell[] {
  const { file, methods } = input
  return file.users.map((users) => {
    const all = methods.flatMap((method) =>
      [file.world.features, 0].map((features) => foundOf(input, method, { users, features })),
    )
    const found = file.seeds.map((_, seed) => all.map((one) => one[seed] ?? null).find((one) => one !== null) ?? null)
    return { users, measures: measuresOf(found, (one) => one.regression) }
  })
}

/** What features take off the error, with Student's paired t over seeds and Holm's correction over all of them. */
function gapsOf({ users }: EffectsSimulationFile, cells: readonly EffectsCell[]): FeatureGap[] {
  const labels = [...new Set(cells.map(({ label }) => label))]
  const made = labels.flatMap((label) =>
    users.map((count) => {
      const here = cells.filter((cell) => cell.label === label && cell.users === count)
      const [given, none] = [here.find(({ features }) => features > 0)!, here.find(({ features }) => features === 0)!]
      const differences = none.measures.rmse.values.flatMap((without, seed) => {
        const own = given.measures.rmse.values[seed] ?? null
        return without === null || own === null ? [] : [without - own]
      })
      return { label, users: count, differences, test: pairedT(differences, level, 'shared seed') }
    }),
  )
  const corrected = holm(made.map(({ test }) => test.p))
  return made.map(({ differences, test, ...gap }, at) => ({
    ...gap,
    difference: differences.length === 0 ? null : meanOf(differences),
    test: { pairs: test.pairs, p: test.p, pHolm: corrected[at]! },
  }))
}

/** A condition in words. */
export const featureWords = (features: number): string => (features > 0 ? 'with features' : 'without features')

/** Of each method whether its effects correlate with the true ones by more than is claimed, with features and without. */
function correlationVerdicts({ claims }: EffectsSimulationFile, cells: readonly EffectsCell[]): Verdict[] {
  const { correlation: claimed } = claims
  if (!claimed) return []
  return cells
    .filter(({ users }) => users === claimed.users)
    .map(({ label, features, measures: { correlation } }): Verdict => {
      const claim = `At ${count(claimed.users)} users the effects of ${label} ${featureWords(features)} correlate with the true ones by more than ${claimed.above}.`
      const { mean, values } = correlation
      if (mean === null) return { claim, holds: false, because: 'Not measured.' }
      const known = values.filter((value) => value !== null)
      return {
        claim,
        holds: mean > claimed.above,
        because: `They do by ${decimals(mean)} as a mean over seeds, from ${decimals(Math.min(...known))} to ${decimals(Math.max(...known))}.`,
      }
    })
}

/** Of each method whether its error is smaller with features at every number of users; with how many of the gaps are more than chance. */
function featureVerdicts({ users }: EffectsSimulationFile, gaps: readonly FeatureGap[]): Verdict[] {
  const labels = [...new Set(gaps.map(({ label }) => label))]
  return labels.map((label): Verdict => {
    const claim = `The effects of ${label} have a smaller error with features than without, at every number of users.`
    const own = gaps.filter((gap) => gap.label === label)
    const missing = own.filter(({ difference }) => difference === null)
    if (missing.length > 0)
      return {
        claim,
        holds: false,
        because: `Not measured at ${missing.map((gap) => count(gap.users)).join('; ')} users.`,
      }
    const words = (gap: FeatureGap): string =>
      `${signed(gap.difference!)} at ${count(gap.users)} users (${gap.test.pHolm === null ? 'not tested' : `p ${formatP(gap.test.pHolm)}`})`
    const isSure = ({ difference, test }: FeatureGap): boolean =>
      difference! > 0 && test.pHolm !== null && test.pHolm < 1 - level
    const sure = `${own.filter(isSure).length} of ${users.length} are significantly above 0 over seeds.`
    const failing = own.filter(({ difference }) => !(difference! > 0))
    if (failing.length > 0)
      return { claim, holds: false, because: `Features take off ${failing.map(words).join('; ')}. ${sure}` }
    const smallest = own.reduce((a, b) => (b.difference! < a.difference! ? b : a))
    return { claim, holds: true, because: `The least that they take off is ${words(smallest)}. ${sure}` }
  })
}
