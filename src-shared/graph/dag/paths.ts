import type { DomainEdge, DomainGraph } from '../../domain/domain-graph'
import type { DomainPath } from './answers'
import { ancestorsOf, membersOf, nodeSet, numbering, type NodeSet, type Question } from './model'

/** One step along an edge as drawn. */
interface Step {
  edge: DomainEdge
  to: number
  /** Whether the edge has an arrowhead where the step starts, and where it ends. */
  headBehind: boolean
  headAhead: boolean
}

function stepsOf(graph: DomainGraph): Step[][] {
  const numbers = numbering(graph)
  const steps = graph.variables.map((): Step[] => [])
  for (const edge of graph.edges) {
    const [from, to] = [numbers.get(edge.from)!, numbers.get(edge.to)!]
    steps[from]!.push({ edge, to, headBehind: edge.kind === '<->', headAhead: true })
    steps[to]!.push({ edge, to: from, headBehind: true, headAhead: edge.kind === '<->' })
  }
  return steps
}

const arrowOf = ({ headBehind, headAhead }: Step): string => (headBehind ? (headAhead ? '<->' : '<-') : '->')

/** How many steps each variable is from the nearest outcome, whatever the arrows; exposures are no way. */
function distances(steps: Step[][], outcomes: readonly number[], isExposure: NodeSet): Float64Array {
  const distance = new Float64Array(steps.length).fill(Infinity)
  const open = [...outcomes]
  for (const outcome of outcomes) distance[outcome] = 0
  for (let at = 0; at < open.length; at++) {
    const node = open[at]!
    if (isExposure[node] === 1) continue
    for (const { to } of steps[node]!)
      if (distance[to] === Infinity) {
        distance[to] = distance[node]! + 1
        open.push(to)
      }
  }
  return distance
}

/** What a path is, given the conditioned variables (Pearl 2009, definition 1.2.3). `opens`: they and their ancestors. */
function describe(graph: DomainGraph, start: number, steps: Step[], given: NodeSet, opens: NodeSet): DomainPath {
  const nameOf = (node: number): string => graph.variables[node]!.name
  const blockedBy: string[] = []
  const openedBy: string[] = []
  for (let at = 1; at < steps.length; at++) {
    const node = steps[at - 1]!.to
    const collider = steps[at - 1]!.headAhead && steps[at]!.headBehind
    if (collider ? opens[node] === 0 : given[node] === 1) blockedBy.push(nameOf(node))
    else if (collider) openedBy.push(nameOf(node))
  }
  return {
    variables: [nameOf(start), ...steps.map(({ to }) => nameOf(to))],
    edges: steps.map(({ edge }) => edge),
    text: steps.reduce((text, step) => `${text} ${arrowOf(step)} ${nameOf(step.to)}`, nameOf(start)),
    causal: steps.every(({ headBehind }) => !headBehind),
    open: blockedBy.length === 0,
    blockedBy,
    openedBy,
  }
}

/**
 * The simple paths from exposures to outcomes in a drawn graph without cycles, shortest first; proper ones: a path ends its search
 * at a second exposure, since what comes behind it belongs to that one. Blocked and open ones, given the adjusted and selected
 * variables. By iterative deepening, which never looks further than the nearest outcome allows. Ends after `paths`
 * paths or `steps` steps: `truncated`.
 */
export function effectPaths(
  graph: DomainGraph,
  question: Question,
  limits: { paths: number; steps: number },
): { paths: DomainPath[]; truncated: boolean } {
  const { dag, exposures, outcomes, adjusted, selected } = question
  const steps = stepsOf(graph)
  const isExposure = nodeSet(dag.nodes, exposures)
  const isOutcome = nodeSet(dag.nodes, outcomes)
  const distance = distances(steps, outcomes, isExposure)
  const given = nodeSet(dag.nodes, [...adjusted, ...selected])
  const opens = ancestorsOf(dag, membersOf(given))
  const paths: DomainPath[] = []
  const visited = nodeSet(dag.nodes)
  const way: Step[] = []
  let truncated = false
  let stepsLeft = limits.steps
  let length = 0
  let nextLength = Infinity

  const extend = (start: number, node: number): void => {
    visited[node] = 1
    for (const step of steps[node]!) {
      if (truncated) break
      if (visited[step.to] === 1 || isExposure[step.to] === 1) continue
      const whole = way.length + 1 + distance[step.to]!
      if (whole > length) {
        nextLength = Math.min(nextLength, whole)
        continue
      }
      if (stepsLeft-- <= 0) {
        truncated = true
        break
      }
      way.push(step)
      if (isOutcome[step.to] === 1 && way.length === length) {
        if (paths.length >= limits.paths) truncated = true
        else paths.push(describe(graph, start, way, given, opens))
      }
      extend(start, step.to)
      way.pop()
    }
    visited[node] = 0
  }

  while (length < Infinity && !truncated) {
    for (const exposure of exposures) extend(exposure, exposure)
    length = nextLength
    nextLength = Infinity
  }
  return { paths, truncated }
}

/** The drawn edges along a path of numbered nodes, hidden nodes of `<->` in between, as a `DomainPath`. */
export function pathAlong(graph: DomainGraph, question: Question, nodes: readonly number[]): DomainPath {
  const { dag, adjusted, selected } = question
  const steps = stepsOf(graph)
  const given = nodeSet(dag.nodes, [...adjusted, ...selected])
  const along: Step[] = []
  for (let at = 1, last = 0; at < nodes.length; at++) {
    const node = nodes[at]!
    if (node >= dag.drawn) continue
    const hidden = at - last === 2
    along.push(
      steps[nodes[last]!]!.find(
        ({ edge, to, headBehind }) =>
          to === node &&
          (hidden
            ? edge.kind === '<->'
            : edge.kind === '->' && headBehind === dag.parents[nodes[last]!]!.includes(node)),
      )!,
    )
    last = at
  }
  return describe(graph, nodes[0]!, along, given, ancestorsOf(dag, membersOf(given)))
}
