import { minimalSeparators, openPath } from './separation'
import {
  ancestorsOf,
  descendantsOf,
  membersOf,
  nodeSet,
  withoutEdges,
  type Dag,
  type NodeSet,
  type Question,
} from './model'

/**
 * The nodes on proper causal paths, the exposures left out: directed paths from an exposure to an outcome that meet no other
 * exposure (Shpitser, VanderWeele & Robins 2010).
 */
export function causalNodes({ dag, exposures, outcomes }: Question): NodeSet {
  const barred = nodeSet(dag.nodes, exposures)
  const after = descendantsOf(dag, exposures)
  const before = ancestorsOf(dag, outcomes, barred)
  return after.map((member, node) => (member === 1 && before[node] === 1 && barred[node] === 0 ? 1 : 0))
}

/** What no adjustment for the total effect may touch: the causal nodes and their descendants. */
export const forbiddenNodes = (question: Question): NodeSet =>
  descendantsOf(question.dag, membersOf(causalNodes(question)))

/**
 * The proper back-door graph: without the first edge of every proper causal path, so that what still joins exposures and outcomes
 * is biasing (van der Zander, Liśkiewicz & Textor 2014).
 */
export function backdoorGraph(question: Question): Dag {
  const causal = causalNodes(question)
  const isExposure = nodeSet(question.dag.nodes, question.exposures)
  return withoutEdges(question.dag, (from, to) => isExposure[from] === 1 && causal[to] === 1)
}

export interface AdjustmentFaults {
  /** Adjusted nodes that are forbidden. */
  forbidden: number[]
  /** A shortest open biasing path, or null. */
  open: number[] | null
}

/**
 * What keeps a set of covariates from giving the total effect by adjustment; nothing where it is sufficient. The adjustment
 * criterion, complete for adjustment (Shpitser et al. 2010; for sets of exposures and outcomes Perković et al. 2018): the set
 * holds no forbidden node, and blocks every proper path that is not causal.
 */
export function adjustmentFaults(question: Question, set: readonly number[]): AdjustmentFaults {
  const { dag, exposures, outcomes } = question
  const forbiddenHere = forbiddenNodes(question)
  return {
    forbidden: set.filter((node) => forbiddenHere[node] === 1),
    open: openPath(backdoorGraph(question), exposures, nodeSet(dag.nodes, outcomes), nodeSet(dag.nodes, set)),
  }
}

/**
 * The minimal sufficient adjustment sets among those that hold `forced`: measured covariates, no part of which with `forced` would
 * do. Smallest first; none where even the best choice leaves a biasing path open, or a forced one is forbidden. They are the
 * minimal separators of exposures and outcomes in the proper back-door graph that avoid the forbidden nodes (van der Zander,
 * Liśkiewicz & Textor 2014, 2019).
 */
export function minimalAdjustmentSets(
  question: Question,
  forced: readonly number[],
  limit: number,
): { sets: number[][]; truncated: boolean } {
  const forbidden = forbiddenNodes(question)
  if (forced.some((node) => forbidden[node] === 1)) return { sets: [], truncated: false }
  const isForced = nodeSet(question.dag.nodes, forced)
  const { separators, truncated } = minimalSeparators(
    backdoorGraph(question),
    {
      sources: question.exposures,
      targets: question.outcomes,
      forced,
      allowed: question.covariates.map((member, node) => member & (1 - forbidden[node]!) & (1 - isForced[node]!)),
    },
    limit,
  )
  return { sets: separators.map((separator) => [...forced, ...separator].sort((a, b) => a - b)), truncated }
}
