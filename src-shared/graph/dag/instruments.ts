import { backdoorGraph, causalNodes, forbiddenNodes } from './adjustment'
import { nearestSeparator, separated } from './separation'
import { membersOf, nodeSet, type Question } from './model'

/**
 * The instruments for the total effect of one exposure x on one outcome y in a linear model: measured z with a set W such that
 * neither z nor W holds an effect of x that lies on or below the causal paths, W does not separate z from x, and W separates z
 * from y once the first edges of the causal paths are removed. For a single causal edge x → y this is Brito & Pearl (2002), and
 * with W empty Pearl (2009, section 7.4). W is looked for among the ancestors of z and y: an ancestral instrument is there
 * whenever any is (van der Zander, Textor & Liśkiewicz 2015). The W given is minimal. Selected variables are in every W.
 */
export function findInstruments(
  question: Question,
  limit: number,
): { instruments: { node: number; given: number[] }[]; truncated: boolean } {
  const { dag, exposures, outcomes, selected, covariates } = question
  const [exposure, outcome] = [exposures[0], outcomes[0]]
  const instruments: { node: number; given: number[] }[] = []
  const none = { instruments, truncated: false }
  if (exposure === undefined || outcome === undefined || exposures.length > 1 || outcomes.length > 1) return none
  const forbidden = forbiddenNodes(question)
  if (causalNodes(question)[outcome] === 0 || selected.some((node) => forbidden[node] === 1)) return none
  const mutilated = backdoorGraph(question)
  const isSelected = nodeSet(dag.nodes, selected)
  const free = covariates.map((member, node) => member & (1 - forbidden[node]!) & (1 - isSelected[node]!))
  for (const node of membersOf(free)) {
    const allowed = Uint8Array.from(free)
    allowed[node] = 0
    const separator = nearestSeparator(mutilated, { sources: [node], targets: [outcome], forced: selected, allowed })
    if (separator === null) continue
    const given = [...separator, ...selected].sort((a, b) => a - b)
    if (separated(mutilated, [node], [exposure], nodeSet(dag.nodes, given))) continue
    if (instruments.length >= limit) return { instruments, truncated: true }
    instruments.push({ node, given })
  }
  return none
}
