import { describe, expect, it, vi } from 'vitest'
import type { DomainGraph } from '../../domain/domain-graph'
import { adjustmentFaults, minimalAdjustmentSets } from './adjustment'
import { parseDagitty } from './dagitty'
import { minimalFrontDoorSets } from './front-door'
import { testableImplications } from './implications'
import { findInstruments } from './instruments'
import { cycleOf, dagOf, nodeSet, questionOf } from './model'
import { effectPaths } from './paths'
import { connectedTo } from './separation'

/**
 * The answers against brute force from the definitions: every path is written out, every set of variables tried. The oracle shares
 * no code with what it checks. Sets of nodes are bit masks; a `<->` becomes a hidden node.
 */
class Oracle {
  readonly names: string[]
  readonly n: number
  readonly drawn: number
  private readonly arrow: boolean[][]
  readonly below: number[]

  constructor(readonly graph: DomainGraph) {
    this.names = graph.variables.map(({ name }) => name)
    this.drawn = this.names.length
    const arrows: [number, number][] = []
    let n = this.drawn
    for (const { from, to, kind } of graph.edges) {
      const [i, j] = [this.names.indexOf(from), this.names.indexOf(to)]
      if (kind === '->') arrows.push([i, j])
      else {
        arrows.push([n, i], [n, j])
        n++
      }
    }
    this.n = n
    this.arrow = Array.from({ length: n }, () => new Array<boolean>(n).fill(false))
    for (const [i, j] of arrows) this.arrow[i]![j] = true
    const reach = (node: number): number => {
      let mask = 1 << node
      for (let other = 0; other < n; other++) if (this.arrow[node]![other]) mask |= reach(other)
      return mask
    }
    this.below = Array.from({ length: n }, (_, node) => reach(node))
  }

  points(from: number, to: number): boolean {
    return this.arrow[from]![to]!
  }

  role(...roles: string[]): number {
    return this.graph.variables.reduce((mask, { role }, node) => (roles.includes(role) ? mask | (1 << node) : mask), 0)
  }

  /** All simple paths between two nodes; `gone` says which arrows are not there. */
  paths(x: number, y: number, gone: (from: number, to: number) => boolean = () => false): number[][] {
    const found: number[][] = []
    const there = (from: number, to: number): boolean => this.points(from, to) && !gone(from, to)
    const walk = (path: number[]): void => {
      const last = path.at(-1)!
      if (last === y) {
        found.push(path)
        return
      }
      for (let next = 0; next < this.n; next++)
        if (!path.includes(next) && (there(last, next) || there(next, last))) walk([...path, next])
    }
    walk([x])
    return found
  }

  directed(path: readonly number[]): boolean {
    return path.every((node, at) => at === 0 || this.points(path[at - 1]!, node))
  }

  /** Open given `given`: no inner non-collider is given, every collider has a given descendant (below: with arrows gone). */
  open(path: readonly number[], given: number, below = this.below): boolean {
    for (let at = 1; at + 1 < path.length; at++) {
      const node = path[at]!
      const collider = this.points(path[at - 1]!, node) && this.points(path[at + 1]!, node)
      if (collider ? (below[node]! & given) === 0 : (given >> node) & 1) return false
    }
    return true
  }

  separated(x: number, y: number, given: number): boolean {
    return this.paths(x, y).every((path) => !this.open(path, given))
  }

  members(mask: number): number[] {
    return Array.from({ length: this.n }, (_, node) => node).filter((node) => (mask >> node) & 1)
  }

  /** All sets between `least` and `most`. */
  *between(least: number, most: number): Generator<number> {
    const free = most & ~least
    for (let part = free; ; part = (part - 1) & free) {
      yield least | part
      if (part === 0) return
    }
  }

  minimal(sets: readonly number[]): number[] {
    return sets.filter((set) => !sets.some((other) => other !== set && (other & set) === other))
  }

  text(mask: number): string {
    return this.members(mask)
      .map((node) => this.names[node])
      .join(' ')
  }

  /** Paths from an exposure to an outcome that meet no second exposure. */
  proper(xs: number, ys: number): number[][] {
    return this.members(xs).flatMap((x) =>
      this.members(ys).flatMap((y) =>
        this.paths(x, y).filter((path) => path.slice(1).every((node) => !((xs >> node) & 1))),
      ),
    )
  }

