import type { EffectsPlan } from '../domain/effects-simulation'
import type { MethodInfo } from '../domain/method'
import type { RankingPlan } from '../domain/ranking-simulation'
import type { SimulationPlan } from '../domain/simulation'
import { parseEffectsSimulation, planEffectsSimulation } from './parse-effects-simulation'
import { parseRankingSimulation, planRankingSimulation } from './parse-ranking-simulation'
import { parseSimulation, planSimulation, typeOfSimulation } from './parse-simulation'

/** A plan of a simulation of any type. */
export type AnySimulationPlan = SimulationPlan | RankingPlan | EffectsPlan

/** What the simulation in a text will do, of whichever type it is. @throws CausewayError what parsing throws */
export function planSimulationText(text: string, methods: readonly MethodInfo[]): AnySimulationPlan {
  switch (typeOfSimulation(text)) {
    case 'causeway-ranking-simulation':
      return planRankingSimulation(parseRankingSimulation(text, methods), methods)
    case 'causeway-effects-simulation':
      return planEffectsSimulation(parseEffectsSimulation(text, methods), methods)
    default:
      return planSimulation(parseSimulation(text, methods), methods)
  }
}
