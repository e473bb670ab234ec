import { bySizeThenNode, connectedTo } from './separation'
import { descendantsOf, membersOf, nodeSet, withoutEdges, type NodeSet, type Question } from './model'

/**
 * The largest front-door set within `region`, or null where there is none. Conditions 2 and 3 of Pearl (2009, definition 3.3.3)
 * bar single nodes for good, and 1 is the easier the larger the set, so dropping what is barred until nothing is leaves the
 * largest (Jeong, Tian & Bareinboim 2022).
 */
function largestSet({ dag, exposures, outcomes }: Question, given: readonly number[], region: NodeSet): NodeSet | null {
  const isExposure = nodeSet(dag.nodes, exposures)
  const behindExposures = connectedTo(
    withoutEdges(dag, (from) => isExposure[from] === 1),
    exposures,
    nodeSet(dag.nodes, given),
  )
  let set = region.map((member, node) => member & (1 - behindExposures[node]!))
  const blocking = nodeSet(dag.nodes, [...exposures, ...given])
  for (let size = Infinity, kept = membersOf(set).length; kept < size;) {
    size = kept
    const cut = set
    const behindSet = connectedTo(
      withoutEdges(dag, (from) => cut[from] === 1),
      outcomes,
      blocking,
    )
    set = cut.map((member, node) => member & (1 - behindSet[node]!))
    kept = membersOf(set).length
  }
  const uncut = descendantsOf(dag, exposures, set)
  return outcomes.some((outcome) => uncut[outcome] === 1) ? null : set
}

/** A front-door set within `region` of which no part is one: what can be spared is, one node after the other. */
function minimalSet(question: Question, given: readonly number[], region: NodeSet): number[] | null {
  let set = largestSet(question, given, region)
  if (set === null) return null
  for (const node of membersOf(set).reverse()) {
    if (set[node] === 0) continue
    const without: NodeSet = Uint8Array.from(set)
    without[node] = 0
    set = largestSet(question, given, without) ?? set
  }
  return membersOf(set)
}

/** What a front-door set is looked for given: the adjusted variables that are no effect of the exposures, and the selected ones. */
export function frontDoorGiven({ dag, exposures, adjusted, selected }: Question): number[] {
  const effects = descendantsOf(dag, exposures)
  return [...adjusted.filter((node) => effects[node] === 0), ...selected].sort((a, b) => a - b)
}

/** Measured nodes that may be in a front-door set; null where a selected variable is an effect of the exposures. */
function regionOf({ dag, exposures, selected, covariates }: Question, given: readonly number[]): NodeSet | null {
  const effects = descendantsOf(dag, exposures)
  if (selected.some((node) => effects[node] === 1)) return null
  const isGiven = nodeSet(dag.nodes, given)
  return covariates.map((member, node) => member & (1 - isGiven[node]!))
}

/**
 * The minimal front-door sets: sets M of measured mediators such that M intercepts every directed path from exposures to outcomes,
 * no back-door path from exposures to M is open, and every back-door path from M to outcomes is blocked by the exposures (Pearl
 * 2009, definition 3.3.3; of sets, back-door paths are proper ones: they start at M and do not return to it). No part of such a
 * set is another. All of it within each value of `frontDoorGiven`, which is right while none of these is an effect of the
 * exposures; where a selected one is, there is no front-door set. Smallest first; at most `limit`.
 */
export function minimalFrontDoorSets(question: Question, limit: number): { sets: number[][]; truncated: boolean } {
  const given = frontDoorGiven(question)
  const whole = regionOf(question, given)
  if (whole === null) return { sets: [], truncated: false }
  const regions: NodeSet[] = [whole]
  const seen = new Set(regions.map(String))
  const found = new Map<string, number[]>()
  let truncated = false
  // Any other minimal set lacks a member of each one found, so it lies in the region without that member.
  for (const region of regions) {
    const known = [...found.values()].find((set) => set.every((node) => region[node] === 1))
    const set = known ?? minimalSet(question, given, region)
    if (set === null) continue
    if (found.size >= limit && !known) {
      truncated = true
      break
    }
    found.set(set.join(), set)
    for (const node of set) {
      const smaller: NodeSet = Uint8Array.from(region)
      smaller[node] = 0
      const key = String(smaller)
      if (seen.has(key)) continue
      if (seen.size >= 16 * limit) truncated = true
      else {
        seen.add(key)
        regions.push(smaller)
      }
    }
  }
  return { sets: [...found.values()].sort(bySizeThenNode), truncated }
}

/**
 * Measured variables before the exposures, besides those adjusted now, given which there is a front-door set where there is none
 * now, such as what the user is like; null where there are none. None of them can be spared.
 */
export function frontDoorCovariates(question: Question): number[] | null {
  const { dag, exposures, covariates } = question
  const effects = descendantsOf(dag, exposures)
  const now = frontDoorGiven(question)
  const isGiven = nodeSet(dag.nodes, now)
  const opens = (more: readonly number[]): boolean => {
    const given = [...now, ...more]
    const region = regionOf(question, given)
    return region !== null && largestSet(question, given, region) !== null
  }
  let more = membersOf(covariates).filter((node) => effects[node] === 0 && isGiven[node] === 0)
  if (!opens(more)) return null
  for (const node of more) {
    const fewer = more.filter((other) => other !== node)
    if (opens(fewer)) more = fewer
  }
  return more
}