  forbidden(): number {
    const xs = this.role('exposure')
    return this.proper(xs, this.role('outcome'))
      .filter((path) => this.directed(path))
      .flatMap((path) => path.slice(1))
      .reduce((mask, node) => mask | this.below[node]!, 0)
  }

  sufficient(set: number): boolean {
    return (
      (set & this.forbidden()) === 0 &&
      this.proper(this.role('exposure'), this.role('outcome')).every(
        (path) => this.directed(path) || !this.open(path, set),
      )
    )
  }

  adjustmentSets(forced: number): number[] {
    const most = this.role('observed', 'adjusted', 'selected')
    const forbidden = this.forbidden()
    const biasing = this.proper(this.role('exposure'), this.role('outcome')).filter((path) => !this.directed(path))
    return this.minimal(
      [...this.between(forced, most)].filter(
        (set) => (set & forbidden) === 0 && biasing.every((path) => !this.open(path, set)),
      ),
    )
  }

  /** Back-door paths from a set that do not return to it. */
  private backdoors(from: number, to: number): number[][] {
    return this.proper(from, to).filter(([first, second]) => this.points(second!, first!))
  }

  frontDoorSets(): number[] {
    const [xs, ys, selected] = [this.role('exposure'), this.role('outcome'), this.role('selected')]
    const effects = this.members(xs).reduce((mask, x) => mask | this.below[x]!, 0)
    if (effects & selected) return []
    const given = selected | (this.role('adjusted') & ~effects)
    const causal = this.proper(xs, ys).filter((path) => this.directed(path))
    const satisfies = (set: number): boolean =>
      causal.every((path) => path.some((node) => (set >> node) & 1)) &&
      this.backdoors(xs, set).every((path) => !this.open(path, given)) &&
      this.backdoors(set, ys).every((path) => !this.open(path, xs | given))
    return this.minimal([...this.between(0, this.role('observed', 'adjusted') & ~given)].filter(satisfies))
  }

  /** For each node, the sets with which it is an instrument; `ancestral`: only sets of ancestors of it and the outcome. */
  instruments(ancestral: boolean): Map<number, number[]> {
    const [xs, ys, selected] = [this.role('exposure'), this.role('outcome'), this.role('selected')]
    const [x, y] = [this.members(xs)[0]!, this.members(ys)[0]!]
    const causal = this.paths(x, y).filter((path) => this.directed(path))
    const found = new Map<number, number[]>()
    if (causal.length === 0) return found
    const gone = (from: number, to: number): boolean => from === x && causal.some((path) => path[1] === to)
    const reach = (node: number): number =>
      Array.from({ length: this.n }, (_, to) => to).reduce(
        (mask, to) => (this.points(node, to) && !gone(node, to) ? mask | reach(to) : mask),
        1 << node,
      )
    const below = Array.from({ length: this.n }, (_, node) => reach(node))
    const allowed = this.role('observed', 'adjusted') & ~this.forbidden()
    if (selected & this.forbidden()) return found
    for (const z of this.members(allowed)) {
      const toOutcome = this.paths(z, y, gone)
      const toExposure = this.paths(z, x)
      const above = this.members(~0 >>> 0).reduce(
        (mask, node) => (below[node]! & ((1 << z) | (1 << y) | selected) ? mask | (1 << node) : mask),
        0,
      )
      const most = (allowed & ~(1 << z) & (ancestral ? above : ~0)) | selected
      const sets = [...this.between(selected, most)].filter(
        (set) =>
          toOutcome.every((path) => !this.open(path, set, below)) && toExposure.some((path) => this.open(path, set)),
      )
      if (sets.length > 0) found.set(z, sets)
    }
    return found
  }
}

// Seconds alone, but a machine may be busy.
vi.setConfig({ testTimeout: 120_000 })

const maskOf = (nodes: readonly number[]): number => nodes.reduce((mask, node) => mask | (1 << node), 0)
const letters = ['a', 'b', 'c', 'd', 'e']

