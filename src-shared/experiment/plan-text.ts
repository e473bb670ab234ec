import type { MethodInfo } from '../domain/method'
import type { RankingPlan } from '../domain/ranking-simulation'
import type { SimulationPlan } from '../domain/simulation'
import { parseRankingSimulation, planRankingSimulation } from './parse-ranking-simulation'
import { parseSimulation, planSimulation, typeOfSimulation } from './parse-simulation'

/** What the simulation in a text will do, of whichever type it is. @throws CausewayError what parsing throws */
export const planSimulationText = (text: string, methods: readonly MethodInfo[]): SimulationPlan | RankingPlan =>
  typeOfSimulation(text) === 'causeway-ranking-simulation'
    ? planRankingSimulation(parseRankingSimulation(text, methods), methods)
    : planSimulation(parseSimulation(text, methods), methods)
