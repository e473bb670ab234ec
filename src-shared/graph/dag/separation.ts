import { ancestorsOf, membersOf, nodeSet, type Dag, type NodeSet } from './model'

/**
 * All nodes that some path from `sources` leads to that is open given `given`, the sources among them: Bayes-ball (Shachter
 * 1998). A path passes a collider where it or a descendant of it is given, and any other node where that is not given
 * (Pearl 2009, definition 1.2.3). Linear in nodes and edges.
 * @param mute nodes whose outgoing edges are left out of the graph
 */
export function connectedTo(dag: Dag, sources: readonly number[], given: NodeSet, mute?: NodeSet): NodeSet {
  const found = nodeSet(dag.nodes)
  const note = (node: number): boolean => {
    found[node] = 1
    return false
  }
  search(dag, sources, given, note, mute)
  return found
}

/** A shortest path from `sources` to `targets` that is open given `given`, or null. No inner node of it is a source or target. */
export function openPath(dag: Dag, sources: readonly number[], targets: NodeSet, given: NodeSet): number[] | null {
  return search(dag, sources, given, (node) => targets[node] === 1)
}

/**
 * Breadth-first over (node, came against an arrow) states. A shortest open walk is a path: where it visits a node twice, the
 * loop can be left out, since a collider made so has a given descendant on the loop.
 */
function search(
  dag: Dag,
  sources: readonly number[],
  given: NodeSet,
  stop: (node: number) => boolean,
  mute?: NodeSet,
): number[] | null {
  const opensCollider = ancestorsOf(dag, membersOf(given), mute)
  // State 2·node: reached from a child of it (or a source); 2·node + 1: reached from a parent of it.
  const cameFrom = new Int32Array(2 * dag.nodes).fill(-2)
  const open: number[] = []
  const reach = (state: number, from: number): void => {
    if (cameFrom[state] !== -2) return
    cameFrom[state] = from
    open.push(state)
  }
  for (const source of sources) if (given[source] === 0) reach(2 * source, -1)
  for (let at = 0; at < open.length; at++) {
    const state = open[at]!
    const node = state >> 1
    if (given[node] === 0 && stop(node)) {
      const path = [node]
      for (let from = cameFrom[state]!; from >= 0; from = cameFrom[from]!) path.push(from >> 1)
      return path.reverse()
    }
    const fromParent = (state & 1) === 1
    if (given[node] === 0 && mute?.[node] !== 1) for (const child of dag.children[node]!) reach(2 * child + 1, state)
    if (fromParent ? opensCollider[node] === 1 : given[node] === 0)
      for (const parent of dag.parents[node]!) if (mute?.[parent] !== 1) reach(2 * parent, state)
  }
  return null
}

/** Whether `given` d-separates `xs` from `ys`: no path between them is open. The three share no node. */
export function separated(dag: Dag, xs: readonly number[], ys: readonly number[], given: NodeSet): boolean {
  const connected = connectedTo(dag, xs, given)
  return ys.every((y) => connected[y] === 0)
}

/** What is to be separated. `sources`, `targets` and `forced` share no node with one another nor with `allowed`. */
export interface SeparationTask {
  sources: readonly number[]
  targets: readonly number[]
  /** In every separator. */
  forced: readonly number[]
  /** May be in a separator. */
  allowed: NodeSet
}

interface MoralReach {
  /** Nodes joined to the start. */
  reached: NodeSet
  /** Barriers next to them. */
  met: NodeSet
}

/**
 * What the start is joined to in the moral graph of the ancestors in `within`, going around `barriers`. The moral graph is not
 * built: a barrier below a reached parent leads on to its other parents, which are married to that one.
 */
function moralReach(dag: Dag, within: NodeSet, start: readonly number[], barriers: NodeSet): MoralReach {
  const reached = nodeSet(dag.nodes, start)
  const met = nodeSet(dag.nodes)
  const married = nodeSet(dag.nodes)
  const open = [...start]
  const visit = (node: number): void => {
    if (within[node] === 0) return
    if (barriers[node] === 1) met[node] = 1
    else if (reached[node] === 0) {
      reached[node] = 1
      open.push(node)
    }
  }
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    for (const parent of dag.parents[node]!) visit(parent)
    for (const child of dag.children[node]!) {
      visit(child)
      if (within[child] === 1 && barriers[child] === 1 && married[child] === 0) {
        married[child] = 1
        for (const parent of dag.parents[child]!) visit(parent)
      }
    }
  }
  return { reached, met }
}

