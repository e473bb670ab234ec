import { bySizeThenNode, connectedTo } from './separation'
import { descendantsOf, membersOf, nodeSet, type NodeSet, type Question } from './model'

/** What a front-door set is looked for given: the adjusted variables that are no effect of the exposures, and the selected ones. */
export function frontDoorGiven({ dag, exposures, adjusted, selected }: Question): number[] {
  const effects = descendantsOf(dag, exposures)
  return [...adjusted.filter((node) => effects[node] === 0), ...selected].sort((a, b) => a - b)
}

/**
 * The measured nodes that condition 2 lets into a front-door set: no back-door path from the exposures to them is open. Null
 * where a selected variable is an effect of the exposures.
 */
function regionOf({ dag, exposures, selected, covariates }: Question, given: readonly number[]): NodeSet | null {
  const effects = descendantsOf(dag, exposures)
  if (selected.some((node) => effects[node] === 1)) return null
  const isExposure = nodeSet(dag.nodes, exposures)
  const isGiven = nodeSet(dag.nodes, given)
  const behindExposures = connectedTo(dag, exposures, isGiven, isExposure)
  return covariates.map((member, node) => member & (1 - isGiven[node]!) & (1 - behindExposures[node]!))
}

/**
 * The largest front-door set within a region, or null where there is none. Condition 3 bars single nodes for good, and condition 1
 * is the easier the larger the set, so dropping what is barred until nothing is leaves the largest (Jeong, Tian & Bareinboim 2022).
 */
function largestSet({ dag, exposures, outcomes }: Question, given: readonly number[], region: NodeSet): NodeSet | null {
  const blocking = nodeSet(dag.nodes, [...exposures, ...given])
  let set = region
  for (;;) {
    const uncut = descendantsOf(dag, exposures, set)
    if (outcomes.some((outcome) => uncut[outcome] === 1)) return null
    const cut = set
    const behindSet = connectedTo(dag, outcomes, blocking, cut)
    if (cut.every((member, node) => member === 0 || behindSet[node] === 0)) return set
    set = cut.map((member, node) => member & (1 - behindSet[node]!))
  }
}

/**
 * Spares members of a set as long as `enough` answers with what is left of it: as many as can be at once, then ever smaller
 * parts, down to one by one.
 */
function spare(members: readonly number[], enough: (fewer: number[]) => number[] | null): number[] {
  let kept = [...members]
  for (let size = kept.length; size >= 1; size = Math.floor(size / 2)) {
    const before = kept
    for (let end = before.length; end > 0; end -= size) {
      const part = new Set(before.slice(Math.max(0, end - size), end))
      const fewer = kept.filter((node) => !part.has(node))
      if (fewer.length < kept.length) kept = enough(fewer) ?? kept
    }
  }
  return kept
}

/**
 * The minimal front-door sets: sets M of measured mediators such that M intercepts every directed path from exposures to outcomes,
 * no back-door path from exposures to M is open, and every back-door path from M to outcomes is blocked by the exposures (Pearl
 * 2009, definition 3.3.3; of sets, back-door paths are proper ones: they start at M and do not return to it). No part of such a
 * set is another. All of it within each value of `frontDoorGiven`, which is right while none of these is an effect of the
 * exposures; where a selected one is, there is no front-door set. Smallest first; at most `limit`, and the search ends
 * after looking into 8 · `limit` regions.
 */
export function minimalFrontDoorSets(question: Question, limit: number): { sets: number[][]; truncated: boolean } {
  const given = frontDoorGiven(question)
  const whole = regionOf(question, given)
  if (whole === null) return { sets: [], truncated: false }
  const regions: NodeSet[] = [whole]
  const seen = new Set(regions.map(String))
  const found = new Map<string, number[]>()
  let looksLeft = 8 * limit
  let truncated = false
  const look = (region: NodeSet): NodeSet | null => {
    if (looksLeft-- > 0) return largestSet(question, given, region)
    truncated = true
    return null
  }

  // Any other minimal set lacks a member of each one found, so it lies in the region without that member.
  for (const region of regions) {
    let set = [...found.values()].find((known) => known.every((node) => region[node] === 1))
    if (!set) {
      const largest = look(region)
      if (largest === null) continue
      set = spare(membersOf(largest), (fewer) => {
        const smaller = look(nodeSet(question.dag.nodes, fewer))
        return smaller && membersOf(smaller)
      })
      if (truncated || found.size >= limit) {
        truncated = true
        break
      }
      found.set(set.join(), set)
    }
    for (const node of set) {
      const smaller: NodeSet = Uint8Array.from(region)
      smaller[node] = 0
      const key = String(smaller)
      if (!seen.has(key)) {
        seen.add(key)
        regions.push(smaller)
      }
    }
    if (seen.size > 8 * limit) {
      truncated = true
      break
    }
  }
  return { sets: [...found.values()].sort(bySizeThenNode), truncated }
}

/**
 * Measured variables before the exposures, besides those adjusted now, given which there is a front-door set where there is none
 * now, such as what the user is like; null where there are none. As few as sparing one after the other leaves.
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
  const more = membersOf(covariates).filter((node) => effects[node] === 0 && isGiven[node] === 0)
  return opens(more) ? spare(more, (fewer) => (opens(fewer) ? fewer : null)) : null
}
