import { CausewayError } from '../../contract/errors'
import type { DomainEdge, DomainGraph, DomainVariable, VariableRole } from '../../domain/domain-graph'

/** Edits of a drawn graph. All are pure: they give a new graph, or throw `badRequest` with the reason. */

const refuse = (message: string, details: Record<string, unknown>): never => {
  throw new CausewayError('badRequest', message, details)
}

function variableOf(graph: DomainGraph, name: string): DomainVariable {
  const found = graph.variables.find((variable) => variable.name === name)
  return found ?? refuse(`There is no variable "${name}".`, { name })
}

function nameFor(graph: DomainGraph, name: string): string {
  const wanted = name.trim()
  if (wanted === '') refuse('A variable needs a name.', { name })
  if (/[\n\r]/.test(wanted)) refuse('The name of a variable is one line.', { name })
  if (graph.variables.some((variable) => variable.name === wanted))
    refuse(`There is a variable "${wanted}" already.`, { name: wanted })
  return wanted
}

/** One name for an edge whichever way it is looked at: `<->` has no direction. */
export const edgeKey = ({ from, to, kind }: DomainEdge): string =>
  JSON.stringify(kind === '<->' && to < from ? [to, kind, from] : [from, kind, to])

/** Whether two edges join the same two variables in the same way; `a <-> b` and `b <-> a` do. */
const sameEdge = (one: DomainEdge, other: DomainEdge): boolean => edgeKey(one) === edgeKey(other)

/** Adds a variable, observed unless said otherwise. Its name is trimmed and must be new. */
export function addVariable(
  graph: DomainGraph,
  variable: { name: string; role?: VariableRole; at?: { x: number; y: number } | null },
): DomainGraph {
  const { name, role = 'observed', at = null } = variable
  return { ...graph, variables: [...graph.variables, { name: nameFor(graph, name), role, at }] }
}

/** A name for a new variable that no variable has: `base1`, `base2`, … */
export function freeName(graph: DomainGraph, base: string): string {
  const taken = new Set(graph.variables.map(({ name }) => name))
  for (let number = 1; ; number++) if (!taken.has(`${base}${number}`)) return `${base}${number}`
}

/** Removes variables and every edge at them. */
export function removeVariables(graph: DomainGraph, names: readonly string[]): DomainGraph {
  const removed = new Set(names.map((name) => variableOf(graph, name).name))
  return {
    variables: graph.variables.filter(({ name }) => !removed.has(name)),
    edges: graph.edges.filter(({ from, to }) => !removed.has(from) && !removed.has(to)),
  }
}

/** Renames a variable, in its edges too. The new name is trimmed and must be no other variable's. */
export function renameVariable(graph: DomainGraph, name: string, newName: string): DomainGraph {
  variableOf(graph, name)
  if (newName.trim() === name) return graph
  const wanted = nameFor(graph, newName)
  const renamed = (old: string): string => (old === name ? wanted : old)
  return {
    variables: graph.variables.map((variable) => ({ ...variable, name: renamed(variable.name) })),
    edges: graph.edges.map((edge) => ({ ...edge, from: renamed(edge.from), to: renamed(edge.to) })),
  }
}

/**
 * Gives a variable a role. Several exposures and several outcomes are allowed. A hidden variable cannot be adjusted for, nor
 * selected on: make it observed first.
 */
export function setRole(graph: DomainGraph, name: string, role: VariableRole): DomainGraph {
  const { role: now } = variableOf(graph, name)
  if (now === 'hidden' && (role === 'adjusted' || role === 'selected'))
    refuse(
      `"${name}" is hidden: nobody measured it, so it cannot be ${role === 'adjusted' ? 'adjusted for' : 'selected on'}. Make it observed first.`,
      { name, role },
    )
  return {
    ...graph,
    variables: graph.variables.map((variable) => (variable.name === name ? { ...variable, role } : variable)),
  }
}

/** Adds an edge between two variables that are there. No loop and no second edge of the same kind; a cycle is allowed. */
export function addEdge(graph: DomainGraph, edge: DomainEdge): DomainGraph {
  variableOf(graph, edge.from)
  variableOf(graph, edge.to)
  if (edge.from === edge.to) refuse(`"${edge.from}" cannot have an edge to itself.`, { edge })
  if (graph.edges.some((other) => sameEdge(other, edge)))
    refuse(`The edge ${edge.from} ${edge.kind} ${edge.to} is there already.`, { edge })
  return { ...graph, edges: [...graph.edges, { from: edge.from, to: edge.to, kind: edge.kind }] }
}

function positionOf(graph: DomainGraph, edge: DomainEdge): number {
  const position = graph.edges.findIndex((other) => sameEdge(other, edge))
  return position >= 0 ? position : refuse(`There is no edge ${edge.from} ${edge.kind} ${edge.to}.`, { edge })
}

export function removeEdge(graph: DomainGraph, edge: DomainEdge): DomainGraph {
  const position = positionOf(graph, edge)
  return { ...graph, edges: graph.edges.filter((_, other) => other !== position) }
}

/** Turns `a -> b` into `b -> a`, in its place in the list. `a <-> b` has no direction to reverse. */
export function reverseEdge(graph: DomainGraph, edge: DomainEdge): DomainGraph {
  const position = positionOf(graph, edge)
  if (edge.kind === '<->') refuse(`${edge.from} <-> ${edge.to} has no direction to reverse.`, { edge })
  const reversed: DomainEdge = { from: edge.to, to: edge.from, kind: '->' }
  if (graph.edges.some((other) => sameEdge(other, reversed)))
    refuse(`The edge ${reversed.from} -> ${reversed.to} is there already.`, { edge: reversed })
  return { ...graph, edges: graph.edges.map((other, at) => (at === position ? reversed : other)) }
}

/** Puts variables where they are said to stand; the others stay. */
export function moveVariables(
  graph: DomainGraph,
  positions: Readonly<Record<string, { x: number; y: number }>>,
): DomainGraph {
  for (const name of Object.keys(positions)) variableOf(graph, name)
  return {
    ...graph,
    variables: graph.variables.map((variable) => {
      const at = Object.hasOwn(positions, variable.name) ? positions[variable.name] : undefined
      return at ? { ...variable, at: { x: at.x, y: at.y } } : variable
    }),
  }
}
