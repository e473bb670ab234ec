import { CausewayError } from '../../contract/errors'
import type { DomainGraph, VariableRole } from '../../domain/domain-graph'

/**
 * A drawn graph over numbered nodes. The first `drawn` nodes are the variables in their order; behind them stands one hidden
 * node for each `<->`, which is what that edge means.
 */
export interface Dag {
  nodes: number
  drawn: number
  parents: readonly (readonly number[])[]
  children: readonly (readonly number[])[]
}

/** A set of nodes: 1 at each member. */
export type NodeSet = Uint8Array

export const nodeSet = (nodes: number, members: Iterable<number> = []): NodeSet => {
  const set = new Uint8Array(nodes)
  for (const member of members) set[member] = 1
  return set
}

export const membersOf = (set: NodeSet): number[] => {
  const members: number[] = []
  for (let node = 0; node < set.length; node++) if (set[node] === 1) members.push(node)
  return members
}

export const numbering = (graph: DomainGraph): Map<string, number> =>
  new Map(graph.variables.map(({ name }, position) => [name, position]))

/** The numbers of named variables. Throws `notFound` for a name that no variable has. */
export function nodesNamed(graph: DomainGraph, names: readonly string[]): number[] {
  const numbers = numbering(graph)
  return names.map((name) => {
    const node = numbers.get(name)
    if (node === undefined) throw new CausewayError('notFound', `The graph has no variable "${name}".`, { name })
    return node
  })
}

export function dagOf(graph: DomainGraph): Dag {
  const numbers = numbering(graph)
  const drawn = graph.variables.length
  const nodes = drawn + graph.edges.filter(({ kind }) => kind === '<->').length
  const parents = Array.from({ length: nodes }, (): number[] => [])
  const children = Array.from({ length: nodes }, (): number[] => [])
  const join = (from: number, to: number): void => {
    children[from]!.push(to)
    parents[to]!.push(from)
  }
  let hidden = drawn
  for (const { from, to, kind } of graph.edges) {
    const [tail, head] = [numbers.get(from)!, numbers.get(to)!]
    if (kind === '->') join(tail, head)
    else {
      join(hidden, tail)
      join(hidden, head)
      hidden++
    }
  }
  return { nodes, drawn, parents, children }
}

/** The graph without the edges for which `removed` holds. */
export const withoutEdges = (dag: Dag, removed: (from: number, to: number) => boolean): Dag => ({
  ...dag,
  parents: dag.parents.map((parents, to) => parents.filter((from) => !removed(from, to))),
  children: dag.children.map((children, from) => children.filter((to) => !removed(from, to))),
})

function closure(next: readonly (readonly number[])[], start: readonly number[], barred?: NodeSet): NodeSet {
  const found = nodeSet(next.length, start)
  const open = [...start]
  for (let node = open.pop(); node !== undefined; node = open.pop())
    for (const other of next[node]!)
      if (found[other] === 0 && barred?.[other] !== 1) {
        found[other] = 1
        open.push(other)
      }
  return found
}

/** The nodes and all their ancestors; ways never enter a node of `barred`. */
export const ancestorsOf = (dag: Dag, nodes: readonly number[], barred?: NodeSet): NodeSet =>
  closure(dag.parents, nodes, barred)

/** The nodes and all their descendants; ways never enter a node of `barred`. */
export const descendantsOf = (dag: Dag, nodes: readonly number[], barred?: NodeSet): NodeSet =>
  closure(dag.children, nodes, barred)

/** One directed cycle in its order, or null where there is none: a depth-first search meets a node that it has not left. */
export function cycleOf(dag: Dag): number[] | null {
  const state = new Uint8Array(dag.nodes)
  for (let root = 0; root < dag.nodes; root++) {
    if (state[root] !== 0) continue
    const path = [root]
    const tried = [0]
    state[root] = 1
    while (path.length > 0) {
      const node = path.at(-1)!
      const child = dag.children[node]![tried[tried.length - 1]!++]
      if (child === undefined) {
        state[node] = 2
        path.pop()
        tried.pop()
      } else if (state[child] === 1) return path.slice(path.indexOf(child))
      else if (state[child] === 0) {
        state[child] = 1
        path.push(child)
        tried.push(0)
      }
    }
  }
  return null
}

/** A drawn graph without cycles as a question: what is the total effect of the exposures on the outcomes? */
export interface Question {
  dag: Dag
  exposures: number[]
  outcomes: number[]
  adjusted: number[]
  selected: number[]
  /** Measured variables that are neither exposure nor outcome: observed, adjusted and selected ones. */
  covariates: NodeSet
  /** All measured variables. */
  measured: NodeSet
}

export function questionOf(graph: DomainGraph): Question {
  const dag = dagOf(graph)
  const ofRole = (...roles: VariableRole[]): number[] =>
    graph.variables.flatMap(({ role }, node) => (roles.includes(role) ? [node] : []))
  return {
    dag,
    exposures: ofRole('exposure'),
    outcomes: ofRole('outcome'),
    adjusted: ofRole('adjusted'),
    selected: ofRole('selected'),
    covariates: nodeSet(dag.nodes, ofRole('observed', 'adjusted', 'selected')),
    measured: nodeSet(dag.nodes, ofRole('observed', 'adjusted', 'selected', 'exposure', 'outcome')),
  }
}