/** Every labelled directed acyclic graph of n nodes, as its edges in text. */
function* allDags(n: number): Generator<string> {
  const pairs = letters.slice(0, n).flatMap((a, i) => letters.slice(i + 1, n).map((b) => [a, b] as const))
  const states = 3 ** pairs.length
  for (let state = 0; state < states; state++) {
    const edges = pairs.flatMap(([a, b], at) => {
      const digit = Math.floor(state / 3 ** at) % 3
      return digit === 0 ? [] : [digit === 1 ? `${a} -> ${b}` : `${b} -> ${a}`]
    })
    const text = edges.join(' ')
    const graph = graphOf(letters.slice(0, n).join(' '), text)
    if (cycleOf(dagOf(graph)) === null) yield text
  }
}

const graphOf = (variables: string, edges: string): DomainGraph => parseDagitty(`dag { ${variables} ${edges} }`)

/** Every way to give n variables roles with an exposure and an outcome, the others one of `others`; as text. */
function roleAssignments(n: number, others: readonly string[], many: boolean): string[] {
  const words = ['[e]', '[o]', ...others]
  const assignments: string[] = []
  for (let state = 0; state < words.length ** n; state++) {
    const chosen = Array.from({ length: n }, (_, at) => words[Math.floor(state / words.length ** at) % words.length]!)
    const count = (word: string): number => chosen.filter((other) => other === word).length
    const [exposures, outcomes] = [count('[e]'), count('[o]')]
    if (exposures < 1 || outcomes < 1 || (!many && (exposures > 1 || outcomes > 1))) continue
    assignments.push(chosen.map((word, at) => `${letters[at]} ${word}`).join(' '))
  }
  return assignments
}

const fullLimit = 10_000

/** Checks every answer of one graph; what differs from the oracle is told with the graph's text. */
function check(variables: string, edges: string): void {
  const graph = graphOf(variables, edges)
  const oracle = new Oracle(graph)
  const question = questionOf(graph)
  const problems: string[] = []
  const same = (what: string, found: unknown, expected: unknown): void => {
    const [one, other] = [JSON.stringify(found), JSON.stringify(expected)]
    if (one !== other) problems.push(`${what}: ${one}, by definition ${other}, in dag { ${variables} ${edges} }`)
  }
  const sorted = (sets: readonly number[]): string[] => sets.map((set) => oracle.text(set)).sort()
  const selected = oracle.role('selected')
  const forced = oracle.role('adjusted') | selected

  for (const least of new Set([forced, selected])) {
    const { sets, truncated } = minimalAdjustmentSets(question, oracle.members(least), fullLimit)
    same('adjustment sets', [sorted(sets.map(maskOf)), truncated], [sorted(oracle.adjustmentSets(least)), false])
    same(
      'smallest first',
      sets.map(({ length }) => length),
      sets.map(({ length }) => length).sort((a, b) => a - b),
    )
  }
  const { forbidden, open } = adjustmentFaults(question, oracle.members(forced))
  same('sufficient', forbidden.length === 0 && open === null, oracle.sufficient(forced))
  same('forbidden', oracle.text(maskOf(forbidden)), oracle.text(forced & oracle.forbidden()))
  if (open !== null && forbidden.length === 0)
    same(
      'open biasing path',
      [
        oracle.proper(oracle.role('exposure'), oracle.role('outcome')).some((path) => path.join() === open.join()),
        oracle.directed(open),
        oracle.open(open, forced),
      ],
      [true, false, true],
    )

  const frontDoor = minimalFrontDoorSets(question, fullLimit)
  same(
    'front-door sets',
    [sorted(frontDoor.sets.map(maskOf)), frontDoor.truncated],
    [sorted(oracle.frontDoorSets()), false],
  )

  if (question.exposures.length === 1 && question.outcomes.length === 1) {
    const { instruments } = findInstruments(question, fullLimit)
    const expected = oracle.instruments(true)
    same(
      'instruments',
      instruments.map(({ node }) => node),
      [...expected.keys()],
    )
    for (const { node, given } of instruments)
      same('set of an instrument', oracle.minimal(expected.get(node) ?? []).includes(maskOf(given)), true)
    if (selected === 0) same('any instrument', instruments.length > 0, oracle.instruments(false).size > 0)
  }

  const { implications } = testableImplications(question, fullLimit)
  const measured = oracle.members(oracle.role('observed', 'adjusted', 'exposure', 'outcome'))
  const everything = maskOf(measured) | selected
  for (const a of measured)
    for (const b of measured) {
      if (a >= b) continue
      const sets = [...oracle.between(selected, everything & ~(1 << a) & ~(1 << b))].filter((set) =>
        oracle.separated(a, b, set),
      )
      const listed = implications.filter((implication) => implication.a === a && implication.b === b)
      same('implications of a pair', listed.length, sets.length > 0 ? 1 : 0)
      for (const { given } of listed) same('its set', oracle.minimal(sets).includes(maskOf(given)), true)
    }

  if (oracle.n === oracle.drawn) {
    const found = effectPaths(graph, question, { paths: fullLimit, steps: fullLimit })
    const expected = oracle
      .proper(oracle.role('exposure'), oracle.role('outcome'))
      .map((path) => [path.map((node) => oracle.names[node]).join(), oracle.directed(path), oracle.open(path, forced)])
    same(
      'paths',
      [found.paths.map((path) => [path.variables.join(), path.causal, path.open]).sort(), found.truncated],
      [expected.sort(), false],
    )
  }
  expect(problems).toEqual([])
}

