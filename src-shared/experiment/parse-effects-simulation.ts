import {
  effectsSimulationFileSchema,
  type EffectsCondition,
  type EffectsPlan,
  type EffectsSimulationFile,
} from '../domain/effects-simulation'
import type { MethodInfo } from '../domain/method'
import { checkMethods, checkText, fileOf, unique } from './parse-experiment'
import { checkSearchSeed, labelChecker } from './parse-simulation'
import { counted, plannedMethods, strategyNames } from './plan-experiment'

/** Every number of users with features and without. */
export const conditionsOfEffects = ({
  users,
  world,
}: Pick<EffectsSimulationFile, 'users' | 'world'>): EffectsCondition[] =>
  users.flatMap((count) => [world.features, 0].map((features) => ({ users: count, features })))

/** The effects simulation in a text. @throws CausewayError with the first problem's code and line, and all of them in its details */
export const parseEffectsSimulation = (text: string, methods: readonly MethodInfo[]): EffectsSimulationFile =>
  fileOf(
    checkText(text, effectsSimulationFileSchema, (file, report) => {
      checkMethods(file, null, methods, report)
      file.methods.forEach(({ method }, at) => {
        const info = methods.find(({ id }) => id === method)
        if (info && !info.capabilities.includes('exposure-effects'))
          report(['methods', at, 'method'], `${info.label} does not tell effects of exposures.`)
      })
      unique(file.seeds, (at) => ['seeds', at], 'seed', report)
      unique(file.users, (at) => ['users', at], 'number of users', report)
      checkSearchSeed(file, report)
      const { correlation } = file.claims
      if (correlation && !file.users.includes(correlation.users))
        report(
          ['claims', 'correlation', 'users'],
          `Nothing is trained on ${correlation.users} users. There are: ${file.users.join(', ')}.`,
        )
      const checkLabel = labelChecker(file, report)
      for (const label of Object.keys(file.remarks)) checkLabel(label, ['remarks', label])
    }),
  )

/** What a checked effects simulation will do. */
export function planEffectsSimulation(file: EffectsSimulationFile, methods: readonly MethodInfo[]): EffectsPlan {
  const planned = plannedMethods(file, methods)
  const { seeds, budget, search } = file
  const conditions = conditionsOfEffects(file).length
  const each = planned.map(({ label, info, searchTrials }) => ({
    label,
    method: info.id,
    searchTrials: searchTrials * conditions,
    finalTrials: seeds.length * conditions,
  }))
  const trained = `for every number of users, with features and without, on users drawn with each of ${counted(seeds.length, 'seed')}`
  return {
    file,
    methods: each,
    fits: each.reduce((sum, { searchTrials, finalTrials }) => sum + searchTrials + finalTrials, 0),
    budgetStatement: planned.every(({ searchTrials }) => searchTrials === 0)
      ? `Nothing is searched: every method is trained with the parameters given ${trained}.`
      : `Every method gets the same budget for each condition: up to ${counted(budget.trialsPerMethod, 'trial')} of ${strategyNames[search.strategy]}, judged by the squared error of held-out ratings; its best parameters are then trained ${trained}.`,
  }
}