/** The moral graph in which a task is one of plain separation of vertices: see `minimalSeparators`. */
function moralTask(dag: Dag, { sources, targets, forced, allowed }: SeparationTask) {
  const within = ancestorsOf(dag, [...sources, ...targets, ...forced])
  /** The allowed and the forced nodes. */
  const barriers = Uint8Array.from(allowed)
  for (const node of forced) barriers[node] = 1
  /** Barriers met, and the forced ones, which always stand. */
  const standing = (met: NodeSet): NodeSet => {
    for (const node of forced) met[node] = 1
    return met
  }
  return {
    barriers,
    fromSources: (standingBarriers: NodeSet): MoralReach => moralReach(dag, within, sources, standingBarriers),
    fromTargets: (standingBarriers: NodeSet): MoralReach => moralReach(dag, within, targets, standingBarriers),
    meetsTarget: ({ reached }: MoralReach): boolean => targets.some((target) => reached[target] === 1),
    standing,
    /** The members of a separator, the forced ones left out. */
    separatorOf: (met: NodeSet): number[] => membersOf(met).filter((node) => !forced.includes(node)),
  }
}

/**
 * One minimal separator, without the forced nodes, or null where there is none. Of the minimal ones it is the one next to the
 * targets: it leaves joined to the sources all that any of them leaves. Linear (van der Zander & Liśkiewicz 2020, FINDMINSEP).
 */
export function nearestSeparator(dag: Dag, task: SeparationTask): number[] | null {
  const { barriers, fromSources, fromTargets, meetsTarget, standing, separatorOf } = moralTask(dag, task)
  if (meetsTarget(fromSources(barriers))) return null
  return separatorOf(fromSources(standing(fromTargets(barriers).met)).met)
}

/**
 * The minimal separators of a task, without the forced nodes: those of which no part, with the forced nodes, separates. Smallest
 * first, then by node. At most `limit` are looked for, and then they need not be the smallest: `truncated` says so.
 *
 * Sources and targets are d-separated by a set Z between `forced` and `forced` + `allowed` of their and the forced nodes' ancestors
 * just where Z cuts them in the moral graph of these ancestors (Lauritzen et al. 1990), and every minimal Z is made of such
 * ancestors (van der Zander, Liśkiewicz & Textor 2019). There, each minimal separator follows from the one nearest to the
 * sources by taking its members one by one to the sources' side (after Kloks & Kratsch 1998).
 */
export function minimalSeparators(
  dag: Dag,
  task: SeparationTask,
  limit: number,
): { separators: number[][]; truncated: boolean } {
  const { barriers, fromSources, fromTargets, meetsTarget, standing, separatorOf } = moralTask(dag, task)
  const found = new Map<string, number[]>()
  let truncated = false
  const consider = (sourceSide: MoralReach): void => {
    if (meetsTarget(sourceSide)) return
    const separator = separatorOf(fromTargets(standing(sourceSide.met)).met)
    const key = separator.join()
    if (found.has(key)) return
    if (found.size >= limit) truncated = true
    else found.set(key, separator)
  }
  consider(fromSources(barriers))
  // A map hands out what is added while it is walked.
  for (const separator of found.values()) {
    const { reached } = fromSources(standing(nodeSet(dag.nodes, separator)))
    for (const taken of separator) {
      if (truncated) break
      const beyond = barriers.map((barrier, node) => barrier & (1 - reached[node]!))
      beyond[taken] = 0
      consider(fromSources(beyond))
    }
  }
  return { separators: [...found.values()].sort(bySizeThenNode), truncated }
}

/** Smaller sets first; among equals by the first node in which they differ. */
export function bySizeThenNode(one: readonly number[], other: readonly number[]): number {
  if (one.length !== other.length) return one.length - other.length
  const differing = one.findIndex((node, at) => node !== other[at])
  return differing < 0 ? 0 : one[differing]! - other[differing]!
}