describe('d-separation', () => {
  it.each([
    [2, 3],
    [3, 25],
    [4, 543],
    [5, 29281],
  ])('equals the definition on all DAGs of %i nodes', (n, count) => {
    let tried = 0
    const wrong: string[] = []
    for (const edges of allDags(n)) {
      const graph = graphOf(letters.slice(0, n).join(' '), edges)
      const oracle = new Oracle(graph)
      const dag = dagOf(graph)
      for (let x = 0; x < n; x++) {
        const paths = Array.from({ length: n }, (_, y) => (y === x ? [] : oracle.paths(x, y)))
        // Of five nodes each graph tries one source; every other labelling of the same graph tries another.
        if (n === 5 && x !== tried % 5) continue
        for (const given of oracle.between(0, ((1 << n) - 1) & ~(1 << x))) {
          const found = connectedTo(dag, [x], nodeSet(n, oracle.members(given)))
          for (let y = 0; y < n; y++)
            if (
              y !== x &&
              !((given >> y) & 1) &&
              (found[y] === 1) !== paths[y]!.some((path) => oracle.open(path, given))
            )
              wrong.push(`${letters[x]} and ${letters[y]} given ${oracle.text(given)} in ${edges}`)
        }
      }
      tried++
    }
    expect(tried).toBe(count)
    expect(wrong).toEqual([])
  })
})

describe('answers about effects', () => {
  it('equal the definitions on all DAGs of up to 4 nodes with all roles in turn', () => {
    for (const n of [2, 3, 4]) {
      const assignments = roleAssignments(n, ['', '[latent]', '[adjusted]', '[selected]'], true)
      let tried = 0
      for (const edges of allDags(n)) {
        // Relabelling: of four nodes each graph tries every eighth assignment, each labelling other ones.
        for (const [at, variables] of assignments.entries())
          if (n < 4 || (at + tried) % 8 === 0) check(variables, edges)
        tried++
      }
    }
  })

  it('equal the definitions on all DAGs of 5 nodes with all roles in turn', () => {
    const assignments = roleAssignments(5, ['', '[latent]', '[adjusted]', '[selected]'], true)
    let tried = 0
    for (const edges of allDags(5)) {
      check(assignments[(tried * 7919) % assignments.length]!, edges)
      tried++
    }
    expect(tried).toBe(29281)
  })

  it('equal the definitions with hidden common causes drawn as <->', () => {
    const arcs = ['a <-> b', 'a <-> c', 'b <-> c']
    const assignments = roleAssignments(3, ['', '[latent]', '[adjusted]', '[selected]'], true)
    for (const edges of allDags(3))
      for (let chosen = 0; chosen < 1 << arcs.length; chosen++) {
        const drawn = arcs.filter((_, at) => (chosen >> at) & 1)
        for (const variables of assignments) check(variables, [edges, ...drawn].join(' '))
      }
  })
})
