import type { MethodInfo } from '../domain/method'
import {
  rankingSimulationFileSchema,
  type RankingCondition,
  type RankingPlan,
  type RankingSimulationFile,
} from '../domain/ranking-simulation'
import { checkMethods, checkText, fileOf, unique } from './parse-experiment'
import { checkSearchSeed, labelChecker } from './parse-simulation'
import { counted, plannedMethods, strategyNames } from './plan-experiment'

/** The condition at which the parameters of all are searched, the first where the file names none; null: each has its own search. */
export const searchPlace = ({
  search,
  conditions,
}: Pick<RankingSimulationFile, 'search' | 'conditions'>): RankingCondition | null =>
  search.each ? null : (search.condition ?? conditions[0]!)

/** A condition in words: `gamma 0.3`, `gamma 0.3 without features`. @param noises whether the conditions differ in the noise of features */
export const conditionWords = ({ gamma, noise }: RankingCondition, noises = true): string =>
  noises ? `gamma ${gamma}, ${noiseWords(noise)}` : `gamma ${gamma}`

export const noiseWords = (noise: number | null): string => (noise === null ? 'no features' : `noise ${noise}`)

/** Whether the conditions of a file differ in the noise of the features. */
export const hasNoises = ({ conditions }: Pick<RankingSimulationFile, 'conditions'>): boolean =>
  conditions.some(({ noise }) => noise !== conditions[0]!.noise)

/** The ranking simulation in a text. @throws CausewayError with the first problem's code and line, and all of them in its details */
export const parseRankingSimulation = (text: string, methods: readonly MethodInfo[]): RankingSimulationFile =>
  fileOf(
    checkText(text, rankingSimulationFileSchema, (file, report) => {
      checkMethods(file, null, methods, report)
      unique(file.seeds, (at) => ['seeds', at], 'seed', report)
      unique(
        file.conditions.map((condition) => conditionWords(condition)),
        (at) => ['conditions', at],
        'condition',
        report,
      )
      checkSearchSeed(file, report)
      if (file.search.each && file.search.condition)
        report(
          ['search', 'condition'],
          'Parameters are searched at each condition or at this one: leave out "each" or "condition".',
        )
      const checkLabel = labelChecker(file, report)
      unique(file.claims.order, (at) => ['claims', 'order', at], 'label', report)
      file.claims.order.forEach((label, at) => checkLabel(label, ['claims', 'order', at]))
      for (const label of Object.keys(file.remarks)) checkLabel(label, ['remarks', label])
      for (const [label, figures] of Object.entries(file.published?.figures ?? {})) {
        const path = ['published', 'figures', label]
        checkLabel(label, path)
        if (figures.length !== file.conditions.length)
          report(
            path,
            `"${label}" has ${counted(figures.length, 'pair')} of figures for ${counted(file.conditions.length, 'condition')}.`,
          )
      }
    }),
  )

/** What a checked ranking simulation will do. */
export function planRankingSimulation(file: RankingSimulationFile, methods: readonly MethodInfo[]): RankingPlan {
  const planned = plannedMethods(file, methods)
  const { conditions, seeds, budget, search } = file
  const each = planned.map(({ label, info, searchTrials }) => ({
    label,
    method: info.id,
    searchTrials: searchTrials * (search.each ? conditions.length : 1),
    finalTrials: seeds.length * conditions.length,
  }))
  const epochs =
    budget.epochsPerTrial === undefined ? '' : ` of at most ${counted(budget.epochsPerTrial, 'epoch')} each`
  const trained = `trained at every condition on ${counted(seeds.length, 'split')} of the users`
  const place = searchPlace(file)
  const where = place === null ? 'for each condition' : `at ${conditionWords(place)}`
  return {
    file,
    methods: each,
    fits: each.reduce((sum, { searchTrials, finalTrials }) => sum + searchTrials + finalTrials, 0),
    budgetStatement: planned.every(({ searchTrials }) => searchTrials === 0)
      ? `Nothing is searched: every method is ${trained} with the parameters given.`
      : `Every method gets the same budget ${where}: up to ${counted(budget.trialsPerMethod, 'trial')} of ${strategyNames[search.strategy]}${epochs} on a split of its own, judged by NDCG@20 among the held-out items that validation users rated; its best parameters are then ${trained}.`,
  }
}
